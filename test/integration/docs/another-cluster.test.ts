import pino from 'pino';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import type { JsonObject } from '../../../src/json.ts';
import { createLogger } from '../../../src/observability/logging.ts';
import { type ApiClient, MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { startControlPlane } from '../../cluster/control-plane.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { apply, isReady, readCmg } from '../../demo/steps.ts';
import { gatewayManifests, type Manifest, pathOf } from '../../world/gateway-manifests.ts';
import { startOperatorUnderTest } from '../../world/operator-under-test.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { BUILD_TIMEOUT_MS, helmSuite, withValues } from '../chart/helm.ts';
import { install } from '../chart/installed-chart.ts';
import { operatorKubeconfig, prepareOperatorRights } from '../chart/operator-account.ts';
import { auditedRequests, auditLogIn, refusedRights } from '../chart/rights.ts';

const SERVICE_NAME = 'granitefalls.contoso.com';
const PATIENCE_MS = 30_000;

const helm = helmSuite();
beforeAll(prepareOperatorRights, BUILD_TIMEOUT_MS);

async function startOperator(world: SimulatedWorld, kubeconfigPath: string, namespace: string) {
  const operator = await startOperatorUnderTest({
    kubeconfigPath,
    world,
    logger: createLogger({ level: 'error', format: 'json', destination: pino.destination('/dev/null') }),
    flags: ['--namespaces', namespace, '--leader-election-namespace', namespace],
  });
  onTestFinished(async () => {
    await operator.stop();
  });
  return operator;
}

async function applyAndWait(api: ApiClient, manifests: ReturnType<typeof gatewayManifests>): Promise<CMG> {
  for (const manifest of [manifests.certificate, manifests.credentials, manifests.cmg]) {
    if (manifest !== undefined) {
      await apply(api, manifest);
    }
  }
  return waitFor(
    'the CMG to be Ready',
    async () => {
      const cmg = await readCmg(api, manifests.cmg);
      return isReady(cmg) ? cmg : undefined;
    },
    PATIENCE_MS,
  );
}

async function retainAndDelete(api: ApiClient, cmg: Manifest): Promise<void> {
  await api.call('PATCH', pathOf(cmg), { spec: { deletionPolicy: 'Retain', deletionProtection: false } }, MERGE_PATCH);
  await api.call('DELETE', pathOf(cmg));
  await waitFor('the CMG to be gone', async () => (await api.send('GET', pathOf(cmg))).status === 404 || undefined);
}

/** What Azure gives to a resource when it is made, and never changes: another one means that it was made anew. */
const birthMarks = (resources: readonly JsonObject[]) =>
  resources.map(({ id, properties }) => {
    const { uniqueId, resourceGuid, principalId, creationTime, createdOn } = (properties ?? {}) as JsonObject;
    return { id, uniqueId, resourceGuid, principalId, creationTime, createdOn };
  });

const clustersOf = (resources: readonly JsonObject[]) =>
  new Set(
    resources.flatMap(({ tags }) => (tags as Record<string, string> | undefined)?.['configmgr.io_cluster'] ?? []),
  );

/** What "To another cluster" in docs/how-to/upgrade.md promises. */
test('a gateway moves to another cluster as it is', async () => {
  const world = await startSimulatedWorld({ speed: 200 });
  onTestFinished(() => world.close());
  world.azure.control.settings.durationFactor = 0.25;
  const namespace = await namespaceForTest('moving');
  const certificate = await world.authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
  const manifests = gatewayManifests(world, {
    namespace,
    name: 'granitefalls',
    serviceName: SERVICE_NAME,
    certificate,
  });

  const before = await startOperator(world, await operatorKubeconfig(namespace), namespace);
  await applyAndWait(sharedApi(), manifests);
  await retainAndDelete(sharedApi(), manifests.cmg);
  await before.stop();
  const left = world.azure.control.state();

  const directory = makeTemporaryDirectory();
  onTestFinished(() => removeTemporaryDirectory(directory));
  const audit = auditLogIn(directory);
  const cluster = await startControlPlane({ apiServerFlags: audit.apiServerFlags });
  onTestFinished(() => cluster.stop());
  const chosen = ['--set', `watch.namespaces={${namespace}}`, '--namespace', namespace];
  const objects = await helm.render(...withValues('default-values.yaml'), ...chosen);
  const installed = await install({ controlPlane: cluster, objects, directory, namespaces: [namespace] });
  const after = await startOperator(world, installed.kubeconfigPath, namespace);
  const taken = await applyAndWait(cluster.api, manifests);

  expect(taken.status?.deployments?.[0]?.phase).toBe('Active');
  await expect.poll(() => clustersOf(world.azure.control.state())).not.toEqual(clustersOf(left));
  expect(birthMarks(world.azure.control.state())).toEqual(birthMarks(left));
  expect(clustersOf(world.azure.control.state()).size).toBe(1);
  // It writes its last events when it stops.
  await after.stop();
  expect(auditedRequests(audit.path, installed.account)).not.toEqual([]);
  expect(refusedRights(audit.path)).toEqual([]);
});
