import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import { LeaderElector, type LeaderElectorOptions, NotLeaderError } from './leader-election.ts';
import { type LeaseClient, type LeaseSpec, type LeaseWrite, type StoredLease, toMicroTime } from './lease.ts';
import { silentLogger } from './logger.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { type Random, seededRandom } from './random.ts';

/** One Lease with the API server's optimistic concurrency. */
class LeaseServer {
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
class Machine {
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
      if (this.isCutOff) throw new Error('The request did not reach the server.');
      const result = operation();
      await this.#travel(travelMs());
      if (this.isCutOff) throw new Error('The answer was lost.');
      return new Promise((resolve) => this.#whenRunning(() => resolve(result)));
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

  #whenRunning(callback: () => void): void {
    if (this.isDead) return;
    if (this.isPaused) this.#deferred.push(callback);
    else callback();
  }
}

function createElection(travelMs = 1) {
  const world = createManualClock();
  const server = new LeaseServer();
  const join = (identity: string, options: Partial<LeaderElectorOptions> = {}) => {
    const machine = new Machine(world);
    const elector = new LeaderElector({
      lease: machine.leaseClient(server, () => travelMs),
      identity,
      clock: machine.clock,
      random: seededRandom(1),
      logger: silentLogger,
      ...options,
    });
    const leaving = new AbortController();
    const acquired = elector.acquire(leaving.signal);
    return { machine, elector, acquired, leave: () => leaving.abort() };
  };
  return { world, server, join };
}

function mayWrite(elector: LeaderElector): boolean {
  try {
    elector.fence();
    return true;
  } catch (error) {
    if (error instanceof NotLeaderError) return false;
    throw error;
  }
}

describe('LeaderElector', () => {
  it('creates the lease in the form that client-go writes', async () => {
    const { world, server, join } = createElection();
    const { elector, acquired } = join('a');
    await world.advance(10);
    expect(await acquired).toBe(true);
    expect(mayWrite(elector)).toBe(true);
    expect(server.lease?.spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: expect.stringMatching(/^2026-01-01T00:00:00\.\d{6}Z$/),
      renewTime: expect.stringMatching(/^2026-01-01T00:00:00\.\d{6}Z$/),
      leaseTransitions: 0,
    });
  });

  it('renews each retry period, keeps what it does not know, and never needs to read the lease', async () => {
    const { world, server, join } = createElection();
    let slowPaths = 0;
    const leading: boolean[] = [];
    server.set({ holderIdentity: '', leaseTransitions: 4, ...{ strategy: 'OldestEmulationVersion' } });
    join('a', { metrics: { leading: (isLeader) => leading.push(isLeader), slowPathTaken: () => slowPaths++ } });
    await world.advance(60_000);
    const spec = server.lease?.spec;
    expect(spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 5, strategy: 'OldestEmulationVersion' });
    expect(world.now() - Date.parse(spec?.renewTime ?? '')).toBeLessThanOrEqual(2_010);
    expect(world.now() - Date.parse(spec?.acquireTime ?? '')).toBeGreaterThan(59_000);
    expect(slowPaths).toBe(0);
    expect(leading).toEqual([false, true]);
  });

