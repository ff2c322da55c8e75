import { isSameIdentity } from './identity.ts';
import type { Consent, DeploymentRecord, Records } from './record.ts';
import { isUntouched } from './same-prefix.ts';
import { factsOf, type Situation } from './situation.ts';

/**
 * Rule 1: the deployment whose identity equals the spec's, and that is not being deleted, unless nothing has been done to it
 * yet. Rule 4: one that drains and has lost its scale set is finished and built anew.
 */
export function wantedOf(situation: Situation): DeploymentRecord | undefined {
  const { records, wish } = situation;
  let wanted: DeploymentRecord | undefined;
  for (const record of records.deployments) {
    const fits =
      (record.stage.phase !== 'Deleting' || isUntouched(situation, record)) &&
      isSameIdentity(record.identity, wish.identity) &&
      !(record.stage.phase === 'Draining' && situation.rules.isGone(situation, record));
    if (fits && (wanted === undefined || record.wantedOrder > wanted.wantedOrder)) {
      wanted = record;
    }
  }
  return wanted;
}

/**
 * Rule 4: the records after a look at what is wanted. The wanted deployment becomes the one that was wanted most recently,
 * as of now, unless it is already; consents lapse when what is wanted changes, and count again once their annotation has
 * been taken away and set anew.
 */
export function noteWish(situation: Situation): Records {
  const { records, wish, observed, now, rules } = situation;
  const isChanged = records.wanted === undefined || !isSameIdentity(records.wanted, wish.identity);
  const lapsed = isChanged ? observed.consents : records.lapsed.filter((each) => isIn(each, observed.consents));
  const wanted = rules.wantedOf(situation);
  return {
    ...records,
    wanted: isChanged ? wish.identity : records.wanted,
    generation: wish.generation,
    lapsed:
      lapsed.length === records.lapsed.length && lapsed.every((each) => isIn(each, records.lapsed))
        ? records.lapsed
        : lapsed,
    deployments: wanted === undefined ? records.deployments : withMostRecent(records.deployments, wanted, now),
  };
}

function withMostRecent(
  deployments: readonly DeploymentRecord[],
  wanted: DeploymentRecord,
  now: number,
): readonly DeploymentRecord[] {
  const others = highestOrder(deployments.filter(({ id }) => id !== wanted.id));
  if (wanted.wantedOrder > others) {
    return deployments;
  }
  const renewed: DeploymentRecord = { ...wanted, wantedSince: now, wantedOrder: others + 1 };
  return deployments.map((record) => (record === wanted ? renewed : record));
}

/** The order of the deployment that was wanted most recently; 0 without one. */
export function highestOrder(deployments: readonly DeploymentRecord[]): number {
  return deployments.reduce((highest, { wantedOrder }) => Math.max(highest, wantedOrder), 0);
}

/** Consents that count: those in annotations, but for those that have lapsed. */
export function effectiveConsents(
  { consents }: Pick<Situation['observed'], 'consents'>,
  { lapsed }: Pick<Records, 'lapsed'>,
): readonly Consent[] {
  return lapsed.length === 0 ? consents : consents.filter((each) => !isIn(each, lapsed));
}

function isIn({ kind, deployment }: Consent, consents: readonly Consent[]): boolean {
  return consents.some((other) => other.kind === kind && other.deployment === deployment);
}

/** Whether the deployment is the wanted one. */
export function isWanted({ wanted }: Situation, { id }: DeploymentRecord): boolean {
  return wanted?.id === id;
}

/** Whether the deployment is seen to be stopped. */
export function isStopped(situation: Situation, record: DeploymentRecord): boolean {
  return factsOf(situation, record).seen?.running === 'No';
}
