import type { JsonObject } from '../../../src/json.ts';
import type { SimulatedCloud } from './clouds.ts';

/** Documents with which clients find the endpoints of a cloud and a tenant. */

/** The OpenID configuration of the tenant. */
export function openIdConfiguration(origin: string, tenantId: string, cloud: SimulatedCloud): JsonObject {
  return {
    token_endpoint: `${origin}/${tenantId}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${origin}/${tenantId}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${origin}/${tenantId}/v2.0`,
    authorization_endpoint: `${origin}/${tenantId}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${origin}/${tenantId}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${origin}/${tenantId}/oauth2/v2.0/logout`,
    tenant_region_scope: cloud.tenantRegionScope,
    cloud_instance_name: new URL(origin).host,
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: cloud.microsoftGraphHost,
  };
}

/** That this authority is one that exists. */
export function instanceDiscovery(origin: string, tenantId: string): JsonObject {
  const { host } = new URL(origin);
  return {
    tenant_discovery_endpoint: `${origin}/${tenantId}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}

/** What a client needs to know of this cloud: one object since api-version 2022-09-01. */
export function cloudMetadata(origin: string, cloud: SimulatedCloud): JsonObject {
  return {
    name: 'Simulator',
    portal: origin,
    resourceManager: `${origin}/`,
    microsoftGraphResourceId: `${origin}/graph`,
    authentication: {
      loginEndpoint: origin,
      audiences: cloud.audiences.toReversed().map((audience) => `${audience}/`),
      tenant: 'common',
      identityProvider: 'AAD',
    },
    suffixes: { keyVaultDns: cloud.vaultSuffix, storage: cloud.storageSuffix },
  };
}
