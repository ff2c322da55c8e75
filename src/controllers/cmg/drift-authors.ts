import { type ActivityEvent, readActivityLog } from '../../azure/activity-log.ts';
import { ArmError } from '../../azure/errors.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import type { AzureSession } from './azure-access.ts';
import type { Scope } from './scope.ts';

/** So many people are named at most; their other changes stand in the activity log. */
const NAMED = 3;

/** The longest name of a caller or an operation that is shown. */
const LONGEST_NAME = 120;

/**
 * Who changed what is not as declared, as far as Azure's activity log tells by now: a phrase for an event, empty when it tells
 * nothing. It is told as a service, so that a failure to read it is none of the gateway's.
 *
 * @param changed ARM ids of what is not as declared
 */
export async function driftAuthors(
  { clock, fullReadIntervalMs, signal }: Scope,
  { arm }: AzureSession,
  deployment: Pick<GatewayDeployment, 'resourceGroup' | 'operatorPrincipalId'>,
  changed: readonly string[],
): Promise<string> {
  const until = clock.now();
  try {
    // What was changed before the last time that everything was read has been found then.
    const window = { resourceGroup: deployment.resourceGroup.name, since: until - 2 * fullReadIntervalMs, until };
    const events = await readActivityLog(arm, window, { signal });
    return describeAuthors(events, changed, deployment.operatorPrincipalId);
  } catch (error) {
    if (error instanceof ArmError) {
      return '';
    }
    throw error;
  }
}

/**
 * The last change of each caller but the operator itself, of those resources and what is below them.
 *
 * @param events the newest first
 */
export function describeAuthors(
  events: readonly ActivityEvent[],
  changed: readonly string[],
  ownPrincipalId: string,
): string {
  const concerned = events.filter(
    ({ resourceId, caller }) =>
      caller.toLowerCase() !== ownPrincipalId.toLowerCase() && changed.some((id) => isAtOrBelow(resourceId, id)),
  );
  const last = new Map<string, ActivityEvent>();
  for (const event of concerned) {
    if (!last.has(event.caller)) {
      last.set(event.caller, event);
    }
  }
  return [...last.values()]
    .slice(0, NAMED)
    .map(({ caller, operation, at }) => `${short(caller)} (${short(operation)} at ${at.replace(/\.\d+Z$/, 'Z')})`)
    .join(', ');
}

function isAtOrBelow(id: string, ancestor: string): boolean {
  const [inner, outer] = [id.toLowerCase(), ancestor.toLowerCase()];
  return inner === outer || inner.startsWith(`${outer}/`);
}

function short(text: string): string {
  return text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME)}…`;
}
