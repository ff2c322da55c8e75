import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createAzureMetrics } from './metrics.ts';

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
