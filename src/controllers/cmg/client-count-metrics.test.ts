import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createClientCountMetrics } from './client-count-metrics.ts';
import { countsWorld, deviceRow } from './client-counts.test-world.ts';

it('shows what the last pass has counted, until nobody asks any more', async () => {
  const { counts, site, begin, clock, complete } = countsWorld();
  const registry = new Registry();
  createClientCountMetrics(registry).observe(counts);
  const series = async () =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  begin('a', { site });
  expect(await series()).toEqual([]);
  await clock.advance(1500);
  site.readings[0]?.page([deviceRow(), deviceRow({ CNAccessMP: 'old.contoso.com' })]);
  site.readings[0]?.end(complete(2));
  await clock.advance(0);
  expect(await series()).toEqual([
    'cmg_operator_gateway_clients_eligible{namespace="gateways",name="a"} 2',
    'cmg_operator_gateway_clients_refreshed{namespace="gateways",name="a"} 1',
    'cmg_operator_site_client_pass_seconds{namespace="gateways",name="ps1"} 1.5',
  ]);
  counts.forget('uid-a');
  expect(await series()).toEqual(['cmg_operator_site_client_pass_seconds{namespace="gateways",name="ps1"} 1.5']);
});
