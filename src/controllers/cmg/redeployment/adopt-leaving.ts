import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../../azure/arm-client.ts';
import type { DesiredResource } from '../../../azure/desired-resource.ts';
import type { GatewayDeployment } from '../../../gateway/deployment.ts';
import { CARRIES_OWNER_TAGS, gatewayGraph } from '../../../gateway/graph.ts';
import { resourceIds } from '../../../gateway/ids.ts';
import { markTags } from '../../../gateway/mark.ts';
import { isOwnedBy, ownershipOf, ownershipTags } from '../../../gateway/tags.ts';
import { recordedGateway } from '../deployment.ts';
import { consentOf } from '../ownership.ts';
import type { Scope } from '../scope.ts';
import { markOfDeployment } from './mark.ts';

/**
 * Takes back a gateway that hands over or is being deleted, and has lost its tags, where a person has consented to that. Nothing
 * but tags is written: it is not repaired, not started, and what of it is gone is not made anew. A resource group is taken back only
 * where the operator made it.
 *
 * @returns the consent that is used up by it; `undefined`: there is none
 * @throws ArmError
 */
export async function adoptLeaving(
  scope: Scope,
  arm: Pick<ArmClient, 'get' | 'patch'>,
  deployment: CMGStatusDeployment,
): Promise<string | undefined> {
  const recorded = recordedGateway(scope.cmg, deployment, scope);
  const { annotation, given } = consentOf(scope, resourceIds(recorded).resourceGroup, deployment);
  if (!given) {
    return undefined;
  }
  const gateway = { ...recorded, mark: markOfDeployment(deployment) };
  const isOwnGroup = deployment.resources?.some(({ name }) => name === 'resourceGroup') === true;
  const tagged = gatewayGraph(gateway, new Map()).filter(
    ({ key }) => CARRIES_OWNER_TAGS.has(key) && (key !== 'resourceGroup' || isOwnGroup),
  );
  await Promise.all(tagged.map((resource) => writeTags(scope, arm, gateway, resource)));
  return annotation;
}

async function writeTags(
  { signal }: Scope,
  arm: Pick<ArmClient, 'get' | 'patch'>,
  gateway: GatewayDeployment,
  { key, id, apiVersion }: DesiredResource,
): Promise<void> {
  const found = await arm.get(id, apiVersion, { signal });
  if (found.kind === 'Absent') {
    return;
  }
  const { tags } = found.resource;
  const own = { ...ownershipTags(gateway), ...(key === 'identity' ? markTags(gateway) : {}) };
  const isOurs = isOwnedBy(tags, gateway.owner) && ownershipOf(tags)?.deploymentId === gateway.id;
  if (!isOurs) {
    await arm.patch(
      id,
      apiVersion,
      { tags: { ...(tags as Readonly<Record<string, string>> | undefined), ...own } },
      { signal },
    );
  }
}
