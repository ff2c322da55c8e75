import type { CMG, CMGSpec } from '../../api/v1alpha1/cmg.generated.ts';
import { consentCommand } from '../../redeployment/consent-command.ts';
import { prefixKey } from '../../redeployment/identity.ts';
import { isOthers } from '../../redeployment/others.ts';
import type { DeploymentRecord } from '../../redeployment/record.ts';
import type { Situation } from '../../redeployment/situation.ts';
import { isKnownNeverServed, isStanding } from '../../redeployment/words.ts';
import type { FieldChange } from './changes.ts';
import type { Consequence } from './consequence.ts';
import { retirementInWords } from './retirement-words.ts';

type Replaced = Extract<Consequence, { kind: 'Replaced' }>;

/** What follows where another gateway is built. */
export function replacementInWords(
  { spec }: Pick<CMG, 'spec'>,
  consequence: Replaced,
  changes: readonly FieldChange[],
): readonly string[] {
  const { situation, manner, holder } = consequence;
  const isAnyInPlace = changes.some(({ change }) => change === 'InPlace');
  const { gone, kept } = replacedBy(situation);
  const behindTheNewOne = manner === 'AfterEarlierRedeployment' ? kept.filter(({ id }) => id !== holder?.id) : kept;
  const ofManner =
    manner === 'DeleteFirst'
      ? deletedFirst(spec, consequence)
      : [
          ...beside(spec, consequence, kept),
          ...retirementInWords(spec, behindTheNewOne, { serviceName: spec.serviceName, isSetBack: false }),
        ];
  const wasRunning = situation.records.deployments.length > 1;
  return [
    ...(wasRunning ? ['A redeployment runs already: this asks for one more gateway.'] : []),
    ...ofManner,
    ...gone.map(({ serviceName, id }) => `${serviceName} (${id}) has never served clients, and is deleted at once.`),
    ...(isAnyInPlace && kept.length > 0
      ? ['What is changed in place counts for the new gateway; the old one stays as it is.']
      : []),
    ...(kept.length > 0 ? ['Until its deletion begins, a Git revert takes all of it back.'] : []),
  ];
}

/** What follows where a gateway that still stands is wanted again. */
export function setBackInWords(
  { spec }: Pick<CMG, 'spec'>,
  { to, situation }: Extract<Consequence, { kind: 'SetBack' }>,
): readonly string[] {
  const { gone, kept, leaving } = replacedBy(situation, to);
  const name = `${to.serviceName} (${to.id})`;
  return [
    to.stage.phase === 'Draining'
      ? `${name} still stands: it is started if it has been stopped, and gets its connection points and boundary groups back.`
      : `${name} still stands, and stays.`,
    ...gone.map(({ serviceName, id }) => `${serviceName} (${id}) has never served clients, and is deleted at once.`),
    ...leaving.map(({ serviceName, id }) => `The deletion of ${serviceName} (${id}) has begun, and is finished.`),
    ...retirementInWords(spec, kept, { serviceName: to.serviceName, isSetBack: true }),
    ...(gone.length + kept.length + leaving.length === 0 ? ['Nothing is replaced.'] : []),
  ];
}

/** The gateways beside the wanted one: those that go at once, those that serve on until clients know it, and those that go. */
export function replacedBy(situation: Situation, wanted?: DeploymentRecord) {
  const others = situation.records.deployments.filter(({ id }) => id !== wanted?.id);
  const answering = withSiteThatAnswers(situation);
  const gone = others.filter((record) => isStanding(record) && isKnownNeverServed(answering, record));
  return {
    gone,
    kept: others.filter((record) => record.stage.phase !== 'Deleting' && !gone.includes(record)),
    leaving: others.filter(({ stage }) => stage.phase === 'Deleting'),
  };
}

/** Who may not read the connection points of a site does not know less of whether it answers the operator. */
function withSiteThatAnswers(situation: Situation): Situation {
  const { observed } = situation;
  return observed.site.kind === 'Unreachable'
    ? { ...situation, observed: { ...observed, site: { kind: 'Read', points: [], groups: [] } } }
    : situation;
}

