import type { DesiredResource } from '../../azure/desired-resource.ts';
import { isJsonObject } from '../../json.ts';
import { API_VERSIONS } from '../api-versions.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { resourceIds } from '../ids.ts';
import { CERTIFICATE_TAG, ownershipTags } from '../tags.ts';

/**
 * Holds the server certificate. Access is by role (RBAC); `enabledForDeployment` lets the compute provider read the
 * certificate when it installs it in a VM. Soft delete is at its minimum of 7 days and purge protection is never asked
 * for, because it could not be taken back and would hold the name after the gateway is gone.
 */
export function keyVault(deployment: GatewayDeployment): DesiredResource {
  return {
    key: 'vault',
    id: resourceIds(deployment).vault,
    apiVersion: API_VERSIONS.keyVault,
    dependsOn: ['resourceGroup'],
    takesName: true,
    createOnly: ['properties.softDeleteRetentionInDays'],
    desired: () => ({
      location: deployment.region,
      tags: ownershipTags(deployment),
      properties: {
        tenantId: deployment.tenantId,
        sku: { family: 'A', name: 'standard' },
        enableRbacAuthorization: true,
        enabledForDeployment: true,
        softDeleteRetentionInDays: 7,
        publicNetworkAccess: 'Enabled',
        networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' },
      },
    }),
  };
}

/** The server certificate with its chain and key. Writing it again makes a new version, so a tag shows what is in it. */
export function certificate(deployment: GatewayDeployment): DesiredResource {
  return {
    key: 'certificate',
    id: resourceIds(deployment).certificate,
    apiVersion: API_VERSIONS.keyVault,
    dependsOn: ['vault'],
    desired: () => ({
      tags: { [CERTIFICATE_TAG]: deployment.certificate.chainSha256 },
      properties: {
        contentType: 'application/x-pkcs12',
        attributes: { enabled: true },
      },
    }),
    withSecrets: async (body) => ({
      ...body,
      properties: {
        ...(isJsonObject(body.properties) ? body.properties : {}),
        value: await deployment.certificate.pkcs12(),
      },
    }),
  };
}
