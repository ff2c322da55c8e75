import { isAlreadyExists, isConflict, isNotFound } from './api-error.ts';
import type { KubernetesClient } from './client.ts';
import type { LeaseClient, LeaseSpec, LeaseWrite, StoredLease } from './lease.ts';
import type { KubernetesObject, ObjectKey, ResourceKind } from './objects.ts';

const LEASE: ResourceKind = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

interface Lease extends KubernetesObject {
  readonly spec?: LeaseSpec;
}

/**
 * The Lease `key` in the API server. What others set on it (labels, annotations, owners) is kept.
 *
 * @param client one that the election itself does not fence: a candidate has to write the lease too
 */
export function kubernetesLease(
  client: Pick<KubernetesClient, 'get' | 'create' | 'replace'>,
  key: Required<ObjectKey>,
): LeaseClient {
  /** The objects of which the `StoredLease`s given out are views. */
  const objects = new WeakMap<StoredLease, Lease>();

  const view = (object: Lease): StoredLease => {
    const lease = { resourceVersion: object.metadata.resourceVersion, spec: object.spec ?? {} };
    objects.set(lease, object);
    return lease;
  };

  return {
    read: async (signal) => {
      try {
        return view(await client.get<Lease>(LEASE, key, { signal }));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    create: (spec, signal) =>
      written(
        async () => view(await client.create<Lease>(LEASE, { metadata: key, spec }, { signal })),
        isAlreadyExists,
      ),
    replace: (previous, spec, signal) => {
      const object = objects.get(previous);
      if (object === undefined) throw new TypeError('The lease to replace was not read by this client.');
      return written(
        async () => view(await client.replace<Lease>(LEASE, { ...object, spec }, { signal })),
        (error) => isConflict(error) || isNotFound(error),
      );
    },
  };
}

async function written(write: () => Promise<StoredLease>, isLost: (error: unknown) => boolean): Promise<LeaseWrite> {
  try {
    return { kind: 'Written', lease: await write() };
  } catch (error) {
    if (isLost(error)) return { kind: 'Conflict' };
    throw error;
  }
}
