import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/json.ts';
import { objectsAt, textAt } from '../json-path.ts';
import { createGateway } from './gateway-fixture.ts';
import { createInProcessAzure, errorCode, type InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

const { ids } = sample;
let azure: InProcessAzure;

beforeEach(() => {
  azure = createInProcessAzure();
});

describe('a network security group', () => {
  test('is answered as 201 Updating with an operation, and complete when that is over', async () => {
    const answer = azure.call('PUT', ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    expect(answer).toMatchObject({
      status: 201,
      headers: { 'Retry-After': '1', 'Azure-AsyncOperation': expect.stringContaining('/operations/') },
      body: { properties: { provisioningState: 'Updating' } },
    });
    await azure.clock.advance(3_999);
    expect(azure.outcome(answer).status).toBe('InProgress');
    await azure.clock.advance(1);
    expect(azure.outcome(answer).status).toBe('Succeeded');

    const group = azure.show(ids.networkSecurityGroup);
    const etag = expect.stringMatching(/^W\/"[0-9a-f-]{36}"$/);
    expect(group).toMatchObject({
      id: ids.networkSecurityGroup,
      name: 'cmg-nsg',
      type: 'Microsoft.Network/networkSecurityGroups',
      location: 'westeurope',
      etag,
      properties: { provisioningState: 'Succeeded', resourceGuid: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    expect(objectsAt(group, 'properties.securityRules')[0]).toEqual({
      name: 'https',
      id: `${ids.networkSecurityGroup}/securityRules/https`,
      etag: group.etag,
      type: 'Microsoft.Network/networkSecurityGroups/securityRules',
      properties: {
        provisioningState: 'Succeeded',
        ...sample.networkSecurityGroupBody.properties.securityRules[0].properties,
        sourcePortRanges: [],
        destinationPortRanges: [],
        sourceAddressPrefixes: [],
        destinationAddressPrefixes: [],
      },
    });
    expect(objectsAt(group, 'properties.defaultSecurityRules').map((rule) => rule.name)).toEqual([
      'AllowVnetInBound',
      'AllowAzureLoadBalancerInBound',
      'DenyAllInBound',
      'AllowVnetOutBound',
      'AllowInternetOutBound',
      'DenyAllOutBound',
    ]);
  });

  test('is left as it is by the same PUT again, etag and all', async () => {
    const before = await azure.create(ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    const again = azure.call('PUT', ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    expect(again).toMatchObject({
      status: 200,
      headers: { 'Azure-AsyncOperation': expect.any(String) },
      body: { etag: before.etag, properties: { provisioningState: 'Succeeded' } },
    });
    expect(again.headers).not.toHaveProperty('Retry-After');
  });

  test('takes back what was read, with one rule changed', async () => {
    const before = await azure.create(ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    const changed = sample.withValue(before, ['properties', 'securityRules', 0, 'properties', 'priority'], 200);
    const after = await azure.create(ids.networkSecurityGroup, changed);
    expect(objectsAt(after, 'properties.securityRules')[0]).toMatchObject({ properties: { priority: 200 } });
    expect(after.etag).not.toBe(before.etag);
  });

  test('loses the rules that a PUT leaves out', async () => {
    await azure.create(ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    const after = await azure.create(ids.networkSecurityGroup, { location: 'westeurope', properties: {} });
    expect(objectsAt(after, 'properties.securityRules')).toEqual([]);
  });

  test('refuses a second write while the first runs, as an error to be tried again', () => {
    azure.call('PUT', ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    const second = azure.call('PUT', ids.networkSecurityGroup, { location: 'westeurope' });
    expect(second).toMatchObject({
      status: 409,
      body: { error: { code: 'AnotherOperationInProgress' } },
    });
  });

  test('has rules that are written and deleted one by one', async () => {
    await azure.create(ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    const id = `${ids.networkSecurityGroup}/securityRules/extra`;
    const rule = {
      ...sample.networkSecurityGroupBody.properties.securityRules[0].properties,
      priority: 300,
      destinationPortRange: '8443',
    };
    expect(await azure.create(id, { properties: rule })).toMatchObject({
      id,
      name: 'extra',
      properties: { priority: 300 },
    });
    const names = () =>
      objectsAt(azure.show(ids.networkSecurityGroup), 'properties.securityRules').map((item) => item.name);
    expect(names()).toEqual(['https', 'instances', 'extra']);

    const conflict = azure.call('PUT', `${id}2`, { properties: rule });
    expect(conflict.status).toBe(400);
    expect(errorCode(conflict)).toBe('SecurityRuleConflict');

    expect(azure.call('DELETE', id)).toMatchObject({ status: 202, headers: { 'Retry-After': '10' } });
    await azure.clock.advance(10_000);
    expect(names()).toEqual(['https', 'instances']);
    expect(azure.call('GET', id).status).toBe(404);
    expect(azure.call('DELETE', id).status).toBe(204);
  });
});

describe('a virtual network', () => {
  const subnet = ['properties', 'subnets', 0, 'properties'] as const;

  beforeEach(async () => {
    await azure.create(ids.networkSecurityGroup, sample.networkSecurityGroupBody);
  });

  test('gives its subnets ids, etags and defaults, and its ids in the spelling of Azure', async () => {
    const shouted = sample.withValue(
      sample.virtualNetworkBody,
      [...subnet, 'networkSecurityGroup', 'id'],
      ids.networkSecurityGroup.toUpperCase().replace('/SUBSCRIPTIONS/', '/subscriptions/'),
    );
    const network = await azure.create(ids.virtualNetwork, shouted);
    expect(objectsAt(network, 'properties.subnets')).toEqual([
      {
        name: 'cmg',
        id: ids.subnet,
        etag: network.etag,
        type: 'Microsoft.Network/virtualNetworks/subnets',
        properties: {
          provisioningState: 'Succeeded',
          addressPrefix: '10.0.0.0/26',
          networkSecurityGroup: { id: ids.networkSecurityGroup },
          privateEndpointNetworkPolicies: 'Disabled',
          privateLinkServiceNetworkPolicies: 'Enabled',
          delegations: [],
        },
      },
    ]);
    expect(azure.show(ids.networkSecurityGroup)).toMatchObject({ properties: { subnets: [{ id: ids.subnet }] } });
  });

  test.each([
    ['InvalidResourceReference', [...subnet, 'networkSecurityGroup', 'id'], `${ids.networkSecurityGroup}-missing`],
    ['NetcfgSubnetRangeOutsideVnet', [...subnet, 'addressPrefix'], '10.1.0.0/26'],
    ['InvalidCIDRNotation', [...subnet, 'addressPrefix'], '10.0.0.1/26'],
  ] as const)('is refused with %s', (code, path, value) => {
    const answer = azure.call('PUT', ids.virtualNetwork, sample.withValue(sample.virtualNetworkBody, path, value));
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe(code);
    expect(azure.call('GET', ids.virtualNetwork).status).toBe(404);
  });

  test('refuses subnets that overlap', () => {
    const other = { name: 'other', properties: { addressPrefix: '10.0.0.32/27' } };
    const body = sample.withValue(sample.virtualNetworkBody, ['properties', 'subnets', 1], other);
    expect(errorCode(azure.call('PUT', ids.virtualNetwork, body))).toBe('NetcfgSubnetRangesOverlap');
  });

  test('waits for the network security group that it refers to', () => {
    azure.call('PUT', ids.networkSecurityGroup, { location: 'westeurope', properties: {} });
    expect(azure.call('PUT', ids.virtualNetwork, sample.virtualNetworkBody)).toMatchObject({
      status: 429,
      body: { error: { code: 'RetryableError', details: [{ code: 'ReferencedResourceNotProvisioned' }] } },
    });
  });

  test('loses the subnets that a PUT leaves out', async () => {
    await azure.create(ids.virtualNetwork, sample.virtualNetworkBody);
    const bare = sample.withValue(sample.virtualNetworkBody, ['properties', 'subnets'], undefined);
    expect(objectsAt(await azure.create(ids.virtualNetwork, bare), 'properties.subnets')).toEqual([]);
  });
});

describe('a public IP address', () => {
  test('has an address and the name that its label makes', async () => {
    const address = await azure.create(ids.publicIPAddress, sample.publicIPAddressBody);
    expect(address).toMatchObject({
      sku: { name: 'Standard', tier: 'Regional' },
      properties: {
        ipAddress: expect.stringMatching(/^20\.\d+\.\d+\.\d+$/),
        dnsSettings: { domainNameLabel: 'contosocmg', fqdn: 'contosocmg.westeurope.cloudapp.azure.com' },
        ipTags: [],
        ddosSettings: { protectionMode: 'VirtualNetworkInherited' },
      },
    });
  });

  test('keeps its address and gets a new name when the label changes, whatever stale name is sent back', async () => {
    const before = await azure.create(ids.publicIPAddress, sample.publicIPAddressBody);
    const after = await azure.create(
      ids.publicIPAddress,
      sample.withValue(before, ['properties', 'dnsSettings', 'domainNameLabel'], 'fabrikamcmg'),
    );
    expect(textAt(after, 'properties.ipAddress')).toBe(textAt(before, 'properties.ipAddress'));
    expect(textAt(after, 'properties.dnsSettings.fqdn')).toBe('fabrikamcmg.westeurope.cloudapp.azure.com');
  });

  test('cannot have a label that another one has in the region, until that one is gone', async () => {
    await azure.create(ids.publicIPAddress, sample.publicIPAddressBody);
    const second = `${ids.publicIPAddress}-2`;
    const refused = azure.call('PUT', second, sample.publicIPAddressBody);
    expect(refused.status).toBe(400);
    expect(errorCode(refused)).toBe('DnsRecordInUse');
    expect(azure.call('PUT', second, { ...sample.publicIPAddressBody, location: 'northeurope' }).status).toBe(201);
    azure.call('DELETE', ids.publicIPAddress);
    await azure.clock.advance(10_000);
    expect(azure.call('PUT', `${second}3`, sample.publicIPAddressBody).status).toBe(201);
  });

  test.each([
    ['sku', ['sku', 'tier'], 'Global'],
    ['IP version', ['properties', 'publicIPAddressVersion'], 'IPv6'],
    ['allocation', ['properties', 'publicIPAllocationMethod'], 'Dynamic'],
  ] as const)('cannot change its %s', async (_what, path, value) => {
    await azure.create(ids.publicIPAddress, sample.publicIPAddressBody);
    const answer = azure.call('PUT', ids.publicIPAddress, sample.withValue(sample.publicIPAddressBody, path, value));
    expect(errorCode(answer)).toBe('PropertyChangeNotAllowed');
  });

  test('counts against the quota of the region', async () => {
    azure.world.settings.quotas.set('westeurope/publicipaddresses', 0);
    expect(errorCode(azure.call('PUT', ids.publicIPAddress, sample.publicIPAddressBody))).toBe(
      'PublicIPCountLimitReached',
    );
  });
});

describe('a load balancer', () => {
  beforeEach(async () => {
    await azure.create(ids.publicIPAddress, sample.publicIPAddressBody);
  });

  test('is through with the answer, and its children know each other', () => {
    const answer = azure.call('PUT', ids.loadBalancer, sample.loadBalancerBody);
    expect(answer).toMatchObject({
      status: 201,
      headers: { 'Azure-AsyncOperation': expect.any(String) },
      body: {
        properties: {
          provisioningState: 'Succeeded',
          frontendIPConfigurations: [
            { properties: { loadBalancingRules: [{ id: `${ids.loadBalancer}/loadBalancingRules/https` }] } },
          ],
          backendAddressPools: [
            {
              id: `${ids.loadBalancer}/backendAddressPools/be`,
              properties: { inboundNatRules: [{ id: `${ids.loadBalancer}/inboundNatRules/inst` }] },
            },
          ],
          probes: [{ properties: { loadBalancingRules: [{ id: `${ids.loadBalancer}/loadBalancingRules/https` }] } }],
          inboundNatRules: [{ properties: { frontendPort: 0, frontendPortRangeStart: 10124 } }],
        },
      },
    });
    expect(azure.show(ids.publicIPAddress)).toMatchObject({
      properties: { ipConfiguration: { id: `${ids.loadBalancer}/frontendIPConfigurations/fe` } },
    });
  });

  test.each([
    [
      'a public IP address that is missing',
      ['properties', 'frontendIPConfigurations', 0, 'properties', 'publicIPAddress', 'id'],
      `${ids.publicIPAddress}-x`,
    ],
    ['a frontend that it does not have', ['properties', 'frontendIPConfigurations', 0, 'name'], 'other'],
    ['a probe that it does not have', ['properties', 'probes', 0, 'name'], 'other'],
  ] as const)('cannot refer to %s', (_what, path, value) => {
    const answer = azure.call('PUT', ids.loadBalancer, sample.withValue(sample.loadBalancerBody, path, value));
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe('InvalidResourceReference');
  });

  test('holds its public IP address against others and against deletion', async () => {
    await azure.create(ids.loadBalancer, sample.loadBalancerBody);
    const second = `${ids.loadBalancer}2`;
    const body = JSON.parse(JSON.stringify(sample.loadBalancerBody).replaceAll(ids.loadBalancer, second)) as JsonObject;
    expect(errorCode(azure.call('PUT', second, body))).toBe('PublicIPAddressInUse');
    const refused = azure.call('DELETE', ids.publicIPAddress);
    expect(refused.status).toBe(400);
    expect(errorCode(refused)).toBe('PublicIPAddressCannotBeDeleted');
    azure.call('DELETE', ids.loadBalancer);
    await azure.clock.advance(10_000);
    expect(azure.call('DELETE', ids.publicIPAddress).status).toBe(202);
  });
});

describe('what a scale set uses', () => {
  beforeEach(async () => {
    await createGateway(azure);
  });

  test.each([
    ['subnet', ids.subnet, 'InUseSubnetCannotBeDeleted'],
    ['virtual network', ids.virtualNetwork, 'InUseSubnetCannotBeDeleted'],
    ['network security group', ids.networkSecurityGroup, 'InUseNetworkSecurityGroupCannotBeDeleted'],
    ['load balancer', ids.loadBalancer, 'LoadBalancerInUseByVirtualMachineScaleSet'],
  ])('cannot be deleted: %s', (_what, id, code) => {
    const answer = azure.call('DELETE', id);
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe(code);
    expect(azure.call('GET', id).status).toBe(200);
  });

  test.each([
    ['subnet', ids.virtualNetwork, sample.virtualNetworkBody, ['properties', 'subnets'], 'InUseSubnetCannotBeDeleted'],
    ['probe', ids.loadBalancer, withoutProbe(), ['properties', 'probes'], 'CannotRemoveProbeUsedByVMScaleSet'],
  ] as const)('cannot be left out of a PUT: %s', (_what, id, body, path, code) => {
    expect(errorCode(azure.call('PUT', id, sample.withValue(body, path, [])))).toBe(code);
  });
});

function withoutProbe(): JsonObject {
  return sample.withValue(
    sample.loadBalancerBody,
    ['properties', 'loadBalancingRules', 0, 'properties', 'probe'],
    undefined,
  );
}

test('a PATCH of a network resource takes tags and nothing else', async () => {
  await azure.create(ids.networkSecurityGroup, sample.networkSecurityGroupBody);
  expect(azure.call('PATCH', ids.networkSecurityGroup, { tags: { a: 'b' } })).toMatchObject({
    status: 200,
    body: { tags: { a: 'b' } },
  });
  expect(errorCode(azure.call('PATCH', ids.networkSecurityGroup, { properties: {} }))).toBe('InvalidRequestFormat');
});

test('a write with an outdated etag is refused', async () => {
  const before = await azure.create(ids.networkSecurityGroup, sample.networkSecurityGroupBody);
  azure.call('PATCH', ids.networkSecurityGroup, { tags: { a: 'b' } });
  const headers = { 'if-match': String(before.etag) };
  expect(azure.call('PUT', ids.networkSecurityGroup, sample.networkSecurityGroupBody, headers).status).toBe(412);
});
