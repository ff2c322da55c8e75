import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../../src/redeployment/planner.ts';
import { HISTORIES, tell } from './history.ts';
import type { Violation } from './invariants.ts';
import { settle } from './settling.ts';

/** The seed of all histories; another one each time without it. */
const SEED = process.env.REDEPLOYMENT_SEED === undefined ? {} : { seed: Number(process.env.REDEPLOYMENT_SEED) };
/** By how much more than usual is lived through. */
const TIMES = Number(process.env.REDEPLOYMENT_TIMES ?? 1);

const withStory = (violations: readonly Violation[], story: readonly string[]) =>
  violations.map(({ invariant, what }) => `(${invariant}) ${what}\n  ${story.join('\n  ')}`);

describe('long histories', () => {
  it('break no invariant', () => {
    fc.assert(
      fc.property(HISTORIES, ([begin, steps]) => {
        const { story, violations } = tell(begin, steps);
        expect(withStory(violations, story)).toEqual([]);
      }),
      { ...SEED, numRuns: 700 * TIMES },
    );
  });

  it('end at the goal, or where a person can help, once they are left alone', () => {
    fc.assert(
      fc.property(HISTORIES, ([begin, steps]) => {
        const { world, story, violations } = tell(begin, steps);
        if (violations.length > 0) return;
        const settled = settle(world, plan);
        expect(
          withStory(settled.violations, [...story, ...settled.asked.map((reason) => `people help: ${reason}`)]),
        ).toEqual([]);
      }),
      { ...SEED, numRuns: 400 * TIMES },
    );
  });

  it('are planned the same way twice', () => {
    fc.assert(
      fc.property(HISTORIES, ([begin, steps]) => {
        expect(tell(begin, steps).world).toEqual(tell(begin, steps).world);
      }),
      { ...SEED, numRuns: 20 * TIMES },
    );
  });
});
