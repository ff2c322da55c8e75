import { describe, expect, it } from 'vitest';
import { sleep } from './clock.ts';
import { createController, type Reconcile } from './controller.ts';
import { LeaseServer, Machine } from './leader-election.test-world.ts';
import { LeaderElector } from './leader-election.ts';
import { silentLogger } from './logger.ts';
import { exitCode, type ManagerOptions, type ManagerOutcome, runManager } from './manager.ts';
import { createManualClock } from './manual-clock.ts';
import { seededRandom } from './random.ts';

/** A manager of one controller, one informer and all the rest, with a journal of what happened in which order. */
function setUp(reconcile: Reconcile, overrides: Partial<ManagerOptions> = {}) {
  const clock = createManualClock();
  const random = seededRandom(5);
  const journal: string[] = [];
  const server = new LeaseServer();
  const machine = new Machine(clock);
  const lease = machine.leaseClient(server, () => 0);
  const note = (line: string) => {
    journal.push(`${line} (lease: ${server.lease?.spec.holderIdentity || 'free'})`);
  };
  const stop = new AbortController();
  let syncCaches = () => {};
  const synced = new Promise<void>((resolve) => {
    syncCaches = resolve;
  });
  const election = new LeaderElector({ lease, identity: 'me', clock, random, logger: silentLogger });
  const controller = createController({
    name: 'cmg',
    clock,
    random,
    logger: silentLogger,
    sources: [
      (enqueue) => {
        note('source opened');
        enqueue('ns/a');
        return () => note('source closed');
      },
    ],
    reconcile: async (key, context) => {
      note('reconcile began');
      try {
        return await reconcile(key, context);
      } finally {
        note('reconcile ended');
      }
    },
  });
  const options: ManagerOptions = {
    clock,
    logger: silentLogger,
    startServer: async () => {
      note('server started');
      return { stop: async () => note('server stopped') };
    },
    informers: [
      {
        name: 'cmgs',
        start: () => note('informer started'),
        waitForSync: () => synced,
        stop: async () => note('informer stopped'),
      },
    ],
    controllers: [controller],
    election,
    recorder: { stop: async () => note('events written') },
    ...overrides,
  };
  let outcome: ManagerOutcome | undefined;
  const ended = runManager(options, stop.signal).then((result) => {
    outcome = result;
  });
  return {
    clock,
    journal,
    server,
    machine,
    election,
    syncCaches: () => syncCaches(),
    stop: () => stop.abort(),
    ended,
    outcome: () => outcome,
  };
}

const DONE = { kind: 'Done' } as const;

