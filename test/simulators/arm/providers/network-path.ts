import type { JsonObject } from '../../../../src/json.ts';
import { objectsAt, textAt } from '../json-path.ts';
import type { StoredResource, World } from '../world.ts';
import { allowsInbound, balancedPort, probedPort, type TrafficSource } from './reachability.ts';
import { resolveReference } from './references.ts';

const PROFILE = 'properties.virtualMachineProfile';
const HTTPS = 443;

/** The network in front of a scale set. */
export interface NetworkPath {
  /** Whether a probe looks after the VMs. */
  readonly probed: boolean;
  /** Whether clients reach the VMs on 443, and the probe its port. */
  readonly open: boolean;
}

/** What load balancer and network security groups, as they are now, let through to the VMs of a scale set. */
export function networkPath(world: World, scaleSet: StoredResource): NetworkPath {
  const [pool] = poolsOf(scaleSet);
  const balancer = pool === undefined ? undefined : resolveReference(world, pool)?.resource.document;
  const probe = textAt(scaleSet.document, `${PROFILE}.networkProfile.healthProbe.id`);
  const port = pool === undefined || balancer === undefined ? undefined : balancedPort(balancer, pool, HTTPS);
  const probePort = probe === undefined || balancer === undefined ? undefined : probedPort(balancer, probe);
  const open =
    port !== undefined &&
    letsIn(world, scaleSet, 'Internet', port) &&
    (probePort === undefined || letsIn(world, scaleSet, 'AzureLoadBalancer', probePort));
  return { probed: probe !== undefined, open };
}

/**
 * Whether TCP traffic to a port reaches the VMs of a scale set: the groups of subnet and network interface both have to let
 * it in. Without any group nothing does, as a Standard address is closed by default.
 */
export function letsIn(world: World, scaleSet: StoredResource, source: TrafficSource, port: number): boolean {
  const network = firstInterface(scaleSet);
  const subnet = textAt(objectsAt(network, 'properties.ipConfigurations')[0], 'properties.subnet.id');
  const groups = [textAt(network, 'properties.networkSecurityGroup.id'), subnetGroup(world, subnet)].flatMap((id) =>
    id === undefined ? [] : [world.get(id)?.document ?? {}],
  );
  return groups.length > 0 && groups.every((group) => allowsInbound(group, source, port));
}

/** Ids of the load balancers' pools that the VMs of a scale set are in. */
export function poolsOf(scaleSet: StoredResource): readonly string[] {
  return objectsAt(firstInterface(scaleSet), 'properties.ipConfigurations')
    .flatMap((address) => objectsAt(address, 'properties.loadBalancerBackendAddressPools'))
    .map(({ id }) => String(id));
}

function firstInterface(scaleSet: StoredResource): JsonObject | undefined {
  return objectsAt(scaleSet.document, `${PROFILE}.networkProfile.networkInterfaceConfigurations`)[0];
}

function subnetGroup(world: World, subnetId: string | undefined): string | undefined {
  const network = subnetId === undefined ? undefined : resolveReference(world, subnetId)?.resource.document;
  const subnet = objectsAt(network, 'properties.subnets').find(
    (item) => String(item.id).toLowerCase() === subnetId?.toLowerCase(),
  );
  return textAt(subnet, 'properties.networkSecurityGroup.id');
}
