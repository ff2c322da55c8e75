import type { JsonObject } from '../../../../src/json.ts';
import { mergePatch, objectAt, textAt } from '../json-path.ts';

/** How the storage provider answers. */

/** What a storage account is made of beside the request body. */
export interface StorageIdentity {
  readonly id: string;
  readonly name: string;
  /** When it was created, ISO 8601. */
  readonly creationTime: string;
  /** Address of its blobs, with a trailing slash. */
  readonly blobEndpoint: string;
  /** What follows the account's name and the service in its other addresses, such as `core.windows.net`. */
  readonly suffix: string;
}

/**
 * A storage account as Azure returns it after a PUT or PATCH. What the request leaves out stays as it was; an account
 * that is new gets the service's defaults.
 *
 * @param before the account as it was, if it existed
 */
export function storageAccount(
  identity: StorageIdentity,
  body: JsonObject,
  before: JsonObject | undefined,
): JsonObject {
  const { id, name, creationTime } = identity;
  const skuName = textAt(body, 'sku.name') ?? textAt(before, 'sku.name') ?? 'Standard_LRS';
  const location = textAt(before, 'location') ?? textAt(body, 'location') ?? '';
  const withIdentity = body.identity ?? before?.identity;
  return {
    sku: { name: skuName, tier: skuName.startsWith('Premium') ? 'Premium' : 'Standard' },
    kind: body.kind ?? before?.kind ?? 'StorageV2',
    id,
    name,
    type: 'Microsoft.Storage/storageAccounts',
    location,
    tags: body.tags ?? before?.tags ?? {},
    ...(withIdentity === undefined ? {} : { identity: withIdentity }),
    properties: {
      ...mergePatch(
        before === undefined ? accountDefaults(creationTime) : objectAt(before, 'properties'),
        withListDefaults(objectAt(body, 'properties')),
      ),
      provisioningState: 'Succeeded',
      creationTime,
      primaryEndpoints: endpoints(identity),
      primaryLocation: location,
      statusOfPrimary: 'available',
    },
  };
}

function accountDefaults(creationTime: string): JsonObject {
  const service = { keyType: 'Account', enabled: true, lastEnabledTime: creationTime };
  return {
    keyCreationTime: { key1: creationTime, key2: creationTime },
    allowCrossTenantDelegationSas: false,
    allowCrossTenantReplication: false,
    privateEndpointConnections: [],
    minimumTlsVersion: 'TLS1_2',
    allowBlobPublicAccess: false,
    publicNetworkAccess: 'Enabled',
    networkAcls: {
      ipv6Rules: [],
      bypass: 'AzureServices',
      virtualNetworkRules: [],
      ipRules: [],
      defaultAction: 'Allow',
    },
    supportsHttpsTrafficOnly: true,
    encryption: { services: { file: service, blob: service }, keySource: 'Microsoft.Storage' },
    accessTier: 'Hot',
  };
}

/** Network rules are replaced as a whole, so their lists become empty when they are left out. */
function withListDefaults(properties: JsonObject): JsonObject {
  return properties.networkAcls === undefined
    ? properties
    : {
        ...properties,
        networkAcls: {
          ipv6Rules: [],
          bypass: 'AzureServices',
          virtualNetworkRules: [],
          ipRules: [],
          ...objectAt(properties, 'networkAcls'),
        },
      };
}

function endpoints({ name, blobEndpoint, suffix }: StorageIdentity): JsonObject {
  const at = (service: string) => `https://${name}.${service}.${suffix}/`;
  return {
    dfs: at('dfs'),
    web: at('web'),
    blob: blobEndpoint,
    queue: at('queue'),
    table: at('table'),
    file: at('file'),
  };
}

/** The blob service of an account as Azure returns it. */
export function blobService(account: JsonObject, body: JsonObject, before: JsonObject | undefined): JsonObject {
  const defaults = { cors: { corsRules: [] }, deleteRetentionPolicy: { allowPermanentDelete: false, enabled: false } };
  return {
    sku: account.sku,
    id: `${account.id}/blobServices/default`,
    name: 'default',
    type: 'Microsoft.Storage/storageAccounts/blobServices',
    properties: mergePatch(
      before === undefined ? defaults : objectAt(before, 'properties'),
      objectAt(body, 'properties'),
    ),
  };
}

/** What a container is made of beside the request body. */
export interface ContainerIdentity {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly lastModifiedTime: string;
  /** Quoted, as HTTP writes it. */
  readonly etag: string;
}

/** A blob container as Azure returns it. */
export function blobContainer(
  identity: ContainerIdentity,
  body: JsonObject,
  before: JsonObject | undefined,
): JsonObject {
  const { id, name, lastModifiedTime, etag } = identity;
  const given = mergePatch(objectAt(before, 'properties'), objectAt(body, 'properties'));
  return {
    id,
    name,
    type: 'Microsoft.Storage/storageAccounts/blobServices/containers',
    etag,
    properties: {
      immutableStorageWithVersioning: { enabled: false },
      deleted: false,
      remainingRetentionDays: 0,
      defaultEncryptionScope: '$account-encryption-key',
      denyEncryptionScopeOverride: false,
      publicAccess: 'None',
      leaseStatus: 'Unlocked',
      leaseState: 'Available',
      hasImmutabilityPolicy: false,
      legalHold: { hasLegalHold: false, tags: [] },
      hasLegalHold: false,
      ...given,
      lastModifiedTime,
    },
  };
}
