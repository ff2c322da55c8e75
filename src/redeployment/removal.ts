import type { Action } from './action.ts';
import { HOUR } from './instant.ts';
import type { GatewayWish } from './observed.ts';
import { wasThereBefore } from './others.ts';
import type { DeploymentRecord, Records } from './record.ts';
import type { Situation } from './situation.ts';
import { isDetached } from './stages.ts';
import { deletionSteps, deletionsByPerson } from './steps.ts';
import { isCarrier } from './words.ts';

/** Azure does not wait longer than this for a site that does not answer. */
const LONGEST_SILENCE = HOUR;

/** Rule 10: what becomes of the records while the CMG is being deleted. */
export function removalRecords(situation: Situation): Records {
  const { records, wish, observed, now } = situation;
  const { siteSilentSince = now, ...rest } = records;
  const isSilent = observed.site.kind === 'Unreachable';
  const deployments = isCarrier(wish, observed) ? records.deployments : isRetained(wish) ? [] : ownDoomed(situation);
  return isSilent ? { ...rest, siteSilentSince, deployments } : { ...rest, deployments };
}

/** Whether Azure and the site are left as they are: so it is asked for, or the operator may only look. */
function isRetained({ deletion, management }: GatewayWish): boolean {
  return deletion === 'Retain' || management === 'Observe';
}

/** What was there before the CMG asked for it stays when the CMG goes. */
function ownDoomed(situation: Situation): readonly DeploymentRecord[] {
  return doomed(situation).filter((record) => !wasThereBefore(record));
}

/** Those that never served first, then the others. */
function doomed(situation: Situation): readonly DeploymentRecord[] {
  const { records, rules } = situation;
  const isFirst = (record: DeploymentRecord) =>
    record.stage.phase === 'Deleting'
      ? record.stage.because === 'NeverServed'
      : rules.isKnownNeverServed(situation, record);
  const areFirstLeft = records.deployments.some(isFirst);
  return records.deployments.map((record): DeploymentRecord => {
    if (record.stage.phase === 'Deleting') {
      return record;
    }
    if (isFirst(record)) {
      return { ...record, stage: { phase: 'Deleting', because: 'NeverServed' } };
    }
    return areFirstLeft || !situation.confirmed || !rules.isWithinBudget(situation, record)
      ? record
      : { ...record, stage: { phase: 'Deleting', because: 'CmgDeleted' } };
  });
}

/** Whether a deployment is detached, or Azure no longer waits for a site that has been silent for an hour. */
export function isDetachedOrAbandoned(situation: Situation, record: DeploymentRecord): boolean {
  return isDetached(situation, record) || isSiteAbandoned(situation);
}

/** Whether the site has been silent for so long that the deletion of the CMG goes on without it. */
export function isSiteAbandoned({ wish, observed, records, now }: Situation): boolean {
  const { siteSilentSince } = records;
  return (
    wish.deletion !== undefined &&
    observed.site.kind === 'Unreachable' &&
    siteSilentSince !== undefined &&
    now - siteSilentSince > LONGEST_SILENCE
  );
}

/** What is deleted with its CMG has no successor, and its names are nobody's need. */
export const NO_VERDICTS = { successors: {}, names: { kind: 'Free' } } as const;

/** What the deletion of the CMG does in this round. */
export function removalActions(situation: Situation): readonly Action[] {
  const { records, wish, observed } = situation;
  const release: readonly Action[] = observed.claim?.claimant === wish.key ? [{ kind: 'ReleaseClaim' }] : [];
  if (records.deployments.length > 0) {
    return isRetained(wish)
      ? release
      : [...release, ...deletionSteps(situation), ...deletionsByPerson(situation, NO_VERDICTS)];
  }
  const isAllKnown = isRetained(wish) || observed.inventory === 'Complete';
  return release.length > 0 ? release : isAllKnown ? [{ kind: 'ReleaseFinalizer' }] : [];
}
