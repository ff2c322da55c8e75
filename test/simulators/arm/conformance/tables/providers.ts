import { ids, networkSecurityGroupBody, SUBSCRIPTION } from '../../providers/sample-bodies.ts';
import { refused } from '../forms.ts';
import { ABSENT, type Table } from '../row.ts';

const PROVIDER = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Network`;
const STATE = { id: PROVIDER, namespace: 'Microsoft.Network' };
const NOT_REGISTERED =
  "The subscription is not registered to use namespace 'Microsoft.Network'. See https://aka.ms/rps-not-found for how to register subscriptions.";

export const providers: Table = {
  title: 'resource providers',
  rows: [
    {
      name: 'a provider that is registered, which takes about 70 seconds',
      source: 'Azure/azure-libraries-for-net ResourceManager ProviderInterceptor/CanAutomaticallyRegisterProvider',
      covers: ['provider register'],
      given: [{ kind: 'NotRegistered', namespace: 'Microsoft.Network' }],
      steps: [
        {
          ask: `GET ${PROVIDER}`,
          answer: { status: 200, body: { ...STATE, registrationState: 'NotRegistered' } },
        },
        {
          ask: `POST ${PROVIDER}/register`,
          answer: {
            status: 200,
            headers: { Location: ABSENT, 'Azure-AsyncOperation': ABSENT, 'Retry-After': ABSENT },
            body: { ...STATE, registrationState: 'Registering' },
          },
        },
        { waitSeconds: 60 },
        { ask: `GET ${PROVIDER}`, answer: { status: 200, body: { ...STATE, registrationState: 'Registering' } } },
        { waitSeconds: 15 },
        { ask: `GET ${PROVIDER}`, answer: { status: 200, body: { ...STATE, registrationState: 'Registered' } } },
      ],
    },
    {
      name: 'a write before the provider is registered',
      source: 'Azure/azure-cli src/azure-cli-core test_util, which holds the answer',
      given: [{ kind: 'NotRegistered', namespace: 'Microsoft.Network' }],
      steps: [
        {
          ask: `PUT ${ids.networkSecurityGroup}`,
          body: networkSecurityGroupBody,
          answer: refused(409, 'MissingSubscriptionRegistration', NOT_REGISTERED, {
            details: [
              { code: 'MissingSubscriptionRegistration', target: 'Microsoft.Network', message: NOT_REGISTERED },
            ],
          }),
        },
      ],
    },
  ],
};
