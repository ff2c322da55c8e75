import { formatResourceId, resourceGroupId } from '../azure/resource-id.ts';
import { type GatewayDeployment, storageAccountName } from './deployment.ts';

/** Names inside the resources. */
export const SUBNET = 'gateway';
export const FRONTEND = 'frontend';
export const BACKEND_POOL = 'gateway';
export const HTTPS = 'https';
export const INSTANCES = 'instances';
export const CERTIFICATE_SECRET = 'server-certificate';
export const PACKAGES_CONTAINER = 'packages';
export const CONTENT_CONTAINER = 'content';

export type ResourceIds = ReturnType<typeof makeIds>;

/** Every resource asks for the ids of those that it refers to, several times in each reconcile. */
const known = new WeakMap<GatewayDeployment, ResourceIds>();

/** The ARM ids of everything in one deployment. Every resource carries the prefix as its name. */
export function resourceIds(deployment: GatewayDeployment): ResourceIds {
  const ids = known.get(deployment) ?? makeIds(deployment);
  known.set(deployment, ids);
  return ids;
}

function makeIds(deployment: GatewayDeployment) {
  const { subscriptionId, resourceGroup, prefix } = deployment;
  const id = (type: string, ...names: readonly string[]) =>
    formatResourceId(subscriptionId, resourceGroup.name, type, ...names);
  const account = storageAccountName(prefix);
  const container = (name: string) =>
    id('Microsoft.Storage/storageAccounts/blobServices/containers', account, 'default', name);
  return {
    resourceGroup: resourceGroupId(subscriptionId, resourceGroup.name),
    identity: id('Microsoft.ManagedIdentity/userAssignedIdentities', prefix),
    networkSecurityGroup: id('Microsoft.Network/networkSecurityGroups', prefix),
    virtualNetwork: id('Microsoft.Network/virtualNetworks', prefix),
    subnet: id('Microsoft.Network/virtualNetworks/subnets', prefix, SUBNET),
    publicIpAddress: id('Microsoft.Network/publicIPAddresses', prefix),
    loadBalancer: id('Microsoft.Network/loadBalancers', prefix),
    vault: id('Microsoft.KeyVault/vaults', prefix),
    certificate: id('Microsoft.KeyVault/vaults/secrets', prefix, CERTIFICATE_SECRET),
    storageAccount: id('Microsoft.Storage/storageAccounts', account),
    packagesContainer: container(PACKAGES_CONTAINER),
    contentContainer: container(CONTENT_CONTAINER),
    scaleSet: id('Microsoft.Compute/virtualMachineScaleSets', prefix),
  } as const;
}
