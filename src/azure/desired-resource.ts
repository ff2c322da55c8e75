import type { JsonObject } from '../json.ts';

/** Names a resource inside one graph, for example `loadBalancer`. Stable over the life of the gateway. */
export type ResourceKey = string;

/** The last known Azure state of the resources of one graph; absent keys have not been observed to exist. */
export type ObservedResources = ReadonlyMap<ResourceKey, JsonObject>;

/**
 * One Azure resource as it should be. The ARM engine compares `desired` with what Azure returns, as a subset: only what
 * is declared counts, so defaults that Azure fills in are no difference.
 */
export interface DesiredResource {
  readonly key: ResourceKey;
  /** Full ARM id, starting with `/subscriptions/`. */
  readonly id: string;
  readonly apiVersion: string;
  /** Resources that must be provisioned before this one is written. */
  readonly dependsOn: readonly ResourceKey[];
  /**
   * Whether it takes a name that nobody else can have then, in its region or in the whole cloud. Of what can be created at
   * the same time, it is asked for before anything that does not. Default: no.
   */
  readonly takesName?: boolean;
  /**
   * The body to PUT, given what has been observed so far. `undefined` while a value that only Azure knows (a principal
   * id, the version of a vault secret) is still missing; the engine then waits for the dependencies.
   */
  readonly desired: (observed: ObservedResources) => JsonObject | undefined;
  /**
   * The body with its secrets, which Azure takes and never returns. Asked for only when the body is about to be sent, so
   * that a secret exists no longer than that; a change of it must show in another property.
   */
  readonly withSecrets?: (body: JsonObject) => Promise<JsonObject>;
  /**
   * Dotted paths, relative to the body, that Azure takes but never returns (`properties.protectedSettings`). They are sent
   * with each PUT and never compared; a change of theirs must show in another property. `[]` in a path stands for each list item.
   */
  readonly writeOnly?: readonly string[];
  /** Dotted paths that are sent only when the resource is created, such as a first administrator password. */
  readonly createOnly?: readonly string[];
  /**
   * Dotted paths of lists whose items have a `name`. Items there that `desired` does not mention belong to somebody
   * else (a policy, another tool): they are no difference, and are sent back unchanged so that a PUT keeps them.
   */
  readonly keepForeignItems?: readonly string[];
  /**
   * Dotted paths that are left out of an update when nothing below them differs. A PUT of a scale set that carries an
   * unchanged `virtualMachineProfile` would make a new model.
   */
  readonly omitUnchanged?: readonly string[];
  /** Whether an update sends `If-Match` with the observed etag. Network resources honour it; vaults and storage accounts do not. */
  readonly ifMatch?: boolean;
}
