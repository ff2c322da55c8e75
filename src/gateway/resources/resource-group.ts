import type { DesiredResource } from '../../azure/desired-resource.ts';
import { API_VERSIONS } from '../api-versions.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { resourceIds } from '../ids.ts';
import { ownershipTags } from '../tags.ts';

/** The group that holds the gateway. Only for groups of our own: one that existed before is never written. */
export function resourceGroup(deployment: GatewayDeployment): DesiredResource {
  return {
    key: 'resourceGroup',
    id: resourceIds(deployment).resourceGroup,
    apiVersion: API_VERSIONS.resourceGroups,
    dependsOn: [],
    desired: () => ({ location: deployment.region, tags: ownershipTags(deployment) }),
  };
}
