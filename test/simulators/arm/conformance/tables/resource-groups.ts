import { GROUP, ids, networkSecurityGroupBody, SUBSCRIPTION } from '../../providers/sample-bodies.ts';
import { aso, BY_THE_GATEWAY, cli, GROUP_RESULT_URL, refused } from '../forms.ts';
import { ABSENT, EMPTY, type Table } from '../row.ts';

const NEW = `/subscriptions/${SUBSCRIPTION}/resourceGroups/new-rg`;

export const resourceGroups: Table = {
  title: 'resource groups',
  rows: [
    {
      name: 'a group that is made, changed, and asked for when it is not there',
      source: aso('Test_Resources_ResourceGroup_CRUD'),
      covers: ['resource group PUT', 'resource group GET missing', '404 ResourceGroupNotFound'],
      steps: [
        {
          ask: `GET ${NEW}`,
          answer: refused(404, 'ResourceGroupNotFound', "Resource group 'new-rg' could not be found.", {
            headers: BY_THE_GATEWAY,
          }),
        },
        {
          ask: `PUT ${NEW}`,
          body: { location: 'westeurope', name: 'new-rg', tags: { CreatedAt: '2001' } },
          answer: {
            status: 201,
            headers: { Location: ABSENT, 'Azure-AsyncOperation': ABSENT, 'Retry-After': ABSENT },
            body: {
              id: NEW,
              name: 'new-rg',
              type: 'Microsoft.Resources/resourceGroups',
              location: 'westeurope',
              tags: { CreatedAt: '2001' },
              properties: { provisioningState: 'Succeeded' },
            },
          },
        },
        {
          ask: `PUT ${NEW}`,
          body: { location: 'westeurope', tags: { tag1: 'value1' } },
          answer: {
            status: 200,
            body: { tags: { CreatedAt: ABSENT, tag1: 'value1' }, properties: { provisioningState: 'Succeeded' } },
          },
        },
      ],
    },
    {
      name: 'a group that is deleted',
      source: aso('Test_Resources_ResourceGroup_CRUD, Test_Networking_VirtualNetwork_20250301_CRUD'),
      covers: ['resource group DELETE'],
      steps: [
        {
          ask: `DELETE ${GROUP}`,
          answer: {
            status: 202,
            headers: { Location: GROUP_RESULT_URL, 'Retry-After': '15', 'Azure-AsyncOperation': ABSENT },
            body: EMPTY,
          },
        },
        { waitSeconds: 15 },
        {
          ask: 'GET {location}',
          answer: { status: 202, headers: { Location: GROUP_RESULT_URL, 'Retry-After': '15' }, body: EMPTY },
        },
        { waitSeconds: 60 },
        {
          ask: 'GET {location}',
          answer: { status: 200, headers: { Location: ABSENT, 'Retry-After': ABSENT }, body: EMPTY },
        },
        { ask: `GET ${GROUP}`, answer: refused(404, 'ResourceGroupNotFound', /^Resource group 'cmg-rg' could not/) },
      ],
    },
    {
      name: 'a deletion in a group that is gone',
      source: aso('Test_Compute_VMSS_20220301_CRUD'),
      covers: ['404 ResourceGroupNotFound'],
      steps: [
        {
          ask: `DELETE ${NEW}/providers/Microsoft.Network/loadBalancers/cmg-lb`,
          answer: refused(404, 'ResourceGroupNotFound', "Resource group 'new-rg' could not be found.", {
            headers: BY_THE_GATEWAY,
          }),
        },
      ],
    },
    {
      name: 'a write into a group that is being deleted',
      source: 'the issues Azure/azure-cli#21121 and #28679, which hold the answer',
      covers: ['resource group being deleted', '409 ResourceGroupBeingDeleted'],
      steps: [
        { ask: `DELETE ${GROUP}`, answer: { status: 202 } },
        {
          ask: `PUT ${ids.networkSecurityGroup}`,
          body: networkSecurityGroupBody,
          answer: refused(
            409,
            'ResourceGroupBeingDeleted',
            "The resource group 'cmg-rg' is in deprovisioning state and cannot perform this operation.",
          ),
        },
      ],
    },
    {
      name: 'a list of resources by type',
      source: cli('test_vmss_rolling_upgrade'),
      steps: [
        {
          ask: `GET /subscriptions/${SUBSCRIPTION}/resources?$filter=resourceGroup eq 'cmg-rg' and name eq 'None' and resourceType eq 'Microsoft.Network/publicIPAddresses'`,
          answer: { status: 200, body: { value: [] } },
        },
      ],
    },
  ],
};
