import type { Random } from './random.ts';

/** Bounds of an exponential back-off, in milliseconds. */
export interface BackoffLimits {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * A delay in milliseconds before the next try, with full jitter: evenly spread from 0 to
 * `min(maxMs, baseMs × 2^failures)`. Full jitter spreads callers that failed together further than a jitter around the
 * exponential value does, at the same load.
 *
 * @param failures failed tries before this one, from 0
 */
export function backoffDelay(limits: BackoffLimits, failures: number, random: Random): number {
  return random() * Math.min(limits.maxMs, limits.baseMs * 2 ** failures);
}
