import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Site } from '../../../src/api/v1alpha1/site.generated.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { APPLY_PATCH, waitFor } from '../../cluster/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/control-plane.ts';
import { freePorts } from '../../cluster/ports.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { isReady, readCmg } from '../../demo/steps.ts';
import { kerberosToolsUnlessMissing } from '../../tools/kerberos.ts';
import { gatewayManifests, pathOf } from '../../world/gateway-manifests.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { BUILD_TIMEOUT_MS, helmSuite, type RenderedObject, withValues } from '../chart/helm.ts';
import { type Installed, install } from '../chart/installed-chart.ts';
import { SERVICE_NAME } from '../operator/suite.ts';
import { type Container, canLimitMemory, MAY_CONTAIN, startContainer } from './container.ts';
import { filesIn, type ImageRoot, layOutImage, mountFiles } from './image-root.ts';
import { startKerberosSite } from './kerberos-site.ts';

const MIB = 1024 ** 2;
const RELEASE = 'cmg-system';
const GATEWAYS = 'gateways';
const PATIENCE_MS = 90_000;
/** A start is measured so many times, and the best time counts: what else the machine does can only make it worse. */
const STARTS = 3;
/** What it may hold while it has nothing to do. It is to be less than 120; what stays below this leaves room for a newer Node. */
const IDLE_MIB = 110;
/** Likewise, after a gateway has been made: the libraries for certificates and blobs are loaded then. */
const IDLE_WITH_GATEWAY_MIB = 120;

interface Deployment extends RenderedObject {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly env?: readonly { readonly name: string; readonly value: string }[];
          readonly resources: { readonly limits: { readonly memory: string } };
          readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
          readonly securityContext: Readonly<Record<string, unknown>>;
        }[];
        readonly volumes: readonly {
          readonly name: string;
          readonly configMap?: { readonly name: string };
          readonly emptyDir?: { readonly medium?: string };
        }[];
      };
    };
  };
}

const kerberos = await kerberosToolsUnlessMissing();
const KERBEROS_MISSING = 'missing' in kerberos ? `, left out: ${kerberos.missing}` : '';

const helm = helmSuite();
let directory = '';
let image: ImageRoot;
let controlPlane: ControlPlane;
let world: SimulatedWorld;
let installed: Installed;
let deployment: Deployment;
let port = 0;

/** What an installation behind a proxy with a certificate of its own would set; here the proxy is the simulated Azure. */
function values(): string {
  const endpoints = { resourceManagerEndpoint: world.azure.url, authorityHost: world.azure.url };
  const file = join(directory, 'values.yaml');
  const overrides = {
    watch: { namespaces: [GATEWAYS] },
    // No process stands behind the VMs, and the image cannot be told another way to a public address than the network's.
    config: { azureClouds: { AzurePublicCloud: endpoints }, gatewayProbe: 'AzureOnly' },
    extraArgs: [`--http-bind-address=127.0.0.1:${port}`],
    extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/contoso/ca.crt' }],
    extraVolumes: [{ name: 'contoso-ca', configMap: { name: 'contoso-ca' } }],
    extraVolumeMounts: [{ name: 'contoso-ca', mountPath: '/etc/contoso', readOnly: true }],
  };
  writeFileSync(file, stringify(overrides));
  return file;
}

/** Puts the files where the kubelet would mount them: the ConfigMaps of the pod, and its service account. */
function mountVolumes(objects: readonly RenderedObject[]): void {
  const maps = new Map(
    objects.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata, data }) => [metadata.name, data]),
  );
  maps.set('contoso-ca', { 'ca.crt': world.trusted });
  const { containers, volumes } = deployment.spec.template.spec;
  for (const { name, mountPath } of containers[0]?.volumeMounts ?? []) {
    const map = volumes.find((volume) => volume.name === name)?.configMap?.name;
    if (map !== undefined) mountFiles(image, mountPath, maps.get(map) as Readonly<Record<string, string>>);
  }
  const { users, clusters } = parse(readFileSync(installed.kubeconfigPath, 'utf8'));
  mountFiles(image, '/var/run/secrets/kubernetes.io/serviceaccount', {
    token: users[0].user.token,
    namespace: RELEASE,
    'ca.crt': Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64').toString('utf8'),
  });
}

/** Where the pod has room of its own, in memory. */
function emptyDirs(): readonly string[] {
  const { containers, volumes } = deployment.spec.template.spec;
  const inMemory = volumes.filter(({ emptyDir }) => emptyDir?.medium === 'Memory').map(({ name }) => name);
  const mounts = containers[0]?.volumeMounts ?? [];
  return mounts.filter(({ name }) => inMemory.includes(name)).map(({ mountPath }) => mountPath);
}

