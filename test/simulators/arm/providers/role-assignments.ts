import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { objectAt, textAt, withoutNulls } from '../json-path.ts';
import type { Outcome, ResourceType, WriteRequest } from '../provider.ts';
import type { World } from '../world.ts';
import { refuseBadBody, timestamp } from './requests.ts';

const TYPE = 'Microsoft.Authorization/roleAssignments';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Seconds until every directory replica knows a new principal: ten tries over 65 s were recorded. */
const REPLICATION_SECONDS = 65;

function put(request: WriteRequest): Outcome {
  const { world, id, name, current } = request;
  refuseBadBody('authorization', 'roleAssignment', request, request.body, current?.document);
  const asked = objectAt(withoutNulls(request.body), 'properties');
  const principalId = textAt(asked, 'principalId') ?? '';
  const roleDefinitionId = existingRole(request, textAt(asked, 'roleDefinitionId') ?? '');
  refuseUnknownPrincipal(world, principalId, textAt(asked, 'principalType'));
  const scope = scopeOf(id);
  if (current === undefined) refuseDuplicate(world, scope, principalId, roleDefinitionId);
  else refuseUpdate(current.document, principalId, roleDefinitionId);

  const time = timestamp(world);
  const before = objectAt(current?.document, 'properties');
  const document = {
    id,
    name,
    type: TYPE,
    properties: {
      roleDefinitionId,
      principalId,
      principalType: textAt(asked, 'principalType') ?? 'ServicePrincipal',
      scope,
      ...optional(asked),
      createdOn: before.createdOn ?? time,
      updatedOn: time,
      createdBy: before.createdBy ?? request.caller.objectId,
      updatedBy: request.caller.objectId,
    },
  };
  world.store({ id, type: TYPE, document });
  if (current !== undefined) return { status: 200 };
  // Who made it is told from the next answer on.
  return { status: 201, body: { ...document, properties: { ...document.properties, createdBy: null } } };
}

function optional(asked: JsonObject): JsonObject {
  const names = ['condition', 'conditionVersion', 'delegatedManagedIdentityResourceId', 'description'];
  return Object.fromEntries(names.map((name) => [name, asked[name] ?? null]));
}

/** The scope that an assignment's id names. */
function scopeOf(id: string): string {
  return id.slice(0, id.toLowerCase().lastIndexOf('/providers/microsoft.authorization/roleassignments/'));
}

/** The role definition's id in Azure's spelling. */
function existingRole({ world, subscriptionId }: WriteRequest, roleDefinitionId: string): string {
  const name = roleDefinitionId.split('/').at(-1) ?? '';
  if (!/\/providers\/microsoft\.authorization\/roledefinitions\/[^/]+$/i.test(roleDefinitionId) || !GUID.test(name)) {
    throw new ArmFault(400, 'InvalidRoleDefinitionId', `The role definition ID '${roleDefinitionId}' is not valid.`);
  }
  if (world.roleDefinitions.get(name.toLowerCase()) === undefined) {
    throw new ArmFault(
      404,
      'RoleDefinitionDoesNotExist',
      `The specified role definition with ID '${name.replaceAll('-', '')}' does not exist.`,
    );
  }
  return `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${name.toLowerCase()}`;
}

/** Only an assignment that does not say what its principal is has it looked up in the directory. */
function refuseUnknownPrincipal(world: World, principalId: string, principalType: string | undefined): void {
  if (!GUID.test(principalId)) {
    throw new ArmFault(
      400,
      'InvalidPrincipalId',
      `The Principal ID '${principalId}' is not valid. Principal ID must be a GUID.`,
    );
  }
  const principal = world.principals.get(principalId.toLowerCase());
  if (principalType !== undefined) {
    if (principal === undefined || principalType === 'ServicePrincipal') return;
    throw new ArmFault(
      400,
      'UnmatchedPrincipalType',
      `The PrincipalId '${principalId.replaceAll('-', '')}' has type 'ServicePrincipal' , which is different from specified PrinciaplType '${principalType}'.`,
    );
  }
  const replicated = world.duration('roleAssignments/principalReplication', REPLICATION_SECONDS) * 1000;
  if (principal !== undefined && world.now() >= principal.createdAt + replicated) return;
  throw new ArmFault(
    400,
    'PrincipalNotFound',
    `Principal ${principalId.replaceAll('-', '')} does not exist in the directory ${world.tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
  );
}

function refuseDuplicate(world: World, scope: string, principalId: string, roleDefinitionId: string): void {
  const same = [...world.atScope(scope, TYPE)].find(({ document }) =>
    isAssignment(document, principalId, roleDefinitionId),
  );
  if (same === undefined) return;
  throw new ArmFault(
    409,
    'RoleAssignmentExists',
    `The role assignment already exists. The ID of the conflicting role assignment is ${same.name.replaceAll('-', '')}.`,
  );
}

function refuseUpdate(document: JsonObject, principalId: string, roleDefinitionId: string): void {
  if (isAssignment(document, principalId, roleDefinitionId)) return;
  throw new ArmFault(
    400,
    'RoleAssignmentUpdateNotPermitted',
    'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
  );
}

function isAssignment(document: JsonObject, principalId: string, roleDefinitionId: string): boolean {
  return (
    textAt(document, 'properties.principalId')?.toLowerCase() === principalId.toLowerCase() &&
    textAt(document, 'properties.roleDefinitionId')?.toLowerCase() === roleDefinitionId.toLowerCase()
  );
}

/** `Microsoft.Authorization/roleAssignments`, at any scope. */
export const roleAssignments: ResourceType = {
  type: TYPE,
  apiVersions: ['2022-04-01'],
  tracked: false,
  extension: true,
  provisioningState: false,
  name: {
    pattern: GUID,
    refusal: (name) =>
      new ArmFault(
        400,
        'InvalidRoleAssignmentId',
        `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
      ),
  },
  missing: ({ name }) => new ArmFault(404, 'RoleAssignmentNotFound', `The role assignment '${name}' is not found.`),
  put,
  delete: ({ world, id, current }) => {
    world.remove(id);
    return current === undefined ? { status: 204 } : { status: 200, body: current.document };
  },
};
