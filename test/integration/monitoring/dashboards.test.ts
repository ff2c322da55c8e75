import { expect, onTestFinished, test } from 'vitest';
import { DASHBOARDS } from '../../../scripts/monitoring/dashboards/all.ts';
import { filledIn } from '../../../scripts/monitoring/dashboards/filled-in.ts';
import { EXPIRES_AT_ANNOTATION } from '../../../src/controllers/cmg/credentials-expiry.ts';
import { certificateSecret, type Manifest } from '../../world/gateway-manifests.ts';
import { type Prometheus, startPrometheus } from '../../world/prometheus.ts';
import { type GatewayTest, NAME, operatorSuite, PATIENCE_MS } from '../operator/suite.ts';
import { describeWithPrometheus } from './with-prometheus.ts';

const suite = operatorSuite();
const JOB = 'cmg-system/cmg-operator';

/**
 * A gateway that somebody changes in Azure, and whose place another one then takes; a CMG with a mistake; and an Azure that asks for a
 * pause.
 */
async function eventfulGateways(test: GatewayTest): Promise<void> {
  const { certificate, credentials, cmg } = await test.manifests();
  const annotations = { [EXPIRES_AT_ANNOTATION]: '2099-01-01' };
  await test.apply(certificate, { ...credentials, metadata: { ...credentials.metadata, ...{ annotations } } }, cmg);
  const { azure, ...spec } = cmg.spec as { readonly azure: object };
  const wrong: Manifest = {
    ...cmg,
    metadata: { ...cmg.metadata, name: 'wrong' },
    spec: { ...spec, azure: { ...azure, region: 'nowhere' } },
  };
  await test.apply(wrong);
  await test.untilReady();
  test.azure.control.faults.add({
    match: { method: 'GET', urlPattern: 'Microsoft.Network' },
    action: { kind: 'answer', status: 429, code: 'TooManyRequests', headers: { 'Retry-After': '30' } },
  });
  const [loadBalancer] = test.resources('Microsoft.Network/loadBalancers');
  test.azure.control.mutate(String(loadBalancer?.id), { properties: { loadBalancingRules: [] } });
  const reasons = async () => (await test.events()).map(({ reason }) => reason);
  await expect.poll(reasons, { timeout: PATIENCE_MS, interval: 500 }).toContain('DriftRepaired');
  const serviceName = 'granitefalls2.contoso.com';
  const renamed = await suite.certificateFor({ commonName: serviceName });
  await test.apply(certificateSecret(test.namespace, 'granitefalls2-tls', renamed, suite.world()));
  await test.patchSpec({ serviceName, serverCertificate: { secretRef: { name: 'granitefalls2-tls' } } });
}

/** Titles of the panels and names of the variables that find nothing. */
async function empty(prometheus: Prometheus, values: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { uid, variables, rows } of DASHBOARDS) {
    for (const { name, series } of variables) {
      if ((await prometheus.labelValues(filledIn(series, values), name)).length === 0) missing.push(`${uid}: $${name}`);
    }
    for (const { title, queries } of rows.flatMap(({ panels }) => panels)) {
      for (const { expression, legend } of queries) {
        const found = await prometheus.query(filledIn(expression, values));
        const numbers = found.flatMap(({ points }) => points.filter(([, value]) => Number.isFinite(value)));
        if (numbers.length === 0) missing.push(`${uid}: ${title}, ${legend}`);
      }
    }
  }
  return missing;
}

describeWithPrometheus('the dashboards', ({ prometheus: program }) => {
  test('find something for every variable and every query', async () => {
    const test = await suite.begin({ withoutOperator: true, flags: ['--drift-interval', '5m', '--leader-elect=true'] });
    const { port } = await test.startOperator();
    const prometheus = await startPrometheus({
      program,
      targets: [{ port, labels: { job: JOB, namespace: 'cmg-system', instance: 'one' } }],
    });
    onTestFinished(() => prometheus.stop());
    await eventfulGateways(test);
    const values = { job: JOB, namespace: test.namespace, name: NAME, __rate_interval: '20s' };
    await expect.poll(() => empty(prometheus, values), { timeout: 40_000, interval: 1000 }).toEqual([]);
  });
});
