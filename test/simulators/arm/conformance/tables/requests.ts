import { GROUP, ids, networkSecurityGroupBody, SUBSCRIPTION } from '../../providers/sample-bodies.ts';
import { aso, NETWORK_STATUS_URL, refused } from '../forms.ts';
import { ABSENT, EMPTY, type Given, type Table } from '../row.ts';

const NSG = ids.networkSecurityGroup;
const CHALLENGE = /^Bearer authorization_uri="https:\/\/[^"]+", error="invalid_token", error_description="[^"]+"$/;

/** A service that answers once with an error. */
function fails(status: number, code: string, message: string): Given {
  const action = { kind: 'answer', status, code, message, headers: { 'x-ms-failure-cause': 'service' } } as const;
  return { kind: 'Fault', rule: { match: { method: 'GET', urlPattern: 'networkSecurityGroups' }, action } };
}

export const requests: Table = {
  title: 'what Azure Resource Manager itself says',
  rows: [
    {
      name: 'no api-version',
      source:
        'documentation: common-deployment-errors.md; the words are quoted in public clients of other Azure services',
      steps: [
        {
          ask: `GET ${GROUP}?api-version=`,
          answer: refused(
            400,
            'MissingApiVersionParameter',
            'The api-version query parameter (?api-version=) is required for all requests.',
          ),
        },
      ],
    },
    {
      name: 'an api-version that the type does not have',
      source: 'documentation: error-register-resource-provider.md of MicrosoftDocs/azure-docs',
      steps: [
        {
          ask: `GET ${NSG}?api-version=1999-01-01`,
          answer: refused(
            400,
            'NoRegisteredProviderFound',
            /^No registered resource provider found for location '.*' and API version '1999-01-01' for type 'networkSecurityGroups'\. The supported api-versions are '.+'\./,
          ),
        },
      ],
    },
    {
      name: 'another subscription',
      source: 'documentation: common-deployment-errors.md of MicrosoftDocs/azure-docs',
      covers: ['404 SubscriptionNotFound'],
      steps: [
        {
          ask: 'GET /subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/rg',
          answer: refused(
            404,
            'SubscriptionNotFound',
            "The subscription '00000000-0000-4000-8000-000000000000' could not be found.",
          ),
        },
      ],
    },
    {
      name: 'no location',
      source: 'documentation: common-deployment-errors.md of MicrosoftDocs/azure-docs',
      steps: [
        {
          ask: `PUT ${NSG}`,
          body: { properties: {} },
          answer: refused(400, 'LocationRequired', 'The location property is required for this definition.'),
        },
      ],
    },
    {
      name: 'another location',
      source: 'documentation: error-invalid-resource-location of MicrosoftDocs/azure-docs',
      given: [{ kind: 'Exists', path: NSG, body: networkSecurityGroupBody }],
      steps: [
        {
          ask: `PUT ${NSG}`,
          body: { ...networkSecurityGroupBody, location: 'eastus' },
          answer: refused(
            409,
            'InvalidResourceLocation',
            "The resource 'cmg-nsg' already exists in location 'westeurope' in resource group 'cmg-rg'. A resource with the same name cannot be created in location 'eastus'. Please select a new resource name.",
          ),
        },
      ],
    },
    {
      name: 'no token',
      source: 'the issue hashicorp/terraform-provider-azurerm#3612',
      steps: [
        {
          ask: `GET ${GROUP}`,
          authorization: 'None',
          answer: refused(
            401,
            'AuthenticationFailed',
            "Authentication failed. The 'Authorization' header is missing.",
            { headers: { 'WWW-Authenticate': CHALLENGE } },
          ),
        },
      ],
    },
    {
      name: 'a token that is none',
      source: 'the issue Azure/azure-sdk-for-java#1714, which holds status and code',
      steps: [
        {
          ask: `GET ${GROUP}`,
          authorization: 'Nonsense',
          answer: refused(401, 'InvalidAuthenticationToken', /^The access token is invalid\.$/, {
            headers: { 'WWW-Authenticate': CHALLENGE },
          }),
        },
      ],
    },
    {
      name: 'a provider that fails',
      source: aso('Test_ApiManagement_20220801_CRUD, by another service'),
      covers: ['500 InternalServerError'],
      given: [fails(500, 'InternalServerError', 'Request processing failed due to internal error.')],
      steps: [
        {
          ask: `GET ${NSG}`,
          answer: refused(500, 'InternalServerError', 'Request processing failed due to internal error.', {
            headers: { 'x-ms-failure-cause': 'service' },
          }),
        },
        { ask: `GET ${NSG}`, answer: { status: 404 } },
      ],
    },
    {
      name: 'a provider that does not answer in time',
      source: aso('Test_Networking_TrafficManagerProfile'),
      covers: ['504 GatewayTimeout'],
      given: [
        fails(
          504,
          'GatewayTimeout',
          "The gateway did not receive a response from 'Microsoft.Network' within the specified time period.",
        ),
      ],
      steps: [
        {
          ask: `GET ${NSG}`,
          answer: refused(
            504,
            'GatewayTimeout',
            "The gateway did not receive a response from 'Microsoft.Network' within the specified time period.",
            { headers: { 'x-ms-failure-cause': 'service' } },
          ),
        },
      ],
    },
    ...failedOperations(),
    {
      name: 'the URL of an operation without its signature',
      source: 'documentation: asynchronous operations of Azure Resource Manager; the refusal is not recorded',
      steps: [
        {
          ask: `GET /subscriptions/${SUBSCRIPTION}/providers/Microsoft.Network/locations/westeurope/operations/00000000-0000-4000-8000-000000000000`,
          answer: refused(404, 'NotFound', /./),
        },
      ],
    },
    {
      name: 'a deletion of what is not there',
      source: 'documentation: resource-api-reference.md of Azure/azure-resource-manager-rpc',
      steps: [{ ask: `DELETE ${NSG}`, answer: { status: 204, headers: { Location: ABSENT }, body: EMPTY } }],
    },
  ],
};

function failedOperations() {
  const errors = [
    ['InternalServerError', "An unexpected error occured while processing the request. Tracking ID: '1'"],
    ['ServerBusy', 'The server is busy. Try again later.'],
  ] as const;
  return errors.map(([code, message]) => ({
    name: `an operation that ends with ${code}`,
    source: aso('Test_DBForPostgreSQL_FlexibleServer_20240801_CRUD, by another service'),
    covers: [`failed operation ${code}`] as const,
    given: [
      {
        kind: 'Fault',
        rule: {
          match: { method: 'PUT', urlPattern: 'networkSecurityGroups' },
          action: { kind: 'failOperation', error: { code, message } },
        },
      } as const,
    ],
    steps: [
      {
        ask: `PUT ${NSG}`,
        body: networkSecurityGroupBody,
        answer: { status: 201, headers: { 'Azure-AsyncOperation': NETWORK_STATUS_URL } },
      },
      { waitSeconds: 10 },
      {
        ask: 'GET {azureAsyncOperation}',
        answer: { status: 200, body: { status: 'Failed', error: { code, message } } },
      },
    ],
  }));
}
