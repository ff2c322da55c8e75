import { Writable } from 'node:stream';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { createLogger } from '../../../src/observability/logging.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { APPLY_PATCH, MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/control-plane.ts';
import { installDefinitions } from '../../cluster/definitions.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { type AdminServiceSimulator, startAdminServiceSimulator } from '../../simulators/adminservice/simulator.ts';
import { gatewayManifests, type Manifest, pathOf } from '../../world/gateway-manifests.ts';
import { startOperatorUnderTest } from '../../world/operator-under-test.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { CONNECTION_POINT_SERVER, siteManifests } from '../../world/site-manifests.ts';
import { isReady, NAME, SERVICE_NAME } from '../operator/suite.ts';
import { BUILD_TIMEOUT_MS, helmSuite, type RenderedObject, withValues } from './helm.ts';
import { type Installed, install, kubectl, refusalOfOwnedSecret } from './installed-chart.ts';
import {
  type AuditLog,
  auditedRequests,
  auditLogIn,
  describeRight,
  refusedRights,
  rightsOf,
  unusedRights,
} from './rights.ts';

const PATIENCE_MS = 60_000;

const helm = helmSuite();
let directory = '';
let world: SimulatedWorld;
/** A control plane as it is by default: lists are streamed. It checks who may own objects, as some distributions do. */
let streaming: ControlPlane;
/** One that lists page by page, as older ones do. */
let listing: ControlPlane;
let logs: { readonly streaming: AuditLog; readonly listing: AuditLog };

beforeAll(async () => {
  directory = makeTemporaryDirectory();
  logs = { streaming: auditLogIn(directory, 'streaming'), listing: auditLogIn(directory, 'listing') };
  const start = async ({ apiServerFlags }: AuditLog, ...flags: readonly string[]) => {
    const controlPlane = await startControlPlane({ apiServerFlags: [...apiServerFlags, ...flags] });
    await installDefinitions(controlPlane.api);
    return controlPlane;
  };
  [world, streaming, listing] = await Promise.all([
    startSimulatedWorld({ speed: 200 }),
    start(logs.streaming, '--enable-admission-plugins=OwnerReferencesPermissionEnforcement'),
    start(logs.listing, '--feature-gates=WatchList=false'),
  ]);
  return async () => {
    await Promise.all([streaming.stop(), listing.stop(), world.close()]);
    removeTemporaryDirectory(directory);
  };
}, BUILD_TIMEOUT_MS);

const MODES = [
  { mode: 'namespaces', settings: (namespace: string) => `watch.namespaces={${namespace}}` },
  { mode: 'cluster', settings: () => 'watch.namespaces=null,secrets.clusterWide=true' },
  {
    mode: 'named-secrets',
    settings: (namespace: string) =>
      `watch.namespaces={${namespace}},secrets.access=Named,secrets.names={azure,${NAME}-tls,site},secrets.gateways={${NAME}}`,
  },
];

