import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Finding, RedeploymentReason } from '../../../redeployment/finding.ts';
import type { RedeploymentTerms } from '../../../redeployment/observed.ts';
import { waitOf } from '../../../redeployment/retirement.ts';
import { toTimestamp } from '../../../runtime/conditions.ts';

/** What is waited for when the wait is over, and not longer than the deadline where the CMG says so. */
const HELD: ReadonlySet<string> = new Set<RedeploymentReason>([
  'ClientsNotRefreshed',
  'FewerDevicesVisible',
  'DeadlinePassed',
  'WaitingForContent',
  'ContentNotDistributed',
]);

/** Where a redeployment stands. */
export interface WaitParts {
  readonly wanted: CMGStatusDeployment | undefined;
  readonly deployments: readonly CMGStatusDeployment[];
  /** What the plan says of it. */
  readonly conditions: readonly Pick<Finding, 'reason'>[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * When the wait is over, as long as the new gateway stays in reach of every client. When it is over and clients or content are
 * still waited for: the deadline. While the old gateway is stopped: the end of `drainFor`. `undefined`: not known yet.
 */
export function waitEnd(
  terms: RedeploymentTerms,
  { wanted, deployments, conditions, now }: WaitParts,
): string | undefined {
  const stopped = deployments.flatMap(({ phase, stoppedAt }) =>
    phase === 'Draining' && stoppedAt !== undefined ? [Date.parse(stoppedAt)] : [],
  );
  if (stopped.length > 0) {
    return toTimestamp(Math.max(...stopped) + terms.drainFor);
  }
  const { advertised, wantedSince } = wanted ?? {};
  if (advertised === undefined) {
    return undefined;
  }
  const from = Math.max(Date.parse(advertised.since), Date.parse(wantedSince ?? advertised.since));
  const waited = from + waitOf(terms);
  // Where one is left, a claim on another CMG ends with the wait, and nothing else goes.
  if (deployments.length < 2 && now >= waited) {
    return undefined;
  }
  const isHeld = now >= waited && conditions.some(({ reason }) => HELD.has(reason));
  return toTimestamp(isHeld ? Math.max(waited, from + terms.deadline) : waited);
}
