import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ArmClient } from '../../../src/azure/arm-client.ts';
import { computeUsages, skuAvailability } from '../../../src/azure/compute-skus.ts';
import { createCredential, principalId } from '../../../src/azure/credentials.ts';
import type { ObservedResources } from '../../../src/azure/desired-resource.ts';
import { listGroupContents } from '../../../src/azure/group-contents.ts';
import {
  deletedVault,
  dnsLabelAvailability,
  storageAccountNameAvailability,
  vaultNameAvailability,
} from '../../../src/azure/name-availability.ts';
import { poll } from '../../../src/azure/operations.ts';
import { allows, readPermissions } from '../../../src/azure/permissions.ts';
import { providerState, registerProvider } from '../../../src/azure/provider-registration.ts';
import { graphString, queryResourceGraph } from '../../../src/azure/resource-graph.ts';
import { sweepResources } from '../../../src/azure/resource-sweep.ts';
import { createSharedReads } from '../../../src/azure/shared-reads.ts';
import { readLocations, readSubscription } from '../../../src/azure/subscriptions.ts';
import type { GatewayDeployment } from '../../../src/gateway/deployment.ts';
import { gatewayGraph } from '../../../src/gateway/graph.ts';
import { resourceIds } from '../../../src/gateway/ids.ts';
import { isJsonObject } from '../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import { type ArmSimulator, startArmSimulator } from '../../simulators/arm/simulator.ts';
import { trust } from '../../world/trust.ts';
import { connect, converge, deploymentOf, look, simulatedCloud } from './gateway-engine.ts';

let azure: ArmSimulator;
let clock: ManualClock;
let client: ArmClient;
let deployment: GatewayDeployment;

beforeAll(async () => {
  clock = createManualClock();
  azure = await startArmSimulator({ clock, blobs: false });
  trust(azure.caPem);
});
afterAll(() => azure?.close());
beforeEach(async () => {
  azure.control.reset();
  client = connect(azure, clock);
  const { tenantId, clientId, clientSecret } = azure;
  const cloud = simulatedCloud(azure);
  const credential = createCredential(cloud, { type: 'ClientSecret', tenantId, clientId, clientSecret }, clock);
  deployment = deploymentOf(azure, await principalId(cloud, credential));
});

const graphOf = (wanted: GatewayDeployment) => (observed: ObservedResources) => gatewayGraph(wanted, observed);
const putsOf = () =>
  azure.control.writes.filter(({ method }) => method === 'PUT').map(({ path }) => path.toLowerCase());

describe('credentials', () => {
  it('name the object id of the application', async () => {
    expect(deployment.operatorPrincipalId).toBe(azure.control.application().principal.objectId);
  });

  it.each([
    ['a wrong secret', { clientSecret: 'wrong' }, 'AADSTS7000215'],
    ['an unknown application', { clientId: '00000000-0000-0000-0000-00000000000a' }, 'AADSTS700016'],
    ['an unknown tenant', { tenantId: '00000000-0000-0000-0000-00000000000b' }, 'AADSTS90002'],
  ])('with %s are refused as %s', async (_name, wrong, code) => {
    const { tenantId, clientId, clientSecret } = azure;
    const cloud = simulatedCloud(azure);
    const credential = createCredential(
      cloud,
      { type: 'ClientSecret', tenantId, clientId, clientSecret, ...wrong },
      clock,
    );
    await expect(connect(azure, clock, { credential }).get('/subscriptions', '2022-12-01')).rejects.toMatchObject({
      code,
      class: 'NeedsAdministrator',
    });
  });
});