describe('runManager', () => {
  it('starts in order, and stops in order with the lease last but for the server', async () => {
    const manager = setUp(async () => DONE);
    await manager.clock.advance(1_000);
    expect(manager.journal).toEqual([
      'server started (lease: free)',
      'source opened (lease: free)',
      'informer started (lease: free)',
    ]);
    manager.syncCaches();
    await manager.clock.advance(1_000);
    expect(manager.journal.slice(3)).toEqual(['reconcile began (lease: me)', 'reconcile ended (lease: me)']);
    manager.stop();
    await manager.clock.advance(0);
    expect(manager.journal.slice(5)).toEqual([
      'source closed (lease: me)',
      'informer stopped (lease: me)',
      'events written (lease: me)',
      'server stopped (lease: free)',
    ]);
    expect(manager.outcome()).toEqual({ kind: 'Stopped', drained: true });
    expect(manager.clock.pendingTimers).toBe(0);
  });

  it('lets a reconcile under way end before it gives the lease up, and keeps the lease renewed meanwhile', async () => {
    let settle = () => {};
    const manager = setUp(() => new Promise((resolve) => (settle = () => resolve(DONE))));
    manager.syncCaches();
    await manager.clock.advance(1_000);
    manager.stop();
    await manager.clock.advance(25_000);
    expect(manager.outcome()).toBeUndefined();
    expect(() => manager.election.fence()).not.toThrow();
    settle();
    await manager.clock.advance(0);
    expect(manager.journal).toContain('reconcile ended (lease: me)');
    expect(manager.outcome()).toEqual({ kind: 'Stopped', drained: true });
    expect(manager.server.lease?.spec.holderIdentity).toBe('');
  });

  it('aborts after the grace period what still runs', async () => {
    const manager = setUp(async (_, { signal }) => {
      await sleep(createManualClock(), 1, signal);
      return DONE;
    });
    manager.syncCaches();
    await manager.clock.advance(1_000);
    manager.stop();
    await manager.clock.advance(29_999);
    expect(manager.outcome()).toBeUndefined();
    await manager.clock.advance(1);
    expect(manager.outcome()).toEqual({ kind: 'Stopped', drained: true });
  });

  it('does not give the lease up while a reconcile runs on that heeds nothing', async () => {
    const manager = setUp(() => new Promise(() => {}));
    manager.syncCaches();
    await manager.clock.advance(1_000);
    manager.stop();
    await manager.clock.advance(35_000);
    const outcome = manager.outcome();
    expect(outcome).toEqual({ kind: 'Stopped', drained: false });
    expect(outcome && exitCode(outcome)).toBe(1);
    expect(manager.server.lease?.spec.holderIdentity).toBe('me');
  });

  it.each(['before the signal to stop', 'while it drains'])('ends at once when the lease is lost %s', async (when) => {
    const signals: AbortSignal[] = [];
    const manager = setUp((_, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    manager.syncCaches();
    await manager.clock.advance(1_000);
    manager.machine.isCutOff = true;
    if (when === 'while it drains') manager.stop();
    await manager.clock.advance(9_000);
    await manager.clock.advance(10);
    const outcome = manager.outcome();
    expect(outcome).toMatchObject({ kind: 'LeadershipLost', error: { name: 'NotLeaderError' } });
    expect(outcome && exitCode(outcome)).toBe(1);
    expect(signals.map((signal) => signal.aborted)).toEqual([true]);
  });

  it('does not wait for parts that hang when the lease is lost', async () => {
    const manager = setUp(async () => DONE, { recorder: { stop: () => new Promise(() => {}) } });
    manager.syncCaches();
    await manager.clock.advance(1_000);
    manager.machine.isCutOff = true;
    await manager.clock.advance(11_010);
    expect(manager.outcome()?.kind).toBe('LeadershipLost');
  });

  it('fails, and stops what it had started, when the caches are not complete in time', async () => {
    const manager = setUp(async () => DONE);
    await manager.clock.advance(120_000);
    expect(manager.outcome()).toMatchObject({ kind: 'Failed', error: { name: 'TimeoutError' } });
    expect(manager.journal.slice(3)).toEqual([
      'source closed (lease: free)',
      'informer stopped (lease: free)',
      'events written (lease: free)',
      'server stopped (lease: free)',
    ]);
  });

  it('fails when the server cannot listen', async () => {
    const manager = setUp(async () => DONE, { startServer: () => Promise.reject(new Error('EADDRINUSE')) });
    await manager.ended;
    const outcome = manager.outcome();
    expect(outcome).toMatchObject({ kind: 'Failed', error: { message: 'EADDRINUSE' } });
    expect(outcome && exitCode(outcome)).toBe(1);
  });

  it('stops while it waits for the caches or for the leadership of another', async () => {
    const waiting = setUp(async () => DONE);
    await waiting.clock.advance(1_000);
    waiting.stop();
    await waiting.ended;
    expect(waiting.outcome()).toEqual({ kind: 'Stopped', drained: true });

    const following = setUp(async () => DONE);
    following.server.set({ holderIdentity: 'other', leaseDurationSeconds: 15 });
    following.syncCaches();
    await following.clock.advance(5_000);
    following.stop();
    await following.clock.advance(0);
    const outcome = following.outcome();
    expect(outcome && exitCode(outcome)).toBe(0);
    expect(following.server.lease?.spec.holderIdentity).toBe('other');
    expect(following.journal.filter((line) => line.startsWith('reconcile'))).toEqual([]);
  });

  it('acts without an election when there is none', async () => {
    const clock = createManualClock();
    const reconciled: string[] = [];
    const stop = new AbortController();
    const controller = createController({
      name: 'cmg',
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      sources: [],
      reconcile: async (key) => {
        reconciled.push(key);
        return DONE;
      },
    });
    const ended = runManager({ clock, logger: silentLogger, informers: [], controllers: [controller] }, stop.signal);
    controller.enqueue('a');
    await clock.advance(0);
    expect(reconciled).toEqual(['a']);
    stop.abort();
    expect(await ended).toEqual({ kind: 'Stopped', drained: true });
  });
});
