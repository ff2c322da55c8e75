import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { ArmError } from '../../azure/errors.ts';
import type { ResourceAction } from '../../azure/resource-plan.ts';
import { isMidway } from '../../gateway/instances.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { type InstancesOutcome, lookAtInstances, type RolloutTurn, SCALE_SET } from './instances.ts';
import type { Round } from './write-round.ts';

/** Whether it is the turn of this gateway. A rollout is written down before it begins. */
export function rolloutTurn({ scope, record }: Round): RolloutTurn {
  const slot = scope.rollouts.take(scope.cmg);
  switch (slot.kind) {
    case 'None':
      return { kind: 'Later', holders: slot.holders };
    case 'Taken':
      return record.rollout === undefined ? { kind: 'OnceRecorded' } : { kind: 'Now' };
    default:
      return slot satisfies never;
  }
}

/** A record with what is known of its rollout now. */
export function withRollout(
  record: CMGStatusDeployment,
  rollout: InstancesOutcome['rollout'],
  now: number,
): CMGStatusDeployment {
  switch (rollout) {
    case 'Unchanged':
      return record;
    case 'UnderWay':
      return { ...record, rollout: record.rollout ?? { startedAt: toTimestamp(now) } };
    case 'Over': {
      const { rollout: _over, ...rest } = record;
      return rest;
    }
    default:
      return rollout satisfies never;
  }
}

/** Whether a new model is to be written while an earlier one is on its way to the VMs, which has to come to its end first. */
export async function earlierModelIsMidway({ scope, record, input, observed }: Round): Promise<boolean> {
  const scaleSet = observed.plan.actions.find(({ resource }) => resource.key === SCALE_SET);
  if (record.rollout === undefined || scaleSet === undefined || !changesModel(scaleSet)) {
    return false;
  }
  try {
    return isMidway(await lookAtInstances(input, scaleSet.resource.id, scope.driftIntervalMs));
  } catch (error) {
    if (error instanceof ArmError) {
      // It is looked at once more right away, and what is wrong is told then.
      return true;
    }
    throw error;
  }
}

function changesModel(action: ResourceAction): boolean {
  return (
    action.kind === 'Update' &&
    action.differences.some(({ path }) => path === 'sku.name' || path.startsWith('properties.virtualMachineProfile'))
  );
}
