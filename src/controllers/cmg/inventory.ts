import type { ArmClient } from '../../azure/arm-client.ts';
import { searchTaggedResources, type TaggedResource } from '../../azure/tagged-resources.ts';
import type { GatewayOwner } from '../../gateway/deployment.ts';
import { type GatewayMark, markOf } from '../../gateway/mark.ts';
import { OWNER_TAG, ownershipOf, ownerTag } from '../../gateway/tags.ts';

/** A deployment of which something was found in Azure. */
export interface FoundDeployment {
  readonly id: string;
  /** The identity of its VMs, which carries the mark; where that was not found, another of its resources. */
  readonly resource: TaggedResource;
  /** Whether `resource` is that identity. */
  readonly isAnchor: boolean;
  /** What the tags of `resource` say: without the identity, that the deployment has served. */
  readonly mark: GatewayMark;
}

/** What was found of a CMG in Azure. */
export interface Inventory {
  /** In the order of their ids. */
  readonly deployments: readonly FoundDeployment[];
  /** `Partial`: a query failed or was throttled, or one of the named subscriptions cannot be read. */
  readonly inventory: 'Complete' | 'Partial';
}

/** What is looked for, and as whom. */
export interface SoughtInventory {
  readonly arm: ArmClient;
  readonly owner: GatewayOwner;
  /** `spec.serviceName` as it is now. */
  readonly serviceName: string;
  /** Ids of the subscriptions that the spec and the records name: without them the inventory is not complete. */
  readonly subscriptions: readonly string[];
  readonly signal: AbortSignal;
}

const ANCHOR = 'microsoft.managedidentity/userassignedidentities';
const SCALE_SET = 'microsoft.compute/virtualmachinescalesets';
const GROUP = 'microsoft.resources/subscriptions/resourcegroups';

/**
 * All deployments of a CMG that its credentials can see, in whatever subscription, by what carries the tag of its owner: for
 * what no record tells of. Two requests as a rule.
 *
 * It adds and never takes away. What is found may have been deleted a moment ago, and what is not found may exist, in a
 * `Complete` inventory too: Azure Resource Graph follows changes with a delay, mostly of seconds and without a bound, and
 * leaves out what the credentials may not read. So whether something of a known deployment exists is read from Azure itself,
 * by the names in its record; and tags from here may be old, where `markOf` of the identity as it was read is not.
 *
 * @throws what `signal` is aborted with. Failures of Azure make the inventory `Partial`.
 */
export async function takeInventory(sought: SoughtInventory): Promise<Inventory> {
  const { arm, owner, serviceName, subscriptions, signal } = sought;
  const tag = { name: OWNER_TAG, value: ownerTag(owner) };
  const { resources, isComplete } = await searchTaggedResources(arm, tag, subscriptions, { signal });
  const byDeployment = Map.groupBy(resources, ({ tags }) => ownershipOf(tags)?.deploymentId ?? '');
  const deployments = [...byDeployment]
    .flatMap(([id, parts]) => found(id, parts, { owner, serviceName }))
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));
  return { deployments, inventory: isComplete ? 'Complete' : 'Partial' };
}

/** None where the tags do not name a deployment that a status could hold. */
function found(
  id: string,
  parts: readonly TaggedResource[],
  sought: Pick<SoughtInventory, 'owner' | 'serviceName'>,
): readonly FoundDeployment[] {
  const candidates = parts.flatMap((resource) => {
    const read = markOf(resource, { ...sought, deploymentId: id });
    return read.kind === 'Read' ? [{ resource, mark: read.mark }] : [];
  });
  const [best] = candidates.toSorted((left, right) => rank(left) - rank(right));
  return best === undefined
    ? []
    : [
        {
          id,
          ...best,
          isAnchor: best.resource.type === ANCHOR,
        },
      ];
}

/** Of several identities, as somebody may copy tags, one that has served; of the others, one whose name tells most. */
function rank({ resource: { type }, mark }: Pick<FoundDeployment, 'resource' | 'mark'>): number {
  switch (type) {
    case ANCHOR:
      return mark.served === 'Yes' ? 0 : 1;
    case SCALE_SET:
      return 2;
    case GROUP:
      return 4;
    default:
      return 3;
  }
}
