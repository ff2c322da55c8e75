/** A pointer to the object that an object belongs to. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** Whether that object is the one that manages this one. At most one reference of an object says so. */
  readonly controller?: boolean;
  /** Whether deletion of that object in the foreground waits for this one. */
  readonly blockOwnerDeletion?: boolean;
}

/** One entry of `metadata.managedFields`: what one field manager owns. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: 'Apply' | 'Update';
  readonly subresource?: string;
  readonly time?: string;
  /** Owned fields as nested keys: `f:<field>`, `k:<JSON of a list item's keys>`, `v:<JSON of a set's member>`. */
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

/** `metadata` of an object that the API server has stored. Times are strings (RFC 3339), as they are in JSON. */
export interface ObjectMeta {
  readonly name: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Moves with each change of the spec. Absent for kinds that do not count them, such as ConfigMap. */
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  /** Left out of what stores hold, or reduced to one manager's entries. */
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** An object as the API server has it: raw JSON, not touched by any model class. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** A `v1` ConfigMap. The values of `binaryData` are base64. */
export interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** A `v1` Secret. The values of `data` are base64. */
export interface Secret extends KubernetesObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** The parts of `metadata` that a writer states. */
export interface IntendedMeta {
  readonly name: string;
  readonly namespace?: string;
  /** Given, the write is refused (409, or 422 for an apply) unless the stored object has this uid. */
  readonly uid?: string;
  /** Given, the write is refused (409) unless the stored object has this version. */
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** What a writer wants an object to be. `apiVersion` and `kind` are those of the {@link ResourceKind} it is written as. */
export interface ObjectIntent {
  readonly metadata: IntendedMeta;
  readonly [field: string]: unknown;
}

/** A kind of objects, and where the API server has them. */
export interface ResourceKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** As in URLs: lower case, `configmaps`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Names one object of a kind. */
export interface ObjectKey {
  /** Empty or absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly name: string;
}

/** Core kinds that most operators touch. */
export const CONFIG_MAP: ResourceKind = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};
export const SECRET: ResourceKind = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };

/** The key of an object as one string: `namespace/name`, or `name` for a cluster-scoped one. */
export function keyOf({ metadata }: { readonly metadata: ObjectKey }): string {
  return formatKey(metadata);
}

/** `key` as one string; see {@link keyOf}. */
export function formatKey({ namespace, name }: ObjectKey): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** The inverse of {@link formatKey}. */
export function parseKey(key: string): Required<ObjectKey> {
  const slash = key.indexOf('/');
  return { namespace: slash === -1 ? '' : key.slice(0, slash), name: key.slice(slash + 1) };
}

/** `apiVersion` of the objects of `kind`: `v1`, `configmgr.io/v1alpha1`. */
export function apiVersionOf({ group, version }: ResourceKind): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The resource as RBAC and `kubectl` write it: `configmaps`, `cmgs.configmgr.io`. For messages. */
export function resourceName({ group, plural }: ResourceKind): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** A controller's owner reference to `owner`: an object of the same namespace that dies with it. */
export function controllerReference(owner: KubernetesObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  return {
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/**
 * Whether resource version `left` is at least `right`. Versions of one kind are comparable as integers of any length
 * (documented since Kubernetes 1.35). False if either is not a number.
 */
export function isAtLeast(left: string, right: string): boolean {
  return isDigits(left) && isDigits(right) && BigInt(left) >= BigInt(right);
}

function isDigits(text: string): boolean {
  return /^\d+$/.test(text);
}
