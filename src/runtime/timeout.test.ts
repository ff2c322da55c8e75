import { describe, expect, it } from 'vitest';
import { createManualClock } from './manual-clock.ts';
import { TimeoutError, withTimeout } from './timeout.ts';

const forever = () => new Promise<never>(() => {});

describe('withTimeout', () => {
  it('passes on what the operation gives, and leaves no timer', async () => {
    const clock = createManualClock();
    const parent = new AbortController().signal;
    expect(await withTimeout(clock, 1_000, parent, async () => 'done')).toBe('done');
    await expect(withTimeout(clock, 1_000, parent, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(clock.pendingTimers).toBe(0);
  });

  it('rejects in time, and aborts the signal, although the operation does not heed it', async () => {
    const clock = createManualClock();
    let seen: AbortSignal | undefined;
    const result = withTimeout(clock, 1_000, new AbortController().signal, (signal) => {
      seen = signal;
      return forever();
    });
    const rejection = expect(result).rejects.toBeInstanceOf(TimeoutError);
    await clock.advance(1_000);
    await rejection;
    expect(seen?.reason).toBeInstanceOf(TimeoutError);
  });

  it('rejects with the reason of the parent', async () => {
    const clock = createManualClock();
    const parent = new AbortController();
    const result = withTimeout(clock, 1_000, parent.signal, forever);
    parent.abort(new Error('stopped'));
    await expect(result).rejects.toThrow('stopped');
    await expect(withTimeout(clock, 1_000, parent.signal, async () => 'done')).rejects.toThrow('stopped');
    expect(clock.pendingTimers).toBe(0);
  });
});
