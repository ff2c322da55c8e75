import { describe, expect, it, onTestFinished } from 'vitest';
import type { KubernetesClient } from '../../../src/runtime/client.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createInformer, type InformerOptions } from '../../../src/runtime/informer.ts';
import { KubeConfig } from '../../../src/runtime/kube-config.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { CONFIG_MAP, type ConfigMap, isAtLeast, keyOf, SECRET, type Secret } from '../../../src/runtime/objects.ts';
import { systemRandom } from '../../../src/runtime/random.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../cluster/control-plane.ts';
import { namespaceForTest } from '../../cluster/shared.ts';
import { clientForTest, LASTING } from './world.ts';

function informerForTest<T extends ConfigMap>(client: KubernetesClient, options: Partial<InformerOptions<T>>) {
  const informer = createInformer<T>({
    client,
    kind: CONFIG_MAP,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    ...options,
  });
  const log: string[] = [];
  informer.store.subscribe((event) => {
    log.push(`${event.type} ${event.object.metadata.name}${event.initial ? ' initially' : ''}`);
  });
  onTestFinished(() => informer.stop());
  return { ...informer, log };
}

function put(client: KubernetesClient, namespace: string, name: string, data: ConfigMap['data'] = {}) {
  const options = { ...LASTING, fieldManager: 'informer-test', force: true };
  return client.apply<ConfigMap>(CONFIG_MAP, { metadata: { namespace, name }, data }, options);
}

async function ownControlPlane(options: ControlPlaneOptions = {}) {
  const controlPlane = await startControlPlane(options);
  onTestFinished(controlPlane.stop);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(controlPlane.kubeconfig);
  return { controlPlane, client: clientForTest(kubeConfig), namespace: await controlPlane.createNamespace('informer') };
}

