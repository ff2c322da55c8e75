import type { Clock } from './clock.ts';
import { createHeap, type HeapItem } from './heap.ts';

/** A clock that stands still until it is told to move. For tests. */
export interface ManualClock extends Clock {
  /**
   * Moves time forward by `ms`, firing what falls due on the way, each at its own instant and in order. After each
   * firing, and once before the first, it waits until no promise job and no `setImmediate` is left, so that work which
   * needs no real I/O is done before time goes on.
   */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock alone, as an administrator or a time server would. Timers and `monotonic` do not notice. */
  setWallClock(epochMs: number): void;
  /** Calls scheduled and not yet due. A test that stops everything expects 0. */
  readonly pendingTimers: number;
}

interface Timer extends HeapItem {
  readonly dueAt: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A {@link ManualClock} whose wall clock starts at `epochMs`, by default 2026-01-01T00:00:00Z. */
export function createManualClock(epochMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0;
  let wallAtZero = epochMs;
  let sequence = 0;
  const timers = createHeap<Timer>(
    (left, right) => left.dueAt < right.dueAt || (left.dueAt === right.dueAt && left.sequence < right.sequence),
  );

  return {
    now: () => wallAtZero + elapsed,
    monotonic: () => elapsed,
    schedule: (delayMs, callback) => {
      const timer: Timer = { dueAt: elapsed + Math.max(delayMs, 0), sequence: sequence++, callback, heapIndex: -1 };
      timers.push(timer);
      return () => {
        if (timer.heapIndex !== -1) timers.remove(timer);
      };
    },
    advance: async (ms) => {
      const until = elapsed + ms;
      await settle();
      for (let next = timers.peek(); next !== undefined && next.dueAt <= until; next = timers.peek()) {
        timers.remove(next);
        elapsed = Math.max(elapsed, next.dueAt);
        next.callback();
        await settle();
      }
      elapsed = until;
    },
    setWallClock: (epoch) => {
      wallAtZero = epoch - elapsed;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}

/** Promise jobs all run before an immediate does; a second immediate lets those finish that were queued by the first. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
