import type { DesiredResource } from '../azure/desired-resource.ts';
import type { JsonObject } from '../json.ts';
import type { GatewayDeployment } from './deployment.ts';
import { resourceIds } from './ids.ts';
import { VM_MODELS } from './vm-models.ts';

/** A gateway for tests, with everything that a spec can turn on. */
export const contoso: GatewayDeployment = {
  id: '0f1e2d3c',
  owner: {
    installationId: 'contoso-prod',
    namespace: 'gateways',
    name: 'europe',
    clusterUid: '6f8a2c1e-4d3b-4a5f-9e7d-8c6b5a4f3e2d',
  },
  tenantId: '11111111-1111-4111-8111-111111111111',
  subscriptionId: '22222222-2222-4222-8222-222222222222',
  region: 'westeurope',
  resourceGroup: { name: 'rg-cmg-europe', mode: 'Create' },
  serviceName: 'GraniteFalls.contoso.com',
  prefix: 'granitefalls',
  vmSku: 'Standard_D4ads_v6',
  vmModel: VM_MODELS[0],
  instances: 2,
  contentEnabled: true,
  clientAuthentication: { trustedCertificates: ['bm90IGEgcmVhbCBjZXJ0aWZpY2F0ZQ=='], verifyRevocation: true },
  minimumTlsVersion: '1.2',
  entra: {
    serverAppId: '66666666-6666-4666-8666-666666666666',
    clientAppId: '77777777-7777-4777-8777-777777777777',
  },
  authorityHost: 'https://login.microsoftonline.com',
  servicePackage: { sha256: 'a1'.repeat(32) },
  certificate: {
    sha256Fingerprint: 'b2'.repeat(32),
    chainSha256: 'c3'.repeat(32),
    pkcs12: async () => 'bm90IGEgcmVhbCBQS0NTIzEyIGZpbGU=',
  },
  operatorPrincipalId: '33333333-3333-4333-8333-333333333333',
  adminPassword: () => 'Made-up-1234567890',
};

/** What Azure shows of those resources whose values others need, as far as they need them. */
export function observedOutputs(deployment: GatewayDeployment): Map<string, JsonObject> {
  const ids = resourceIds(deployment);
  const { prefix, region } = deployment;
  return new Map<string, JsonObject>([
    [
      'identity',
      {
        id: ids.identity,
        properties: {
          principalId: '44444444-4444-4444-8444-444444444444',
          clientId: '55555555-5555-4555-8555-555555555555',
        },
      },
    ],
    [
      'publicIpAddress',
      {
        id: ids.publicIpAddress,
        properties: {
          ipAddress: '203.0.113.7',
          dnsSettings: { domainNameLabel: prefix, fqdn: `${prefix}.${region}.cloudapp.azure.com` },
        },
      },
    ],
    [
      'storageAccount',
      {
        id: ids.storageAccount,
        properties: { primaryEndpoints: { blob: `https://${prefix}.blob.core.windows.net/` } },
      },
    ],
    [
      'certificate',
      {
        id: ids.certificate,
        properties: {
          secretUriWithVersion: `https://${prefix}.vault.azure.net/secrets/server-certificate/${'c3'.repeat(16)}`,
        },
      },
    ],
  ]);
}

/** The body that a resource is written with, secrets included, once everything it needs has been observed. */
export async function sentBody(resource: DesiredResource, deployment: GatewayDeployment): Promise<JsonObject> {
  const body = declaredBody(resource, deployment);
  return (await resource.withSecrets?.(body)) ?? body;
}

function declaredBody(resource: DesiredResource, deployment: GatewayDeployment): JsonObject {
  const body = resource.desired(observedOutputs(deployment));
  if (body === undefined) {
    throw new Error(`${resource.key} still waits for something.`);
  }
  return body;
}

/**
 * The body that a resource is written with, but for `withSecrets`, once everything it needs has been observed. For reading in tests, the id of
 * the resource group is shown as `<group>`.
 */
export function bodyOf(resource: DesiredResource, deployment: GatewayDeployment): JsonObject {
  const body = declaredBody(resource, deployment);
  return JSON.parse(JSON.stringify(body).replaceAll(resourceIds(deployment).resourceGroup, '<group>'));
}
