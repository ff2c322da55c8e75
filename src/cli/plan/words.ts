import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { FieldChange } from './changes.ts';
import type { Consequence } from './consequence.ts';
import { firstInWords, replacementInWords, setBackInWords } from './replacement-words.ts';

/** What there is to tell about. */
export interface Telling {
  /** The CMG with the spec that it would have. */
  readonly cmg: Pick<CMG, 'spec' | 'status'>;
  readonly changes: readonly FieldChange[];
  readonly consequence: Consequence;
}

/** The consequence in a few words, as the end of a heading. */
export function headline({ consequence, changes }: Pick<Telling, 'consequence' | 'changes'>): string {
  switch (consequence.kind) {
    case 'Created':
      return 'is created';
    case 'Unchanged':
      return 'nothing changes';
    case 'InPlace':
      return 'changed in place';
    case 'Built':
      return 'no gateway yet that would have to be replaced';
    case 'Replaced':
      return HEADLINES[consequence.manner];
    case 'SetBack':
      return `set back to ${consequence.to.serviceName}`;
    case 'Observed':
      return changes.length === 0 ? 'nothing changes' : 'only observed';
    case 'BeingDeleted':
      return 'is being deleted';
    case 'Unclear':
      return 'not known to this program';
    default:
      return consequence satisfies never;
  }
}

const HEADLINES: Readonly<Record<Extract<Consequence, { kind: 'Replaced' }>['manner'], string>> = {
  SideBySide: 'another gateway takes its place, side by side',
  DeleteFirst: 'another gateway takes its place, and the old one is deleted first',
  AfterDeletion: 'another gateway is built when its names are free',
  AfterEarlierRedeployment: 'another gateway is built after the redeployment that runs',
};

/** What follows, in sentences. */
export function sentences(telling: Telling): readonly string[] {
  const told = ofConsequence(telling);
  const isHeld = telling.cmg.spec.suspend && told.length > 0 && telling.consequence.kind !== 'BeingDeleted';
  return isHeld ? ['spec.suspend is true: the operator does nothing of this until it is false.', ...told] : told;
}

function ofConsequence({ cmg, changes, consequence }: Telling): readonly string[] {
  switch (consequence.kind) {
    case 'Created':
      return [
        cmg.spec.managementPolicy === 'Observe'
          ? 'There is no such CMG yet. The operator looks for its gateway and writes nothing to Azure.'
          : `There is no such CMG yet. ${firstInWords(cmg.spec)}`,
      ];
    case 'Unchanged':
      return consequence.running ? running(cmg) : [];
    case 'InPlace':
      return [inPlace(cmg, changes), ...(consequence.running ? running(cmg) : [])];
    case 'Built':
      return [
        cmg.spec.provisioner === 'Site'
          ? `The status tells of no gateway yet. One that the site has made where the manifest says is taken for this one; without one, ${firstInWords(cmg.spec)}`
          : 'The status tells of no gateway yet: the operator builds one as the manifest says. One that exists already in Azure, it finds by its tags, and then replaces it where it has to.',
      ];
    case 'Replaced':
      return replacementInWords(cmg, consequence, changes);
    case 'SetBack':
      return setBackInWords(cmg, consequence);
    case 'Observed':
      return [
        'With managementPolicy Observe the operator writes nothing to Azure.',
        ...((cmg.status?.deployments ?? []).length > 1
          ? ['The redeployment that runs stands still: all gateways stay, and no wait counts.']
          : []),
      ];
    case 'BeingDeleted':
      return ['The CMG is being deleted. A change of its spec does not stop that.'];
    case 'Unclear':
      return [
        'Some of these fields are newer than this program, which cannot tell what a change of them does. Use the kubectl-cmg of the version of your operator.',
      ];
    default:
      return consequence satisfies never;
  }
}

function inPlace({ spec }: Pick<CMG, 'spec'>, changes: readonly FieldChange[]): string {
  if (spec.provisioner === 'Site') {
    return 'The site made the gateway, and the operator does not change it: for VMs and certificate status.manualSteps has the line for a PowerShell of the site; what else of this is about the gateway itself is to be changed in the console.';
  }
  return changes.some(({ field }) => field === 'spec.managementPolicy')
    ? 'The operator carries this out on the gateway that is there, and sets right what else has changed.'
    : 'The operator carries this out on the gateway that is there.';
}

/** What is told of a redeployment that goes on. */
function running({ status }: Pick<CMG, 'status'>): readonly string[] {
  const waitsFor = status?.redeployment?.waitsFor;
  return [
    'The redeployment that has been asked for already goes on.',
    ...(waitsFor === undefined ? [] : [`It says: ${waitsFor}`]),
  ];
}
