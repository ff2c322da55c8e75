import type { LeaseClient, LeaseSpec, LeaseWrite, StoredLease } from './lease.ts';

/** An answer of the API server, whatever its status. */
export interface ApiAnswer {
  readonly status: number;
  /** The parsed JSON. */
  readonly body: unknown;
}

/** Sends a request to the API server. Rejects only when there is no answer. */
export type SendRequest = (
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body: object | undefined,
  signal: AbortSignal,
) => Promise<ApiAnswer>;

/** The parts of a Lease object that are read; everything else is sent back as it came. */
interface LeaseObject {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: LeaseSpec;
}

/**
 * The Lease `namespace/name` in the API server. Metadata that others set (labels, annotations, owners) is kept.
 *
 * @param send how requests travel; it must not retry, and must not be fenced by the election itself
 */
export function kubernetesLease(send: SendRequest, namespace: string, name: string): LeaseClient {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${collection}/${encodeURIComponent(name)}`;
  /** The object as last seen, of which each `StoredLease` is a view. */
  const objects = new WeakMap<StoredLease, object>();

  const stored = (body: unknown): StoredLease => {
    const { metadata, spec = {} } = body as LeaseObject;
    const lease = { resourceVersion: metadata.resourceVersion, spec };
    objects.set(lease, body as object);
    return lease;
  };
  const written = ({ status, body }: ApiAnswer, conflicts: readonly number[]): LeaseWrite => {
    if (conflicts.includes(status)) return { kind: 'Conflict' };
    return { kind: 'Written', lease: stored(expectSuccess(status, body)) };
  };

  return {
    read: async (signal) => {
      const { status, body } = await send('GET', path, undefined, signal);
      return status === 404 ? undefined : stored(expectSuccess(status, body));
    },
    create: async (spec, signal) => {
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
      return written(await send('POST', collection, lease, signal), [409]);
    },
    replace: async (previous, spec, signal) => {
      const object = objects.get(previous);
      if (object === undefined) throw new TypeError('The lease to replace was not read by this client.');
      return written(await send('PUT', path, { ...object, spec }, signal), [404, 409]);
    },
  };
}

function expectSuccess(status: number, body: unknown): unknown {
  if (status >= 200 && status < 300) return body;
  const message = typeof body === 'object' && body !== null && 'message' in body ? `: ${body.message}` : '';
  throw new Error(`The API server answered ${status} to a request for the lease${message}`);
}
