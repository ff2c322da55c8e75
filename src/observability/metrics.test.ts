import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createAzureMetrics, createCacheMetrics } from './metrics.ts';

it('counts and times requests to Azure by type of resource', async () => {
  const registry = new Registry();
  const azure = createAzureMetrics(registry);
  azure.requested('PUT', '201', 'microsoft.network/loadbalancers', 0.7);
  azure.requested('PUT', '429', 'microsoft.network/loadbalancers', 0.1);
  const text = await registry.metrics();
  const labels = 'method="PUT",code="429",resource_type="microsoft.network/loadbalancers"';
  expect(text).toContain(`cmg_operator_azure_requests_total{${labels}} 1`);
  expect(text).toContain(
    'cmg_operator_azure_request_duration_seconds_count{method="PUT",resource_type="microsoft.network/loadbalancers"} 2',
  );
});

it('counts what Azure asks for: how often, and how long a pause', async () => {
  const registry = new Registry();
  const azure = createAzureMetrics(registry);
  expect(await registry.metrics()).toContain('cmg_operator_azure_throttled_total 0');
  azure.paused(10);
  azure.paused(2.5);
  const text = await registry.metrics();
  expect(text).toContain('cmg_operator_azure_throttled_total 2');
  expect(text).toContain('cmg_operator_azure_paused_seconds_total 12.5');
});

it('tells in seconds when a cache was last heard of', async () => {
  const registry = new Registry();
  const caches = createCacheMetrics(registry);
  caches.heard('cmgs.configmgr.io', 'gateways', 1_767_225_600_500);
  expect(await registry.metrics()).toContain(
    'cmg_operator_cache_heard_timestamp_seconds{resource="cmgs.configmgr.io",watched_namespace="gateways"} 1767225600.5',
  );
});
