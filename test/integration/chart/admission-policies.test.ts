import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/control-plane.ts';
import { manifest, minimalSpec } from '../crd-manifest.ts';
import { appliedObjects } from './applied-objects.ts';
import { BUILD_TIMEOUT_MS, type Finished, helmSuite, RELEASE_NAMESPACE, runProgram, withValues } from './helm.ts';

/** The policies of these values are all in force, for the namespaces `gateways` and `gateways-test`. */
const VALUES = withValues('everything-values.yaml');
const RIGHTS = '/apis/rbac.authorization.k8s.io/v1/namespaces/gateways';

const helm = helmSuite();
let controlPlane: ControlPlane;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  for (const name of [RELEASE_NAMESPACE, 'gateways', 'gateways-test', 'elsewhere']) {
    await controlPlane.api.call('POST', '/api/v1/namespaces', { metadata: { name } });
  }
  const objects = (await helm.render(...VALUES)).filter(({ apiVersion }) => !apiVersion.startsWith('monitoring.'));
  await appliedObjects(controlPlane.api, objects).apply();
  await grant('deployer', [{ apiGroups: ['configmgr.io'], resources: ['cmgs'], verbs: ['*'] }]);
  await untilInForce();
  return () => controlPlane.stop();
}, BUILD_TIMEOUT_MS);