describe('a gateway', () => {
  it('comes up, with each resource written once, and is then left alone', async () => {
    await converge(client, graphOf(deployment), clock);
    const puts = putsOf();
    expect(new Set(puts).size).toBe(puts.length);
    const plan = await look(client, graphOf(deployment));
    expect(plan).toEqual({ actions: [], waiting: [], failed: [], converged: true });
    expect(azure.control.resource(resourceIds(deployment).scaleSet)).toMatchObject({
      sku: { capacity: 1 },
      properties: { provisioningState: 'Succeeded' },
    });
  });

  it('is repaired where somebody changed or removed something, and keeps what others added', async () => {
    await converge(client, graphOf(deployment), clock);
    const { networkSecurityGroup, publicIpAddress, contentContainer, storageAccount } = resourceIds(deployment);
    const group = azure.control.resource(networkSecurityGroup);
    const properties = isJsonObject(group?.properties) ? group.properties : {};
    const rules = Array.isArray(properties.securityRules) ? properties.securityRules.filter(isJsonObject) : [];
    const foreign = {
      name: 'from-a-policy',
      properties: {
        ...(isJsonObject(rules[0]?.properties) ? rules[0].properties : {}),
        priority: 4000,
        destinationPortRange: '3389',
        access: 'Deny',
      },
    };
    azure.control.mutate(networkSecurityGroup, { properties: { securityRules: [...rules.slice(1), foreign] } });
    azure.control.mutate(storageAccount, {
      properties: { allowBlobPublicAccess: true },
      tags: { 'cost-center': '42' },
    });
    azure.control.remove(contentContainer);
    const plan = await look(client, graphOf(deployment));
    expect(plan.actions.map(({ kind, resource }) => `${kind} ${resource.key}`).sort()).toEqual([
      'Update networkSecurityGroup',
      'Update storageAccount',
    ]);
    await converge(client, graphOf(deployment), clock);
    expect((await look(client, graphOf(deployment))).converged).toBe(true);
    expect(JSON.stringify(azure.control.resource(networkSecurityGroup))).toContain('from-a-policy');
    expect(azure.control.resource(storageAccount)).toMatchObject({
      properties: { allowBlobPublicAccess: false },
      tags: { 'cost-center': '42' },
    });
    expect(azure.control.resource(contentContainer)).toBeDefined();
    expect(azure.control.resource(publicIpAddress)).toBeDefined();
  });

  it('is scaled without a new model', async () => {
    await converge(client, graphOf(deployment), clock);
    const larger = { ...deployment, instances: 2 };
    const { scaleSet, loadBalancer } = resourceIds(deployment);
    const before = azure.control.resource(scaleSet);
    const plan = await look(client, graphOf(larger));
    expect(plan.actions.map(({ resource }) => resource.key)).toEqual(['loadBalancer']);
    await converge(client, graphOf(larger), clock);
    const after = azure.control.resource(scaleSet);
    expect(after).toMatchObject({ sku: { capacity: 2 } });
    expect(after?.properties).toEqual({ ...(isJsonObject(before?.properties) ? before.properties : {}) });
    expect(JSON.stringify(azure.control.resource(loadBalancer))).toContain('10124');
    const third = await look(client, graphOf({ ...deployment, instances: 3 }));
    expect(third.actions).toMatchObject([{ kind: 'Update', differences: [{ path: 'sku.capacity' }] }]);
    expect(third.actions[0]?.body.properties).not.toHaveProperty('virtualMachineProfile');
  });

  it('goes with its group in one call, and leaves a deleted vault', async () => {
    await converge(client, graphOf(deployment), clock);
    const { resourceGroup, vault } = resourceIds(deployment);
    const { operation } = await client.delete(resourceGroup, '2025-04-01');
    expect(operation).toMatchObject({ kind: 'Location', method: 'DELETE' });
    for (let round = 0; operation !== undefined && round < 200; round += 1) {
      const result = await poll(client, operation);
      if (result.kind !== 'Running') {
        expect(result).toEqual({ kind: 'Succeeded' });
        break;
      }
      await clock.advance(result.retryAfterMs);
    }
    expect(await client.get(resourceGroup, '2025-04-01')).toMatchObject({
      kind: 'Absent',
      code: 'ResourceGroupNotFound',
    });
    expect(await client.get(vault, '2026-02-01')).toMatchObject({ kind: 'Absent' });
    expect((await deletedVault(client, 'West Europe', deployment.prefix))?.vaultId.toLowerCase()).toBe(
      vault.toLowerCase(),
    );
  });

  it('comes up through errors of the server while operations are polled', async () => {
    azure.control.faults.add({
      match: { method: 'GET', urlPattern: 'operation(s|results|statuses)/' },
      times: 5,
      action: { kind: 'answer', status: 503, code: 'ServerBusy', message: 'Later.' },
    });
    azure.control.faults.add({
      match: { method: 'GET', urlPattern: 'operation(s|results|statuses)/' },
      times: 2,
      action: { kind: 'dropConnection' },
    });
    await converge(client, graphOf(deployment), clock);
    expect((await look(client, graphOf(deployment))).converged).toBe(true);
    expect(azure.control.faults.rules.map(({ applied }) => applied)).toEqual([5, 2]);
  });

  it('fails with the reason when an accepted operation ends badly', async () => {
    azure.control.faults.add({
      match: { method: 'PUT', urlPattern: '/virtualMachineScaleSets/' },
      action: { kind: 'failOperation', error: { code: 'AllocationFailed', message: 'No capacity in this region.' } },
    });
    await expect(converge(client, graphOf(deployment), clock)).rejects.toMatchObject({
      code: 'AllocationFailed',
      message: 'No capacity in this region.',
      class: 'Capacity',
    });
    await converge(client, graphOf(deployment), clock);
    expect((await look(client, graphOf(deployment))).converged).toBe(true);
  });
});

