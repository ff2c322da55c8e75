import { expect, test } from 'vitest';
import { bodyOf, contoso } from '../deployment.test-world.ts';
import { contentContainer, packagesContainer, storageAccount } from './storage.ts';

test('the account takes no shared key, no anonymous reader and no old TLS', () => {
  expect(bodyOf(storageAccount(contoso), contoso)).toMatchInlineSnapshot(`
    {
      "kind": "StorageV2",
      "location": "westeurope",
      "properties": {
        "accessTier": "Hot",
        "allowBlobPublicAccess": false,
        "allowSharedKeyAccess": false,
        "minimumTlsVersion": "TLS1_2",
        "networkAcls": {
          "bypass": "AzureServices",
          "defaultAction": "Allow",
        },
        "publicNetworkAccess": "Enabled",
        "supportsHttpsTrafficOnly": true,
      },
      "sku": {
        "name": "Standard_LRS",
      },
      "tags": {
        "configmgr.io_cluster": "6f8a2c1e-4d3b-4a5f-9e7d-8c6b5a4f3e2d",
        "configmgr.io_deployment": "0f1e2d3c",
        "configmgr.io_owner": "contoso-prod/gateways/europe",
      },
    }
  `);
});

test('containers are private', () => {
  for (const container of [packagesContainer(contoso), contentContainer(contoso)]) {
    expect(bodyOf(container, contoso)).toEqual({ properties: { publicAccess: 'None' } });
  }
});
