import type { JsonObject } from '../../../src/json.ts';

/** A resource as the simulator keeps it. */
export interface StoredResource {
  /** Canonical id; compared without regard to case. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** The whole ARM document (id, name, type, location, tags, properties …) with defaults filled in, without secrets. */
  readonly document: JsonObject;
  /** What the provider keeps beside it and no answer shows: secrets, instances. Its own module knows the type. */
  readonly internal: unknown;
  /** Names that are unique in Azure or a region and that this resource holds until it is removed. */
  readonly globalNames: readonly GlobalName[];
  /** `"<uuid>"` with quotes, as headers carry it; new with each `store`. */
  readonly etag: string;
  /** `Succeeded`, `Failed`, or the word of the operation that runs. The core keeps it. */
  readonly provisioningState: string;
  /** Milliseconds since the epoch, simulated. */
  readonly createdAt: number;
  readonly changedAt: number;
}

/** What `World.store` takes. */
export interface ResourceDraft {
  readonly id: string;
  readonly type: string;
  readonly document: JsonObject;
  /** Default: what the resource has already. */
  readonly internal?: unknown;
  /** Default: what the resource has already. */
  readonly globalNames?: readonly GlobalName[];
  /** Default: a new one. Take it from `World.newEtag` when the document holds it too. */
  readonly etag?: string;
}

/** A name that only one resource may have. `location` for DNS labels. Case does not count. */
export type GlobalName =
  | { readonly kind: 'vault' | 'storageAccount'; readonly name: string }
  | { readonly kind: 'dnsLabel'; readonly name: string; readonly location: string };

/** Who holds a global name. */
export type NameHolder =
  | { readonly kind: 'Resource'; readonly id: string }
  | { readonly kind: 'DeletedVault'; readonly vault: DeletedVault }
  /** Somebody in another tenant. */
  | { readonly kind: 'Foreign' };

/** A soft-deleted vault with what was in it. */
export interface DeletedVault {
  readonly vault: StoredResource;
  readonly children: readonly StoredResource[];
  readonly subscriptionId: string;
  readonly location: string;
  /** Milliseconds since the epoch, simulated. */
  readonly deletedAt: number;
  readonly scheduledPurgeAt: number;
  readonly purgeProtected: boolean;
}

/** A service principal of the tenant: the caller of a request, or an identity in Azure. */
export interface Principal {
  readonly objectId: string;
  readonly appId: string;
  readonly displayName: string;
  /** When it was made (simulated). Role assignments without `principalType` do not find it for a while. */
  readonly createdAt: number;
}

/** One permission set of a role. */
export interface RolePermission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

/** A built-in role. `name` is its GUID. */
export interface RoleDefinition {
  readonly name: string;
  readonly roleName: string;
  readonly description: string;
  readonly permissions: readonly RolePermission[];
}

/** A VM size and where it can be had. */
export interface VirtualMachineSize {
  readonly name: string;
  /** The quota it counts against, such as `standardAv2Family`. */
  readonly family: string;
  readonly vCpus: number;
  readonly memoryGB: number;
  readonly premiumDisks: boolean;
  readonly acceleratedNetworking: boolean;
  /** `V1`, `V2` or both, comma-separated. */
  readonly hyperVGenerations: string;
}

/** How a size stands in a region for the subscription. */
export type SizeAvailability = 'Available' | 'NotOffered' | 'NotAvailableForSubscription';

/** How Azure says that it has no hardware for VMs. */
export type AllocationFailure = 'AllocationFailed' | 'ZonalAllocationFailed' | 'OverconstrainedAllocationRequest';

/** How much hardware a region has for a size. */
export interface Capacity {
  /** VMs that it can hold at a time. */
  readonly vms: number;
  /** What operations fail with that need more. */
  readonly code: AllocationFailure;
}

/** Everything that exists in the simulated Azure, and its rules. Providers read and write it; see `provider.ts`. */
export interface World {
  readonly tenantId: string;
  /** Simulated time in milliseconds since the epoch. */
  now(): number;
  /** In [0, 1), from the seed. */
  random(): number;
  /** A random GUID, from the seed. */
  uuid(): string;
  newEtag(): string;
  /**
   * Simulated seconds that something takes: `fallback`, unless set through the control API under `key`, such as
   * `networkSecurityGroups/put`, `virtualMachineScaleSets/put`, `virtualMachineScaleSets/extension`.
   */
  duration(key: string, fallback: number): number;

  get(id: string): StoredResource | undefined;
  /** All of a type, in order of creation. */
  ofType(type: string): Iterable<StoredResource>;
  /** The direct children of a stored resource: all whose id is `parent id/type/name`. */
  children(id: string): Iterable<StoredResource>;
  /** All in a resource group (by the group's id), children and extension resources too. */
  inGroup(groupId: string): Iterable<StoredResource>;
  /** Extension resources of a type at exactly this scope. */
  atScope(scope: string, type: string): Iterable<StoredResource>;
  /** Adds or replaces. */
  store(draft: ResourceDraft): StoredResource;
  /** Removes the resource, all below it, and the extension resources about them. */
  remove(id: string): void;

  nameHolder(name: GlobalName): NameHolder | undefined;
  /** By lower-case name. */
  readonly deletedVaults: Map<string, DeletedVault>;

  /** By object id in lower case. Providers add the principals of identities. */
  readonly principals: Map<string, Principal>;
  /** By GUID in lower case. */
  readonly roleDefinitions: ReadonlyMap<string, RoleDefinition>;
  /** Whether the caller may do an action such as `Microsoft.Network/virtualNetworks/subnets/join/action` at a scope. */
  mayDo(caller: Principal, action: string, scope: string): boolean;

  /** Names of regions, such as `westeurope`. */
  readonly locations: ReadonlySet<string>;
  vmSize(name: string): VirtualMachineSize | undefined;
  sizeAvailability(name: string, location: string): SizeAvailability;
  /** Hardware for a size in a region; `undefined` when there is always enough. */
  capacity(size: string, location: string): Capacity | undefined;
  /** Limit of a subscription's quota in a region: `cores`, a family of sizes, `PublicIPAddresses`, … */
  quota(subscriptionId: string, location: string, name: string): number;
  /** Used of a compute quota (`cores` or a family) of a subscription in a region, by the scale sets that exist. */
  usedCores(subscriptionId: string, location: string, name: string): number;

  /** Suffixes and endpoints of data planes. */
  readonly endpoints: {
    /** `vault.azure.net` */
    readonly vaultSuffix: string;
    /** `cloudapp.azure.com` */
    readonly publicDnsSuffix: string;
    /** `core.windows.net` */
    readonly storageSuffix: string;
    /** Where the blobs of an account are, such as `https://127.0.0.1:8443/blob/name/`. */
    blob(account: string): string;
  };
  /** Whether a blob was uploaded, by its URL (query ignored). Always true when the simulator runs without blobs. */
  blobExists(url: string): boolean;
  /**
   * Why the extension of that name fails on the VMs of a scale set, as the control API says; `undefined` when it succeeds.
   * Absent: extensions succeed. How long one takes is the duration `virtualMachineScaleSets/extension`.
   */
  extensionFailure?(scaleSetId: string, extension: string): string | undefined;
  /**
   * What is known only inside of VMs, where processes run behind them: they also decide how extensions end. Absent:
   * extensions end by the clock, and a VM serves when they have succeeded.
   */
  readonly machines?: Machines;
}

/** The inside of all VMs. */
export interface Machines {
  /** Whether the load balancer's probe has found the VM answering. */
  isHealthy(scaleSetId: string, instanceId: string): boolean;
}
