/** A source of numbers in [0, 1). Injected, so that a test can repeat a run from the seed that it prints. */
export type Random = () => number;

/** Node's own generator. Not for secrets. */
export const systemRandom: Random = Math.random;

/**
 * A small deterministic generator (mulberry32) for tests, benchmarks and the demo.
 *
 * @param seed any 32-bit integer; the same seed gives the same numbers
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `value` spread evenly over ±`fraction` of itself, so that many timers do not fire together. */
export function jitter(value: number, fraction: number, random: Random): number {
  return value * (1 + fraction * (2 * random() - 1));
}
