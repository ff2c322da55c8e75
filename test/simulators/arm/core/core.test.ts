import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../../src/runtime/manual-clock.ts';
import { type ArmSimulator, startArmSimulator } from '../simulator.ts';
import { codeOf, createTestClient, secretCredential, type TestClient } from '../test-client.ts';

const NETWORK = 'api-version=2025-03-01';

describe('Azure Resource Manager itself', () => {
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

  describe('resource groups', () => {
    it('are created once, then updated, found whatever the case, and asked for by HEAD', async () => {
      expect(
        (
          await client.send('PUT', group.toUpperCase().replace('/SUBSCRIPTIONS/', '/subscriptions/'), {
            location: 'West Europe',
          })
        ).status,
      ).toBe(200);
      const shown = await client.send('GET', group.toLowerCase());
      expect(shown.body).toEqual({
        id: group,
        name: 'Contoso',
        type: 'Microsoft.Resources/resourceGroups',
        location: 'westeurope',
        properties: { provisioningState: 'Succeeded' },
      });
      expect((await client.send('HEAD', group)).status).toBe(204);
      expect((await client.send('HEAD', `${group}2`)).status).toBe(404);
      expect(await refusal('GET', `${group}2`)).toEqual([404, 'ResourceGroupNotFound']);
      expect((await client.send('GET', `/${group}`)).status).toBe(200);
    });

    it.each<[string, string, JsonObject, number, string]>([
      ['another location', 'Contoso', { location: 'eastus' }, 409, 'InvalidResourceGroupLocation'],
      ['an unknown location', 'New', { location: 'atlantis' }, 400, 'LocationNotAvailableForResourceGroup'],
      ['no location', 'New', {}, 400, 'LocationRequired'],
      ['an unknown member', 'New', { location: 'westeurope', colour: 'red' }, 400, 'InvalidRequestContent'],
      ['a bad name', 'New.', { location: 'westeurope' }, 400, 'InvalidResourceGroup'],
      ['a bad tag name', 'New', { location: 'westeurope', tags: { 'a/b': 'c' } }, 400, 'InvalidTagNameCharacters'],
      ['a tag that is no text', 'New', { location: 'westeurope', tags: { a: 1 } }, 400, 'InvalidRequestContent'],
      [
        'a long tag value',
        'New',
        { location: 'westeurope', tags: { a: 'x'.repeat(257) } },
        400,
        'InvalidTagValueLength',
      ],
      [
        'too many tags',
        'New',
        { location: 'westeurope', tags: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`t${at}`, ''])) },
        400,
        'InvalidTagCount',
      ],
    ])('are refused with %s', async (_, name, body, status, code) => {
      expect(await refusal('PUT', `${subscription}/resourceGroups/${name}`, body)).toEqual([status, code]);
    });

    it('are listed, by tag too', async () => {
      const names = async (filter: string) =>
        (
          (await client.send('GET', `${subscription}/resourcegroups?$filter=${encodeURIComponent(filter)}`)).body
            .value as readonly JsonObject[]
        ).map(({ name }) => name);
      expect(await names("tagname eq 'team' and tagvalue eq 'sccm'")).toEqual(['Contoso']);
      expect(await names("tagname eq 'team' and tagvalue eq 'other'")).toEqual([]);
    });
  });

  describe('requests', () => {
    it.each<[string, string, string, number, string]>([
      ['no api-version', 'GET', '/resourceGroups/Contoso?api-version=', 400, 'MissingApiVersionParameter'],
      [
        'an api-version that no group has',
        'GET',
        '/resourceGroups/Contoso?api-version=1999-01-01',
        400,
        'InvalidApiVersionParameter',
      ],
      [
        'an api-version that no type has',
        'GET',
        '/resourceGroups/Contoso/providers/Microsoft.Network/loadBalancers/x?api-version=1999-01-01',
        400,
        'NoRegisteredProviderFound',
      ],
      [
        'an unknown namespace',
        'GET',
        '/resourceGroups/Contoso/providers/Microsoft.Nothing/things/x',
        404,
        'InvalidResourceNamespace',
      ],
      [
        'an unknown type',
        'GET',
        '/resourceGroups/Contoso/providers/Microsoft.Network/things/x',
        404,
        'InvalidResourceType',
      ],
      [
        'a missing resource',
        'GET',
        `/resourceGroups/Contoso/providers/Microsoft.Network/loadBalancers/x?${NETWORK}`,
        404,
        'ResourceNotFound',
      ],
      [
        'a missing parent',
        'GET',
        '/resourceGroups/Contoso/providers/Microsoft.Storage/storageAccounts/x/blobServices/default?api-version=2025-06-01',
        404,
        'ParentResourceNotFound',
      ],
      [
        'a missing parent in the network',
        'GET',
        `/resourceGroups/Contoso/providers/Microsoft.Network/virtualNetworks/x/subnets/y?${NETWORK}`,
        404,
        'ResourceNotFound',
      ],
      [
        'a missing group',
        'GET',
        `/resourceGroups/Other/providers/Microsoft.Network/loadBalancers/x?${NETWORK}`,
        404,
        'ResourceGroupNotFound',
      ],
    ])('with %s are refused', async (_, method, path, status, code) => {
      expect(await refusal(method, `${subscription}${path}`)).toEqual([status, code]);
    });

    it('of another subscription are refused', async () => {
      expect(await refusal('GET', '/subscriptions/00000000-0000-4000-8000-000000000000')).toEqual([
        404,
        'SubscriptionNotFound',
      ]);
      expect(await refusal('GET', '/subscriptions/nonsense')).toEqual([400, 'InvalidSubscriptionId']);
      simulator.control.setSubscriptionState('Disabled');
      expect(await refusal('PUT', nsg('a'), { location: 'westeurope' })).toEqual([409, 'ReadOnlyDisabledSubscription']);
    });

    it('with bodies that are no JSON object are refused', async () => {
      expect(codeOf(await client.send('PUT', group, 'text'))).toBe('InvalidRequestContent');
      expect((await client.send('PUT', group, {}, { 'content-type': 'text/plain' })).status).toBe(415);
    });

    it('keep the location of a resource', async () => {
      await createNsg('nsg');
      expect(await refusal('PUT', nsg('nsg'), { location: 'eastus' })).toEqual([409, 'InvalidResourceLocation']);
      expect(await refusal('PUT', nsg('other'), { location: 'atlantis' })).toEqual([
        400,
        'LocationNotAvailableForResourceType',
      ]);
    });

    it('are refused when If-Match does not hold', async () => {
      await createNsg('nsg');
      const { etag = '' } = (await client.send('GET', nsg('nsg'))).headers;
      const body = { location: 'westeurope', tags: { a: 'b' }, properties: {} };
      const put = async (headers: Record<string, string>) =>
        (await client.send('PUT', nsg('nsg'), body, headers)).status;
      expect(await put({ 'if-match': 'W/"other"' })).toBe(412);
      expect(await put({ 'if-none-match': '*' })).toBe(412);
      expect(await put({ 'if-match': etag })).toBe(200);
      await clock.advance(60_000);
      expect(await put({ 'if-match': etag })).toBe(412);
    });
  });

  describe('rights', () => {
    it('are checked before anything else is told', async () => {
      const stranger = simulator.control.addApplication('stranger');
      stranger.secrets.add('secret');
      const { appId, objectId } = stranger.principal;
      await using other = createTestClient(simulator, secretCredential(simulator, 'secret', appId));
      const refused = await other.send('GET', group);
      expect(refused.status).toBe(403);
      expect(refused.body.error).toEqual({
        code: 'AuthorizationFailed',
        message: `The client '${appId}' with object id '${objectId}' does not have authorization to perform action 'Microsoft.Resources/subscriptions/resourceGroups/read' over scope '${group}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      });
      expect((await other.send('GET', '/subscriptions')).body.value).toEqual([]);
      simulator.control.setRights([{ scope: group, actions: ['*/read'], notActions: [] }], appId);
      expect((await other.send('GET', group)).status).toBe(200);
      expect(codeOf(await other.send('PUT', nsg('a'), { location: 'westeurope' }))).toBe('AuthorizationFailed');
    });

    it('can be asked for', async () => {
      simulator.control.deny(['Microsoft.Authorization/*/write']);
      const permissions = await client.send(
        'GET',
        `${group}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`,
      );
      expect(permissions.body.value).toEqual([
        { actions: ['*'], notActions: ['Microsoft.Authorization/*/write'], dataActions: [], notDataActions: [] },
      ]);
    });
  });

  describe('providers', () => {
    it('have to be registered before they are used, which takes a minute', async () => {
      simulator.control.setRegistration('Microsoft.Network', 'NotRegistered');
      const refused = await client.send('PUT', nsg('a'), { location: 'westeurope' });
      expect(refused).toMatchObject({
        status: 409,
        body: { error: { code: 'MissingSubscriptionRegistration', details: [{ target: 'Microsoft.Network' }] } },
      });
      const provider = `${subscription}/providers/microsoft.network`;
      expect((await client.send('POST', `${provider}/register`)).body.registrationState).toBe('Registering');
      await clock.advance(69_000);
      expect((await client.send('GET', provider)).body.registrationState).toBe('Registering');
      await clock.advance(1000);
      const registered = await client.send('GET', provider);
      expect(registered.body).toMatchObject({ namespace: 'Microsoft.Network', registrationState: 'Registered' });
      expect((await client.send('PUT', nsg('a'), { location: 'westeurope' })).status).toBe(201);
    });
  });

  describe('lists', () => {
    const names = async (path: string) =>
      ((await client.send('GET', path)).body.value as readonly JsonObject[]).map(({ name }) => name);

    it('hold the resources of a group and of a subscription, as filters say', async () => {
      await createNsg('one', { role: 'a' });
      await createNsg('two', { role: 'b' });
      const resources = (filter: string) => names(`${subscription}/resources?$filter=${encodeURIComponent(filter)}`);
      expect(await names(`${group}/resources`)).toEqual(['one', 'two']);
      expect(
        await resources("resourceGroup eq 'contoso' and resourceType eq 'microsoft.network/networksecuritygroups'"),
      ).toEqual(['one', 'two']);
      expect(await resources("tagname eq 'role' and tagvalue eq 'b'")).toEqual(['two']);
      expect(await resources("resourceType eq 'Microsoft.Network/networkSecurityGroups' and name eq 'one'")).toEqual([
        'one',
      ]);
      expect(await refusal('GET', `${subscription}/resources?$filter=colour eq 'red'`)).toEqual([
        400,
        'InvalidFilterInQueryString',
      ]);
      expect(await names(`${group}/providers/Microsoft.Network/networkSecurityGroups?${NETWORK}`)).toEqual([
        'one',
        'two',
      ]);
      expect(await names(`${subscription}/providers/Microsoft.Network/networkSecurityGroups?${NETWORK}`)).toEqual([
        'one',
        'two',
      ]);
    });

    it('come in pages', async () => {
      for (const name of ['one', 'two', 'three']) await createNsg(name);
      const first = await client.send('GET', `${group}/resources?$top=2`);
      expect(first.body.value).toHaveLength(2);
      const second = await client.send('GET', String(first.body.nextLink));
      expect(second.body.value).toHaveLength(1);
      expect(second.body.nextLink).toBeUndefined();
    });

    it('say what time and state of a resource is when asked', async () => {
      await createNsg('one');
      const list = await client.send('GET', `${group}/resources?$expand=createdTime,provisioningState`);
      const [row] = list.body.value as readonly JsonObject[];
      expect(row).toMatchObject({
        provisioningState: 'Succeeded',
        createdTime: new Date(clock.now() - 60_000).toISOString(),
      });
    });
  });

  it('merges, replaces and deletes tags', async () => {
    await createNsg('nsg', { a: '1' });
    const tags = `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg/providers/Microsoft.Resources/tags/default`;
    const patch = async (operation: string, changes: JsonObject) =>
      (await client.send('PATCH', tags, { operation, properties: { tags: changes } })).body.properties;
    expect(await patch('Merge', { b: '2' })).toEqual({ tags: { a: '1', b: '2' } });
    expect(await patch('Delete', { a: '1' })).toEqual({ tags: { b: '2' } });
    expect(await patch('Replace', { c: '3' })).toEqual({ tags: { c: '3' } });
    expect((await client.send('GET', nsg('nsg'))).body.tags).toEqual({ c: '3' });
  });
});
