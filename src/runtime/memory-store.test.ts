import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLogger } from './logger.ts';
import { createMemoryStore, type StorePartition } from './memory-store.ts';
import { type ConfigMap, keyOf, parseKey } from './objects.ts';
import type { StoreEvent } from './store.ts';

function object(key: string, resourceVersion: string, colours: readonly string[] = [], uid = key): ConfigMap {
  const { namespace, name } = parseKey(key);
  const metadata = { namespace, name, uid, resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(colours.map((c) => [c, ''])) };
}

const byColour = ({ data = {} }: ConfigMap) => Object.keys(data);

function storeOf(namespaces: readonly string[]) {
  let syncs = 0;
  const { store, partitions } = createMemoryStore<ConfigMap>({
    namespaces,
    indexes: { colour: byColour },
    logger: silentLogger,
    onSynced: () => {
      syncs++;
    },
  });
  const partition = (namespace: string): StorePartition<ConfigMap> =>
    partitions.get(namespace) ?? expect.fail(`no partition ${namespace}`);
  return { store, partition, syncs: () => syncs };
}

/** What a subscriber that believes each event thinks the store holds. */
function follow(events: readonly StoreEvent<ConfigMap>[]): ReadonlyMap<string, ConfigMap> {
  const known = new Map<string, ConfigMap>();
  for (const event of events) {
    const key = keyOf(event.object);
    if (event.type === 'added') expect(known.has(key)).toBe(false);
    else expect(known.get(key)?.metadata.uid).toBe(event.object.metadata.uid);
    if (event.type === 'updated') expect(event.old).toBe(known.get(key));
    if (event.type === 'deleted') known.delete(key);
    else known.set(key, event.object);
  }
  return known;
}

describe('the store', () => {
  it('is synced when all its partitions are, once', () => {
    const { store, partition, syncs } = storeOf(['a', 'b']);
    partition('a').replace([object('a/1', '1')], '5');
    expect([store.hasSynced, syncs()]).toEqual([false, 0]);
    partition('b').replace([], '6');
    partition('b').replace([], '7');
    expect([store.hasSynced, syncs()]).toEqual([true, 1]);
    expect(['a', 'b', 'c'].map(store.resourceVersionOf)).toEqual(['5', '7', '']);
  });

  it('tells what was there at first from what came later', () => {
    const { store, partition } = storeOf(['']);
    const early: StoreEvent<ConfigMap>[] = [];
    const late: StoreEvent<ConfigMap>[] = [];
    store.subscribe((event) => early.push(event));
    partition('').replace([object('a/1', '1')], '1');
    partition('').replace([object('a/1', '1'), object('a/2', '2')], '2');
    store.subscribe((event) => late.push(event));
    const summary = (events: readonly StoreEvent<ConfigMap>[]) =>
      events.map(({ type, object: { metadata }, initial }) => [type, metadata.name, initial]);
    expect(summary(early)).toEqual([
      ['added', '1', true],
      ['added', '2', false],
    ]);
    expect(summary(late)).toEqual([
      ['added', '1', true],
      ['added', '2', true],
    ]);
  });

  it('shows the whole new list to whoever is told of a part of it', () => {
    const { store, partition } = storeOf(['']);
    const seen: string[][] = [];
    store.subscribe(() => seen.push([...store.list().map(keyOf), store.resourceVersionOf('a')]));
    partition('').replace([object('a/1', '1'), object('a/2', '2')], '2');
    partition('').replace([object('a/2', '2'), object('a/3', '3')], '3');
    expect(seen).toEqual([
      ['a/1', 'a/2', '2'],
      ['a/1', 'a/2', '2'],
      ['a/2', 'a/3', '3'],
      ['a/2', 'a/3', '3'],
    ]);
  });

  it('takes an object of the same name and another uid for another object', () => {
    const { store, partition } = storeOf(['']);
    partition('').replace([object('a/1', '1', [], 'old')], '1');
    const events: StoreEvent<ConfigMap>[] = [];
    store.subscribe((event) => events.push(event));
    partition('').put(object('a/1', '3', [], 'new'));
    expect(events.slice(1)).toMatchObject([
      { type: 'deleted', object: { metadata: { uid: 'old' } }, finalStateUnknown: true },
      { type: 'added', object: { metadata: { uid: 'new' } }, initial: false },
    ]);
  });

  it('lets no subscriber disturb another, and tells one that has left nothing more', () => {
    const { store, partition } = storeOf(['']);
    const seen: string[] = [];
    store.subscribe(() => {
      throw new Error('bad subscriber');
    });
    const leave = store.subscribe(({ object }) => {
      seen.push(keyOf(object));
      leave();
    });
    partition('').replace([object('a/1', '1'), object('a/2', '2')], '2');
    expect(seen).toEqual(['a/1']);
  });

  it('agrees with its indexes, its namespaces and its subscribers whatever happens', () => {
    const key = fc.constantFrom('a/1', 'a/2', 'b/1', 'b/2');
    const colours = fc.uniqueArray(fc.constantFrom('red', 'green', 'blue'));
    const uid = fc.constantFrom('x', 'y');
    const command = fc.oneof(
      fc.record({ type: fc.constant('put' as const), key, colours, uid }),
      fc.record({ type: fc.constant('remove' as const), key }),
      fc.record({
        type: fc.constant('replace' as const),
        namespace: fc.constantFrom('a', 'b'),
        list: fc.array(fc.record({ key, colours, uid })),
      }),
    );
    fc.assert(
      fc.property(fc.array(command), (commands) => {
        const { store, partition } = storeOf(['a', 'b']);
        const events: StoreEvent<ConfigMap>[] = [];
        store.subscribe((event) => events.push(event));
        const expected = new Map<string, ConfigMap>();
        let version = 0;
        for (const each of commands) {
          version++;
          switch (each.type) {
            case 'put': {
              const next = object(each.key, String(version), each.colours, each.uid);
              expected.set(each.key, next);
              partition(parseKey(each.key).namespace).put(next);
              break;
            }
            case 'remove': {
              const last = expected.get(each.key);
              expected.delete(each.key);
              partition(parseKey(each.key).namespace).remove(last ?? object(each.key, String(version)));
              break;
            }
            case 'replace': {
              const listed = each.list.filter((item) => parseKey(item.key).namespace === each.namespace);
              const next = new Map(
                listed.map((item) => [item.key, object(item.key, String(version), item.colours, item.uid)]),
              );
              for (const known of expected.keys()) if (known.startsWith(`${each.namespace}/`)) expected.delete(known);
              for (const [known, value] of next) expected.set(known, value);
              partition(each.namespace).replace(next.values(), String(version));
            }
          }
          const sorted = (objects: Iterable<ConfigMap>) => [...objects].sort((l, r) => (keyOf(l) < keyOf(r) ? -1 : 1));
          expect(sorted(store.list())).toEqual(sorted(expected.values()));
          expect(sorted(follow(events).values())).toEqual(sorted(expected.values()));
          expect(store.size).toBe(expected.size);
          for (const colour of ['red', 'green', 'blue']) {
            const matching = [...expected.values()].filter((value) => byColour(value).includes(colour));
            expect(sorted(store.byIndex('colour', colour))).toEqual(sorted(matching));
          }
        }
      }),
    );
  });

  it('refuses an index that it does not have', () => {
    expect(() => storeOf(['']).store.byIndex('shape', 'round')).toThrow(RangeError);
  });
});
