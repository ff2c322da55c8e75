import { ids, storageAccountBody, withValue } from '../../providers/sample-bodies.ts';
import { aso, BY_THE_GATEWAY, cli, notFound, refused, STORAGE_RESULT_URL } from '../forms.ts';
import { ABSENT, EMPTY, type Given, type Table } from '../row.ts';

const ACCOUNT = ids.storageAccount;
const SERVICE = `${ACCOUNT}/blobServices/default`;
const CONTAINER = `${SERVICE}/containers/packages`;
const SOURCE = aso('Test_Storage_StorageAccount_20250601_CRUD');
const EXISTS: Given = { kind: 'Exists', path: ACCOUNT, body: storageAccountBody };
const SMALL = {
  kind: 'StorageV2',
  location: 'westeurope',
  sku: { name: 'Standard_LRS' },
  properties: { accessTier: 'Hot' },
  tags: null,
};
const STORAGE_ETAG = /^"0x[0-9A-F]{15}"$/;

export const storageAccounts: Table = {
  title: 'storage accounts',
  rows: [
    {
      name: 'a new account',
      source: SOURCE,
      covers: ['storage account PUT new'],
      steps: [
        {
          ask: `PUT ${ACCOUNT}`,
          body: SMALL,
          answer: {
            status: 202,
            headers: { Location: STORAGE_RESULT_URL, 'Retry-After': '17', 'Azure-AsyncOperation': ABSENT },
            body: EMPTY,
          },
        },
        { waitSeconds: 17 },
        {
          ask: 'GET {location}',
          answer: { status: 202, headers: { Location: STORAGE_RESULT_URL, 'Retry-After': '17' }, body: EMPTY },
        },
        { waitSeconds: 17 },
        {
          ask: 'GET {location}',
          answer: {
            status: 200,
            headers: { Location: ABSENT, 'Retry-After': ABSENT },
            body: {
              sku: { name: 'Standard_LRS', tier: 'Standard' },
              kind: 'StorageV2',
              id: ACCOUNT,
              tags: {},
              properties: {
                allowCrossTenantDelegationSas: false,
                allowCrossTenantReplication: false,
                privateEndpointConnections: [],
                minimumTlsVersion: 'TLS1_2',
                allowBlobPublicAccess: false,
                networkAcls: {
                  ipv6Rules: [],
                  bypass: 'AzureServices',
                  virtualNetworkRules: [],
                  ipRules: [],
                  defaultAction: 'Allow',
                },
                supportsHttpsTrafficOnly: true,
                encryption: {
                  services: {
                    file: { keyType: 'Account', enabled: true },
                    blob: { keyType: 'Account', enabled: true },
                  },
                  keySource: 'Microsoft.Storage',
                },
                accessTier: 'Hot',
                provisioningState: 'Succeeded',
                primaryLocation: 'westeurope',
                statusOfPrimary: 'available',
              },
            },
          },
        },
      ],
    },
    {
      name: 'an account that is written as it is',
      source: aso('Test_CreateStorageAccountThatAlreadyExists_ReconcilesSuccessfully'),
      covers: ['storage account PUT unchanged'],
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${ACCOUNT}`,
          body: storageAccountBody,
          answer: {
            status: 200,
            headers: { Location: ABSENT, 'Retry-After': ABSENT, ETag: ABSENT },
            body: { properties: { provisioningState: 'Succeeded' } },
          },
        },
      ],
    },
    {
      name: 'keys of an account that is still being made',
      source: aso('Test_CreateStorageAccountWithSkipReconcile_SecretsAreWritten'),
      covers: ['409 StorageAccountIsNotProvisioned'],
      steps: [
        { ask: `PUT ${ACCOUNT}`, body: storageAccountBody, answer: { status: 202 } },
        {
          ask: `POST ${ACCOUNT}/listKeys`,
          answer: refused(
            409,
            'StorageAccountIsNotProvisioned',
            "The storage account provisioning state must be 'Succeeded' before executing the operation.",
          ),
        },
        { waitSeconds: 40 },
        {
          ask: `POST ${ACCOUNT}/listKeys`,
          answer: {
            status: 200,
            body: {
              keys: [
                { keyName: 'key1', value: /^.{86}==$/, permissions: /^full$/i },
                { keyName: 'key2', value: /^.{86}==$/, permissions: /^full$/i },
              ],
            },
          },
        },
      ],
    },
    {
      name: 'a name that cannot be',
      source: aso('Test_AzureName_IsImmutable_IfAzureHasBeenCommunicatedWith'),
      covers: ['400 AccountNameInvalid'],
      steps: [
        {
          ask: `PUT ${ACCOUNT.replace('cmgstore', '==--039+')}`,
          body: storageAccountBody,
          answer: refused(
            400,
            'AccountNameInvalid',
            '==--039+ is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.',
          ),
        },
      ],
    },
    {
      name: 'a name that somebody else has',
      source: 'documentation: error-storage-account-name.md of MicrosoftDocs/azure-docs',
      given: [{ kind: 'ForeignName', name: { kind: 'storageAccount', name: 'cmgstore' } }],
      steps: [
        {
          ask: `PUT ${ACCOUNT}`,
          body: storageAccountBody,
          answer: refused(409, 'StorageAccountAlreadyTaken', 'The storage account named cmgstore is already taken.'),
        },
      ],
    },
    {
      name: 'an identity that does not exist',
      source: aso('Test_StorageAccountWithKubernetesReferenceUserAssignedIdentity'),
      covers: ['400 FailedIdentityOperation'],
      steps: [
        {
          ask: `PUT ${ACCOUNT}`,
          body: {
            ...storageAccountBody,
            identity: { type: 'UserAssigned', userAssignedIdentities: { [ids.identity]: {} } },
          },
          answer: refused(
            400,
            'FailedIdentityOperation',
            `Identity operation for resource '${ACCOUNT}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{"error":{"code":"BadRequest","message":"Resource '${ids.identity.replace('resourceGroups', 'resourcegroups')}' was not found."}}'.'.`,
            { headers: BY_THE_GATEWAY },
          ),
        },
      ],
    },
    {
      name: 'an account that is deleted, twice',
      source: aso('Test_Storage_StorageAccount_20250601_CRUD, Test_Networking_NetworkWatcher_20241001_CRUD'),
      covers: ['storage account DELETE'],
      given: [EXISTS],
      steps: [
        { ask: `DELETE ${ACCOUNT}`, answer: { status: 200, headers: { Location: ABSENT }, body: EMPTY } },
        { ask: `GET ${ACCOUNT}`, answer: notFound('Microsoft.Storage/storageAccounts/cmgstore') },
        { ask: `DELETE ${ACCOUNT}`, answer: { status: 204, body: EMPTY } },
      ],
    },
    {
      name: 'a service that does not answer for a while',
      source: aso('Test_Networking_NetworkWatcher_20241001_CRUD'),
      covers: ['503 ServiceUnavailable'],
      given: [
        EXISTS,
        {
          kind: 'Fault',
          rule: {
            match: { method: 'DELETE', urlPattern: 'storageAccounts' },
            action: {
              kind: 'answer',
              status: 503,
              code: 'ServiceUnavailable',
              message: 'The service is unavailable now. Please retry the request later.',
              headers: { 'x-ms-failure-cause': 'service' },
            },
          },
        },
      ],
      steps: [
        {
          ask: `DELETE ${ACCOUNT}`,
          answer: refused(
            503,
            'ServiceUnavailable',
            'The service is unavailable now. Please retry the request later.',
            {
              headers: { 'x-ms-failure-cause': 'service' },
            },
          ),
        },
        { ask: `DELETE ${ACCOUNT}`, answer: { status: 200, body: EMPTY } },
      ],
    },
    {
      name: 'a change that cannot be made',
      source: 'documentation: StorageAccounts_Create of Azure/azure-rest-api-specs; the wording is not recorded',
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${ACCOUNT}`,
          body: withValue(storageAccountBody, ['properties', 'isHnsEnabled'], true),
          answer: refused(409, 'StorageAccountPropertyCannotBeUpdated', /isHnsEnabled/),
        },
      ],
    },
    {
      name: 'a list',
      source: cli('test_create_storage_account'),
      given: [EXISTS],
      steps: [
        {
          ask: `GET ${ACCOUNT.replace('/cmgstore', '')}`,
          answer: { status: 200, body: { value: [{ id: ACCOUNT }], nextLink: ABSENT } },
        },
      ],
    },
  ],
};

export const blobContainers: Table = {
  title: 'blob services and containers',
  rows: [
    {
      name: 'the blob service answers with what it was sent',
      source: SOURCE,
      covers: ['blob service and container PUT'],
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${SERVICE}`,
          body: { name: 'default' },
          answer: {
            status: 200,
            headers: { ETag: ABSENT },
            body: { name: 'default', id: ABSENT, properties: ABSENT },
          },
        },
        {
          ask: `GET ${SERVICE}`,
          answer: {
            status: 200,
            body: {
              sku: { name: 'Standard_LRS', tier: 'Standard' },
              id: SERVICE,
              type: 'Microsoft.Storage/storageAccounts/blobServices',
              properties: {
                cors: { corsRules: [] },
                deleteRetentionPolicy: { allowPermanentDelete: false, enabled: false },
              },
            },
          },
        },
      ],
    },
    {
      name: 'a container, which its PUT answers without properties',
      source: aso('Test_OwnerIsARMIDOfParent_ChildResourceSuccessfullyReconciled'),
      covers: ['blob service and container PUT', '404 ContainerNotFound'],
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${CONTAINER}`,
          body: { name: 'packages' },
          answer: {
            status: 201,
            headers: { ETag: STORAGE_ETAG },
            body: { id: CONTAINER, name: 'packages', properties: ABSENT, etag: ABSENT },
          },
        },
        {
          ask: `GET ${CONTAINER}`,
          answer: {
            status: 200,
            headers: { ETag: STORAGE_ETAG },
            body: {
              etag: STORAGE_ETAG,
              properties: {
                deleted: false,
                remainingRetentionDays: 0,
                defaultEncryptionScope: '$account-encryption-key',
                denyEncryptionScopeOverride: false,
                publicAccess: 'None',
                leaseStatus: 'Unlocked',
                leaseState: 'Available',
                legalHold: { hasLegalHold: false, tags: [] },
                hasImmutabilityPolicy: false,
                hasLegalHold: false,
              },
            },
          },
        },
        {
          ask: `PUT ${CONTAINER}`,
          body: { properties: { metadata: { tag1: 'value1' } } },
          answer: {
            status: 200,
            headers: { ETag: STORAGE_ETAG },
            body: { properties: { deleted: false, metadata: { tag1: 'value1' }, publicAccess: ABSENT } },
          },
        },
        { ask: `DELETE ${CONTAINER}`, answer: { status: 200, body: EMPTY } },
        {
          ask: `GET ${CONTAINER}`,
          answer: refused(
            404,
            'ContainerNotFound',
            /^The specified container does not exist\.\nRequestId:[0-9a-f-]{36}\nTime:\d{4}-\d{2}-\d{2}T[\d:.]+Z$/,
          ),
        },
      ],
    },
    {
      name: 'a service of an account that is not there',
      source: aso('Test_Storage_StorageAccount_20210401_CRUD'),
      covers: ['404 ParentResourceNotFound'],
      steps: [
        {
          ask: `DELETE ${SERVICE}`,
          answer: refused(
            404,
            'ParentResourceNotFound',
            `Failed to perform 'delete' on resource(s) of type 'storageAccounts/blobServices', because the parent resource '${ACCOUNT}' could not be found.`,
            { headers: BY_THE_GATEWAY },
          ),
        },
      ],
    },
  ],
};
