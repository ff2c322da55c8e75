import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../../src/runtime/manual-clock.ts';
import { type ArmSimulator, startArmSimulator } from '../simulator.ts';
import { codeOf, createTestClient, type TestClient } from '../test-client.ts';

const NETWORK = 'api-version=2025-03-01';
const VAULT = 'api-version=2026-02-01';

describe('what Azure knows of names, sizes and resources', () => {
  let clock: ManualClock;
  let simulator: ArmSimulator;
  let client: TestClient;
  let subscription: string;
  let group: string;

  beforeAll(async () => {
    clock = createManualClock(Date.UTC(2026, 10, 1));
    simulator = await startArmSimulator({ clock, blobs: false });
    client = createTestClient(simulator);
    subscription = `/subscriptions/${simulator.subscriptionId}`;
    group = `${subscription}/resourceGroups/Contoso`;
  });
  beforeEach(async () => {
    simulator.control.reset();
    expect((await client.send('PUT', group, { location: 'westeurope', tags: { team: 'sccm' } })).status).toBe(201);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await simulator.close();
  });

  const nsg = (name: string) => `${group}/providers/Microsoft.Network/networkSecurityGroups/${name}?${NETWORK}`;
  const createNsg = async (name: string, tags: JsonObject = {}) => {
    const answer = await client.send('PUT', nsg(name), { location: 'westeurope', tags, properties: {} });
    expect(answer.status).toBe(201);
    await clock.advance(60_000);
  };
  const refusal = async (method: string, path: string, body?: JsonObject) => {
    const answer = await client.send(method, path, body);
    return [answer.status, codeOf(answer)];
  };

  describe('names', () => {
    const storage = (name: string) =>
      client.send('POST', `${subscription}/providers/Microsoft.Storage/checkNameAvailability?api-version=2025-06-01`, {
        name,
        type: 'Microsoft.Storage/storageAccounts',
      });
    const vault = (name: string) =>
      client.send('POST', `${subscription}/providers/Microsoft.KeyVault/checkNameAvailability?${VAULT}`, {
        name,
        type: 'Microsoft.KeyVault/vaults',
      });
    const label = async (name: string, location = 'westeurope') =>
      (
        await client.send(
          'GET',
          `${subscription}/providers/Microsoft.Network/locations/${location}/CheckDnsNameAvailability?domainNameLabel=${name}&${NETWORK}`,
        )
      ).body.available;

    it('can be had unless they are bad or somebody has them', async () => {
      simulator.control.takeName({ kind: 'storageAccount', name: 'contosocmg' });
      simulator.control.takeName({ kind: 'vault', name: 'ContosoCmg' });
      simulator.control.takeName({ kind: 'dnsLabel', name: 'contosocmg', location: 'westeurope' });
      expect((await storage('free123')).body).toEqual({ nameAvailable: true });
      expect((await storage('contosocmg')).body).toMatchObject({ nameAvailable: false, reason: 'AlreadyExists' });
      expect((await storage('Bad-Name')).body).toMatchObject({ nameAvailable: false, reason: 'AccountNameInvalid' });
      expect((await vault('contosocmg')).body).toMatchObject({ nameAvailable: false, reason: 'AlreadyExists' });
      expect((await vault('1bad')).body).toMatchObject({ nameAvailable: false, reason: 'AccountNameInvalid' });
      expect([await label('contosocmg'), await label('contosocmg', 'eastus'), await label('free')]).toEqual([
        false,
        true,
        true,
      ]);
    });

    it('of vaults stay taken after their group is deleted, until they are purged', async () => {
      const id = `${group}/providers/Microsoft.KeyVault/vaults/contosokv`;
      await client.send('PUT', `${id}?${VAULT}`, {
        location: 'westeurope',
        properties: {
          tenantId: simulator.tenantId,
          sku: { family: 'A', name: 'standard' },
          enableRbacAuthorization: true,
        },
      });
      await clock.advance(60_000);
      await client.send('DELETE', group);
      await clock.advance(120_000);
      expect((await vault('contosokv')).body.nameAvailable).toBe(false);
      const deleted = `${subscription}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/contosokv`;
      expect((await client.send('GET', `${deleted}?${VAULT}`)).body.properties).toMatchObject({
        vaultId: id,
        location: 'westeurope',
      });
      expect(
        (await client.send('GET', `${subscription}/providers/Microsoft.KeyVault/deletedVaults?${VAULT}`)).body.value,
      ).toHaveLength(1);
      const purge = await client.send('POST', `${deleted}/purge?${VAULT}`);
      expect([purge.status, purge.headers['retry-after']]).toEqual([202, '5']);
      await clock.advance(60_000);
      expect((await client.send('GET', purge.headers.location ?? '')).status).toBe(200);
      expect(await refusal('GET', `${deleted}?${VAULT}`)).toEqual([404, 'DeletedVaultNotFound']);
      expect((await vault('contosokv')).body.nameAvailable).toBe(true);
    });
  });

  it('offers sizes and quotas by region', async () => {
    const sizes = async (location: string) => {
      const answer = await client.send(
        'GET',
        `${subscription}/providers/Microsoft.Compute/skus?api-version=2021-07-01&$filter=location eq '${location}'`,
      );
      return new Map((answer.body.value as readonly JsonObject[]).map((sku) => [sku.name, sku]));
    };
    expect((await sizes('westeurope')).get('Standard_D2ads_v6')).toMatchObject({
      family: 'standardDadv6Family',
      restrictions: [],
    });
    expect((await sizes('uksouth')).has('Standard_D2ads_v6')).toBe(false);
    expect((await sizes('centralus')).get('Standard_D2ads_v6')).toMatchObject({ restrictions: [{ type: 'Location' }] });
    simulator.control.settings.quotas.set('westeurope/cores', 10);
    const usages = await client.send(
      'GET',
      `${subscription}/providers/Microsoft.Compute/locations/westeurope/usages?api-version=2024-11-01`,
    );
    expect(usages.body.value).toContainEqual({
      unit: 'Count',
      currentValue: 0,
      limit: 10,
      name: { value: 'cores', localizedValue: 'Total Regional vCPUs' },
    });
  });

  describe('Resource Graph', () => {
    const ask = async (query: string, options: JsonObject = {}) =>
      (
        await client.send('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
          subscriptions: [simulator.subscriptionId],
          query,
          options: { resultFormat: 'objectArray', ...options },
        })
      ).body;

    it('finds resources by tag, some seconds after they changed', async () => {
      const query = "resources | where tags['configmgr.io_owner'] startswith 'test/' | project id, name, tags";
      const answer = await client.send('PUT', nsg('one'), {
        location: 'westeurope',
        tags: { 'configmgr.io_owner': 'test/a' },
      });
      expect(answer.status).toBe(201);
      expect((await ask(query)).data).toEqual([]);
      await clock.advance(5000);
      expect((await ask(query)).data).toEqual([
        {
          id: `${group}/providers/Microsoft.Network/networkSecurityGroups/one`,
          name: 'one',
          tags: { 'configmgr.io_owner': 'test/a' },
        },
      ]);
    });

    it('reads conditions, orders and pages', async () => {
      for (const name of ['one', 'two', 'three']) await createNsg(name, { n: name });
      const names = async (query: string) =>
        ((await ask(`${query} | project name`)).data as readonly JsonObject[]).map(({ name }) => name);
      expect(
        await names(
          "resources | where type =~ 'Microsoft.Network/NetworkSecurityGroups' and (tags['n'] == 'one' or tags.n in~ ('TWO')) | order by name asc",
        ),
      ).toEqual(['one', 'two']);
      expect(await names("resources | where isempty(tags['missing']) | order by name desc | take 2")).toEqual([
        'two',
        'three',
      ]);
      expect(await names("resourcecontainers | where name =~ 'contoso'")).toEqual(['Contoso']);
      const first = await ask('resources | project name', { $top: 2 });
      expect(first).toMatchObject({ totalRecords: 3, count: 2 });
      const second = await ask('resources | project name', { $top: 2, $skipToken: String(first.$skipToken) });
      expect(second).toMatchObject({ count: 1 });
      expect(second.$skipToken).toBeUndefined();
    });

    it('leaves out what the caller may not read, and refuses what it cannot read itself', async () => {
      await createNsg('one');
      simulator.control.deny(['Microsoft.Network/*']);
      expect((await ask('resources')).data).toEqual([]);
      const refused = await client.send('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
        query: 'resources | join other',
      });
      expect(refused).toMatchObject({ status: 400, body: { error: { details: [{ code: 'InvalidQuery' }] } } });
    });
  });
});
