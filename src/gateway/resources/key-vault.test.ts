import { expect, test } from 'vitest';
import { bodyOf, contoso, sentBody } from '../deployment.test-world.ts';
import { certificate, keyVault } from './key-vault.ts';

test('the vault gives access by role, lets Azure install its certificate, and can be purged', () => {
  // Without any mention of purge protection: Azure refuses `false`, and `true` can never be taken back.
  expect(bodyOf(keyVault(contoso), contoso)).toMatchInlineSnapshot(`
    {
      "location": "westeurope",
      "properties": {
        "enableRbacAuthorization": true,
        "enabledForDeployment": true,
        "networkAcls": {
          "bypass": "AzureServices",
          "defaultAction": "Allow",
        },
        "publicNetworkAccess": "Enabled",
        "sku": {
          "family": "A",
          "name": "standard",
        },
        "softDeleteRetentionInDays": 7,
        "tenantId": "11111111-1111-4111-8111-111111111111",
      },
      "tags": {
        "configmgr.io_cluster": "6f8a2c1e-4d3b-4a5f-9e7d-8c6b5a4f3e2d",
        "configmgr.io_deployment": "0f1e2d3c",
        "configmgr.io_owner": "contoso-prod/gateways/europe",
      },
    }
  `);
});

test('the certificate is a secret, with a tag that tells which one it is', () => {
  expect(bodyOf(certificate(contoso), contoso)).toMatchInlineSnapshot(`
    {
      "properties": {
        "attributes": {
          "enabled": true,
        },
        "contentType": "application/x-pkcs12",
      },
      "tags": {
        "configmgr.io_certificate": "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3",
      },
    }
  `);
});

test('the value of the certificate is added only when it is sent', async () => {
  const { properties } = await sentBody(certificate(contoso), contoso);
  expect(properties).toEqual({
    attributes: { enabled: true },
    contentType: 'application/x-pkcs12',
    value: await contoso.certificate.pkcs12(),
  });
});
