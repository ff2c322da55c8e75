import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { objectsAt, replaceAt, textAt, valueAt } from '../json-path.ts';
import type { ResourceType } from '../provider.ts';
import type { GlobalName, StoredResource, World } from '../world.ts';
import { publicIPAddress } from './network-shapes.ts';
import {
  deleteNetworkResource,
  NETWORK_API_VERSIONS,
  type NetworkKind,
  patchNetworkTags,
  putNetworkResource,
} from './network-writes.ts';
import { referrers } from './references.ts';

const TYPE = 'Microsoft.Network/publicIPAddresses';

/** What cannot be changed on an existing address. */
const IMMUTABLE = ['sku.name', 'sku.tier', 'properties.publicIPAllocationMethod', 'properties.publicIPAddressVersion'];

const addressKind: NetworkKind = {
  plural: 'publicIPAddresses',
  body: 'publicIPAddress',
  shape: (identity, body, world, current) => {
    const address = textAt(current?.document, 'properties.ipAddress');
    return publicIPAddress(identity, body, address, world.endpoints.publicDnsSuffix);
  },
  completed: (document, world) =>
    textAt(document, 'properties.ipAddress') === undefined
      ? replaceAt(document, 'properties.ipAddress', newAddress(world))
      : document,
  view: withUser,
  check: (world, next, current, id) => {
    refuseBasicSku(next);
    refuseImmutableChange(next, current);
    refuseTakenLabel(world, next, id);
    if (current === undefined) refuseOverQuota(world, String(next.location), id);
  },
  globalNames: dnsLabels,
  putSeconds: 3,
  retryAfterSeconds: 1,
  pollRetryAfterSeconds: 2,
  deleteSeconds: 10,
  refuseDelete: (world, id) => {
    const user = frontendWith(world, id);
    if (user === undefined) return;
    throw new ArmFault(
      400,
      'PublicIPAddressCannotBeDeleted',
      `Public IP address ${id} can not be deleted since it is still allocated to resource ${user}. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.`,
      { details: [] },
    );
  },
};

/** An address of the range 20.0.0.0/8, much of which is Azure's. */
function newAddress(world: World): string {
  const part = () => 1 + Math.floor(world.random() * 254);
  return `20.${part()}.${part()}.${part()}`;
}

/** The frontend of a load balancer that has the address. */
export function frontendWith(world: World, addressId: string): string | undefined {
  for (const balancer of referrers(world, 'Microsoft.Network/loadBalancers', addressId)) {
    for (const frontend of objectsAt(balancer.document, 'properties.frontendIPConfigurations')) {
      const used = textAt(frontend, 'properties.publicIPAddress.id');
      if (used?.toLowerCase() === addressId.toLowerCase()) return String(frontend.id);
    }
  }
  return undefined;
}

/** The address with what it is attached to. */
function withUser({ id, document }: StoredResource, world: World): JsonObject {
  const user = frontendWith(world, id);
  return user === undefined ? document : replaceAt(document, 'properties.ipConfiguration', { id: user });
}

function dnsLabels(document: JsonObject): readonly GlobalName[] {
  const name = textAt(document, 'properties.dnsSettings.domainNameLabel');
  return name === undefined ? [] : [{ kind: 'dnsLabel', name, location: String(document.location) }];
}

function refuseTakenLabel(world: World, next: JsonObject, id: string): void {
  for (const label of dnsLabels(next)) {
    const holder = world.nameHolder(label);
    if (holder === undefined || (holder.kind === 'Resource' && holder.id.toLowerCase() === id.toLowerCase())) continue;
    throw new ArmFault(
      400,
      'DnsRecordInUse',
      `DNS record ${textAt(next, 'properties.dnsSettings.fqdn')} is already used by another public IP.`,
      { details: [] },
    );
  }
}

function refuseImmutableChange(next: JsonObject, current: StoredResource | undefined): void {
  const path = current && IMMUTABLE.find((name) => valueAt(next, name) !== valueAt(current.document, name));
  if (path === undefined) return;
  const name = path.replace(/^properties\./, '');
  throw new ArmFault(400, 'PropertyChangeNotAllowed', `Changing property '${name}' is not allowed.`, {
    target: name,
    details: [],
  });
}

/** Basic addresses cannot be made since September 2025. */
function refuseBasicSku(next: JsonObject): void {
  if (textAt(next, 'sku.name') !== 'Basic') return;
  throw new ArmFault(
    400,
    'IPv4BasicSkuPublicIpCountLimitReached',
    'Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.',
    { details: [] },
  );
}

function refuseOverQuota(world: World, location: string, id: string): void {
  const subscription = subscriptionOf(id);
  const limit = world.quota(subscription, location, 'PublicIPAddresses');
  const used = [...world.ofType(TYPE)].filter(
    (address) => address.document.location === location && subscriptionOf(address.id) === subscription,
  ).length;
  if (used < limit) return;
  throw new ArmFault(
    400,
    'PublicIPCountLimitReached',
    `Cannot create more than ${limit} public IP addresses for this subscription in this region.`,
    { details: [] },
  );
}

function subscriptionOf(id: string): string {
  return id.split('/')[2]?.toLowerCase() ?? '';
}

/** `Microsoft.Network/publicIPAddresses`. */
export const publicIPAddresses: ResourceType = {
  type: TYPE,
  apiVersions: NETWORK_API_VERSIONS,
  tracked: true,
  etags: 'OnReads',
  view: withUser,
  put: (request) => putNetworkResource(request, addressKind),
  patch: patchNetworkTags,
  delete: (request) => deleteNetworkResource(request, addressKind),
};
