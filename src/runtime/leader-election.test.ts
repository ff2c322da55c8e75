import { describe, expect, it } from 'vitest';
import { LeaseServer, Machine, mayWrite } from './leader-election.test-world.ts';
import { LeaderElector, type LeaderElectorOptions, NotLeaderError } from './leader-election.ts';
import { type LeaseSpec, toMicroTime } from './lease.ts';
import { silentLogger } from './logger.ts';
import { createManualClock } from './manual-clock.ts';
import { seededRandom } from './random.ts';

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

describe('toMicroTime', () => {
  it('has six fraction digits, as the API server demands', () => {
    expect(toMicroTime(Date.UTC(2026, 10, 23, 1, 2, 3, 45))).toBe('2026-11-23T01:02:03.045000Z');
  });
});
