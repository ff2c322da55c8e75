import { expect, test } from 'vitest';
import { createManualClock } from '../../runtime/manual-clock.ts';
import { createPace } from './pace.ts';

test('in any second, fewer requests are sent than a site takes from one address', async () => {
  const clock = createManualClock();
  const pace = createPace(clock, 100);
  const signal = new AbortController().signal;
  const sentAt: number[] = [];
  const all = Array.from({ length: 1000 }, async () => {
    await pace.next(signal);
    sentAt.push(clock.monotonic());
  });
  await clock.advance(20_000);
  await Promise.all(all);
  const inSecondAfter = (begin: number) => sentAt.filter((time) => time >= begin && time < begin + 1000).length;
  expect(Math.max(...sentAt.map(inSecondAfter))).toBeLessThan(150);
  expect(Math.max(...sentAt)).toBeLessThan(11_000);
});

test('who gives up waiting does not take the place of another', async () => {
  const clock = createManualClock();
  const pace = createPace(clock, 1);
  await pace.next(new AbortController().signal);
  const stop = new AbortController();
  const given = pace.next(stop.signal);
  stop.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  const next = pace.next(new AbortController().signal);
  await clock.advance(1000);
  await next;
});
