import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { bundlePlugin } from '../../../scripts/build.ts';
import { APPLY_PATCH, type ApiClient, waitFor } from '../../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { manifest, minimalSpec, type SpecManifest } from '../crd-manifest.ts';

const GROUP = '/apis/configmgr.io/v1alpha1/namespaces';

let folder = '';
let administrator = '';

beforeAll(async () => {
  folder = makeTemporaryDirectory();
  const { outfile } = await bundlePlugin(join(import.meta.dirname, '../../..'), folder);
  // As it is installed: without an ending, and found by kubectl.
  copyFileSync(outfile, join(folder, 'kubectl-cmg'));
  administrator = join(folder, 'administrator.yaml');
  writeFileSync(administrator, inject('kubeconfig'), { mode: 0o600 });
  return () => removeTemporaryDirectory(folder);
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kubectl cmg`. What it prints to both streams comes back, as does what it ends with. */
async function kubectlCmg(args: readonly string[], { input = '', kubeconfig = administrator } = {}): Promise<Ended> {
  const path = [folder, dirname(inject('kubectlPath')), dirname(process.execPath)].join(delimiter);
  return new Promise((resolve) => {
    const child = execFile(
      'kubectl',
      ['cmg', ...args],
      { env: { PATH: `${path}${delimiter}${process.env.PATH}`, HOME: folder, KUBECONFIG: kubeconfig } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

/** Asks what a manifest would come to. */
async function plan(namespace: string, objects: readonly object[], flags: readonly string[] = [], kubeconfig?: string) {
  const input = objects.map((object) => stringify(object)).join('---\n');
  const args = ['plan', '-f', '-', '--namespace', namespace, ...flags];
  return kubectlCmg(args, { input, ...(kubeconfig === undefined ? {} : { kubeconfig }) });
}

const specWith = (change: (spec: SpecManifest) => void) => {
  const spec = minimalSpec();
  change(spec);
  return spec;
};

const pathIn = (namespace: string) => `${GROUP}/${namespace}/cmgs/granitefalls`;

/** A CMG with a gateway that serves, as the operator writes it down. */
async function applyServed(api: ApiClient, namespace: string, spec: SpecManifest): Promise<void> {
  await api.call('PATCH', `${pathIn(namespace)}?fieldManager=flux`, manifest(spec), APPLY_PATCH);
  const { tenantId, subscriptionId, region, resourceGroup } = spec.azure;
  const identity = {
    environment: 'AzurePublicCloud',
    tenantId,
    subscriptionId,
    region,
    resourceGroup: resourceGroup.name,
    serviceName: spec.serviceName,
  };
  const served = { phase: 'Active', served: true, wantedOrder: 1, createdAt: '2026-11-01T00:00:00Z' };
  const deployments = [{ id: '3f9c21ab', identity, serviceName: spec.serviceName, ...served }];
  const status = { apiVersion: 'configmgr.io/v1alpha1', kind: 'CMG', status: { deployments } };
  await api.call('PATCH', `${pathIn(namespace)}/status?fieldManager=cmg-operator`, status, APPLY_PATCH);
}

async function storedVersion(api: ApiClient, namespace: string): Promise<string> {
  const { metadata } = (await api.call('GET', pathIn(namespace))) as { metadata: { resourceVersion: string } };
  return metadata.resourceVersion;
}

describe('kubectl cmg plan', () => {
  test('tells what a change would come to, and writes nothing', async () => {
    const api = sharedApi();
    const namespace = await namespaceForTest('plan');
    const before = specWith((spec) => {
      spec.siteRef = { name: 'ps1' };
      spec.serverCertificate.revision = 'one';
    });
    await applyServed(api, namespace, before);
    const version = await storedVersion(api, namespace);
    const renamed = { ...minimalSpec(), siteRef: { name: 'ps1' }, serviceName: 'lakeside.contoso.com' };
    const standby = {
      apiVersion: 'configmgr.io/v1alpha1',
      kind: 'ConnectionPoint',
      metadata: { name: 'cp02' },
      spec: {
        siteRef: { name: 'ps1' },
        cmgRef: { name: 'granitefalls' },
        siteSystem: 'cp02.contoso.com',
        role: 'Standby',
      },
    };
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'azure' },
      data: { 'client-secret': 'aGlkZGVu' },
    };

    const misspelt = { ...before, vm: { instance: 3 } };
    const invalid = { ...before, serviceName: 'a--.contoso.com', vm: { instances: 17 } };
    const [same, larger, replaced, blocked, refused] = await Promise.all([
      plan(namespace, [manifest(before)], ['--detailed-exitcode']),
      plan(namespace, [manifest({ ...before, vm: { instances: 3 } })], ['--detailed-exitcode', '-o', 'json']),
      plan(namespace, [manifest(renamed), standby, secret], ['--detailed-exitcode']),
      plan(namespace, [manifest(renamed)], ['-o', 'json']),
      plan(namespace, [manifest(invalid), manifest(misspelt), manifest(before)]),
    ]);

    expect(same).toEqual({ code: 0, stdout: `cmg ${namespace}/granitefalls: nothing changes\n`, stderr: '' });

    expect(larger).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(larger.stdout).cmgs).toMatchObject([
      { consequence: 'InPlace', changes: [{ field: 'spec.vm.instances', change: 'InPlace', before: 1, after: 3 }] },
    ]);

    expect(replaced.stdout.split('\n').slice(0, 5)).toEqual([
      `cmg ${namespace}/granitefalls: another gateway takes its place, side by side`,
      '',
      // Who applied it last no longer states it, so it goes back to its default.
      '  redeploy  spec.serverCertificate.revision  one → ""',
      '  redeploy  spec.serviceName                 granitefalls.contoso.com → lakeside.contoso.com',
      '',
    ]);
    expect(replaced.stdout).toContain('and one is free');
    expect(replaced).toMatchObject({ code: 3, stderr: '\nNot looked at: Secret azure.\n' });
    expect(replaced.stdout + replaced.stderr).not.toContain('aGlkZGVu');

    expect(blocked).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(blocked.stdout).cmgs).toMatchObject([{ blockedBy: 'NoStandbyConnectionPoint' }]);

    expect(refused).toMatchObject({ code: 1, stderr: '' });
    expect(refused.stdout.replaceAll(namespace, 'gateways')).toMatchInlineSnapshot(`
      "cmg gateways/granitefalls: the API server refuses it

        - spec.vm.instances: Invalid value: 17: spec.vm.instances in body should be less than or equal to 16
        - spec.serviceName: Invalid value: the first label of the service name names Azure resources: it must begin with a letter, hold only letters, digits and hyphens, and end with a letter or digit.
        - spec.serviceName: Invalid value: the first label of the service name must have at least 3 letters or digits.
        - spec.serviceName: Invalid value: the first label of the service name must not hold two hyphens in a row.
        - spec.serviceName: Invalid value: the first label of the service name must not hold a hyphen while content.enabled is true, because clients address the storage account by it; choose another service name, or set content.enabled to false.

      cmg gateways/granitefalls: the API server refuses it

        - spec.vm.instance: field not declared in schema

      cmg gateways/granitefalls: nothing changes
      "
    `);

    expect(await storedVersion(api, namespace)).toBe(version);
  });

  test('knows what kubectl apply would remove', async () => {
    const api = sharedApi();
    const namespace = await namespaceForTest('plan');
    const before = manifest(specWith((spec) => Object.assign(spec.serverCertificate, { revision: 'one' })));
    const file = join(folder, `${namespace}.yaml`);
    writeFileSync(file, stringify({ ...before, metadata: { ...before.metadata, namespace } }));
    const applied = await runKubectl(['apply', '-f', file]);
    expect(applied).toContain('granitefalls created');
    const version = await storedVersion(api, namespace);

    const asked = await plan(namespace, [manifest(minimalSpec())]);
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked.stdout).toContain('redeploy  spec.serverCertificate.revision  one → ""');
    // Who did not apply it, does not remove it.
    const another = await plan(namespace, [manifest(minimalSpec())], ['--field-manager', 'somebody-else']);
    expect(another.stdout).toBe(`cmg ${namespace}/granitefalls: nothing changes\n`);
    expect(await storedVersion(api, namespace)).toBe(version);
  });

  test('asks for the rights that its help names, and for no others', async () => {
    const api = sharedApi();
    const namespace = await namespaceForTest('plan');
    await applyServed(api, namespace, minimalSpec());
    const [reader, onlooker] = await Promise.all([
      personWith(api, namespace, 'reader', ['get', 'patch']),
      personWith(api, namespace, 'onlooker', ['get']),
    ]);
    const renamed = manifest({ ...minimalSpec(), siteRef: { name: 'ps1' }, serviceName: 'lakeside.contoso.com' });

    const [allowed, unmade, forbidden, admitted] = await Promise.all([
      plan(namespace, [renamed], [], reader),
      plan(namespace, [manifest(minimalSpec(), 'lakeside')], [], reader),
      plan(namespace, [renamed], [], onlooker),
      plan(namespace, [manifest(minimalSpec(), 'lakeside')], ['--detailed-exitcode']),
    ]);
    expect(allowed.stdout).toContain('Whether one is free could not be read.');
    expect(allowed).toMatchObject({ code: 0, stderr: '' });
    for (const { code, stdout, stderr } of [unmade, forbidden]) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^.*403 Forbidden: .*\. It takes the rights get and patch .*, and create for a CMG .*\n$/);
    }
    expect(admitted).toMatchObject({ code: 2, stderr: '' });
    expect(admitted.stdout).toMatch(/^cmg .*\/lakeside: is created\n/);
    expect((await api.send('GET', `${GROUP}/${namespace}/cmgs/lakeside`)).status).toBe(404);
  });

  test('says in one line what is wrong with what it was given', async () => {
    const [missing, empty, lost, context, namespace] = await Promise.all([
      kubectlCmg(['plan', '-f', join(folder, 'nowhere.yaml')]),
      kubectlCmg(['plan', '-f', '-'], { input: 'apiVersion: v1\nkind: Secret\nmetadata: { name: azure }\n' }),
      kubectlCmg(['plan', '-f', '-'], { input: stringify(manifest(minimalSpec())), kubeconfig: '' }),
      kubectlCmg(['plan', '-f', '-', '--context', 'lab'], { input: stringify(manifest(minimalSpec())) }),
      plan('nowhere', [manifest(minimalSpec())]),
    ]);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/^\S*nowhere\.yaml cannot be read: ENOENT.*\n$/);
    expect(empty).toEqual({ code: 1, stdout: '', stderr: 'There is no CMG in -.\n' });
    expect(lost.stderr).toBe('There is no kubeconfig. Name one with --kubeconfig or the variable KUBECONFIG.\n');
    expect(context.stderr).toMatch(/^The kubeconfig has no context lab\. It has: .*\n$/);
    expect(namespace).toEqual({ code: 1, stdout: '', stderr: 'There is no namespace nowhere.\n' });
  });
});

async function runKubectl(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      inject('kubectlPath'),
      args,
      { env: { HOME: folder, KUBECONFIG: administrator } },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

/** The kubeconfig of a person who may do this with CMGs. */
async function personWith(api: ApiClient, namespace: string, name: string, verbs: readonly string[]): Promise<string> {
  const user = `${name}@${namespace}`;
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const rules = [{ apiGroups: ['configmgr.io'], resources: ['cmgs'], verbs }];
  await api.call('POST', `${rbac}/roles`, { metadata: { name }, rules });
  await api.call('POST', `${rbac}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  });
  await Promise.all(verbs.map((verb) => waitFor('the rights to hold', () => isGranted(api, namespace, user, verb))));
  const path = join(folder, `${user}.yaml`);
  const kubeconfig = parse(inject('kubeconfig'));
  for (const each of kubeconfig.users) {
    each.user.as = user;
  }
  writeFileSync(path, stringify(kubeconfig), { mode: 0o600 });
  return path;
}

async function isGranted(api: ApiClient, namespace: string, user: string, verb: string): Promise<true | undefined> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes: { group: 'configmgr.io', resource: 'cmgs', verb, namespace } },
  };
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const { status } = (await api.call('POST', path, review)) as { readonly status: { readonly allowed: boolean } };
  return status.allowed || undefined;
}
