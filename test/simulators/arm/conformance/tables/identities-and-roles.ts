import { gatewayIds } from '../../providers/gateway-fixture.ts';
import { GROUP, ids, roleAssignmentBody, SUBSCRIPTION, TENANT, vaultBody } from '../../providers/sample-bodies.ts';
import { aso, GUID_FORM, notFound, refused } from '../forms.ts';
import { ABSENT, EMPTY, type Given, type Table } from '../row.ts';

const IDENTITY = ids.identity;
/** As the identity provider spells the id, in bodies and in `Location`. */
const SPELLED = IDENTITY.replace('resourceGroups', 'resourcegroups');
const ASSIGNMENT = `${GROUP}/providers/Microsoft.Authorization/roleAssignments/ed3c9f84-ae20-5aea-8602-58ed2eeffef1`;
const EXISTS: Given = {
  kind: 'Exists',
  path: IDENTITY,
  body: { location: 'westeurope' },
  keep: { principalId: 'properties.principalId' },
};

export const identities: Table = {
  title: 'user-assigned identities',
  rows: [
    {
      name: 'an identity, whose Location is itself and no operation',
      source: aso('Test_ManagedIdentity_UserAssignedIdentity_20230131_CRUD'),
      covers: ['identity PUT'],
      steps: [
        {
          ask: `PUT ${IDENTITY}`,
          body: { location: 'westeurope', name: 'cmg-id' },
          answer: {
            status: 201,
            headers: { Location: SPELLED, 'Azure-AsyncOperation': ABSENT, 'Retry-After': ABSENT, ETag: ABSENT },
            body: {
              location: 'westeurope',
              tags: {},
              id: SPELLED,
              name: 'cmg-id',
              type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
              properties: { tenantId: TENANT, principalId: GUID_FORM, clientId: GUID_FORM, provisioningState: ABSENT },
            },
          },
          keep: { principalId: 'properties.principalId' },
        },
        {
          ask: `PUT ${IDENTITY}`,
          body: { location: 'westeurope', tags: { foo: 'bar' } },
          answer: {
            status: 200,
            headers: { Location: ABSENT },
            body: { id: SPELLED, tags: { foo: 'bar' }, properties: { principalId: '{principalId}' } },
          },
        },
        { ask: `GET ${IDENTITY}`, answer: { status: 200, body: { id: SPELLED } } },
        { ask: `DELETE ${IDENTITY}`, answer: { status: 200, body: EMPTY } },
        { ask: `GET ${SPELLED}`, answer: notFound('Microsoft.ManagedIdentity/userAssignedIdentities/cmg-id') },
      ],
    },
  ],
};

