import type { Clock } from '../../src/runtime/clock.ts';
import { createHeap, type HeapItem } from '../../src/runtime/heap.ts';

/** A clock that can be moved on by hand beside running by itself. */
export interface MovableClock extends Clock {
  /** Moves time forward by `ms`. What falls due on the way is called, in order. */
  advance(ms: number): void | Promise<void>;
}

/** A {@link MovableClock} with timers of its own, which `stop` gives up. */
export interface AcceleratedClock extends MovableClock {
  stop(): void;
}

interface Timer extends HeapItem {
  readonly dueAt: number;
  readonly sequence: number;
  readonly callback: () => void;
}

const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * A clock that runs `speed` times as fast as `base`, from the same instant on. Its timers keep the process alive no more
 * than those of a server that runs anyway.
 */
export function createAcceleratedClock(base: Clock, speed: number): AcceleratedClock {
  if (!(speed > 0) || !Number.isFinite(speed)) throw new Error(`The speed of a clock must be above 0, not ${speed}.`);
  const startedAt = base.monotonic();
  const wallAtStart = base.now();
  let moved = 0;
  let sequence = 0;
  let cancelWake = () => {};
  const timers = createHeap<Timer>(
    (left, right) => left.dueAt < right.dueAt || (left.dueAt === right.dueAt && left.sequence < right.sequence),
  );
  const elapsed = () => (base.monotonic() - startedAt) * speed + moved;

  const runDue = () => {
    for (let next = timers.peek(); next !== undefined && next.dueAt <= elapsed(); next = timers.peek()) {
      timers.remove(next);
      next.callback();
    }
    wakeLater();
  };
  const wakeLater = () => {
    cancelWake();
    const next = timers.peek();
    if (next === undefined) return;
    cancelWake = base.schedule(Math.min(Math.max(next.dueAt - elapsed(), 0) / speed, LONGEST_TIMER_MS), runDue);
  };

  return {
    now: () => wallAtStart + elapsed(),
    monotonic: elapsed,
    schedule: (delayMs, callback) => {
      const timer: Timer = { dueAt: elapsed() + Math.max(delayMs, 0), sequence: sequence++, callback, heapIndex: -1 };
      timers.push(timer);
      if (timers.peek() === timer) wakeLater();
      return () => {
        if (timer.heapIndex === -1) return;
        const wasNext = timers.peek() === timer;
        timers.remove(timer);
        if (wasNext) wakeLater();
      };
    },
    advance: (ms) => {
      moved += ms;
      runDue();
    },
    stop: () => {
      cancelWake();
      for (let next = timers.peek(); next !== undefined; next = timers.peek()) timers.remove(next);
    },
  };
}
