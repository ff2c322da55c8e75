import { BlobServiceClient } from '@azure/storage-blob';
import { createCredential } from '../../../src/azure/credentials.ts';
import type { GatewaySettings } from '../../../src/gateway/settings.ts';
import { SETTINGS_TAG } from '../../../src/gateway/tags.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { simulatedCloud } from '../azure/gateway-engine.ts';
import { type GatewayTest, valueAt } from './suite.ts';

/** The settings that the VMs of a gateway are to have, as they stand in the storage account. */
export async function settingsInAzure(test: GatewayTest): Promise<GatewaySettings> {
  const { azure } = test;
  const [scaleSet] = test.resources('Microsoft.Compute/virtualMachineScaleSets');
  const [account] = test.resources('Microsoft.Storage/storageAccounts');
  const sha256 = (valueAt(scaleSet, 'tags') as Readonly<Record<string, string>>)[SETTINGS_TAG];
  const { tenantId, clientId, clientSecret } = azure;
  const cloud = simulatedCloud(azure);
  const credential = createCredential(cloud, { type: 'ClientSecret', tenantId, clientId, clientSecret }, systemClock);
  const service = new BlobServiceClient(
    String(valueAt(account, 'properties.primaryEndpoints.blob')),
    credential.tokens,
  );
  const blob = service.getContainerClient('packages').getBlobClient(`settings-${sha256}.json`);
  return JSON.parse((await blob.downloadToBuffer()).toString('utf8'));
}
