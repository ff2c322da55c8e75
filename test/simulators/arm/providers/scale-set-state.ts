import type { JsonObject } from '../../../../src/json.ts';
import type { StoredResource, World } from '../world.ts';
import { type InstanceAddress, instanceAddresses, referencesOf } from './references.ts';
import type { ScaleSetInstance } from './scale-set-instances.ts';

export const SCALE_SET_TYPE = 'Microsoft.Compute/virtualMachineScaleSets';

/** What the simulator keeps of a scale set and no answer shows. */
export interface ScaleSetState {
  /** The model with passwords and protected settings. */
  readonly model: JsonObject;
  readonly modelFingerprint: string;
  readonly instances: readonly ScaleSetInstance[];
  /** Ids of instances are never used again. */
  readonly nextInstanceId: number;
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