describe('an informer on a real API server', () => {
  it('shows what is there, then what changes, in frozen objects without managed fields', async () => {
    const client = clientForTest();
    const namespace = await namespaceForTest('informer');
    const first = await put(client, namespace, 'first', { a: '1' });
    const { store, start, waitForSync, log } = informerForTest(client, { namespaces: [namespace] });
    expect(store.hasSynced).toBe(false);
    start();
    await waitForSync(LASTING.signal);
    expect(store.hasSynced).toBe(true);
    const { managedFields: _, ...metadata } = first.metadata;
    expect(store.list()).toEqual([{ ...first, metadata }]);
    expect(Object.isFrozen(store.get(keyOf(first))?.data)).toBe(true);

    await put(client, namespace, 'first', { a: '2' });
    const second = await put(client, namespace, 'second');
    await client.delete(CONFIG_MAP, { namespace, name: 'first' }, LASTING);
    await expect.poll(() => log).toHaveLength(4);
    expect(log).toEqual(['added first initially', 'updated first', 'added second', 'deleted first']);
    expect(store.list().map(keyOf)).toEqual([`${namespace}/second`]);
    expect(isAtLeast(store.resourceVersionOf(namespace), second.metadata.resourceVersion)).toBe(true);
  });

  it('watches several namespaces, and nothing else', async () => {
    const client = clientForTest();
    const namespaces = [await namespaceForTest('one'), await namespaceForTest('two')];
    const elsewhere = await namespaceForTest('three');
    for (const namespace of [...namespaces, elsewhere]) await put(client, namespace, 'object');
    const { store, start, waitForSync } = informerForTest(client, {
      namespaces,
      indexes: { name: ({ metadata }) => [metadata.name] },
    });
    start();
    await waitForSync(LASTING.signal);
    // Each namespace has a watch of its own: which one answers first is chance.
    const found = store.byIndex('name', 'object').map(({ metadata }) => metadata.namespace ?? '');
    expect(found.toSorted()).toEqual(namespaces.toSorted());
    expect(store.size).toBe(2);
    expect(store.resourceVersionOf(elsewhere)).toBe('');
  });

  it('takes an object that no longer fits its selector for gone', async () => {
    const client = clientForTest();
    const namespace = await namespaceForTest('selected');
    const label = (value: string) =>
      client.apply(
        CONFIG_MAP,
        { metadata: { namespace, name: 'object', labels: { colour: value } } },
        { ...LASTING, fieldManager: 'informer-test' },
      );
    await label('red');
    const { store, start, waitForSync, log } = informerForTest(client, { labelSelector: 'colour=red' });
    start();
    await waitForSync(LASTING.signal);
    await label('blue');
    await expect.poll(() => store.size).toBe(0);
    await label('red');
    await expect.poll(() => store.size).toBe(1);
    expect(log).toEqual(['added object initially', 'deleted object', 'added object']);
  });

  it('holds no contents of Secrets when it follows their metadata alone', async () => {
    const client = clientForTest();
    const namespace = await namespaceForTest('secrets');
    await client.create(SECRET, { metadata: { namespace, name: 'old' }, stringData: { a: 'hunter2' } }, LASTING);
    const { store, start, waitForSync } = informerForTest<Secret>(client, {
      kind: SECRET,
      namespaces: [namespace],
      metadataOnly: true,
    });
    start();
    await waitForSync(LASTING.signal);
    await client.create(SECRET, { metadata: { namespace, name: 'new' }, stringData: { a: 'hunter2' } }, LASTING);
    await expect.poll(() => store.size).toBe(2);
    for (const secret of store.list()) {
      expect(secret).toMatchObject({ apiVersion: 'v1', kind: 'Secret' });
      expect(Object.keys(secret).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
    }
  });

  it('leaves no connection behind', async () => {
    const client = clientForTest();
    const namespace = await namespaceForTest('stopped');
    const before = openSockets();
    const { start, waitForSync, stop } = informerForTest(client, { namespaces: [namespace] });
    start();
    await waitForSync(LASTING.signal);
    expect(openSockets()).toBeGreaterThan(before);
    await stop();
    await expect.poll(openSockets).toBe(before);
  });
});

describe('an informer whose API server has trouble', () => {
  it('goes on after the server was killed and lost its history, and misses no deletion', async () => {
    const { controlPlane, client, namespace } = await ownControlPlane();
    for (const name of ['stays', 'goes', 'changes']) await put(client, namespace, name);
    const { store, start, waitForSync, log } = informerForTest(client, { namespaces: [namespace] });
    start();
    await waitForSync(LASTING.signal);
    await whileAway(controlPlane, async (other) => {
      await put(other, namespace, 'changes', { a: '1' });
      await put(other, namespace, 'comes');
      await other.delete(CONFIG_MAP, { namespace, name: 'goes' }, LASTING);
    });
    await expect
      .poll(
        () =>
          store
            .list()
            .map(({ metadata }) => metadata.name)
            .sort(),
        { timeout: 40_000 },
      )
      .toEqual(['changes', 'comes', 'stays']);
    expect(store.get(`${namespace}/changes`)?.data).toEqual({ a: '1' });
    expect(log.slice(3).sort()).toEqual(['added comes', 'deleted goes', 'updated changes']);
  });

  it('lists page by page where lists are not streamed', async () => {
    const { client, namespace } = await ownControlPlane({ apiServerFlags: ['--feature-gates=WatchList=false'] });
    await put(client, namespace, 'first');
    const messages: string[] = [];
    const logger = {
      ...silentLogger,
      info: (_: object, message: string) => messages.push(message),
      child: () => logger,
    };
    const { store, start, waitForSync } = informerForTest(client, { namespaces: [namespace], logger });
    start();
    await waitForSync(LASTING.signal);
    expect(messages).toEqual(['The API server does not stream lists; listing page by page.']);
    await put(client, namespace, 'second');
    await expect.poll(() => store.list().map(({ metadata }) => metadata.name)).toEqual(['first', 'second']);
  });

  it('is told of a quiet time by bookmarks', async () => {
    const { client, namespace } = await ownControlPlane();
    const { store, start, waitForSync } = informerForTest(client, { namespaces: [namespace] });
    start();
    await waitForSync(LASTING.signal);
    const elsewhere = await put(client, 'default', 'elsewhere');
    await expect
      .poll(() => isAtLeast(store.resourceVersionOf(namespace), elsewhere.metadata.resourceVersion), {
        timeout: 90_000,
      })
      .toBe(true);
  });
});

/** Does something to the API server that whoever watched it before cannot see: its memory of changes is lost after. */
async function whileAway(controlPlane: ControlPlane, change: (client: KubernetesClient) => Promise<void>) {
  await controlPlane.apiServer.kill();
  await controlPlane.apiServer.start();
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(controlPlane.kubeconfig);
  await change(clientForTest(kubeConfig));
  await controlPlane.apiServer.restart();
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'TLSWrap').length;
}
