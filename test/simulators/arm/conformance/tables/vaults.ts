import { GROUP, ids, SUBSCRIPTION, TENANT, vaultBody, vaultSecretBody } from '../../providers/sample-bodies.ts';
import { aso, notFound, refused, VAULT_RESULT_URL } from '../forms.ts';
import { ABSENT, EMPTY, type ExpectedHeaders, type Given, type Table } from '../row.ts';

const VAULT = ids.vault;
const DELETED = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/cmg-kv`;
const SECRET = `${VAULT}/secrets/cert`;
const EXISTS: Given = { kind: 'Exists', path: VAULT, body: vaultBody };
const SECRET_EXISTS: Given = { kind: 'Exists', path: SECRET, body: vaultSecretBody };
const POLICIES = {
  location: 'westeurope',
  properties: {
    tenantId: TENANT,
    sku: { family: 'A', name: 'standard' },
    enableRbacAuthorization: false,
    accessPolicies: [{ tenantId: TENANT, objectId: TENANT, permissions: { secrets: ['get'] } }],
    createMode: 'default',
  },
};
const NO_OPERATION: ExpectedHeaders = {
  Location: ABSENT,
  'Azure-AsyncOperation': ABSENT,
  'Retry-After': ABSENT,
  ETag: ABSENT,
};
const recover = { ...POLICIES, properties: { ...POLICIES.properties, createMode: 'recover' } };

export const vaults: Table = {
  title: 'vaults',
  rows: [
    {
      name: 'a new vault, whose address is registered while nothing says how long that takes',
      source: aso('Test_KeyVault_Vault_CRUD, Test_KeyVault_WhenPurgeSpecified_PurgesSuccessfully'),
      covers: ['vault PUT', 'vault DELETE'],
      steps: [
        { ask: `GET ${VAULT}`, answer: notFound('Microsoft.KeyVault/vaults/cmg-kv') },
        {
          ask: `PUT ${VAULT}`,
          body: POLICIES,
          answer: {
            status: 200,
            headers: NO_OPERATION,
            body: {
              id: VAULT,
              type: 'Microsoft.KeyVault/vaults',
              tags: {},
              systemData: { createdByType: 'Application', lastModifiedByType: 'Application' },
              properties: {
                provisioningState: 'RegisteringDns',
                vaultUri: 'https://cmg-kv.vault.azure.net',
                enabledForDeployment: false,
                enableSoftDelete: true,
                createMode: ABSENT,
              },
            },
          },
        },
        {
          ask: `GET ${VAULT}`,
          answer: {
            status: 200,
            headers: NO_OPERATION,
            body: { properties: { provisioningState: 'RegisteringDns', vaultUri: 'https://cmg-kv.vault.azure.net/' } },
          },
        },
        { waitSeconds: 30 },
        { ask: `GET ${VAULT}`, answer: { status: 200, body: { properties: { provisioningState: 'Succeeded' } } } },
        { ask: `DELETE ${VAULT}`, answer: { status: 200, headers: NO_OPERATION, body: EMPTY } },
        { ask: `GET ${VAULT}`, answer: notFound('Microsoft.KeyVault/vaults/cmg-kv') },
      ],
    },
    {
      name: 'a change of a vault',
      source: aso('Test_KeyVault_Vault_20230701_FromConfig_CRUD'),
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${VAULT}`,
          body: { ...vaultBody, tags: { a: 'b' } },
          answer: {
            status: 200,
            headers: NO_OPERATION,
            body: {
              tags: { a: 'b' },
              properties: { provisioningState: 'Succeeded', vaultUri: 'https://cmg-kv.vault.azure.net/' },
            },
          },
        },
      ],
    },
    {
      name: 'a vault of which nothing is left',
      source: aso('Test_KeyVault_WhenPurgeSpecified_PurgesSuccessfully'),
      covers: ['deleted vault GET missing', '404 DeletedVaultNotFound'],
      steps: [
        {
          ask: `GET ${DELETED}`,
          answer: refused(
            404,
            'DeletedVaultNotFound',
            "The specified deleted vault 'cmg-kv' does not exist. Ensure that the vault was indeed deleted and that it is in recoverable state. If soft delete was not enabled then the vault is permanently deleted. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2149745",
          ),
        },
      ],
    },
    {
      name: 'a deleted vault that is purged',
      source: aso('Test_KeyVault_WhenPurgeSpecified_PurgesSuccessfully'),
      covers: ['deleted vault purge'],
      given: [EXISTS],
      steps: [
        { ask: `DELETE ${VAULT}`, answer: { status: 200 } },
        {
          ask: `GET ${DELETED}`,
          answer: {
            status: 200,
            body: {
              id: DELETED,
              name: 'cmg-kv',
              type: 'Microsoft.KeyVault/deletedVaults',
              properties: {
                vaultId: VAULT,
                location: 'westeurope',
                tags: {},
                deletionDate: /Z$/,
                scheduledPurgeDate: /Z$/,
              },
            },
          },
        },
        {
          ask: `POST ${DELETED}/purge`,
          answer: {
            status: 202,
            headers: { Location: VAULT_RESULT_URL, 'Retry-After': '5', 'Azure-AsyncOperation': ABSENT },
            body: EMPTY,
          },
        },
        { waitSeconds: 30 },
        {
          ask: 'GET {location}',
          answer: {
            status: 200,
            body: {
              createdDateTime: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}Z$/,
              lastActionDateTime: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}Z$/,
              status: 'Succeeded',
            },
          },
        },
        { ask: `GET ${DELETED}`, answer: refused(404, 'DeletedVaultNotFound', /^The specified deleted vault/) },
        { ask: `PUT ${VAULT}`, body: vaultBody, answer: { status: 200 } },
      ],
    },
    {
      name: 'a deleted vault that is recovered with its content',
      source: aso('Test_KeyVault_WhenRecoverSpecified_RecoversSuccessfully'),
      covers: ['vault recover'],
      given: [EXISTS, SECRET_EXISTS],
      steps: [
        { ask: `DELETE ${VAULT}`, answer: { status: 200, body: EMPTY } },
        {
          ask: `PUT ${VAULT}`,
          body: recover,
          answer: {
            status: 200,
            headers: NO_OPERATION,
            body: { id: VAULT, properties: { provisioningState: 'Succeeded' } },
          },
        },
        { ask: `GET ${SECRET}`, answer: { status: 200, body: { id: SECRET } } },
        { ask: `GET ${DELETED}`, answer: refused(404, 'DeletedVaultNotFound', /./) },
      ],
    },
    {
      name: 'a deleted vault that would be recovered in another group',
      source: `${aso('Test_KeyVault_CreateOrRecover_FailsWhenRecoveringKeyVaultInDifferentResourceGroup')}, which tries it; the refusal is in the issue hashicorp/terraform-provider-azurerm#12972`,
      given: [EXISTS, { kind: 'Exists', path: `${GROUP}-2`, body: { location: 'westeurope' } }],
      steps: [
        { ask: `DELETE ${VAULT}`, answer: { status: 200 } },
        {
          ask: `PUT ${VAULT.replace('cmg-rg', 'cmg-rg-2')}`,
          body: recover,
          answer: refused(
            404,
            'SoftDeletedVaultDoesNotExist',
            /^A soft deleted vault with the given name does not exist/,
          ),
        },
      ],
    },
    {
      name: 'a name that a deleted vault holds',
      source: 'the issues alan-turing-institute/data-safe-haven#2523 and adamdost-0/linux-update-cds#21',
      given: [EXISTS],
      steps: [
        { ask: `DELETE ${VAULT}`, answer: { status: 200 } },
        {
          ask: `PUT ${VAULT}`,
          body: vaultBody,
          answer: refused(409, 'ConflictError', /^A vault with the same name already exists in deleted state\./),
        },
      ],
    },
    {
      name: 'a name that somebody else has',
      source: 'the issue hashicorp/terraform-provider-azurerm#12972',
      given: [{ kind: 'ForeignName', name: { kind: 'vault', name: 'cmg-kv' } }],
      steps: [
        {
          ask: `PUT ${VAULT}`,
          body: vaultBody,
          answer: refused(409, 'VaultAlreadyExists', /^The vault name 'cmg-kv' is already in use\./),
        },
      ],
    },
    {
      name: 'a vault goes to the deleted ones with its group',
      source: 'documentation: soft-delete-overview.md of MicrosoftDocs/azure-docs',
      given: [EXISTS],
      steps: [
        { ask: `DELETE ${GROUP}`, answer: { status: 202 } },
        { waitSeconds: 120 },
        { ask: `GET ${DELETED}`, answer: { status: 200, body: { properties: { vaultId: VAULT } } } },
      ],
    },
    {
      name: 'a secret, whose value is never shown',
      source:
        'documentation: Secrets_CreateOrUpdate of Azure/azure-rest-api-specs, and Test_KeyVault_WhenPurgeSpecified_PurgesSuccessfully for the form, by a key',
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${SECRET}`,
          body: vaultSecretBody,
          answer: {
            status: 201,
            headers: NO_OPERATION,
            body: {
              id: SECRET,
              type: 'Microsoft.KeyVault/vaults/secrets',
              location: 'westeurope',
              properties: {
                contentType: 'application/x-pkcs12',
                value: ABSENT,
                attributes: { enabled: true },
                secretUri: 'https://cmg-kv.vault.azure.net/secrets/cert',
                secretUriWithVersion: /^https:\/\/cmg-kv\.vault\.azure\.net\/secrets\/cert\/[0-9a-f]{32}$/,
              },
            },
          },
        },
        { ask: `GET ${SECRET}`, answer: { status: 200, body: { properties: { value: ABSENT } } } },
        { ask: `PUT ${SECRET}`, body: vaultSecretBody, answer: { status: 200 } },
      ],
    },
  ],
};
