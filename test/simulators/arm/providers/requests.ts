import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { refusalOfBody } from '../body-errors.ts';
import { type BodyType, loadBodyJudge } from '../body-judge.ts';
import type { ResourceRequest, WriteRequest } from '../provider.ts';
import type { DefinitionSource } from '../wire-schema.ts';
import type { World } from '../world.ts';

const judge = await loadBodyJudge();

/**
 * Refuses a body that Microsoft's definitions do not allow.
 *
 * @param now the resource as Azure shows it at present, if it exists
 * @throws ArmFault in the words of the provider that `source` names
 */
export function refuseBadBody(
  source: DefinitionSource,
  type: BodyType,
  request: Pick<ResourceRequest, 'id' | 'name' | 'type'>,
  body: JsonObject,
  now: JsonObject | undefined,
): void {
  const { id, name, type: resourceType } = request;
  const refusal = refusalOfBody(source, judge(type, body, now ?? { id, name, type: resourceType }));
  if (refusal === undefined) return;
  const { status, code, message, ...more } = refusal;
  throw new ArmFault(status, code, message, more);
}

/** A region as Azure answers it: `West Europe` becomes `westeurope`. */
export function normalisedLocation(location: unknown): string {
  return typeof location === 'string' ? location.replaceAll(' ', '').toLowerCase() : '';
}

/** The body with its location as Azure answers it. */
export function withNormalisedLocation(request: WriteRequest): JsonObject {
  return { ...request.body, location: normalisedLocation(request.body.location) };
}

/** A moment as Azure writes it. */
export function timestamp(world: World): string {
  return new Date(world.now()).toISOString();
}