export const roleAssignments: Table = {
  title: 'role assignments',
  rows: [
    {
      name: 'an assignment to a principal that the directory does not know everywhere yet',
      source: aso('Test_Authorization_RoleAssignment_OnResourceGroup_CRUD'),
      covers: ['role assignment PUT', '400 PrincipalNotFound', '404 RoleAssignmentNotFound'],
      steps: [
        {
          ask: `PUT ${IDENTITY}`,
          body: { location: 'westeurope' },
          answer: { status: 201 },
          keep: { principalId: 'properties.principalId' },
        },
        {
          ask: `PUT ${ASSIGNMENT}`,
          body: { properties: { ...roleProperties(), principalType: null } },
          answer: refused(
            400,
            'PrincipalNotFound',
            new RegExp(
              `^Principal [0-9a-f]{32} does not exist in the directory ${TENANT}\\. Check that you have the correct principal ID\\. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay\\. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group\\. {2}See https://aka\\.ms/docs-principaltype$`,
            ),
          ),
        },
        { waitSeconds: 70 },
        {
          ask: `PUT ${ASSIGNMENT}`,
          body: { properties: { ...roleProperties(), principalType: null } },
          answer: {
            status: 201,
            headers: { Location: ABSENT, 'Azure-AsyncOperation': ABSENT, ETag: ABSENT },
            body: {
              properties: {
                principalId: '{principalId}',
                principalType: 'ServicePrincipal',
                scope: GROUP,
                condition: null,
                conditionVersion: null,
                createdBy: null,
                updatedBy: GUID_FORM,
                delegatedManagedIdentityResourceId: null,
                description: null,
              },
              id: ASSIGNMENT,
              type: 'Microsoft.Authorization/roleAssignments',
            },
          },
        },
        { ask: `GET ${ASSIGNMENT}`, answer: { status: 200, body: { properties: { createdBy: GUID_FORM } } } },
        { ask: `DELETE ${ASSIGNMENT}`, answer: { status: 200, body: { id: ASSIGNMENT } } },
        {
          ask: `GET ${ASSIGNMENT}`,
          answer: refused(
            404,
            'RoleAssignmentNotFound',
            "The role assignment 'ed3c9f84-ae20-5aea-8602-58ed2eeffef1' is not found.",
          ),
        },
        { ask: `DELETE ${ASSIGNMENT}`, answer: { status: 204, body: EMPTY } },
      ],
    },
    {
      name: 'an assignment that says what its principal is, at a resource',
      source: aso('Test_Authorization_RoleAssignment_OnStorageAccount_CRUD'),
      covers: ['role assignment PUT'],
      given: [EXISTS, { kind: 'Exists', path: ids.vault, body: vaultBody }],
      steps: [
        {
          ask: `PUT ${gatewayIds.roleAssignment}`,
          body: roleAssignmentBody('{principalId}'),
          answer: { status: 201, body: { properties: { scope: ids.vault } } },
        },
      ],
    },
    {
      name: 'a principal that is no GUID',
      source: aso('Test_ConfigMapUpdated_TriggersReconcile'),
      covers: ['400 InvalidPrincipalId'],
      steps: [
        {
          ask: `PUT ${ASSIGNMENT}`,
          body: roleAssignmentBody('wow'),
          answer: refused(
            400,
            'InvalidPrincipalId',
            "The Principal ID 'wow' is not valid. Principal ID must be a GUID.",
          ),
        },
      ],
    },
    {
      name: 'the same assignment under another name',
      source: 'the issues hashicorp/terraform-provider-azurerm#28557 and Azure/bicep#11367',
      given: [EXISTS],
      steps: [
        { ask: `PUT ${ASSIGNMENT}`, body: roleAssignmentBody('{principalId}'), answer: { status: 201 } },
        {
          ask: `PUT ${ASSIGNMENT.replace('ed3c', 'ed3d')}`,
          body: roleAssignmentBody('{principalId}'),
          answer: refused(409, 'RoleAssignmentExists', /^The role assignment already exists\./),
        },
      ],
    },
    {
      name: 'an assignment at a resource that is not there',
      source: aso('Test_RedHatOpenShift_OpenShiftCluster_CRUD'),
      steps: [
        {
          ask: `DELETE ${ids.virtualNetwork}/providers/Microsoft.Authorization/roleAssignments/ed3c9f84-ae20-5aea-8602-58ed2eeffef1`,
          answer: notFound('Microsoft.Network/virtualNetworks/cmg-net'),
        },
      ],
    },
    {
      name: 'a role that is not there',
      source: aso('Test_Authorization_RoleDefinitionResourceGroupScope_CRUD'),
      steps: [
        {
          ask: `GET /subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/683ff9b9-98d1-5af6-9381-ba194e279c28`,
          answer: refused(
            404,
            'RoleDefinitionDoesNotExist',
            "The specified role definition with ID '683ff9b9-98d1-5af6-9381-ba194e279c28' does not exist.",
          ),
        },
      ],
    },
    {
      name: 'a right that is missing',
      source: 'documentation: troubleshooting of role-based access control in MicrosoftDocs/azure-docs',
      given: [{ kind: 'Deny', actions: ['Microsoft.Authorization/*/write'] }],
      steps: [
        {
          ask: `PUT ${ASSIGNMENT}`,
          body: roleAssignmentBody(TENANT),
          answer: refused(
            403,
            'AuthorizationFailed',
            new RegExp(
              `^The client '[0-9a-f-]{36}' with object id '[0-9a-f-]{36}' does not have authorization to perform action 'Microsoft\\.Authorization/roleAssignments/write' over scope '${ASSIGNMENT}' or the scope is invalid\\. If access was recently granted, please refresh your credentials\\.$`,
            ),
          ),
        },
      ],
    },
  ],
};

function roleProperties() {
  return {
    principalId: '{principalId}',
    roleDefinitionId: `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c`,
  };
}
