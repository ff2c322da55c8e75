import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { connectionOf } from '../../cluster/api-client.ts';
import { freePorts } from '../../cluster/ports.ts';
import { sharedApi } from '../../cluster/shared.ts';
import { startSupervised } from '../../cluster/supervised-process.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { goProgram } from '../../tools/go-program.ts';
import { KUBE_STATE_METRICS } from '../../tools/programs.ts';
import { type Sample, scrape } from '../../world/scrape.ts';
import { appliedObjects } from '../chart/applied-objects.ts';
import { BUILD_TIMEOUT_MS } from '../chart/helm.ts';
import { rightsOf } from '../chart/rights.ts';
import { serviceAccountKubeconfig, untilGranted } from '../chart/service-account.ts';
import { NAME, operatorSuite, PATIENCE_MS } from '../operator/suite.ts';

const MONITORING = join(import.meta.dirname, '../../../deploy/monitoring');
const ACCOUNT = 'kube-state-metrics';
/** Where no site is. */
const ADMIN_SERVICE = {
  url: 'https://provider.contoso.com',
  auth: { type: 'Bearer', bearer: { secretRef: { name: 'site' } } },
};
const suite = operatorSuite();

beforeAll(async () => {
  await goProgram(KUBE_STATE_METRICS);
}, BUILD_TIMEOUT_MS);

/** A service account that may what `kube-state-metrics-values.yaml` asks for, and nothing else; its kubeconfig's path. */
async function accountIn(namespace: string, directory: string): Promise<string> {
  const api = sharedApi();
  const rules = parse(readFileSync(join(MONITORING, 'kube-state-metrics-values.yaml'), 'utf8')).rbac.extraRules;
  const account = { namespace, name: ACCOUNT };
  const name = `${ACCOUNT}-${namespace}`;
  const rbac = 'rbac.authorization.k8s.io';
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ];
  const applied = appliedObjects(api, objects);
  onTestFinished(() => applied.remove());
  await applied.apply();
  await untilGranted(api, account, rightsOf(account, objects));
  const path = join(directory, 'kubeconfig.yaml');
  const connection = connectionOf(inject('kubeconfig'));
  writeFileSync(path, await serviceAccountKubeconfig(api, connection, account), { mode: 0o600 });
  return path;
}

/** kube-state-metrics with the project's configuration, for the gateways of one namespace. */
async function startKubeStateMetrics(namespace: string): Promise<{ readonly port: number; log(): string }> {
  const directory = makeTemporaryDirectory();
  const kubeconfig = await accountIn(namespace, directory);
  const [port = 0, telemetryPort = 0] = await freePorts(2);
  const logFile = join(directory, 'log');
  const output = openSync(logFile, 'w');
  const program = startSupervised(
    await goProgram(KUBE_STATE_METRICS),
    [
      ...['--custom-resource-state-only', '--custom-resource-state-config-file'],
      join(MONITORING, 'custom-resource-state.yaml'),
      ...['--kubeconfig', kubeconfig, '--namespaces', namespace],
      ...['--host', '127.0.0.1', '--port', String(port)],
      ...['--telemetry-host', '127.0.0.1', '--telemetry-port', String(telemetryPort)],
    ],
    { output },
  );
  closeSync(output);
  onTestFinished(async () => {
    await program.kill();
    removeTemporaryDirectory(directory);
  });
  return { port, log: () => readFileSync(logFile, 'utf8') };
}

it('tells of a gateway, and of what it has on its site, what stands in manifest and status', async () => {
  const test = await suite.begin();
  const { certificate, credentials, cmg } = await test.manifests();
  await test.apply(certificate, credentials, cmg);
  const { metadata, spec, status } = await test.untilReady();
  const object = (kind: string, name: string, of: object) => ({
    apiVersion: 'configmgr.io/v1alpha1',
    kind,
    metadata: { namespace: test.namespace, name },
    spec: of,
  });
  const references = { siteRef: { name: 'ps1' }, cmgRef: { name: NAME } };
  const server = 'cp01.contoso.com';
  await test.apply(
    object('Site', 'ps1', { siteCode: 'PS1', type: 'StandalonePrimary', suspend: true, adminService: ADMIN_SERVICE }),
    object('ConnectionPoint', 'cp01', { ...references, siteSystem: server }),
    object('BoundaryGroupReference', 'branch', { ...references, boundaryGroup: { name: 'Branches' } }),
  );
  const { port, log } = await startKubeStateMetrics(test.namespace);

  let samples: readonly Sample[] = [];
  const of = (name: string) =>
    samples
      .filter((sample) => sample.name === `kube_cmg_${name}`)
      .map(({ labels, value }) => {
        const { customresource_group, customresource_kind, customresource_version, ...own } = labels;
        return { ...own, value };
      });
  await expect
    .poll(
      async () => {
        samples = await scrape(port).catch(() => []);
        // Each kind is listed by itself.
        const first = ['status_condition', 'site_info', 'connection_point_info', 'boundary_group_reference_info'];
        return Math.min(...first.map((name) => of(name).length));
      },
      { timeout: PATIENCE_MS, message: log() },
    )
    .toBeGreaterThan(0);

  const gateway = { namespace: test.namespace, name: NAME };
  const { azure } = spec;
  expect(of('info')).toEqual([
    {
      ...gateway,
      service_name: spec.serviceName,
      environment: azure.environment,
      subscription_id: azure.subscriptionId,
      resource_group: azure.resourceGroup.name,
      region: azure.region,
      value: 1,
    },
  ]);
  expect(of('created')).toEqual([{ ...gateway, value: Date.parse(metadata.creationTimestamp ?? '') / 1000 }]);
  expect(of('deletion_timestamp')).toEqual([]);
  expect(of('spec_suspend')).toEqual([{ ...gateway, value: 0 }]);
  expect(of('generation')).toEqual([{ ...gateway, value: metadata.generation }]);
  const conditions = status?.conditions ?? [];
  expect(of('status_condition')).toHaveLength(conditions.length * 3);
  expect(of('status_condition').filter(({ value }) => value === 1)).toEqual(
    expect.arrayContaining(
      conditions.map(({ type, reason, status }) => ({ ...gateway, type, reason, status, value: 1 })),
    ),
  );
  const deployment = status?.deployments?.[0]?.id;
  expect(of('status_deployment_phase')).toEqual(
    expect.arrayContaining([
      { ...gateway, deployment, phase: 'Active', value: 1 },
      { ...gateway, deployment, phase: 'Deleting', value: 0 },
      { ...gateway, deployment, phase: 'Provisioning', value: 0 },
    ]),
  );

  const onSite = { site: 'ps1', cmg: NAME, value: 1 };
  const named = (name: string) => ({ namespace: test.namespace, name });
  const { url } = ADMIN_SERVICE;
  expect(of('site_info')).toEqual([{ ...named('ps1'), site_code: 'PS1', type: 'StandalonePrimary', url, value: 1 }]);
  expect(of('site_spec_suspend')).toEqual([{ ...named('ps1'), value: 1 }]);
  expect(of('connection_point_info')).toEqual([{ ...named('cp01'), ...onSite, server, role: 'Primary' }]);
  expect(of('connection_point_spec_suspend')).toEqual([{ ...named('cp01'), value: 0 }]);
  expect(of('boundary_group_reference_info')).toEqual([{ ...named('branch'), ...onSite, connection: 'Fast' }]);
  expect(log()).not.toMatch(/^[EF]\d{4} /m);
});
