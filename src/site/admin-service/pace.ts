import { type Clock, sleep } from '../../runtime/clock.ts';

/**
 * Spreads requests over time, so that one address stays below the limit of a site: 200 requests (*documented*, in
 * Microsoft's size and scale numbers). Others on this address, such as a console, need some of them too.
 */
export interface Pace {
  /** Resolves when one more request may be sent. */
  next(signal: AbortSignal): Promise<void>;
}

export function createPace(clock: Clock, perSecond: number): Pace {
  // What may be sent at once comes on top of what flows in the same second.
  const most = Math.max(perSecond / 4, 1);
  let level = most;
  let filledAt = clock.monotonic();
  return {
    next: async (signal) => {
      for (;;) {
        const now = clock.monotonic();
        level = Math.min(level + ((now - filledAt) / 1000) * perSecond, most);
        filledAt = now;
        if (level >= 1) {
          level -= 1;
          return;
        }
        await sleep(clock, Math.ceil(((1 - level) / perSecond) * 1000), signal);
      }
    },
  };
}
