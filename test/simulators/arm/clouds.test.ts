import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveCloud } from '../../../src/azure/clouds.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import { CLOUDS, type SimulatedCloudName } from './clouds.ts';
import { objectsAt, textAt } from './json-path.ts';
import { publicIPAddressBody } from './providers/sample-bodies.ts';
import { type ArmSimulator, startArmSimulator } from './simulator.ts';
import { codeOf, createTestClient, secretCredential, type TestClient } from './test-client.ts';

const places: readonly { readonly name: SimulatedCloudName; readonly region: string; readonly foreign: string }[] = [
  { name: 'AzurePublicCloud', region: 'westeurope', foreign: 'usgovvirginia' },
  { name: 'AzureUSGovernmentCloud', region: 'usgovvirginia', foreign: 'westeurope' },
];

describe.each(places)('$name', ({ name, region, foreign }) => {
  const expected = resolveCloud(name);
  let clock: ManualClock;
  let simulator: ArmSimulator;
  let client: TestClient;
  let group: string;

  beforeAll(async () => {
    clock = createManualClock();
    simulator = await startArmSimulator({ cloud: name, clock, blobs: false });
    client = createTestClient(simulator, secretCredential(simulator), expected.audience);
    group = `/subscriptions/${simulator.subscriptionId}/resourceGroups/contoso`;
    expect((await client.send('PUT', group, { location: region })).status).toBe(201);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await simulator.close();
  });

  it('takes tokens for its own audiences, and none for those of the other cloud', async () => {
    const other = places.find((place) => place.name !== name)?.name ?? name;
    for (const audience of CLOUDS[name].audiences) {
      await using own = createTestClient(simulator, secretCredential(simulator), audience);
      expect((await own.send('GET', group)).status).toBe(200);
    }
    await using stranger = createTestClient(simulator, secretCredential(simulator), resolveCloud(other).audience);
    const refused = await stranger.send('GET', group);
    expect([refused.status, codeOf(refused)]).toEqual([401, 'InvalidAuthenticationTokenAudience']);
  });

  it('has its own regions, and not those of the other cloud', async () => {
    const locations = await client.send('GET', `/subscriptions/${simulator.subscriptionId}/locations`);
    const names = objectsAt(locations.body, 'value').map((location) => location.name);
    expect(names).toContain(region);
    expect(names).not.toContain(foreign);
    expect(codeOf(await client.send('PUT', `${group}2`, { location: foreign }))).toBe(
      'LocationNotAvailableForResourceGroup',
    );
    const address = `${group}/providers/Microsoft.Network/publicIPAddresses/ip?api-version=2025-03-01`;
    expect(codeOf(await client.send('PUT', address, { ...publicIPAddressBody, location: foreign }))).toBe(
      'LocationNotAvailableForResourceType',
    );
    const sizes = await client.send(
      'GET',
      `/subscriptions/${simulator.subscriptionId}/providers/Microsoft.Compute/skus?api-version=2021-07-01`,
    );
    expect(objectsAt(sizes.body, 'value').some((size) => String(size.locations) === foreign)).toBe(false);
  });

  it('gives names with the suffixes that the operator expects', async () => {
    const vault = `${group}/providers/Microsoft.KeyVault/vaults/contoso-kv?api-version=2026-02-01`;
    await client.send('PUT', vault, {
      location: region,
      properties: {
        tenantId: simulator.tenantId,
        sku: { family: 'A', name: 'standard' },
        enableRbacAuthorization: true,
      },
    });
    const address = `${group}/providers/Microsoft.Network/publicIPAddresses/ip?api-version=2025-03-01`;
    await client.send('PUT', address, {
      location: region,
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static', dnsSettings: { domainNameLabel: 'contosocmg' } },
    });
    const account = `${group}/providers/Microsoft.Storage/storageAccounts/contososa?api-version=2025-06-01`;
    await client.send('PUT', account, { location: region, sku: { name: 'Standard_LRS' }, kind: 'StorageV2' });
    await clock.advance(60_000);
    const shown = async (path: string, member: string) => textAt((await client.send('GET', path)).body, member);
    expect(await shown(vault, 'properties.vaultUri')).toBe(`https://contoso-kv.${expected.vaultSuffix}/`);
    expect(await shown(address, 'properties.dnsSettings.fqdn')).toBe(`contosocmg.${region}.${expected.vmDnsSuffix}`);
    expect(await shown(account, 'properties.primaryEndpoints.queue')).toBe(
      `https://contososa.queue.${expected.blobSuffix.replace('blob.', '')}/`,
    );
  });

  it('tells clients where it is and what its tokens and names are', async () => {
    const metadata = await client.send('GET', '/metadata/endpoints?api-version=2022-09-01');
    expect(metadata.body).toMatchObject({
      authentication: { audiences: expect.arrayContaining([`${expected.audience}/`]) },
      suffixes: { keyVaultDns: expected.vaultSuffix, storage: expected.blobSuffix.replace('blob.', '') },
    });
  });
});
