import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { createLogger } from '../../../src/observability/logging.ts';
import { APPLY_PATCH, type ApiClient, MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/control-plane.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { isReady, readCmg } from '../../demo/steps.ts';
import { goProgram } from '../../tools/go-program.ts';
import { OLDER_API_SERVER } from '../../tools/programs.ts';
import { gatewayManifests, pathOf } from '../../world/gateway-manifests.ts';
import { startOperatorUnderTest } from '../../world/operator-under-test.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { appliedObjects } from '../chart/applied-objects.ts';
import { BUILD_TIMEOUT_MS, helmSuite, withValues } from '../chart/helm.ts';
import { type Installed, install } from '../chart/installed-chart.ts';
import { type AuditLog, auditedRequests, auditLogIn, refusedRights } from '../chart/rights.ts';
import { SERVICE_NAME } from '../operator/suite.ts';

const CHART = join(import.meta.dirname, '../../../charts/cmg-operator/Chart.yaml');
const SCALE_SET = 'Microsoft.Compute/virtualMachineScaleSets';
const NAMESPACE = 'gateways';
const PATIENCE_MS = 60_000;

const helm = helmSuite();
let world: SimulatedWorld;

beforeAll(async () => {
  world = await startSimulatedWorld({ speed: 200 });
});
afterAll(() => world?.close());

/** What differs between the servers. The newest is what all other tests run on. */
const SERVERS = [
  {
    what: 'the oldest supported version, emulated by a server of 1.35, without streamed lists',
    version: '1.32',
    program: () => goProgram(OLDER_API_SERVER),
    flags: ['--emulated-version=1.32', '--feature-gates=WatchList=false'],
    streams: false,
  },
  {
    what: 'an emulated version between the oldest and the newest',
    version: '1.34',
    program: async () => undefined,
    flags: ['--emulated-version=1.34'],
    streams: true,
  },
] as const;

async function start({ program, flags }: (typeof SERVERS)[number], audit: AuditLog): Promise<ControlPlane> {
  const apiServerProgram = await program();
  const controlPlane = await startControlPlane({
    apiServerFlags: [...flags, ...audit.apiServerFlags],
    ...(apiServerProgram === undefined ? {} : { apiServerProgram }),
  });
  onTestFinished(() => controlPlane.stop());
  return controlPlane;
}

/** Whether the server sends lists as a stream; one that does not refuses to be asked for it. */
async function streamsLists(api: ApiClient): Promise<boolean> {
  const query =
    'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1&timeoutSeconds=1';
  return (await api.send('GET', `/api/v1/namespaces/default/configmaps?${query}`)).status === 200;
}

/** A gateway is made, scaled and deleted, and each is seen in Azure. */
async function liveThrough({ controlPlane: { api }, kubeconfigPath }: Installed): Promise<void> {
  world.azure.control.reset();
  world.azure.control.settings.durationFactor = 0.25;
  const operator = await startOperatorUnderTest({
    kubeconfigPath,
    world,
    logger: createLogger({ level: 'error', format: 'json', destination: pino.destination('/dev/null') }),
    flags: ['--namespaces', NAMESPACE],
  });
  onTestFinished(async () => void (await operator.stop()));
  const certificate = await world.authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
  const manifests = gatewayManifests(world, {
    ...{ namespace: NAMESPACE, name: 'granitefalls', serviceName: SERVICE_NAME },
    certificate,
  });
  const path = pathOf(manifests.cmg);
  for (const manifest of [manifests.certificate, manifests.credentials, manifests.cmg]) {
    if (manifest === undefined) continue;
    await api.call('PATCH', `${pathOf(manifest)}?fieldManager=test&force=true`, manifest, APPLY_PATCH);
  }
  const untilReady = () =>
    waitFor('the CMG to be Ready', async () => isReady(await readCmg(api, manifests.cmg)) || undefined, PATIENCE_MS);
  const capacity = () => {
    const set = world.azure.control.state().find(({ type }) => type === SCALE_SET);
    return (set?.sku as { readonly capacity?: number } | undefined)?.capacity;
  };
  await untilReady();
  expect(capacity()).toBe(1);
  await api.call('PATCH', path, { spec: { vm: { instances: 2 } } }, MERGE_PATCH);
  await untilReady();
  expect(capacity()).toBe(2);
  expect((await api.send('DELETE', path)).status).toBe(403);
  await api.call('PATCH', path, { spec: { deletionProtection: false } }, MERGE_PATCH);
  await api.call('DELETE', path);
  await waitFor(
    'the CMG to be gone',
    async () => (await api.send('GET', path)).status === 404 || undefined,
    PATIENCE_MS,
  );
  expect(world.azure.control.state()).toEqual([]);
  // It writes its last events when it stops.
  await operator.stop();
}

describe.each(SERVERS)('$what', (server) => {
  test(
    'takes the chart and runs a gateway',
    async () => {
      const directory = makeTemporaryDirectory();
      onTestFinished(() => removeTemporaryDirectory(directory));
      const audit = auditLogIn(directory);
      const controlPlane = await start(server, audit);
      const { api } = controlPlane;
      expect(await api.call('GET', '/version')).toMatchObject({ emulationMinor: server.version.split('.')[1] });
      expect(await streamsLists(api)).toBe(server.streams);

      const values = ['--kube-version', server.version, '--set', `watch.namespaces={${NAMESPACE}}`];
      const objects = await helm.render(...withValues('default-values.yaml'), ...values, '--namespace', 'default');
      const installed = await install({ controlPlane, objects, directory, namespaces: [NAMESPACE] });
      expect(await appliedObjects(api, objects).stored()).toHaveLength(objects.length);

      await liveThrough(installed);
      expect(auditedRequests(audit.path, installed.account)).not.toEqual([]);
      expect(refusedRights(audit.path)).toEqual([]);
    },
    BUILD_TIMEOUT_MS,
  );
});

test('the chart refuses what is older, and the page on compatibility names the same versions', async () => {
  const { kubeVersion } = parse(readFileSync(CHART, 'utf8'));
  expect(kubeVersion).toBe('>=1.32.0-0');
  const { code, output } = await helm.run(
    ...['template', 'cmg-operator', join(CHART, '..'), ...withValues('default-values.yaml'), '--kube-version', '1.31'],
  );
  expect(code).toBe(1);
  expect(output).toContain('chart requires kubeVersion: >=1.32.0-0');
  const page = readFileSync(join(import.meta.dirname, '../../../docs/compatibility.md'), 'utf8');
  expect(page).toContain('1.32 to 1.36');
});
