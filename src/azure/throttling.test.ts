import { expect, it } from 'vitest';
import { createManualClock } from '../runtime/manual-clock.ts';
import { createThrottling } from './throttling.ts';

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
