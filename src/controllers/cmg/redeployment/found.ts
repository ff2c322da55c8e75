import { ArmError } from '../../../azure/errors.ts';
import { parseResourceId } from '../../../azure/resource-id.ts';
import { API_VERSIONS } from '../../../gateway/api-versions.ts';
import type { GatewayOwner } from '../../../gateway/deployment.ts';
import { type GatewayMark, markOf } from '../../../gateway/mark.ts';
import type { Observed, ObservedDeployment } from '../../../redeployment/observed.ts';
import { readCredentials } from '../credentials.ts';
import { type FoundDeployment, takeInventory } from '../inventory.ts';
import type { Scope } from '../scope.ts';
import { UNSEEN } from './look.ts';

/** What was found of a CMG in Azure. */
export interface Search extends Pick<Observed, 'inventory'> {
  /** Deployments that no record tells of. */
  readonly found: readonly ObservedDeployment[];
  /** What their tags say, by their ids. */
  readonly marks: ReadonlyMap<string, GatewayMark>;
}

/** Before nothing is made there is nothing to be found that could stand in its way. */
export const NOT_SEARCHED: Search = { found: [], marks: new Map(), inventory: 'Complete' };

/**
 * Looks for everything that carries the tag of this CMG, wherever it is: the records may have been lost. The search may be
 * behind, and what it says of a gateway that has begun to serve meanwhile would have it deleted. So the tags are read anew.
 *
 * @param known ids of the deployments in the records
 */
export async function searchAzure(scope: Scope, known: ReadonlySet<string>): Promise<Search> {
  const { cmg, azure, installationId, clusterUid, signal } = scope;
  const { metadata, spec, status } = cmg;
  const credentials = await readCredentials(scope);
  if (credentials.kind === 'Halt') {
    return { found: [], marks: new Map(), inventory: 'Partial' };
  }
  const { environment, subscriptionId } = spec.azure;
  const connect = (subscription: string) => azure.connect(environment, subscription, credentials.value.credentials).arm;
  const recorded = (status?.deployments ?? []).map(({ identity }) => identity.subscriptionId);
  const owner = { installationId, clusterUid, namespace: metadata.namespace, name: metadata.name };
  const { deployments, inventory } = await takeInventory({
    arm: connect(subscriptionId),
    owner,
    serviceName: spec.serviceName,
    subscriptions: [...new Set([subscriptionId, ...recorded])],
    signal,
  });
  const unknown = deployments.filter(({ id }) => !known.has(id));
  const looked = await Promise.all(
    unknown.map((each) => {
      const arm = connect(parseResourceId(each.resource.id).subscriptionId ?? subscriptionId);
      return lookAgain(each, { arm, owner, serviceName: spec.serviceName, signal });
    }),
  );
  const marks = looked.filter((each) => each !== 'NotRead');
  return {
    found: marks.map((mark) => ({
      ...UNSEEN,
      id: mark.id,
      resolves: 'Unknown',
      siteRecord: 'Unknown',
      mark: { kind: 'Read', mark },
    })),
    marks: new Map(marks.map((mark) => [mark.id, mark])),
    inventory: marks.length < looked.length ? 'Partial' : inventory,
  };
}

interface Sought {
  readonly arm: ReturnType<Scope['azure']['connect']>['arm'];
  readonly owner: GatewayOwner;
  readonly serviceName: string;
  readonly signal: AbortSignal;
}

/** What Azure itself says of it now. Where its identity is not found, or has gone since, it may have served. */
async function lookAgain(
  { id, resource, isAnchor, mark }: FoundDeployment,
  { arm, owner, serviceName, signal }: Sought,
): Promise<GatewayMark | 'NotRead'> {
  if (!isAnchor) {
    return mark;
  }
  try {
    const now = await arm.get(resource.id, API_VERSIONS.managedIdentity, { signal });
    const { location, tags } = now.kind === 'Present' ? now.resource : {};
    const read =
      now.kind === 'Present'
        ? markOf({ id: resource.id, location, tags }, { owner, deploymentId: id, serviceName })
        : undefined;
    return read?.kind === 'Read' ? read.mark : { ...mark, served: 'Yes' };
  } catch (error) {
    if (error instanceof ArmError) {
      return 'NotRead';
    }
    throw error;
  }
}
