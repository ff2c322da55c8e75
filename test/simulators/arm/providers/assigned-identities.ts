import { isJsonObject, type JsonObject } from '../../../../src/json.ts';
import { ArmFault, BY_THE_GATEWAY } from '../arm-fault.ts';
import { objectAt } from '../json-path.ts';
import type { World } from '../world.ts';

/**
 * A document with its identities as Azure shows them: each with its principal.
 *
 * @throws ArmFault `FailedIdentityOperation` when one does not exist
 */
export function withCheckedIdentities(world: World, id: string, document: JsonObject): JsonObject {
  const identity = document.identity;
  if (!isJsonObject(identity)) return document;
  const assigned = Object.keys(objectAt(identity, 'userAssignedIdentities')).map((asked) => {
    const found = world.get(asked);
    if (found === undefined) {
      throw new ArmFault(
        400,
        'FailedIdentityOperation',
        `Identity operation for resource '${id}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{"error":{"code":"BadRequest","message":"Resource '${asked.replace(/\/resourcegroups\//i, '/resourcegroups/')}' was not found."}}'.'.`,
        { headers: BY_THE_GATEWAY },
      );
    }
    const { principalId, clientId } = objectAt(found.document, 'properties');
    return [found.id, { principalId, clientId }] as const;
  });
  return {
    ...document,
    identity: {
      ...identity,
      ...(assigned.length === 0 ? {} : { userAssignedIdentities: Object.fromEntries(assigned) }),
    },
  };
}
