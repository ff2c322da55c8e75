import type { JsonValue } from '../json.ts';
import type { ArmClient, ReadOptions } from './arm-client.ts';

/** What one role assignment allows at a scope. Actions may hold `*` for any run of characters. */
export interface Permission {
  readonly actions: readonly string[];
  /** Taken out of `actions` again. Another permission may still allow them. */
  readonly notActions: readonly string[];
}

/**
 * Reads what the client's identity may do at a scope: a resource group, a resource, or the subscription. Conditions on
 * role assignments do not show here.
 */
export async function readPermissions(
  client: ArmClient,
  scope: string,
  options?: ReadOptions,
): Promise<readonly Permission[]> {
  const items = await client.list(`${scope}/providers/Microsoft.Authorization/permissions`, '2022-04-01', options);
  return items.map((item) => ({ actions: strings(item.actions), notActions: strings(item.notActions) }));
}

function strings(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Whether the permissions allow an action such as `Microsoft.Network/publicIPAddresses/write`. Case does not count. */
export function allows(permissions: readonly Permission[], action: string): boolean {
  return permissions.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => covers(pattern, action)) && !notActions.some((pattern) => covers(pattern, action)),
  );
}

function covers(pattern: string, action: string): boolean {
  const expression = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, (special) => (special === '*' ? '.*' : `\\${special}`));
  return new RegExp(`^${expression}$`, 'i').test(action);
}