function beside(
  spec: CMGSpec,
  { situation, manner, holder, blockedBy }: Replaced,
  kept: readonly DeploymentRecord[],
): readonly string[] {
  const name = situation.wish.serviceName;
  switch (manner) {
    case 'AfterDeletion':
      return [`The new gateway is built when ${holder?.serviceName} (${holder?.id}), which has its names, is deleted.`];
    case 'AfterEarlierRedeployment':
      return [
        `${holder?.serviceName} (${holder?.id}) has the names of the new gateway, and is to be retired by the redeployment that runs. The new one is built after that.`,
        ...(holder === undefined ? [] : [wayOut(situation, holder)]),
      ];
    default:
      return kept.length === 0
        ? [firstInWords(spec)]
        : [
            spec.provisioner === 'Site'
              ? `${name} is made by the site, beside ${namesOf(kept)}: ${BY_PERSON} Both serve until clients know the new one.`
              : `${name} is built beside ${namesOf(kept)} once everything that it needs is in order: certificate, quota, names. Both serve until clients know the new one.`,
            pointInWords(situation, blockedBy),
          ];
  }
}

/** How a gateway is made by the site. */
const BY_PERSON = 'a person runs the line that status.manualSteps then has, in a PowerShell of the site.';

/** What follows where there is no other gateway. */
export function firstInWords({ serviceName, provisioner }: CMGSpec): string {
  return provisioner === 'Site'
    ? `${serviceName} is made by the site: ${BY_PERSON}`
    : `${serviceName} is built once everything that it needs is in order.`;
}

function pointInWords({ observed, wish }: Situation, blockedBy: Replaced['blockedBy']): string {
  if (observed.site.kind === 'None') {
    return 'It needs a connection point of its own. The CMG names no Site, so give it one in the console.';
  }
  switch (blockedBy) {
    case undefined:
      return 'It needs a connection point of its own, and one is free.';
    case 'NoStandbyConnectionPoint':
      return 'It needs a connection point of its own, and none is free: nothing is built before the CMG has a ConnectionPoint with the role Standby on another site system.';
    case 'WaitingForEarlierRedeployment':
      return 'It needs a connection point of its own, and none is free: it is built when the redeployment that runs has ended.';
    case 'TooManyDeployments':
      return `The CMG has as many gateways as its status can hold: ${wish.serviceName} is built when one of them is gone.`;
    default:
      return 'It needs a connection point of its own: a ConnectionPoint with the role Standby on another site system. Whether one is free could not be read.';
  }
}

function deletedFirst(spec: CMGSpec, { situation, holder }: Replaced): readonly string[] {
  if (holder === undefined) {
    return [];
  }
  const old = `${holder.serviceName} (${holder.id})`;
  const goes = isOthers(holder)
    ? `${old} has to be deleted before the new gateway is built, by a person, as the site made it.`
    : `${old} has to be deleted before the new gateway is built.`;
  return [
    `${goes} Both have the names that the first label "${prefixKey(spec.serviceName)}" gives to the key vault, the storage account and the DNS label, and Azure gives a name to one gateway only.`,
    spec.provisioner === 'Site'
      ? `Its clients have no gateway from then on until the new one serves. The site makes that: ${BY_PERSON}`
      : 'Its clients have no gateway from then on until the new one serves, some 15 minutes or more.',
    spec.siteRef === undefined
      ? 'The CMG names no Site, so no other CMG can carry its clients: nothing is deleted before a person consents to the outage.'
      : 'Nothing is deleted before another CMG of the Site can carry its clients, or a person consents to the outage.',
    wayOut(situation, holder),
    ...(spec.content.enabled ? [contentInWords(spec)] : []),
    'With another first label in spec.serviceName the two would stand side by side, and no client would be without a gateway.',
  ];
}

function contentInWords({ siteRef }: CMGSpec): string {
  const without = 'The new gateway begins without content, which has to be distributed to it anew';
  return siteRef === undefined
    ? `${without}.`
    : `${without}: what the old one holds is read before it is deleted, and status.manualSteps lists afterwards what is missing, as far as a status has room.`;
}

function wayOut(situation: Situation, holder: DeploymentRecord): string {
  return `The line to consent, after the change: ${consentCommand(situation, 'AllowClientOutage', holder)}`;
}

/** Gateways in a sentence. */
export function namesOf(records: readonly DeploymentRecord[]): string {
  const names = records.map(({ serviceName, id }) => `${serviceName} (${id})`);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
