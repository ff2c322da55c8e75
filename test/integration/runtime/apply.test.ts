import { describe, expect, it, onTestFinished } from 'vitest';
import { isConflict, isInvalid } from '../../../src/runtime/api-error.ts';
import { applyIfChanged, applyStatusIfChanged } from '../../../src/runtime/apply.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createEventRecorder } from '../../../src/runtime/events.ts';
import { createInformer } from '../../../src/runtime/informer.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import {
  CONFIG_MAP,
  type ConfigMap,
  controllerReference,
  keyOf,
  type ObjectIntent,
  type ResourceKind,
} from '../../../src/runtime/objects.ts';
import { systemRandom } from '../../../src/runtime/random.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';
import { clientForTest, LASTING } from './world.ts';

const MANAGER = 'apply-test';
const OPTIONS = { ...LASTING, fieldManager: MANAGER, force: true };
const SERVICE: ResourceKind = { ...CONFIG_MAP, kind: 'Service', plural: 'services' };
const NAMESPACE: ResourceKind = { ...CONFIG_MAP, kind: 'Namespace', plural: 'namespaces', namespaced: false };

async function setUp() {
  const namespace = await namespaceForTest('apply');
  const client = clientForTest();
  /** Applies `intent` to what is stored, and tells whether a request was made and whether it changed anything. */
  const apply = async (kind: ResourceKind, intent: ObjectIntent) => {
    const key = { namespace, name: intent.metadata.name };
    const live = await client.get<ConfigMap>(kind, key, LASTING).catch(() => undefined);
    let requests = 0;
    const counting: Pick<typeof client, 'apply'> = {
      apply: (...call) => {
        requests++;
        return client.apply(...call);
      },
    };
    const { written, object } = await applyIfChanged(counting, kind, live, intent, OPTIONS);
    return { requested: requests > 0, written, object };
  };
  return { namespace, client, apply };
}

