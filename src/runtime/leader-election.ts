import { randomUUID } from 'node:crypto';
import { type Clock, sleep } from './clock.ts';
import { type LeaseClient, type LeaseSpec, type StoredLease, toMicroTime } from './lease.ts';
import type { Logger } from './logger.ts';
import type { Random } from './random.ts';
import { withTimeout } from './timeout.ts';

/** client-go's factor: a candidate waits between one and 2.2 retry periods, so that candidates spread. */
const JITTER_FACTOR = 1.2;

/** What an elector tells about itself, as the `leader_election_*` metrics of Kubernetes components. */
export interface LeaderElectionMetrics {
  leading(isLeader: boolean): void;
  /** A renewal had to read the lease first. */
  slowPathTaken(): void;
}

/** Timing of an election. Every elector of one lease should use the same; these defaults are client-go's. */
export interface LeaderElectionTiming {
  /** How long others leave the lease to its holder after they saw it change. Whole seconds. 15,000 by default. */
  readonly leaseDurationMs?: number;
  /** How long the leader goes on without a successful renewal. 10,000 by default. */
  readonly renewDeadlineMs?: number;
  /** Time between tries. 2,000 by default. */
  readonly retryPeriodMs?: number;
}

/** What an elector needs. */
export interface LeaderElectorOptions extends LeaderElectionTiming {
  readonly lease: LeaseClient;
  /** Unique to this process and never used again: {@link createIdentity}. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: LeaderElectionMetrics;
}

/** This process may not write: it is not the leader, or cannot be sure to be the leader any more. */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
}

/** An identity in controller-runtime's form, `<host name>_<UUID>`, which no other process has, nor this one again. */
export function createIdentity(hostName: string): string {
  return `${hostName}_${randomUUID()}`;
}

type State =
  | { readonly kind: 'Candidate' }
  /** `until`: when the right to write ends unless it is renewed, in monotonic milliseconds. */
  | { readonly kind: 'Leader'; readonly until: number }
  | { readonly kind: 'Lost'; readonly reason: string }
  | { readonly kind: 'Released' };

