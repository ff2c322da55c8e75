import { expect, it } from 'vitest';
import { EXPIRES_AT_ANNOTATION } from '../../../src/controllers/cmg/credentials-expiry.ts';
import { type Sample, scrape, sumOf } from '../../world/scrape.ts';
import { NAME, operatorSuite, PATIENCE_MS } from '../operator/suite.ts';

const suite = operatorSuite();

/** Waits until a scrape is as asked. */
async function untilScraped(port: number, what: string, asked: (samples: readonly Sample[]) => boolean): Promise<void> {
  await expect.poll(async () => asked(await scrape(port)), { timeout: PATIENCE_MS, message: what }).toBe(true);
}

it('tells of a gateway from its first to its last moment', async () => {
  const test = await suite.begin({ withoutOperator: true });
  const { port } = await test.startOperator();
  expect((await scrape(port)).filter(({ name }) => name.startsWith('cmg_operator_gateway'))).toEqual([]);

  const { certificate, credentials, cmg } = await test.manifests({ vm: { size: 'Standard', instances: 2 } });
  const annotations = { [EXPIRES_AT_ANNOTATION]: '2099-01-01' };
  await test.apply(certificate, { ...credentials, metadata: { ...credentials.metadata, ...{ annotations } } }, cmg);
  const { status } = await test.untilReady();
  const gateway = { namespace: test.namespace, name: NAME };
  await untilScraped(port, 'a gateway that serves', (samples) => sumOf(samples, 'cmg_operator_gateway_ready') === 1);
  const samples = await scrape(port);
  expect(sumOf(samples, 'cmg_operator_gateways', { ready: 'True', reason_class: 'Succeeded' })).toBe(1);
  expect(sumOf(samples, 'cmg_operator_gateway_instances_wanted', gateway)).toBe(2);
  expect(sumOf(samples, 'cmg_operator_gateway_instances_ready', gateway)).toBe(2);
  expect(sumOf(samples, 'cmg_operator_gateway_stalled', gateway)).toBe(0);
  expect(sumOf(samples, 'cmg_operator_gateway_drift_repairs_total', gateway)).toBe(0);
  expect(sumOf(samples, 'cmg_operator_gateway_certificate_expiry_timestamp_seconds', gateway)).toBe(
    Date.parse(status?.certificate?.notAfter ?? '') / 1000,
  );
  expect(sumOf(samples, 'cmg_operator_gateway_credentials_expiry_timestamp_seconds', gateway)).toBe(
    Date.parse('2099-01-01') / 1000,
  );

  await test.deleteCmg();
  await untilScraped(port, 'no series of the gateway', (left) =>
    left.every(({ name }) => !name.startsWith('cmg_operator_gateway')),
  );
});

it('counts repaired drift and what Azure asks for', async () => {
  const test = await suite.begin({ withoutOperator: true, flags: ['--drift-interval', '5m'] });
  const { port } = await test.startOperator();
  const { certificate, credentials, cmg } = await test.manifests();
  await test.apply(certificate, credentials, cmg);
  await test.untilReady();
  const [loadBalancer] = test.resources('Microsoft.Network/loadBalancers');
  test.azure.control.mutate(String(loadBalancer?.id), { properties: { loadBalancingRules: [] } });
  await untilScraped(
    port,
    'a repair',
    (samples) => (sumOf(samples, 'cmg_operator_gateway_drift_repairs_total') ?? 0) > 0,
  );

  expect(sumOf(await scrape(port), 'cmg_operator_azure_throttled_total')).toBe(0);
  test.azure.control.faults.add({
    match: { method: 'GET', urlPattern: 'Microsoft.Network' },
    action: { kind: 'answer', status: 429, code: 'TooManyRequests', headers: { 'Retry-After': '30' } },
  });
  await untilScraped(port, 'a pause', (samples) => sumOf(samples, 'cmg_operator_azure_throttled_total') === 1);
  expect(sumOf(await scrape(port), 'cmg_operator_azure_paused_seconds_total')).toBe(30);
});

it('hears of each cache from the API server', async () => {
  const before = Date.now() / 1000;
  const test = await suite.begin({ withoutOperator: true });
  const { port } = await test.startOperator();
  const heard = (await scrape(port)).filter(({ name }) => name === 'cmg_operator_cache_heard_timestamp_seconds');
  expect(
    heard
      .map(({ labels }) => labels)
      .toSorted((left, right) => (left.resource ?? '').localeCompare(right.resource ?? '')),
  ).toEqual(
    [
      'boundarygroupreferences.configmgr.io',
      'cmgs.configmgr.io',
      'configmaps',
      'connectionpoints.configmgr.io',
      'secrets',
      'sites.configmgr.io',
    ].map((resource) => ({ resource, watched_namespace: test.namespace })),
  );
  for (const { value } of heard) expect(value).toBeGreaterThanOrEqual(before);
});
