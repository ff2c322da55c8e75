import type { LiveFacts, Observed, ObservedMark, ObservedSite } from './observed.ts';
import { isSiteAbandoned } from './removal.ts';
import type { Situation } from './situation.ts';

/** Rule 7: whether everything that was read live is as it was when the plan was made. One difference or failure: no. */
export function isConfirmed(situation: Situation): boolean {
  const { wish, observed, rules } = situation;
  const { live } = observed;
  if (live === undefined || live === 'Failed') {
    return false;
  }
  const carriers = (facts: Observed['carriers']) => facts.filter(rules.mayCarry).map(({ key }) => key);
  return (
    live.sameObject &&
    live.generation === wish.generation &&
    isSame(live.consents, observed.consents) &&
    areSameMarks(observed, live) &&
    (isSameSite(live.site, observed.site) || isLeftWithoutSite(situation, live)) &&
    isSame(live.claim, observed.claim) &&
    isSame(carriers(live.carriers), carriers(observed.carriers))
  );
}

/** Whether reading live could confirm anything: what could not be seen before is no fact that could be found again. */
export function isConfirmable({ deployments }: Observed): boolean {
  return deployments.every(({ mark }) => mark.kind !== 'Unknown');
}

/** A CMG that is being deleted begins to leave a site that does not answer; Azure waits for the site, and not for ever. */
function isLeftWithoutSite(situation: Situation, live: LiveFacts): boolean {
  const { wish, observed } = situation;
  const isSilent = observed.site.kind === 'Unreachable' && live.site.kind === 'Unreachable';
  return isSiteAbandoned(situation) || (wish.deletion !== undefined && isSilent);
}

function areSameMarks({ deployments }: Observed, { marks }: LiveFacts): boolean {
  return deployments.every(({ id, mark }) => isSameMark(mark, marks.get(id)));
}

function isSameMark(one: ObservedMark, other: ObservedMark | undefined): boolean {
  return one.kind !== 'Unknown' && isSame(one, other);
}

function isSameSite(one: ObservedSite, other: ObservedSite): boolean {
  return one.kind !== 'Unreachable' && isSame(one, other);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
