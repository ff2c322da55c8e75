import { describe, expect, it } from 'vitest';
import { createManualClock } from '../runtime/manual-clock.ts';
import { ArmError } from './errors.ts';
import { createThrottling, type Throttling } from './throttling.ts';

const scope = { endpoint: 'https://arm', subscriptionId: 'a', principal: 't/c' };

it('refuses requests of the same subscription and identity until the pause ends', async () => {
  const clock = createManualClock();
  const throttling = createThrottling(clock);
  throttling.pause(scope, 10_000);
  await clock.advance(4000);
  expect(() => throttling.check(scope)).toThrow(expect.objectContaining({ class: 'Throttled', retryAfterMs: 6000 }));
  expect(() => throttling.check({ ...scope, subscriptionId: 'b' })).not.toThrow();
  expect(() => throttling.check({ ...scope, principal: 't/d' })).not.toThrow();
  await clock.advance(6000);
  expect(() => throttling.check(scope)).not.toThrow();
});

it('never shortens a pause, and waits a minute when no time is given', async () => {
  const clock = createManualClock();
  const throttling = createThrottling(clock);
  throttling.pause(scope, undefined);
  throttling.pause(scope, 1000);
  expect(() => throttling.check(scope)).toThrow(expect.objectContaining({ retryAfterMs: 60_000 }));
});

/** How long a read that can wait has to; `undefined`: it may go now. */
function waitOf(throttling: Throttling): number | undefined {
  try {
    throttling.takeSpareRead(scope);
    return undefined;
  } catch (error) {
    return error instanceof ArmError && error.class === 'Throttled' ? error.retryAfterMs : Number.NaN;
  }
}

describe('reads that can wait', () => {
  it('leave fifty of the 250, and get as many as Azure adds', async () => {
    const clock = createManualClock();
    const throttling = createThrottling(clock);
    for (let taken = 0; taken < 200; taken += 1) expect(waitOf(throttling)).toBeUndefined();
    expect(waitOf(throttling)).toBe(40);
    await clock.advance(1000);
    for (let taken = 0; taken < 25; taken += 1) expect(waitOf(throttling)).toBeUndefined();
    expect(waitOf(throttling)).toBeGreaterThan(0);
    await clock.advance(3_600_000);
    for (let taken = 0; taken < 200; taken += 1) expect(waitOf(throttling)).toBeUndefined();
    expect(waitOf(throttling)).toBeGreaterThan(0);
  });

  it('wait for their turn, one behind the other', () => {
    const throttling = createThrottling(createManualClock());
    throttling.noteReadsLeft(scope, 50);
    expect([1, 2, 3].map(() => waitOf(throttling))).toEqual([40, 80, 120]);
  });

  it('wait until what is kept for others is there again', () => {
    const throttling = createThrottling(createManualClock());
    throttling.noteReadsLeft(scope, 0);
    expect(waitOf(throttling)).toBe(2040);
    expect(() => throttling.check(scope)).not.toThrow();
  });

  it('do not go by what another subscription or identity has left', () => {
    const throttling = createThrottling(createManualClock());
    throttling.noteReadsLeft({ ...scope, subscriptionId: 'b' }, 0);
    throttling.noteReadsLeft({ ...scope, principal: 't/d' }, 0);
    expect(waitOf(throttling)).toBeUndefined();
  });

  it('wait as long as a pause, and after it let others go first', async () => {
    const clock = createManualClock();
    const throttling = createThrottling(clock);
    throttling.pause(scope, 1000);
    expect(waitOf(throttling)).toBe(1000);
    await clock.advance(1000);
    expect(() => throttling.check(scope)).not.toThrow();
    expect(waitOf(throttling)).toBe(1040);
    await clock.advance(1040);
    expect(waitOf(throttling)).toBeUndefined();
  });
});

it('tells by how much each pause lengthens the one that runs', async () => {
  const clock = createManualClock();
  const added: number[] = [];
  const throttling = createThrottling(clock, (ms) => added.push(ms));
  throttling.pause(scope, 10_000);
  await clock.advance(4000);
  throttling.pause(scope, 10_000);
  throttling.pause(scope, 1000);
  await clock.advance(60_000);
  throttling.pause(scope, 5000);
  expect(added).toEqual([10_000, 4000, 0, 5000]);
});
