import type { ArmClient, ReadOptions } from './arm-client.ts';
import { ArmError } from './errors.ts';
import { normaliseLocation } from './resource-id.ts';
import { ONE_DAY_MS, type SharedReads } from './shared-reads.ts';

const API_VERSION = '2022-12-01';

/** A subscription as Azure shows it to the client's identity. */
export interface Subscription {
  readonly displayName: string;
  readonly tenantId: string;
  /** `Enabled`; `Warned` and `PastDue` still work, `Disabled` and `Deleted` do not. */
  readonly state: string;
}

/** Reads the client's subscription. Rejects with `SubscriptionNotFound` when the identity cannot see it. */
export async function readSubscription(client: ArmClient, options?: ReadOptions): Promise<Subscription> {
  const result = await client.get(`/subscriptions/${client.subscriptionId}`, API_VERSION, options);
  if (result.kind === 'Absent') {
    throw new ArmError({
      status: 404,
      code: 'SubscriptionNotFound',
      message: `The subscription ${client.subscriptionId} could not be found.`,
      class: 'NeedsAdministrator',
      answeredByAzure: true,
    });
  }
  const { displayName, tenantId, state } = result.resource;
  return {
    displayName: typeof displayName === 'string' ? displayName : '',
    tenantId: typeof tenantId === 'string' ? tenantId : '',
    state: typeof state === 'string' ? state : 'Enabled',
  };
}

/**
 * Ids of all subscriptions that the client's identity can see, in lower case: those in which it has any right. Those of
 * other tenants that are managed from this one are among them.
 */
export async function listSubscriptions(client: ArmClient, options?: ReadOptions): Promise<readonly string[]> {
  const items = await client.list('/subscriptions', API_VERSION, options);
  return items.flatMap(({ subscriptionId }) =>
    typeof subscriptionId === 'string' ? [subscriptionId.toLowerCase()] : [],
  );
}

/** Names of the regions open to the subscription, such as `westeurope`. Kept for a day. */
export function readLocations(client: ArmClient, reads: SharedReads): Promise<ReadonlySet<string>> {
  return reads.get(`${client.scope}|locations`, ONE_DAY_MS, async () => {
    const items = await client.list(`/subscriptions/${client.subscriptionId}/locations`, API_VERSION);
    return new Set(items.flatMap(({ name }) => (typeof name === 'string' ? [normaliseLocation(name)] : [])));
  });
}
