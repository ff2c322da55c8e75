import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay } from './backoff.ts';

describe('backoffDelay', () => {
  const limits = { baseMs: 5, maxMs: 1_000_000 };
  const almostOne = () => 1 - 2 ** -53;

  it('doubles the upper bound at each failure up to the limit', () => {
    expect([0, 1, 2, 10, 17].map((failures) => Math.ceil(backoffDelay(limits, failures, almostOne)))).toEqual([
      5, 10, 20, 5_120, 655_360,
    ]);
    expect(Math.ceil(backoffDelay(limits, 18, almostOne))).toBe(1_000_000);
    expect(Math.ceil(backoffDelay(limits, 100_000, almostOne))).toBe(1_000_000);
  });

  it('takes any part of the interval, as the random number says', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        expect(backoffDelay(limits, 3, () => random)).toBe(random * 40);
      }),
    );
  });
});
