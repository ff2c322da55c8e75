import type { DeploymentRecord, Records } from '../../../redeployment/record.ts';
import { toTimestamp } from '../../../runtime/conditions.ts';
import type { DeletionSlot } from '../deletion-budget.ts';
import type { Scope } from '../scope.ts';

/** Whether the deletions that a plan begins or announces may go on, and where not, what to say of it. */
export type DeletionTurn =
  | { readonly kind: 'Now' }
  /** `freeAt`: when there is a slot again at the earliest, in milliseconds since the epoch. */
  | { readonly kind: 'Later'; readonly message: string; readonly freeAt: number };

/**
 * Asks the fleet brake before a gateway that clients may miss is deleted, and before anything is taken from it on the site. The
 * slot is taken with the decision, which is then written down; until then it is only looked whether there is one.
 */
export async function turnToDelete(
  { cmg, clock, deletionBudget, signal }: Pick<Scope, 'cmg' | 'clock' | 'deletionBudget' | 'signal'>,
  before: Records,
  after: Records,
): Promise<DeletionTurn> {
  const known = new Map(before.deployments.map((record) => [record.id, record]));
  const losses = after.deployments.filter(({ served }) => served === 'Yes');
  const isBegun = losses.some((record) => isDoomed(record) && !isDoomed(known.get(record.id)));
  const isAnnounced = losses.some((record) => isDoomedNext(record) && !isDoomedNext(known.get(record.id)));
  if (!isBegun && !isAnnounced) {
    return { kind: 'Now' };
  }
  const ask = isBegun ? deletionBudget.take : deletionBudget.look;
  const slot = await ask(cmg, clock.now(), signal);
  return slot.kind === 'Taken'
    ? { kind: 'Now' }
    : { kind: 'Later', message: whenFree(deletionBudget.perHour, slot), freeAt: slot.freeAt };
}

/** What is gone already is no loss, and needs no turn. */
function isDoomed(record: DeploymentRecord | undefined): boolean {
  return record?.stage.phase === 'Deleting' && isLoss(record.stage.because);
}

function isDoomedNext(record: DeploymentRecord | undefined): boolean {
  return isLoss(record?.announced);
}

function isLoss(because: DeploymentRecord['announced']): boolean {
  return because === 'DeleteFirst' || because === 'Retired' || because === 'CmgDeleted';
}

function whenFree(perHour: number, { freeAt }: Extract<DeletionSlot, { kind: 'None' }>): string {
  return `As many gateways as --max-deletions-per-hour allows (${perHour}) have been removed within an hour. It goes on by itself, at ${toTimestamp(freeAt)} at the earliest.`;
}
