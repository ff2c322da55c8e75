import type { Clock } from './clock.ts';
import type { ReconcileGate } from './controller.ts';
import type { Logger } from './logger.ts';
import { isAtLeast, type KubernetesObject } from './objects.ts';
import type { ObjectStore } from './store.ts';

/** What a gate needs. */
export interface ConsistencyGateOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a key is held back at most. 10,000 by default. */
  readonly timeoutMs?: number;
}

/**
 * Read your writes: holds a key back until the caches show what was written for it, so that no reconcile acts on a state
 * from before its own last one, and does it twice.
 */
export interface ConsistencyGate extends ReconcileGate {
  /**
   * `written` is the API server's answer to a write that was made while `key` was reconciled. Without effect if `store`
   * does not watch its namespace.
   */
  wrote<T extends KubernetesObject>(key: string, store: ObjectStore<T>, written: KubernetesObject): void;
  /** The object of `key` is gone: nothing will wait for it any more. */
  forget(key: string): void;
}

interface Write {
  readonly store: Pick<ObjectStore<KubernetesObject>, 'resourceVersionOf'>;
  readonly namespace: string;
  readonly resourceVersion: string;
  /** When the key is let through all the same, in monotonic milliseconds. */
  readonly expiresAt: number;
}

/** Creates a gate that lets everything through until something is written. */
export function createConsistencyGate({ clock, logger, timeoutMs = 10_000 }: ConsistencyGateOptions): ConsistencyGate {
  const unseen = new Map<string, readonly Write[]>();

  function isSeen(key: string, { store, namespace, resourceVersion, expiresAt }: Write): boolean {
    if (isAtLeast(store.resourceVersionOf(namespace), resourceVersion)) return true;
    if (clock.monotonic() < expiresAt) return false;
    logger.warn({ key, resourceVersion }, `The cache has not shown a write for ${timeoutMs} ms; going on without it.`);
    return true;
  }

  return {
    wrote: (key, store, { metadata: { namespace = '', resourceVersion } }) => {
      if (store.resourceVersionOf(namespace) === '') return;
      const write = { store, namespace, resourceVersion, expiresAt: clock.monotonic() + timeoutMs };
      const others = (unseen.get(key) ?? []).filter((other) => other.store !== store || other.namespace !== namespace);
      unseen.set(key, [...others, write]);
    },
    isReady: (key) => {
      const left = (unseen.get(key) ?? []).filter((write) => !isSeen(key, write));
      if (left.length === 0) unseen.delete(key);
      else unseen.set(key, left);
      return left.length === 0;
    },
    forget: (key) => {
      unseen.delete(key);
    },
  };
}