/** In bytes: `512Mi`. */
function memoryLimit(): number {
  const { memory } = deployment.spec.template.spec.containers[0]?.resources.limits ?? { memory: '' };
  expect(memory).toMatch(/^\d+Mi$/);
  return Number.parseInt(memory, 10) * MIB;
}

function start(name: string): Container {
  const { hostname, port: apiPort } = new URL(controlPlane.server);
  const own = deployment.spec.template.spec.containers[0]?.env ?? [];
  const container = startContainer({
    image,
    args: installed.args,
    env: {
      ...Object.fromEntries(own.map((variable) => [variable.name, variable.value])),
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: apiPort,
    },
    memoryLimit: memoryLimit(),
    logFile: join(directory, `${name}.log`),
    emptyDirs: emptyDirs(),
  });
  onTestFinished(() => container.kill());
  return container;
}

async function answers(path: string): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Seconds until the operator's caches are complete. */
async function untilReady(container: Container): Promise<number> {
  const started = performance.now();
  while (!(await answers('/readyz'))) {
    if (container.exit() !== undefined || performance.now() - started > PATIENCE_MS) {
      throw new Error(`The operator is not ready: ${container.log()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return (performance.now() - started) / 1000;
}

/** A figure of `/proc/PID/status`, in MiB, or the first of several ids. */
function statusOf({ pid }: Container, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/**
 * Processor time that it has used, in seconds. The kernel counts in hundredths. Unlike the time that passes, it does not
 * depend on what else the machine does; on an idle one both are the same, as docs/performance.md tells.
 */
function processorSeconds({ pid }: Container): number {
  const [, user = '', system = ''] =
    /\) \S(?: -?\d+){10} (\d+) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
  return (Number(user) + Number(system)) / 100;
}

/** Waits until it holds less than so many MiB, as it does when the garbage of its last work is gone; returns how many. */
async function untilSmall(container: Container, mib: number): Promise<number> {
  const resident = () => statusOf(container, 'VmRSS') / 1024;
  await expect.poll(resident, { timeout: 20_000, interval: 250 }).toBeLessThan(mib);
  return resident();
}

async function leaseHolder(): Promise<unknown> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${RELEASE}/leases/cmg-operator`;
  const { body } = await controlPlane.api.send('GET', path);
  return (body as { readonly spec?: { readonly holderIdentity?: string } }).spec?.holderIdentity;
}

/** Ends it as the kubelet does, and returns how it ended. */
async function end(container: Container) {
  container.signal('SIGTERM');
  return container.exited;
}

const WHY = 'left out: only root on Linux may mount a read-only root and change the user';

describe.skipIf(!MAY_CONTAIN)(`the image${MAY_CONTAIN ? '' : `, ${WHY}`}`, () => {
  beforeAll(async () => {
    directory = makeTemporaryDirectory();
    [image, controlPlane, world, [port = 0]] = await Promise.all([
      layOutImage(directory, 'missing' in kerberos ? undefined : kerberos),
      startControlPlane(),
      startSimulatedWorld({ speed: 200 }),
      freePorts(1),
    ]);
    // Whatever waits does so by the machine's clock: the operator's own is not turned faster in the image.
    world.azure.control.settings.durationFactor = 0;
    const objects = await helm.render(...withValues('default-values.yaml'), '--values', values());
    deployment = objects.find(({ kind }) => kind === 'Deployment') as Deployment;
    const namespaces = [RELEASE, GATEWAYS];
    installed = await install({ controlPlane, objects, directory, namespaces });
    mountVolumes(objects);
    return async () => {
      await Promise.all([controlPlane.stop(), world.close()]);
      removeTemporaryDirectory(directory);
    };
  }, BUILD_TIMEOUT_MS);

  test('holds no shell, and nothing but what the Dockerfile and Node need', () => {
    const files = filesIn(image).filter((path) => !/^\/(?:usr\/)?lib(?:64)?\//.test(path));
    expect(files.filter((path) => /\/(?:sh|bash|dash|busybox|npm|npx)$/.test(path))).toEqual([]);
    expect(
      files.filter((path) => path.startsWith('/app/') && !path.startsWith('/app/node_modules/kerberos/')).toSorted(),
    ).toEqual([
      '/app/LICENSE',
      '/app/cmg-operator-tickets.mjs',
      '/app/cmg-operator.mjs',
      '/app/cmg-operator.mjs.LEGAL.txt',
    ]);
    expect(deployment.spec.template.spec.containers[0]?.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
    });
  });

  test('runs a gateway with the account, arguments and environment of the chart, and leaves the lease when told to stop', async () => {
    const before = filesIn(image);
    const container = start('gateway');
    await untilReady(container);
    expect([statusOf(container, 'Uid'), statusOf(container, 'Gid')]).toEqual([65532, 65532]);
    expect(statusOf(container, 'CapEff')).toBe(0);

    const certificate = await world.authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
    const manifests = gatewayManifests(world, {
      namespace: GATEWAYS,
      name: 'granitefalls',
      serviceName: SERVICE_NAME,
      certificate,
    });
    const { api } = controlPlane;
    for (const manifest of [manifests.certificate, manifests.credentials, manifests.cmg]) {
      if (manifest !== undefined) {
        await api.call('PATCH', `${pathOf(manifest)}?fieldManager=test&force=true`, manifest, APPLY_PATCH);
      }
    }
    const ready = async () => isReady(await readCmg(api, manifests.cmg)) || undefined;
    await waitFor('the CMG to be Ready', ready, PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`${String(error)}; the operator says: ${container.log().slice(-3000)}`);
    });
    expect(await leaseHolder()).toMatch(/./);
    console.log('MiB after a gateway was made:', await untilSmall(container, IDLE_WITH_GATEWAY_MIB));

    expect(await end(container)).toEqual({ code: 0, signal: null });
    expect(await leaseHolder()).toBeFalsy();
    expect(filesIn(image)).toEqual(before);
  });

  describe.skipIf('missing' in kerberos)(`a site that takes Kerberos alone${KERBEROS_MISSING}`, () => {
    test('is reached, with the keytab in memory only and out of reach of others', async () => {
      if ('missing' in kerberos) return;
      const { host, manifests } = await startKerberosSite(kerberos, GATEWAYS);
      mountFiles(image, '/etc', { hosts: `127.0.0.1 ${host}\n`, 'nsswitch.conf': 'hosts: files\n' });
      const container = start('kerberos');
      const { api } = controlPlane;
      for (const manifest of manifests) {
        await api.call('PATCH', `${pathOf(manifest)}?fieldManager=test`, manifest, APPLY_PATCH);
      }
      const reached = async () => {
        const { status } = (await api.call('GET', pathOf(manifests[1]))) as Site;
        const { reason, message } = findCondition(status?.conditions, 'Reachable') ?? {};
        return `${reason}: ${message}`;
      };
      await expect.poll(reached, { timeout: PATIENCE_MS, interval: 250 }).toMatch(/^Succeeded: The site PS1/);

      expect(emptyDirs()).toEqual(['/tmp']);
      // As the process sees it, in its own root.
      const inMemory = join('/proc', String(container.pid), 'root', 'tmp');
      const kept = readdirSync(inMemory).map((name) => statSync(join(inMemory, name)));
      expect(kept.map(({ uid, mode }) => [uid, mode & 0o777])).toEqual([[65532, 0o700]]);
      expect((await end(container)).code).toBe(0);
    });
  });

  test('is ready in a second, and small while it has nothing to do', async () => {
    const starts: { readonly seconds: number; readonly processor: number; readonly mib: number }[] = [];
    for (let at = 0; at < STARTS; at += 1) {
      const container = start(`start-${at}`);
      const seconds = await untilReady(container);
      const processor = processorSeconds(container);
      starts.push({ seconds, processor, mib: await untilSmall(container, IDLE_MIB) });
      expect((await end(container)).code).toBe(0);
    }
    console.log('starts:', starts);
    expect(Math.min(...starts.map(({ processor }) => processor))).toBeLessThan(1);
  });

  test('finds no place to write to', async () => {
    const places = ['/', '/app', '/tmp', '/etc', '/nodejs/bin'];
    const script = `for (const place of ${JSON.stringify(places)}) {
      try { require('fs').writeFileSync(place + '/written', ''); } catch (error) { console.log(error.code); }
    }`;
    const logFile = join(directory, 'write.log');
    const container = startContainer({
      ...{ image, args: [], env: {}, memoryLimit: memoryLimit(), logFile },
      insteadOfProgram: ['--eval', script],
    });
    expect((await container.exited).code, container.log()).toBe(0);
    expect(container.log().trim().split('\n')).toEqual(places.map(() => 'EROFS'));
  });

  test.skipIf(!canLimitMemory())(
    `takes 70 % of the container's memory for its heap${canLimitMemory() ? '' : ', left out: no control group can be made here'}`,
    async () => {
      const logFile = join(directory, 'heap.log');
      const print = 'console.log(require("v8").getHeapStatistics().heap_size_limit)';
      const container = startContainer({
        ...{ image, args: [], env: {}, memoryLimit: memoryLimit(), logFile },
        insteadOfProgram: ['--eval', print],
      });
      expect((await container.exited).code, container.log()).toBe(0);
      const part = Number(container.log()) / memoryLimit();
      expect(part).toBeGreaterThan(0.65);
      expect(part).toBeLessThan(0.75);
    },
  );
});
