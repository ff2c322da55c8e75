import { expect, test } from 'vitest';
import { createManualClock } from '../runtime/manual-clock.ts';
import { createServerTime } from './server-time.ts';

test('is that of the last answer, and what has gone by since, whatever the clock of the machine says', async () => {
  const clock = createManualClock(1_000_000);
  const time = createServerTime(clock);
  expect(time.now()).toBe(1_000_000);
  time.answered(5_000_000);
  await clock.advance(30_000);
  clock.setWallClock(9_000_000);
  expect(time.now()).toBe(5_030_000);
});