/**
 * Elects one leader among the processes that contend for a Lease, with the protocol of client-go, so that both kinds of
 * electors may share a lease. Differences, all of them stricter:
 *
 * - Time is the monotonic clock's, and the leader's deadline counts from when the last successful renewal was *sent*.
 *   {@link fence} refuses from that instant on, even if no timer has had a chance to run since.
 * - A leader that sees another holder stops at once, not at its deadline.
 * - A candidate that finds the lease deleted gives the holder it knew the rest of its time.
 * - A lease without a duration counts with this elector's own, instead of as expired.
 *
 * An elector is used for one term: once it lost or released the lease, it never leads again.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  readonly #lost = new AbortController();
  /** Ends the renewals. */
  readonly #termEnd = new AbortController();
  #state: State = { kind: 'Candidate' };
  #observed: { readonly lease: StoredLease; readonly fingerprint: string; readonly changedAt: number } | undefined;
  #renewals: Promise<void> = Promise.resolve();
  #cancelDeadline = () => {};

  /** Throws a `RangeError` unless leaseDuration > renewDeadline > 1.2 × retryPeriod > 0. */
  constructor(options: LeaderElectorOptions) {
    const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
    if (leaseDurationMs % 1_000 !== 0) throw new RangeError('leaseDurationMs must be whole seconds.');
    if (leaseDurationMs <= renewDeadlineMs) throw new RangeError('leaseDurationMs must exceed renewDeadlineMs.');
    if (renewDeadlineMs <= JITTER_FACTOR * retryPeriodMs || retryPeriodMs <= 0) {
      throw new RangeError(`renewDeadlineMs must exceed ${JITTER_FACTOR} × retryPeriodMs, which must be positive.`);
    }
    this.#options = options;
    this.#leaseDurationMs = leaseDurationMs;
    this.#renewDeadlineMs = renewDeadlineMs;
    this.#retryPeriodMs = retryPeriodMs;
    options.metrics?.leading(false);
  }

  /** Aborted, with a {@link NotLeaderError} as its reason, when leadership ends without {@link release}. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The holder last seen in the lease; empty if none was seen. For logs: only {@link fence} decides. */
  get holder(): string {
    return this.#observed?.lease.spec.holderIdentity ?? '';
  }

  /**
   * Returns only while this process is the leader and its last renewal is younger than the renew deadline; throws
   * {@link NotLeaderError} otherwise. To be called immediately before each call that changes anything anywhere.
   */
  fence(): void {
    if (this.#state.kind === 'Leader' && this.#options.clock.monotonic() >= this.#state.until) {
      this.#lose('the lease was not renewed in time');
    }
    switch (this.#state.kind) {
      case 'Leader':
        return;
      case 'Candidate':
        throw new NotLeaderError('This process is not the leader.');
      case 'Released':
        throw new NotLeaderError('This process has given its leadership up.');
      case 'Lost':
        throw new NotLeaderError(`This process has lost its leadership: ${this.#state.reason}.`);
    }
  }

  /** Contends until this process leads (`true`), or until `signal` is aborted (`false`). To be called once. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, random, logger, identity } = this.#options;
    logger.info({ identity }, 'Waiting to become the leader.');
    while (!signal.aborted) {
      await this.#tryAcquireOrRenew(signal);
      if (this.#isLeader()) {
        this.#renewals = this.#renew();
        return true;
      }
      const pauseMs = this.#retryPeriodMs * (1 + JITTER_FACTOR * random());
      await sleep(clock, pauseMs, signal).catch(() => {});
    }
    return false;
  }

  /**
   * Gives the lease up, so that the next leader need not wait for it to expire. From the first instant {@link fence}
   * refuses. To be called only when nothing of this process writes any more. Never rejects: if the lease cannot be
   * released, it expires.
   */
  async release(): Promise<void> {
    if (this.#state.kind !== 'Leader') return;
    const { until } = this.#state;
    this.#endTerm({ kind: 'Released' });
    await this.#renewals;
    try {
      while (this.#options.clock.monotonic() < until && !(await this.#tryRelease())) {
        this.#options.logger.debug({}, 'The lease changed while it was being released; trying again.');
      }
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'The lease was not released; others wait until it expires.');
    }
  }

  #isLeader(): boolean {
    return this.#state.kind === 'Leader';
  }

  async #renew(): Promise<void> {
    const termEnd = this.#termEnd.signal;
    while (!termEnd.aborted) {
      await sleep(this.#options.clock, this.#retryPeriodMs, termEnd).catch(() => {});
      if (!termEnd.aborted) await this.#tryAcquireOrRenew(termEnd);
    }
  }

  async #tryAcquireOrRenew(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    try {
      if (this.#isLeader() && (await this.#tryOptimisticRenewal(signal))) return;
      await this.#tryWithFreshLease(signal);
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, 'The leader election could not read or write its lease.');
    }
  }

  /** Saves the read by assuming that the lease is still as this leader left it. */
  async #tryOptimisticRenewal(signal: AbortSignal): Promise<boolean> {
    const known = this.#observed?.lease;
    if (known?.spec.holderIdentity !== this.#options.identity) return false;
    try {
      return await this.#write((limit) => this.#options.lease.replace(known, this.#claim(known.spec), limit), signal);
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'The lease was not renewed optimistically.');
      return false;
    }
  }

  async #tryWithFreshLease(signal: AbortSignal): Promise<void> {
    const { lease, identity, metrics } = this.#options;
    const stored = await this.#limit((limit) => lease.read(limit), signal);
    if (stored === undefined) {
      if (!this.#isLeader() && this.#isHeldByOther()) return;
      await this.#write((limit) => lease.create(this.#claim({}), limit), signal);
      return;
    }
    this.#observe(stored);
    if (this.#isLeader()) {
      metrics?.slowPathTaken();
      if (this.holder !== '' && this.holder !== identity) {
        this.#lose(`${this.holder} holds the lease`);
        return;
      }
    }
    if (this.#isHeldByOther()) return;
    await this.#write((limit) => lease.replace(stored, this.#claim(stored.spec), limit), signal);
  }

  async #tryRelease(): Promise<boolean> {
    const { lease, identity, clock } = this.#options;
    const never = new AbortController().signal;
    const stored = await this.#limit((limit) => lease.read(limit), never);
    if (stored?.spec.holderIdentity !== identity) return true;
    const now = toMicroTime(clock.now());
    const spec = { ...stored.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    const result = await this.#limit((limit) => lease.replace(stored, spec, limit), never);
    return result.kind === 'Written';
  }

  /** The spec that makes, or keeps, this process the holder. */
  #claim(previous: LeaseSpec): LeaseSpec {
    const { clock, identity } = this.#options;
    const now = toMicroTime(clock.now());
    const isRenewal = previous.holderIdentity === identity;
    const transitions = previous.leaseTransitions;
    return {
      ...previous,
      holderIdentity: identity,
      leaseDurationSeconds: this.#leaseDurationMs / 1_000,
      acquireTime: isRenewal ? (previous.acquireTime ?? now) : now,
      renewTime: now,
      // The first holder is no change of hands.
      leaseTransitions: isRenewal ? (transitions ?? 0) : (transitions ?? -1) + 1,
    };
  }

  /** Whether somebody else holds the lease and its time, counted from when this process saw it change, is not over. */
  #isHeldByOther(): boolean {
    if (this.#observed === undefined || this.holder === '' || this.holder === this.#options.identity) return false;
    const seconds = this.#observed.lease.spec.leaseDurationSeconds ?? this.#leaseDurationMs / 1_000;
    return this.#options.clock.monotonic() < this.#observed.changedAt + seconds * 1_000;
  }

  #observe(lease: StoredLease): void {
    const fingerprint = JSON.stringify(lease.spec);
    if (fingerprint === this.#observed?.fingerprint) {
      this.#observed = { ...this.#observed, lease };
      return;
    }
    const previousHolder = this.holder;
    this.#observed = { lease, fingerprint, changedAt: this.#options.clock.monotonic() };
    if (this.holder !== previousHolder) this.#options.logger.info({ holder: this.holder }, 'The leader has changed.');
  }

  /** Writes, and on success leads for one renew deadline from the instant before the request left. */
  async #write(
    request: (limit: AbortSignal) => ReturnType<LeaseClient['create']>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const sentAt = this.#options.clock.monotonic();
    const result = await this.#limit(request, signal);
    if (result.kind === 'Conflict' || signal.aborted) return false;
    this.#observe(result.lease);
    this.#lead(sentAt + this.#renewDeadlineMs);
    return true;
  }

  #lead(until: number): void {
    const { clock, logger, identity, metrics } = this.#options;
    // A renewal that took longer than the deadline proves nothing, and must not revive a term that has ended.
    if (this.#state.kind === 'Leader') this.#expireIfOverdue();
    if (clock.monotonic() >= until || this.#state.kind === 'Lost' || this.#state.kind === 'Released') return;
    if (this.#state.kind === 'Candidate') {
      metrics?.leading(true);
      logger.info({ identity }, 'This process is the leader.');
    }
    this.#state = { kind: 'Leader', until };
    this.#cancelDeadline();
    this.#cancelDeadline = clock.schedule(until - clock.monotonic(), () => this.#expireIfOverdue());
  }

  #expireIfOverdue(): void {
    if (this.#state.kind !== 'Leader') return;
    const leftMs = this.#state.until - this.#options.clock.monotonic();
    // Timers may fire a little early.
    if (leftMs > 0) this.#cancelDeadline = this.#options.clock.schedule(leftMs, () => this.#expireIfOverdue());
    else this.#lose('the lease was not renewed in time');
  }

  #lose(reason: string): void {
    if (this.#state.kind !== 'Leader') return;
    this.#endTerm({ kind: 'Lost', reason });
    this.#options.logger.error({ reason }, 'This process is not the leader any more.');
    this.#lost.abort(new NotLeaderError(`This process has lost its leadership: ${reason}.`));
  }

  #endTerm(state: State): void {
    this.#state = state;
    this.#cancelDeadline();
    this.#options.metrics?.leading(false);
    this.#termEnd.abort();
  }

  /** Half the renew deadline for each request leaves time for a second try. */
  #limit<T>(request: (limit: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return withTimeout(this.#options.clock, this.#renewDeadlineMs / 2, signal, request);
  }
}
