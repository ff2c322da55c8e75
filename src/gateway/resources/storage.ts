import type { DesiredResource } from '../../azure/desired-resource.ts';
import { API_VERSIONS } from '../api-versions.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { resourceIds } from '../ids.ts';
import { ownershipTags } from '../tags.ts';

/** Holds the service package and, if the gateway serves it, content. No shared keys and no anonymous access. */
export function storageAccount(deployment: GatewayDeployment): DesiredResource {
  return {
    key: 'storageAccount',
    id: resourceIds(deployment).storageAccount,
    apiVersion: API_VERSIONS.storage,
    dependsOn: ['resourceGroup'],
    takesName: true,
    desired: () => ({
      location: deployment.region,
      tags: ownershipTags(deployment),
      sku: { name: 'Standard_LRS' },
      kind: 'StorageV2',
      properties: {
        accessTier: 'Hot',
        minimumTlsVersion: 'TLS1_2',
        supportsHttpsTrafficOnly: true,
        allowBlobPublicAccess: false,
        allowSharedKeyAccess: false,
        publicNetworkAccess: 'Enabled',
        networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' },
      },
    }),
  };
}

export function packagesContainer(deployment: GatewayDeployment): DesiredResource {
  return container('packagesContainer', resourceIds(deployment).packagesContainer);
}

export function contentContainer(deployment: GatewayDeployment): DesiredResource {
  return container('contentContainer', resourceIds(deployment).contentContainer);
}

function container(key: string, id: string): DesiredResource {
  return {
    key,
    id,
    apiVersion: API_VERSIONS.storage,
    dependsOn: ['storageAccount'],
    desired: () => ({ properties: { publicAccess: 'None' } }),
  };
}