describe.each(MODES)('the rights that the chart grants: $mode', ({ mode, settings }) => {
  const namespace = `gateways-${mode}`;
  const release = `cmg-${mode}`;

  async function render(): Promise<RenderedObject[]> {
    const chosen = ['--set', settings(namespace), '--set', 'crds.install=false', '--namespace', release];
    return helm.render(...withValues('default-values.yaml'), ...chosen);
  }

  it('are all that the operator needs, and it uses each of them', async () => {
    const objects = await render();
    const inStreaming = await install({
      controlPlane: streaming,
      objects,
      directory,
      namespaces: [release, namespace],
    });
    await liveThrough(inStreaming, namespace);
    const inListing = await install({ controlPlane: listing, objects, directory, namespaces: [release, namespace] });
    await runOperator(inListing, async () => {});
    const { account } = inStreaming;
    const requests = [logs.streaming, logs.listing].flatMap(({ path }) => auditedRequests(path, account));
    expect(requests.filter(({ allowed }) => !allowed).map(describeRight)).toEqual([]);
    // Asked for by an admission plugin, which the audit log does not tell; the next test shows what it is good for.
    const checkedByAdmission = rightsOf(account, objects).filter(({ resource }) => resource !== 'cmgs/finalizers');
    expect(unusedRights(checkedByAdmission, requests)).toEqual([]);
    const unused = { apiGroup: '', resource: 'secrets', verb: 'delete', namespace };
    expect(unusedRights([...checkedByAdmission, unused], requests)).toEqual([`delete secrets in ${namespace}`]);
  });

  it('end where the chart says, and the audit log tells what goes beyond', async () => {
    const objects = await render();
    const installed = await install({ controlPlane: streaming, objects, directory, namespaces: [release, namespace] });
    const mayRead = async (...what: readonly string[]) =>
      (await kubectl(streaming, 'get', ...what, '--kubeconfig', installed.kubeconfigPath)).code === 0;
    await streaming.api.send('POST', '/api/v1/namespaces', { metadata: { name: 'elsewhere' } });
    expect(await mayRead('secrets', '--namespace', namespace)).toBe(mode !== 'named-secrets');
    expect(await mayRead('secrets', '--namespace', 'elsewhere')).toBe(mode === 'cluster');
    expect(await mayRead('namespaces')).toBe(false);
    expect(refusedRights(logs.streaming.path, installed.account)).toContain('list namespaces');
  });

  it('let it own Secrets in the name of a CMG where the API server checks who may', async () => {
    const objects = await render();
    const installed = await install({ controlPlane: streaming, objects, directory, namespaces: [release, namespace] });
    const secret = { namespace, name: `${NAME}-operations` };
    // Left by the gateway of the test before: nobody collects garbage here.
    await streaming.api.send('DELETE', `/api/v1/namespaces/${namespace}/secrets/${secret.name}`);
    expect(await refusalOfOwnedSecret(installed, secret)).toBe('');
    await installed.withdraw('cmgs/finalizers');
    const refusal = await waitFor('the right to be gone', async () => {
      const said = await refusalOfOwnedSecret(installed, secret);
      return said === '' ? undefined : said;
    });
    expect(refusal).toContain('cannot set blockOwnerDeletion');
  });
});

/** Runs the operator with the account and the arguments of the chart while `work` is done. */
async function runOperator({ args, kubeconfigPath }: Installed, work: () => Promise<void>): Promise<void> {
  let log = '';
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      log += String(chunk);
      done();
    },
  });
  const operator = await startOperatorUnderTest({
    kubeconfigPath,
    world,
    logger: createLogger({ level: 'debug', format: 'json', destination }),
    // The last one counts: no two operators of the tests may want one port, and no process stands behind the VMs.
    flags: [...args, '--http-bind-address=127.0.0.1:0', '--gateway-probe=AzureOnly'],
  });
  let outcome: unknown;
  onTestFinished(async () => void (await operator.stop()));
  try {
    await work();
  } catch (error) {
    throw new Error(`${String(error)}; the operator says: ${log.slice(-4000)}`);
  } finally {
    outcome = await operator.stop();
  }
  expect(outcome).toEqual({ kind: 'Stopped', drained: true });
}

/** Makes a gateway, scales it, connects a site, and deletes it, at first without the Secret for Azure; and a second one. */
async function liveThrough(installed: Installed, namespace: string): Promise<void> {
  const { api } = installed.controlPlane;
  world.azure.control.reset();
  world.azure.control.settings.durationFactor = 0.25;
  const certificate = await world.authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
  const manifests = gatewayManifests(world, { namespace, name: NAME, serviceName: SERVICE_NAME, certificate });
  const authorities: Manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'client-authorities', namespace },
    data: { 'ca.crt': world.authority.rootPem },
  };
  const clientAuthentication = {
    trustedCertificates: [
      { name: 'contoso', type: 'ConfigMap', configMap: { name: 'client-authorities', key: 'ca.crt' } },
    ],
  };
  const path = pathOf(manifests.cmg);
  const apply = async (instances: number) => {
    const { spec } = manifests.cmg as { spec?: Record<string, unknown> };
    const cmg = { ...manifests.cmg, spec: { ...spec, clientAuthentication, vm: { size: 'Standard', instances } } };
    for (const manifest of [authorities, manifests.certificate, manifests.credentials, cmg]) {
      if (manifest === undefined) continue;
      await api.call('PATCH', `${pathOf(manifest)}?fieldManager=test&force=true`, manifest, APPLY_PATCH);
    }
  };
  const untilServing = (instances: number) =>
    waitFor(
      `${instances} VMs to serve`,
      async () => {
        const { metadata, status } = (await api.call('GET', path)) as CMG;
        return isReady(status, metadata.generation) || undefined;
      },
      PATIENCE_MS,
    );
  const remove = async () => {
    await api.call('PATCH', path, { spec: { deletionProtection: false } }, MERGE_PATCH);
    await api.send('DELETE', path);
    const gone = async () => (await api.send('GET', path)).status === 404 || undefined;
    await waitFor('the CMG to be gone', gone, PATIENCE_MS);
  };
  const loseAndRemove = async () => {
    await api.call('PATCH', path, { spec: { deletionProtection: false } }, MERGE_PATCH);
    await api.call('DELETE', pathOf(manifests.credentials));
    await api.call('DELETE', path);
    await waitFor('the removal to be blocked', async () => {
      const { status } = (await api.call('GET', path)) as CMG;
      return findCondition(status?.conditions, 'AzureReady')?.reason === 'DeletionBlocked' || undefined;
    });
    // Where Secrets are not watched, only a change of the CMG brings it back at once.
    await apply(1);
    await api.call('PATCH', path, { spec: { vm: { instances: 2 } } }, MERGE_PATCH);
    await remove();
  };
  await runOperator(installed, async () => {
    await apply(1);
    await untilServing(1);
    await apply(2);
    await untilServing(2);
    await connectSite(installed, namespace);
    await loseAndRemove();
    // One that never served would need no slot of the fleet brake.
    await apply(1);
    await untilServing(1);
    await besideSilentSite(installed, namespace, remove);
  });
}

