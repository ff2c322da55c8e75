import type { JsonObject, JsonValue } from '../../../../src/json.ts';
import { objectAt, objectsAt, textAt, valueAt } from '../json-path.ts';

/** How the network provider answers: what a body leaves out is filled in, and each child gets id, type and etag. */

/** What a network resource is made of beside the request body. */
export interface NetworkIdentity {
  readonly id: string;
  readonly name: string;
  /** Written as Azure does, such as `Microsoft.Network/networkSecurityGroups`. */
  readonly type: string;
  /** Changes with each change of the resource, and is the same for all its children. */
  readonly etag: string;
  /** Stays over the life of the resource. */
  readonly resourceGuid: string;
}

/** The members that every network resource has, around its own properties. */
export function networkResource(identity: NetworkIdentity, body: JsonObject, properties: JsonObject): JsonObject {
  const { id, name, type, etag, resourceGuid } = identity;
  return {
    name,
    id,
    etag,
    type,
    location: body.location,
    ...(body.tags === undefined ? {} : { tags: body.tags }),
    properties: { provisioningState: 'Succeeded', resourceGuid, ...properties },
  };
}

/** One child in the body of its parent. */
export function networkChild(parent: NetworkIdentity, list: string, name: string, properties: JsonObject): JsonObject {
  return {
    name,
    id: `${parent.id}/${list}/${name}`,
    etag: parent.etag,
    type: `${parent.type}/${list}`,
    properties: { provisioningState: 'Succeeded', ...properties },
  };
}

const RULE_LISTS = [
  'sourcePortRanges',
  'destinationPortRanges',
  'sourceAddressPrefixes',
  'destinationAddressPrefixes',
] as const;

/** A network security group as Azure returns it. Who uses it is added when it is read. */
export function networkSecurityGroup(identity: NetworkIdentity, body: JsonObject): JsonObject {
  const rules = objectsAt(body, 'properties.securityRules');
  return networkResource(identity, body, {
    securityRules: rules.map((rule) =>
      networkChild(identity, 'securityRules', textAt(rule, 'name') ?? '', securityRule(objectAt(rule, 'properties'))),
    ),
    defaultSecurityRules: DEFAULT_RULES.map(({ name, ...rule }) =>
      networkChild(identity, 'defaultSecurityRules', name, securityRule(rule)),
    ),
  });
}

function securityRule(given: JsonObject): JsonObject {
  const { provisioningState: _state, ...properties } = given;
  const lists = Object.fromEntries(RULE_LISTS.map((list) => [list, properties[list] ?? []]));
  return { ...properties, ...lists };
}

function defaultRule(
  name: string,
  priority: number,
  direction: string,
  access: string,
  description: string,
  from: string,
  to: string,
) {
  return {
    name,
    description,
    protocol: '*',
    sourcePortRange: '*',
    destinationPortRange: '*',
    sourceAddressPrefix: from,
    destinationAddressPrefix: to,
    access,
    priority,
    direction,
  };
}

/** The six rules that every network security group has. */
const DEFAULT_RULES = [
  defaultRule(
    'AllowVnetInBound',
    65_000,
    'Inbound',
    'Allow',
    'Allow inbound traffic from all VMs in VNET',
    'VirtualNetwork',
    'VirtualNetwork',
  ),
  defaultRule(
    'AllowAzureLoadBalancerInBound',
    65_001,
    'Inbound',
    'Allow',
    'Allow inbound traffic from azure load balancer',
    'AzureLoadBalancer',
    '*',
  ),
  defaultRule('DenyAllInBound', 65_500, 'Inbound', 'Deny', 'Deny all inbound traffic', '*', '*'),
  defaultRule(
    'AllowVnetOutBound',
    65_000,
    'Outbound',
    'Allow',
    'Allow outbound traffic from all VMs to all VMs in VNET',
    'VirtualNetwork',
    'VirtualNetwork',
  ),
  defaultRule(
    'AllowInternetOutBound',
    65_001,
    'Outbound',
    'Allow',
    'Allow outbound traffic from all VMs to Internet',
    '*',
    'Internet',
  ),
  defaultRule('DenyAllOutBound', 65_500, 'Outbound', 'Deny', 'Deny all outbound traffic', '*', '*'),
];

/** A virtual network as Azure returns it. */
export function virtualNetwork(identity: NetworkIdentity, body: JsonObject): JsonObject {
  const subnets = objectsAt(body, 'properties.subnets');
  return networkResource(identity, body, {
    addressSpace: objectAt(body, 'properties.addressSpace'),
    ...picked(objectAt(body, 'properties'), ['dhcpOptions', 'flowTimeoutInMinutes', 'encryption', 'bgpCommunities']),
    privateEndpointVNetPolicies: valueAt(body, 'properties.privateEndpointVNetPolicies') ?? 'Disabled',
    subnets: subnets.map((subnet) => {
      const { ipConfigurations: _users, provisioningState: _state, ...properties } = objectAt(subnet, 'properties');
      return networkChild(identity, 'subnets', textAt(subnet, 'name') ?? '', {
        ...properties,
        delegations: properties.delegations ?? [],
        privateEndpointNetworkPolicies: properties.privateEndpointNetworkPolicies ?? 'Disabled',
        privateLinkServiceNetworkPolicies: properties.privateLinkServiceNetworkPolicies ?? 'Enabled',
      });
    }),
    virtualNetworkPeerings: valueAt(body, 'properties.virtualNetworkPeerings') ?? [],
    enableDdosProtection: valueAt(body, 'properties.enableDdosProtection') ?? false,
  });
}

