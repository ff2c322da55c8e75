import { textAt } from './json-path.ts';
import { actionCovers, isWithin, ownerOf } from './resource-path.ts';
import type { Principal, RolePermission, StoredResource } from './world.ts';
import type { WorldState } from './world-state.ts';

/** What principals may do by the roles that were assigned to them in Azure. */

const ROLE_ASSIGNMENTS = 'Microsoft.Authorization/roleAssignments';

/** Which side of a role is asked: what it allows in Resource Manager, or with data. */
export type RoleSide = 'actions' | 'dataActions';

/**
 * Whether a role assignment at the scope, or at anything above it, lets the caller do the action. An assignment counts only
 * `settings.roleLagSeconds` after it was made.
 */
export function allowedByRole(
  world: WorldState,
  caller: Principal,
  side: RoleSide,
  action: string,
  scope: string,
): boolean {
  for (let outer = scope; outer !== '' && outer !== '/subscriptions'; outer = ownerOf(outer)) {
    for (const assignment of world.atScope(outer, ROLE_ASSIGNMENTS)) {
      if (!isInForce(world, assignment, caller)) continue;
      if (permissionsOf(world, assignment).some((permission) => allows(permission, side, action))) return true;
    }
  }
  return false;
}

/** A role of the caller, with where it holds. */
export interface HeldRole {
  readonly scope: string;
  readonly permissions: readonly RolePermission[];
}

/** The roles of the caller in a subscription and everything in it, as far as they are in force. */
export function heldRoles(world: WorldState, caller: Principal, subscriptionId: string): readonly HeldRole[] {
  return [...world.ofType(ROLE_ASSIGNMENTS)]
    .filter((item) => isWithin(item.id, `/subscriptions/${subscriptionId}`) && isInForce(world, item, caller))
    .map((item) => ({ scope: ownerOf(item.id), permissions: permissionsOf(world, item) }));
}

/** Whether the caller has any right in a subscription: then it can be seen. */
export function hasAnyRight(world: WorldState, caller: Principal, subscriptionId: string): boolean {
  const subscription = `/subscriptions/${subscriptionId}`;
  const grants = world.grants.get(caller.objectId.toLowerCase()) ?? [];
  return (
    grants.some(({ scope }) => isWithin(subscription, scope) || isWithin(scope, subscription)) ||
    heldRoles(world, caller, subscriptionId).length > 0
  );
}

function isInForce(world: WorldState, assignment: StoredResource, caller: Principal): boolean {
  const principalId = textAt(assignment.document, 'properties.principalId')?.toLowerCase();
  const effectiveBefore = world.now() - world.settings.roleLagSeconds * 1000;
  return principalId === caller.objectId.toLowerCase() && assignment.createdAt <= effectiveBefore;
}

function permissionsOf(world: WorldState, assignment: StoredResource): readonly RolePermission[] {
  const role = textAt(assignment.document, 'properties.roleDefinitionId')?.split('/').at(-1)?.toLowerCase() ?? '';
  return world.roleDefinitions.get(role)?.permissions ?? [];
}

function allows(permission: RolePermission, side: RoleSide, action: string): boolean {
  const [allowed, denied] =
    side === 'actions'
      ? [permission.actions, permission.notActions]
      : [permission.dataActions, permission.notDataActions];
  return (
    allowed.some((pattern) => actionCovers(pattern, action)) && !denied.some((pattern) => actionCovers(pattern, action))
  );
}
