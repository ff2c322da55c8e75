import {
  ids,
  publicIPAddressBody,
  SUBSCRIPTION,
  storageAccountBody,
  vaultBody,
} from '../../providers/sample-bodies.ts';
import { cli } from '../forms.ts';
import { ABSENT, type Table } from '../row.ts';

const PROVIDERS = `/subscriptions/${SUBSCRIPTION}/providers`;
const STORAGE = `POST ${PROVIDERS}/Microsoft.Storage/checkNameAvailability`;
const VAULT = `POST ${PROVIDERS}/Microsoft.KeyVault/checkNameAvailability`;
const LABEL = `GET ${PROVIDERS}/Microsoft.Network/locations/westeurope/CheckDnsNameAvailability?domainNameLabel=contosocmg`;
const FREE = { status: 200, body: { nameAvailable: true, reason: ABSENT, message: ABSENT } } as const;

export const nameChecks: Table = {
  title: 'checks of names',
  rows: [
    {
      name: 'the name of a storage account, which is taken by the caller’s own too',
      source: cli('test_create_storage_account'),
      steps: [
        { ask: STORAGE, body: { name: 'cmgstore', type: 'Microsoft.Storage/storageAccounts' }, answer: FREE },
        { ask: `PUT ${ids.storageAccount}`, body: storageAccountBody, answer: { status: 202 } },
        { waitSeconds: 60 },
        {
          ask: STORAGE,
          body: { name: 'cmgstore', type: 'Microsoft.Storage/storageAccounts' },
          answer: {
            status: 200,
            body: {
              nameAvailable: false,
              reason: 'AlreadyExists',
              message: 'The storage account named cmgstore is already taken.',
            },
          },
        },
        {
          ask: STORAGE,
          body: { name: 'Not-A-Name', type: 'Microsoft.Storage/storageAccounts' },
          answer: {
            status: 200,
            body: {
              nameAvailable: false,
              reason: 'AccountNameInvalid',
              message: /^Not-A-Name is not a valid storage account name\./,
            },
          },
        },
      ],
    },
    {
      name: 'the name of a vault, which a deleted one keeps',
      source: 'documentation: Vaults_CheckNameAvailability of Azure/azure-rest-api-specs; the words are not recorded',
      steps: [
        { ask: VAULT, body: { name: 'cmg-kv', type: 'Microsoft.KeyVault/vaults' }, answer: FREE },
        { ask: `PUT ${ids.vault}`, body: vaultBody, answer: { status: 200 } },
        { ask: `DELETE ${ids.vault}`, answer: { status: 200 } },
        {
          ask: VAULT,
          body: { name: 'cmg-kv', type: 'Microsoft.KeyVault/vaults' },
          answer: { status: 200, body: { nameAvailable: false, reason: 'AlreadyExists' } },
        },
      ],
    },
    {
      name: 'a label for a public IP address',
      source: 'documentation: CheckDnsNameAvailability of Azure/azure-rest-api-specs',
      steps: [
        { ask: LABEL, answer: { status: 200, body: { available: true } } },
        { ask: `PUT ${ids.publicIPAddress}`, body: publicIPAddressBody, answer: { status: 201 } },
        { ask: LABEL, answer: { status: 200, body: { available: false } } },
      ],
    },
  ],
};
