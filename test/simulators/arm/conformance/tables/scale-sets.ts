import type { JsonObject } from '../../../../../src/json.ts';
import { gatewayIds } from '../../providers/gateway-fixture.ts';
import * as sample from '../../providers/sample-bodies.ts';
import {
  aso,
  COMPUTE_RESULT_URL,
  COMPUTE_STATUS_URL,
  cli,
  GUID_FORM,
  inProgress,
  notFound,
  refused,
} from '../forms.ts';
import { ABSENT, EMPTY, type ExpectedAnswer, type ExpectedHeaders, type Given, type Row, type Table } from '../row.ts';

const { ids, scaleSetBody, withValue } = sample;
const SET = ids.scaleSet;
const SOURCE = aso('Test_Compute_VMSS_20220301_CRUD');
const BODY = scaleSetBody('{certificateUrl}');
const LABEL = 'Microsoft.Compute/virtualMachineScaleSets/cmg';
const SECRETS = ['properties', 'virtualMachineProfile', 'osProfile', 'secrets'];

/** Everything that a scale set needs. */
const SURROUNDINGS: readonly Given[] = [
  { kind: 'Exists', path: ids.identity, body: sample.identityBody },
  { kind: 'Exists', path: ids.networkSecurityGroup, body: sample.networkSecurityGroupBody },
  { kind: 'Exists', path: ids.virtualNetwork, body: sample.virtualNetworkBody },
  { kind: 'Exists', path: ids.publicIPAddress, body: sample.publicIPAddressBody },
  { kind: 'Exists', path: ids.loadBalancer, body: sample.loadBalancerBody },
  { kind: 'Exists', path: ids.vault, body: sample.vaultBody },
  {
    kind: 'Exists',
    path: gatewayIds.secret,
    body: sample.vaultSecretBody,
    keep: { certificateUrl: 'properties.secretUriWithVersion' },
  },
];
const EXISTS: readonly Given[] = [...SURROUNDINGS, { kind: 'Exists', path: SET, body: BODY }];
const TWO_VMS: readonly Given[] = [
  ...SURROUNDINGS,
  { kind: 'Exists', path: SET, body: scaleSetBody('{certificateUrl}', 2) },
];

const COMPUTE_OPERATION: ExpectedHeaders = {
  'Azure-AsyncOperation': COMPUTE_STATUS_URL,
  'Azure-AsyncNotification': 'Enabled',
  'Retry-After': '10',
  Location: ABSENT,
};
const ACCEPTED: ExpectedAnswer = {
  status: 202,
  headers: { ...COMPUTE_OPERATION, Location: COMPUTE_RESULT_URL },
  body: EMPTY,
};
const OVER: ExpectedAnswer = {
  status: 200,
  headers: { 'Retry-After': ABSENT },
  body: { startTime: /\+00:00$/, endTime: /\+00:00$/, status: 'Succeeded', name: GUID_FORM },
};

function running(retryAfter: string): ExpectedAnswer {
  const { headers = {} } = inProgress(retryAfter);
  return {
    status: 200,
    headers,
    body: { startTime: /^\d{4}-\d{2}-\d{2}T[\d:.]+\+00:00$/, endTime: ABSENT, status: 'InProgress', name: GUID_FORM },
  };
}

/** An action on VMs: 202 with both URLs, the second of which ends empty. */
function action(name: string, source: string, ask: string, instanceIds: readonly string[] | undefined): Row {
  return {
    name,
    source,
    covers: ['scale set reimage'],
    given: TWO_VMS,
    steps: [
      { ask, ...(instanceIds === undefined ? {} : { body: { instanceIds } }), answer: ACCEPTED },
      { waitSeconds: 10 },
      { ask: 'GET {azureAsyncOperation}', answer: { status: 200, body: { status: 'InProgress' } } },
      { waitSeconds: 180 },
      { ask: 'GET {azureAsyncOperation}', answer: OVER },
      { ask: 'GET {location}', answer: { status: 200, body: EMPTY } },
    ],
  };
}

