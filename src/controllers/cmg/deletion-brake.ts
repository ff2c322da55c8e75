import type { CMG, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import type { Finding } from './finding.ts';
import type { Report } from './report.ts';
import type { Scope } from './scope.ts';

/** What the fleet brake works with. */
export type BrakeScope = Pick<Scope, 'clock' | 'random'> & {
  readonly deletionBudget: Pick<Scope['deletionBudget'], 'perHour' | 'take'>;
};

/** Spreads those that wait for the same moment, so that they do not all ask Azure at once. */
const BRAKE_SPREAD_MS = 60_000;

/**
 * The fleet brake, before clients of a gateway that goes with its CMG would notice. `undefined`: it has a slot, and may go on;
 * else what it says while it waits.
 */
export async function deletionBrake(
  { clock, deletionBudget, random }: BrakeScope,
  cmg: CMG,
  record: CMGStatusDeployment,
  signal: AbortSignal,
): Promise<Report | undefined> {
  const now = clock.now();
  const slot = await deletionBudget.take(cmg, now, signal);
  if (slot.kind === 'Taken') {
    return undefined;
  }
  const message = `As many gateways as --max-deletions-per-hour allows (${deletionBudget.perHour}) have been removed within an hour. This one goes on by itself, at ${toTimestamp(slot.freeAt)} at the earliest, and serves until then. Should it stay, set spec.deletionPolicy to Retain.`;
  const finding: Finding = { type: 'AzureReady', status: 'False', reason: 'DeletionBudget', message };
  const againAfterMs = Math.max(0, slot.freeAt - now) + random() * BRAKE_SPREAD_MS;
  return { findings: [finding], happenings: [], deployment: record, againAfterMs };
}
