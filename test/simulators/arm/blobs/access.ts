import { textAt } from '../json-path.ts';
import { actionCovers, ownerOf } from '../resource-path.ts';
import type { Principal, StoredResource } from '../world.ts';
import type { WorldState } from '../world-state.ts';

const ROLE_ASSIGNMENTS = 'Microsoft.Authorization/roleAssignments';
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/** What a request to blob storage needs. */
export function dataActionFor(method: string): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return `${BLOBS}/read`;
    case 'DELETE':
      return `${BLOBS}/delete`;
    default:
      return `${BLOBS}/write`;
  }
}

/**
 * Whether a role assignment at the resource, or at anything above it, lets the caller do the data action. An assignment
 * counts only some time after it was made.
 */
export function mayUseData(world: WorldState, caller: Principal, action: string, resourceId: string): boolean {
  const effectiveBefore = world.now() - world.settings.roleLagSeconds * 1000;
  for (let scope = resourceId; scope !== '' && scope !== '/subscriptions'; scope = ownerOf(scope)) {
    for (const assignment of world.atScope(scope, ROLE_ASSIGNMENTS)) {
      if (assignment.createdAt <= effectiveBefore && allows(world, assignment, caller, action)) return true;
    }
  }
  return false;
}

function allows(world: WorldState, assignment: StoredResource, caller: Principal, action: string): boolean {
  if (textAt(assignment.document, 'properties.principalId')?.toLowerCase() !== caller.objectId.toLowerCase())
    return false;
  const role = textAt(assignment.document, 'properties.roleDefinitionId')?.split('/').at(-1)?.toLowerCase() ?? '';
  return (world.roleDefinitions.get(role)?.permissions ?? []).some(
    ({ dataActions, notDataActions }) =>
      dataActions.some((pattern) => actionCovers(pattern, action)) &&
      !notDataActions.some((pattern) => actionCovers(pattern, action)),
  );
}
