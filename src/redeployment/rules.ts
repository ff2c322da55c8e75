import { isSuccessorInGroup } from './boundary-groups.ts';
import { couldBeGivenPoint, mayGivePoint } from './connection-points.ts';
import { isContentThere } from './content.ts';
import { judgeCreation } from './creation.ts';
import { noteHeldContent, unreadContent } from './held-content.ts';
import { isConfirmed } from './live-facts.ts';
import { recall } from './memory.ts';
import { hasServedItsWait } from './outage-claim.ts';
import { isDetachedOrAbandoned, removalRecords } from './removal.ts';
import { drainsBehind, hasWaited, isGateOpen, stillBehind } from './retirement.ts';
import { mayBeSucceeded, mayCarry } from './same-prefix.ts';
import { isDrained, settleWanted } from './stages.ts';
import { isWithinBudget, mannerOfUpkeep } from './steps.ts';
import { creditTime } from './time-credit.ts';
import { noteWish, wantedOf } from './wanted.ts';
import { isGone, isKnownNeverServed, isMarkedServed } from './words.ts';

/** The judgements that the planner rests on, by the rule that each belongs to, so that a test can put in a wrong one. */
export const RULES = {
  // 1: what is wanted, and when it is made
  wantedOf,
  judgeCreation,
  couldBeGivenPoint,
  isMarkedServed,
  // 2: what never served
  isKnownNeverServed,
  // 3: retiring behind a successor
  hasWaited,
  isGateOpen,
  isContentThere,
  drainsBehind,
  stillBehind,
  isDrained,
  // 4: reverting
  settleWanted,
  noteWish,
  // 5: connection points and boundary groups
  mayGivePoint,
  isSuccessorInGroup,
  // 6: one prefix, one deployment
  mayBeSucceeded,
  mayCarry,
  hasServedItsWait,
  unreadContent,
  noteHeldContent,
  // 7: live facts
  isConfirmed,
  // 8: time that counts
  creditTime,
  // 9: what is not wanted
  isGone,
  mannerOfUpkeep,
  // 10: deletion of the CMG
  removalRecords,
  isDetached: isDetachedOrAbandoned,
  isWithinBudget,
  // 11: lost and contradictory state
  recall,
};

/** The judgements of a planner. */
export type Rules = Readonly<typeof RULES>;
