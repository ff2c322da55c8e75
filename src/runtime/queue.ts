import { type BackoffLimits, backoffDelay } from './backoff.ts';
import type { Clock } from './clock.ts';
import { createHeap, type HeapItem } from './heap.ts';
import type { Random } from './random.ts';

/** Priority of what nobody is waiting for: objects of the initial list, and resyncs. The value of controller-runtime. */
export const LOW_PRIORITY = -100;

/** Back-off of controller-runtime's default rate limiter: 5 ms, doubled at each failure, to at most 1,000 s. */
export const DEFAULT_QUEUE_BACKOFF: BackoffLimits = { baseMs: 5, maxMs: 1_000_000 };

/** How a key is added. */
export interface AddOptions {
  /** Higher goes first; first in, first out within one priority. 0 by default. */
  readonly priority?: number;
  /** Milliseconds before the key is handed out. 0 by default. */
  readonly afterMs?: number;
  /** Counts a failure of the key, and delays it by its back-off; the shorter delay wins if `afterMs` is positive too. */
  readonly rateLimited?: boolean;
}

/** A key handed out by {@link WorkQueue.get}. */
export interface WorkItem {
  readonly key: string;
  /** The priority with which it was queued, for whoever adds it again. */
  readonly priority: number;
}

/** What a queue tells about itself, as the `workqueue_*` metrics of Kubernetes components. Times are in seconds. */
export interface WorkQueueMetrics {
  /** A key became ready to be handed out. */
  added(priority: number): void;
  /** A ready key changed its priority. */
  reprioritized(from: number, to: number): void;
  /** A ready key was handed out, so long after it became ready. */
  taken(priority: number, waitedSeconds: number): void;
  /** A worker was done with a key, so long after taking it. */
  worked(seconds: number): void;
  /** A key was added with a delay. */
  delayed(): void;
  /** Called once: how to learn, at any time, for how long each key in a worker's hands has been there. */
  observeProcessing(ages: () => readonly number[]): void;
}

/** What a queue needs. */
export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** {@link DEFAULT_QUEUE_BACKOFF} by default. */
  readonly backoff?: BackoffLimits;
  readonly metrics?: WorkQueueMetrics;
}

/** A queued key. It is in the heap of delayed ones, in that of ready ones, or, ready while held by a worker, in none. */
interface Entry extends HeapItem {
  readonly key: string;
  priority: number;
  /** Order among ready entries of one priority, and among delayed ones of one instant. */
  sequence: number;
  /** When it is, or became, ready, in the clock's monotonic milliseconds. */
  readyAt: number;
  ready: boolean;
}