describe('what Azure refuses', () => {
  it('for lack of rights', async () => {
    azure.control.deny(['Microsoft.Resources/subscriptions/resourceGroups/write']);
    await expect(converge(client, graphOf(deployment), clock)).rejects.toMatchObject({
      code: 'AuthorizationFailed',
      class: 'NeedsAdministrator',
    });
  });

  it('because somebody has the name', async () => {
    azure.control.takeName({ kind: 'storageAccount', name: deployment.prefix });
    await expect(converge(client, graphOf(deployment), clock)).rejects.toMatchObject({ class: 'NameTaken' });
  });

  it('because the provider is not registered, until it is', async () => {
    const reads = createSharedReads(clock);
    azure.control.setRegistration('Microsoft.Network', 'NotRegistered');
    await expect(converge(client, graphOf(deployment), clock)).rejects.toMatchObject({
      class: 'ProviderNotRegistered',
    });
    expect(await providerState(client, reads, 'Microsoft.Network')).toBe('NotRegistered');
    expect(await registerProvider(client, 'Microsoft.Network')).toBe('Registering');
    await clock.advance(5 * 60_000);
    expect(await providerState(client, reads, 'Microsoft.Network')).toBe('Registered');
    await converge(client, graphOf(deployment), clock);
  });

  it('because the etag is old', async () => {
    await converge(client, graphOf(deployment), clock);
    const { publicIpAddress } = resourceIds(deployment);
    const seen = await client.get(publicIpAddress, '2025-03-01');
    const body = {
      location: 'westeurope',
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static' },
    };
    await client.put(publicIpAddress, '2025-03-01', { ...body, tags: { a: '1' } });
    const ifMatch = seen.kind === 'Present' ? seen.etag : undefined;
    await expect(client.put(publicIpAddress, '2025-03-01', body, { ifMatch })).rejects.toMatchObject({
      status: 412,
      class: 'Busy',
    });
  });

  it('because there were too many requests: all of the subscription waits', async () => {
    azure.control.faults.add({
      match: { urlPattern: '/locations' },
      action: { kind: 'answer', status: 429, code: 'SubscriptionRequestsThrottled', headers: { 'Retry-After': '30' } },
    });
    await expect(readLocations(client, createSharedReads(clock))).rejects.toMatchObject({ class: 'Throttled' });
    await expect(readSubscription(client)).rejects.toMatchObject({ class: 'Throttled', retryAfterMs: 30_000 });
    await clock.advance(30_000);
    expect(await readSubscription(client)).toMatchObject({ state: 'Enabled' });
  });
});

