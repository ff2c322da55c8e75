import { type GateJudgement, type GateTerms, isUsablePass, judgeGate } from './client-gate.ts';
import { DAY, type Instant } from './instant.ts';
import type { RedeploymentTerms } from './observed.ts';
import type { DeploymentRecord } from './record.ts';
import { factsOf, hasConsent, type Situation } from './situation.ts';
import { isStanding } from './words.ts';

/** The wait that counts: `minimumWait`, and never less than a day. */
export function waitOf({ minimumWait }: RedeploymentTerms): number {
  return Math.max(minimumWait, DAY);
}

/** When clients have had the whole wait for a successor; `undefined` while it is in no run. */
export function waitedAt({ wish }: Situation, { run, wantedSince }: DeploymentRecord): Instant | undefined {
  return run === undefined ? undefined : Math.max(run.since, wantedSince) + waitOf(wish.terms);
}

/** What the client gate asks of a pass for this successor; `undefined` while it is in no run. */
export function gateTerms(situation: Situation, record: DeploymentRecord): GateTerms | undefined {
  const notBefore = waitedAt(situation, record);
  const { run, serviceName } = record;
  if (run === undefined || notBefore === undefined) {
    return undefined;
  }
  return {
    serviceName,
    advertisedSince: run.since,
    requiredPercent: situation.wish.terms.requiredRefreshPercent,
    notBefore,
    devicesAtBeginning: situation.records.devicesAtBeginning,
  };
}

/** What the passes over the devices say of this successor. */
export function gateOf(situation: Situation, record: DeploymentRecord): GateJudgement {
  const terms = gateTerms(situation, record);
  const pass = situation.observed.clientPasses.find(({ question }) => question.serviceName === record.serviceName);
  return terms === undefined ? { kind: 'Shut', because: 'NoPass' } : judgeGate(pass, terms);
}

/** Whether the deadline has passed, whether or not clients could be counted by then. */
export function isPastDeadline(situation: Situation, record: DeploymentRecord): boolean {
  const { wish, now } = situation;
  const waited = waitedAt(situation, record);
  return waited !== undefined && now >= waited - waitOf(wish.terms) + wish.terms.deadline;
}

/** Whether the deadline has passed, and a complete pass has been made after the wait. */
export function isOverdue(situation: Situation, record: DeploymentRecord): boolean {
  const terms = gateTerms(situation, record);
  const isCounted = terms !== undefined && situation.observed.clientPasses.some((pass) => isUsablePass(pass, terms));
  return isCounted && isPastDeadline(situation, record);
}

/** Whether clients are taken to have refreshed: the gate is open, or overridden for every predecessor. */
export function isGateOpen(situation: Situation, record: DeploymentRecord): boolean {
  const { terms } = situation.wish;
  return (
    terms.evidence === 'TimeOnly' ||
    gateOf(situation, record).kind === 'Open' ||
    (terms.onDeadline === 'Retire' && isOverdue(situation, record))
  );
}

/** Those wanted most recently of the deployments that may stand in for others, by how far they have come. */
export interface Successors {
  /** Advertised now. */
  readonly advertised?: DeploymentRecord;
  /** Advertised for the whole wait. */
  readonly waited?: DeploymentRecord;
  /** And clients are seen to have refreshed. */
  readonly open?: DeploymentRecord;
}

/** Whether clients have had the whole wait for a deployment that is advertised now. */
export function hasWaited(situation: Situation, record: DeploymentRecord): boolean {
  const at = waitedAt(situation, record);
  return at !== undefined && situation.now >= at && factsOf(situation, record).advertised === 'Yes';
}

/**
 * The successors of a CMG. A deployment that was wanted less recently than one of them has a successor, so the one that
 * was wanted most recently answers for all.
 */
export function findSuccessors(situation: Situation): Successors {
  const { rules } = situation;
  let found: { advertised?: DeploymentRecord; waited?: DeploymentRecord; open?: DeploymentRecord } = {};
  for (const record of situation.records.deployments) {
    if (!isStanding(record) || factsOf(situation, record).advertised !== 'Yes') {
      continue;
    }
    if (isMoreRecent(record, found.advertised)) {
      found = { ...found, advertised: record };
    }
    if (!rules.hasWaited(situation, record)) {
      continue;
    }
    if (isMoreRecent(record, found.waited)) {
      found = { ...found, waited: record };
    }
    if (isMoreRecent(record, found.open) && rules.isGateOpen(situation, record)) {
      found = { ...found, open: record };
    }
  }
  return found;
}

/** Whether the one was wanted more recently than the other, or there is no other. */
export function isMoreRecent(one: DeploymentRecord, other: DeploymentRecord | undefined): boolean {
  return other === undefined || one.wantedOrder > other.wantedOrder;
}

/** Whether a deployment waits for a successor, or could be one: it stands, or drains and has lost the one behind which it did. */
export function isInWaiting(situation: Situation, record: DeploymentRecord, successors: Successors): boolean {
  const isHeld =
    record.stage.phase === 'Draining' && situation.rules.stillBehind(situation, record, successors) === undefined;
  return isStanding(record) || isHeld;
}

/** The deployments that served and are to be retired once this successor can take their place. */
export function retiringBehind(
  situation: Situation,
  successor: DeploymentRecord,
  successors: Successors,
): readonly DeploymentRecord[] {
  return situation.records.deployments.filter(
    (record) =>
      record.served === 'Yes' && isMoreRecent(successor, record) && isInWaiting(situation, record, successors),
  );
}

/** Rule 3: the successor behind which a deployment may drain, if there is one. */
export function drainsBehind(
  situation: Situation,
  record: DeploymentRecord,
  { waited, open }: Successors,
): DeploymentRecord | undefined {
  if (open !== undefined && isMoreRecent(open, record) && situation.rules.isContentThere(situation, record, open)) {
    return open;
  }
  const isConsented = hasConsent(situation, 'ConfirmRetire', record);
  return isConsented && waited !== undefined && isMoreRecent(waited, record) ? waited : undefined;
}

/**
 * Rule 3: behind whom a draining deployment may take its next step: its successor while that one is as it was, or another
 * one that meets every condition; `undefined` when it has to hold.
 */
export function stillBehind(
  situation: Situation,
  record: DeploymentRecord,
  successors: Successors,
): DeploymentRecord | undefined {
  const { stage } = record;
  const behind =
    stage.phase === 'Draining'
      ? situation.records.deployments.find(
          ({ id, wantedOrder }) => id === stage.behind && wantedOrder > record.wantedOrder,
        )
      : undefined;
  const isAsItWas = behind !== undefined && isStanding(behind) && situation.rules.hasWaited(situation, behind);
  return isAsItWas ? behind : situation.rules.drainsBehind(situation, record, successors);
}
