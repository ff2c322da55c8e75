import { isJsonObject } from '../../../src/json.ts';
import { textAt } from './json-path.ts';
import { lastName, ownerOf } from './resource-path.ts';
import type { GlobalName, ResourceDraft, StoredResource } from './world.ts';

/** Resources by id, with what it takes to find them by type, owner and global name without going through all of them. */
export interface ResourceStore {
  get(id: string): StoredResource | undefined;
  all(): Iterable<StoredResource>;
  ofType(type: string): Iterable<StoredResource>;
  /** What hangs directly on an id, extension resources included, in order of creation. */
  below(id: string): Iterable<StoredResource>;
  /** All that hangs on an id, however deep, owners before what they own. The resource itself is not among them. */
  tree(id: string): Iterable<StoredResource>;
  put(draft: ResourceDraft, stamp: { readonly now: number; readonly etag: string }): StoredResource;
  setProvisioningState(id: string, state: string, now: number): void;
  /** Removes a resource and its tree, the deepest first, and returns what is gone. */
  remove(id: string): readonly StoredResource[];
  holder(name: GlobalName): StoredResource | undefined;
}

/** Key of a global name. */
export function nameKey(name: GlobalName): string {
  return (
    name.kind === 'dnsLabel' ? `${name.kind}/${name.location}/${name.name}` : `${name.kind}/${name.name}`
  ).toLowerCase();
}

/** An empty store. */
export function createResourceStore(): ResourceStore {
  const byId = new Map<string, StoredResource>();
  const idsByType = new Map<string, Set<string>>();
  const idsByOwner = new Map<string, Set<string>>();
  const idByName = new Map<string, string>();

  const get = (id: string) => byId.get(id.toLowerCase());
  function* pick(ids: Iterable<string> | undefined): Iterable<StoredResource> {
    for (const id of ids ?? []) {
      const resource = byId.get(id);
      if (resource !== undefined) yield resource;
    }
  }
  const below = (id: string) => pick(idsByOwner.get(id.toLowerCase()));
  function* tree(id: string): Iterable<StoredResource> {
    for (const child of below(id)) {
      yield child;
      yield* tree(child.id);
    }
  }

  const drop = (resource: StoredResource) => {
    const key = resource.id.toLowerCase();
    byId.delete(key);
    take(idsByType, resource.type.toLowerCase(), key);
    take(idsByOwner, ownerOf(key), key);
    for (const name of resource.globalNames) {
      if (idByName.get(nameKey(name)) === key) idByName.delete(nameKey(name));
    }
  };

  return {
    get,
    all: () => byId.values(),
    ofType: (type) => pick(idsByType.get(type.toLowerCase())),
    below,
    tree,
    put: (draft, { now, etag }) => {
      const key = draft.id.toLowerCase();
      const before = byId.get(key);
      const resource: StoredResource = {
        id: before?.id ?? draft.id,
        name: before?.name ?? lastName(draft.id),
        type: draft.type,
        document: draft.document,
        internal: 'internal' in draft ? draft.internal : before?.internal,
        globalNames: draft.globalNames ?? before?.globalNames ?? [],
        etag: draft.etag ?? etag,
        provisioningState:
          before?.provisioningState ?? textAt(draft.document, 'properties.provisioningState') ?? 'Succeeded',
        createdAt: before?.createdAt ?? now,
        changedAt: now,
      };
      for (const name of before?.globalNames ?? []) idByName.delete(nameKey(name));
      byId.set(key, resource);
      add(idsByType, resource.type.toLowerCase(), key);
      add(idsByOwner, ownerOf(key), key);
      for (const name of resource.globalNames) idByName.set(nameKey(name), key);
      return resource;
    },
    setProvisioningState: (id, provisioningState, now) => {
      const resource = get(id);
      if (resource === undefined) return;
      byId.set(id.toLowerCase(), { ...resource, provisioningState, changedAt: now });
    },
    remove: (id) => {
      const resource = get(id);
      const gone = [...tree(id)].reverse();
      if (resource !== undefined) gone.push(resource);
      for (const item of gone) drop(item);
      return gone;
    },
    holder: (name) => {
      const id = idByName.get(nameKey(name));
      return id === undefined ? undefined : byId.get(id);
    },
  };
}

function add(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key) ?? new Set();
  index.set(key, ids.add(id));
}

function take(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key);
  ids?.delete(id);
  if (ids?.size === 0) index.delete(key);
}

/** The tags of a resource. */
export function tagsOf(resource: StoredResource): Readonly<Record<string, string>> {
  const tags = resource.document.tags;
  if (!isJsonObject(tags)) return {};
  return Object.fromEntries(
    Object.entries(tags).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
