import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { objectsAt, replaceAt, textAt, textsAt } from '../json-path.ts';
import type { ResourceType } from '../provider.ts';
import type { StoredResource, World } from '../world.ts';
import { addressRange, holdsRange, overlaps } from './address-ranges.ts';
import {
  deleteNetworkChild,
  missingNetworkChild,
  type NetworkChildKind,
  networkChildOf,
  networkChildren,
  putNetworkChild,
} from './network-children.ts';
import { virtualNetwork } from './network-shapes.ts';
import {
  deleteNetworkResource,
  NETWORK_API_VERSIONS,
  type NetworkKind,
  patchNetworkTags,
  putNetworkResource,
} from './network-writes.ts';
import { joinedAddresses } from './scale-set-state.ts';

const TYPE = 'Microsoft.Network/virtualNetworks';

const networkKind: NetworkKind = {
  plural: 'virtualNetworks',
  body: 'virtualNetwork',
  shape: virtualNetwork,
  view: withUsers,
  check: (world, next, current) => {
    refuseBadRanges(next);
    const kept = new Set(objectsAt(next, 'properties.subnets').map((subnet) => String(subnet.name).toLowerCase()));
    for (const subnet of objectsAt(current?.document, 'properties.subnets')) {
      if (!kept.has(String(subnet.name).toLowerCase())) refuseSubnetInUse(world, String(subnet.id));
    }
  },
  putSeconds: 3,
  retryAfterSeconds: 3,
  pollRetryAfterSeconds: 10,
  deleteSeconds: 12,
  refuseDelete: (world, id) => {
    for (const subnet of objectsAt(world.get(id)?.document, 'properties.subnets')) {
      refuseSubnetInUse(world, String(subnet.id));
    }
  },
};

function refuseSubnetInUse(world: World, id: string): void {
  const [user] = joinedAddresses(world, id);
  if (user === undefined) return;
  throw new ArmFault(
    400,
    'InUseSubnetCannotBeDeleted',
    `Subnet ${id.split('/').at(-1)} is in use by ${user.id} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.`,
    { details: [] },
  );
}

function refuseBadRanges(network: JsonObject): void {
  const refuse = (code: string, message: string) => {
    throw new ArmFault(400, code, message, { details: [] });
  };
  const readable = (cidr: string) => {
    const range = addressRange(cidr);
    if (range === undefined)
      refuse(
        'InvalidCIDRNotation',
        `The address prefix ${cidr} in resource ${network.id} has an invalid CIDR notation.`,
      );
    return range ?? { first: 0, last: -1 };
  };
  const space = textsAt(network, 'properties.addressSpace.addressPrefixes').map(readable);
  const taken: { readonly name: string; readonly first: number; readonly last: number }[] = [];
  for (const subnet of objectsAt(network, 'properties.subnets')) {
    const single = textAt(subnet, 'properties.addressPrefix');
    const prefixes = single === undefined ? textsAt(subnet, 'properties.addressPrefixes') : [single];
    for (const range of prefixes.map(readable)) {
      if (!space.some((outer) => holdsRange(outer, range))) {
        refuse(
          'NetcfgSubnetRangeOutsideVnet',
          `Subnet '${subnet.name}' is not valid because its IP address range is outside the IP address range of virtual network '${network.name}'.`,
        );
      }
      if (taken.some((other) => overlaps(other, range))) {
        refuse(
          'NetcfgSubnetRangesOverlap',
          `Subnet '${subnet.name}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '${network.name}'.`,
        );
      }
      taken.push({ name: String(subnet.name), ...range });
    }
  }
}

/** The network with the addresses of VMs that are in its subnets. */
function withUsers({ document }: StoredResource, world: World): JsonObject {
  const subnets = objectsAt(document, 'properties.subnets').map((subnet) => {
    const addresses = joinedAddresses(world, String(subnet.id));
    return addresses.length === 0
      ? subnet
      : replaceAt(
          subnet,
          'properties.ipConfigurations',
          addresses.map(({ id }) => ({ id })),
        );
  });
  return replaceAt(document, 'properties.subnets', subnets);
}

const subnetKind: NetworkChildKind = {
  parent: networkKind,
  parentType: TYPE,
  list: 'subnets',
  oneAtATime: true,
  body: 'subnet',
  refuseDelete: refuseSubnetInUse,
};

/** `Microsoft.Network/virtualNetworks`. */
export const virtualNetworks: ResourceType = {
  type: TYPE,
  apiVersions: NETWORK_API_VERSIONS,
  tracked: true,
  etags: 'OnReads',
  view: withUsers,
  put: (request) => putNetworkResource(request, networkKind),
  patch: patchNetworkTags,
  delete: (request) => deleteNetworkResource(request, networkKind),
};

/** `Microsoft.Network/virtualNetworks/subnets`: they live in the document of their network. */
export const subnets: ResourceType = {
  type: `${TYPE}/subnets`,
  apiVersions: NETWORK_API_VERSIONS,
  tracked: false,
  etags: 'OnReads',
  missing: missingNetworkChild,
  get: (request) => networkChildOf(request, subnetKind),
  list: (request) => networkChildren(request, subnetKind),
  put: (request) => putNetworkChild(request, subnetKind),
  delete: (request) => deleteNetworkChild(request, subnetKind),
};