export const scaleSets: Table = {
  title: 'scale sets',
  rows: [
    {
      name: 'a new scale set',
      source: SOURCE,
      covers: ['scale set PUT'],
      given: SURROUNDINGS,
      steps: [
        { ask: `GET ${SET}`, answer: notFound(LABEL) },
        {
          ask: `PUT ${SET}`,
          body: BODY,
          answer: {
            status: 201,
            headers: COMPUTE_OPERATION,
            body: {
              id: SET,
              type: 'Microsoft.Compute/virtualMachineScaleSets',
              properties: {
                provisioningState: 'Creating',
                virtualMachineProfile: { osProfile: { adminPassword: ABSENT } },
                uniqueId: GUID_FORM,
              },
            },
          },
        },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: running('61') },
        { waitSeconds: 61 },
        { ask: 'GET {azureAsyncOperation}', answer: running('30') },
        { waitSeconds: 30 },
        { ask: 'GET {azureAsyncOperation}', answer: running('30') },
        { waitSeconds: 300 },
        { ask: 'GET {azureAsyncOperation}', answer: OVER },
        { ask: `GET ${SET}`, answer: { status: 200, body: { properties: { provisioningState: 'Succeeded' } } } },
      ],
    },
    {
      name: 'a change of a scale set',
      source: SOURCE,
      covers: ['scale set PUT'],
      given: EXISTS,
      steps: [
        {
          ask: `PUT ${SET}`,
          body: { ...BODY, tags: { a: 'b' } },
          answer: { status: 200, headers: COMPUTE_OPERATION, body: { properties: { provisioningState: 'Updating' } } },
        },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: running('37') },
        { waitSeconds: 37 },
        { ask: 'GET {azureAsyncOperation}', answer: OVER },
      ],
    },
    {
      name: 'a scale set that is deleted',
      source: SOURCE,
      covers: ['scale set DELETE'],
      given: EXISTS,
      steps: [
        { ask: `DELETE ${SET}`, answer: ACCEPTED },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: running('10') },
        { waitSeconds: 5 },
        { ask: 'GET {azureAsyncOperation}', answer: running('30') },
        { waitSeconds: 30 },
        { ask: 'GET {azureAsyncOperation}', answer: OVER },
        { ask: 'GET {location}', answer: { status: 204 } },
        { ask: `GET ${SET}`, answer: notFound(LABEL) },
      ],
    },
    {
      name: 'an extension that is added and taken out',
      source: SOURCE,
      covers: ['404 NotFound'],
      given: EXISTS,
      steps: [
        {
          ask: `GET ${SET}/extensions/second`,
          answer: refused(404, 'NotFound', 'The entity was not found in this Azure location.', {
            headers: { 'x-ms-failure-cause': ABSENT },
          }),
        },
        {
          ask: `PUT ${SET}/extensions/second`,
          body: {
            name: 'second',
            properties: {
              publisher: 'Microsoft.ManagedServices',
              type: 'ApplicationHealthWindows',
              typeHandlerVersion: '1.0',
            },
          },
          answer: {
            status: 201,
            headers: COMPUTE_OPERATION,
            body: {
              id: `${SET}/extensions/second`,
              type: 'Microsoft.Compute/virtualMachineScaleSets/extensions',
              properties: { provisioningState: 'Creating', publisher: 'Microsoft.ManagedServices' },
            },
          },
        },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: running('37') },
        { waitSeconds: 180 },
        { ask: 'GET {azureAsyncOperation}', answer: OVER },
        {
          ask: `GET ${SET}/extensions/second`,
          answer: { status: 200, body: { properties: { provisioningState: 'Succeeded' } } },
        },
        { ask: `DELETE ${SET}/extensions/second`, answer: ACCEPTED },
      ],
    },
    action('all VMs are reimaged', cli('test_vmss_reimage; Retry-After since 2026'), `POST ${SET}/reimage`, undefined),
    action(
      'one VM is reimaged',
      cli('test_vmss_reimage; Retry-After since 2026'),
      `POST ${SET}/virtualMachines/1/reimage`,
      undefined,
    ),
    action(
      'VMs are brought to the model',
      'documentation: VirtualMachineScaleSets_UpdateInstances of Azure/azure-rest-api-specs; the form is that of reimage',
      `POST ${SET}/manualupgrade`,
      ['0', '1'],
    ),
    action(
      'a VM is deleted',
      'documentation: VirtualMachineScaleSets_DeleteInstances of Azure/azure-rest-api-specs; the form is that of reimage',
      `POST ${SET}/delete`,
      ['1'],
    ),
    {
      name: 'no rolling upgrade to cancel',
      source: cli('test_vmss_rolling_upgrade'),
      covers: ['rolling upgrade cancel with none running', '409 OperationNotAllowed'],
      given: EXISTS,
      steps: [
        {
          ask: `POST ${SET}/rollingUpgrades/cancel`,
          answer: refused(409, 'OperationNotAllowed', 'There is no ongoing Rolling Upgrade to cancel.'),
        },
      ],
    },
    {
      name: 'a VM that is not there',
      source: 'the tests of kubernetes/kubernetes and microsoft/onefuzz, which hold the answer',
      covers: ['400 InvalidParameter'],
      given: EXISTS,
      steps: [
        {
          ask: `POST ${SET}/manualupgrade`,
          body: { instanceIds: ['857'] },
          answer: refused(
            400,
            'InvalidParameter',
            'The provided instanceId 857 is not an active Virtual Machine Scale Set VM instanceId.',
          ),
        },
      ],
    },
    {
      name: 'a certificate that the vault does not have, which is found while VMs are made',
      source: 'the issue hashicorp/terraform-provider-azurerm#3942; the words are not recorded',
      given: SURROUNDINGS,
      steps: [
        {
          ask: `PUT ${SET}`,
          body: withValue(
            BODY,
            [...SECRETS, 0, 'vaultCertificates', 0, 'certificateUrl'],
            `https://cmg-kv.vault.azure.net/secrets/cert/${'0'.repeat(32)}`,
          ),
          answer: { status: 201, headers: COMPUTE_OPERATION },
        },
        { waitSeconds: 600 },
        {
          ask: 'GET {azureAsyncOperation}',
          answer: { status: 200, body: { status: 'Failed', error: { code: 'KeyVaultSecretDoesNotExist' } } },
        },
        { ask: `GET ${SET}`, answer: { status: 200, body: { properties: { provisioningState: 'Failed' } } } },
      ],
    },
    {
      name: 'a vault that VMs may not read',
      source:
        'documentation: virtual machines that do not start after migration, Azure in China, which quotes the error',
      given: [
        ...SURROUNDINGS,
        {
          kind: 'Exists',
          path: ids.vault,
          body: withValue(sample.vaultBody, ['properties', 'enabledForDeployment'], false),
        },
      ],
      steps: [
        { ask: `PUT ${SET}`, body: BODY, answer: { status: 201 } },
        { waitSeconds: 600 },
        {
          ask: 'GET {azureAsyncOperation}',
          answer: {
            status: 200,
            body: {
              status: 'Failed',
              error: {
                code: 'KeyVaultAccessForbidden',
                message:
                  /has not been enabled for deployment or the vault id provided, .*, does not match the Key Vault's true resource id\.$/,
              },
            },
          },
        },
      ],
    },
    {
      name: 'more cores than the quota allows',
      source: 'documentation: error-resource-quota.md of MicrosoftDocs/azure-docs',
      covers: ['409 OperationNotAllowed'],
      given: [...SURROUNDINGS, { kind: 'Quota', name: 'cores', limit: 1 }],
      steps: [
        {
          ask: `PUT ${SET}`,
          body: BODY,
          answer: refused(
            409,
            'OperationNotAllowed',
            /^Operation could not be completed as it results in exceeding approved Total Regional Cores quota\./,
          ),
        },
      ],
    },
    {
      name: 'a network in which VMs are',
      source: aso('Test_Networking_ApplicationGateway_20220701_CRUD, by a gateway'),
      covers: ['400 InUseSubnetCannotBeDeleted'],
      given: EXISTS,
      steps: [
        {
          ask: `DELETE ${ids.virtualNetwork}`,
          answer: refused(
            400,
            'InUseSubnetCannotBeDeleted',
            `Subnet cmg is in use by ${SET}/virtualMachines/0/networkInterfaces/nic/ipConfigurations/ip and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.`,
            { details: [] },
          ),
        },
      ],
    },
    tenModels(),
  ],
};

