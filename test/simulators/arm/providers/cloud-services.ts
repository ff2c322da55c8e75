import { ArmFault } from '../arm-fault.ts';
import type { ResourceType } from '../provider.ts';

/** Azure takes no new ones any more. */
function retired(what: string): never {
  throw new ArmFault(409, 'ConflictError', `${what} is retired: no new deployments are accepted.`);
}

/**
 * `Microsoft.ClassicCompute/domainNames`: cloud services (classic), which Azure retired on 31 August 2024. Only the control
 * makes one.
 */
export const classicCloudServices: ResourceType = {
  type: 'Microsoft.ClassicCompute/domainNames',
  apiVersions: ['2018-06-01', '2016-11-01', '2016-04-01'],
  tracked: true,
  put: () => retired('Cloud Services (classic)'),
  delete: ({ world, id }) => {
    world.remove(id);
    return { status: 200 };
  },
};

/** `Microsoft.Compute/cloudServices`: cloud services (extended support). Only the control makes one. */
export const cloudServices: ResourceType = {
  type: 'Microsoft.Compute/cloudServices',
  apiVersions: ['2024-11-04', '2022-09-04', '2021-03-01'],
  tracked: true,
  put: () => retired('Cloud Services (extended support)'),
  delete: ({ world, id }) => {
    world.remove(id);
    return { status: 200 };
  },
};
