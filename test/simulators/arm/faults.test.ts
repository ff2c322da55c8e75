import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import { type ArmSimulator, startArmSimulator } from './simulator.ts';
import { codeOf, createTestClient, type TestClient } from './test-client.ts';

const NETWORK = 'api-version=2025-03-01';

describe('disturbance', () => {
  let clock: ManualClock;
  let simulator: ArmSimulator;
  let client: TestClient;
  let group: string;

  beforeEach(async () => {
    clock = createManualClock();
    simulator = await startArmSimulator({ clock, blobs: false });
    client = createTestClient(simulator);
    group = `/subscriptions/${simulator.subscriptionId}/resourceGroups/faults`;
    await client.send('PUT', group, { location: 'westeurope', tags: { a: '1' } });
  });
  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await simulator.close();
  });

  const statuses = async (count: number) => {
    const found: number[] = [];
    for (let at = 0; at < count; at++) found.push((await client.send('GET', group)).status);
    return found;
  };

  it('answers in the place of Azure from the n-th request on, as often as it is told', async () => {
    simulator.control.faults.add({
      match: { method: 'GET', urlPattern: 'resourceGroups/faults', nth: 2 },
      times: 2,
      action: {
        kind: 'answer',
        status: 429,
        code: 'TooManyRequests',
        message: 'Slow down.',
        headers: { 'Retry-After': '7' },
      },
    });
    expect(await statuses(5)).toEqual([200, 429, 429, 200, 200]);
    simulator.control.faults.add({
      match: { urlPattern: '.' },
      times: 'always',
      action: { kind: 'answer', status: 503 },
    });
    expect(await statuses(3)).toEqual([503, 503, 503]);
    simulator.control.faults.clear();
    expect(await statuses(1)).toEqual([200]);
  });

  it('drops the connection before or after the request is carried out', async () => {
    const put = (tags: Record<string, string>) => client.send('PUT', group, { location: 'westeurope', tags });
    const match = { method: 'PUT', urlPattern: 'faults' };
    simulator.control.faults.add({ match, action: { kind: 'dropConnection' } });
    await expect(put({ a: '2' })).rejects.toThrow();
    expect(simulator.control.resource(group)?.tags).toEqual({ a: '1' });
    simulator.control.faults.add({ match, action: { kind: 'applyThenDrop' } });
    await expect(put({ a: '3' })).rejects.toThrow();
    expect(simulator.control.resource(group)?.tags).toEqual({ a: '3' });
  });

  it('delays by the simulated clock', async () => {
    await client.send('GET', group);
    simulator.control.faults.add({
      match: { method: 'GET', urlPattern: 'faults' },
      action: { kind: 'delay', ms: 90_000 },
    });
    const timers = clock.pendingTimers;
    const answer = client.send('GET', group);
    await expect.poll(() => clock.pendingTimers).toBe(timers + 1);
    await clock.advance(90_000);
    expect((await answer).status).toBe(200);
  });

  it('throttles like Azure when told to', async () => {
    simulator.control.settings.throttling = true;
    const left = (await client.send('GET', group)).headers['x-ms-ratelimit-remaining-subscription-reads'];
    expect(Number(left)).toBe(249);
    const answers = await Promise.all(Array.from({ length: 250 }, () => client.send('GET', group)));
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused.map((answer) => [codeOf(answer), answer.headers['retry-after']])).toEqual([
      ['SubscriptionRequestsThrottled', '1'],
    ]);
    await clock.advance(1000);
    expect(await statuses(1)).toEqual([200]);
  });

  it('changes and removes resources behind the back of others', async () => {
    const nsg = `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg`;
    await client.send('PUT', `${nsg}?${NETWORK}`, {
      location: 'westeurope',
      properties: {
        securityRules: [
          {
            name: 'https',
            properties: {
              priority: 100,
              direction: 'Inbound',
              access: 'Allow',
              protocol: 'Tcp',
              sourceAddressPrefix: '*',
              sourcePortRange: '*',
              destinationAddressPrefix: '*',
              destinationPortRange: '443',
            },
          },
        ],
      },
    });
    await clock.advance(60_000);
    const rules = async () => (await client.send('GET', `${nsg}/securityRules?${NETWORK}`)).body.value;
    expect(await rules()).toHaveLength(1);
    expect(simulator.control.call('DELETE', `${nsg}/securityRules/https?${NETWORK}`).status).toBe(202);
    await clock.advance(60_000);
    expect(await rules()).toHaveLength(0);
    simulator.control.mutate(nsg, { tags: { who: 'somebody' } });
    expect((await client.send('GET', `${nsg}?${NETWORK}`)).body.tags).toEqual({ who: 'somebody' });
    simulator.control.remove(nsg);
    expect((await client.send('GET', `${nsg}?${NETWORK}`)).status).toBe(404);
  });

  it('can be asked for over HTTPS, without a token', async () => {
    const control = (method: string, path: string, body?: Record<string, unknown>) =>
      client.send(method, `/simulator/${path}`, body as never, { authorization: '' });
    const fault = { match: { urlPattern: 'faults' }, action: { kind: 'answer', status: 500 } };
    expect((await control('POST', 'faults', fault)).status).toBe(204);
    expect(await statuses(2)).toEqual([500, 200]);
    expect((await control('POST', 'faults', { match: {} })).status).toBe(400);
    const settings = {
      durations: { 'resourceGroups/delete': 5 },
      quotas: { 'WestEurope/cores': 4 },
      takenNames: [{ kind: 'vault', name: 'taken' }],
      registrations: { 'Microsoft.Network': 'NotRegistered' },
      deny: ['Microsoft.Compute/*'],
      graphLagSeconds: 0,
      activityLogLagSeconds: 7,
      capacity: { 'WestEurope/Standard_B2s': 3, 'eastus/standard_b2s': { vms: 0, code: 'ZonalAllocationFailed' } },
      policies: [
        JSON.parse(
          '{"name": "no-basics", "policyRule": {"if": {"field": "sku.name", "equals": "Basic"}, "then": {"effect": "deny"}}}',
        ),
      ],
    };
    expect((await control('PATCH', 'settings', settings)).status).toBe(204);
    expect(simulator.control.settings.quotas.get('westeurope/cores')).toBe(4);
    expect(simulator.control.settings.durations.get('resourceGroups/delete')).toBe(5);
    expect(simulator.control.settings.activityLogLagSeconds).toBe(7);
    expect([...simulator.control.settings.capacity]).toEqual([
      ['westeurope/standard_b2s', { vms: 3, code: 'AllocationFailed' }],
      ['eastus/standard_b2s', { vms: 0, code: 'ZonalAllocationFailed' }],
    ]);
    expect(simulator.control.settings.policies).toMatchObject([{ name: 'no-basics' }]);
    for (const wrong of [
      { nonsense: 1 },
      { policies: [{ name: 'none' }] },
      { capacity: { 'a/b': { vms: 1, code: 'Nope' } } },
    ]) {
      expect((await control('PATCH', 'settings', wrong)).status).toBe(400);
    }
    expect((await control('PATCH', `resource?id=${group}`, { tags: { drift: 'yes' } })).status).toBe(204);
    expect((await client.send('GET', group)).body.tags).toEqual({ a: '1', drift: 'yes' });
    const called = await control('POST', 'call', { method: 'GET', path: `${group}?api-version=2025-04-01` });
    expect(called.body).toMatchObject({ status: 200, body: { name: 'faults' } });
    const before = clock.now();
    await control('POST', 'clock', { advanceSeconds: 60 });
    expect(clock.now()).toBe(before + 60_000);
    expect((await control('GET', 'counts')).body).toMatchObject({ writes: 1, runningOperations: 0 });
    expect((await control('POST', 'reset')).status).toBe(204);
    expect(simulator.control.state()).toEqual([]);
    expect((await control('GET', 'nowhere')).status).toBe(404);
  });
});
