import {
  ids,
  loadBalancerBody,
  networkSecurityGroupBody,
  publicIPAddressBody,
  virtualNetworkBody,
} from '../../providers/sample-bodies.ts';
import {
  aso,
  GUID_FORM,
  inProgress,
  NETWORK_NOTHING_TO_WAIT_FOR,
  NETWORK_STATUS_URL,
  networkDeletion,
  networkOperation,
  notFound,
  refused,
  SUCCEEDED,
  WEAK_ETAG,
} from '../forms.ts';
import { EMPTY, type Given, type Table } from '../row.ts';

const NETWORK = ids.virtualNetwork;
const SUBNET = `${NETWORK}/subnets/other`;
const LABEL = 'Microsoft.Network/virtualNetworks/cmg-net';
const SOURCE = aso('Test_Networking_VirtualNetwork_20250301_CRUD');
const BODY = { location: 'westeurope', properties: { addressSpace: { addressPrefixes: ['10.0.0.0/8'] } } };
const EXISTS: Given = { kind: 'Exists', path: NETWORK, body: BODY };
const GROUP_EXISTS: Given = { kind: 'Exists', path: ids.networkSecurityGroup, body: networkSecurityGroupBody };
const subnet = (addressPrefix: string) => ({ properties: { addressPrefix } });

export const virtualNetworks: Table = {
  title: 'virtual networks and subnets',
  rows: [
    {
      name: 'a new network',
      source: SOURCE,
      covers: ['virtual network and subnet PUT'],
      steps: [
        {
          ask: `PUT ${NETWORK}`,
          body: BODY,
          answer: {
            status: 201,
            headers: networkOperation('3'),
            body: {
              id: NETWORK,
              type: 'Microsoft.Network/virtualNetworks',
              etag: WEAK_ETAG,
              properties: {
                provisioningState: 'Updating',
                resourceGuid: GUID_FORM,
                addressSpace: { addressPrefixes: ['10.0.0.0/8'] },
                privateEndpointVNetPolicies: 'Disabled',
                subnets: [],
                virtualNetworkPeerings: [],
                enableDdosProtection: false,
              },
            },
          },
        },
        { waitSeconds: 1 },
        { ask: 'GET {azureAsyncOperation}', answer: inProgress('10') },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
        { ask: `GET ${NETWORK}`, answer: { status: 200, headers: { ETag: WEAK_ETAG } } },
      ],
    },
    {
      name: 'a network that is written as it is',
      source: aso('Test_Networking_VirtualNetworkAndSubnetAdopted_20250301_SubnetsStillExist'),
      covers: ['network PUT without change'],
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${NETWORK}`,
          body: BODY,
          answer: {
            status: 200,
            headers: NETWORK_NOTHING_TO_WAIT_FOR,
            body: { properties: { provisioningState: 'Succeeded' } },
          },
        },
      ],
    },
    {
      name: 'a subnet of its own',
      source: SOURCE,
      covers: ['virtual network and subnet PUT', 'network DELETE'],
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${SUBNET}`,
          body: subnet('10.0.0.0/24'),
          answer: {
            status: 201,
            headers: networkOperation('3'),
            body: {
              id: SUBNET,
              name: 'other',
              type: 'Microsoft.Network/virtualNetworks/subnets',
              etag: WEAK_ETAG,
              properties: {
                provisioningState: 'Updating',
                addressPrefix: '10.0.0.0/24',
                delegations: [],
                privateEndpointNetworkPolicies: 'Disabled',
                privateLinkServiceNetworkPolicies: 'Enabled',
              },
            },
          },
        },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
        {
          ask: `GET ${SUBNET}`,
          answer: {
            status: 200,
            headers: { ETag: WEAK_ETAG },
            body: { properties: { provisioningState: 'Succeeded' } },
          },
        },
        { ask: `DELETE ${SUBNET}`, answer: networkDeletion() },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
      ],
    },
    {
      name: 'a subnet while another one is written',
      source: aso('Test_RedHatOpenShift_OpenShiftCluster_CRUD'),
      covers: ['409 AnotherOperationInProgress'],
      given: [EXISTS],
      steps: [
        { ask: `PUT ${SUBNET}`, body: subnet('10.0.0.0/24'), answer: { status: 201 } },
        {
          ask: `PUT ${NETWORK}/subnets/second`,
          body: subnet('10.0.1.0/24'),
          answer: refused(
            409,
            'AnotherOperationInProgress',
            /^Another operation on this or dependent resource is in progress\./,
            { details: [] },
          ),
        },
      ],
    },
    {
      name: 'a subnet while its network is written',
      source: aso('Test_Networking_DnsResolver_CRUD'),
      covers: ['429 RetryableError'],
      steps: [
        { ask: `PUT ${NETWORK}`, body: BODY, answer: { status: 201 } },
        {
          ask: `PUT ${SUBNET}`,
          body: subnet('10.0.0.0/24'),
          answer: refused(429, 'RetryableError', 'A retryable error occurred.', {
            headers: { 'Retry-After': '11', 'x-ms-failure-cause': 'service' },
            details: [
              {
                code: 'RetryableErrorDueToAnotherOperation',
                message: new RegExp(
                  `^Operation PutVirtualNetworkOperation \\([0-9a-f-]{36}\\) is updating resource ${NETWORK}\\. The call can be retried in 11 seconds\\.$`,
                ),
              },
            ],
          }),
        },
      ],
    },
    {
      name: 'a subnet that is not there',
      source: aso('Test_Networking_VirtualNetworkPeering_20240301_CRUD, by the peerings of a network'),
      covers: ['404 NotFound'],
      given: [EXISTS],
      steps: [
        { ask: `GET ${SUBNET}`, answer: refused(404, 'NotFound', `Resource ${SUBNET} not found.`, { details: [] }) },
      ],
    },
    {
      name: 'a subnet of a network that is not there, which is told of the network',
      source: aso('Test_Compute_DiskAccess_20240302_CRUD'),
      covers: ['404 ResourceNotFound'],
      steps: [{ ask: `DELETE ${SUBNET}`, answer: notFound(LABEL) }],
    },
    {
      name: 'a network whose reference is not ready yet',
      source: aso('Test_Networking_NatGateway_20240301_CRUD'),
      covers: ['429 RetryableError', '429 ReferencedResourceNotProvisioned'],
      steps: [
        { ask: `PUT ${ids.networkSecurityGroup}`, body: networkSecurityGroupBody, answer: { status: 201 } },
        {
          ask: `PUT ${NETWORK}`,
          body: virtualNetworkBody,
          answer: refused(429, 'RetryableError', 'A retryable error occurred.', {
            details: [
              {
                code: 'ReferencedResourceNotProvisioned',
                message: `Cannot proceed with operation because resource ${ids.networkSecurityGroup} used by resource ${NETWORK} is not in Succeeded state. Resource is in Updating state and the last operation that updated/is updating the resource is PutNetworkSecurityGroupOperation.`,
              },
            ],
          }),
        },
      ],
    },
    {
      name: 'a network whose reference does not exist',
      source: 'not recorded: from the code, which is in the lists of public clients',
      covers: ['400 InvalidResourceReference'],
      steps: [
        {
          ask: `PUT ${NETWORK}`,
          body: virtualNetworkBody,
          answer: refused(
            400,
            'InvalidResourceReference',
            new RegExp(`^Resource ${ids.networkSecurityGroup} referenced by resource ${NETWORK}.* was not found\\.`),
          ),
        },
      ],
    },
    {
      name: 'a network that is deleted',
      source: SOURCE,
      covers: ['network DELETE'],
      given: [GROUP_EXISTS, { kind: 'Exists', path: NETWORK, body: virtualNetworkBody }],
      steps: [
        { ask: `DELETE ${NETWORK}`, answer: networkDeletion() },
        { waitSeconds: 15 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
        { ask: 'GET {location}', answer: { status: 204, body: EMPTY } },
        { ask: `GET ${NETWORK}`, answer: notFound(LABEL) },
      ],
    },
  ],
};