/** Works beside a Site that does not answer, of which it is read anew who carries whose clients before a gateway goes. */
async function besideSilentSite(
  { controlPlane: { api } }: Installed,
  namespace: string,
  work: () => Promise<void>,
): Promise<void> {
  const adminService = {
    url: 'https://127.0.0.1:9',
    auth: { type: 'Bearer', bearer: { secretRef: { name: 'site' } } },
  };
  const silent: Manifest = {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'Site',
    metadata: { name: 'ps1', namespace },
    spec: { siteCode: 'PS1', type: 'StandalonePrimary', adminService },
  };
  const isSeen = async () => {
    const { status } = (await api.call('GET', pathOf(silent))) as Pick<CMG, 'status'>;
    return findCondition(status?.conditions, 'Reachable') !== undefined || undefined;
  };
  await api.call('PATCH', `${pathOf(silent)}?fieldManager=test&force=true`, silent, APPLY_PATCH);
  await waitFor('the Site to be looked at', isSeen, PATIENCE_MS);
  await work();
  await api.call('DELETE', pathOf(silent));
  const isGone = async () => (await api.send('GET', pathOf(silent))).status === 404 || undefined;
  await waitFor('the Site to be gone', isGone, PATIENCE_MS);
}

/** Gives the gateway its part on a site, and takes it away again. */
async function connectSite({ controlPlane: { api } }: Installed, namespace: string): Promise<void> {
  const site = await startAdminServiceSimulator({ speed: 200 });
  try {
    const spec = { allowUnproven: true };
    const manifests = siteManifests(site, { namespace, cmg: NAME, spec });
    for (const manifest of Object.values(manifests)) {
      await api.call('PATCH', `${pathOf(manifest)}?fieldManager=test&force=true`, manifest, APPLY_PATCH);
    }
    const { site: siteManifest, point, standby, group } = manifests;
    const path = pathOf({ ...siteManifest, kind: 'CMG', metadata: { name: NAME, namespace } });
    await api.call('PATCH', path, { spec: { siteRef: { name: 'ps1' } } }, MERGE_PATCH);
    await untilRegistered(site);
    site.control.linkConnectionPoint(CONNECTION_POINT_SERVER, SERVICE_NAME);
    for (const manifest of [siteManifest, point, group]) await untilReady(api, manifest);
    await api.call('PATCH', path, { spec: { siteRef: null } }, MERGE_PATCH);
    await api.call('PATCH', pathOf(point), { spec: { deletionPolicy: 'Retain' } }, MERGE_PATCH);
    for (const manifest of [group, standby, point, siteManifest]) {
      await api.call('DELETE', pathOf(manifest));
      const gone = async () => (await api.send('GET', pathOf(manifest))).status === 404 || undefined;
      await waitFor(`the ${manifest.kind} to be gone`, gone, PATIENCE_MS);
    }
  } finally {
    await site.close();
  }
}

const untilRegistered = ({ control }: AdminServiceSimulator) =>
  waitFor('the record of the gateway', async () => control.services.length > 0 || undefined, PATIENCE_MS);

function untilReady(api: ControlPlane['api'], manifest: Manifest): Promise<true> {
  return waitFor(
    `the ${manifest.kind} to be Ready`,
    async () => {
      const { status } = (await api.call('GET', pathOf(manifest))) as CMG;
      return findCondition(status?.conditions, 'Ready')?.status === 'True' || undefined;
    },
    PATIENCE_MS,
  );
}
