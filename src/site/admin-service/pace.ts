import { type Clock, sleep } from '../../runtime/clock.ts';

/**
 * Spreads requests over time, so that one address stays below the limit of a site: 200 requests (*documented*, in
 * Microsoft's size and scale numbers). Others on this address, such as a console, need some of them too.
 */
export interface Pace {
  /** Resolves when one more request may be sent; those who ask first go first. */
  next(signal: AbortSignal): Promise<void>;
}

/** A quarter of a second's requests may be sent at once; what flows in the same second comes on top. */
export function createPace(clock: Clock, perSecond: number): Pace {
  const interval = 1000 / perSecond;
  const atOnce = Math.max(perSecond / 4, 1);
  // When the requests so far would all be sent if each had waited for its turn.
  let turn = Number.NEGATIVE_INFINITY;
  return {
    next: async (signal) => {
      const now = clock.monotonic();
      turn = Math.max(turn, now) + interval;
      const wait = turn - atOnce * interval - now;
      if (wait > 0) await sleep(clock, wait, signal);
    },
  };
}
