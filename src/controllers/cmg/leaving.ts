import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { LONGEST_LEAVE } from '../../redeployment/removal.ts';
import { isManaged } from './managed-cmg.ts';

/**
 * When the gateway of a CMG that is being deleted began to leave its site, in milliseconds since the epoch; `undefined`: it
 * has not. From then on it has a slot of the fleet brake, and carries nobody's clients.
 */
export function leavingSince({ metadata, status }: CMG): number | undefined {
  return metadata.deletionTimestamp === undefined || status?.leavingSince === undefined
    ? undefined
    : Date.parse(status.leavingSince);
}

/** Until when the removal of a CMG waits for its site, in milliseconds since the epoch; `undefined`: it has not begun. */
export function leavesUntil(cmg: CMG): number | undefined {
  const since = leavingSince(cmg);
  return since === undefined ? undefined : since + LONGEST_LEAVE;
}

/** Whether the removal of a CMG does not wait for its site any more. */
export function hasLeftLongAgo(cmg: CMG, now: number): boolean {
  return now >= (leavesUntil(cmg) ?? Number.POSITIVE_INFINITY);
}

/** Whether a gateway is left in Azure, and on its site, when its CMG is deleted. */
export function staysInAzure(cmg: CMG): boolean {
  const { deletionPolicy, deletionProtection } = cmg.spec;
  return !isManaged(cmg) || deletionPolicy === 'Retain' || deletionProtection;
}
