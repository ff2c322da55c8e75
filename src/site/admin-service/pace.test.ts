import { expect, test } from 'vitest';
import { createManualClock } from '../../runtime/manual-clock.ts';
import { createPace } from './pace.ts';

test('in any second, fewer requests are sent than a site takes from one address, and in their order', async () => {
  const clock = createManualClock();
  const pace = createPace(clock, 100);
  const { signal } = new AbortController();
  const sent: { readonly number: number; readonly at: number }[] = [];
  const all = Array.from({ length: 300 }, async (_, number) => {
    await pace.next(signal);
    sent.push({ number, at: clock.monotonic() });
  });
  await clock.advance(3000);
  await Promise.all(all);
  expect(sent.map(({ number }) => number)).toEqual(all.map((_, number) => number));
  const inSecondAfter = (begin: number) => sent.filter(({ at }) => at >= begin && at < begin + 1000).length;
  expect(Math.max(...sent.map(({ at }) => inSecondAfter(at)))).toBeLessThanOrEqual(125);
});

test('after a pause, a quarter of a second may be sent at once again', async () => {
  const clock = createManualClock();
  const pace = createPace(clock, 40);
  const { signal } = new AbortController();
  for (const _ of Array(3)) {
    for (const _ of Array(10)) await pace.next(signal);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(250);
  }
});

test('who gives up waiting is told at once', async () => {
  const clock = createManualClock();
  const pace = createPace(clock, 1);
  const stop = new AbortController();
  await pace.next(stop.signal);
  const waiting = pace.next(stop.signal);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
