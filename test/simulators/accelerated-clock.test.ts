import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../src/runtime/manual-clock.ts';
import { createAcceleratedClock } from './accelerated-clock.ts';

describe('an accelerated clock', () => {
  it('runs so many times as fast as its base, from the same instant', async () => {
    const base = createManualClock(1_000_000);
    const clock = createAcceleratedClock(base, 60);
    expect(clock.now()).toBe(1_000_000);
    await base.advance(1000);
    expect([clock.now(), clock.monotonic()]).toEqual([1_060_000, 60_000]);
  });

  it('calls what is due in order, unless it was cancelled, also when it is moved by hand', async () => {
    const base = createManualClock();
    const clock = createAcceleratedClock(base, 10);
    const called: string[] = [];
    const note = (name: string) => () => void called.push(name);
    clock.schedule(300, note('third'));
    clock.schedule(100, note('first'));
    const cancel = clock.schedule(150, note('cancelled'));
    clock.schedule(200, note('second'));
    cancel();
    await base.advance(10);
    expect(called).toEqual(['first']);
    await base.advance(10);
    expect(called).toEqual(['first', 'second']);
    await clock.advance(100);
    expect(called).toEqual(['first', 'second', 'third']);
    expect(base.pendingTimers).toBe(0);
  });

  it('leaves no timer behind when it is stopped', () => {
    const base = createManualClock();
    const clock = createAcceleratedClock(base, 10);
    clock.schedule(100, () => {});
    clock.stop();
    expect(base.pendingTimers).toBe(0);
  });

  it('refuses to stand still or go back', () => {
    for (const speed of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createAcceleratedClock(createManualClock(), speed)).toThrow('speed');
    }
  });
});
