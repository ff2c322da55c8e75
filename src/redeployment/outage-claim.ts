import type { Action } from './action.ts';
import { retirementHold } from './holds.ts';
import { waitOf } from './retirement.ts';
import type { NamesVerdict } from './same-prefix.ts';
import type { Situation } from './situation.ts';
import { isStanding } from './words.ts';

/**
 * Rule 6: takes the claim that a delete-first needs, and gives it back when the new gateway has been advertised for its
 * wait, when nothing was deleted and nothing can be, or when the claimant is stopped or deleted.
 */
export function claimActions(situation: Situation, names: NamesVerdict): readonly Action[] {
  const { wish, observed } = situation;
  if (names.kind === 'Claim' && retirementHold(situation) === undefined) {
    return [{ kind: 'TakeClaim', carrier: names.carrier }];
  }
  const isOurs = observed.claim?.claimant === wish.key;
  return isOurs && isOver(situation, names) ? [{ kind: 'ReleaseClaim' }] : [];
}

function isOver(situation: Situation, names: NamesVerdict): boolean {
  const { wish, records } = situation;
  if (wish.deletion !== undefined || wish.power === 'Stopped') {
    return true;
  }
  const isDeletingFirst = records.deployments.some(
    ({ stage }) => stage.phase === 'Deleting' && stage.because === 'DeleteFirst',
  );
  const isBeingRead = names.kind === 'NotRead' && names.failure === undefined;
  if (isDeletingFirst || isBeingRead || names.kind === 'DeleteFirst') {
    return false;
  }
  return (
    names.kind === 'NoCarrier' ||
    records.deployments.some((record) => situation.rules.hasServedItsWait(situation, record))
  );
}

/** Whether a deployment has been advertised for the wait, so that clients know it and nobody has to carry them. */
export function hasServedItsWait(
  { wish, now }: Situation,
  record: Situation['records']['deployments'][number],
): boolean {
  const { run } = record;
  return (
    isStanding(record) && run !== undefined && run.otherwiseSince === undefined && now - run.since >= waitOf(wish.terms)
  );
}
