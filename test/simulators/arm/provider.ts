import type { JsonObject } from '../../../src/json.ts';
import type { ArmErrorBody, ArmFault } from './arm-fault.ts';
import type { Principal, StoredResource, World } from './world.ts';

/**
 * The contract between the core of the simulator and the modules in `providers/`, one {@link ResourceType} for each type
 * of resource. `providers/index.ts` exports them all as `resourceTypes: readonly ResourceType[]`.
 *
 * The core has already done, before it calls a type: token, rights, fault rules, api-version, registration of the
 * namespace, existence of subscription, group and parent, group being deleted, `name` rule, location (present, known,
 * unchanged), tag rules, If-Match and If-None-Match. It adds ids of requests, rate-limit headers, ETag and the URLs of
 * operations, keeps `properties.provisioningState` current while an operation runs (and after it failed), and records.
 *
 * A type judges the body and the references, throws {@link ArmFault} to refuse **before** it writes anything, writes to the
 * world with `world.store`, and says what is answered. Everything is synchronous.
 */
export interface ResourceType {
  /** In Azure's spelling, such as `Microsoft.KeyVault/vaults/secrets`. */
  readonly type: string;
  /** Those that Azure registers for the type, newest first. Others get 400 `NoRegisteredProviderFound`. */
  readonly apiVersions: readonly string[];
  /** Tracked: has a required, immutable location, and tags. Untracked ones are children or extension resources. */
  readonly tracked: boolean;
  /** Extension resources (role assignments, locks) live at any scope: subscription, group or resource. */
  readonly extension?: boolean;
  /**
   * Whether answers carry `ETag` and If-Match / If-None-Match are honoured. `OnReads`: answers to GET alone carry it, as
   * the network provider's. Default false.
   */
  readonly etags?: boolean | 'OnReads';
  /** Whether documents carry `properties.provisioningState`. Default true; false for identities, assignments, containers. */
  readonly provisioningState?: boolean;
  /** Longest name of a tag. Default 512; 128 for storage accounts. */
  readonly longestTagName?: number;
  /** Names that are allowed; others get what `refusal` makes, before anything else of the type is asked. */
  readonly name?: { readonly pattern: RegExp; refusal(name: string): ArmFault };
  /** The 404 when the resource is missing. Default `ResourceNotFound`. */
  missing?(request: ResourceRequest): ArmFault;

  /**
   * For types that have no entry of their own in the world (rules inside a group's document, the VMs of a scale set): the
   * document, or `undefined` when missing. Without `get`, the world's entry at the id is the resource.
   */
  get?(request: ResourceRequest): JsonObject | undefined;
  /** For the same types: the documents below `request.parent`. `request.id` is the id of the collection's parent. */
  list?(request: ResourceRequest): readonly JsonObject[];
  /**
   * What a GET, a list and Resource Graph show of a stored resource: computed fields, back references, states that depend
   * on the clock; never a secret. Default: the document. The core puts the provisioning state in afterwards.
   */
  view?(resource: StoredResource, world: World): JsonObject;

  /** Absent: 405. */
  put?(request: WriteRequest): Outcome;
  patch?(request: WriteRequest): Outcome;
  /** Called also when the resource is missing (`current` undefined) if `deleteMissing` is `Ask`; else that is 204. */
  delete?(request: ResourceRequest): Outcome;
  /** Default: 204. */
  readonly deleteMissing?: 'Ask' | 'NoContent';
  /**
   * Called for each resource when its group is deleted, before it is removed with all its children. A vault goes to
   * `world.deletedVaults` here.
   */
  removedWithGroup?(resource: StoredResource, world: World): void;

  /**
   * Keys: method and path below the resource, such as `POST listKeys`, `GET instanceView`, `POST rollingUpgrades/cancel`,
   * `GET rollingUpgrades/latest`, without regard to case. Child types need no entry here. The resource exists when one
   * is called. A type with `get` has `current` undefined.
   */
  readonly actions?: Readonly<Record<string, (request: ActionRequest) => Outcome>>;
}

/** What every handler gets. */
export interface ResourceRequest {
  readonly world: World;
  /** Canonical: `/subscriptions/…/resourceGroups/…/providers/…` in Azure's spelling of types, names as stored or asked. */
  readonly id: string;
  readonly name: string;
  /** The type's own `type`. */
  readonly type: string;
  readonly subscriptionId: string;
  /** Absent for extension resources at a subscription. */
  readonly resourceGroup?: string;
  /** The stored resource above a child or, of an extension resource, the one that it is about; absent for others. */
  readonly parent?: StoredResource;
  /** For a child of a child that is not stored itself (an instance's extension): all names from the outermost on. */
  readonly names: readonly string[];
  /** What is stored at the id now. */
  readonly current: StoredResource | undefined;
  readonly apiVersion: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly caller: Principal;
}

/** PUT or PATCH. */
export interface WriteRequest extends ResourceRequest {
  readonly body: JsonObject;
}

/** POST or GET below a resource. */
export interface ActionRequest extends ResourceRequest {
  /** `undefined` when the request has none. */
  readonly body: JsonObject | undefined;
}

/** How a request is answered, once what it does is in the world. */
export interface Outcome {
  readonly status: 200 | 201 | 202 | 204;
  /** Default: for 200 and 201 to PUT, PATCH and GET the view of the resource at `request.id`; otherwise no body. */
  readonly body?: JsonObject;
  /** Beyond those of the operation. A `Location` that is not an operation's stands here. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly operation?: OperationPlan;
}

/** A long-running operation that begins with the answer. */
export interface OperationPlan {
  /**
   * Which URLs the answer names. `ProvisioningState`: none, a GET shows when it is over. For `Location`, the URL answers
   * 202 until the end and then `finalStatus` with `finalBody`, by default the view of the resource for PUT, else nothing.
   */
  readonly kind: 'AsyncOperation' | 'Location' | 'AsyncOperationAndLocation' | 'ProvisioningState';
  /** Simulated seconds until it is over. Take it from `world.duration`. 0: over at once, still with the URLs. */
  readonly durationSeconds: number;
  /**
   * For work in steps whose number and length show only on the way: called when `durationSeconds` are up, takes the next
   * step and says for how many more seconds it runs; `undefined` when the operation is over. Called again after that.
   */
  proceed?(world: World): number | undefined;
  /**
   * Asked when the time of the operation or of a step is up, and again after each change of the resource while it says no:
   * what also has to have happened until it goes on. Default: nothing.
   */
  isOver?(world: World): boolean;
  /** `Retry-After` of the answer in simulated seconds. Absent: no header. */
  readonly retryAfterSeconds?: number;
  /** `Retry-After` of the polls that find it running, the last one for all that follow. Default: `retryAfterSeconds`. */
  readonly pollRetryAfterSeconds?: number | readonly number[];
  /** The provisioning state of the resource until it is over, such as `Updating`. Absent: it stays `Succeeded`. */
  readonly whileRunning?: string;
  /** The word in the status body until it is over. Default `InProgress`. */
  readonly runningStatus?: string;
  /** Path of the operation: `Operations` (network), `operations` (compute), … Default `operations`. */
  readonly segment?: string;
  /** Location answer at the end. Default 200; 204 for a deletion. */
  readonly finalStatus?: 200 | 201 | 204;
  readonly finalBody?: (world: World) => JsonObject | undefined;
  /**
   * Called once when time is up, with the world as it is then; finishes the work (a deletion removes the resource here).
   * Returning an error fails the operation: the status body holds it and the resource's state becomes `Failed`.
   */
  onDone?(world: World): ArmErrorBody | undefined;
}
