import { prefixKey } from './identity.ts';
import type { CarrierFacts } from './observed.ts';
import { isOthers } from './others.ts';
import type { DeploymentRecord } from './record.ts';
import { factsOf, hasConsent, type Situation } from './situation.ts';
import { isStanding } from './words.ts';

/** What stands in the way of the names of a gateway that is to be made. */
export type NamesVerdict =
  /** Nothing. */
  | { readonly kind: 'Free' }
  /** The holder goes by itself, or may be retired behind another deployment of the CMG first. */
  | {
      readonly kind: 'Wait';
      readonly holder: DeploymentRecord;
      readonly reason: 'WaitingForNames' | 'WaitingForEarlierRedeployment';
    }
  /** The holder is to be deleted first, as soon as its successor could be made at once. */
  | { readonly kind: 'NotReady'; readonly holder: DeploymentRecord }
  /** The holder is to be deleted first, as soon as it is known what it holds; `failure` is a sentence that says why it is not. */
  | { readonly kind: 'NotRead'; readonly holder: DeploymentRecord; readonly failure?: string }
  /** The holder may be deleted first once this CMG of the site has been claimed as carrier. */
  | { readonly kind: 'Claim'; readonly holder: DeploymentRecord; readonly carrier: string }
  /** Another CMG of the site has a claim. */
  | { readonly kind: 'ClaimTaken'; readonly holder: DeploymentRecord }
  /** Nobody could carry the clients. */
  | { readonly kind: 'NoCarrier'; readonly holder: DeploymentRecord }
  /** The holder is to be deleted first, now. */
  | { readonly kind: 'DeleteFirst'; readonly holder: DeploymentRecord };

/** Rule 6: whether the names of what is wanted are free, and if not, what may be done about it. */
export function judgeNames(situation: Situation): NamesVerdict {
  const { records, wish, wanted } = situation;
  if (wanted !== undefined) {
    return { kind: 'Free' };
  }
  const prefix = prefixKey(wish.serviceName);
  const holder = records.deployments.find(({ serviceName }) => prefixKey(serviceName) === prefix);
  if (holder === undefined) {
    return { kind: 'Free' };
  }
  if ((holder.stage.phase === 'Deleting' && !isUntouched(situation, holder)) || holder.served === 'No') {
    return { kind: 'Wait', holder, reason: 'WaitingForNames' };
  }
  const isConsented = hasConsent(situation, 'AllowClientOutage', holder);
  if (!isConsented && situation.rules.mayBeSucceeded(situation, holder)) {
    return { kind: 'Wait', holder, reason: 'WaitingForEarlierRedeployment' };
  }
  if (!situation.observed.preflight.wholePassed) {
    return { kind: 'NotReady', holder };
  }
  const unread = situation.rules.unreadContent(situation, holder);
  if (unread !== undefined) {
    return { ...unread, kind: 'NotRead', holder };
  }
  return isConsented ? { kind: 'DeleteFirst', holder } : judgeCarriers(situation, holder);
}

/**
 * Whether a deployment that is to be deleted without a successor is still advertised, or still there without being the
 * operator's to delete: nothing has been done to it, so that what speaks for its deletion has to be asked once more.
 */
export function isUntouched(situation: Situation, record: DeploymentRecord): boolean {
  const { stage } = record;
  const { advertised, seen } = factsOf(situation, record);
  return (
    stage.phase === 'Deleting' &&
    (stage.because === 'DeleteFirst' || stage.because === 'Gone') &&
    (advertised === 'Yes' || (isOthers(record) && seen?.azure === 'Whole'))
  );
}

/** Whether another deployment that served may still let the holder retire: it was wanted more recently, or drains it. */
export function mayBeSucceeded({ records }: Situation, holder: DeploymentRecord): boolean {
  return (
    holder.stage.phase === 'Draining' ||
    records.deployments.some(
      (other) => other.served === 'Yes' && isStanding(other) && other.wantedOrder > holder.wantedOrder,
    )
  );
}

function judgeCarriers(situation: Situation, holder: DeploymentRecord): NamesVerdict {
  const { wish, observed, rules } = situation;
  const { claim, carriers } = observed;
  if (claim !== undefined && claim.claimant !== wish.key) {
    return { kind: 'ClaimTaken', holder };
  }
  const carrier = carriers.find(
    (facts) => rules.mayCarry(facts) && (claim === undefined || facts.key === claim.carrier),
  );
  if (carrier === undefined) {
    return { kind: 'NoCarrier', holder };
  }
  return claim === undefined ? { kind: 'Claim', holder, carrier: carrier.key } : { kind: 'DeleteFirst', holder };
}

/** Whether a CMG can carry the clients of another one whose gateway is away. */
export function mayCarry(facts: CarrierFacts): boolean {
  return (
    facts.ready &&
    facts.running &&
    facts.current &&
    !facts.redeploying &&
    facts.gateOpen &&
    facts.advertisedFor >= facts.minimumWait
  );
}
