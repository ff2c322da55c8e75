import type { LiveFacts, ObservedSite } from '../../src/redeployment/observed.ts';
import { RULES } from '../../src/redeployment/rules.ts';
import type { Situation } from '../../src/redeployment/situation.ts';
import type { Mutant } from './mutants.ts';

/** One of the things that are read twice, which is overlooked. */
interface Overlooked {
  /** Its name in `second-look.ts`. */
  readonly fact: string;
  /** What is read live, as it would be if this had not changed. */
  readonly as: (live: LiveFacts, situation: Situation) => LiveFacts;
  readonly scope?: Mutant['scope'];
}

const OVERLOOKED: readonly Overlooked[] = [
  { fact: 'the object', as: (live) => ({ ...live, sameObject: true }) },
  { fact: 'the generation', as: (live, { wish }) => ({ ...live, generation: wish.generation }) },
  { fact: 'a consent', as: (live, { observed }) => ({ ...live, consents: observed.consents }) },
  {
    fact: 'the tags',
    as: (live, { observed }) => ({ ...live, marks: new Map(observed.deployments.map(({ id, mark }) => [id, mark])) }),
  },
  { fact: 'a connection point', as: (live, { observed }) => withPart(live, observed.site, 'points') },
  { fact: 'a boundary group', as: (live, { observed }) => withPart(live, observed.site, 'groups') },
  {
    fact: 'the answer of the site',
    as: (live, { observed }) => (live.site.kind === 'Unreachable' ? { ...live, site: observed.site } : live),
  },
  {
    fact: 'the claim',
    as: ({ claim: _claim, ...live }, { observed: { claim } }) => (claim === undefined ? live : { ...live, claim }),
    // Who is claimed was seen to be fit before it was changed itself.
    scope: 'decisions',
  },
  { fact: 'the carrier', as: (live, { observed }) => ({ ...live, carriers: observed.carriers }) },
];

function withPart(live: LiveFacts, seen: ObservedSite, part: 'points' | 'groups'): LiveFacts {
  return live.site.kind === 'Read' && seen.kind === 'Read'
    ? { ...live, site: { ...live.site, [part]: seen[part] } }
    : live;
}
/** One for each of the things that are read twice before something irreversible, and for the reading itself. */
export const SECOND_LOOK_MUTANTS: readonly Mutant[] = [
  { rule: 7, what: 'acts on what it saw and not on what is', caughtBy: 'rule 7', rules: { isConfirmed: () => true } },
  {
    rule: 7,
    what: 'takes a reading that failed for one that says the same',
    caughtBy: 'rule 7',
    tells: 'the answer of Azure',
    rules: {
      isConfirmed: (situation) => situation.observed.live === 'Failed' || RULES.isConfirmed(situation),
    },
  },
  ...OVERLOOKED.map(
    ({ fact, as, scope = 'disturbances' }): Mutant => ({
      rule: 7,
      what: `does not see that there has changed: ${fact}`,
      caughtBy: 'rule 7',
      tells: `there has changed: ${fact}`,
      rules: { isConfirmed: (situation) => RULES.isConfirmed(overlooking(situation, as)) },
      scope,
    }),
  ),
];

function overlooking(situation: Situation, as: Overlooked['as']): Situation {
  const { observed } = situation;
  const { live } = observed;
  return live === undefined || live === 'Failed'
    ? situation
    : { ...situation, observed: { ...observed, live: as(live, situation) } };
}
