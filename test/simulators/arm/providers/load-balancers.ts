import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { objectsAt, replaceAt, textAt } from '../json-path.ts';
import type { ResourceType } from '../provider.ts';
import type { StoredResource, World } from '../world.ts';
import { loadBalancer } from './network-shapes.ts';
import {
  deleteNetworkResource,
  NETWORK_API_VERSIONS,
  type NetworkKind,
  patchNetworkTags,
  putNetworkResource,
} from './network-writes.ts';
import { frontendWith } from './public-ip-addresses.ts';
import { referrers } from './references.ts';
import { joinedAddresses } from './scale-set-state.ts';

const TYPE = 'Microsoft.Network/loadBalancers';
const SCALE_SETS = 'Microsoft.Compute/virtualMachineScaleSets';

const balancerKind: NetworkKind = {
  plural: 'loadBalancers',
  body: 'loadBalancer',
  shape: loadBalancer,
  view: withBackends,
  check: (world, next, current, id) => {
    refuseSkuChange(next, current);
    refuseTakenAddress(world, next, id);
    refuseRemovedInUse(world, next, current);
  },
  // The load balancer is through with the answer, though an operation is named.
  putSeconds: 0,
  retryAfterSeconds: 1,
  deleteSeconds: 10,
  refuseDelete: (world, id) => {
    const children = ['backendAddressPools', 'probes'].flatMap((list) =>
      objectsAt(world.get(id)?.document, `properties.${list}`).map((child) => String(child.id)),
    );
    for (const child of children) {
      const [user] = referrers(world, SCALE_SETS, child);
      if (user === undefined) continue;
      throw new ArmFault(
        400,
        'LoadBalancerInUseByVirtualMachineScaleSet',
        `Cannot delete load balancer ${id} since its child resources ${child.split('/').at(-1)} are in use by virtual machine scale set ${user.id}.`,
        { details: [] },
      );
    }
  },
};

function refuseSkuChange(next: JsonObject, current: StoredResource | undefined): void {
  const changed =
    current && ['name', 'tier'].find((part) => textAt(next, `sku.${part}`) !== textAt(current.document, `sku.${part}`));
  if (changed === undefined) return;
  throw new ArmFault(400, 'PropertyChangeNotAllowed', `Changing property 'sku.${changed}' is not allowed.`, {
    target: `sku.${changed}`,
    details: [],
  });
}

function refuseTakenAddress(world: World, next: JsonObject, id: string): void {
  for (const frontend of objectsAt(next, 'properties.frontendIPConfigurations')) {
    const address = textAt(frontend, 'properties.publicIPAddress.id');
    const user = address === undefined ? undefined : frontendWith(world, address);
    if (user === undefined || user.toLowerCase().startsWith(`${id.toLowerCase()}/`)) continue;
    throw new ArmFault(
      400,
      'PublicIPAddressInUse',
      `Resource ${frontend.id} is referencing public IP address ${address} that is already allocated to resource ${user}.`,
      { details: [] },
    );
  }
}

/** What a scale set refers to cannot be taken out of its load balancer. */
function refuseRemovedInUse(world: World, next: JsonObject, current: StoredResource | undefined): void {
  for (const list of ['backendAddressPools', 'probes']) {
    const kept = new Set(objectsAt(next, `properties.${list}`).map((child) => String(child.id).toLowerCase()));
    for (const child of objectsAt(current?.document, `properties.${list}`)) {
      const id = String(child.id);
      const [user] = kept.has(id.toLowerCase()) ? [] : referrers(world, SCALE_SETS, id);
      if (user === undefined) continue;
      throw new ArmFault(
        400,
        list === 'probes' ? 'CannotRemoveProbeUsedByVMScaleSet' : 'LoadBalancerInUseByVirtualMachineScaleSet',
        `Cannot remove ${id} from load balancer ${current?.id} since it is in use by virtual machine scale set ${user.id}.`,
        { details: [] },
      );
    }
  }
}

/** The load balancer with the addresses of the VMs in its pools. */
function withBackends({ document }: StoredResource, world: World): JsonObject {
  const pools = objectsAt(document, 'properties.backendAddressPools').map((pool) => {
    const addresses = joinedAddresses(world, String(pool.id));
    return addresses.length === 0
      ? pool
      : replaceAt(
          pool,
          'properties.backendIPConfigurations',
          addresses.map(({ id }) => ({ id })),
        );
  });
  return replaceAt(document, 'properties.backendAddressPools', pools);
}

/** `Microsoft.Network/loadBalancers`. */
export const loadBalancers: ResourceType = {
  type: TYPE,
  apiVersions: NETWORK_API_VERSIONS,
  tracked: true,
  etags: 'OnReads',
  view: withBackends,
  put: (request) => putNetworkResource(request, balancerKind),
  patch: patchNetworkTags,
  delete: (request) => deleteNetworkResource(request, balancerKind),
};
