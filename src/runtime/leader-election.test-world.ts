import type { Clock } from './clock.ts';
import { type LeaderElector, NotLeaderError } from './leader-election.ts';
import type { LeaseClient, LeaseSpec, LeaseWrite, StoredLease } from './lease.ts';
import type { ManualClock } from './manual-clock.ts';

/** One Lease with the API server's optimistic concurrency. */
export class LeaseServer {
  lease: StoredLease | undefined;
  #revision = 0;

  set(spec: LeaseSpec): StoredLease {
    this.lease = { resourceVersion: String(++this.#revision), spec };
    return this.lease;
  }

  create(spec: LeaseSpec): LeaseWrite {
    return this.lease === undefined ? { kind: 'Written', lease: this.set(spec) } : { kind: 'Conflict' };
  }

  replace(previous: StoredLease, spec: LeaseSpec): LeaseWrite {
    if (this.lease?.resourceVersion !== previous.resourceVersion) return { kind: 'Conflict' };
    return { kind: 'Written', lease: this.set(spec) };
  }
}

/** A machine with its own clocks, which can be paused as by SIGSTOP, and its own way to the server. */
export class Machine {
  readonly world: ManualClock;
  readonly rate: number;
  wallOffset = 0;
  isPaused = false;
  isCutOff = false;
  /** Nothing of a killed process runs any more; what it had sent still arrives. */
  isDead = false;
  readonly #deferred: (() => void)[] = [];

  constructor(world: ManualClock, rate = 1) {
    this.world = world;
    this.rate = rate;
  }

  readonly clock: Clock = {
    now: () => this.world.now() + this.wallOffset,
    monotonic: () => this.world.monotonic() * this.rate,
    schedule: (delayMs, callback) => this.world.schedule(delayMs / this.rate, () => this.#whenRunning(callback)),
  };

  resume(): void {
    this.isPaused = false;
    for (const callback of this.#deferred.splice(0)) callback();
  }

  leaseClient(server: LeaseServer, travelMs: () => number): LeaseClient {
    const call = async <T>(operation: () => T): Promise<T> => {
      await this.#travel(travelMs());
      if (this.isCutOff) return this.#notice(() => Promise.reject(new Error('The request did not reach the server.')));
      const result = operation();
      await this.#travel(travelMs());
      if (this.isCutOff) return this.#notice(() => Promise.reject(new Error('The answer was lost.')));
      return this.#notice(() => result);
    };
    return {
      read: () => call(() => server.lease),
      create: (spec) => call(() => server.create(spec)),
      replace: (previous, spec) => call(() => server.replace(previous, spec)),
    };
  }

  /** Bytes on their way do not stop with the machine. */
  #travel(ms: number): Promise<void> {
    return new Promise((resolve) => this.world.schedule(ms, resolve));
  }

  /** A process that is paused learns of an outcome when it goes on, and one that is dead never does. */
  #notice<T>(outcome: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve) => this.#whenRunning(() => resolve(outcome())));
  }

  #whenRunning(callback: () => void): void {
    if (this.isDead) return;
    if (this.isPaused) this.#deferred.push(callback);
    else callback();
  }
}

/** Whether the fence lets a write pass. */
export function mayWrite(elector: LeaderElector): boolean {
  try {
    elector.fence();
    return true;
  } catch (error) {
    if (error instanceof NotLeaderError) return false;
    throw error;
  }
}
