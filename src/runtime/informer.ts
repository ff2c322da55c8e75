import type { Logger } from './logger.ts';
import type { ManagedInformer } from './manager.ts';
import { createMemoryStore } from './memory-store.ts';
import { type KubernetesObject, resourceName } from './objects.ts';
import { type ReflectorOptions, runReflector } from './reflector.ts';
import type { Index, ObjectStore } from './store.ts';

/** What an informer follows, and with what. */
export interface InformerOptions<T> extends Omit<ReflectorOptions, 'namespace' | 'logger'> {
  /** Absent: the whole cluster. Each namespace has a watch of its own, so that rights in it suffice. */
  readonly namespaces?: readonly string[];
  /** Ways to find objects; see {@link ObjectStore.byIndex}. The functions must look at nothing but the object. */
  readonly indexes?: Readonly<Record<string, Index<T>>>;
  readonly logger: Logger;
}

/** Keeps a store of the objects of one kind. To be started once. */
export interface Informer<T extends KubernetesObject> extends ManagedInformer {
  readonly store: ObjectStore<T>;
}

/** Creates an informer at rest. Its name is the resource's. */
export function createInformer<T extends KubernetesObject>(options: InformerOptions<T>): Informer<T> {
  const name = resourceName(options.kind);
  const logger = options.logger.child({ informer: name });
  const stopping = new AbortController();
  const synced = Promise.withResolvers<void>();
  const namespaces = [...new Set(options.namespaces ?? [''])];
  if (namespaces.length === 0) throw new RangeError(`The informer of ${name} has no namespace to watch.`);
  const { indexes } = options;
  const { store, partitions } = createMemoryStore<T>({
    namespaces,
    ...(indexes && { indexes }),
    logger,
    onSynced: synced.resolve,
  });
  let running: Promise<unknown> | undefined;

  return {
    name,
    store,
    start: () => {
      running ??= Promise.all(
        [...partitions].map(([namespace, partition]) =>
          runReflector<T>({ ...options, namespace, logger }, partition, stopping.signal),
        ),
      );
    },
    waitForSync: (signal) => raceAbort(synced.promise, signal),
    stop: async () => {
      stopping.abort(new Error(`The informer of ${name} has been stopped.`));
      await running;
    },
  };
}

function raceAbort(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}
