import type { DesiredResource, ObservedResources, ResourceKey } from '../azure/desired-resource.ts';
import type { GatewayDeployment } from './deployment.ts';
import { identityPrincipalId } from './outputs.ts';
import { identity } from './resources/identity.ts';
import { certificate, keyVault } from './resources/key-vault.ts';
import { loadBalancer, networkSecurityGroup, publicIpAddress, virtualNetwork } from './resources/network.ts';
import { resourceGroup } from './resources/resource-group.ts';
import { operatorStorageRole, storageRole, vaultRole } from './resources/role-assignments.ts';
import { scaleSet } from './resources/scale-set.ts';
import { contentContainer, packagesContainer, storageAccount } from './resources/storage.ts';

/**
 * Everything that one gateway consists of in Azure, in the order in which it is created. The roles of the gateway's
 * identity are named by its principal, so they are part of the graph only once the identity has been observed; the scale
 * set waits for them.
 */
export function gatewayGraph(deployment: GatewayDeployment, observed: ObservedResources): readonly DesiredResource[] {
  const principalId = identityPrincipalId(observed);
  const resources = [
    ...(deployment.resourceGroup.mode === 'Create' ? [resourceGroup(deployment)] : []),
    identity(deployment),
    networkSecurityGroup(deployment),
    publicIpAddress(deployment),
    storageAccount(deployment),
    keyVault(deployment),
    virtualNetwork(deployment),
    loadBalancer(deployment),
    packagesContainer(deployment),
    ...(deployment.contentEnabled ? [contentContainer(deployment)] : []),
    certificate(deployment),
    operatorStorageRole(deployment),
    ...(principalId === undefined ? [] : [vaultRole(deployment, principalId), storageRole(deployment, principalId)]),
    scaleSet(deployment),
  ];
  return deployment.resourceGroup.mode === 'Create' ? resources : resources.map(withoutOwnGroup);
}

/** A group that existed before is a precondition, not a part of the graph. */
function withoutOwnGroup(resource: DesiredResource): DesiredResource {
  return { ...resource, dependsOn: resource.dependsOn.filter((key) => key !== 'resourceGroup') };
}

/** Resources that carry the tags of their owner. The others belong to one of these, or hang on it. */
export const CARRIES_OWNER_TAGS: ReadonlySet<ResourceKey> = new Set([
  'resourceGroup',
  'identity',
  'networkSecurityGroup',
  'publicIpAddress',
  'storageAccount',
  'vault',
  'virtualNetwork',
  'loadBalancer',
  'scaleSet',
]);
