/**
 * Time as the operator sees it. Every module takes a clock instead of calling `Date.now`, `performance.now` or
 * `setTimeout`, so that tests and the demo decide how fast it runs.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since an arbitrary start. Never goes back, whatever happens to the wall clock. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs` milliseconds of this clock. The returned function cancels the call. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The longest delay that Node's timers take (2^31 - 1 ms, about 24.8 days); longer ones would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/**
 * Resolves after `delayMs` milliseconds of `clock`, or rejects with the signal's reason as soon as `signal` is aborted.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
