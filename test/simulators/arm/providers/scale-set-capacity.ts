import type { JsonObject } from '../../../../src/json.ts';
import type { ArmErrorBody } from '../arm-fault.ts';
import { textAt } from '../json-path.ts';
import type { AllocationFailure, World } from '../world.ts';
import { SCALE_SET_TYPE, scaleSetState } from './scale-set-state.ts';

/** Whether Azure has hardware for VMs: found while they are made or started, not when the model is taken. */
export interface Allocation {
  /** How many of the wanted VMs there is room for. */
  readonly granted: number;
  /** Why not for all. */
  readonly failure: ArmErrorBody | undefined;
}

/** Asks for hardware for `wanted` more VMs of the size and the region of a model. */
export function allocate(world: World, model: JsonObject, wanted: number): Allocation {
  const size = textAt(model, 'sku.name') ?? '';
  const location = String(model.location);
  const limit = world.capacity(size, location);
  if (wanted <= 0 || limit === undefined) return { granted: Math.max(wanted, 0), failure: undefined };
  const free = Math.max(limit.vms - allocated(world, size, location), 0);
  if (free >= wanted) return { granted: wanted, failure: undefined };
  return { granted: free, failure: { code: limit.code, message: MESSAGES[limit.code] } };
}

/** VMs that hold hardware. A VM that was only powered off keeps its own. */
function allocated(world: World, size: string, location: string): number {
  return [...world.ofType(SCALE_SET_TYPE)]
    .filter(({ document }) => document.location === location)
    .flatMap((scaleSet) => scaleSetState(scaleSet).instances)
    .filter(
      ({ power, model }) => power !== 'deallocated' && textAt(model, 'sku.name')?.toLowerCase() === size.toLowerCase(),
    ).length;
}

const GUIDANCE = 'Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance';

const MESSAGES: Readonly<Record<AllocationFailure, string>> = {
  AllocationFailed: `Allocation failed. We do not have sufficient capacity for the requested VM size in this region. ${GUIDANCE}`,
  ZonalAllocationFailed: `Allocation failed. We do not have sufficient capacity for the requested VM size in this zone. ${GUIDANCE}`,
  OverconstrainedAllocationRequest:
    'Allocation failed. VM(s) with the following constraints cannot be allocated, because the condition is too restrictive. Please remove some constraints and try again. Constraints applied are:\n  - Networking Constraints (such as Accelerated Networking or IPv6)\n  - VM Size\n',
};
