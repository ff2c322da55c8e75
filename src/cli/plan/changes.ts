import type { CMGSpec } from '../../api/v1alpha1/cmg.generated.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import { CHANGE_CLASSES } from '../../redeployment/change-classes.ts';
import { identityChanges, identityOf } from '../../redeployment/identity.ts';

/** A field that would have another value. */
export interface FieldChange {
  /** Where it stands, as `spec.vm.size`; an item of a list by its name: `spec.…trustedCertificates[contoso].type`. */
  readonly field: string;
  /** `undefined`: it has none. */
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
  /** `Unknown`: the field is newer than this program. */
  readonly change: 'InPlace' | 'Redeploy' | 'Unknown';
}

/** In which fields two specs differ, both with the defaults filled in, and what a change of each does to a gateway. */
export function changesOf(before: CMGSpec, after: CMGSpec): readonly FieldChange[] {
  const redeploys = new Set(identityChanges(identityOf(before), identityOf(after)).map(({ field }) => field));
  return differences('spec', jsonOf(before), jsonOf(after)).map((difference) => ({
    ...difference,
    change: redeploys.has(difference.field) ? 'Redeploy' : isKnown(difference.field) ? 'InPlace' : 'Unknown',
  }));
}

function jsonOf(spec: CMGSpec): JsonObject {
  // Both have come as JSON from the API server.
  return spec as unknown as JsonObject;
}

/** Whether the table of change classes has the field, or fields of it. */
function isKnown(field: string): boolean {
  const path = field.replaceAll(/\[[^\]]*\]/g, '[]');
  return Object.keys(CHANGE_CLASSES).some((known) => known === path || known.startsWith(`${path}[].`));
}

type Difference = Pick<FieldChange, 'field' | 'before' | 'after'>;

function differences(
  field: string,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): readonly Difference[] {
  const [left, right] = [partsOf(before), partsOf(after)];
  if (left === undefined || right === undefined) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field, before, after }];
  }
  const names = [...new Set([...left.keys(), ...right.keys()])];
  const found = names.flatMap((name) => differences(`${field}${name}`, left.get(name), right.get(name)));
  const isReordered = found.length === 0 && Array.isArray(before) && namesOf(left) !== namesOf(right);
  return isReordered ? [{ field, before: namesOf(left), after: namesOf(right) }] : found;
}

/** The parts of an object, and of a list whose items have names; `undefined` for a value that is compared as a whole. */
function partsOf(value: JsonValue | undefined): ReadonlyMap<string, JsonValue | undefined> | undefined {
  if (value === undefined) {
    return new Map();
  }
  if (isJsonObject(value)) {
    return new Map(Object.entries(value).map(([name, part]) => [`.${name}`, part]));
  }
  if (!Array.isArray(value)) {
    return undefined;
  }
  const items: readonly JsonValue[] = value;
  const named = items.map((item) => [isJsonObject(item) ? item.name : undefined, item] as const);
  return named.every(([name]) => typeof name === 'string')
    ? new Map(named.map(([name, item]) => [`[${name}]`, item]))
    : undefined;
}

function namesOf(parts: ReadonlyMap<string, unknown>): string {
  return [...parts.keys()].map((name) => name.slice(1, -1)).join(', ');
}
