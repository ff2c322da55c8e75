import { GROUP, ids, networkSecurityGroupBody, storageAccountBody } from '../../providers/sample-bodies.ts';
import { aso, cli, refused } from '../forms.ts';
import { ABSENT, type Table } from '../row.ts';

const NUMBER = /^\d+$/;
const SET_MISSING = `GET ${ids.scaleSet}`;

export const throttling: Table = {
  title: 'limits of requests',
  rows: [
    {
      name: 'what is left, of the caller and of the subscription',
      source: `${aso('Test_Resources_ResourceGroup_CRUD')} (of the subscription), ${cli('test_vmss_reimage')} (of the caller)`,
      steps: [
        {
          ask: `GET ${GROUP}`,
          answer: {
            status: 200,
            headers: {
              'x-ms-ratelimit-remaining-subscription-reads': '249',
              'x-ms-ratelimit-remaining-subscription-global-reads': '16499',
              'x-ms-ratelimit-remaining-subscription-global-writes': ABSENT,
            },
          },
        },
        {
          ask: `PUT ${ids.networkSecurityGroup}`,
          body: networkSecurityGroupBody,
          answer: {
            status: 201,
            headers: {
              'x-ms-ratelimit-remaining-subscription-writes': NUMBER,
              'x-ms-ratelimit-remaining-subscription-global-writes': /^119\d\d$/,
            },
          },
        },
        { waitSeconds: 10 },
        {
          ask: `DELETE ${ids.networkSecurityGroup}`,
          answer: {
            status: 202,
            headers: {
              'x-ms-ratelimit-remaining-subscription-deletes': '199',
              'x-ms-ratelimit-remaining-subscription-global-deletes': '11999',
            },
          },
        },
      ],
    },
    {
      name: 'more reads at once than the bucket holds',
      source:
        'documentation: request-limits-and-throttling.md of MicrosoftDocs/azure-docs; the words are quoted in public code of September 2026',
      given: [{ kind: 'Throttling' }],
      steps: [
        { ask: `GET ${GROUP}`, times: 250, answer: { status: 200 } },
        {
          ask: `GET ${GROUP}`,
          answer: refused(
            429,
            'SubscriptionRequestsThrottled',
            /^Number of 'read' requests for subscription '[0-9a-f-]{36}' actor '[0-9a-f-]{36}' exceeded\. Please try again after '1' seconds after additional tokens are available\. Refer to https:\/\/aka\.ms\/arm-throttling for additional information\.$/,
            { headers: { 'Retry-After': '1' } },
          ),
        },
        { waitSeconds: 1 },
        { ask: `GET ${GROUP}`, answer: { status: 200 } },
      ],
    },
    {
      name: 'writes have a bucket of their own',
      source: 'documentation: request-limits-and-throttling.md of MicrosoftDocs/azure-docs',
      given: [{ kind: 'Throttling' }],
      steps: [
        { ask: `PUT ${GROUP}`, body: { location: 'westeurope' }, times: 200, answer: { status: 200 } },
        {
          ask: `PUT ${ids.storageAccount}`,
          body: storageAccountBody,
          answer: refused(429, 'SubscriptionRequestsThrottled', /^Number of 'write' requests/, {
            headers: { 'Retry-After': '1' },
          }),
        },
        { ask: SET_MISSING, answer: { status: 404 } },
      ],
    },
  ],
};
