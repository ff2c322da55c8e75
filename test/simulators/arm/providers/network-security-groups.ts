import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { objectsAt, replaceAt, textAt } from '../json-path.ts';
import type { ResourceType } from '../provider.ts';
import type { StoredResource, World } from '../world.ts';
import {
  deleteNetworkChild,
  missingNetworkChild,
  type NetworkChildKind,
  networkChildOf,
  networkChildren,
  putNetworkChild,
} from './network-children.ts';
import { networkSecurityGroup } from './network-shapes.ts';
import {
  deleteNetworkResource,
  NETWORK_API_VERSIONS,
  type NetworkKind,
  patchNetworkTags,
  putNetworkResource,
} from './network-writes.ts';
import { referrers } from './references.ts';
import { joinedAddresses } from './scale-set-state.ts';

const TYPE = 'Microsoft.Network/networkSecurityGroups';

const groupKind: NetworkKind = {
  plural: 'networkSecurityGroups',
  body: 'networkSecurityGroup',
  shape: networkSecurityGroup,
  view: withUsers,
  putSeconds: 4,
  retryAfterSeconds: 1,
  deleteSeconds: 2,
  deleteRetryAfterSeconds: 1,
  refuseDelete: (world, id) => {
    const users = [
      ...subnetsWith(world, id),
      ...joinedAddresses(world, id).map((address) => address.networkInterfaceId),
    ];
    if (users.length === 0) return;
    throw new ArmFault(
      400,
      'InUseNetworkSecurityGroupCannotBeDeleted',
      `Network security group ${id} cannot be deleted because it is in use by the following resources: ${users.join(', ')}. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.`,
      { details: [] },
    );
  },
};

/** The group with those who use it. */
function withUsers({ id, document }: StoredResource, world: World): JsonObject {
  const subnets = subnetsWith(world, id);
  const interfaces = new Set(joinedAddresses(world, id).map((address) => address.networkInterfaceId));
  let shown = document;
  if (interfaces.size > 0) shown = replaceAt(shown, 'properties.networkInterfaces', [...interfaces].map(reference));
  return subnets.length === 0 ? shown : replaceAt(shown, 'properties.subnets', subnets.map(reference));
}

function reference(id: string): JsonObject {
  return { id };
}

function subnetsWith(world: World, groupId: string): string[] {
  return referrers(world, 'Microsoft.Network/virtualNetworks', groupId).flatMap(({ document }) =>
    subnetsOf(document)
      .filter((subnet) => subnet.group === groupId.toLowerCase())
      .map((subnet) => subnet.id),
  );
}

function subnetsOf(network: JsonObject): { readonly id: string; readonly group: string | undefined }[] {
  return objectsAt(network, 'properties.subnets').map((subnet) => ({
    id: String(subnet.id),
    group: textAt(subnet, 'properties.networkSecurityGroup.id')?.toLowerCase(),
  }));
}

const ruleKind: NetworkChildKind = {
  parent: groupKind,
  parentType: TYPE,
  list: 'securityRules',
  oneAtATime: false,
  body: 'securityRule',
};

/** `Microsoft.Network/networkSecurityGroups`. */
export const networkSecurityGroups: ResourceType = {
  type: TYPE,
  apiVersions: NETWORK_API_VERSIONS,
  tracked: true,
  etags: 'OnReads',
  view: withUsers,
  put: (request) => putNetworkResource(request, groupKind),
  patch: patchNetworkTags,
  delete: (request) => deleteNetworkResource(request, groupKind),
};

/** `Microsoft.Network/networkSecurityGroups/securityRules`: they live in the document of their group. */
export const securityRules: ResourceType = {
  type: `${TYPE}/securityRules`,
  apiVersions: NETWORK_API_VERSIONS,
  tracked: false,
  etags: 'OnReads',
  missing: missingNetworkChild,
  get: (request) => networkChildOf(request, ruleKind),
  list: (request) => networkChildren(request, ruleKind),
  put: (request) => putNetworkChild(request, ruleKind),
  delete: (request) => deleteNetworkChild(request, ruleKind),
};
