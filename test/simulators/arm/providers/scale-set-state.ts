import type { JsonObject } from '../../../../src/json.ts';
import type { ArmErrorBody } from '../arm-fault.ts';
import type { StoredResource, World } from '../world.ts';
import { type InstanceAddress, instanceAddresses, referencesOf } from './references.ts';
import type { ScaleSetInstance } from './scale-set-instances.ts';

export const SCALE_SET_TYPE = 'Microsoft.Compute/virtualMachineScaleSets';

/** The api-versions of scale sets that are served. */
export const SCALE_SET_API_VERSIONS = [
  '2026-04-01',
  '2025-04-01',
  '2024-11-01',
  '2024-07-01',
  '2024-03-01',
  '2023-09-01',
  '2023-03-01',
  '2022-03-01',
] as const;

/** The latest rolling upgrade of a scale set. Lists hold ids of instances, times are milliseconds since the epoch. */
export interface RollingUpgrade {
  readonly code: 'RollingForward' | 'Cancelled' | 'Completed' | 'Faulted';
  /** As the scale set had it when the upgrade began. */
  readonly policy: JsonObject;
  readonly startedAt: number;
  readonly lastAction: 'Start' | 'Cancel';
  readonly lastActionAt: number;
  readonly pending: readonly string[];
  readonly inProgress: readonly string[];
  readonly successful: readonly string[];
  readonly failed: readonly string[];
  readonly error: ArmErrorBody | undefined;
}

/** What the simulator keeps of a scale set and no answer shows. */
export interface ScaleSetState {
  /** The model with passwords and protected settings. */
  readonly model: JsonObject;
  readonly modelFingerprint: string;
  readonly instances: readonly ScaleSetInstance[];
  /** Ids of instances are never used again. */
  readonly nextInstanceId: number;
  /** `undefined` until there was one. */
  readonly rollingUpgrade?: RollingUpgrade | undefined;
}

/** The state of a stored scale set. */
export function scaleSetState(scaleSet: StoredResource): ScaleSetState {
  return scaleSet.internal as ScaleSetState;
}

/** Addresses of VMs that are joined to a subnet, a load balancer's pool or a network security group. */
export function joinedAddresses(world: World, id: string): readonly InstanceAddress[] {
  const wanted = id.toLowerCase();
  return [...world.ofType(SCALE_SET_TYPE)]
    .filter(({ document }) => referencesOf(document).has(wanted))
    .flatMap((scaleSet) => {
      const instanceIds = scaleSetState(scaleSet).instances.map((instance) => instance.instanceId);
      return instanceAddresses(scaleSet, instanceIds).filter((address) => address.joins.has(wanted));
    });
}