/** Ten models, each with a VM that stands on it, and one more. */
function tenModels(): Row {
  const tag = [
    'properties',
    'virtualMachineProfile',
    'extensionProfile',
    'extensions',
    0,
    'properties',
    'forceUpdateTag',
  ];
  const model = (number: number) => scaleSetBodyOf(withValue(BODY, tag, `model ${number}`), number);
  return {
    name: 'an eleventh model that VMs would stand on',
    source: 'the issues microsoft/onefuzz#2318 and MicrosoftDocs/azure-docs#103472, which hold the answer',
    covers: ['409 OperationNotAllowed'],
    given: EXISTS,
    steps: [
      ...[2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap((number) => [
        { ask: `PUT ${SET}`, body: model(number), answer: { status: 200 } },
        { waitSeconds: 600 },
      ]),
      {
        ask: `PUT ${SET}`,
        body: model(11),
        answer: refused(
          409,
          'OperationNotAllowed',
          /has reached its limit of 10 models that may be referenced by one or more VMs belonging to the Virtual Machine Scale Set\. .*Upgrade the VMs to the latest model of the Virtual Machine Scale Set before trying again\.$/,
        ),
      },
    ],
  };
}

function scaleSetBodyOf(body: JsonObject, capacity: number): JsonObject {
  return withValue(body, ['sku', 'capacity'], capacity);
}
