import type { RedeploymentReason } from './finding.ts';
import { creationHold } from './holds.ts';
import { isNamedOnSite } from './memory.ts';
import type { DeploymentRecord } from './record.ts';
import type { NamesVerdict } from './same-prefix.ts';
import type { Situation } from './situation.ts';
import { highestOrder } from './wanted.ts';

/** As many deployments as a status holds. */
export const MOST_DEPLOYMENTS = 8;

/** Whether the wanted deployment may be made now, and if not, why not. */
export type CreationVerdict =
  | { readonly kind: 'Create' }
  /** It is there already, or nothing is to be made. */
  | { readonly kind: 'None' }
  /** `Stopped` and `Unknown` are told elsewhere. */
  | { readonly kind: 'Wait'; readonly reason: RedeploymentReason | 'Stopped' | 'Unknown' };

/** Rule 1: whether what is wanted may be made: its names are free, a point can be given to it, and preflight passes. */
export function judgeCreation(situation: Situation, names: NamesVerdict): CreationVerdict {
  const { observed, records, wanted } = situation;
  if (wanted !== undefined) {
    return { kind: 'None' };
  }
  const hold = creationHold(situation);
  if (hold !== undefined) {
    return { kind: 'Wait', reason: hold };
  }
  if (observed.inventory === 'Partial') {
    return { kind: 'Wait', reason: 'Unknown' };
  }
  if (names.kind !== 'Free') {
    return { kind: 'Wait', reason: reasonOf(names) };
  }
  if (records.deployments.length >= MOST_DEPLOYMENTS) {
    return { kind: 'Wait', reason: 'TooManyDeployments' };
  }
  const missing = missingPoint(situation);
  if (missing !== undefined) {
    return { kind: 'Wait', reason: missing };
  }
  return observed.preflight.passed ? { kind: 'Create' } : { kind: 'Wait', reason: 'WaitingForPreflight' };
}

function reasonOf(names: Exclude<NamesVerdict, { kind: 'Free' }>): RedeploymentReason {
  switch (names.kind) {
    case 'Wait':
      return names.reason;
    case 'NotReady':
      return 'WaitingForPreflight';
    case 'NotRead':
      return names.failure === undefined ? 'WaitingForContent' : 'ContentNotDistributed';
    case 'ClaimTaken':
      return 'OutageClaimTaken';
    case 'NoCarrier':
      return 'NoOtherActiveCMG';
    case 'Claim':
    case 'DeleteFirst':
      return 'WaitingForNames';
  }
}

/** A first gateway needs no point to be made; a second one, beside one that served, does. */
function missingPoint(situation: Situation): RedeploymentReason | undefined {
  const { records, observed } = situation;
  const served = records.deployments.filter(({ served, stage }) => served === 'Yes' && stage.phase !== 'Deleting');
  if (served.length === 0 || observed.site.kind === 'None') {
    return undefined;
  }
  if (observed.site.kind === 'Unreachable') {
    return 'SiteUnreachable';
  }
  // Nobody loses anything while the new one is built; its point is asked for when it serves.
  const isOneServing = served.some((record) => situation.facts.get(record.id)?.serving !== 'No');
  if (!isOneServing || situation.rules.couldBeGivenPoint(situation)) {
    return undefined;
  }
  return served.length === 1 ? 'NoStandbyConnectionPoint' : 'WaitingForEarlierRedeployment';
}

/** The record of the wanted deployment at its beginning. One whose name the site carries already is born as served. */
export function newDeployment({ wish, observed, records, now }: Situation): DeploymentRecord {
  return {
    id: observed.freshId,
    identity: wish.identity,
    serviceName: wish.serviceName,
    served: isNamedOnSite(observed.site, wish.serviceName) ? 'Yes' : 'No',
    wantedSince: now,
    wantedOrder: highestOrder(records.deployments) + 1,
    stage: { phase: 'Provisioning' },
  };
}
