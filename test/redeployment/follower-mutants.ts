import type { ReferenceFacts } from '../../src/controllers/boundarygroupreference/plan.ts';
import type { ConnectionPointFacts } from '../../src/controllers/connectionpoint/plan.ts';
import type { GatewayOfCmg } from '../../src/controllers/site/gateway-of-cmg.ts';
import type { Violation } from './invariants.ts';
import { FOLLOWERS, type Followers } from './site-objects.ts';

/** A controller of connection points or boundary groups that does not see something, or takes it for something else. */
export interface FollowerMutant {
  readonly what: string;
  readonly caughtBy: Violation['invariant'];
  readonly pointsSee?: (facts: ConnectionPointFacts) => ConnectionPointFacts;
  readonly groupsSee?: (facts: ReferenceFacts) => ReferenceFacts;
}

export function followersOf({ pointsSee, groupsSee }: FollowerMutant): Followers {
  return {
    planConnectionPoint: (facts) => FOLLOWERS.planConnectionPoint(pointsSee?.(facts) ?? facts),
    planReference: (facts) => FOLLOWERS.planReference(groupsSee?.(facts) ?? facts),
  };
}

/** Every other gateway was seen in reach of every client just now. */
function allInReach(gateway: GatewayOfCmg, now: number): GatewayOfCmg {
  const deployments = gateway.deployments.map((deployment) => ({ ...deployment, seenInReachAt: now }));
  return { ...gateway, deployments };
}

function withGateways(facts: ConnectionPointFacts, change: (gateway: GatewayOfCmg) => GatewayOfCmg) {
  return { ...facts, gateway: change(facts.gateway), known: facts.known.map(change) };
}

export const FOLLOWER_MUTANTS: readonly FollowerMutant[] = [
  {
    what: 'takes every connection point for connected',
    caughtBy: 'd',
    pointsSee: (facts) => ({
      ...facts,
      roles: facts.roles.map((role) => ({ ...role, connectedness: 'Connected' as const })),
    }),
  },
  {
    what: 'takes every gateway for one that has never served',
    caughtBy: 'd',
    pointsSee: (facts) =>
      withGateways(facts, (gateway) => ({
        ...gateway,
        deployments: gateway.deployments.map((deployment) => ({ ...deployment, served: false })),
      })),
  },
  {
    what: 'has boundary groups handed over to a gateway that has been lost',
    caughtBy: 'a',
    groupsSee: (facts) => ({ ...facts, gateway: allInReach(facts.gateway, facts.now) }),
  },
  {
    what: 'takes a connection point away from a CMG that says nothing of its gateway',
    caughtBy: 'a',
    pointsSee: (facts) => ({
      ...facts,
      records: facts.records.filter(({ serviceName }) =>
        facts.gateway.deployments.some((each) => each.serviceName === serviceName),
      ),
    }),
  },
];
