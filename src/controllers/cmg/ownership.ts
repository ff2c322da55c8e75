import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { ResourceKey } from '../../azure/desired-resource.ts';
import { type ClusterClaim, judgeClusterTag } from '../../gateway/cluster-claim.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { CARRIES_OWNER_TAGS } from '../../gateway/graph.ts';
import { resourceIds } from '../../gateway/ids.ts';
import { isOwnedBy, ownershipOf } from '../../gateway/tags.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { titleOf } from './azure-findings.ts';
import { type Finding, SLOW_RETRY_MS } from './finding.ts';
import type { ObservedGateway } from './resources.ts';
import type { Scope } from './scope.ts';

/** A person sets it to the ARM id of a resource group to have what was found there taken over. It is good for once. */
export const ADOPT_ANNOTATION = 'configmgr.io/adopt';

/** Whose the resources are that exist under the gateway's names. */
export type OwnershipOutcome =
  /** All of them are this CMG's, or are to become so. */
  | {
      readonly kind: 'Ours';
      /** What the record of the deployment has to say of it from now on. */
      readonly record: OwnershipRecord;
      /** The deployment that the tags name. */
      readonly deploymentId: string | undefined;
      /** Whether a person has consented to take over what is not. */
      readonly adopting: boolean;
    }
  /** Something is not, so that nothing is written. */
  | {
      readonly kind: 'Halt';
      readonly finding: Finding;
      readonly retryAfterMs: number;
      readonly record: OwnershipRecord;
      /** The one resource whose tags are written back, so that another cluster learns of this one. */
      readonly takeBack: ResourceKey | undefined;
    };

/** The parts of a deployment's record that tell whose it is. */
export type OwnershipRecord = Pick<CMGStatusDeployment, 'cluster' | 'adopted'>;

/** A record with what is known of its ownership now, in place of what was. */
export function withOwnership(record: CMGStatusDeployment, known: OwnershipRecord): CMGStatusDeployment {
  const { cluster: _cluster, adopted: _adopted, ...rest } = record;
  return { ...rest, ...known };
}

type TaggedResource = {
  readonly key: ResourceKey;
  readonly id: string;
  readonly tags: unknown;
};

/**
 * Whether everything that exists under the gateway's names carries the tags of this CMG, and of this cluster. What does not
 * is neither changed nor deleted, unless a person has consented to its adoption.
 */
export function checkOwnership(
  scope: Scope,
  observed: ObservedGateway,
  deployment: GatewayDeployment,
  record: CMGStatusDeployment | undefined,
): OwnershipOutcome {
  const group = resourceIds(deployment).resourceGroup;
  const present = taggedResources(observed);
  const foreign = present.find(({ tags }) => !isOwnedBy(tags, deployment.owner));
  const consent = consentOf(scope, group, record);
  const done = present.every(({ tags }) => ownershipOf(tags)?.clusterUid === deployment.owner.clusterUid);
  const adopted = foreign === undefined && done && consent.given ? consent.annotation : record?.adopted;
  const kept: OwnershipRecord = {
    ...(record?.cluster === undefined ? {} : { cluster: record.cluster }),
    ...(adopted === undefined || consent.annotation === undefined ? {} : { adopted }),
  };
  if (foreign !== undefined && !consent.given) {
    // Read anew the next time, as somebody may have removed it.
    scope.memory.observations.delete(foreign.id);
    return halted(notOwned(scope, foreign, group, record), kept);
  }
  const [anchor] = present;
  const tag = ownershipOf(anchor?.tags);
  const deploymentId = foreign === undefined ? tag?.deploymentId : undefined;
  if (consent.given) {
    // Whatever two clusters made of it before, a person has decided.
    const cluster = statusOf({ takenAt: scope.clock.now() });
    return { kind: 'Ours', record: { ...kept, cluster }, deploymentId, adopting: true };
  }
  if (anchor === undefined) {
    return { kind: 'Ours', record: kept, deploymentId, adopting: false };
  }
  const verdict = judgeClusterTag({
    own: deployment.owner.clusterUid,
    tag: tag?.clusterUid,
    claim: claimOf(record),
    now: scope.clock.now(),
  });
  switch (verdict.kind) {
    case 'TakeOver':
      return { kind: 'Ours', record: kept, deploymentId, adopting: false };
    case 'Ours':
      return { kind: 'Ours', record: { ...kept, cluster: statusOf(verdict.claim) }, deploymentId, adopting: false };
    case 'Contested':
      scope.memory.observations.delete(anchor.id);
      return {
        ...halted(contested(scope, anchor, otherThan(deployment.owner.clusterUid, tag?.clusterUid), group), {
          ...kept,
          cluster: statusOf(verdict.claim),
        }),
        takeBack: verdict.takeBack ? anchor.key : undefined,
      };
    default:
      return verdict satisfies never;
  }
}

