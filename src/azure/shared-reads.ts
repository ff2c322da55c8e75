import type { Clock } from '../runtime/clock.ts';

/**
 * Answers that rarely change, read once for all gateways: callers that ask at the same time share one request, and its
 * answer is kept for as long as the caller that made it says. Failures are not kept.
 */
export interface SharedReads {
  /**
   * @param key what is asked, including endpoint and subscription
   * @param keepMs how long the answer is good for, in milliseconds; a function decides by the answer
   */
  get<T>(key: string, keepMs: number | ((answer: T) => number), read: () => Promise<T>): Promise<T>;
}

interface Entry {
  readonly answer: Promise<unknown>;
  /** By the monotonic clock; infinite while the request runs. */
  goodUntil: number;
}

/** Makes an empty memory. */
export function createSharedReads(clock: Clock): SharedReads {
  const entries = new Map<string, Entry>();
  return {
    get: async <T>(key: string, keepMs: number | ((answer: T) => number), read: () => Promise<T>): Promise<T> => {
      const known = entries.get(key);
      if (known !== undefined && known.goodUntil > clock.monotonic()) {
        return known.answer as Promise<T>;
      }
      const answer = read();
      const entry: Entry = { answer, goodUntil: Number.POSITIVE_INFINITY };
      entries.set(key, entry);
      try {
        const value = await answer;
        entry.goodUntil = clock.monotonic() + (typeof keepMs === 'function' ? keepMs(value) : keepMs);
        return value;
      } catch (error) {
        entries.delete(key);
        throw error;
      }
    },
  };
}

/** A day in milliseconds, for what changes when Azure opens a region. */
export const ONE_DAY_MS = 86_400_000;
