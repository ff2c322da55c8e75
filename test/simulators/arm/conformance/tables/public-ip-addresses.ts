import { ids, loadBalancerBody, publicIPAddressBody, withValue } from '../../providers/sample-bodies.ts';
import {
  aso,
  GUID_FORM,
  inProgress,
  NETWORK_NOTHING_TO_WAIT_FOR,
  networkDeletion,
  networkOperation,
  notFound,
  refused,
  SUCCEEDED,
  WEAK_ETAG,
} from '../forms.ts';
import { ABSENT, type Given, type Table } from '../row.ts';

const ADDRESS = ids.publicIPAddress;
const LABEL = 'Microsoft.Network/publicIPAddresses/cmg-ip';
const SOURCE = aso('Test_Networking_PublicIP_20250301_CRUD');
const EXISTS: Given = { kind: 'Exists', path: ADDRESS, body: publicIPAddressBody };

export const publicIPAddresses: Table = {
  title: 'public IP addresses',
  rows: [
    {
      name: 'a new address, which is known when the operation is over',
      source: SOURCE,
      covers: ['network security group and public IP PUT'],
      steps: [
        {
          ask: `PUT ${ADDRESS}`,
          body: {
            location: 'westeurope',
            sku: { name: 'Standard' },
            properties: { publicIPAllocationMethod: 'Static' },
          },
          answer: {
            status: 201,
            headers: networkOperation('1'),
            body: {
              id: ADDRESS,
              etag: WEAK_ETAG,
              sku: { name: 'Standard', tier: 'Regional' },
              properties: {
                provisioningState: 'Updating',
                resourceGuid: GUID_FORM,
                ipAddress: ABSENT,
                publicIPAddressVersion: 'IPv4',
                publicIPAllocationMethod: 'Static',
                idleTimeoutInMinutes: 4,
                ipTags: [],
                ddosSettings: { protectionMode: 'VirtualNetworkInherited' },
              },
            },
          },
        },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
        {
          ask: `GET ${ADDRESS}`,
          answer: {
            status: 200,
            headers: { ETag: WEAK_ETAG },
            body: { properties: { provisioningState: 'Succeeded', ipAddress: /^\d+(\.\d+){3}$/ } },
          },
        },
      ],
    },
    {
      name: 'an address that is asked for too early',
      source: aso('Test_Networking_PublicIPPrefix_20250301_CRUD and 21 others; one poll found it running'),
      steps: [
        { ask: `PUT ${ADDRESS}`, body: publicIPAddressBody, answer: { status: 201 } },
        { waitSeconds: 1 },
        { ask: 'GET {azureAsyncOperation}', answer: inProgress('2') },
        { waitSeconds: 2 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
      ],
    },
    {
      name: 'an address that is changed keeps its number and gets another etag',
      source: SOURCE,
      given: [{ ...EXISTS, keep: { ipAddress: 'properties.ipAddress', guid: 'properties.resourceGuid' } }],
      steps: [
        {
          ask: `PUT ${ADDRESS}`,
          body: withValue(publicIPAddressBody, ['properties', 'idleTimeoutInMinutes'], 7),
          answer: {
            status: 200,
            headers: networkOperation('1'),
            body: {
              properties: {
                provisioningState: 'Updating',
                idleTimeoutInMinutes: 7,
                ipAddress: '{ipAddress}',
                resourceGuid: '{guid}',
              },
            },
          },
          keep: { etag: 'etag' },
        },
        { waitSeconds: 10 },
        {
          ask: `PUT ${ADDRESS}`,
          headers: { 'if-match': '{etag}' },
          body: publicIPAddressBody,
          answer: refused(412, 'PreconditionFailed', /./),
        },
      ],
    },
    {
      name: 'an address that is written as it is',
      source: aso('Test_Networking_VirtualNetworkAndSubnetAdopted_20250301_SubnetsStillExist, by a virtual network'),
      covers: ['network PUT without change'],
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${ADDRESS}`,
          body: publicIPAddressBody,
          answer: {
            status: 200,
            headers: NETWORK_NOTHING_TO_WAIT_FOR,
            body: { properties: { provisioningState: 'Succeeded' } },
          },
        },
      ],
    },
    {
      name: 'an address that is deleted',
      source: SOURCE,
      covers: ['network DELETE'],
      given: [EXISTS],
      steps: [
        { ask: `DELETE ${ADDRESS}`, answer: networkDeletion() },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
        { ask: 'GET {location}', answer: { status: 204 } },
        { ask: `GET ${ADDRESS}`, answer: notFound(LABEL) },
      ],
    },
    {
      name: 'an address that is in use',
      source: aso('Test_Networking_ApplicationGateway_20220701_CRUD'),
      covers: ['400 PublicIPAddressCannotBeDeleted'],
      given: [EXISTS, { kind: 'Exists', path: ids.loadBalancer, body: loadBalancerBody }],
      steps: [
        {
          ask: `DELETE ${ADDRESS}`,
          answer: refused(
            400,
            'PublicIPAddressCannotBeDeleted',
            `Public IP address ${ADDRESS} can not be deleted since it is still allocated to resource ${ids.loadBalancer}/frontendIPConfigurations/fe. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.`,
            { details: [] },
          ),
        },
      ],
    },
    {
      name: 'a label that somebody else has',
      source:
        'documentation: resource-manager-audit.md of MicrosoftDocs/azure-docs, which shows the code and the first words',
      given: [{ kind: 'ForeignName', name: { kind: 'dnsLabel', name: 'contosocmg', location: 'westeurope' } }],
      steps: [
        {
          ask: `PUT ${ADDRESS}`,
          body: publicIPAddressBody,
          answer: refused(
            400,
            'DnsRecordInUse',
            /^DNS record contosocmg\.westeurope\.cloudapp\.azure\.com is already used/,
          ),
        },
      ],
    },
    {
      name: 'more addresses than the quota allows',
      source: 'documentation: common-deployment-errors.md of MicrosoftDocs/azure-docs',
      given: [{ kind: 'Quota', name: 'PublicIPAddresses', limit: 0 }],
      steps: [
        {
          ask: `PUT ${ADDRESS}`,
          body: publicIPAddressBody,
          answer: refused(400, 'PublicIPCountLimitReached', /^Cannot create more than 0 public IP addresses/),
        },
      ],
    },
    {
      name: 'a SKU that cannot be changed',
      source: 'not recorded: from PropertyChangeNotAllowed in the lists of codes of public clients',
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${ADDRESS}`,
          body: withValue(publicIPAddressBody, ['sku', 'tier'], 'Global'),
          answer: refused(400, 'PropertyChangeNotAllowed', /sku\.tier/),
        },
      ],
    },
  ],
};
