import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import { type ArmSimulator, startArmSimulator } from './simulator.ts';
import { codeOf, createTestClient, type TestClient } from './test-client.ts';

const NETWORK = 'api-version=2025-03-01';

describe('long-running operations', () => {
  let clock: ManualClock;
  let simulator: ArmSimulator;
  let client: TestClient;
  let group: string;

  beforeEach(async () => {
    clock = createManualClock(Date.UTC(2026, 10, 1));
    simulator = await startArmSimulator({ clock, blobs: false });
    client = createTestClient(simulator);
    group = `/subscriptions/${simulator.subscriptionId}/resourceGroups/ops`;
    await client.send('PUT', group, { location: 'westeurope' });
  });
  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await simulator.close();
  });

  const nsg = () => `${group}/providers/Microsoft.Network/networkSecurityGroups/nsg?${NETWORK}`;
  const state = async (path: string) => (await client.send('GET', path)).body.properties;

  it('name a status URL that tells when they are over, and the resource shows it too', async () => {
    const put = await client.send('PUT', nsg(), { location: 'westeurope', properties: {} });
    expect(put).toMatchObject({ status: 201, body: { properties: { provisioningState: 'Updating' } } });
    expect(put.headers['retry-after']).toBe('1');
    const url = put.headers['azure-asyncoperation'] ?? '';
    expect(url.length).toBeGreaterThan(3000);
    expect(new URL(url).host).toBe(new URL(simulator.url).host);
    expect(await client.send('GET', url)).toMatchObject({ status: 200, body: { status: 'InProgress' } });
    await clock.advance(60_000);
    const done = await client.send('GET', url);
    expect(done).toMatchObject({ status: 200, body: { status: 'Succeeded' } });
    expect(done.headers['retry-after']).toBeUndefined();
    expect(await state(nsg())).toMatchObject({ provisioningState: 'Succeeded' });
  });

  it('are not told to who has only part of the URL', async () => {
    const put = await client.send('PUT', nsg(), { location: 'westeurope', properties: {} });
    const url = new URL(put.headers['azure-asyncoperation'] ?? '');
    url.search = `?${NETWORK}`;
    expect((await client.send('GET', url.href)).status).toBe(403);
    url.pathname = url.pathname.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000');
    expect((await client.send('GET', url.href)).status).toBe(404);
  });

  it('are polled on the host that the client called', async () => {
    const host = `localhost:${new URL(simulator.url).port}`;
    const put = await client.send('PUT', `https://${host}${nsg()}`, { location: 'westeurope', properties: {} });
    expect(new URL(put.headers['azure-asyncoperation'] ?? '').host).toBe(host);
  });

  it('of groups answer 202 at their Location until all in the group is gone', async () => {
    await client.send('PUT', nsg(), { location: 'westeurope', properties: {} });
    await clock.advance(60_000);
    const deletion = await client.send('DELETE', group);
    expect(deletion.status).toBe(202);
    expect(deletion.headers['retry-after']).toBe('15');
    const location = deletion.headers.location ?? '';
    expect(new URL(location).pathname).toMatch(/\/operationresults\/[\w-]+$/);
    expect((await client.send('GET', location)).status).toBe(202);
    expect((await client.send('GET', group)).body.properties).toEqual({ provisioningState: 'Deleting' });
    expect(codeOf(await client.send('PUT', group, { location: 'westeurope' }))).toBe('ResourceGroupBeingDeleted');
    const late = await client.send('PUT', nsg(), { location: 'westeurope', properties: {} });
    expect([late.status, codeOf(late)]).toEqual([409, 'ResourceGroupBeingDeleted']);
    await clock.advance(120_000);
    expect((await client.send('GET', location)).status).toBe(200);
    expect(codeOf(await client.send('GET', group))).toBe('ResourceGroupNotFound');
    expect(simulator.control.state()).toEqual([]);
  });

  it('fail when a rule says so, and the resource is left as failed', async () => {
    const error = { code: 'InternalServerError', message: 'An error occurred.' };
    simulator.control.faults.add({
      match: { method: 'PUT', urlPattern: 'networkSecurityGroups' },
      action: { kind: 'failOperation', error },
    });
    const put = await client.send('PUT', nsg(), { location: 'westeurope', properties: {} });
    expect(put.status).toBe(201);
    await clock.advance(60_000);
    const status = await client.send('GET', put.headers['azure-asyncoperation'] ?? '');
    expect(status).toMatchObject({ status: 200, body: { status: 'Failed', error } });
    expect(await state(nsg())).toMatchObject({ provisioningState: 'Failed' });
    expect(simulator.control.writes.at(-1)).toMatchObject({ failure: error });
  });

  it('stand in the journal with the times of acceptance, end and report', async () => {
    const begin = clock.now();
    const put = await client.send('PUT', nsg(), { location: 'westeurope', properties: {} });
    const url = put.headers['azure-asyncoperation'] ?? '';
    await clock.advance(60_000);
    expect(simulator.control.writes.at(-1)).toMatchObject({
      acceptedAt: begin,
      doneAt: begin + 4000,
      reportedAt: undefined,
    });
    await client.send('GET', url);
    expect(simulator.control.writes.at(-1)?.reportedAt).toBe(begin + 60_000);
    expect(simulator.control.counts).toMatchObject({ writes: 2, polls: 1 });
  });

  it('take no time when durations are switched off, and as long as set otherwise', async () => {
    simulator.control.settings.durationFactor = 0;
    const put = await client.send('PUT', nsg(), { location: 'westeurope', properties: {} });
    expect(await client.send('GET', put.headers['azure-asyncoperation'] ?? '')).toMatchObject({
      body: { status: 'Succeeded' },
    });
    simulator.control.settings.durationFactor = 1;
    simulator.control.settings.durations.set('resourceGroups/delete', 1000);
    const deletion = await client.send('DELETE', group);
    await clock.advance(999_000);
    expect((await client.send('GET', deletion.headers.location ?? '')).status).toBe(202);
    await clock.advance(1000);
    expect((await client.send('GET', deletion.headers.location ?? '')).status).toBe(200);
  });

  it('carry the simulated date in every answer', async () => {
    await clock.advance(3_600_000);
    expect((await client.send('GET', group)).headers.date).toBe(new Date(clock.now()).toUTCString());
  });
});
