import type { DesiredResource } from '../../azure/desired-resource.ts';
import { isJsonObject, type JsonObject, valueAt } from '../../json.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { ownershipTags } from '../tags.ts';

/** What a PUT of a scale set has to repeat of its properties, beside the model of its VMs. */
const KEPT = ['orchestrationMode', 'overprovision', 'singlePlacementGroup', 'upgradePolicy', 'scaleInPolicy'] as const;

/**
 * The VMs of a gateway that only has to go on serving: as they are, whatever the spec says by now. Their tags alone say whose
 * they are, as without these another cluster could not take the gateway over.
 *
 * @param declared the same VMs as the spec asks for
 */
export function keptScaleSet(deployment: GatewayDeployment, declared: DesiredResource): DesiredResource {
  return {
    ...declared,
    desired: (observed) => {
      const current = observed.get(declared.key);
      return current === undefined ? {} : { ...repeated(current), tags: ownershipTags(deployment) };
    },
  };
}

function repeated(current: JsonObject): JsonObject {
  const { location, sku, identity, properties } = current;
  const identities = valueAt(identity, 'userAssignedIdentities');
  return {
    ...(location === undefined ? {} : { location }),
    ...(sku === undefined ? {} : { sku }),
    // What Azure tells of them nobody may write.
    ...(isJsonObject(identity) && isJsonObject(identities)
      ? {
          identity: {
            ...(identity.type === undefined ? {} : { type: identity.type }),
            userAssignedIdentities: Object.fromEntries(Object.keys(identities).map((id) => [id, {}])),
          },
        }
      : {}),
    properties: isJsonObject(properties)
      ? Object.fromEntries(KEPT.flatMap((name) => (properties[name] === undefined ? [] : [[name, properties[name]]])))
      : {},
  };
}