function otherThan(own: string, cluster: string | undefined): string | undefined {
  return cluster === own ? undefined : cluster;
}

/** In the order in which they are made, so that the first is the one whose tags are written first. */
function taggedResources({ graph, states }: ObservedGateway): readonly TaggedResource[] {
  return graph.flatMap(({ key, id }) => {
    const state = states.get(key);
    return state?.kind === 'Present' && CARRIES_OWNER_TAGS.has(key) ? [{ key, id, tags: state.resource.tags }] : [];
  });
}

/** A consent names the group, and is used up by an adoption that is done, until the annotation has been taken away. */
export function consentOf({ cmg }: Scope, group: string, record: CMGStatusDeployment | undefined) {
  const annotation = cmg.metadata.annotations?.[ADOPT_ANNOTATION];
  const given = annotation?.toLowerCase() === group.toLowerCase() && record?.adopted !== annotation;
  return { annotation, given };
}

function claimOf(record: CMGStatusDeployment | undefined): ClusterClaim {
  const { takenAt, contestedAt } = record?.cluster ?? {};
  return {
    ...(takenAt === undefined ? {} : { takenAt: Date.parse(takenAt) }),
    ...(contestedAt === undefined ? {} : { contestedAt: Date.parse(contestedAt) }),
  };
}

function statusOf({ takenAt, contestedAt }: ClusterClaim): NonNullable<CMGStatusDeployment['cluster']> {
  return {
    ...(takenAt === undefined ? {} : { takenAt: toTimestamp(takenAt) }),
    ...(contestedAt === undefined ? {} : { contestedAt: toTimestamp(contestedAt) }),
  };
}

function halted(finding: Finding, record: OwnershipRecord): Extract<OwnershipOutcome, { kind: 'Halt' }> {
  return { kind: 'Halt', finding, retryAfterMs: SLOW_RETRY_MS, record, takeBack: undefined };
}

function notOwned(
  { cmg }: Scope,
  { key, id, tags }: TaggedResource,
  group: string,
  record: CMGStatusDeployment | undefined,
): Finding {
  const owner = ownershipOf(tags)?.owner;
  const what = owner === undefined ? 'does not carry the tags of this CMG' : `carries the tags of ${owner}`;
  const isAtWork = record?.phase === 'Active';
  const wasOurs = record?.resources?.some((known) => known.name === key) === true;
  if (isAtWork && key === 'resourceGroup' && !wasOurs) {
    return {
      type: 'AzureReady',
      status: 'False',
      reason: 'ResourceNotOwned',
      message: `The resource group ${id} ${what}, so it cannot become the gateway's, and is neither changed nor deleted. The gateway serves as it is. Set spec.azure.resourceGroup.mode back to UseExisting. To take the group over, so that it goes with the gateway if it holds nothing else: ${adoptCommand(cmg, group)}`,
    };
  }
  return {
    type: 'AzureReady',
    status: 'False',
    reason: isAtWork ? 'OwnershipLost' : 'ResourceNotOwned',
    message: isAtWork
      ? `The ${titleOf(key)} ${id} ${what}${owner === undefined ? ' any more' : ' now'}, so it is neither changed nor deleted. If it is the gateway's, have it taken back: ${adoptCommand(cmg, group)}`
      : `The ${titleOf(key)} ${id} exists and ${what}, so it is neither changed nor deleted. Remove or rename it, or choose another spec.serviceName or resource group. To take over all that is found there for this gateway: ${adoptCommand(cmg, group)}`,
  };
}

function contested({ cmg }: Scope, { key, id }: TaggedResource, other: string | undefined, group: string): Finding {
  const who = other === undefined ? 'another cluster' : `the cluster whose namespace kube-system has the UID ${other}`;
  return {
    type: 'AzureReady',
    status: 'False',
    reason: 'OwnedByAnotherCluster',
    message: `Two clusters look after this gateway with one installation id: this one and ${who}; the ${titleOf(key)} ${id} has changed hands. Nothing is changed from here. Delete the CMG in one of them with spec.deletionPolicy Retain. If this cluster is to keep the gateway: ${adoptCommand(cmg, group)}`,
  };
}

/**
 * The exact line. An annotation that is still there has been used up, or names something else, and is taken away first: set
 * again in the same moment, nobody might see that it was gone.
 */
export function adoptCommand({ metadata }: Scope['cmg'], group: string): string {
  const target = `kubectl annotate --namespace ${metadata.namespace} cmg ${metadata.name}`;
  return metadata.annotations?.[ADOPT_ANNOTATION] === undefined
    ? `${target} ${ADOPT_ANNOTATION}=${group}`
    : `${target} ${ADOPT_ANNOTATION}- takes away the consent of before, after which this message has the next line.`;
}
