import type { SimulatedCloud } from './clouds.ts';
import { textAt, valueAt } from './json-path.ts';
import { actionCovers, isWithin, locationName } from './resource-path.ts';
import { createResourceStore, nameKey, type ResourceStore } from './resource-store.ts';
import { allowedByRole } from './role-rights.ts';
import { durationOf, quotaOf, ROLES, type Settings, sizeAvailabilityOf, sizeOf } from './settings.ts';
import type { DeletedVault, GlobalName, Machines, NameHolder, StoredResource, World } from './world.ts';

/** What a principal may do at a scope and below it. `*` in an action is any text. */
export interface Grant {
  /** `/` for everything. */
  readonly scope: string;
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** A subscription of the tenant. */
export interface Subscription {
  readonly subscriptionId: string;
  readonly displayName: string;
  state: 'Enabled' | 'Warned' | 'PastDue' | 'Disabled' | 'Deleted';
  /** Registration of providers by namespace in lower case. What is missing is `NotRegistered`. */
  readonly registrations: Map<string, 'Registered' | 'Registering' | 'Unregistering' | 'NotRegistered'>;
}

/** The {@link World} with what only the core may touch. */
export interface WorldState extends World {
  readonly cloud: SimulatedCloud;
  readonly resources: ResourceStore;
  readonly settings: Settings;
  /** By id in lower case. */
  readonly subscriptions: Map<string, Subscription>;
  /** Rights of principals by object id in lower case. A principal without an entry has none. */
  readonly grants: Map<string, readonly Grant[]>;
  /** Global names held by others, as `nameKey` writes them. */
  readonly foreignNames: Set<string>;
  setProvisioningState(id: string, state: string): void;
  /** Calls `listener` after each change of a resource, with what it is now; `undefined` when it is gone. */
  onChange(listener: (id: string, resource: StoredResource | undefined) => void): void;
}

/** What a world is made of. */
export interface WorldParts {
  readonly cloud: SimulatedCloud;
  readonly tenantId: string;
  readonly now: () => number;
  readonly random: () => number;
  readonly settings: Settings;
  readonly blobEndpoint: (account: string) => string;
  readonly blobExists: (url: string) => boolean;
  readonly machines?: Machines;
}

/** An Azure in which nothing exists yet. */
export function createWorld(parts: WorldParts): WorldState {
  const { now, random, settings, cloud } = parts;
  const store = createResourceStore();
  const listeners: ((id: string, resource: StoredResource | undefined) => void)[] = [];
  const changed = (id: string) => {
    for (const listener of listeners) listener(id, store.get(id));
  };
  const uuid = () => randomUuid(random);
  const newEtag = () => `"${uuid()}"`;
  const deletedVaults = new Map<string, DeletedVault>();
  const foreignNames = new Set<string>();
  const grants = new Map<string, readonly Grant[]>();

  const world: WorldState = {
    tenantId: parts.tenantId,
    resources: store,
    settings,
    subscriptions: new Map(),
    grants,
    foreignNames,
    deletedVaults,
    principals: new Map(),
    roleDefinitions: ROLES,
    cloud,
    locations: new Set(cloud.regions.map((region) => region.name)),
    endpoints: { ...cloud, blob: parts.blobEndpoint },
    now,
    random,
    uuid,
    newEtag,
    get: store.get,
    ofType: store.ofType,
    children: (id) => ownChildren(store, id),
    inGroup: store.tree,
    atScope: (scope, type) => [...store.below(scope)].filter((item) => item.type.toLowerCase() === type.toLowerCase()),
    store: (draft) => {
      const resource = store.put(draft, { now: now(), etag: newEtag() });
      changed(resource.id);
      return resource;
    },
    remove: (id) => {
      for (const gone of store.remove(id)) changed(gone.id);
    },
    setProvisioningState: (id, state) => {
      store.setProvisioningState(id, state, now());
      changed(id);
    },
    onChange: (listener) => listeners.push(listener),
    nameHolder: (name) => nameHolder(name, store, deletedVaults, foreignNames, now()),
    mayDo: (caller, action, scope) =>
      allowedBy(grants.get(caller.objectId.toLowerCase()) ?? [], action, scope) ||
      allowedByRole(world, caller, 'actions', action, scope),
    ...rulesOf(settings, store),
    blobExists: parts.blobExists,
    ...(parts.machines === undefined ? {} : { machines: parts.machines }),
  };
  return world;
}

/** What the settings say of sizes, quotas, hardware and extensions. */
function rulesOf(settings: Settings, store: ResourceStore) {
  return {
    duration: (key, fallback) => durationOf(settings, key, fallback),
    vmSize: sizeOf,
    sizeAvailability: (name, location) => sizeAvailabilityOf(settings, name, locationName(location)),
    capacity: (size, location) => settings.capacity.get(`${locationName(location)}/${size.toLowerCase()}`),
    quota: (subscriptionId, location, name) => quotaOf(settings, subscriptionId, locationName(location), name),
    usedCores: (subscriptionId, location, name) =>
      usedCores(store, subscriptionId, locationName(location), name.toLowerCase()),
    extensionFailure: (scaleSetId, extension) => {
      const { extensionFailures } = settings;
      const name = extension.toLowerCase();
      return extensionFailures.get(`${scaleSetId.toLowerCase()}/${name}`) ?? extensionFailures.get(name);
    },
  } satisfies Partial<World>;
}

/** A version 4 UUID from a source of randomness. */
export function randomUuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16));
  hex[12] = '4';
  hex[16] = '89ab'[Math.floor(random() * 4)] ?? '8';
  const text = hex.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}

function ownChildren(store: ResourceStore, id: string): StoredResource[] {
  return [...store.below(id)].filter((item) => !item.id.slice(id.length).toLowerCase().startsWith('/providers/'));
}

function nameHolder(
  name: GlobalName,
  store: ResourceStore,
  deletedVaults: ReadonlyMap<string, DeletedVault>,
  foreignNames: ReadonlySet<string>,
  now: number,
): NameHolder | undefined {
  const resource = store.holder(name);
  if (resource !== undefined) return { kind: 'Resource', id: resource.id };
  const vault = name.kind === 'vault' ? deletedVaults.get(name.name.toLowerCase()) : undefined;
  if (vault !== undefined && vault.scheduledPurgeAt > now) return { kind: 'DeletedVault', vault };
  return foreignNames.has(nameKey(name)) ? { kind: 'Foreign' } : undefined;
}

function allowedBy(grants: readonly Grant[], action: string, scope: string): boolean {
  return grants.some(
    (grant) =>
      isWithin(scope, grant.scope) &&
      grant.actions.some((pattern) => actionCovers(pattern, action)) &&
      !grant.notActions.some((pattern) => actionCovers(pattern, action)),
  );
}

const SCALE_SETS = 'Microsoft.Compute/virtualMachineScaleSets';

function usedCores(store: ResourceStore, subscriptionId: string, location: string, quota: string): number {
  let used = 0;
  for (const { id, document } of store.ofType(SCALE_SETS)) {
    if (!isWithin(id, `/subscriptions/${subscriptionId}`)) continue;
    const size = sizeOf(textAt(document, 'sku.name') ?? '');
    const capacity = valueAt(document, 'sku.capacity');
    if (size === undefined || typeof capacity !== 'number') continue;
    if (locationName(textAt(document, 'location') ?? '') !== location) continue;
    if (quota === 'cores' || quota === size.family.toLowerCase()) used += capacity * size.vCpus;
  }
  return used;
}