  it('takes over from a leader that died, no earlier than one lease duration after its last renewal', async () => {
    const { world, server, join } = createElection();
    const first = join('a');
    await world.advance(30_000);
    const second = join('b');
    await world.advance(10_000);
    first.machine.isPaused = true;
    const lastRenewal = Date.parse(server.lease?.spec.renewTime ?? '');
    let tookOverAt: number | undefined;
    second.acquired.then(() => {
      tookOverAt = world.now();
    });
    await world.advance(30_000);
    expect(tookOverAt).toBeDefined();
    expect((tookOverAt ?? 0) - lastRenewal).toBeGreaterThanOrEqual(15_000);
    expect((tookOverAt ?? 0) - lastRenewal).toBeLessThan(15_000 + 2 * 4_400 + 10);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('takes over within a retry period from a leader that released the lease', async () => {
    const { world, server, join } = createElection();
    const first = join('a');
    await world.advance(10);
    const second = join('b');
    await world.advance(7_000);
    const released = first.elector.release();
    expect(mayWrite(first.elector)).toBe(false);
    await world.advance(10);
    await released;
    expect(server.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await world.advance(4_410);
    expect(await second.acquired).toBe(true);
    expect(first.elector.lost.aborted).toBe(false);
  });

  it('releases although its own last renewal is still on its way', async () => {
    const { world, server, join } = createElection(400);
    const { elector } = join('a');
    await world.advance(3_300);
    const released = elector.release();
    await world.advance(5_000);
    await released;
    expect(server.lease?.spec.holderIdentity).toBe('');
  });

  it('leaves the lease alone at release when somebody else has it by then', async () => {
    const { world, server, join } = createElection();
    const { elector } = join('a');
    await world.advance(10);
    server.set({ holderIdentity: 'b', leaseDurationSeconds: 15 });
    const released = elector.release();
    await world.advance(10);
    await released;
    expect(server.lease?.spec.holderIdentity).toBe('b');
  });

  it('refuses to write from the deadline on, although no timer has run since', async () => {
    const { world, join } = createElection();
    const { machine, elector } = join('a');
    await world.advance(10);
    machine.isPaused = true;
    await world.advance(9_000);
    expect(mayWrite(elector)).toBe(true);
    await world.advance(1_000);
    expect(mayWrite(elector)).toBe(false);
    machine.resume();
    await world.advance(60_000);
    expect(mayWrite(elector)).toBe(false);
    expect(elector.lost.reason).toBeInstanceOf(NotLeaderError);
  });

  it('stops by itself at the deadline when the server cannot be reached', async () => {
    const { world, join } = createElection();
    const { machine, elector } = join('a');
    await world.advance(1_000);
    machine.isCutOff = true;
    await world.advance(9_100);
    expect(elector.lost.aborted).toBe(true);
  });

  it('stops at once when it sees another holder', async () => {
    const { world, server, join } = createElection();
    const { elector } = join('a');
    await world.advance(10);
    server.set({ holderIdentity: 'b', leaseDurationSeconds: 15 });
    await world.advance(2_010);
    expect(elector.lost.aborted).toBe(true);
    expect(server.lease?.spec.holderIdentity).toBe('b');
  });

  it('creates a lease again that was deleted, and gives the leader time to do so', async () => {
    const { world, server, join } = createElection();
    const first = join('a');
    await world.advance(10);
    const second = join('b');
    await world.advance(10);
    first.machine.isCutOff = true;
    server.lease = undefined;
    await world.advance(5_000);
    expect(server.lease).toBeUndefined();
    first.machine.isCutOff = false;
    await world.advance(5_000);
    expect(server.lease).toMatchObject({ spec: { holderIdentity: 'a' } });
    expect(mayWrite(first.elector)).toBe(true);
    expect(mayWrite(second.elector)).toBe(false);
  });

  it.each<[string, LeaseSpec, number]>([
    ['a lease without a spec', {}, 10],
    ['a lease with nulls', { holderIdentity: null, leaseDurationSeconds: null, leaseTransitions: null }, 10],
    [
      'a renewal far in the future',
      { holderIdentity: 'x', leaseDurationSeconds: 3, renewTime: '2999-01-01T00:00:00.000000Z' },
      8_000,
    ],
    ['a holder without a duration', { holderIdentity: 'x' }, 20_000],
  ])('takes over from %s', async (_, spec, withinMs) => {
    const { world, server, join } = createElection();
    server.set(spec);
    const { acquired } = join('a');
    await world.advance(withinMs);
    expect(server.lease?.spec.holderIdentity).toBe('a');
    expect(await acquired).toBe(true);
  });

  it('leaves a holder without a duration its own lease duration', async () => {
    const { world, server, join } = createElection();
    server.set({ holderIdentity: 'x' });
    join('a');
    await world.advance(14_900);
    expect(server.lease?.spec.holderIdentity).toBe('x');
  });

  it('leaves no timer behind', async () => {
    const { world, join } = createElection();
    const leader = join('a');
    await world.advance(10);
    const candidate = join('b');
    await world.advance(10);
    candidate.leave();
    expect(await candidate.acquired).toBe(false);
    const released = leader.elector.release();
    await world.advance(10);
    await released;
    expect(world.pendingTimers).toBe(0);
  });

  it.each([{ leaseDurationMs: 10_000 }, { leaseDurationMs: 15_500 }, { renewDeadlineMs: 2_400 }, { retryPeriodMs: 0 }])(
    'refuses the timing %j',
    (timing) => {
      const { join } = createElection();
      expect(() => join('a', timing)).toThrow(RangeError);
    },
  );
});

describe('LeaderElector in a faulty world', () => {
  const MACHINES = 3;
  /** A write reaches its target at most so long after its fence. */
  const LONGEST_WRITE_MS = 1_500;
  const LONGEST_FAULT_MS = 40_000;

  type Fault =
    | { readonly kind: 'pause' | 'cutOff' | 'shutDown' | 'kill'; readonly machine: number; readonly forMs: number }
    | { readonly kind: 'setWallClock'; readonly machine: number; readonly offsetMs: number };

  const machine = fc.nat({ max: MACHINES - 1 });
  const forMs = fc.constantFrom(500, 3_000, 9_500, 12_000, 16_000, LONGEST_FAULT_MS);
  const fault: fc.Arbitrary<Fault> = fc.oneof(
    fc.record({ kind: fc.constantFrom('pause', 'cutOff', 'shutDown', 'kill'), machine, forMs }),
    fc.record({ kind: fc.constant('setWallClock'), machine, offsetMs: fc.constantFrom(-3_600_000, 3_600_000) }),
  );
  const schedule = fc.array(fc.record({ afterMs: fc.nat({ max: 20_000 }), fault }), { maxLength: 12 });

  /** A replica that writes about once a second while it may, and starts again as a new process when its term ends. */
  class Replica {
    readonly violations: string[] = [];
    machine: Machine;
    readonly #name: string;
    readonly #world: ManualClock;
    readonly #server: LeaseServer;
    readonly #random: Random;
    readonly #rate: number;
    #starts = 0;
    #elector: LeaderElector | undefined;
    #writesUnderway = 0;

    constructor(name: string, world: ManualClock, rate: number, server: LeaseServer, random: Random) {
      this.#name = name;
      this.#world = world;
      this.#rate = rate;
      this.#server = server;
      this.#random = random;
      this.machine = new Machine(world, rate);
      this.#start();
    }

    get mayWrite(): boolean {
      return this.#elector !== undefined && mayWrite(this.#elector);
    }

    kill(downMs: number): void {
      this.machine.isDead = true;
      this.#elector = undefined;
      this.#writesUnderway = 0;
      this.#startLater(downMs);
    }

    /** Ends as a replica does that is told to: first the writes, then the lease. */
    async shutDown(downMs: number): Promise<void> {
      const { machine } = this;
      const elector = this.#elector;
      this.#elector = undefined;
      while (this.#writesUnderway > 0) await new Promise<void>((resolve) => machine.clock.schedule(100, resolve));
      await elector?.release();
      if (!machine.isDead) this.kill(downMs);
    }

    #startLater(downMs: number): void {
      const { machine } = this;
      this.#world.schedule(downMs, () => {
        if (this.machine === machine) this.#start();
      });
    }

    #start(): void {
      const identity = `${this.#name}-${++this.#starts}`;
      this.machine = new Machine(this.#world, this.#rate);
      const elector = new LeaderElector({
        lease: this.machine.leaseClient(this.#server, () => 400 * this.#random() ** 3),
        identity,
        clock: this.machine.clock,
        random: this.#random,
        logger: silentLogger,
      });
      this.#elector = elector;
      elector.lost.addEventListener('abort', () => this.kill(1_000));
      void elector.acquire(new AbortController().signal);
      this.#writeWhile(elector, identity);
    }

    #writeWhile(elector: LeaderElector, identity: string): void {
      this.machine.clock.schedule(1_000 * this.#random(), () => {
        if (this.#elector !== elector) return;
        if (mayWrite(elector)) this.#write(identity);
        this.#writeWhile(elector, identity);
      });
    }

    #write(identity: string): void {
      const { machine } = this;
      this.#writesUnderway++;
      this.#world.schedule(LONGEST_WRITE_MS * this.#random(), () => {
        if (this.machine === machine) this.#writesUnderway--;
        const holder = this.#server.lease?.spec.holderIdentity;
        if (holder !== identity) this.violations.push(`${identity} wrote while ${holder} held the lease`);
      });
    }
  }

  function inflict(world: ManualClock, replica: Replica, current: Fault) {
    const { machine } = replica;
    switch (current.kind) {
      case 'pause':
        machine.isPaused = true;
        world.schedule(current.forMs, () => machine.resume());
        break;
      case 'cutOff':
        machine.isCutOff = true;
        world.schedule(current.forMs, () => {
          machine.isCutOff = false;
        });
        break;
      case 'shutDown':
        void replica.shutDown(current.forMs);
        break;
      case 'kill':
        replica.kill(current.forMs);
        break;
      case 'setWallClock':
        machine.wallOffset = current.offsetMs;
        break;
    }
  }

  it('lets only the holder of the lease write, and elects a leader again once the faults are over', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.constantFrom(0.9, 1, 1.1), { minLength: MACHINES, maxLength: MACHINES }),
        schedule,
        async (seed, rates, faults) => {
          const world = createManualClock();
          const server = new LeaseServer();
          const random = seededRandom(seed);
          const replicas = rates.map((rate, index) => new Replica(`replica-${index}`, world, rate, server, random));
          for (const { afterMs, fault: current } of faults) {
            await world.advance(afterMs);
            const replica = replicas[current.machine];
            if (replica !== undefined) inflict(world, replica, current);
          }
          await world.advance(LONGEST_FAULT_MS + 60_000);
          expect(replicas.flatMap((replica) => replica.violations)).toEqual([]);
          expect(replicas.filter((replica) => replica.mayWrite)).toHaveLength(1);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('toMicroTime', () => {
  it('has six fraction digits, as the API server demands', () => {
    expect(toMicroTime(Date.UTC(2026, 10, 23, 1, 2, 3, 45))).toBe('2026-11-23T01:02:03.045000Z');
  });
});
