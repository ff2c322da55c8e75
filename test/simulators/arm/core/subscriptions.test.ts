import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../../src/runtime/manual-clock.ts';
import { objectsAt } from '../json-path.ts';
import { type ArmSimulator, startArmSimulator } from '../simulator.ts';
import { codeOf, createTestClient, secretCredential, type TestClient } from '../test-client.ts';

const NETWORK = 'api-version=2025-03-01';
const ROLES = 'api-version=2022-04-01';
const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const CONTRIBUTOR = 'b24988ac-6180-42a0-ab88-20f7382dd24c';

describe('several subscriptions and principals', () => {
  let clock: ManualClock;
  let simulator: ArmSimulator;
  let owner: TestClient;
  let team: TestClient;
  let teamId: string;
  let teamApp: string;
  let first: string;
  let second: string;

  beforeAll(async () => {
    clock = createManualClock(Date.UTC(2026, 10, 1));
    simulator = await startArmSimulator({ clock, blobs: false });
    owner = createTestClient(simulator);
    const { principal, secrets } = simulator.control.addApplication('team');
    secrets.add('secret');
    teamId = principal.objectId;
    teamApp = principal.appId;
    team = createTestClient(simulator, secretCredential(simulator, 'secret', teamApp));
    first = `/subscriptions/${simulator.subscriptionId}`;
  });
  beforeEach(async () => {
    simulator.control.reset();
    second = `/subscriptions/${simulator.control.addSubscription({ displayName: 'Second' })}`;
    for (const subscription of [first, second]) {
      await owner.send('PUT', `${subscription}/resourceGroups/shared`, { location: 'westeurope' });
      await owner.send('PUT', `${subscription}/resourceGroups/other`, { location: 'westeurope' });
    }
  });
  afterAll(async () => {
    await owner[Symbol.asyncDispose]();
    await team[Symbol.asyncDispose]();
    await simulator.close();
  });

  const nsg = (group: string) => `${group}/providers/Microsoft.Network/networkSecurityGroups/cmg-nsg?${NETWORK}`;
  const body = { location: 'westeurope', properties: {} };
  const assign = (scope: string, role: string, name = '0f0f0f0f-1111-4222-8333-444444444444') =>
    owner.send('PUT', `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}?${ROLES}`, {
      properties: {
        roleDefinitionId: `${first}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        principalId: teamId,
        principalType: 'ServicePrincipal',
      },
    });
  const names = async (client: TestClient, path: string, member = 'name') =>
    objectsAt((await client.send('GET', path)).body, 'value').map((item) => item[member]);

  it('keep their resources apart, and share the names that are global', async () => {
    expect(await names(owner, '/subscriptions', 'displayName')).toEqual(['Simulated subscription', 'Second']);
    expect((await owner.send('PUT', nsg(`${second}/resourceGroups/shared`), body)).status).toBe(201);
    expect(await names(owner, `${first}/resources`)).toEqual([]);
    expect(await names(owner, `${second}/resources`)).toEqual(['cmg-nsg']);
    const label = (subscription: string) =>
      owner.send(
        'PUT',
        `${subscription}/resourceGroups/shared/providers/Microsoft.Network/publicIPAddresses/ip?${NETWORK}`,
        {
          location: 'westeurope',
          sku: { name: 'Standard' },
          properties: { publicIPAllocationMethod: 'Static', dnsSettings: { domainNameLabel: 'contosocmg' } },
        },
      );
    expect((await label(first)).status).toBe(201);
    expect(codeOf(await label(second))).toBe('DnsRecordInUse');
  });

  it('have quotas, states and registrations of their own', async () => {
    const limits = async (subscription: string): Promise<unknown> =>
      objectsAt(
        (
          await owner.send(
            'GET',
            `${subscription}/providers/Microsoft.Compute/locations/westeurope/usages?api-version=2024-11-01`,
          )
        ).body,
        'value',
      )[0]?.limit;
    simulator.control.settings.quotas.set(`${second.slice('/subscriptions/'.length)}/westeurope/cores`, 8);
    expect([await limits(first), await limits(second)]).toEqual([4000, 8]);
    const fresh = `/subscriptions/${simulator.control.addSubscription({ registered: false })}`;
    await owner.send('PUT', `${fresh}/resourceGroups/shared`, { location: 'westeurope' });
    expect(codeOf(await owner.send('PUT', nsg(`${fresh}/resourceGroups/shared`), body))).toBe(
      'MissingSubscriptionRegistration',
    );
    simulator.control.setSubscriptionState('Disabled', fresh.slice('/subscriptions/'.length));
    expect(codeOf(await owner.send('DELETE', `${fresh}/resourceGroups/shared`))).toBe('ReadOnlyDisabledSubscription');
    expect((await owner.send('PUT', nsg(`${first}/resourceGroups/shared`), body)).status).toBe(201);
  });

  it('are throttled apart', async () => {
    simulator.control.settings.throttling = true;
    const left = async (client: TestClient, subscription: string) =>
      (await client.send('GET', `${subscription}/resourceGroups`)).headers[
        'x-ms-ratelimit-remaining-subscription-reads'
      ];
    simulator.control.setRights([{ scope: '/', actions: ['*/read'], notActions: [] }], teamApp);
    expect([
      await left(owner, first),
      await left(owner, first),
      await left(owner, second),
      await left(team, first),
    ]).toEqual(['249', '248', '249', '249']);
  });

  it('see and do what they were granted, in one subscription and not in the other', async () => {
    expect(await names(team, '/subscriptions')).toEqual([]);
    simulator.control.setRights([{ scope: second, actions: ['*'], notActions: [] }], teamApp);
    expect(await names(team, '/subscriptions', 'displayName')).toEqual(['Second']);
    expect((await team.send('PUT', nsg(`${second}/resourceGroups/shared`), body)).status).toBe(201);
    expect(codeOf(await team.send('PUT', nsg(`${first}/resourceGroups/shared`), body))).toBe('AuthorizationFailed');
    expect(codeOf(await team.send('GET', `${first}/resourceGroups`))).toBe('AuthorizationFailed');
  });

  describe('with roles that were assigned in Azure', () => {
    it('may do what the role says, below its scope, some time after it was assigned', async () => {
      simulator.control.settings.roleLagSeconds = 30;
      const group = `${first}/resourceGroups/shared`;
      expect((await assign(group, CONTRIBUTOR)).status).toBe(201);
      const early = await team.send('PUT', nsg(group), body);
      expect(early).toMatchObject({ status: 403, body: { error: { code: 'AuthorizationFailed' } } });
      await clock.advance(30_000);
      expect((await team.send('PUT', nsg(group), body)).status).toBe(201);
      expect(codeOf(await team.send('PUT', nsg(`${first}/resourceGroups/other`), body))).toBe('AuthorizationFailed');
      const own = `${group}/providers/Microsoft.Authorization/roleAssignments/0f0f0f0f-1111-4222-8333-555555555555?${ROLES}`;
      expect(codeOf(await team.send('PUT', own, {}))).toBe('AuthorizationFailed');
      await owner.send(
        'DELETE',
        `${group}/providers/Microsoft.Authorization/roleAssignments/0f0f0f0f-1111-4222-8333-444444444444?${ROLES}`,
      );
      expect(codeOf(await team.send('GET', nsg(group)))).toBe('AuthorizationFailed');
    });

    it('are shown their subscription and their groups, and no others', async () => {
      await assign(`${first}/resourceGroups/shared`, READER);
      await owner.send('PUT', nsg(`${first}/resourceGroups/shared`), body);
      await owner.send('PUT', nsg(`${first}/resourceGroups/other`), body);
      await clock.advance(60_000);
      expect(await names(team, '/subscriptions', 'displayName')).toEqual(['Simulated subscription']);
      expect((await team.send('GET', first)).status).toBe(200);
      expect(await names(team, `${first}/resourceGroups`)).toEqual(['shared']);
      expect(await names(team, `${first}/resources`, 'id')).toEqual([
        nsg(`${first}/resourceGroups/shared`).split('?')[0],
      ]);
      const permissions = await team.send(
        'GET',
        `${first}/resourceGroups/shared/providers/Microsoft.Authorization/permissions?${ROLES}`,
      );
      expect(permissions.body.value).toEqual([
        { actions: ['*/read'], notActions: [], dataActions: [], notDataActions: [] },
      ]);
    });
  });

  it('can be added over HTTPS', async () => {
    const control = async (path: string, content: JsonObject) =>
      (await owner.send('POST', `/simulator/${path}`, content, { authorization: '' })).body;
    const { subscriptionId } = await control('subscriptions', { displayName: 'Third', registered: false });
    const rights = [{ scope: `/subscriptions/${subscriptionId}`, actions: ['*/read'], notActions: [] }];
    const { clientId, clientSecret } = await control('applications', { displayName: 'auditor', rights });
    await using auditor = createTestClient(
      simulator,
      secretCredential(simulator, String(clientSecret), String(clientId)),
    );
    expect(await names(auditor, '/subscriptions', 'displayName')).toEqual(['Third']);
    const states = { subscriptionStates: { [String(subscriptionId)]: 'Warned' } };
    await owner.send('PATCH', '/simulator/settings', states);
    expect(await names(auditor, '/subscriptions', 'state')).toEqual(['Warned']);
    await owner.send('PATCH', '/simulator/settings', {
      registrations: { [`${subscriptionId}/Microsoft.Network`]: 'Registered' },
    });
    const network = await auditor.send('GET', `/subscriptions/${subscriptionId}/providers/Microsoft.Network`);
    expect(network.body.registrationState).toBe('Registered');
  });
});
