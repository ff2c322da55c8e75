import { describe, expect, it, test } from 'vitest';
import { explore } from './exploration.ts';
import { MUTANTS, plannerOf } from './mutants.ts';
import { SCOPES } from './scopes.ts';

describe('a planner that breaks a rule is caught', () => {
  test.each(MUTANTS)('rule $rule: one that $what', (mutant) => {
    const bounds = SCOPES[mutant.scope ?? 'disturbances']();
    const [first] = explore(plannerOf(mutant), { ...bounds, untilFirst: true }).found;
    expect(first, 'nothing caught it').toBeDefined();
    expect(first?.violation.invariant).toBe(mutant.caughtBy);
  });

  it('for each of the eleven rules', () => {
    expect([...new Set(MUTANTS.map(({ rule }) => rule))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});
