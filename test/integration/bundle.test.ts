import { randomBytes } from 'node:crypto';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { bundle } from '../../scripts/build.ts';
import type { CMG } from '../../src/api/v1alpha1/cmg.generated.ts';
import { findCondition } from '../../src/runtime/conditions.ts';
import { createCertificateAuthority } from '../certificate-authority.ts';
import { APPLY_PATCH } from '../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../cluster/shared.ts';
import { startSupervised } from '../cluster/supervised-process.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../cluster/temporary-directory.ts';
import { startArmSimulator } from '../simulators/arm/simulator.ts';
import { startPackageServer } from '../simulators/package-server.ts';
import { gatewayManifests, pathOf } from '../world/gateway-manifests.ts';
import { BUILD_TIMEOUT_MS } from './chart/helm.ts';
import { operatorKubeconfig, prepareOperatorRights } from './chart/operator-account.ts';

const SERVICE_NAME = 'bundled.contoso.com';

/** An Azure without delays, a package server, and a file with the certificates to trust. */
async function startWorld(folder: string) {
  const authority = await createCertificateAuthority();
  const packages = await startPackageServer({
    certificate: await authority.issue({ names: ['127.0.0.1'], key: 'ECDSA' }),
    content: randomBytes(1024),
  });
  onTestFinished(() => packages.close());
  const azure = await startArmSimulator();
  onTestFinished(() => azure.close());
  azure.control.settings.durationFactor = 0;
  const trusted = join(folder, 'trusted.pem');
  writeFileSync(trusted, `${azure.caPem}\n${authority.rootPem}`);
  const cloudFile = join(folder, 'clouds.json');
  const endpoints = { resourceManagerEndpoint: azure.url, authorityHost: azure.url };
  writeFileSync(cloudFile, JSON.stringify({ AzurePublicCloud: endpoints }));
  return { authority, packages, azure, trusted, cloudFile };
}

let folder = '';
let outfile = '';

beforeAll(async () => {
  await prepareOperatorRights();
  folder = makeTemporaryDirectory();
  outfile = join(folder, 'cmg-operator.mjs');
  await bundle({ entry: join(import.meta.dirname, '../../src/main.ts'), outfile });
  return () => removeTemporaryDirectory(folder);
}, BUILD_TIMEOUT_MS);

test('the bundle alone provisions a gateway, and stops when it is told to', async () => {
  const world = await startWorld(folder);
  const namespace = await namespaceForTest('bundle');
  const log = join(folder, 'operator.log');
  const flags = {
    'installation-id': 'bundle',
    namespaces: namespace,
    kubeconfig: await operatorKubeconfig(namespace),
    'leader-election-namespace': namespace,
    'http-bind-address': '127.0.0.1:0',
    'azure-cloud-file': world.cloudFile,
    // No process stands behind the VMs of this simulated Azure.
    'gateway-probe': 'AzureOnly',
  };
  const operator = startSupervised(
    process.execPath,
    [outfile, ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])],
    // Nothing of the checkout is within its reach: no node_modules beside it, no setting of the test run.
    { cwd: folder, env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: world.trusted }, output: openSync(log, 'w') },
  );
  onTestFinished(() => operator.kill());

  const certificate = await world.authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
  const options = { namespace, name: 'bundled', serviceName: SERVICE_NAME, certificate };
  const manifests = gatewayManifests({ ...world, trusted: '', close: async () => {} }, options);
  for (const manifest of [manifests.certificate, manifests.credentials, manifests.cmg]) {
    if (manifest !== undefined) {
      await sharedApi().call('PATCH', `${pathOf(manifest)}?fieldManager=test`, manifest, APPLY_PATCH);
    }
  }
  await expect
    .poll(
      async () => {
        const { status } = (await sharedApi().call('GET', pathOf(manifests.cmg))) as CMG;
        return findCondition(status?.conditions, 'Ready')?.status ?? `${status} ${readFileSync(log, 'utf8')}`;
      },
      { timeout: 90_000, interval: 500 },
    )
    .toBe('True');
  expect(world.packages.downloads()).toBe(1);

  operator.signal('SIGTERM');
  expect(await operator.exited).toEqual({ code: 0, signal: null });
  expect(readFileSync(log, 'utf8')).not.toContain(world.azure.clientSecret);
});

/**
 * Run before the operator. Tells the process to stop as soon as it has a handler for that, and prints which variables had been
 * asked for until then, and at the end. Node and the operator's libraries ask for some while they are loaded.
 */
const STOPPED_AT_ONCE = `
const asked = new Set();
process.env = new Proxy(process.env, { get: (variables, name) => (asked.add(name), variables[name]) });
process.on('newListener', (event) => {
  if (event !== 'SIGTERM') return;
  console.log('before', [...asked].join());
  process.kill(process.pid, 'SIGTERM');
});
process.on('exit', () => console.log('all', [...asked].join()));
`;

test('the bundle can be told to stop before it has loaded its libraries, and then starts nothing', async () => {
  const namespace = await namespaceForTest('bundle');
  const preload = join(folder, 'stopped-at-once.mjs');
  writeFileSync(preload, STOPPED_AT_ONCE);
  const log = join(folder, 'stopped-at-once.log');
  const kubeconfig = await operatorKubeconfig(namespace);
  const flags = [
    '--installation-id=bundle',
    `--namespaces=${namespace}`,
    `--kubeconfig=${kubeconfig}`,
    `--leader-election-namespace=${namespace}`,
    '--http-bind-address=127.0.0.1:0',
  ];
  const operator = startSupervised(process.execPath, ['--import', preload, outfile, ...flags], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    output: openSync(log, 'w'),
  });
  onTestFinished(() => operator.kill());
  expect(await operator.exited).toEqual({ code: 0, signal: null });
  const said = readFileSync(log, 'utf8');
  expect(said).toMatch(/^all .*\bAZURE_LOG_LEVEL\b/m);
  expect(said).toMatch(/^before (?!.*\bAZURE_LOG_LEVEL\b)/m);
  const lease = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/cmg-operator`;
  expect((await sharedApi().send('GET', lease)).status).toBe(404);
});
