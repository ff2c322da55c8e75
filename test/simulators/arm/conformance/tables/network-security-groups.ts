import { ids, networkSecurityGroupBody, withValue } from '../../providers/sample-bodies.ts';
import {
  aso,
  BY_THE_GATEWAY,
  GUID_FORM,
  NETWORK_NOTHING_TO_WAIT_FOR,
  networkDeletion,
  networkOperation,
  notFound,
  refused,
  SUCCEEDED,
  WEAK_ETAG,
} from '../forms.ts';
import type { Given, Table } from '../row.ts';

const GROUP = ids.networkSecurityGroup;
const RULE = `${GROUP}/securityRules/rule1`;
const LABEL = 'Microsoft.Network/networkSecurityGroups/cmg-nsg';
const SOURCE = aso('Test_Networking_NetworkSecurityGroup_20250301_CRUD');

const EXISTS: Given = { kind: 'Exists', path: GROUP, body: networkSecurityGroupBody, keep: { etag: 'etag' } };

const rule = (priority: number) => ({
  properties: {
    access: 'Allow',
    direction: 'Inbound',
    protocol: 'Tcp',
    priority,
    sourceAddressPrefix: '*',
    sourcePortRange: '23-45',
    destinationAddressPrefix: '*',
    destinationPortRange: '46-56',
  },
});

export const networkSecurityGroups: Table = {
  title: 'network security groups',
  rows: [
    {
      name: 'a new network security group',
      source: SOURCE,
      covers: ['network security group and public IP PUT', 'resource GET missing', '404 ResourceNotFound'],
      steps: [
        { ask: `GET ${GROUP}`, answer: notFound(LABEL) },
        {
          ask: `PUT ${GROUP}`,
          body: { location: 'westeurope' },
          answer: {
            status: 201,
            headers: networkOperation('1'),
            body: {
              id: GROUP,
              name: 'cmg-nsg',
              type: 'Microsoft.Network/networkSecurityGroups',
              etag: WEAK_ETAG,
              location: 'westeurope',
              properties: { provisioningState: 'Updating', resourceGuid: GUID_FORM, securityRules: [] },
            },
          },
        },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
        {
          ask: `GET ${GROUP}`,
          answer: {
            status: 200,
            headers: { ETag: WEAK_ETAG },
            body: { properties: { provisioningState: 'Succeeded' } },
          },
        },
      ],
    },
    {
      name: 'tags that are changed, by which nothing has to be waited for',
      source: SOURCE,
      covers: ['network PUT without change'],
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${GROUP}`,
          body: { ...networkSecurityGroupBody, tags: { foo: 'bar' } },
          answer: {
            status: 200,
            headers: NETWORK_NOTHING_TO_WAIT_FOR,
            body: { tags: { foo: 'bar' }, properties: { provisioningState: 'Succeeded' } },
          },
        },
      ],
    },
    {
      name: 'rules that are written at the same time',
      source: SOURCE,
      given: [EXISTS],
      steps: [
        {
          ask: `PUT ${RULE}`,
          body: rule(123),
          answer: {
            status: 201,
            headers: networkOperation('1'),
            body: {
              id: RULE,
              name: 'rule1',
              type: 'Microsoft.Network/networkSecurityGroups/securityRules',
              etag: WEAK_ETAG,
              properties: { provisioningState: 'Updating', priority: 123 },
            },
          },
        },
        {
          ask: `PUT ${GROUP}/securityRules/rule2`,
          body: rule(124),
          answer: {
            status: 201,
            headers: networkOperation('1'),
            body: { properties: { provisioningState: 'Updating' } },
          },
        },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
        {
          ask: `GET ${RULE}`,
          answer: {
            status: 200,
            headers: { ETag: WEAK_ETAG },
            body: { properties: { provisioningState: 'Succeeded' } },
          },
        },
        {
          ask: `PUT ${RULE}`,
          body: rule(200),
          answer: {
            status: 200,
            headers: networkOperation('1'),
            body: { properties: { provisioningState: 'Updating' } },
          },
        },
      ],
    },
    {
      name: 'a network security group that is deleted',
      source: SOURCE,
      covers: ['network DELETE'],
      given: [EXISTS],
      steps: [
        { ask: `DELETE ${GROUP}`, answer: networkDeletion('1') },
        { waitSeconds: 10 },
        { ask: 'GET {azureAsyncOperation}', answer: SUCCEEDED },
        { ask: `GET ${GROUP}`, answer: notFound(LABEL) },
      ],
    },
    {
      name: 'a rule of a group that is not there, which is told of the group',
      source: SOURCE,
      covers: ['404 ResourceNotFound'],
      steps: [{ ask: `DELETE ${RULE}`, answer: notFound(LABEL) }],
    },
    {
      name: 'a rule that is not there',
      source: aso('Test_Networking_RouteTable_20240301_CRUD, by the routes of a route table'),
      covers: ['404 NotFound'],
      given: [EXISTS],
      steps: [{ ask: `GET ${RULE}`, answer: refused(404, 'NotFound', `Resource ${RULE} not found.`, { details: [] }) }],
    },
    {
      name: 'a write with an etag that is no longer true',
      source: 'documentation: RFC 9110 and If-Match of the network provider; the wording is not recorded',
      given: [EXISTS],
      steps: [
        { ask: `PUT ${GROUP}`, body: { ...networkSecurityGroupBody, tags: { a: 'b' } }, answer: { status: 200 } },
        {
          ask: `PUT ${GROUP}`,
          headers: { 'if-match': '{etag}' },
          body: networkSecurityGroupBody,
          answer: refused(412, 'PreconditionFailed', /./),
        },
      ],
    },
    {
      name: 'a body that cannot be',
      source: 'not recorded: from the codes of the network provider in common-deployment-errors.md',
      steps: [
        {
          ask: `PUT ${GROUP}`,
          body: withValue(networkSecurityGroupBody, ['properties', 'securityRules', 0, 'properties', 'priority'], 50),
          answer: refused(400, 'SecurityRuleInvalidPriority', /priority/i),
        },
      ],
    },
    {
      name: 'an unknown group in a path',
      source: aso('Test_Networking_NetworkSecurityGroup_20250301_CRUD, after its group was deleted'),
      steps: [
        {
          ask: `GET ${RULE.replace('cmg-rg', 'gone-rg')}`,
          answer: refused(404, 'ResourceGroupNotFound', /'gone-rg'/, { headers: BY_THE_GATEWAY }),
        },
      ],
    },
  ],
};