describe('what preflight asks', () => {
  it('subscription, regions and rights', async () => {
    expect(await readSubscription(client)).toMatchObject({ tenantId: azure.tenantId, state: 'Enabled' });
    expect(await readLocations(client, createSharedReads(clock))).toContain('westeurope');
    const permissions = await readPermissions(client, `/subscriptions/${azure.subscriptionId}`);
    expect(allows(permissions, 'Microsoft.Network/publicIPAddresses/write')).toBe(true);
    azure.control.deny(['Microsoft.Network/*']);
    const fewer = await readPermissions(client, `/subscriptions/${azure.subscriptionId}`);
    expect(allows(fewer, 'Microsoft.Network/publicIPAddresses/write')).toBe(false);
  });

  it('VM sizes and quota', async () => {
    const reads = createSharedReads(clock);
    expect(await skuAvailability(client, reads, 'West Europe', 'Standard_D4ads_v6')).toMatchObject({
      kind: 'Available',
      sku: { vCpus: 4 },
    });
    expect(await skuAvailability(client, reads, 'uksouth', 'Standard_D4ads_v6')).toEqual({ kind: 'NotOffered' });
    expect(await skuAvailability(client, reads, 'centralus', 'Standard_D4ads_v6')).toMatchObject({
      kind: 'Restricted',
    });
    const usages = await computeUsages(client, 'westeurope');
    expect(usages.get('standarddadv6family')).toMatchObject({ used: 0, limit: expect.any(Number) });
  });

  it('names, which count as taken as soon as they are', async () => {
    const ask = async () => {
      const answers = await Promise.all([
        storageAccountNameAvailability(client, deployment.prefix),
        vaultNameAvailability(client, deployment.prefix),
        dnsLabelAvailability(client, 'West Europe', deployment.prefix),
      ]);
      return answers.map(({ kind }) => kind);
    };
    expect(await ask()).toEqual(['Available', 'Available', 'Available']);
    expect(await storageAccountNameAvailability(client, 'Not-Valid')).toMatchObject({ kind: 'Invalid' });
    await converge(client, graphOf(deployment), clock);
    expect(await ask()).toEqual(['Taken', 'Taken', 'Taken']);
  });

  it('what stands in a group, and in the whole fleet', async () => {
    await converge(client, graphOf(deployment), clock);
    const contents = await listGroupContents(client, deployment.resourceGroup.name);
    expect(contents.map(({ type }) => type.toLowerCase())).toContain('microsoft.compute/virtualmachinescalesets');
    await clock.advance(60_000);
    const query = `resources | where tags['configmgr.io_owner'] == ${graphString('test/default/contoso')} | project id, type, properties`;
    const [rows = []] = await Array.fromAsync(queryResourceGraph(client, query));
    expect(rows.map(({ type }) => type)).toContain('microsoft.compute/virtualmachinescalesets');
  });

  it('which tagged resources there are, and that one has changed', async () => {
    await converge(client, graphOf(deployment), clock);
    const sweep = async (prefix: string) => {
      await clock.advance(60_000);
      const rows = await Array.fromAsync(sweepResources(client, { name: 'configmgr.io_owner', prefix }));
      return new Map(rows.map(({ id, tag, digest }) => [id, { tag, digest }]));
    };
    const before = await sweep('test/');
    const { resourceGroup, networkSecurityGroup } = resourceIds(deployment);
    expect(before.size).toBe(9);
    expect(before.get(resourceGroup.toLowerCase())?.tag).toBe('test/default/contoso');
    expect(await sweep('test/')).toEqual(before);
    expect((await sweep('other/')).size).toBe(0);

    azure.control.call('DELETE', `${networkSecurityGroup}/securityRules/https?api-version=2025-03-01`);
    const after = await sweep('test/');
    const changed = [...after].filter(([id, { digest }]) => digest !== before.get(id)?.digest).map(([id]) => id);
    expect(changed).toEqual([networkSecurityGroup.toLowerCase()]);
  });
});
