import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../../src/runtime/manual-clock.ts';
import { objectsAt, textAt, valueAt } from '../json-path.ts';
import { type ArmSimulator, startArmSimulator } from '../simulator.ts';
import { codeOf, createTestClient, type TestClient } from '../test-client.ts';

const START = Date.UTC(2026, 10, 1, 12);
const EGRESS = 'Egress';

describe('metrics', () => {
  let clock: ManualClock;
  let simulator: ArmSimulator;
  let client: TestClient;
  let account: string;

  beforeAll(async () => {
    clock = createManualClock(START);
    simulator = await startArmSimulator({ clock, blobs: false });
    client = createTestClient(simulator);
  });
  beforeEach(async () => {
    simulator.control.reset();
    const group = `/subscriptions/${simulator.subscriptionId}/resourceGroups/contoso`;
    account = `${group}/providers/Microsoft.Storage/storageAccounts/contososa`;
    await client.send('PUT', group, { location: 'westeurope' });
    await client.send('PUT', `${account}?api-version=2025-06-01`, {
      location: 'westeurope',
      sku: { name: 'Standard_LRS' },
      kind: 'StorageV2',
    });
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await simulator.close();
  });

  const ask = (parameters: Record<string, string>, version = '2024-02-01', id = account) =>
    client.send(
      'GET',
      `${id}/providers/Microsoft.Insights/metrics?${new URLSearchParams({ 'api-version': version, ...parameters })}`,
    );
  const points = async (parameters: Record<string, string>): Promise<readonly JsonObject[]> => {
    const answer = await ask(parameters);
    expect(answer.status).toBe(200);
    return objectsAt(objectsAt(objectsAt(answer.body, 'value')[0], 'timeseries')[0], 'data');
  };

  it('add up what flows at the rate that was set, each minute, but for what is too new', async () => {
    simulator.control.setMetric(`${account}/egress`, 100);
    await clock.advance(120_000);
    simulator.control.setMetric(`${account}/egress`, 200);
    await clock.advance(120_000);
    const span = `${new Date(clock.now() - 300_000).toISOString()}/${new Date(clock.now()).toISOString()}`;
    expect(await points({ metricnames: EGRESS, timespan: span, aggregation: 'Total' })).toEqual([
      { timeStamp: expect.any(String) },
      { timeStamp: expect.any(String), total: 6000 },
      { timeStamp: expect.any(String), total: 6000 },
      { timeStamp: expect.any(String), total: 12_000 },
      { timeStamp: expect.any(String) },
    ]);
    const whole = await ask({
      metricnames: EGRESS,
      timespan: span,
      interval: 'FULL',
      aggregation: 'total,count,maximum',
    });
    expect(whole.body).toMatchObject({
      timespan: span.replaceAll('.000', ''),
      interval: 'FULL',
      namespace: 'Microsoft.Storage/storageAccounts',
      resourceregion: 'westeurope',
      value: [
        {
          id: `${account}/providers/Microsoft.Insights/metrics/Egress`,
          unit: 'Bytes',
          errorCode: 'Success',
          timeseries: [{ data: [{ total: 24_000, count: 3, maximum: 12_000 }] }],
        },
      ],
    });
  });

  it('hold what is stored, by the hour', async () => {
    simulator.control.setMetric('Microsoft.Storage/storageAccounts/UsedCapacity', 5_000_000_000);
    await clock.advance(2 * 3_600_000);
    const used = await points({ metricnames: 'UsedCapacity', interval: 'PT1H' });
    expect(used.map((point) => point.average)).toEqual([5_000_000_000]);
    const own = `${account}/UsedCapacity`;
    simulator.control.setMetric(own, 7);
    await clock.advance(2 * 3_600_000);
    expect((await points({ metricnames: 'UsedCapacity', interval: 'PT1H' }))[0]?.average).toBe(7);
  });

  it('take a timespan that is encoded twice and has no zone, as the Azure CLI sends it', async () => {
    simulator.control.setMetric(`${account}/egress`, 1);
    await clock.advance(600_000);
    const time = (at: number) => new Date(at).toISOString().slice(0, 19);
    const twice = encodeURIComponent(`${time(clock.now() - 300_000)}/${time(clock.now())}`);
    const answer = await ask(
      { metricnames: 'Ingress,Egress', interval: 'PT1M', aggregation: 'Total', top: '10', timespan: twice },
      '2018-01-01',
    );
    expect(answer.status).toBe(200);
    const [ingress, egress] = objectsAt(answer.body, 'value');
    const totals = (metric: JsonObject | undefined) =>
      objectsAt(objectsAt(metric, 'timeseries')[0], 'data').map((point) => point.total);
    expect([totals(ingress), totals(egress)]).toEqual([
      [0, 0, 0, 0, undefined],
      [60, 60, 60, 60, undefined],
    ]);
  });

  it('look at a month at most, and have no series where nothing was measured', async () => {
    const answer = await ask({
      metricnames: EGRESS,
      timespan: '2018-01-01T00:00:00Z/2999-01-01T00:00:00Z',
      interval: 'P1D',
    });
    expect(answer.body).toMatchObject({
      timespan: '2998-12-01T00:00:00Z/2999-01-01T00:00:00Z',
      value: [{ timeseries: [] }],
    });
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'a metric that there is not',
      { metricnames: 'Beauty' },
      'Valid metrics: UsedCapacity,Transactions,Ingress,Egress',
    ],
    ['an interval that there is not', { metricnames: EGRESS, interval: 'PT2M' }, 'time grain'],
    ['an interval that is too short for the metric', { metricnames: 'UsedCapacity', interval: 'PT1M' }, 'PT1H,PT6H'],
    [
      'a span that runs backwards',
      { metricnames: EGRESS, timespan: '2026-11-02T00:00:00Z/2026-11-01T00:00:00Z' },
      'timespan',
    ],
    ['an aggregation that there is not', { metricnames: EGRESS, aggregation: 'sum' }, 'aggregation'],
  ])('refuse %s', async (_what, parameters, text) => {
    const answer = await ask(parameters);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'BadRequest']);
    expect(textAt(answer.body, 'error.message')).toContain(text);
    const old = await ask(parameters, '2018-01-01');
    expect(old).toMatchObject({ status: 400, body: { code: 'BadRequest', message: expect.stringContaining(text) } });
  });

  it('adjust the interval to the metric when they may', async () => {
    const answer = await ask({ metricnames: 'UsedCapacity', interval: 'PT1M', AutoAdjustTimegrain: 'true' });
    expect(answer.body.interval).toBe('PT1H');
  });

  it('are there for resources that exist and may be read, and say which ones there are', async () => {
    expect(codeOf(await ask({}, '2024-02-01', `${account}2`))).toBe('ResourceNotFound');
    const definitions = await client.send(
      'GET',
      `${account}/providers/Microsoft.Insights/metricDefinitions?api-version=2018-01-01`,
    );
    expect(objectsAt(definitions.body, 'value').map((item) => textAt(item, 'name.value'))).toEqual([
      'UsedCapacity',
      'Transactions',
      'Ingress',
      'Egress',
    ]);
    simulator.control.deny(['Microsoft.Insights/*']);
    expect(codeOf(await ask({}))).toBe('AuthorizationFailed');
  });

  it('can be set over HTTPS', async () => {
    const metrics = { [`${account}/Egress`]: 10 };
    const answer = await client.send(
      'PATCH',
      '/simulator/settings',
      { metrics, metricLagSeconds: 0 },
      { authorization: '' },
    );
    expect(answer.status).toBe(204);
    await clock.advance(3_600_000);
    const whole = await points({ metricnames: EGRESS, interval: 'FULL', aggregation: 'Total' });
    expect(Number(valueAt(whole[0], 'total'))).toBeCloseTo(36_000, -3);
  });
});
