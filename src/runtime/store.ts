import type { KubernetesObject } from './objects.ts';

/** A change of a store. Objects in it are frozen. */
export type StoreEvent<T> =
  | {
      readonly type: 'added';
      readonly object: T;
      /** Whether the object was there when the subscriber, or the store, began: nobody waits for it right now. */
      readonly initial: boolean;
    }
  | { readonly type: 'updated'; readonly object: T; readonly old: T; readonly initial: false }
  | {
      readonly type: 'deleted';
      /** The last state that is known. */
      readonly object: T;
      readonly initial: false;
      /** The deletion was not seen, only that the object is gone: `object` may be older than its end. */
      readonly finalStateUnknown: boolean;
    };

/** The values under which an object is found in an index; none leaves it out. */
export type Index<T> = (object: T) => readonly string[];

/**
 * A local copy of the objects of one kind, kept up to date by an informer. All reads are synchronous and return frozen
 * objects without `managedFields`; a change makes a new object.
 */
export interface ObjectStore<T extends KubernetesObject> {
  readonly size: number;
  /** Whether the store has once been complete. */
  readonly hasSynced: boolean;
  /** @param key as `keyOf` makes it */
  get(key: string): T | undefined;
  list(): readonly T[];
  /** The objects under `value` in the index `name`. Throws a `RangeError` if there is no such index. */
  byIndex(name: string, value: string): readonly T[];
  /**
   * The resource version up to which the store has seen what happened in `namespace`; empty before the first complete
   * list, or if the namespace is not watched. It also moves when nothing changes, about once a minute.
   */
  resourceVersionOf(namespace: string): string;
  /**
   * Calls `onEvent` for each object that the store holds (`added`, initial), then for each change, at the moment when
   * the store shows it. What it throws is logged and stops nothing. Returns the end of the subscription.
   */
  subscribe(onEvent: (event: StoreEvent<T>) => void): () => void;
}
