/** The fields of a `coordination.k8s.io/v1` Lease's spec that leader election uses; others are kept as they are. */
export interface LeaseSpec {
  /** Who holds the lease. Empty or absent: nobody. */
  readonly holderIdentity?: string | null;
  /** Seconds after the last change for which others leave the lease to its holder. */
  readonly leaseDurationSeconds?: number | null;
  /** When the holder got the lease, as MicroTime. */
  readonly acquireTime?: string | null;
  /** When the holder last renewed it, as MicroTime. For people: nobody decides by another machine's clock. */
  readonly renewTime?: string | null;
  /** How often the lease changed hands. */
  readonly leaseTransitions?: number | null;
}

/** A Lease as stored in the API server, reduced to what leader election looks at. */
export interface StoredLease {
  readonly resourceVersion: string;
  readonly spec: LeaseSpec;
}

/** What came of a write that may lose against another writer. */
export type LeaseWrite = { readonly kind: 'Written'; readonly lease: StoredLease } | { readonly kind: 'Conflict' };

/**
 * The one Lease that an elector contends for. All methods reject when the API server cannot be reached or refuses, and
 * must give up when `signal` is aborted.
 */
export interface LeaseClient {
  /** The lease as the API server has it now, not from a cache; `undefined` if there is none. */
  read(signal: AbortSignal): Promise<StoredLease | undefined>;
  /** Creates it. `Conflict` if it exists already. */
  create(spec: LeaseSpec, signal: AbortSignal): Promise<LeaseWrite>;
  /** Replaces the spec of `previous`. `Conflict` if the stored lease is no longer that one, or gone. */
  replace(previous: StoredLease, spec: LeaseSpec, signal: AbortSignal): Promise<LeaseWrite>;
}

/** `epochMs` as Kubernetes' MicroTime, which must have exactly six fraction digits: `2026-01-01T00:00:00.000000Z`. */
export function toMicroTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