describe('applyIfChanged on a real API server', () => {
  it('asks for nothing when the object is as intended, and otherwise for the change', async () => {
    const { namespace, client, apply } = await setUp();
    const owner = await client.create(CONFIG_MAP, { metadata: { namespace, name: 'owner' } }, LASTING);
    const metadata = { namespace, name: 'one' };
    const full = {
      ...metadata,
      labels: { colour: 'red' },
      annotations: { 'example.com/note': 'x' },
      finalizers: ['example.com/hold', 'example.com/keep'],
      ownerReferences: [controllerReference(owner)],
    };
    const states: readonly ObjectIntent[] = [
      { metadata, data: { a: '1' } },
      { metadata, data: { a: '2' } },
      { metadata, data: { a: '2', b: '3' } },
      { metadata, data: { b: '3' } },
      { metadata: full, data: { b: '3' } },
      { metadata: { ...full, finalizers: ['example.com/keep'] }, data: { b: '3' } },
      { metadata: { ...full, labels: {}, finalizers: [] }, data: { b: '3' } },
      { metadata, immutable: false },
      { metadata },
    ];
    for (const intent of states) {
      expect(await apply(CONFIG_MAP, intent)).toMatchObject({ requested: true, written: true });
      expect(await apply(CONFIG_MAP, { ...intent })).toMatchObject({ written: false });
    }
    // Of these the API server notes no owner, so that there is nothing to go by.
    const hasOwnFields = ({ metadata: { labels }, ...rest }: ObjectIntent) =>
      Object.keys(rest).length > 0 && (labels === undefined || Object.keys(labels).length > 0);
    for (const intent of states.filter(hasOwnFields)) {
      await apply(CONFIG_MAP, intent);
      expect(await apply(CONFIG_MAP, structuredClone(intent))).toMatchObject({ requested: false });
    }
  });

  it('leaves what others own alone, and takes back what others changed', async () => {
    const { namespace, client, apply } = await setUp();
    const metadata = { namespace, name: 'one' };
    const intent = { metadata, data: { ours: '1' } };
    await apply(CONFIG_MAP, intent);
    const patch = (data: object) =>
      client.patch(CONFIG_MAP, metadata, { type: 'merge', body: { data } }, { ...LASTING, fieldManager: 'person' });
    await patch({ theirs: '2' });
    expect(await apply(CONFIG_MAP, intent)).toMatchObject({ requested: false });
    await patch({ ours: 'broken' });
    expect(await apply(CONFIG_MAP, intent)).toMatchObject({
      written: true,
      object: { data: { ours: '1', theirs: '2' } },
    });
    await patch({ ours: null });
    expect(await apply(CONFIG_MAP, intent)).toMatchObject({ written: true, object: { data: { ours: '1' } } });
  });

  it('knows the items of lists by their keys', async () => {
    const { namespace, apply } = await setUp();
    const port = (name: string, number: number) => ({ name, port: number, protocol: 'TCP' });
    const intent = (...ports: readonly object[]) => ({
      metadata: { namespace, name: 'one' },
      spec: { selector: { app: 'x' }, ports },
    });
    const both = intent(port('a', 443), port('b', 444));
    expect(await apply(SERVICE, both)).toMatchObject({ written: true });
    expect(await apply(SERVICE, both)).toMatchObject({ requested: false });
    expect(await apply(SERVICE, intent(port('a', 443), port('c', 444)))).toMatchObject({ written: true });
    expect(await apply(SERVICE, intent(port('a', 443)))).toMatchObject({ written: true });
    expect(await apply(SERVICE, intent(port('a', 443)))).toMatchObject({ requested: false });
  });

  it('sees what it owns in the store of an informer that keeps it', async () => {
    const { namespace, client } = await setUp();
    const informer = createInformer<ConfigMap>({
      client,
      kind: CONFIG_MAP,
      namespaces: [namespace],
      keepManagedFieldsOf: MANAGER,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    onTestFinished(() => informer.stop());
    informer.start();
    await informer.waitForSync(LASTING.signal);
    const intent = { metadata: { namespace, name: 'one' }, data: { a: '1' } };
    const { object } = await applyIfChanged<ConfigMap>(client, CONFIG_MAP, undefined, intent, OPTIONS);
    await expect.poll(() => informer.store.get(keyOf(object))).toBeDefined();
    const none = {
      apply: () => expect.fail('There was nothing to apply.'),
    };
    const cached = informer.store.get(keyOf(object));
    expect(await applyIfChanged(none, CONFIG_MAP, cached, intent, OPTIONS)).toEqual({ written: false, object: cached });
  });

  it('does not touch an object that took the name of the one that is meant', async () => {
    const { namespace, client } = await setUp();
    const metadata = { namespace, name: 'one' };
    const first = await client.create<ConfigMap>(CONFIG_MAP, { metadata }, LASTING);
    await client.delete(CONFIG_MAP, metadata, LASTING);
    const second = await client.create<ConfigMap>(CONFIG_MAP, { metadata }, LASTING);
    const intent = { metadata: { ...metadata, uid: first.metadata.uid }, data: { a: '1' } };
    const error = await applyIfChanged(client, CONFIG_MAP, second, intent, OPTIONS).catch((thrown: unknown) => thrown);
    expect(isInvalid(error)).toBe(true);
    expect(await client.get(CONFIG_MAP, metadata, LASTING)).toEqual(second);
  });
});

describe('applyStatusIfChanged on a real API server', () => {
  it('writes the status and nothing else, once, and only over the version that it was computed from', async () => {
    const { namespace, client } = await setUp();
    const live = await client.get(NAMESPACE, { name: namespace }, LASTING);
    const condition = {
      type: 'Tested',
      status: 'True',
      reason: 'Test',
      message: 'It was.',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const status = { phase: 'Active', conditions: [condition] };
    const first = await applyStatusIfChanged(client, NAMESPACE, live, status, OPTIONS);
    expect(first).toMatchObject({ written: true, object: { status } });
    const reordered = { conditions: [condition], phase: 'Active' };
    expect(await applyStatusIfChanged(client, NAMESPACE, first.object, reordered, OPTIONS)).toEqual({
      written: false,
      object: first.object,
    });
    const changed = { phase: 'Active', conditions: [{ ...condition, status: 'False' }] };
    const stale = applyStatusIfChanged(client, NAMESPACE, live, changed, OPTIONS);
    expect(isConflict(await stale.catch((error: unknown) => error))).toBe(true);
    const next = await applyStatusIfChanged(client, NAMESPACE, first.object, changed, OPTIONS);
    expect(next).toMatchObject({ written: true, object: { status: changed } });
  });
});

describe('events on a real API server', () => {
  it('are taken, and count', async () => {
    const { namespace, client } = await setUp();
    const regarding = await client.create(CONFIG_MAP, { metadata: { namespace, name: 'x'.repeat(253) } }, LASTING);
    const recorder = createEventRecorder({
      client,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      reportingController: 'configmgr.io/cmg-operator',
      reportingInstance: 'cmg-operator-0',
    });
    const event = { type: 'Warning', reason: 'Tested', action: 'Test', note: '☃'.repeat(1_000) } as const;
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    recorder.record(regarding, event);
    await expect.poll(() => sharedApi().call('GET', path)).toMatchObject({ items: [{ reason: 'Tested' }] });
    recorder.record(regarding, event);
    await recorder.stop();
    expect(await sharedApi().call('GET', path)).toMatchObject({
      items: [
        {
          reportingController: 'configmgr.io/cmg-operator',
          type: 'Warning',
          action: 'Test',
          regarding: { kind: 'ConfigMap', namespace, uid: regarding.metadata.uid },
          series: { count: 2 },
        },
      ],
    });
  });
});
