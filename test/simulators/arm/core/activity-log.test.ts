import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../../src/runtime/manual-clock.ts';
import { objectsAt, textAt } from '../json-path.ts';
import { type ArmSimulator, startArmSimulator } from '../simulator.ts';
import { createTestClient, secretCredential, type TestClient } from '../test-client.ts';

const NETWORK = 'api-version=2025-03-01';
const START = Date.UTC(2026, 10, 1, 12);

describe('who changed what', () => {
  let clock: ManualClock;
  let simulator: ArmSimulator;
  let client: TestClient;
  let colleague: TestClient;
  let colleagueApp: string;
  let colleagueId: string;
  let group: string;
  let nsg: string;

  beforeAll(async () => {
    clock = createManualClock(START);
    simulator = await startArmSimulator({ clock, blobs: false });
    client = createTestClient(simulator);
    const application = simulator.control.addApplication('colleague');
    application.secrets.add('secret');
    colleagueApp = application.principal.appId;
    colleagueId = application.principal.objectId;
    colleague = createTestClient(simulator, secretCredential(simulator, 'secret', colleagueApp));
    group = `/subscriptions/${simulator.subscriptionId}/resourceGroups/contoso`;
    nsg = `${group}/providers/Microsoft.Network/networkSecurityGroups/cmg-nsg`;
  });
  beforeEach(async () => {
    simulator.control.reset();
    simulator.control.setRights([{ scope: '/', actions: ['*'], notActions: [] }], colleagueApp);
    await client.send('PUT', group, { location: 'westeurope' });
    await client.send('PUT', `${nsg}?${NETWORK}`, { location: 'westeurope', properties: {} });
    await clock.advance(60_000);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await colleague[Symbol.asyncDispose]();
    await simulator.close();
  });

  const since = `eventTimestamp ge '${new Date(START).toISOString()}'`;
  const ask = (filter: string, more = '') =>
    client.send(
      'GET',
      `/subscriptions/${simulator.subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01&$filter=${encodeURIComponent(filter)}${more}`,
    );
  const events = async (filter: string, more = '') => {
    const answer = await ask(filter, more);
    expect(answer.status).toBe(200);
    return objectsAt(answer.body, 'value');
  };
  const told = (list: readonly JsonObject[]) =>
    list.map((event) => [textAt(event, 'operationName.value'), textAt(event, 'status.value'), event.caller]);

  describe('in the activity log', () => {
    it('is told some minutes later: what was begun, accepted and done, by whom and when', async () => {
      const answer = await colleague.send('DELETE', `${nsg}?${NETWORK}`);
      const deletedAt = clock.now();
      await clock.advance(60_000);
      const filter = `${since} and caller eq '${colleagueId}'`;
      expect(await events(filter)).toEqual([]);
      await clock.advance(120_000);
      const found = await events(filter);
      const operation = 'Microsoft.Network/networkSecurityGroups/delete';
      expect(told(found)).toEqual([
        [operation, 'Succeeded', colleagueId],
        [operation, 'Accepted', colleagueId],
        [operation, 'Started', colleagueId],
      ]);
      expect(found[1]).toMatchObject({
        authorization: { action: operation, scope: nsg },
        correlationId: answer.headers['x-ms-correlation-request-id'],
        eventTimestamp: new Date(deletedAt).toISOString(),
        submissionTimestamp: new Date(deletedAt + 120_000).toISOString(),
        level: 'Informational',
        resourceId: nsg,
        resourceGroupName: 'contoso',
        resourceProviderName: { value: 'Microsoft.Network' },
        subStatus: { localizedValue: 'Accepted (HTTP Status Code: 202)' },
        httpRequest: { method: 'DELETE' },
      });
      expect(Date.parse(String(found[0]?.eventTimestamp))).toBeGreaterThan(deletedAt);
    });

    it('knows what was refused and what failed, and why', async () => {
      simulator.control.settings.activityLogLagSeconds = 0;
      const path = `${group}/providers/Microsoft.Network/virtualNetworks/cmg-vnet`;
      await client.send('PUT', `${path}?${NETWORK}`, { location: 'westeurope', properties: {} });
      simulator.control.faults.add({
        match: { method: 'PUT', urlPattern: 'networkSecurityGroups' },
        action: { kind: 'failOperation', error: { code: 'InternalServerError', message: 'Out of luck.' } },
      });
      await client.send('PUT', `${nsg}?${NETWORK}`, { location: 'westeurope', tags: { a: 'b' }, properties: {} });
      await clock.advance(60_000);
      const failed = await events(`${since} and status eq 'Failed'`);
      expect(failed.map((event) => event.resourceId)).toEqual([nsg, path]);
      expect(textAt(failed[0], 'properties.statusMessage')).toContain('Out of luck.');
      expect(failed[1]).toMatchObject({ level: 'Error', properties: { statusCode: 'BadRequest' } });
    });

    it('is asked for by time, group, resource, provider and columns', async () => {
      simulator.control.settings.activityLogLagSeconds = 0;
      const network = 'Microsoft.Network/networkSecurityGroups/write';
      const names = async (filter: string) =>
        (await events(filter)).map((event) => textAt(event, 'operationName.value'));
      const writes = [network, network, network];
      expect(await names(`${since} and resourceUri eq '${nsg}'`)).toEqual(writes);
      expect(await names(`${since} and resourceProvider eq 'microsoft.network'`)).toEqual(writes);
      expect(await names(`${since} and resourceGroupName eq 'CONTOSO'`)).toEqual([
        ...writes,
        'Microsoft.Resources/subscriptions/resourceGroups/write',
        'Microsoft.Resources/subscriptions/resourceGroups/write',
      ]);
      const before = new Date(clock.now() - 3_600_000).toISOString();
      expect(await names(`eventTimestamp ge ${before} and eventTimestamp le ${before}`)).toEqual([]);
      const [event] = await events(since, '&$select=caller,eventTimestamp');
      expect(Object.keys(event ?? {}).toSorted()).toEqual(['caller', 'eventTimestamp']);
    });

    it('comes in pages', async () => {
      simulator.control.settings.activityLogLagSeconds = 0;
      for (let at = 0; at < 100; at++)
        simulator.control.call('PUT', `${group}?api-version=2025-04-01`, { location: 'westeurope' });
      const first = await ask(since);
      expect(first.body.value).toHaveLength(200);
      const second = await client.send('GET', String(first.body.nextLink));
      expect(second.body.value).toHaveLength(5);
      expect(second.body.nextLink).toBeUndefined();
    });

    it.each([
      ['no time', "resourceGroupName eq 'contoso'"],
      ['a time that is over', "eventTimestamp ge '2018-01-01T00:00:00Z'"],
      ['a time that is none', "eventTimestamp ge 'yesterday'"],
      ['an unknown field', `${since} and colour eq 'red'`],
    ])('refuses %s in the words of the service', async (_what, filter) => {
      const answer = await ask(filter);
      expect(answer).toMatchObject({ status: 400, body: { Code: 'BadRequest', Message: expect.any(String) } });
    });

    it('is not told to who may not read it', async () => {
      simulator.control.deny(['Microsoft.Insights/*']);
      expect((await ask(since)).status).toBe(403);
    });
  });

  describe('in Resource Graph', () => {
    const changes = async (query = 'resourcechanges') =>
      objectsAt(
        (
          await client.send('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
            subscriptions: [simulator.subscriptionId],
            query,
          })
        ).body,
        'data',
      );

    it('is a table of what was, what is, and who changed it', async () => {
      await colleague.send('PUT', `${nsg}?${NETWORK}`, {
        location: 'westeurope',
        tags: { team: 'other' },
        properties: {},
      });
      await clock.advance(60_000);
      await colleague.send('DELETE', `${nsg}?${NETWORK}`);
      await clock.advance(180_000);
      const found = await changes(
        `resourcechanges | where properties.changeAttributes.changedBy == '${colleagueId}' | project properties`,
      );
      expect(found.map((row) => textAt(row, 'properties.changeType'))).toEqual(['Update', 'Delete']);
      expect(found[0]).toMatchObject({
        properties: {
          targetResourceId: nsg,
          targetResourceType: 'microsoft.network/networksecuritygroups',
          changeAttributes: {
            operation: 'Microsoft.Network/networkSecurityGroups/write',
            changedByType: 'Application',
          },
          changes: { 'tags.team': { newValue: 'other', propertyChangeType: 'Insert' } },
        },
      });
    });

    it('says nothing of writes that change nothing, and tells changes by Azure itself apart', async () => {
      simulator.control.settings.activityLogLagSeconds = 0;
      const before = (await changes()).length;
      await client.send('PUT', `${nsg}?${NETWORK}`, { location: 'westeurope', properties: {} });
      await clock.advance(60_000);
      expect(await changes()).toHaveLength(before);
      simulator.control.mutate(nsg, { tags: { drift: 'yes' } });
      expect((await changes()).at(-1)).toMatchObject({
        properties: { changeAttributes: { changedBy: 'System' }, changes: { 'tags.drift': { newValue: 'yes' } } },
      });
    });

    it('forgets after two weeks', async () => {
      await clock.advance(15 * 86_400_000);
      expect(await changes()).toEqual([]);
    });
  });
});
