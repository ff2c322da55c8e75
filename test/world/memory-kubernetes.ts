import { ApiError } from '../../src/runtime/api-error.ts';
import type { ApplyOptions, KubernetesClient } from '../../src/runtime/client.ts';
import type { JsonPatchOperation } from '../../src/runtime/finalizers.ts';
import { toFrozenObject } from '../../src/runtime/frozen-object.ts';
import { jsonEqual } from '../../src/runtime/json-equal.ts';
import {
  apiVersionOf,
  formatKey,
  type KubernetesObject,
  type ObjectIntent,
  type ObjectKey,
  type ObjectMeta,
  type ResourceKind,
  resourceName,
} from '../../src/runtime/objects.ts';

/** A change of an object: `undefined` before it is made, and after it is gone. */
export type ObjectObserver = (before: KubernetesObject | undefined, after: KubernetesObject | undefined) => void;

/**
 * The objects of a small API server in memory, with the real one's rules for who may write what when: versions and uids
 * that do not fit, tests of JSON patches, finalizers, and objects that go with their owner. No schemas, and each object has
 * one field manager.
 */
export interface MemoryKubernetes {
  readonly client: KubernetesClient;
  /** All objects, those of one kind by `plural`. */
  objects(plural?: string): readonly KubernetesObject[];
  /** Makes or replaces an object as a person does; a changed `spec` moves the generation. */
  put(kind: ResourceKind, intent: ObjectIntent): KubernetesObject;
  /** Asks for the deletion of an object. With finalizers it stays until they are gone. */
  remove(kind: ResourceKind, key: ObjectKey): void;
  /** What was made and what went, oldest first, such as `made secrets gateways/contoso-operations`. */
  readonly history: readonly string[];
  observe(observer: ObjectObserver): () => void;
}