/**
 * A public IP address as Azure returns it.
 *
 * @param address the address given to it
 * @param dnsSuffix what follows `<label>.<region>.` in its name, such as `cloudapp.azure.com`
 */
export function publicIPAddress(
  identity: NetworkIdentity,
  body: JsonObject,
  address: string | undefined,
  dnsSuffix: string,
): JsonObject {
  const properties = objectAt(body, 'properties');
  const { fqdn: _stale, ...dnsSettings } = objectAt(properties, 'dnsSettings');
  const label = textAt(dnsSettings, 'domainNameLabel');
  const name =
    label === undefined ? {} : { dnsSettings: { ...dnsSettings, fqdn: `${label}.${body.location}.${dnsSuffix}` } };
  const resource = networkResource(identity, body, {
    ...(address === undefined ? {} : { ipAddress: address }),
    publicIPAddressVersion: properties.publicIPAddressVersion ?? 'IPv4',
    publicIPAllocationMethod: properties.publicIPAllocationMethod ?? 'Static',
    idleTimeoutInMinutes: properties.idleTimeoutInMinutes ?? 4,
    ...name,
    ipTags: properties.ipTags ?? [],
    ddosSettings: properties.ddosSettings ?? { protectionMode: 'VirtualNetworkInherited' },
  });
  return { ...resource, ...picked(body, ['zones']), sku: sku(body) };
}

function sku(body: JsonObject): JsonObject {
  return { name: textAt(body, 'sku.name') ?? 'Standard', tier: textAt(body, 'sku.tier') ?? 'Regional' };
}

/** A load balancer as Azure returns it. Which scale set stands behind it is added when it is read. */
export function loadBalancer(identity: NetworkIdentity, body: JsonObject): JsonObject {
  const list = (name: string) => objectsAt(body, `properties.${name}`);
  const child = (name: string, item: JsonObject, properties: JsonObject) =>
    networkChild(identity, name, textAt(item, 'name') ?? '', properties);
  const users = (kind: string, item: JsonObject, reference: string) =>
    referring(identity, list(kind), kind, reference, `${reference}s/${textAt(item, 'name')}`);

  const resource = networkResource(identity, body, {
    frontendIPConfigurations: list('frontendIPConfigurations').map((item) => {
      const { loadBalancingRules: _rules, inboundNatRules: _nat, ...properties } = settable(item);
      return child('frontendIPConfigurations', item, {
        privateIPAllocationMethod: 'Dynamic',
        ...properties,
        ...users('loadBalancingRules', item, 'frontendIPConfiguration'),
        ...users('inboundNatRules', item, 'frontendIPConfiguration'),
      });
    }),
    backendAddressPools: list('backendAddressPools').map((item) =>
      child('backendAddressPools', item, {
        ...picked(settable(item), ['drainPeriodInSeconds', 'syncMode', 'virtualNetwork', 'tunnelInterfaces']),
        loadBalancerBackendAddresses: [],
        ...users('loadBalancingRules', item, 'backendAddressPool'),
        ...users('inboundNatRules', item, 'backendAddressPool'),
      }),
    ),
    loadBalancingRules: list('loadBalancingRules').map((item) =>
      child('loadBalancingRules', item, balancingRule(item)),
    ),
    probes: list('probes').map((item) => {
      const { loadBalancingRules: _rules, ...properties } = settable(item);
      return child('probes', item, {
        intervalInSeconds: 15,
        numberOfProbes: 2,
        probeThreshold: 1,
        noHealthyBackendsBehavior: 'AllProbedDown',
        ...properties,
        ...users('loadBalancingRules', item, 'probe'),
      });
    }),
    inboundNatRules: list('inboundNatRules').map((item) =>
      child('inboundNatRules', item, {
        frontendPort: 0,
        enableFloatingIP: false,
        idleTimeoutInMinutes: 4,
        enableTcpReset: false,
        ...settable(item),
      }),
    ),
    outboundRules: list('outboundRules').map((item) => child('outboundRules', item, settable(item))),
    inboundNatPools: list('inboundNatPools').map((item) => child('inboundNatPools', item, settable(item))),
  });
  return { ...resource, sku: sku(body) };
}

function balancingRule(item: JsonObject): JsonObject {
  const properties = settable(item);
  const pool = properties.backendAddressPool ?? objectsAt(properties, 'backendAddressPools')[0];
  return {
    backendPort: 0,
    enableFloatingIP: false,
    idleTimeoutInMinutes: 4,
    enableTcpReset: false,
    loadDistribution: 'Default',
    disableOutboundSnat: false,
    ...properties,
    ...(pool === undefined ? {} : { backendAddressPool: pool, backendAddressPools: [pool] }),
  };
}

function settable(item: JsonObject): JsonObject {
  const { provisioningState: _state, ...properties } = objectAt(item, 'properties');
  return properties;
}

/** The back references `{kind: [{id}]}` of the children that refer to `target`; nothing when none does. */
function referring(
  parent: NetworkIdentity,
  items: readonly JsonObject[],
  kind: string,
  reference: string,
  target: string,
): Readonly<Record<string, JsonValue>> {
  const wanted = `${parent.id}/${target}`.toLowerCase();
  const found = items.filter((item) => textAt(item, `properties.${reference}.id`)?.toLowerCase() === wanted);
  return found.length === 0
    ? {}
    : { [kind]: found.map((item) => ({ id: `${parent.id}/${kind}/${textAt(item, 'name')}` })) };
}

function picked(from: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
}
