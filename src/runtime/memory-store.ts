import type { Logger } from './logger.ts';
import { type KubernetesObject, keyOf, parseKey } from './objects.ts';
import type { Index, ObjectStore, StoreEvent } from './store.ts';

/** The part of a store that one reflector fills: a namespace, or, for a cluster-wide one, everything. */
export interface StorePartition<T> {
  /** Up to which version this part is complete; empty before the first {@link replace}. */
  readonly resourceVersion: string;
  /** Makes `objects`, a complete list at `resourceVersion`, the contents; the subscribers learn what differs. */
  replace(objects: Iterable<T>, resourceVersion: string): void;
  /** Puts in `object`, which must be frozen, in place of what has its key. */
  put(object: T): void;
  /** Takes out what has the key of `object`, the last state that is known. */
  remove(object: T): void;
  /** Nothing else has happened up to `resourceVersion`. */
  advance(resourceVersion: string): void;
}

/** What a store is made of. */
export interface MemoryStoreOptions<T> {
  /** One partition each; `['']` is one for everything. */
  readonly namespaces: readonly string[];
  readonly indexes?: Readonly<Record<string, Index<T>>>;
  readonly logger: Logger;
  /** Called once, when all partitions are complete and the subscribers have heard of it. */
  readonly onSynced: () => void;
}

/** A store and its way in, by namespace. */
export interface MemoryStore<T extends KubernetesObject> {
  readonly store: ObjectStore<T>;
  readonly partitions: ReadonlyMap<string, StorePartition<T>>;
}

interface Contents<T> {
  readonly objects: Map<string, T>;
  resourceVersion: string;
}

/** Creates an empty store. */
export function createMemoryStore<T extends KubernetesObject>(options: MemoryStoreOptions<T>): MemoryStore<T> {
  const contents = new Map(options.namespaces.map((namespace) => [namespace, emptyContents<T>()]));
  const indexes = createIndexes(options.indexes ?? {}, options.logger);
  const subscribers = new Set<(event: StoreEvent<T>) => void>();
  const contentsOf = (namespace: string) => contents.get(namespace) ?? contents.get('');
  let hasSynced = false;

  function tell(subscriber: (event: StoreEvent<T>) => void, event: StoreEvent<T>): void {
    try {
      subscriber(event);
    } catch (error) {
      options.logger.error({ err: error, key: keyOf(event.object) }, 'A subscriber failed to handle a change.');
    }
  }

  /** Whoever subscribes meanwhile has been told the result already. */
  function publish(events: readonly StoreEvent<T>[]): void {
    const audience = [...subscribers];
    for (const event of events) {
      for (const subscriber of audience) if (subscribers.has(subscriber)) tell(subscriber, event);
    }
  }

  function partitionOver(own: Contents<T>): StorePartition<T> {
    const set = (key: string, object: T): readonly StoreEvent<T>[] => {
      const old = own.objects.get(key);
      own.objects.set(key, object);
      indexes.update(key, old, object);
      return changes(old, object);
    };
    const unset = (key: string, last: T, finalStateUnknown: boolean): StoreEvent<T> => {
      indexes.update(key, own.objects.get(key), undefined);
      own.objects.delete(key);
      return { type: 'deleted', object: last, initial: false, finalStateUnknown };
    };
    return {
      get resourceVersion() {
        return own.resourceVersion;
      },
      replace: (objects, resourceVersion) => {
        const initial = own.resourceVersion === '';
        const next = new Map(Array.from(objects, (object) => [keyOf(object), object]));
        const gone = [...own.objects].filter(([key]) => !next.has(key));
        const events = [
          ...gone.map(([key, object]) => unset(key, object, true)),
          ...[...next].flatMap(([key, object]) => set(key, object)),
        ];
        own.resourceVersion = resourceVersion;
        const completes = !hasSynced && [...contents.values()].every((part) => part.resourceVersion !== '');
        hasSynced ||= completes;
        publish(initial ? events.map(asInitial) : events);
        if (completes) options.onSynced();
      },
      put: (object) => publish(set(keyOf(object), object)),
      remove: (object) => {
        const key = keyOf(object);
        if (own.objects.has(key)) publish([unset(key, object, false)]);
      },
      advance: (resourceVersion) => {
        own.resourceVersion = resourceVersion;
      },
    };
  }

  const store: ObjectStore<T> = {
    get size() {
      return contents.values().reduce((sum, { objects }) => sum + objects.size, 0);
    },
    get hasSynced() {
      return hasSynced;
    },
    get: (key) => contentsOf(parseKey(key).namespace)?.objects.get(key),
    list: () => [...contents.values()].flatMap(({ objects }) => [...objects.values()]),
    byIndex: (name, value) => indexes.find(name, value),
    resourceVersionOf: (namespace) => contentsOf(namespace)?.resourceVersion ?? '',
    subscribe: (onEvent) => {
      // A function may be subscribed twice, so it is wrapped in one of its own.
      const subscriber = (event: StoreEvent<T>) => onEvent(event);
      for (const object of store.list()) tell(subscriber, { type: 'added', object, initial: true });
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
  };
  return { store, partitions: new Map([...contents].map(([namespace, own]) => [namespace, partitionOver(own)])) };
}

function emptyContents<T>(): Contents<T> {
  return { objects: new Map(), resourceVersion: '' };
}

function asInitial<T>(event: StoreEvent<T>): StoreEvent<T> {
  return event.type === 'added' ? { ...event, initial: true } : event;
}

/** A key that has another uid than before is another object: the one is gone and the other new. */
function changes<T extends KubernetesObject>(old: T | undefined, object: T): readonly StoreEvent<T>[] {
  const added: StoreEvent<T> = { type: 'added', object, initial: false };
  if (old === undefined) return [added];
  if (old.metadata.uid !== object.metadata.uid) {
    return [{ type: 'deleted', object: old, initial: false, finalStateUnknown: true }, added];
  }
  if (old.metadata.resourceVersion === object.metadata.resourceVersion) return [];
  return [{ type: 'updated', object, old, initial: false }];
}

interface Indexes<T> {
  find(name: string, value: string): readonly T[];
  update(key: string, old: T | undefined, object: T | undefined): void;
}

function createIndexes<T>(definitions: Readonly<Record<string, Index<T>>>, logger: Logger): Indexes<T> {
  const indexes = Object.entries(definitions).map(([name, valuesOf]) => ({
    name,
    valuesOf: (object: T): readonly string[] => {
      try {
        return valuesOf(object);
      } catch (error) {
        logger.error({ err: error, index: name }, 'An object could not be indexed.');
        return [];
      }
    },
    buckets: new Map<string, Map<string, T>>(),
  }));
  return {
    find: (name, value) => {
      const index = indexes.find((candidate) => candidate.name === name);
      if (index === undefined) throw new RangeError(`The store has no index ${name}.`);
      return [...(index.buckets.get(value)?.values() ?? [])];
    },
    update: (key, old, object) => {
      for (const { valuesOf, buckets } of indexes) {
        for (const value of old === undefined ? [] : valuesOf(old)) {
          const bucket = buckets.get(value);
          bucket?.delete(key);
          if (bucket?.size === 0) buckets.delete(value);
        }
        for (const value of object === undefined ? [] : valuesOf(object)) {
          const bucket = buckets.get(value) ?? new Map<string, T>();
          buckets.set(value, bucket.set(key, object as T));
        }
      }
    },
  };
}