/**
 * A queue of keys for reconcilers. A key is in it at most once however often it is added, and is never handed out
 * while a worker still holds it: what is added meanwhile waits for {@link done}.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backoff: BackoffLimits;
  readonly #metrics: WorkQueueMetrics | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #ready = createHeap<Entry>(
    (a, b) => a.priority > b.priority || (a.priority === b.priority && a.sequence < b.sequence),
  );
  readonly #delayed = createHeap<Entry>(
    (a, b) => a.readyAt < b.readyAt || (a.readyAt === b.readyAt && a.sequence < b.sequence),
  );
  readonly #takenAt = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #waiters = new Set<(item: WorkItem | undefined) => void>();
  readonly #idleWaiters: (() => void)[] = [];
  #sequence = 0;
  #isShutDown = false;
  #timer: { readonly dueAt: number; readonly cancel: () => void } | undefined;

  constructor({ clock, random, backoff = DEFAULT_QUEUE_BACKOFF, metrics }: WorkQueueOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#backoff = backoff;
    this.#metrics = metrics;
    metrics?.observeProcessing(() => this.processingAges().map(toSeconds));
  }

  /** Keys that are ready, including those whose earlier round a worker still holds; not those still delayed. */
  get depth(): number {
    return this.#entries.size - this.#delayed.size;
  }

  /** For how long each key in a worker's hands has been there, in milliseconds. */
  processingAges(): readonly number[] {
    const now = this.#clock.monotonic();
    return Array.from(this.#takenAt.values(), (since) => now - since);
  }

  /**
   * Adds a key. If it is queued already, the earlier of the two times and the higher of the two priorities count; a
   * raised priority puts it behind those that have that priority already. Ignored after {@link shutDown}.
   */
  add(key: string, options: AddOptions = {}): void {
    if (this.#isShutDown) return;
    const delayMs = this.#delayFor(key, options);
    if (delayMs > 0) this.#metrics?.delayed();
    const readyAt = this.#clock.monotonic() + delayMs;
    const priority = options.priority ?? 0;
    const queued = this.#entries.get(key);
    if (queued === undefined) {
      const entry = { key, priority, sequence: this.#sequence++, readyAt, ready: false, heapIndex: -1 };
      this.#entries.set(key, entry);
      this.#delayed.push(entry);
    } else {
      this.#raisePriority(queued, priority);
      this.#bringForward(queued, readyAt);
    }
    this.#proceed();
  }

  /**
   * Waits for a key and hands it out; the caller must report {@link done}. `undefined` once `signal` is aborted or the
   * queue is shut down; no key is lost then.
   */
  get(signal?: AbortSignal): Promise<WorkItem | undefined> {
    return new Promise((resolve) => {
      if (this.#isShutDown || signal?.aborted) {
        resolve(undefined);
        return;
      }
      const settle = (item: WorkItem | undefined) => {
        this.#waiters.delete(settle);
        signal?.removeEventListener('abort', onAbort);
        resolve(item);
      };
      const onAbort = () => settle(undefined);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(settle);
      this.#proceed();
    });
  }

  /** The worker that got `key` is done with it, whatever came of it. Throws if no worker holds the key. */
  done(key: string): void {
    const since = this.#takenAt.get(key);
    if (since === undefined) throw new Error(`No worker holds the key ${key}.`);
    this.#takenAt.delete(key);
    this.#metrics?.worked(toSeconds(this.#clock.monotonic() - since));
    const again = this.#entries.get(key);
    if (again?.ready) this.#ready.push(again);
    this.#proceed();
    if (this.#takenAt.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Ends the back-off of `key`: its next failure counts as the first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Failures of `key` since it was last forgotten. */
  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Hands nothing out any more and takes nothing in. Keys in workers' hands stay there until they are done. */
  shutDown(): void {
    this.#isShutDown = true;
    this.#setTimer();
    for (const waiter of this.#waiters) waiter(undefined);
  }

  /** Resolves as soon as no worker holds a key. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#takenAt.size === 0) resolve();
      else this.#idleWaiters.push(resolve);
    });
  }

  /** The wait until `key` is due; counts the failure if one is reported. */
  #delayFor(key: string, { afterMs = 0, rateLimited = false }: AddOptions): number {
    if (!rateLimited) return Math.max(afterMs, 0);
    const failures = this.retries(key);
    this.#failures.set(key, failures + 1);
    const delayMs = backoffDelay(this.#backoff, failures, this.#random);
    return afterMs > 0 ? Math.min(afterMs, delayMs) : delayMs;
  }

  #raisePriority(entry: Entry, priority: number): void {
    if (priority <= entry.priority) return;
    const inReadyHeap = entry.ready && entry.heapIndex !== -1;
    if (inReadyHeap) this.#ready.remove(entry);
    if (entry.ready) {
      this.#metrics?.reprioritized(entry.priority, priority);
      entry.sequence = this.#sequence++;
    }
    entry.priority = priority;
    if (inReadyHeap) this.#ready.push(entry);
  }

  #bringForward(entry: Entry, readyAt: number): void {
    if (entry.ready || readyAt >= entry.readyAt) return;
    this.#delayed.remove(entry);
    entry.readyAt = readyAt;
    this.#delayed.push(entry);
  }

  #proceed(): void {
    this.#promoteDue();
    this.#setTimer();
    this.#handOut();
  }

  #promoteDue(): void {
    const now = this.#clock.monotonic();
    for (let next = this.#delayed.peek(); next !== undefined && next.readyAt <= now; next = this.#delayed.peek()) {
      this.#delayed.remove(next);
      next.ready = true;
      next.sequence = this.#sequence++;
      this.#metrics?.added(next.priority);
      if (!this.#takenAt.has(next.key)) this.#ready.push(next);
    }
  }

  /** One timer serves all delays: it is set for the first of them. */
  #setTimer(): void {
    const dueAt = this.#isShutDown ? undefined : this.#delayed.peek()?.readyAt;
    if (dueAt === this.#timer?.dueAt) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (dueAt === undefined) return;
    const cancel = this.#clock.schedule(dueAt - this.#clock.monotonic(), () => {
      this.#timer = undefined;
      this.#proceed();
    });
    this.#timer = { dueAt, cancel };
  }

  #handOut(): void {
    if (this.#isShutDown) return;
    for (const waiter of this.#waiters) {
      const entry = this.#ready.pop();
      if (entry === undefined) return;
      const now = this.#clock.monotonic();
      this.#entries.delete(entry.key);
      this.#takenAt.set(entry.key, now);
      this.#metrics?.taken(entry.priority, toSeconds(now - entry.readyAt));
      waiter({ key: entry.key, priority: entry.priority });
    }
  }
}

function toSeconds(ms: number): number {
  return ms / 1_000;
}
