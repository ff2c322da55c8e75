import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { checkRights, checkTypeApiVersion, existingGroup, subscriptionOf } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import { isWithin, placeOf } from '../resource-path.ts';
import { heldRoles } from '../role-rights.ts';
import { parameter, type Route } from '../routes.ts';
import type { RoleDefinition } from '../world.ts';
import { parseFilter } from './filters.ts';

const PERMISSION_API_VERSIONS = ['2022-04-01', '2022-05-01-preview', '2018-07-01', '2015-07-01'];
const ROLE_API_VERSIONS = ['2022-05-01-preview', '2022-04-01', '2018-01-01-preview', '2018-07-01', '2015-07-01'];

/** What the caller may do, and the built-in roles. */
export const authorizationRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '{+scope}/providers/Microsoft.Authorization/permissions',
    handle: (context, parameters) => {
      const scope = checkScope(context, parameter(parameters, 'scope'));
      checkTypeApiVersion(context, 'Microsoft.Authorization', 'permissions', PERMISSION_API_VERSIONS);
      const grants = context.world.grants.get(context.caller.objectId.toLowerCase()) ?? [];
      const granted = grants
        .filter((grant) => isWithin(scope, grant.scope))
        .map(({ actions, notActions }) => ({ actions, notActions, dataActions: [], notDataActions: [] }));
      const roles = heldRoles(context.world, context.caller, placeOf(scope).subscriptionId ?? '')
        .filter((role) => isWithin(scope, role.scope))
        .flatMap((role) => role.permissions.map((permission) => ({ ...permission })));
      return { status: 200, body: { value: [...granted, ...roles] } };
    },
  },
  {
    method: 'GET',
    path: '{+scope}/providers/Microsoft.Authorization/roleDefinitions',
    handle: (context, parameters) => {
      const scope = begin(context, parameter(parameters, 'scope'));
      const filter = context.request.query.get('$filter');
      const wanted = filter === null ? undefined : parseFilter(filter, ['rolename', 'type'])[0];
      const roles = [...context.world.roleDefinitions.values()].filter(
        (role) => wanted?.field !== 'rolename' || role.roleName.toLowerCase() === wanted.value.toLowerCase(),
      );
      return { status: 200, body: { value: roles.map((role) => roleView(scope, role)) } };
    },
  },
  {
    method: 'GET',
    path: '{+scope}/providers/Microsoft.Authorization/roleDefinitions/{role}',
    handle: (context, parameters) => {
      const scope = begin(context, parameter(parameters, 'scope'));
      const name = parameter(parameters, 'role');
      const role = context.world.roleDefinitions.get(name.toLowerCase());
      if (role === undefined) {
        throw new ArmFault(
          404,
          'RoleDefinitionDoesNotExist',
          `The specified role definition with ID '${name}' does not exist.`,
        );
      }
      return { status: 200, body: roleView(scope, role) };
    },
  },
];

function begin(context: ArmContext, given: string): string {
  checkTypeApiVersion(context, 'Microsoft.Authorization', 'roleDefinitions', ROLE_API_VERSIONS);
  // At the tenant, roles are open to all.
  if (given === '') return '';
  const scope = checkScope(context, given);
  checkRights(context, 'Microsoft.Authorization/roleDefinitions/read', scope);
  return scope;
}

function checkScope(context: ArmContext, scope: string): string {
  const { subscriptionId = '', resourceGroup } = placeOf(scope);
  subscriptionOf(context, subscriptionId);
  if (resourceGroup !== undefined) existingGroup(context, subscriptionId, resourceGroup);
  return scope;
}

function roleView(scope: string, role: RoleDefinition): JsonObject {
  const { subscriptionId } = placeOf(scope);
  const prefix = subscriptionId === undefined ? '' : `/subscriptions/${subscriptionId}`;
  return {
    id: `${prefix}/providers/Microsoft.Authorization/roleDefinitions/${role.name}`,
    type: 'Microsoft.Authorization/roleDefinitions',
    name: role.name,
    properties: {
      roleName: role.roleName,
      type: 'BuiltInRole',
      description: role.description,
      assignableScopes: ['/'],
      permissions: role.permissions.map((permission) => ({ ...permission })),
    },
  };
}
