import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, inject, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { createLogger } from '../../../src/observability/logging.ts';
import { APPLY_PATCH, waitFor } from '../../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { pathOf } from '../../world/gateway-manifests.ts';
import { startOperatorUnderTest } from '../../world/operator-under-test.ts';
import type { RenderedObject } from '../chart/helm.ts';
import { operatorSuite } from '../operator/suite.ts';
import { kustomize } from './kustomize.ts';

const suite = operatorSuite();
/** The suite has a service account cmg-operator with rights of its own in each gateway's namespace. */
const ACCOUNT = 'kustomized';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/**
 * Applies the service account and the roles of an overlay in namespaces of the test. The account, and what belongs to no
 * namespace, get names of their own.
 */
async function applyRights(overlay: string, namespaces: Readonly<Record<string, string>>): Promise<void> {
  const suffix = randomBytes(4).toString('hex');
  const place = (namespace: unknown) => namespaces[String(namespace)] ?? namespace;
  for (const { kind, metadata, roleRef, subjects, ...rest } of await kustomize(overlay)) {
    if (kind !== 'ServiceAccount' && !/Role(Binding)?$/.test(kind)) continue;
    const named = (name: string, ofKind: string) =>
      ofKind === 'ServiceAccount' ? ACCOUNT : ofKind.startsWith('Cluster') ? `${name}-${suffix}` : name;
    const namespace = metadata.namespace === undefined ? undefined : String(place(metadata.namespace));
    const object = {
      ...rest,
      kind,
      metadata: { ...metadata, name: named(metadata.name, kind), ...(namespace === undefined ? {} : { namespace }) },
      ...(isReference(roleRef) ? { roleRef: { ...roleRef, name: named(roleRef.name, roleRef.kind) } } : {}),
      ...(Array.isArray(subjects)
        ? { subjects: subjects.map((subject) => ({ ...subject, name: ACCOUNT, namespace: place(subject.namespace) })) }
        : {}),
    };
    const path = `${collectionOf(object, namespace)}/${object.metadata.name}`;
    await sharedApi().call('PATCH', `${path}?fieldManager=test&force=true`, object, APPLY_PATCH);
    onTestFinished(async () => {
      await sharedApi().send('DELETE', path);
    });
  }
}

function isReference(value: unknown): value is { readonly kind: string; readonly name: string } {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function collectionOf({ kind }: Pick<RenderedObject, 'kind'>, namespace: string | undefined): string {
  const group = kind === 'ServiceAccount' ? '/api/v1' : RBAC;
  return `${group}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kind.toLowerCase()}s`;
}

/** A kubeconfig for the operator's service account, as its pod would have it. */
async function kubeconfigOf(namespace: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${ACCOUNT}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const { status } = (await sharedApi().call('POST', path, request)) as { readonly status: { readonly token: string } };
  const kubeconfig = parse(inject('kubeconfig'));
  kubeconfig.users[0].user = { token: status.token };
  kubeconfig.contexts[0].context.namespace = namespace;
  const folder = makeTemporaryDirectory();
  onTestFinished(() => removeTemporaryDirectory(folder));
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, stringify(kubeconfig));
  return file;
}

/** Whether the service account may list what the operator watches in a namespace, or, without one, in all. */
async function mayWatch(account: string, resource: object, namespace?: string): Promise<boolean> {
  const { status } = (await sharedApi().call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${account}:${ACCOUNT}`,
      resourceAttributes: { verb: 'watch', ...resource, ...(namespace === undefined ? {} : { namespace }) },
    },
  })) as { readonly status: { readonly allowed: boolean } };
  return status.allowed;
}

test.each([
  { overlay: 'base', home: 'the same namespace' },
  { overlay: 'overlays/namespaced', home: 'another namespace' },
  { overlay: 'overlays/cluster-wide', home: 'another namespace' },
])('the rights of deploy/$overlay are enough for a gateway in $home, and no more', async ({ overlay }) => {
  const gateway = await suite.begin({ withoutOperator: true });
  const [operator, pilot] = [await namespaceForTest('operator'), await namespaceForTest('pilot')];
  const own = overlay === 'base' ? gateway.namespace : operator;
  await applyRights(overlay, { 'cmg-operator': own, gateways: gateway.namespace, 'gateways-pilot': pilot });

  let log = '';
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      log += String(chunk);
      done();
    },
  });
  const running = await startOperatorUnderTest({
    kubeconfigPath: await kubeconfigOf(own),
    world: suite.world(),
    logger: createLogger({ level: 'debug', format: 'json', destination }),
    // One namespace in any case: in the others of this cluster are the gateways of other tests.
    flags: ['--namespaces', gateway.namespace, '--leader-elect', 'true'],
  });
  onTestFinished(async () => {
    await running.stop();
  });
  const { certificate, credentials, cmg } = await gateway.manifests();
  await gateway.apply(certificate, credentials, cmg);
  await gateway.untilReady();
  await waitFor('an event', async () => ((await gateway.events()).length > 0 ? true : undefined));
  await gateway.deleteCmg();
  expect((await sharedApi().send('GET', pathOf(cmg))).status).toBe(404);
  expect(log).not.toMatch(/forbidden/i);
  expect(log).toMatch(/leader/i);

  const everywhere = overlay === 'overlays/cluster-wide';
  for (const resource of [{ resource: 'secrets' }, { group: 'configmgr.io', resource: 'cmgs' }]) {
    expect(await mayWatch(own, resource, gateway.namespace)).toBe(true);
    expect(await mayWatch(own, resource, pilot)).toBe(overlay !== 'base');
    expect(await mayWatch(own, resource, 'kube-system')).toBe(everywhere);
    expect(await mayWatch(own, resource)).toBe(everywhere);
  }
});
