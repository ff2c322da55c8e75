import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ApiError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
} from '../../../src/runtime/api-error.ts';
import { createKubernetesClient } from '../../../src/runtime/client.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { KubeConfig } from '../../../src/runtime/kube-config.ts';
import { NotLeaderError } from '../../../src/runtime/leader-election.ts';
import { CONFIG_MAP, type ConfigMap, type ResourceKind, SECRET, type Secret } from '../../../src/runtime/objects.ts';
import type { WatchEvent } from '../../../src/runtime/watch-stream.ts';
import { startControlPlane } from '../../cluster/control-plane.ts';
import { namespaceForTest } from '../../cluster/shared.ts';
import { clientForTest, LASTING } from './world.ts';

const FIELD_MANAGER = 'client-test';
const INITIAL_EVENTS_END = {
  type: 'BOOKMARK',
  object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
};

async function setUp() {
  const client = clientForTest();
  const namespace = await namespaceForTest('client');
  return { client, namespace, key: { namespace, name: 'one' } };
}

function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('It did not reject.'),
    (error: unknown) => error,
  );
}

describe('the client on a real API server', () => {
  it('creates, reads, replaces, patches and deletes', async () => {
    const { client, key } = await setUp();
    const created = await client.create<ConfigMap>(CONFIG_MAP, { metadata: key, data: { a: '1' } }, LASTING);
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { a: '1' } });
    expect(await client.get(CONFIG_MAP, key, LASTING)).toEqual(created);

    const { resourceVersion } = created.metadata;
    await client.replace(CONFIG_MAP, { metadata: { ...key, resourceVersion }, data: { a: '2' } }, LASTING);
    const stale = client.replace(CONFIG_MAP, { metadata: { ...key, resourceVersion }, data: {} }, LASTING);
    expect(isConflict(await rejectionOf(stale))).toBe(true);

    const merged = await client.patch(CONFIG_MAP, key, { type: 'merge', body: { data: { b: '3' } } }, LASTING);
    expect(merged).toMatchObject({ data: { a: '2', b: '3' } });
    const operations = [{ op: 'remove', path: '/data/a' }];
    const patched = await client.patch<ConfigMap>(CONFIG_MAP, key, { type: 'json', body: operations }, LASTING);
    expect(patched.data).toEqual({ b: '3' });

    const preconditions = { uid: 'another' };
    expect(isConflict(await rejectionOf(client.delete(CONFIG_MAP, key, { ...LASTING, preconditions })))).toBe(true);
    await client.delete(CONFIG_MAP, key, { ...LASTING, preconditions: { uid: created.metadata.uid } });
    expect(isNotFound(await rejectionOf(client.get(CONFIG_MAP, key, LASTING)))).toBe(true);
  });

  it('lists in pages of one version', async () => {
    const { client, namespace } = await setUp();
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await client.create(CONFIG_MAP, { metadata: { namespace, name } }, LASTING);
    const first = await client.list<ConfigMap>(CONFIG_MAP, { ...LASTING, namespace, limit: 3 });
    await client.delete(CONFIG_MAP, { namespace, name: 'e' }, LASTING);
    const { continueToken = '' } = first;
    const second = await client.list<ConfigMap>(CONFIG_MAP, { ...LASTING, namespace, limit: 3, continueToken });
    expect([...first.items, ...second.items].map(({ metadata }) => metadata.name)).toEqual(names);
    expect(second).toMatchObject({ resourceVersion: first.resourceVersion });
    expect(second.continueToken).toBeUndefined();
  });

  it('leaves the contents out where only metadata is asked for', async () => {
    const { client, namespace, key } = await setUp();
    await client.create(SECRET, { metadata: key, stringData: { password: 'hunter2' } }, LASTING);
    const options = { ...LASTING, namespace, metadataOnly: true };
    const { items } = await client.list<Secret>(SECRET, options);
    expect(items).toMatchObject([{ metadata: key }]);
    const watch = await client.watch<Secret>(SECRET, { ...options, sendInitialEvents: true });
    const events: WatchEvent<Secret>[] = [];
    for await (const batch of watch) {
      events.push(...batch);
      if (events.some(({ type }) => type === 'BOOKMARK')) break;
    }
    expect(events).toMatchObject([{ type: 'ADDED', object: { metadata: key } }, INITIAL_EVENTS_END]);
    for (const object of [...items, ...events.map((event) => event.object)]) expect(object.data).toBeUndefined();
  });

  it('applies what one manager wants, and refuses what another owns unless forced', async () => {
    const { client, key } = await setUp();
    const options = { ...LASTING, fieldManager: FIELD_MANAGER };
    await client.apply(CONFIG_MAP, { metadata: key, data: { a: '1', b: '2' } }, options);
    const applied = await client.apply<ConfigMap>(CONFIG_MAP, { metadata: key, data: { a: '1' } }, options);
    expect(applied.data).toEqual({ a: '1' });
    const other = { ...LASTING, fieldManager: 'other' };
    const intent = { metadata: key, data: { a: '9' } };
    const conflict = await rejectionOf(client.apply(CONFIG_MAP, intent, other));
    expect(isConflict(conflict)).toBe(true);
    expect((conflict as ApiError).details?.causes).toMatchObject([{ field: '.data.a' }]);
    expect(await client.apply(CONFIG_MAP, intent, { ...other, force: true })).toMatchObject({ data: { a: '9' } });
  });

  it('says in its errors what was asked and what the server answered', async () => {
    const { client, namespace, key } = await setUp();
    await client.create(CONFIG_MAP, { metadata: key }, LASTING);
    const again = await rejectionOf(client.create(CONFIG_MAP, { metadata: key }, LASTING));
    expect(isAlreadyExists(again)).toBe(true);
    expect(isConflict(again)).toBe(false);
    expect((again as Error).message).toBe(
      `POST configmaps "${namespace}/one": 409 AlreadyExists: configmaps "one" already exists`,
    );
    const invalid = client.create(CONFIG_MAP, { metadata: { namespace, name: 'Not A Name' } }, LASTING);
    expect(isInvalid(await rejectionOf(invalid))).toBe(true);
    const unknownKind: ResourceKind = { ...CONFIG_MAP, group: 'example.com', plural: 'nothings' };
    expect(isNotFound(await rejectionOf(client.list(unknownKind, LASTING)))).toBe(true);
  });

  it('lets no change out past the fence, and every read', async () => {
    const { client, key } = await setUp();
    const fenced = client.fencedBy(() => {
      throw new NotLeaderError('no');
    });
    await client.create(CONFIG_MAP, { metadata: key, data: { a: '1' } }, LASTING);
    const options = { ...LASTING, fieldManager: FIELD_MANAGER };
    const changes = [
      fenced.create(CONFIG_MAP, { metadata: { ...key, name: 'two' } }, LASTING),
      fenced.replace(CONFIG_MAP, { metadata: key }, LASTING),
      fenced.patch(CONFIG_MAP, key, { type: 'merge', body: { data: { b: '2' } } }, LASTING),
      fenced.apply(CONFIG_MAP, { metadata: key, data: { b: '2' } }, options),
      fenced.applyStatus(CONFIG_MAP, { metadata: key, status: {} }, options),
      fenced.delete(CONFIG_MAP, key, LASTING),
    ];
    for (const change of changes) expect(await rejectionOf(change)).toBeInstanceOf(NotLeaderError);
    expect(await fenced.list(CONFIG_MAP, { ...LASTING, namespace: key.namespace })).toMatchObject({
      items: [{ metadata: key, data: { a: '1' } }],
    });
  });

  it('breaks off with the reason of the signal', async () => {
    const { client, key } = await setUp();
    const leaving = new AbortController();
    const pending = rejectionOf(client.get(CONFIG_MAP, key, { signal: leaving.signal }));
    const reason = new Error('enough');
    leaving.abort(reason);
    expect(await pending).toBe(reason);
    expect(await rejectionOf(client.create(CONFIG_MAP, { metadata: key }, { signal: leaving.signal }))).toBe(reason);
  });

  it('keeps few connections, and none when closed', async () => {
    const { client, key } = await setUp();
    await client.create(CONFIG_MAP, { metadata: key }, LASTING);
    const before = openSockets();
    await Promise.all(Array.from({ length: 200 }, () => client.get(CONFIG_MAP, key, LASTING)));
    expect(openSockets() - before).toBeLessThanOrEqual(25);
    await client.close();
    expect(openSockets()).toBeLessThan(before);
  });
});

describe('rights', () => {
  it('are refused with 403, and used as soon as they are there', async () => {
    const controlPlane = await startControlPlane();
    onTestFinished(controlPlane.stop);
    const namespace = await controlPlane.createNamespace('rights');
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromString(await controlPlane.clientKubeconfig({ user: 'eve' }));
    const client = createKubernetesClient({ kubeConfig, clock: systemClock, userAgent: 'test' });
    onTestFinished(() => client.close());
    expect(isForbidden(await rejectionOf(client.list(SECRET, { ...LASTING, namespace })))).toBe(true);

    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
    await controlPlane.api.call('POST', `${rbac}/roles`, {
      metadata: { name: 'reader' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }],
    });
    await controlPlane.api.call('POST', `${rbac}/rolebindings`, {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'User', name: 'eve' }],
    });
    await expect
      .poll(() => client.list(SECRET, { ...LASTING, namespace }).catch(() => undefined))
      .toMatchObject({ items: [] });
  });
});

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'TLSWrap').length;
}
