import type { CMGSpec } from '../api/v1alpha1/cmg.generated.ts';
import { CHANGE_CLASSES, IDENTITY_PARTS, type IdentityPart } from './change-classes.ts';

/** What a gateway is made with and keeps for its life, field by field. A record of an older operator lacks some. */
export type Identity = Readonly<Partial<Record<IdentityPart, string>>>;

/** A field in which the spec asks for another gateway than the recorded one. */
export interface IdentityChange {
  /** Where it stands in the CMG, as `spec.azure.region`. */
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

interface FieldOfPart {
  readonly field: string;
  readonly part: IdentityPart;
  readonly caseCounts: boolean;
}

/** In the order in which messages name them. */
const FIELDS: readonly FieldOfPart[] = Object.entries(CHANGE_CLASSES)
  .flatMap(([field, change]) =>
    change.kind === 'Redeploy' ? [{ field, part: change.part, caseCounts: change.letterCase === 'Counts' }] : [],
  )
  .toSorted((left, right) => IDENTITY_PARTS.indexOf(left.part) - IDENTITY_PARTS.indexOf(right.part));

/** The identity that a spec asks for: its fields of the class `Redeploy`. One that the spec does not have is left out. */
export function identityOf(spec: CMGSpec): Identity {
  const found = FIELDS.map(({ field, part }) => [part, valueAt(spec, field.split('.').slice(1))] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

function valueAt(value: unknown, path: readonly string[]): string | undefined {
  const [name, ...rest] = path;
  if (name === undefined) {
    return typeof value === 'string' ? value : undefined;
  }
  return typeof value === 'object' && value !== null
    ? valueAt((value as Readonly<Record<string, unknown>>)[name], rest)
    : undefined;
}

/**
 * In which fields the two differ. A field that one of them lacks is equal: a newer operator redeploys no fleet. Only a record
 * that does not say who made the gateway is that of one that the operator made, and never what is asked of the site.
 */
export function identityChanges(recorded: Identity, wanted: Identity): readonly IdentityChange[] {
  return FIELDS.flatMap(({ field, part, caseCounts }) => {
    const [before, after] = [partOf(recorded, part), wanted[part]];
    return before === undefined || after === undefined || isSame(before, after, caseCounts)
      ? []
      : [{ field, before, after }];
  });
}

/** Whether a gateway with the one identity is what the other asks for. */
export function isSameIdentity(recorded: Identity, wanted: Identity): boolean {
  return FIELDS.every(({ part, caseCounts }) => {
    const [before, after] = [partOf(recorded, part), wanted[part]];
    return before === undefined || after === undefined || isSame(before, after, caseCounts);
  });
}

/** What others made is recorded as theirs, so that the operator made what does not say who did. */
function partOf(recorded: Identity, part: IdentityPart): string | undefined {
  return recorded[part] ?? (part === 'provisioner' ? 'Operator' : undefined);
}

function isSame(before: string, after: string, caseCounts: boolean): boolean {
  return before === after || (!caseCounts && before.toLowerCase() === after.toLowerCase());
}

/**
 * What names the Azure resources of a gateway: the first label of its service name in lower case and without hyphens, as
 * the storage account takes it. Two names that differ only in case or hyphens have one prefix.
 */
export function prefixKey(serviceName: string): string {
  return (serviceName.split('.')[0] ?? '').toLowerCase().replaceAll('-', '');
}
