import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeaseServer, Machine, mayWrite } from './leader-election.test-world.ts';
import { LeaderElector } from './leader-election.ts';
import { silentLogger } from './logger.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { type Random, seededRandom } from './random.ts';

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
    /** Of the process that runs now; those of a killed one still arrive, but nobody waits for them. */
    #writes = { underway: 0 };

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
      this.#writes = { underway: 0 };
      this.#startLater(downMs);
    }

    /** Ends as a replica does that is told to: first the writes, then the lease. */
    async shutDown(downMs: number): Promise<void> {
      const { machine } = this;
      const elector = this.#elector;
      const writes = this.#writes;
      this.#elector = undefined;
      while (writes.underway > 0) await new Promise<void>((resolve) => machine.clock.schedule(100, resolve));
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
      const writes = this.#writes;
      writes.underway++;
      this.#world.schedule(LONGEST_WRITE_MS * this.#random(), () => {
        writes.underway--;
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
