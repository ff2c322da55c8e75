import { isJsonObject, type JsonObject, type JsonValue, valueAt } from '../json.ts';
import type { DesiredResource } from './desired-resource.ts';
import { differences } from './subset-diff.ts';

/**
 * The body of the PUT that brings an existing resource to what is desired: the declared body, with what others may add
 * kept (items of `keepForeignItems`, and tags, which policies and people add), without `createOnly` values, and without
 * those parts of `omitUnchanged` below which nothing differs. A tag declared as `undefined` is not kept.
 */
export function mergeForPut(desired: JsonObject, observed: JsonObject, resource: MergeRules): JsonObject {
  let body = withForeignTags(desired, observed);
  for (const path of resource.keepForeignItems ?? []) {
    body = editAt(body, path.split('.'), (value) => withForeignItems(value, valueAt(observed, ...path.split('.'))));
  }
  for (const path of resource.createOnly ?? []) {
    body = editAt(body, path.split('.'), () => undefined);
  }
  const found = resource.omitUnchanged === undefined ? [] : differences(desired, observed, resource);
  for (const path of resource.omitUnchanged ?? []) {
    if (!found.some((difference) => isAtOrBelow(difference.path, path))) {
      body = editAt(body, path.split('.'), () => undefined);
    }
  }
  return body;
}

/** The parts of a `DesiredResource` that merging needs. */
export type MergeRules = Pick<DesiredResource, 'keepForeignItems' | 'createOnly' | 'omitUnchanged' | 'writeOnly'>;

function isAtOrBelow(shown: string, path: string): boolean {
  const pattern = shown.replaceAll(/\[[^\]]*\]/g, '[]');
  return pattern === path || pattern.startsWith(`${path}.`) || pattern.startsWith(`${path}[`);
}

function withForeignTags(desired: JsonObject, observed: JsonObject): JsonObject {
  if (!isJsonObject(desired.tags) || !isJsonObject(observed.tags)) {
    return desired;
  }
  const declared = new Set(Object.keys(desired.tags).map((name) => name.toLowerCase()));
  const foreign = Object.entries(observed.tags).filter(([name]) => !declared.has(name.toLowerCase()));
  return { ...desired, tags: { ...Object.fromEntries(foreign), ...desired.tags } };
}

function withForeignItems(desired: JsonValue | undefined, observed: JsonValue | undefined): JsonValue | undefined {
  if (!Array.isArray(observed) || (desired !== undefined && !Array.isArray(desired))) {
    return desired;
  }
  const declared = new Set((desired ?? []).map(nameOf));
  const foreign = observed.filter((item) => nameOf(item) !== undefined && !declared.has(nameOf(item)));
  return foreign.length === 0 ? desired : [...(desired ?? []), ...foreign.map(writable)];
}

/**
 * What the children of network resources (rules, subnets) show and nobody may write, by the definitions of
 * Microsoft.Network. `ipConfigurations` of a subnet lists what is attached to it.
 */
const READ_ONLY: ReadonlySet<string> = new Set([
  'etag',
  'provisioningState',
  'ipConfigurations',
  'ipConfigurationProfiles',
  'privateEndpoints',
  'serviceAssociationLinks',
  'resourceNavigationLinks',
  'purpose',
]);

function writable(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    return value.map(writable);
  }
  return isJsonObject(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([name, item]): [string, JsonValue][] =>
          item === undefined || READ_ONLY.has(name) ? [] : [[name, writable(item)]],
        ),
      )
    : value;
}

function nameOf(item: JsonValue): string | undefined {
  return isJsonObject(item) && typeof item.name === 'string' ? item.name.toLowerCase() : undefined;
}

/** A copy of `object` in which the value at `path` is replaced; `[]` at the end of a step means each item. */
function editAt(
  object: JsonObject,
  path: readonly string[],
  edit: (value: JsonValue | undefined) => JsonValue | undefined,
): JsonObject {
  const [step = '', ...rest] = path;
  const name = step.replace(/\[\]$/, '');
  const value = object[name];
  if (rest.length === 0) {
    const replaced = edit(value);
    const { [name]: _removed, ...others } = object;
    return replaced === undefined ? others : { ...object, [name]: replaced };
  }
  if (step.endsWith('[]')) {
    const items = Array.isArray(value) ? value : undefined;
    return items === undefined
      ? object
      : { ...object, [name]: items.map((item) => (isJsonObject(item) ? editAt(item, rest, edit) : item)) };
  }
  return isJsonObject(value) ? { ...object, [name]: editAt(value, rest, edit) } : object;
}