/** An API server without objects. `now` dates them, in milliseconds since the epoch. */
export function createMemoryKubernetes(now: () => number): MemoryKubernetes {
  const stored = new Map<string, { readonly kind: ResourceKind; readonly object: KubernetesObject }>();
  const observers = new Set<ObjectObserver>();
  const history: string[] = [];
  let version = 0;

  const place = (kind: ResourceKind, key: ObjectKey) => `${kind.plural} ${formatKey(key)}`;
  const find = (kind: ResourceKind, key: ObjectKey) => stored.get(place(kind, key))?.object;
  const existing = (kind: ResourceKind, key: ObjectKey): KubernetesObject =>
    find(kind, key) ?? refuse(kind, key, 404, 'NotFound', 'there is no such object');

  const keep = (kind: ResourceKind, next: KubernetesObject): KubernetesObject => {
    const name = place(kind, next.metadata);
    const before = stored.get(name)?.object;
    if (before !== undefined && jsonEqual(before, next)) return before;
    version += 1;
    const metadata = { ...next.metadata, resourceVersion: String(version) };
    const object = toFrozenObject<KubernetesObject>(kind, { ...next, metadata });
    const over = object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0;
    if (over) stored.delete(name);
    else stored.set(name, { kind, object });
    if (before === undefined) history.push(`made ${name}`);
    if (over) history.push(`gone ${name}`);
    for (const observe of observers) observe(before, over ? undefined : object);
    if (over) removeOwned(object.metadata.uid);
    return object;
  };
  const removeOwned = (uid: string) => {
    for (const { kind, object } of [...stored.values()]) {
      if (object.metadata.ownerReferences?.some((owner) => owner.uid === uid)) remove(kind, object.metadata);
    }
  };
  const make = (kind: ResourceKind, { metadata, ...fields }: ObjectIntent): KubernetesObject =>
    keep(kind, {
      ...fields,
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata: {
        ...metadata,
        uid: `uid-${version + 1}`,
        resourceVersion: '',
        generation: 1,
        creationTimestamp: timestamp(now()),
      },
    });
  const replace = (kind: ResourceKind, before: KubernetesObject, { metadata, ...fields }: ObjectIntent) => {
    const { uid, resourceVersion, creationTimestamp, deletionTimestamp, generation = 1 } = before.metadata;
    const server: ObjectMeta = {
      ...metadata,
      uid,
      resourceVersion,
      creationTimestamp,
      generation: jsonEqual(before.spec, fields.spec) ? generation : generation + 1,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    };
    return keep(kind, { ...fields, apiVersion: before.apiVersion, kind: before.kind, metadata: server });
  };
  const remove: MemoryKubernetes['remove'] = (kind, key) => {
    const before = existing(kind, key);
    const deletionTimestamp = before.metadata.deletionTimestamp ?? timestamp(now());
    keep(kind, { ...before, metadata: { ...before.metadata, deletionTimestamp } });
  };
  const applyTo = (kind: ResourceKind, intent: ObjectIntent, _options: ApplyOptions) => {
    const before = find(kind, intent.metadata);
    if (before === undefined) return make(kind, intent);
    checkIdentity(kind, before, intent);
    return replace(kind, before, intent);
  };

  const answers: Pick<KubernetesClient, 'get' | 'create' | 'replace' | 'patch' | 'apply' | 'applyStatus' | 'delete'> = {
    get: async (kind, key) => give(existing(kind, key)),
    create: async (kind, intent) =>
      find(kind, intent.metadata) === undefined
        ? give(make(kind, intent))
        : refuse(kind, intent.metadata, 409, 'AlreadyExists', 'the object exists'),
    replace: async (kind, intent) => {
      const before = existing(kind, intent.metadata);
      checkIdentity(kind, before, intent);
      return give(replace(kind, before, intent));
    },
    patch: async (kind, key, patch, options) => {
      if (options.dryRun === true) throw new Error(NO_DRY_RUNS);
      if (patch.type !== 'json') throw new Error('Only JSON patches are served.');
      const before = existing(kind, key);
      return give(keep(kind, patched(kind, before, patch.body as readonly JsonPatchOperation[])));
    },
    apply: async (kind, intent, options) => {
      if (options.dryRun === true) throw new Error(NO_DRY_RUNS);
      return give(applyTo(kind, intent, options));
    },
    applyStatus: async (kind, intent) => {
      const before = existing(kind, intent.metadata);
      checkIdentity(kind, before, intent);
      return give(keep(kind, { ...before, status: intent.status }));
    },
    delete: async (kind, key) => remove(kind, key),
  };
  const client: KubernetesClient = {
    ...answers,
    list: () => Promise.reject(new Error('Lists are not served.')),
    watch: () => Promise.reject(new Error('Watches are not served.')),
    fencedBy: () => client,
    close: async () => {},
  };
  return {
    client,
    history,
    objects: (plural) =>
      [...stored.values()].flatMap(({ kind, object }) =>
        plural === undefined || kind.plural === plural ? [give<KubernetesObject>(object)] : [],
      ),
    put: (kind, intent) => {
      const before = find(kind, intent.metadata);
      if (before === undefined) return make(kind, intent);
      const { finalizers } = before.metadata;
      const metadata = { ...intent.metadata, ...(finalizers === undefined ? {} : { finalizers }) };
      return replace(kind, before, { ...intent, metadata, status: before.status });
    },
    remove,
    observe: (observer) => {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
  };
}

const NO_DRY_RUNS = 'Dry runs are not served.';

/** What is stored is frozen, so that everybody may have it. */
function give<T extends KubernetesObject>(object: KubernetesObject): T {
  return object as T;
}

function refuse(kind: ResourceKind, key: ObjectKey, status: number, reason: string, explanation: string): never {
  throw new ApiError(`${resourceName(kind)} "${formatKey(key)}"`, { status, reason, explanation });
}

function checkIdentity(kind: ResourceKind, before: KubernetesObject, { metadata }: ObjectIntent): void {
  const { uid = before.metadata.uid, resourceVersion = before.metadata.resourceVersion } = metadata;
  if (uid !== before.metadata.uid || resourceVersion !== before.metadata.resourceVersion) {
    refuse(kind, metadata, 409, 'Conflict', 'the object has been modified');
  }
}

/** What a JSON patch of uid, version and finalizers makes of an object. */
function patched(
  kind: ResourceKind,
  before: KubernetesObject,
  operations: readonly JsonPatchOperation[],
): KubernetesObject {
  const finalizers = [...(before.metadata.finalizers ?? [])];
  for (const operation of operations) {
    const index = Number(/^\/metadata\/finalizers\/(\d+)$/.exec(operation.path)?.[1] ?? finalizers.length);
    if (operation.op === 'test') {
      const { uid, resourceVersion } = before.metadata;
      const found = { '/metadata/uid': uid, '/metadata/resourceVersion': resourceVersion }[operation.path];
      if ((found ?? finalizers[index]) !== operation.value)
        refuse(kind, before.metadata, 422, 'Invalid', 'test failed');
    } else if (operation.op === 'remove') {
      finalizers.splice(index, 1);
    } else {
      finalizers.push(...[operation.value].flat());
    }
  }
  return { ...before, metadata: { ...before.metadata, finalizers } };
}

function timestamp(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
