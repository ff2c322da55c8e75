import { textAt } from '../json-path.ts';
import type { InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

/** Names of what {@link createGateway} makes beside {@link sample.ids}. */
export const gatewayIds = {
  secret: `${sample.ids.vault}/secrets/cert`,
  container: `${sample.ids.storageAccount}/blobServices/default/containers/packages`,
  roleAssignment: `${sample.ids.vault}/providers/Microsoft.Authorization/roleAssignments/0f0f0f0f-1111-4222-8333-444444444444`,
} as const;

/** Makes everything that a scale set needs, and returns the URL of its certificate. */
export async function createSurroundings(azure: InProcessAzure): Promise<string> {
  const { ids } = sample;
  const identity = await azure.create(ids.identity, sample.identityBody);
  await azure.create(ids.networkSecurityGroup, sample.networkSecurityGroupBody);
  await azure.create(ids.virtualNetwork, sample.virtualNetworkBody);
  await azure.create(ids.publicIPAddress, sample.publicIPAddressBody);
  await azure.create(ids.loadBalancer, sample.loadBalancerBody);
  await azure.create(ids.vault, sample.vaultBody);
  const secret = await azure.create(gatewayIds.secret, sample.vaultSecretBody);
  await azure.create(ids.storageAccount, sample.storageAccountBody);
  await azure.create(gatewayIds.container, { properties: { publicAccess: 'None' } });
  const principalId = textAt(identity, 'properties.principalId') ?? '';
  await azure.create(gatewayIds.roleAssignment, sample.roleAssignmentBody(principalId));
  return textAt(secret, 'properties.secretUriWithVersion') ?? '';
}

/** Makes all resources of a gateway, and returns the URL of its certificate. */
export async function createGateway(azure: InProcessAzure, instances = 1): Promise<string> {
  const certificateUrl = await createSurroundings(azure);
  await azure.create(sample.ids.scaleSet, sample.scaleSetBody(certificateUrl, instances));
  return certificateUrl;
}
