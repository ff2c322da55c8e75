import type { Clock } from './clock.ts';
import type { Source } from './controller.ts';
import { type KubernetesObject, keyOf } from './objects.ts';
import type { Predicate } from './predicates.ts';
import { LOW_PRIORITY } from './queue.ts';
import { jitter, type Random } from './random.ts';
import type { ObjectStore, StoreEvent } from './store.ts';

/** Period after which controller-runtime's caches show every object to their controllers again. */
export const DEFAULT_RESYNC_MS = 10 * 3_600_000;

/** Which changes concern a controller, and which keys they concern. */
export interface StoreSourceOptions<T extends KubernetesObject> {
  readonly store: Pick<ObjectStore<T>, 'subscribe'>;
  /** Changes that are worth a reconcile; by default all. */
  readonly when?: Predicate<T>;
  /** Keys to reconcile because of an object; by default its own. */
  readonly keysOf?: (object: T) => readonly string[];
}

/**
 * Queues the keys that changes of a store concern; those of an update for the old state as well as for the new, since
 * the object may have moved from one owner to another. What was there at the start waits behind what has just changed.
 */
export function storeSource<T extends KubernetesObject>(options: StoreSourceOptions<T>): Source {
  const { store, when = () => true, keysOf = (object) => [keyOf(object)] } = options;
  return (enqueue) =>
    store.subscribe((event) => {
      const { old, current } = states(event);
      if (!when(old, current)) return;
      const objects = [old, current].filter((object) => object !== undefined);
      const priority = event.initial ? LOW_PRIORITY : 0;
      for (const key of new Set(objects.flatMap(keysOf))) enqueue(key, { priority });
    });
}

function states<T>(event: StoreEvent<T>): { readonly old: T | undefined; readonly current: T | undefined } {
  switch (event.type) {
    case 'added':
      return { old: undefined, current: event.object };
    case 'updated':
      return { old: event.old, current: event.object };
    case 'deleted':
      return { old: event.object, current: undefined };
  }
}

/** When to look at everything again, though nothing has changed. */
export interface ResyncOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The keys of all objects. */
  readonly keys: () => Iterable<string>;
  /** Milliseconds between two rounds, give or take a tenth. {@link DEFAULT_RESYNC_MS} by default. */
  readonly periodMs?: number;
}

/** Queues every key from time to time, behind everything else, so that no missed change is missed for ever. */
export function resyncSource({ clock, random, keys, periodMs = DEFAULT_RESYNC_MS }: ResyncOptions): Source {
  return (enqueue) => {
    let cancel = () => {};
    const scheduleNext = () => {
      cancel = clock.schedule(jitter(periodMs, 0.1, random), () => {
        for (const key of keys()) enqueue(key, { priority: LOW_PRIORITY });
        scheduleNext();
      });
    };
    scheduleNext();
    return () => cancel();
  };
}
