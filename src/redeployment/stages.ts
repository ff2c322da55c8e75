import { groupsWith } from './boundary-groups.ts';
import { retirementHold } from './holds.ts';
import type { Instant } from './instant.ts';
import { isOthers, wasThereBefore } from './others.ts';
import type { DeletionCause, DeploymentRecord, Stage } from './record.ts';
import { isMoreRecent, type Successors } from './retirement.ts';
import { isUntouched, type NamesVerdict } from './same-prefix.ts';
import { factsOf, type Situation } from './situation.ts';
import { notInFuture } from './time-credit.ts';
import { isStopped, isWanted } from './wanted.ts';
import { isOwnershipLost, isStanding } from './words.ts';

/** The deployments in the stages that they are in from now on. Rules 2, 3, 4, 6 and 9. */
export function settleStages(
  situation: Situation,
  successors: Successors,
  names: NamesVerdict,
): readonly DeploymentRecord[] {
  const { records, rules } = situation;
  const hold = retirementHold(situation);
  return records.deployments.map((record) => {
    if (record.stage.phase === 'Deleting') {
      return isTurnedBack(situation, record, names) ? withStage(record, { phase: 'Active' }) : record;
    }
    if (isWanted(situation, record)) {
      return rules.settleWanted(situation, record);
    }
    if (hold !== undefined || isOwnershipLost(situation, record)) {
      return withoutAnnouncement(record);
    }
    const cause = causeToDelete(situation, record, successors, names);
    if (cause !== undefined && rules.isWithinBudget(situation, record)) {
      return approachDeletion(situation, record, cause);
    }
    return withoutAnnouncement(withStage(record, stageOfOld(situation, record, successors)));
  });
}

/** Whether a deployment that nothing has been done to may no longer be deleted: nobody carries its clients, or it is back. */
function isTurnedBack(situation: Situation, record: DeploymentRecord, names: NamesVerdict): boolean {
  const isStillMeant = names.kind === 'DeleteFirst' && names.holder.id === record.id;
  return isUntouched(situation, record) && !isStillMeant && !situation.rules.isGone(situation, record);
}

/** Rule 4: what is wanted serves, whatever was begun to retire it. */
export function settleWanted(situation: Situation, record: DeploymentRecord): DeploymentRecord {
  const isThere = record.stage.phase !== 'Provisioning' || factsOf(situation, record).serving === 'Yes';
  return withoutAnnouncement(withStage(record, { phase: isThere ? 'Active' : 'Provisioning' }));
}

/** Why a deployment that is not wanted is deleted from here on, if it is. */
function causeToDelete(
  situation: Situation,
  record: DeploymentRecord,
  successors: Successors,
  names: NamesVerdict,
): DeletionCause | undefined {
  const { rules } = situation;
  if (rules.isKnownNeverServed(situation, record)) {
    return 'NeverServed';
  }
  if (rules.isGone(situation, record)) {
    return 'Gone';
  }
  if (isOthers(record)) {
    // A person deletes it, or lets it be.
    return undefined;
  }
  if (names.kind === 'DeleteFirst' && names.holder.id === record.id) {
    return 'DeleteFirst';
  }
  const isDrained = record.stage.phase === 'Draining' && rules.isDrained(situation, record);
  return isDrained && rules.stillBehind(situation, record, successors) !== undefined ? 'Retired' : undefined;
}

/** Rule 10: whether nothing but the fleet brake keeps a deployment from being deleted. */
export function isWaitingForTurn(
  situation: Situation,
  record: DeploymentRecord,
  successors: Successors,
  names: NamesVerdict,
): boolean {
  const { rules, wish } = situation;
  const isHeld = isOwnershipLost(situation, record) || retirementHold(situation) !== undefined;
  if (record.stage.phase === 'Deleting' || isHeld || rules.isWithinBudget(situation, record)) {
    return false;
  }
  const isToGo = !isWanted(situation, record) && causeToDelete(situation, record, successors, names) !== undefined;
  return wish.deletion === undefined ? isToGo : !wasThereBefore(record);
}

/**
 * Rule 4: the point of no return is announced one reconcile before it is entered, and rule 7: it is entered only on facts
 * that were read live. One that never served goes at once.
 */
