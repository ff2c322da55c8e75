import type { Instant } from './instant.ts';
import type { GatewayWish, Observed, ObservedDeployment, ObservedPoint, Seen } from './observed.ts';
import type { Consent, DeploymentRecord, Records } from './record.ts';
import type { Rules } from './rules.ts';

/** A deployment with what is seen of it. */
export interface DeploymentFacts {
  readonly seen: ObservedDeployment | undefined;
  readonly serving: Seen;
  readonly advertised: Seen;
  /** The connection points that are linked to it. */
  readonly points: readonly ObservedPoint[];
}

/** All that one plan is made from; the records in it are those of the moment, as far as the plan has come. */
export interface Situation {
  readonly wish: GatewayWish;
  readonly observed: Observed;
  readonly now: Instant;
  readonly rules: Rules;
  readonly records: Records;
  /** By the ids of the deployments. */
  readonly facts: ReadonlyMap<string, DeploymentFacts>;
  /** The deployment that the spec asks for, if there is one. */
  readonly wanted: DeploymentRecord | undefined;
  /** Consents that count. */
  readonly consents: readonly Consent[];
  /** Whether the live readings agree with what was observed, so that an irreversible action may be begun. */
  readonly confirmed: boolean;
}

/** What is seen of a deployment. */
export function factsOf({ facts }: Situation, { id }: DeploymentRecord): DeploymentFacts {
  return facts.get(id) ?? UNSEEN;
}

const UNSEEN: DeploymentFacts = { seen: undefined, serving: 'Unknown', advertised: 'Unknown', points: [] };

/** Whether a person has consented, by the id of the deployment. */
export function hasConsent(
  { consents }: Situation,
  kind: Consent['kind'],
  { id }: Pick<DeploymentRecord, 'id'>,
): boolean {
  return consents.some((consent) => consent.kind === kind && consent.deployment === id);
}

/** The situation with other records of the deployments. */
export function withDeployments(situation: Situation, deployments: readonly DeploymentRecord[]): Situation {
  const { records } = situation;
  const unchanged =
    deployments.length === records.deployments.length &&
    deployments.every((record, at) => record === records.deployments[at]);
  if (unchanged) {
    return situation;
  }
  const wantedId = situation.wanted?.id;
  return {
    ...situation,
    records: { ...records, deployments },
    wanted: wantedId === undefined ? undefined : deployments.find(({ id }) => id === wantedId),
  };
}

/** Whether two service names name one gateway: names in DNS have no case. */
export function isSameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