export const loadBalancers: Table = {
  title: 'load balancers',
  rows: [
    {
      name: 'a new load balancer, which is through with its answer',
      source: aso('Test_Networking_LoadBalancer_20250301_CRUD'),
      covers: ['load balancer PUT', 'network DELETE'],
      given: [{ kind: 'Exists', path: ids.publicIPAddress, body: publicIPAddressBody }],
      steps: [
        { ask: `GET ${ids.loadBalancer}`, answer: notFound('Microsoft.Network/loadBalancers/cmg-lb') },
        {
          ask: `PUT ${ids.loadBalancer}`,
          body: loadBalancerBody,
          answer: {
            status: 201,
            headers: NETWORK_NOTHING_TO_WAIT_FOR,
            body: {
              id: ids.loadBalancer,
              type: 'Microsoft.Network/loadBalancers',
              etag: WEAK_ETAG,
              properties: { provisioningState: 'Succeeded', resourceGuid: GUID_FORM },
            },
          },
          keep: { etag: 'etag' },
        },
        {
          ask: `GET ${ids.loadBalancer}`,
          answer: { status: 200, headers: { ETag: WEAK_ETAG }, body: { etag: '{etag}' } },
        },
        { ask: `DELETE ${ids.loadBalancer}`, answer: networkDeletion() },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
      ],
    },
    {
      name: 'a load balancer whose address does not exist',
      source: 'not recorded: from the code, which is in the lists of public clients',
      covers: ['400 InvalidResourceReference'],
      steps: [
        {
          ask: `PUT ${ids.loadBalancer}`,
          body: loadBalancerBody,
          answer: refused(400, 'InvalidResourceReference', /referenced by resource .* was not found\./),
        },
      ],
    },
    {
      name: 'an operation that fails',
      source: aso('Test_Networking_VirtualNetworkGateway_20240301_CRUD, by a gateway'),
      covers: ['failed operation Conflict'],
      given: [
        {
          kind: 'Fault',
          rule: {
            match: { method: 'PUT', urlPattern: 'publicIPAddresses' },
            action: { kind: 'failOperation', error: { code: 'Conflict', message: 'Try again.', details: [] } },
          },
        },
      ],
      steps: [
        {
          ask: `PUT ${ids.publicIPAddress}`,
          body: publicIPAddressBody,
          answer: { status: 201, headers: { 'Azure-AsyncOperation': NETWORK_STATUS_URL } },
        },
        { waitSeconds: 10 },
        {
          ask: 'GET {azureAsyncOperation}',
          answer: {
            status: 200,
            body: { status: 'Failed', error: { code: 'Conflict', message: 'Try again.', details: [] } },
          },
        },
        {
          ask: `GET ${ids.publicIPAddress}`,
          answer: { status: 200, body: { properties: { provisioningState: 'Failed' } } },
        },
      ],
    },
  ],
};
