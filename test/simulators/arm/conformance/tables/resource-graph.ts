import {
  GROUP,
  ids,
  networkSecurityGroupBody,
  publicIPAddressBody,
  SUBSCRIPTION,
} from '../../providers/sample-bodies.ts';
import { refused } from '../forms.ts';
import { ABSENT, type Given, type Table } from '../row.ts';

const ASK = 'POST /providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01';
const QUOTA = { 'x-ms-user-quota-remaining': /^\d+$/, 'x-ms-user-quota-resets-after': '00:00:05' };
const SOURCE = 'documentation: Azure/azure-rest-api-specs resourcegraph.json, and guidance-for-throttled-requests.md';
const TWO: readonly Given[] = [
  { kind: 'Exists', path: ids.networkSecurityGroup, body: networkSecurityGroupBody },
  { kind: 'Exists', path: ids.publicIPAddress, body: publicIPAddressBody },
];

function query(text: string, options: Record<string, string | number> = {}) {
  return { subscriptions: [SUBSCRIPTION], query: text, options: { resultFormat: 'objectArray', ...options } };
}

export const resourceGraph: Table = {
  title: 'Resource Graph',
  rows: [
    {
      name: 'rows of resources, their types in lower case',
      source: SOURCE,
      given: TWO,
      steps: [
        {
          ask: ASK,
          body: query(
            'resources | where type =~ "microsoft.network/networksecuritygroups" | project id, type, location',
          ),
          answer: {
            status: 200,
            headers: QUOTA,
            body: {
              totalRecords: 1,
              count: 1,
              facets: [],
              resultTruncated: 'false',
              $skipToken: ABSENT,
              data: [
                {
                  id: ids.networkSecurityGroup,
                  type: 'microsoft.network/networksecuritygroups',
                  location: 'westeurope',
                  tags: ABSENT,
                },
              ],
            },
          },
        },
      ],
    },
    {
      name: 'pages',
      source: SOURCE,
      given: TWO,
      steps: [
        {
          ask: ASK,
          body: query('resources | order by name asc | project name', { $top: 1 }),
          answer: { status: 200, body: { totalRecords: 2, count: 1, data: [{ name: 'cmg-ip' }], $skipToken: /./ } },
          keep: { token: '$skipToken' },
        },
        {
          ask: ASK,
          body: query('resources | order by name asc | project name', { $top: 1, $skipToken: '{token}' }),
          answer: { status: 200, body: { totalRecords: 2, count: 1, data: [{ name: 'cmg-nsg' }], $skipToken: ABSENT } },
        },
      ],
    },
    {
      name: 'groups, which are containers',
      source: SOURCE,
      given: TWO,
      steps: [
        {
          ask: ASK,
          body: query('resourcecontainers | project id, type'),
          answer: {
            status: 200,
            body: { data: [{ id: GROUP, type: 'microsoft.resources/subscriptions/resourcegroups' }] },
          },
        },
      ],
    },
    {
      name: 'what the caller may not read, of which nothing is told',
      source: 'documentation: Azure Resource Graph overview, permissions',
      given: [...TWO, { kind: 'Deny', actions: ['Microsoft.Network/publicIPAddresses/read'] }],
      steps: [
        {
          ask: ASK,
          body: query('resources | project name'),
          answer: { status: 200, body: { totalRecords: 1, data: [{ name: 'cmg-nsg' }] } },
        },
      ],
    },
    {
      name: 'a query that is none',
      source: 'documentation: troubleshoot/general.md of Azure Resource Graph',
      steps: [
        {
          ask: ASK,
          body: query('resources | where'),
          answer: refused(400, 'BadRequest', /timestamp/, {
            details: [{ code: 'InvalidQuery', message: /^Query is invalid/ }],
          }),
        },
      ],
    },
  ],
};
