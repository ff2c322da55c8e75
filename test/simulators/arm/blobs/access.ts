import { allowedByRole } from '../role-rights.ts';
import type { Principal } from '../world.ts';
import type { WorldState } from '../world-state.ts';

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

/** Whether a role of the caller at the resource, or at anything above it, lets it do the data action. */
export function mayUseData(world: WorldState, caller: Principal, action: string, resourceId: string): boolean {
  return allowedByRole(world, caller, 'dataActions', action, resourceId);
}
