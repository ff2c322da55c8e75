import { jsonEqual } from './json-equal.ts';
import type { KubernetesObject, ObjectIntent } from './objects.ts';

/** Fields of `metadata` that say which object is meant, and that no manager owns. */
const IDENTITY = new Set(['name', 'namespace', 'uid', 'resourceVersion']);

type Fields = Readonly<Record<string, unknown>>;

/**
 * Whether a server-side apply of `intent` by `fieldManager` would leave `live` as it is: the manager owns exactly the
 * fields of the intent, and they have its values. Never says so wrongly; may miss it, which costs a request without
 * effect: when the manager's `managedFields` are not there to see, and where the API server filled in defaults below a
 * field that it treats as one value.
 */
export function isApplied(live: KubernetesObject, intent: ObjectIntent, fieldManager: string): boolean {
  const owned = live.metadata.managedFields?.find(
    ({ manager, operation, subresource }) => manager === fieldManager && operation === 'Apply' && !subresource,
  )?.fieldsV1;
  if (owned === undefined) return false;
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = intent;
  const { uid = live.metadata.uid, resourceVersion = live.metadata.resourceVersion } = metadata;
  if (uid !== live.metadata.uid || resourceVersion !== live.metadata.resourceVersion) return false;
  const ownMetadata = Object.fromEntries(Object.entries(metadata).filter(([name]) => !IDENTITY.has(name)));
  const isMetadataStated = Object.values(ownMetadata).some((value) => value !== undefined);
  return hasFields({ ...rest, ...(isMetadataStated && { metadata: ownMetadata }) }, live, owned);
}

function hasValue(intended: unknown, live: unknown, owned: unknown): boolean {
  if (!isFields(owned)) return false;
  const isLeaf = Object.keys(owned).every((key) => key === '.');
  if (isLeaf) return jsonEqual(intended, live);
  if (Array.isArray(intended) && Array.isArray(live)) return hasItems(intended, live, owned);
  return isFields(intended) && isFields(live) && hasFields(intended, live, owned);
}

function hasFields(intended: Fields, live: object, owned: Fields): boolean {
  const names = Object.keys(intended).filter((name) => intended[name] !== undefined);
  const values = new Map(Object.entries(live));
  return (
    names.length === countMembers(owned) &&
    names.every((name) => hasValue(intended[name], values.get(name), owned[`f:${name}`]))
  );
}

/** A list whose items the API server tells apart: by some of their fields (`k:`), or as members of a set (`v:`). */
function hasItems(intended: readonly unknown[], live: readonly unknown[], owned: Fields): boolean {
  if (intended.length !== countMembers(owned)) return false;
  return Object.entries(owned).every(([member, ownedItem]) => {
    if (member === '.') return true;
    const identity = parseMember(member.slice(2));
    const isMeant = (item: unknown) => (member.startsWith('k:') ? hasKeys(item, identity) : jsonEqual(item, identity));
    const item = intended.find(isMeant);
    if (item === undefined) return false;
    return member.startsWith('v:') ? live.some(isMeant) : hasValue(item, live.find(isMeant), ownedItem);
  });
}

function hasKeys(item: unknown, keys: unknown): boolean {
  return (
    isFields(item) && isFields(keys) && Object.entries(keys).every(([name, value]) => jsonEqual(item[name], value))
  );
}

function countMembers(owned: Fields): number {
  return Object.keys(owned).filter((key) => key !== '.').length;
}

function parseMember(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