/** Gives a user rights in the namespace `gateways`. */
async function grant(user: string, rules: readonly object[], name = user): Promise<void> {
  await controlPlane.api.call('POST', `${RIGHTS}/roles`, { metadata: { name }, rules });
  await controlPlane.api.call('POST', `${RIGHTS}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  });
}

/** How many trusted certificates the definition allows. */
function mostAuthorities(): number {
  const definition = readFileSync(join(import.meta.dirname, '../../../crds/configmgr.io_cmgs.yaml'), 'utf8');
  const { properties } = parse(definition).spec.versions[0].schema.openAPIV3Schema.properties.spec;
  return Number(properties.clientAuthentication.properties.trustedCertificates.maxItems);
}

/** Names Secrets for the certificate, the credentials and the download. */
function withEverySecret(): object {
  const spec = minimalSpec();
  spec.servicePackage.credentialsSecretRef = { name: 'packages' };
  spec.azure.credentials = {
    type: 'ClientSecret',
    clientSecret: { clientId: spec.azure.tenantId, secretRef: { name: 'azure' } },
  };
  return spec;
}

/** The API server reads policies a moment after they are stored. */
async function untilInForce(): Promise<void> {
  await waitFor('the policies to be in force', async () => {
    const { output } = await apply('deployer', 'gateways', minimalSpec(), '--dry-run=server');
    return output.includes('may not read all Secrets') || undefined;
  });
  await waitFor('the warning to be in force', async () => {
    const { output } = await apply('admin', 'elsewhere', minimalSpec(), '--dry-run=server');
    return output.includes('Warning') || undefined;
  });
}

/** Runs the real kubectl as the administrator. */
function kubectl(...args: readonly string[]): Promise<Finished> {
  const { directory, kubectlPath, kubeconfigPath } = controlPlane;
  return runProgram(kubectlPath, args, { PATH: process.env.PATH, HOME: directory, KUBECONFIG: kubeconfigPath });
}

/** Applies a CMG with the real kubectl, which shows warnings as people see them. */
async function apply(user: string, namespace: string, spec: object, ...options: string[]): Promise<Finished> {
  const { directory, kubectlPath, clientKubeconfig, kubeconfig } = controlPlane;
  const file = join(directory, 'cmg.json');
  writeFileSync(file, JSON.stringify(manifest({ ...spec })));
  const credentials = join(directory, `${user}.kubeconfig`);
  writeFileSync(credentials, user === 'admin' ? kubeconfig : await clientKubeconfig({ user }), { mode: 0o600 });
  const target = ['--kubeconfig', credentials, '--namespace', namespace, '--filename', file];
  return runProgram(kubectlPath, ['apply', '--server-side', ...target, ...options], {
    PATH: process.env.PATH,
    HOME: directory,
  });
}

describe('a CMG in a namespace that the operator does not watch', () => {
  it('is taken, with a warning that names those that it does watch', async () => {
    const { code, output } = await apply('admin', 'elsewhere', minimalSpec());
    expect(code, output).toBe(0);
    expect(output).toContain(
      'the operator of installation contoso-prod does not watch the namespace elsewhere and will do nothing about this CMG. It watches: gateways, gateways-test',
    );
  });

  it('is not warned about in one that it watches', async () => {
    const { code, output } = await apply('admin', 'gateways-test', minimalSpec());
    expect(code, output).toBe(0);
    expect(output).not.toContain('Warning');
  });
});

describe('a CMG by somebody who may not read the Secrets that it names', () => {
  it('is refused, with the Secrets and what to do', async () => {
    const { code, output } = await apply('deployer', 'gateways', withEverySecret());
    expect(code).toBe(1);
    expect(output).toContain(
      'deployer may not read all Secrets that this CMG names in the namespace gateways, and so may not have the operator use them either: granitefalls-tls, azure, packages. Grant the right get on them, or let somebody else apply the CMG',
    );
  });

  it('may be changed where that concerns no Secret, and not where the package is read from another server', async () => {
    expect((await apply('admin', 'gateways', minimalSpec())).code).toBe(0);
    const scaled = await apply('deployer', 'gateways', { ...minimalSpec(), vm: { instances: 2 } }, '--force-conflicts');
    expect(scaled.code, scaled.output).toBe(0);
    const elsewhere = { url: 'https://packages.attacker.example/cmg.zip', sha256: 'a'.repeat(64) };
    const moved = await apply(
      'deployer',
      'gateways',
      { ...minimalSpec(), servicePackage: elsewhere },
      '--force-conflicts',
    );
    expect(moved.code).toBe(1);
    expect(moved.output).toContain('may not have the operator use them either: granitefalls-tls');
  });

  it('is taken once they may read them', async () => {
    await grant('reader', [
      { apiGroups: ['configmgr.io'], resources: ['cmgs'], verbs: ['*'] },
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['granitefalls-tls'], verbs: ['get'] },
    ]);
    const { code, output } = await apply('reader', 'gateways', minimalSpec(), '--force-conflicts');
    expect(code, output).toBe(0);
  });

  it('is taken with as many Secrets as it can name, and refused when one of them may not be read', async () => {
    const authorities = Array.from({ length: mostAuthorities() }, (_, at) => `authority-${at}`);
    const named = ['granitefalls-tls', 'azure', 'packages', ...authorities];
    const spec = {
      ...withEverySecret(),
      clientAuthentication: {
        trustedCertificates: authorities.map((name) => ({ name, type: 'Secret', secret: { name, key: 'ca.crt' } })),
      },
    };
    const readerOf = async (user: string, resourceNames: readonly string[]) => {
      await grant(user, [
        { apiGroups: ['configmgr.io'], resources: ['cmgs'], verbs: ['*'] },
        { apiGroups: [''], resources: ['secrets'], resourceNames, verbs: ['get'] },
      ]);
      return apply(user, 'gateways', spec, '--force-conflicts', '--dry-run=server');
    };
    const taken = await readerOf('reader-of-all', named);
    expect(taken.code, taken.output).toBe(0);
    const refused = await readerOf('reader-of-all-but-the-last', named.slice(0, -1));
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(authorities.at(-1));
    expect(refused.output).toContain('Grant the right get on them');
  });
});

describe('a CMG that is only observed, and names no certificate and no package', () => {
  it('is judged by the Secret of its credentials alone', async () => {
    const observed = {
      ...withEverySecret(),
      managementPolicy: 'Observe',
      serverCertificate: undefined,
      servicePackage: undefined,
    };
    const refused = await apply('deployer', 'gateways', observed, '--dry-run=server', '--force-conflicts');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('not have the operator use them either: azure.');
    const taken = await apply('admin', 'gateways', observed, '--dry-run=server', '--force-conflicts');
    expect(taken.code, taken.output).toBe(0);
  });
});

describe('a CMG whose deletion is protected', () => {
  const [CMGS, PROTECTED] = ['/apis/configmgr.io/v1alpha1/namespaces', 'granitefalls'];

  async function protectedIn(prefix: string, spec: object = {}): Promise<string> {
    const namespace = await controlPlane.createNamespace(prefix);
    expect((await apply('admin', namespace, { ...minimalSpec(), ...spec })).code).toBe(0);
    return namespace;
  }

  const namesIn = async (namespace: string) => {
    const { items } = (await controlPlane.api.call('GET', `${CMGS}/${namespace}/cmgs`)) as {
      items: readonly { metadata: { name: string } }[];
    };
    return items.map(({ metadata }) => metadata.name);
  };

  it.each([
    ['as it is', {}],
    ['suspended', { suspend: true }],
    ['with deletionPolicy Retain', { deletionPolicy: 'Retain' }],
  ])('is not deleted %s, and the message has the command that allows it', async (_what, spec) => {
    const namespace = await protectedIn('protected', spec);
    const refused = await kubectl('delete', 'cmg', PROTECTED, '--namespace', namespace);
    expect(refused.code).toBe(1);
    const command = `kubectl patch cmg ${PROTECTED} --namespace ${namespace} --type merge -p '{"spec":{"deletionProtection":false}}'`;
    expect(refused.output).toContain(
      `spec.deletionProtection is true, so this gateway is not deleted. To delete it, switch the protection off first: ${command}`,
    );
    expect(await namesIn(namespace)).toEqual([PROTECTED]);
    const { directory, kubectlPath, kubeconfigPath } = controlPlane;
    const shell = { PATH: `${dirname(kubectlPath)}:${process.env.PATH}`, HOME: directory, KUBECONFIG: kubeconfigPath };
    const switched = await runProgram('bash', ['-c', command], shell);
    expect(switched.code, switched.output).toBe(0);
    const deleted = await kubectl('delete', 'cmg', PROTECTED, '--namespace', namespace);
    expect(deleted.code, deleted.output).toBe(0);
    expect(await namesIn(namespace)).toEqual([]);
  });

  it('is deleted when it is only observed, as nothing in Azure goes with it', async () => {
    const namespace = await protectedIn('observed', {
      managementPolicy: 'Observe',
      serverCertificate: undefined,
      servicePackage: undefined,
    });
    const deleted = await kubectl('delete', 'cmg', PROTECTED, '--namespace', namespace);
    expect(deleted.code, deleted.output).toBe(0);
    expect(await namesIn(namespace)).toEqual([]);
  });

  it('is not deleted with all others of its namespace, which are', async () => {
    const namespace = await protectedIn('collection');
    const open = { ...manifest({ ...minimalSpec(), deletionProtection: false }), metadata: { name: 'open' } };
    await controlPlane.api.call('POST', `${CMGS}/${namespace}/cmgs`, open);
    const refused = await controlPlane.api.send('DELETE', `${CMGS}/${namespace}/cmgs`);
    expect(refused.status).toBe(403);
    expect(JSON.stringify(refused.body)).toContain(`kubectl patch cmg ${PROTECTED} --namespace ${namespace}`);
    await expect.poll(() => namesIn(namespace)).toContain(PROTECTED);
    expect((await kubectl('delete', 'cmg', '--all', '--namespace', namespace)).code).toBe(1);
    expect(await namesIn(namespace)).toEqual([PROTECTED]);
  });

  it('goes with its namespace, one by one and as a collection', async () => {
    for (const path of [`cmgs/${PROTECTED}`, 'cmgs']) {
      const namespace = await protectedIn('terminating');
      await controlPlane.api.call('DELETE', `/api/v1/namespaces/${namespace}`);
      const deleted = await waitFor('the API server to see that the namespace goes', async () => {
        const answer = await controlPlane.api.send('DELETE', `${CMGS}/${namespace}/${path}`);
        return answer.status === 403 ? undefined : answer;
      });
      expect(deleted.status, JSON.stringify(deleted.body)).toBe(200);
      expect(await namesIn(namespace)).toEqual([]);
    }
  });

  it('may be deleted again while it is being deleted', async () => {
    const namespace = await protectedIn('again', { deletionProtection: false });
    const path = `${CMGS}/${namespace}/cmgs/${PROTECTED}`;
    await controlPlane.api.call('PATCH', path, { metadata: { finalizers: ['configmgr.io/gateway'] } }, MERGE_PATCH);
    await controlPlane.api.call('DELETE', path);
    await controlPlane.api.call('PATCH', path, { spec: { deletionProtection: true } }, MERGE_PATCH);
    expect((await controlPlane.api.send('DELETE', path)).status).toBe(200);
    await controlPlane.api.call('PATCH', path, { metadata: { finalizers: null } }, MERGE_PATCH);
    expect(await namesIn(namespace)).toEqual([]);
  });
});
