import type { Action } from './action.ts';
import { HOUR } from './instant.ts';
import type { GatewayWish } from './observed.ts';
import { wasThereBefore } from './others.ts';
import type { DeploymentRecord, Records } from './record.ts';
import type { Situation } from './situation.ts';
import { isDetached } from './stages.ts';
import { deletionSteps, deletionsByPerson } from './steps.ts';
import { isCarrier, isOwnershipLost } from './words.ts';

/** Azure does not wait longer than this for a site that does not answer, or does not let go. Milliseconds. */
export const LONGEST_LEAVE = HOUR;

/** Rule 10: what becomes of the records while the CMG is being deleted. */
export function removalRecords(situation: Situation): Records {
  const { records, wish, observed, now } = situation;
  if (isCarrier(wish, observed) || isRetained(wish)) {
    return records;
  }
  const deployments = doomed(situation);
  // One that waits keeps its connection points and groups, of which those of the CMG are all that there are.
  const areAllGoing = deployments.every((record) => record.stage.phase === 'Deleting' || wasThereBefore(record));
  const { leavingSince = now } = records;
  return areAllGoing && deployments.some(({ stage }) => stage.phase === 'Deleting')
    ? { ...records, deployments, leavingSince }
    : { ...records, deployments };
}

/** Whether Azure and the site are left as they are: so it is asked for, or the operator may only look. */
function isRetained({ deletion, management }: GatewayWish): boolean {
  return deletion === 'Retain' || management === 'Observe';
}

/** Those that never served first, then the others. What was there before the CMG asked for it stays when the CMG goes. */
function doomed(situation: Situation): readonly DeploymentRecord[] {
  const { records, rules } = situation;
  const isFirst = (record: DeploymentRecord) =>
    record.stage.phase === 'Deleting'
      ? record.stage.because === 'NeverServed'
      : rules.isKnownNeverServed(situation, record);
  const areFirstLeft = records.deployments.some(isFirst);
  return records.deployments.map((record): DeploymentRecord => {
    if (record.stage.phase === 'Deleting' || wasThereBefore(record) || isOwnershipLost(situation, record)) {
      return record;
    }
    if (isFirst(record)) {
      return { ...record, stage: { phase: 'Deleting', because: 'NeverServed' } };
    }
    // What is not known never to have served may have, whatever its record says.
    const loss: DeploymentRecord = record.served === 'Yes' ? record : { ...record, served: 'Yes' };
    return areFirstLeft || !situation.confirmed || !rules.isWithinBudget(situation, loss)
      ? record
      : { ...loss, stage: { phase: 'Deleting', because: rules.isGone(situation, loss) ? 'Gone' : 'CmgDeleted' } };
  });
}

/** Whether a deployment is detached, or Azure no longer waits for its site to let go of it. */
export function isDetachedOrAbandoned(situation: Situation, record: DeploymentRecord): boolean {
  return isDetached(situation, record) || isSiteAbandoned(situation);
}

/** Whether a CMG that is being deleted has been leaving its site for so long that the deletion goes on without it. */
export function isSiteAbandoned({ wish, records: { leavingSince }, now }: Situation): boolean {
  return wish.deletion !== undefined && leavingSince !== undefined && now - leavingSince >= LONGEST_LEAVE;
}

/** What is deleted with its CMG has no successor, and its names are nobody's need. */
export const NO_VERDICTS = { successors: {}, names: { kind: 'Free' } } as const;

/** What the deletion of the CMG does in this round. */
export function removalActions(situation: Situation): readonly Action[] {
  const { records, wish, observed } = situation;
  const release: readonly Action[] = observed.claim?.claimant === wish.key ? [{ kind: 'ReleaseClaim' }] : [];
  if (isCarrier(wish, observed) || release.length > 0) {
    return isRetained(wish) ? release : [...release, ...stepsOfRemoval(situation)];
  }
  const isOver = isRetained(wish) || (records.deployments.every(wasThereBefore) && observed.inventory === 'Complete');
  return isOver ? [{ kind: 'ReleaseFinalizer' }] : stepsOfRemoval(situation);
}

function stepsOfRemoval(situation: Situation): readonly Action[] {
  return [...deletionSteps(situation), ...deletionsByPerson(situation, NO_VERDICTS)];
}
