import type { ArmClient } from '../../azure/arm-client.ts';
import { resourceGroupId } from '../../azure/resource-id.ts';
import { searchResources } from '../../azure/resource-search.ts';
import { prefixOf } from '../../gateway/deployment.ts';
import { HEART_TYPES, type HeartType, heartId, heartType, type SoughtGateway } from '../../gateway/observed-gateway.ts';
import type { JsonObject } from '../../json.ts';

/** What the search for a gateway came to. */
export type GatewaySearch =
  | { readonly kind: 'Found'; readonly id: string; readonly type: HeartType; readonly heart: JsonObject }
  | {
      readonly kind: 'Missing';
      /** Gateways of that name in other resource groups of the subscription. */
      readonly elsewhere: readonly string[];
      readonly groupExists: boolean;
    }
  /** Several are in the resource group, none of them the only one of the declared model. */
  | { readonly kind: 'Several'; readonly ids: readonly string[] };

interface Candidate {
  readonly id: string;
  readonly type: HeartType;
}

/**
 * Looks for the gateway by the prefix of its service name: through Azure Resource Graph, which shows all models and resource
 * groups at once, and, as the graph may lag behind, once more where one of the declared model would be.
 *
 * @throws ArmError
 */
export async function findGateway(arm: ArmClient, sought: SoughtGateway, signal: AbortSignal): Promise<GatewaySearch> {
  const types = HEART_TYPES.map(({ type }) => type);
  const found = await searchResources(arm, prefixOf(sought.serviceName), types, { signal });
  const all = found.flatMap(({ id, type }): readonly Candidate[] => {
    const heart = heartType(type);
    return heart === undefined ? [] : [{ id, type: heart }];
  });
  const group = `${resourceGroupId(sought.subscriptionId, sought.resourceGroup)}/`.toLowerCase();
  const here = all.filter(({ id }) => id.toLowerCase().startsWith(group));
  const declared = here.filter(({ type }) => type.model === sought.model);
  const candidates = declared.length > 0 ? declared : here;
  if (candidates.length > 1) {
    return { kind: 'Several', ids: candidates.map(({ id }) => id) };
  }
  const places = [
    ...candidates,
    ...HEART_TYPES.filter(({ model }) => model === sought.model).map((type) => ({ id: heartId(sought, type), type })),
  ];
  let groupExists = true;
  for (const { id, type } of distinct(places)) {
    const result = await read(arm, { id, type }, signal);
    if (result.kind === 'Present') {
      return { kind: 'Found', id, type, heart: result.resource };
    }
    groupExists = result.code !== 'ResourceGroupNotFound';
  }
  return { kind: 'Missing', elsewhere: all.filter((other) => !here.includes(other)).map(({ id }) => id), groupExists };
}

function read(arm: Pick<ArmClient, 'get'>, { id, type }: Candidate, signal: AbortSignal) {
  return arm.get(id, type.apiVersion, { signal });
}

function distinct(places: readonly Candidate[]): readonly Candidate[] {
  return places.filter(
    ({ id }, index) => places.findIndex((other) => other.id.toLowerCase() === id.toLowerCase()) === index,
  );
}
