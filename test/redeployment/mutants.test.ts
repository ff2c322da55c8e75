import { describe, expect, it, test } from 'vitest';
import { plan } from '../../src/redeployment/planner.ts';
import { RULES } from '../../src/redeployment/rules.ts';
import { explore } from './exploration.ts';
import { FOLLOWER_MUTANTS, followersOf } from './follower-mutants.ts';
import { MUTANTS, plannerOf, WITHOUT_DIFFERENCE } from './mutants.ts';
import { SCOPES } from './scopes.ts';

describe('a planner that breaks a rule is caught', () => {
  test.each(MUTANTS)('rule $rule: one that $what', (mutant) => {
    const bounds = SCOPES[mutant.scope ?? 'disturbances']();
    const { caughtBy, tells = '' } = mutant;
    const { found } = explore(plannerOf(mutant), { ...bounds, until: caughtBy });
    const told = found
      .filter(({ violation }) => violation.invariant === caughtBy)
      .map(({ violation }) => violation.what);
    expect(told, 'nothing caught it').not.toEqual([]);
    expect(told.filter((what) => what.endsWith(tells))).toEqual(told);
  });

  it('for each of the eleven rules, and each of their judgements', () => {
    expect([...new Set(MUTANTS.map(({ rule }) => rule))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const broken = new Set(MUTANTS.flatMap(({ rules = {} }) => Object.keys(rules)));
    expect(Object.keys(RULES).filter((name) => !broken.has(name))).toEqual(Object.keys(WITHOUT_DIFFERENCE));
  });
});

describe('controllers of connection points and boundary groups that plan wrongly are caught', () => {
  const bounds = SCOPES.faultsInHandOver();

  test.each(FOLLOWER_MUTANTS)('one that $what', (mutant) => {
    const { caughtBy } = mutant;
    const { found } = explore(plan, { ...bounds, followers: followersOf(mutant), until: caughtBy });
    expect(found.map(({ violation }) => violation.invariant)).toContain(caughtBy);
  });
});
