import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { JsonObject, JsonValue } from '../../json.ts';
import { isStanding } from '../../redeployment/words.ts';
import type { FieldChange } from './changes.ts';
import type { Consequence } from './consequence.ts';
import type { Manifest } from './manifests.ts';
import { replacedBy } from './replacement-words.ts';
import { minimumWait } from './retirement-words.ts';
import { headline, sentences } from './words.ts';

/** What came of one manifest. */
export type CmgPlan = { readonly namespace: string; readonly name: string } & (
  | {
      readonly kind: 'Planned';
      readonly cmg: Pick<CMG, 'spec' | 'status'>;
      readonly changes: readonly FieldChange[];
      readonly consequence: Consequence;
    }
  /** The API server would not take it. */
  | { readonly kind: 'Refused'; readonly messages: readonly string[] }
);

/** How a text may be set off; in a file or a pipe it is left as it is. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly warning: (text: string) => string;
}

/** How much follows from the manifests: of several, that of the one from which most follows. */
export type Extent = 'Nothing' | 'InPlace' | 'Replaces' | 'Failed';

const EXTENTS: readonly Extent[] = ['Nothing', 'InPlace', 'Replaces', 'Failed'];

/** How much follows from all of the manifests. */
export function extentOf(plans: readonly CmgPlan[]): Extent {
  const each = plans.map((plan) => EXTENTS.indexOf(extentOfOne(plan)));
  return EXTENTS[Math.max(0, ...each)] ?? 'Failed';
}

function extentOfOne(plan: CmgPlan): Extent {
  if (plan.kind === 'Refused') {
    return 'Failed';
  }
  const { consequence, changes } = plan;
  switch (consequence.kind) {
    case 'Unclear':
      return 'Failed';
    case 'Replaced':
      return 'Replaces';
    case 'SetBack':
      return consequence.situation.records.deployments.length > 1 ? 'Replaces' : 'InPlace';
    case 'Created':
      return 'InPlace';
    default:
      return changes.length === 0 ? 'Nothing' : 'InPlace';
  }
}

/** For people. */
export function textOf(plans: readonly CmgPlan[], style: Style): string {
  return plans.map((plan) => `${textOfOne(plan, style)}\n`).join('\n');
}

function textOfOne(plan: CmgPlan, style: Style): string {
  const about = `cmg ${plan.namespace}/${plan.name}`;
  if (plan.kind === 'Refused') {
    return paragraphs(style.bold(`${about}: the API server refuses it`), [], plan.messages);
  }
  return paragraphs(style.bold(`${about}: ${headline(plan)}`), rows(plan.changes, style), sentences(plan));
}

function paragraphs(heading: string, table: readonly string[], told: readonly string[]): string {
  const parts = [[heading], table, told.map((sentence) => `  - ${sentence}`)];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

const WORDS: Readonly<Record<FieldChange['change'], string>> = {
  InPlace: 'in place',
  Redeploy: 'redeploy',
  Unknown: 'unknown ',
};

function rows(changes: readonly FieldChange[], style: Style): readonly string[] {
  const width = Math.max(0, ...changes.map(({ field }) => field.length));
  return changes.map(({ field, before, after, change }) => {
    const word = change === 'InPlace' ? WORDS[change] : style.warning(WORDS[change]);
    return `  ${word}  ${field.padEnd(width)}  ${valueInWords(before)} → ${valueInWords(after)}`;
  });
}

function valueInWords(value: JsonValue | undefined): string {
  if (value === undefined) {
    return '(none)';
  }
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

/** For programs: names stay what they are within one `version`. */
export function jsonOf(plans: readonly CmgPlan[], skipped: readonly Manifest[]): string {
  const document = {
    kind: 'CmgPlan',
    version: 1,
    cmgs: plans.map(jsonOfOne),
    skipped: skipped.map(({ kind, name }) => ({ kind, name })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function jsonOfOne(plan: CmgPlan): JsonObject {
  const { namespace, name } = plan;
  if (plan.kind === 'Refused') {
    return { namespace, name, consequence: 'Refused', changes: [], messages: plan.messages };
  }
  const { consequence, changes, cmg } = plan;
  return {
    namespace,
    name,
    consequence: consequence.kind,
    ...replacementOf(consequence, cmg),
    ...(cmg.spec.suspend ? { suspended: true } : {}),
    changes: changes.map(({ field, before, after, change }) => ({ field, change, before, after })),
    messages: sentences(plan),
  };
}

function replacementOf(consequence: Consequence, { spec }: Pick<CMG, 'spec'>): JsonObject {
  if (consequence.kind !== 'Replaced' && consequence.kind !== 'SetBack') {
    return {};
  }
  const { situation } = consequence;
  const { gone, kept } = replacedBy(situation, situation.wanted);
  const replaces = [...gone, ...kept].filter(isStanding);
  return {
    ...(consequence.kind === 'Replaced' ? { manner: consequence.manner } : { to: consequence.to.id }),
    ...(consequence.kind === 'Replaced' && consequence.blockedBy !== undefined
      ? { blockedBy: consequence.blockedBy }
      : {}),
    replaces: replaces.map(({ id, serviceName, stage }) => ({ id, serviceName, phase: stage.phase })),
    minimumWaitSeconds: minimumWait(spec) / 1000,
  };
}
