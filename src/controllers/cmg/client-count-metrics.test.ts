import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { HOUR } from '../../redeployment/instant.ts';
import { createClientCountMetrics } from './client-count-metrics.ts';
import { countsWorld, deviceRow } from './client-counts.test-world.ts';

it('shows what the last pass has counted, until nobody asks any more', async () => {
  const { counts, site, begin, clock, complete } = countsWorld();
  const registry = new Registry();
  const content = { gateways: () => [{ namespace: 'gateways', name: 'b', held: 40, missing: 12 }] };
  createClientCountMetrics(registry).observe(counts, content);
  const series = async () =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  begin('a', { site });
  const compared = [
    'cmg_operator_gateway_content_held{namespace="gateways",name="b"} 40',
    'cmg_operator_gateway_content_missing{namespace="gateways",name="b"} 12',
  ];
  expect(await series()).toEqual(compared);
  await clock.advance(1500);
  site.readings[0]?.page([deviceRow(), deviceRow({ CNAccessMP: 'old.contoso.com' })]);
  site.readings[0]?.end(complete(2));
  await clock.advance(0);
  expect(await series()).toEqual([
    'cmg_operator_gateway_clients_eligible{namespace="gateways",name="a"} 2',
    'cmg_operator_gateway_clients_refreshed{namespace="gateways",name="a"} 1',
    'cmg_operator_site_client_pass_seconds{namespace="gateways",name="ps1"} 1.5',
    ...compared,
  ]);
  counts.forget('uid-a');
  expect(await series()).toEqual([
    'cmg_operator_site_client_pass_seconds{namespace="gateways",name="ps1"} 1.5',
    ...compared,
  ]);
});

it('shows nothing of the clients that know another CMG, which is to carry those of the one that asks', async () => {
  const { counts, site, begin, clock, complete, question } = countsWorld();
  const registry = new Registry();
  createClientCountMetrics(registry).observe(counts, { gateways: () => [] });
  const clients = async () =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('cmg_operator_gateway_clients'));
  const count = async () => {
    await clock.advance(1000);
    site.readings.at(-1)?.page([deviceRow(), deviceRow({ CNAccessMP: 'carrier.contoso.com' })]);
    site.readings.at(-1)?.end(complete(2));
    await clock.advance(0);
  };
  begin('a', { site, whom: 'Carrier', question: question({ serviceName: 'carrier.contoso.com' }) });
  await count();
  expect(counts.passes('uid-a')).toHaveLength(1);
  expect(await clients()).toEqual([]);

  // Its own new gateway, after which it asks for the carrier again.
  begin('a', { site });
  await clock.advance(HOUR);
  await count();
  begin('a', { site, whom: 'Carrier', question: question({ serviceName: 'carrier.contoso.com' }) });
  expect(await clients()).toEqual([
    'cmg_operator_gateway_clients_eligible{namespace="gateways",name="a"} 2',
    'cmg_operator_gateway_clients_refreshed{namespace="gateways",name="a"} 1',
  ]);
});
