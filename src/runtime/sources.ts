import type { Clock } from './clock.ts';
import type { Source } from './controller.ts';
import type { Predicate } from './predicates.ts';
import { LOW_PRIORITY } from './queue.ts';
import { jitter, type Random } from './random.ts';

/** Period after which controller-runtime's caches show every object to their controllers again. */
export const DEFAULT_RESYNC_MS = 10 * 3_600_000;

/** One change in a cache. */
export interface Change<T> {
  /** `undefined` for an object that is new to the cache. */
  readonly old: T | undefined;
  /** `undefined` for an object that is gone. */
  readonly current: T | undefined;
  /** Whether it only brings the cache up to what was there before this process looked. */
  readonly isInitial: boolean;
}

/** Calls `listener` at each change from now on, until what it returns is called. */
export type Subscribe<T> = (listener: (change: Change<T>) => void) => () => void;

/** Which changes concern a controller, and which keys they concern. */
export interface ChangeSourceOptions<T> {
  readonly subscribe: Subscribe<T>;
  /** Changes that are worth a reconcile; by default all. */
  readonly when?: Predicate<T>;
  /** Keys to reconcile because of an object: its own, or those of the objects that depend on it. */
  readonly keysOf: (object: T) => readonly string[];
}

/**
 * Queues the keys that changes of a cache concern; those of an update for the old state as well as for the new, since it
 * may have moved from one owner to another. What is only listed at the start waits behind what has just changed.
 */
export function changeSource<T>({ subscribe, when = () => true, keysOf }: ChangeSourceOptions<T>): Source {
  return (enqueue) =>
    subscribe(({ old, current, isInitial }) => {
      if (!when(old, current)) return;
      const objects = [old, current].filter((object) => object !== undefined);
      const priority = isInitial ? LOW_PRIORITY : 0;
      for (const key of new Set(objects.flatMap(keysOf))) enqueue(key, { priority });
    });
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
