import { ArmFault } from '../arm-fault.ts';
import { objectAt, withoutNulls } from '../json-path.ts';
import { LOCK_TYPE } from '../lock-checks.ts';
import type { Outcome, ResourceType, WriteRequest } from '../provider.ts';
import { refuseBadBody } from './requests.ts';

function put(request: WriteRequest): Outcome {
  const { world, id, name, current } = request;
  refuseBadBody('locks', 'lock', request, request.body, current?.document);
  const { level, notes, owners } = objectAt(withoutNulls(request.body), 'properties');
  const properties = {
    level,
    ...(notes === undefined ? {} : { notes }),
    ...(owners === undefined ? {} : { owners }),
  };
  world.store({ id, type: LOCK_TYPE, document: { properties, id, type: LOCK_TYPE, name } });
  return { status: current === undefined ? 201 : 200 };
}

/** `Microsoft.Authorization/locks`, at a subscription, a group or a resource. */
export const locks: ResourceType = {
  type: LOCK_TYPE,
  apiVersions: ['2020-05-01', '2016-09-01'],
  tracked: false,
  extension: true,
  provisioningState: false,
  name: {
    pattern: /^[^<>%&?/]{1,90}$/,
    refusal: (name) => new ArmFault(400, 'InvalidLockName', `The lock name '${name}' is invalid.`),
  },
  missing: ({ name }) => new ArmFault(404, 'LockNotFound', `The lock '${name}' could not be found.`),
  put,
  delete: ({ world, id }) => {
    world.remove(id);
    return { status: 200 };
  },
};
