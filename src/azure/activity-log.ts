import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ArmClient, ReadOptions } from './arm-client.ts';

/** Somebody's write or delete, as the activity log has it. */
export interface ActivityEvent {
  /** ARM id of what was changed. */
  readonly resourceId: string;
  /** User principal name of a person, object id of an application. */
  readonly caller: string;
  /** Such as `Microsoft.Network/networkSecurityGroups/securityRules/delete`. */
  readonly operation: string;
  /** As Azure writes it: ISO 8601, in UTC. */
  readonly at: string;
}

/**
 * Reads who changed something in a resource group since a time in milliseconds since the epoch: the newest first, and no more
 * than one answer holds, as it is only told to people. The activity log follows changes with a delay of minutes.
 */
export async function readActivityLog(
  client: ArmClient,
  { resourceGroup, since, until }: { readonly resourceGroup: string; readonly since: number; readonly until: number },
  options?: ReadOptions,
): Promise<readonly ActivityEvent[]> {
  const [from, to] = [since, until].map((time) => new Date(time).toISOString());
  const answer = await client.get(
    `/subscriptions/${client.subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values`,
    '2015-04-01',
    {
      ...options,
      query: {
        $filter: `eventTimestamp ge '${from}' and eventTimestamp le '${to}' and resourceGroupName eq '${resourceGroup}'`,
        $select: 'caller,eventTimestamp,operationName,resourceId,status',
      },
    },
  );
  const events = answer.kind === 'Present' && Array.isArray(answer.resource.value) ? answer.resource.value : [];
  return events
    .filter(isJsonObject)
    .flatMap(activityEvent)
    .toSorted((left, right) => (left.at < right.at ? 1 : -1));
}

/** Begun, refused and failed ones changed nothing. */
const DONE = new Set(['accepted', 'succeeded']);

function activityEvent({
  caller,
  eventTimestamp,
  operationName,
  resourceId,
  status,
}: JsonObject): readonly ActivityEvent[] {
  const [operation, state] = [invariantName(operationName), invariantName(status)];
  const changes = /\/(write|delete|action)$/i.test(operation) && DONE.has(state.toLowerCase());
  return changes && typeof caller === 'string' && typeof eventTimestamp === 'string' && typeof resourceId === 'string'
    ? [{ resourceId, caller, operation, at: eventTimestamp }]
    : [];
}

/** Names come as `{value, localizedValue}`; the first is for programs. */
function invariantName(named: JsonValue | undefined): string {
  return isJsonObject(named) && typeof named.value === 'string' ? named.value : '';
}
