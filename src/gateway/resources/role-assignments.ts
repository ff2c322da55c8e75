import type { DesiredResource, ResourceKey } from '../../azure/desired-resource.ts';
import { roleAssignmentName } from '../../azure/resource-id.ts';
import { API_VERSIONS } from '../api-versions.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { resourceIds } from '../ids.ts';

/** Built-in roles by their ids, which are the same in every subscription ("Azure built-in roles"). */
const KEY_VAULT_SECRETS_USER = '4633458b-17de-408a-b874-0445c86b69e6';
const STORAGE_BLOB_DATA_CONTRIBUTOR = 'ba92f5b4-2d11-453d-a403-e99cb0f9b4cb';

/** Lets the operator put the service package into the storage account. */
export function operatorStorageRole(deployment: GatewayDeployment): DesiredResource {
  return assignment(deployment, {
    key: 'operatorStorageRole',
    on: 'storageAccount',
    role: STORAGE_BLOB_DATA_CONTRIBUTOR,
    principalId: deployment.operatorPrincipalId,
  });
}

/** Lets the VMs read the certificate from the vault. */
export function vaultRole(deployment: GatewayDeployment, principalId: string): DesiredResource {
  return assignment(deployment, { key: 'vaultRole', on: 'vault', role: KEY_VAULT_SECRETS_USER, principalId });
}

/** Lets the VMs read the service package, and write logs and content. */
export function storageRole(deployment: GatewayDeployment, principalId: string): DesiredResource {
  return assignment(deployment, {
    key: 'storageRole',
    on: 'storageAccount',
    role: STORAGE_BLOB_DATA_CONTRIBUTOR,
    principalId,
  });
}

function assignment(
  deployment: GatewayDeployment,
  {
    key,
    on,
    role,
    principalId,
  }: { key: ResourceKey; on: 'vault' | 'storageAccount'; role: string; principalId: string },
): DesiredResource {
  const scope = resourceIds(deployment)[on];
  const roleDefinitionId = `/subscriptions/${deployment.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
  const name = roleAssignmentName(scope, principalId, roleDefinitionId);
  return {
    key,
    id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    apiVersion: API_VERSIONS.authorization,
    dependsOn: key === 'operatorStorageRole' ? [on] : [on, 'identity'],
    // Without its type, a principal that was just made is refused until every directory replica knows it.
    desired: () => ({ properties: { roleDefinitionId, principalId, principalType: 'ServicePrincipal' } }),
  };
}
