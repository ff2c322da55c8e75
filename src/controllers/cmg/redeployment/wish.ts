import type { CMGSpecRedeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { identityOf } from '../../../redeployment/identity.ts';
import type { GatewayWish, RedeploymentTerms } from '../../../redeployment/observed.ts';
import { keyOf } from '../../../runtime/objects.ts';
import type { ManagedCmg } from '../managed-cmg.ts';

/** What a CMG declares, as the planner takes it. */
export function wishOf(cmg: ManagedCmg): GatewayWish {
  const { metadata, spec } = cmg;
  const stays = spec.deletionPolicy === 'Retain' || spec.deletionProtection;
  return {
    key: keyOf(cmg),
    generation: metadata.generation,
    identity: identityOf(spec),
    serviceName: spec.serviceName,
    management: 'Manage',
    suspended: spec.suspend,
    power: 'Running',
    terms: termsOf(spec.redeployment),
    ...(metadata.deletionTimestamp === undefined ? {} : { deletion: stays ? 'Retain' : 'Delete' }),
  };
}

export function termsOf(terms: CMGSpecRedeployment): RedeploymentTerms {
  return {
    minimumWait: milliseconds(terms.minimumWait),
    requiredRefreshPercent: terms.requiredRefreshPercent,
    ignoreClientsInactiveFor: milliseconds(terms.ignoreClientsInactiveFor),
    deadline: milliseconds(terms.deadline),
    onDeadline: terms.onDeadline,
    drainFor: milliseconds(terms.drainFor),
    evidence: terms.evidence,
  };
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** A duration as the API server lets it through, such as `36h` or `1h30m`. */
export function milliseconds(duration: string): number {
  return [...duration.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}
