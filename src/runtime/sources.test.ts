import { describe, expect, it } from 'vitest';
import { createManualClock } from './manual-clock.ts';
import type { KubernetesObject } from './objects.ts';
import { generationChanged } from './predicates.ts';
import { LOW_PRIORITY } from './queue.ts';
import { seededRandom } from './random.ts';
import { resyncSource, type StoreSourceOptions, storeSource } from './sources.ts';
import type { StoreEvent } from './store.ts';

function object(name: string, owner: string, generation: number): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'ns',
      uid: name,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation,
      labels: { owner },
    },
  };
}

describe('storeSource', () => {
  function setUp(options: Partial<StoreSourceOptions<KubernetesObject>> = {}) {
    let publish: (event: StoreEvent<KubernetesObject>) => void = () => {};
    let isOpen = true;
    const queued: [string, number | undefined][] = [];
    const source = storeSource<KubernetesObject>({
      store: {
        subscribe: (onEvent) => {
          publish = onEvent;
          return () => {
            isOpen = false;
          };
        },
      },
      ...options,
    });
    const close = source((key, { priority } = {}) => queued.push([key, priority]));
    return { publish: (event: StoreEvent<KubernetesObject>) => publish(event), queued, close, isOpen: () => isOpen };
  }

  const ownerOf = ({ metadata }: KubernetesObject) => [metadata.labels?.owner ?? ''];

  it('queues both owners of an object that moved, and one owner once', () => {
    const { publish, queued } = setUp({ keysOf: ownerOf });
    publish({ type: 'updated', old: object('x', 'a', 1), object: object('x', 'b', 2), initial: false });
    publish({ type: 'updated', old: object('y', 'c', 1), object: object('y', 'c', 2), initial: false });
    expect(queued).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 0],
    ]);
  });

  it('puts what was there before behind what changes, and leaves out what does not matter', () => {
    const { publish, queued } = setUp({ when: generationChanged });
    publish({ type: 'added', object: object('listed', '', 1), initial: true });
    publish({ type: 'added', object: object('new', '', 1), initial: false });
    publish({ type: 'updated', old: object('touched', '', 1), object: object('touched', '', 1), initial: false });
    publish({ type: 'deleted', object: object('gone', '', 1), initial: false, finalStateUnknown: true });
    expect(queued).toEqual([
      ['ns/listed', LOW_PRIORITY],
      ['ns/new', 0],
      ['ns/gone', 0],
    ]);
  });

  it('ends with its subscription', () => {
    const { close, isOpen } = setUp();
    close();
    expect(isOpen()).toBe(false);
  });
});

describe('resyncSource', () => {
  it('queues the keys of the moment about once a period, with low priority', async () => {
    const clock = createManualClock();
    const keys = ['a', 'b'];
    const rounds: [string, number | undefined, number][] = [];
    const close = resyncSource({ clock, random: seededRandom(2), keys: () => keys, periodMs: 1_000 })((key, options) =>
      rounds.push([key, options?.priority, clock.monotonic()]),
    );
    await clock.advance(899);
    expect(rounds).toEqual([]);
    await clock.advance(100_000);
    const times = rounds.filter(([key]) => key === 'a').map(([, , at]) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(900);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1_100);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(100);
    expect(rounds.every(([, priority]) => priority === LOW_PRIORITY)).toBe(true);
    close();
    expect(clock.pendingTimers).toBe(0);
  });
});
