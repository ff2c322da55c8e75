import { ApiConnectionError, apiErrorOf, apiErrorOfStatus } from './api-error.ts';
import type { KubernetesClient, ListOptions, WatchOptions } from './client.ts';
import type { ConfigMap, KubernetesObject } from './objects.ts';
import type { Random } from './random.ts';
import type { WatchEvent } from './watch-stream.ts';

/** How the next connection goes wrong. */
export type ConnectFault = 'refused' | 'expired' | 'overloaded' | 'broken' | 'noStreamedLists' | 'slowList';

/** How a watch that is open goes wrong. */
export type StreamFault = 'ended' | 'reset' | 'expired' | 'garbled' | 'silent' | 'repeats';

const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

interface Change {
  readonly version: number;
  readonly event: WatchEvent<ConfigMap>;
}

interface OpenWatch {
  /** The version up to which all has been sent. */
  sentTo: number;
  /** The list in the stream has not been told to be complete. */
  isListing: boolean;
  isSilent: boolean;
  send(event: WatchEvent<ConfigMap>): void;
  end(error?: Error): void;
}

/**
 * An API server with one kind, in memory: what its contents were at each version, and the faults that watches meet.
 * Changes reach watches at once; the reflector reads them when the event loop gets there.
 */
export class FakeApiServer implements Pick<KubernetesClient, 'list' | 'watch'> {
  readonly #random: Random;
  readonly #objects = new Map<string, ConfigMap>();
  readonly #watches = new Set<OpenWatch>();
  #history: Change[] = [];
  #snapshots: { readonly version: number; readonly objects: readonly ConfigMap[] }[] = [];
  #pages = new Map<string, { readonly rest: readonly ConfigMap[]; readonly version: number }>();
  #version = 1;
  #compactedTo = 0;
  #isSlow = false;
  faults: ConnectFault[] = [];
  streamsLists = true;
  /** Requests that have come in. */
  requests = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#remember();
  }

  get version(): number {
    return this.#version;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  contents(): readonly ConfigMap[] {
    return [...this.#objects.values()].sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  }

  put(name: string): void {
    const old = this.#objects.get(name);
    const version = ++this.#version;
    const metadata = {
      namespace: 'a',
      name,
      uid: old?.metadata.uid ?? `${name}-${version}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-01-01T00:00:00Z',
    };
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { at: String(version) } };
    this.#objects.set(name, object);
    this.#publish({ type: old === undefined ? 'ADDED' : 'MODIFIED', object });
  }

  remove(name: string): void {
    const old = this.#objects.get(name);
    if (old === undefined) return;
    this.#objects.delete(name);
    const resourceVersion = String(++this.#version);
    this.#publish({ type: 'DELETED', object: { ...old, metadata: { ...old.metadata, resourceVersion } } });
  }

  /** Forgets how it came to the present contents. */
  compact(): void {
    this.#compactedTo = this.#version;
    this.#history = [];
    this.#pages.clear();
  }

  /** Goes back to an earlier state, as after the restoration of a backup, and breaks all connections. */
  restore(): void {
    const snapshot = this.#snapshots[Math.floor(this.#random() * this.#snapshots.length)];
    if (snapshot === undefined) return;
    this.#version = snapshot.version;
    this.#snapshots = this.#snapshots.filter(({ version }) => version <= snapshot.version);
    this.#objects.clear();
    for (const object of snapshot.objects) this.#objects.set(object.metadata.name, object);
    this.compact();
    this.disturb('reset');
  }

  bookmark(): void {
    for (const watch of this.#watches) {
      // A watch from the future gets nothing until that has come.
      if (watch.sentTo > this.#version) continue;
      watch.send(this.#bookmark(watch, watch.isListing ? INITIAL_EVENTS_END : {}));
      watch.isListing = false;
    }
  }

  disturb(fault: StreamFault): void {
    for (const watch of [...this.#watches]) {
      switch (fault) {
        case 'ended':
          watch.end();
          break;
        case 'reset':
          watch.end(new ApiConnectionError('reset'));
          break;
        case 'garbled':
          watch.end(new SyntaxError('garbled'));
          break;
        case 'expired':
          watch.end(apiErrorOfStatus('WATCH', { code: 410, reason: 'Expired' }));
          break;
        case 'silent':
          watch.isSilent = true;
          break;
        case 'repeats':
          // Not while it lists: whoever lists has no version yet by which he could tell.
          if (watch.isListing) break;
          for (const { event } of this.#history.slice(-3, -1)) watch.send(event);
      }
    }
  }

  async list<T extends KubernetesObject>(_kind: unknown, options: ListOptions) {
    this.#answerable();
    const { continueToken, resourceVersion, limit } = options;
    const known = continueToken === undefined ? undefined : this.#pages.get(continueToken);
    if (continueToken !== undefined && known === undefined) throw apiErrorOf('LIST', 410, '{"reason":"Expired"}');
    const version = known?.version ?? this.#version;
    // A server may answer `resourceVersion=0` from a memory that is behind.
    const stale = this.#snapshots[Math.floor(this.#random() * this.#snapshots.length)];
    if (resourceVersion === '0' && stale !== undefined && stale.version >= this.#compactedTo) {
      return {
        items: stale.objects as readonly KubernetesObject[] as readonly T[],
        resourceVersion: String(stale.version),
      };
    }
    const all = known?.rest ?? this.contents();
    const size = limit === undefined ? all.length : 2;
    const token = `${version}/${all.length}/${this.requests}`;
    if (all.length > size) this.#pages.set(token, { rest: all.slice(size), version });
    return {
      items: all.slice(0, size) as readonly KubernetesObject[] as readonly T[],
      resourceVersion: String(version),
      ...(all.length > size && { continueToken: token }),
    };
  }

  async watch<T extends KubernetesObject>(_kind: unknown, options: WatchOptions) {
    this.#answerable();
    const { resourceVersion, sendInitialEvents, signal } = options;
    if (sendInitialEvents && !this.streamsLists) throw apiErrorOf('WATCH', 422, '{"reason":"Invalid"}');
    const from = Number(resourceVersion ?? this.#version);
    if (from < this.#compactedTo) throw apiErrorOf('WATCH', 410, '{"reason":"Expired"}');
    const { watch, events } = openStream(signal, () => this.#watches.delete(watch), from);
    this.#watches.add(watch);
    if (sendInitialEvents) {
      for (const object of this.contents()) watch.send({ type: 'ADDED', object });
      watch.isListing = this.#isSlow;
      if (!this.#isSlow) watch.send(this.#bookmark(watch, INITIAL_EVENTS_END));
      this.#isSlow = false;
    }
    for (const { version, event } of this.#history) if (version > from) watch.send(event);
    watch.sentTo = Math.max(watch.sentTo, this.#version);
    return events as AsyncGenerator<readonly WatchEvent<KubernetesObject>[]> as AsyncGenerator<
      readonly WatchEvent<T>[]
    >;
  }

  #answerable(): void {
    this.requests++;
    const fault = this.faults.shift();
    switch (fault) {
      case undefined:
        return;
      case 'refused':
        throw new ApiConnectionError('refused');
      case 'expired':
        throw apiErrorOf('GET', 410, '{"reason":"Expired"}');
      case 'overloaded':
        throw apiErrorOf('GET', 429, '', '7');
      case 'broken':
        throw apiErrorOf('GET', 500, 'Internal error');
      case 'noStreamedLists':
        this.streamsLists = false;
        return;
      case 'slowList':
        this.#isSlow = true;
    }
  }

  #publish(event: WatchEvent<ConfigMap>): void {
    const version = this.#version;
    this.#history.push({ version, event });
    this.#remember();
    for (const watch of this.#watches) {
      if (version <= watch.sentTo) continue;
      watch.sentTo = version;
      watch.send(event);
    }
  }

  #remember(): void {
    this.#snapshots.push({ version: this.#version, objects: this.contents() });
  }

  #bookmark({ sentTo }: OpenWatch, annotations = {}): WatchEvent<ConfigMap> {
    const resourceVersion = String(Math.max(sentTo, this.#version));
    const metadata = { name: '', uid: '', resourceVersion, creationTimestamp: '', annotations };
    return { type: 'BOOKMARK', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata } };
  }
}

function openStream(signal: AbortSignal, onEnd: () => void, sentTo: number) {
  const waiting: WatchEvent<ConfigMap>[] = [];
  let ending: { readonly error?: Error } | undefined;
  let wake = () => {};
  const watch: OpenWatch = {
    sentTo,
    isListing: false,
    isSilent: false,
    send: (event) => {
      if (!watch.isSilent) waiting.push(structuredClone(event));
      wake();
    },
    end: (error) => {
      ending ??= error === undefined ? {} : { error };
      onEnd();
      wake();
    },
  };
  signal.addEventListener('abort', () => watch.end(signal.reason), { once: true });
  async function* events(): AsyncGenerator<readonly WatchEvent<ConfigMap>[], void, undefined> {
    for (;;) {
      if (waiting.length > 0) yield waiting.splice(0);
      else if (ending?.error !== undefined) throw ending.error;
      else if (ending !== undefined) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  return { watch, events: events() };
}