function approachDeletion(situation: Situation, record: DeploymentRecord, because: DeletionCause): DeploymentRecord {
  if (because === 'NeverServed' || (record.announced === because && situation.confirmed)) {
    return withoutAnnouncement({ ...record, stage: { phase: 'Deleting', because } });
  }
  return record.announced === because ? record : { ...record, announced: because };
}

function stageOfOld(situation: Situation, record: DeploymentRecord, successors: Successors): Stage {
  const { stage } = record;
  if (record.served === 'No') {
    return stage;
  }
  if (stage.phase === 'Provisioning') {
    return { phase: 'Active' };
  }
  if (stage.phase === 'Draining') {
    return stillDraining(situation, record, stage, successors);
  }
  const behind = situation.rules.drainsBehind(situation, record, successors);
  if (behind !== undefined) {
    return { phase: 'Draining', behind: behind.id };
  }
  const hasSuccessor = successors.advertised !== undefined && isMoreRecent(successors.advertised, record);
  return { phase: hasSuccessor ? 'Superseded' : 'Active' };
}

function stillDraining(
  situation: Situation,
  record: DeploymentRecord,
  stage: Extract<Stage, { phase: 'Draining' }>,
  successors: Successors,
): Stage {
  const behind = situation.rules.stillBehind(situation, record, successors)?.id ?? stage.behind;
  const stoppedAt = isStopped(situation, record) ? stoppedSince(stage.stoppedAt, situation.now) : undefined;
  if (behind === stage.behind && stoppedAt === stage.stoppedAt) {
    return stage;
  }
  return stoppedAt === undefined ? { phase: 'Draining', behind } : { phase: 'Draining', behind, stoppedAt };
}

function stoppedSince(stoppedAt: Instant | undefined, now: Instant): Instant {
  return stoppedAt === undefined ? now : notInFuture(stoppedAt, now);
}

/** Whether a draining deployment has given away everything, and has been stopped for as long as it should. */
export function isDrained(situation: Situation, record: DeploymentRecord): boolean {
  const { wish, now, observed } = situation;
  const { stage } = record;
  const { points } = factsOf(situation, record);
  if (stage.phase !== 'Draining' || observed.site.kind === 'Unreachable') {
    return false;
  }
  const hasLeft = points.length === 0 && groupsWith(situation, record).length === 0;
  // What others made is not stopped either.
  const drainFor = isOthers(record) ? 0 : wish.terms.drainFor;
  return hasLeft && (drainFor === 0 || (stage.stoppedAt !== undefined && now - stage.stoppedAt >= drainFor));
}

function withStage(record: DeploymentRecord, stage: Stage): DeploymentRecord {
  if (stage === record.stage || (stage.phase === record.stage.phase && stage.phase !== 'Draining')) {
    return record;
  }
  return { ...record, stage };
}

function withoutAnnouncement(record: DeploymentRecord): DeploymentRecord {
  if (record.announced === undefined) {
    return record;
  }
  const { announced: _taken, ...rest } = record;
  return rest;
}

/** Deployments without those of which nothing is left. */
export function withoutForgotten(situation: Situation): readonly DeploymentRecord[] {
  const { deployments } = situation.records;
  return deployments.some((record) => isForgotten(situation, record))
    ? deployments.filter((record) => !isForgotten(situation, record))
    : deployments;
}

/** Whether nothing is left of a deployment that was being deleted: not in Azure, and no point or group names it. */
function isForgotten(situation: Situation, record: DeploymentRecord): boolean {
  const { seen } = factsOf(situation, record);
  return record.stage.phase === 'Deleting' && seen?.azure === 'Absent' && situation.rules.isDetached(situation, record);
}

/**
 * Whether no point or group names a deployment, as far as the site has been read. A point that leaves only for another
 * gateway stays where no other one stands: with the site's record of this one, its link leads nowhere.
 */
export function isDetached(situation: Situation, record: DeploymentRecord): boolean {
  const { site } = situation.observed;
  if (site.kind !== 'Read') {
    return site.kind === 'None' || record.served === 'No';
  }
  const { points } = factsOf(situation, record);
  const isLast = !situation.records.deployments.some((other) => other.id !== record.id && isStanding(other));
  const hasLeft = points.every(({ isForeign }) => isForeign === true && isLast);
  return hasLeft && groupsWith(situation, record).length === 0;
}
