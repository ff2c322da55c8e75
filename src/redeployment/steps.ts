import type { Action } from './action.ts';
import { groupsWith, leaveGroups, takeOutOfGroups } from './boundary-groups.ts';
import { handOverPoints, takePointsAway } from './connection-points.ts';
import { retirementHold } from './holds.ts';
import { isForPersonToDelete, isForPersonToMake, isOthers } from './others.ts';
import type { DeploymentRecord } from './record.ts';
import type { Successors } from './retirement.ts';
import { factsOf, type Situation } from './situation.ts';
import { isDetached } from './stages.ts';
import { isStopped, isWanted } from './wanted.ts';
import { isOwnershipLost, isStanding } from './words.ts';

/** What the operator keeps up of each deployment, and starts of what should run. Rule 9. */
export function upkeep(situation: Situation): readonly Action[] {
  return situation.records.deployments
    .filter((record) => isStanding(record) && isTouchable(situation, record))
    .flatMap((record): readonly Action[] => {
      const manner = situation.rules.mannerOfUpkeep(situation, record);
      const maintain: Action = { kind: 'Maintain', deployment: record.id, manner };
      return isStopped(situation, record) ? [maintain, { kind: 'Start', deployment: record.id }] : [maintain];
    });
}

/** Rule 9: what is not wanted is kept as it is. */
export function mannerOfUpkeep(situation: Situation, record: DeploymentRecord): 'AsDeclared' | 'KeepServing' {
  return isWanted(situation, record) ? 'AsDeclared' : 'KeepServing';
}

function isTouchable(situation: Situation, record: DeploymentRecord): boolean {
  const isAbleTo = factsOf(situation, record).seen?.credentialsMissing !== true;
  return isAbleTo && !isOthers(record) && !isOwnershipLost(situation, record);
}

/** Stops everything that runs, for `powerState: Stopped`. */
export function stopAll(situation: Situation): readonly Action[] {
  return situation.records.deployments
    .filter(({ stage }) => stage.phase !== 'Deleting')
    .filter((record) => isTouchable(situation, record) && factsOf(situation, record).seen?.running === 'Yes')
    .map(({ id }) => ({ kind: 'Stop', deployment: id }));
}

/** A draining deployment that may go on handing over. */
interface HandOver {
  readonly record: DeploymentRecord;
  readonly successor: DeploymentRecord;
}

/** Rule 3: the draining deployments that may take their next step, each behind a successor that is looked at again. */
export function handOvers(situation: Situation, successors: Successors): readonly HandOver[] {
  if (retirementHold(situation) !== undefined || situation.observed.site.kind === 'Unreachable') {
    return [];
  }
  return situation.records.deployments
    .filter((record) => record.stage.phase === 'Draining' && !isOwnershipLost(situation, record))
    .flatMap((record) => {
      const successor = situation.rules.stillBehind(situation, record, successors);
      return successor === undefined ? [] : [{ record, successor }];
    });
}

/** Rule 3: the next step of each of them. */
export function drainSteps(situation: Situation, successors: Successors): readonly Action[] {
  return handOvers(situation, successors).flatMap(({ record, successor }) => drainStep(situation, record, successor));
}

/** First the groups, then the points, then it is stopped. */
function drainStep(situation: Situation, record: DeploymentRecord, successor: DeploymentRecord): readonly Action[] {
  if (groupsWith(situation, record).length > 0) {
    return leaveGroups(situation, record, successor);
  }
  if (factsOf(situation, record).points.length > 0) {
    return handOverPoints(situation, record, successor);
  }
  const isToStop = situation.wish.terms.drainFor > 0 && factsOf(situation, record).seen?.running === 'Yes';
  return isToStop && isTouchable(situation, record) ? [{ kind: 'Stop', deployment: record.id }] : [];
}

/** The next step of each deployment that is being deleted: away from groups and points first, then Azure. */
export function deletionSteps(situation: Situation): readonly Action[] {
  if (!situation.observed.certificateReadable && situation.wish.deletion === undefined) {
    return [];
  }
  return situation.records.deployments
    .filter(({ stage }) => stage.phase === 'Deleting')
    .flatMap((record) => deletionStep(situation, record));
}

function deletionStep(situation: Situation, record: DeploymentRecord): readonly Action[] {
  const { seen } = factsOf(situation, record);
  // Also once Azure no longer waits for it.
  const leave = isDetached(situation, record)
    ? []
    : [...takeOutOfGroups(situation, record), ...takePointsAway(situation, record)];
  const isThere = seen?.azure === 'Whole' || seen?.azure === 'Partial';
  return situation.rules.isDetached(situation, record) && isThere && isTouchable(situation, record)
    ? [...leave, { kind: 'Delete', deployment: record.id, by: 'Azure' }]
    : leave;
}

/**
 * Rule 10: whether the fleet brake lets the deletion of the deployment begin, before anything is taken from it. One that never
 * served, or is gone already, needs no leave.
 */
export function isWithinBudget(situation: Situation, record: DeploymentRecord): boolean {
  const isLoss = record.served === 'Yes' && !situation.rules.isGone(situation, record);
  return !isLoss || situation.observed.mayDeleteGateway;
}

/** The gateways that others made, and that a person is to delete now. */
export function deletionsByPerson(
  situation: Situation,
  verdicts: Parameters<typeof isForPersonToDelete>[2],
): readonly Action[] {
  return situation.records.deployments
    .filter((record) => isForPersonToDelete(situation, record, verdicts))
    .map(({ id }) => ({ kind: 'Delete', deployment: id, by: 'Site' }));
}

/** The gateway that the site is to make, and that a person has it make now. */
export function creationsByPerson(situation: Situation): readonly Action[] {
  return situation.records.deployments
    .filter((record) => isForPersonToMake(situation, record))
    .map(({ id }) => ({ kind: 'AskForCreation', deployment: id }));
}
