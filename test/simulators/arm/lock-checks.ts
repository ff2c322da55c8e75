import { ArmFault } from './arm-fault.ts';
import { textAt } from './json-path.ts';
import { isWithin, lastName, ownerOf } from './resource-path.ts';
import type { StoredResource, World } from './world.ts';

/** What management locks forbid, whoever asks: locks are judged after rights and hold for owners, too. */

/** The type of locks. */
export const LOCK_TYPE = 'Microsoft.Authorization/locks';

/** What a request does to what it names. An action (POST) is a write: a read-only lock stops listing keys, too. */
export type LockedOperation = 'write' | 'delete';

/**
 * Refuses what a lock on a scope, or on anything above it, forbids. `ReadOnly` forbids writes, actions and deletion,
 * `CanNotDelete` deletion alone. Locks themselves can always be made and removed.
 *
 * @throws ArmFault `ScopeLocked`
 */
export function checkLocks(world: World, operation: LockedOperation, id: string): void {
  if (isLock(id)) return;
  refuse(
    id,
    operation,
    scopesAbove(id).flatMap((scope) => lockingScopes(world, scope, operation)),
  );
}

/** The same for the deletion of a group, which a lock on anything in it forbids, too. */
export function checkGroupDeletionLocks(world: World, groupId: string): void {
  const inside = [...world.ofType(LOCK_TYPE)].filter((lock) => isWithin(lock.id, groupId) && holds(lock, 'delete'));
  const above = scopesAbove(ownerOf(groupId)).flatMap((scope) => lockingScopes(world, scope, 'delete'));
  refuse(groupId, 'delete', [...above, ...inside.map((lock) => ownerOf(lock.id))]);
}

function refuse(id: string, operation: LockedOperation, scopes: readonly string[]): void {
  if (scopes.length === 0) return;
  const locked = [...new Set(scopes)].map((scope) => `'${scope}'`).join(',');
  throw new ArmFault(
    409,
    'ScopeLocked',
    `The scope '${id}' cannot perform ${operation} operation because following scope(s) are locked: ${locked}. Please remove the lock and try again.`,
  );
}

function lockingScopes(world: World, scope: string, operation: LockedOperation): string[] {
  return [...world.atScope(scope, LOCK_TYPE)].filter((lock) => holds(lock, operation)).map((lock) => ownerOf(lock.id));
}

function holds(lock: StoredResource, operation: LockedOperation): boolean {
  const level = textAt(lock.document, 'properties.level');
  return level === 'ReadOnly' || (level === 'CanNotDelete' && operation === 'delete');
}

/** A scope and all that it lies in, up to the subscription. */
function scopesAbove(id: string): string[] {
  const scopes: string[] = [];
  for (let scope = id; scope !== '' && scope !== '/subscriptions'; scope = ownerOf(scope)) scopes.push(scope);
  return scopes;
}

function isLock(id: string): boolean {
  return id.toLowerCase().endsWith(`/providers/${LOCK_TYPE.toLowerCase()}/${lastName(id).toLowerCase()}`);
}
