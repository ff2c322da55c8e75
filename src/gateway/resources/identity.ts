import type { DesiredResource } from '../../azure/desired-resource.ts';
import { API_VERSIONS } from '../api-versions.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { resourceIds } from '../ids.ts';
import { markTags } from '../mark.ts';
import { ownershipTags } from '../tags.ts';

/**
 * The identity of the VMs. User-assigned, so that its roles are in place before the first VM starts. It carries the mark of
 * the deployment: of what always belongs to the gateway it is made first and, in a group that others share, deleted last.
 */
export function identity(deployment: GatewayDeployment): DesiredResource {
  return {
    key: 'identity',
    id: resourceIds(deployment).identity,
    apiVersion: API_VERSIONS.managedIdentity,
    dependsOn: ['resourceGroup'],
    desired: () => ({ location: deployment.region, tags: { ...ownershipTags(deployment), ...markTags(deployment) } }),
  };
}
