import { randomUUID } from 'node:crypto';
import type { BackoffLimits } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { parseKey } from './objects.ts';
import { type AddOptions, type WorkItem, WorkQueue, type WorkQueueMetrics } from './queue.ts';
import type { Random } from './random.ts';
import { TimeoutError } from './timeout.ts';

/** How long to leave a key alone whose own earlier writes the cache has not shown yet. */
const GATE_RETRY_MS = 50;

/** What is left to do after a reconcile that did not fail. */
export type ReconcileResult =
  /** Nothing until something changes. */
  | { readonly kind: 'Done' }
  /** To be reconciled again after so many milliseconds, or when something changes, whichever comes first. */
  | { readonly kind: 'RequeueAfter'; readonly afterMs: number };

/** An error that trying again does not mend: the key is left alone until something changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** What a reconcile is given besides its key. */
export interface ReconcileContext {
  /**
   * Aborted when the reconcile has taken too long or this process has to end; to be passed to every call. The worker
   * stays busy until the reconcile has settled all the same, because a key must never be in two hands.
   */
  readonly signal: AbortSignal;
  /** Adds controller, namespace, name and reconcileID to each line. */
  readonly logger: Logger;
  /** Unique to this reconcile. */
  readonly reconcileId: string;
}

/** Brings the object `namespace/name` closer to what it should be. Rejects or throws to be tried again with back-off. */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult>;

/** Queues the key of an object. */
export type Enqueue = (key: string, options?: AddOptions) => void;

/** Something that tells which keys to reconcile. Starts with the call, and ends with the call of what it returns. */
export type Source = (enqueue: Enqueue) => () => void;

/** Says whether the caches show what this controller itself wrote for a key, so that it never acts on an older state. */
export interface ReconcileGate {
  isReady(key: string): boolean;
}

/** What a controller tells about itself, as the `controller_runtime_*` metrics of controller-runtime. */
export interface ControllerMetrics {
  /** A worker took a key. */
  started(): void;
  /** A worker is done with a key. */
  finished(result: 'success' | 'error' | 'requeue_after', seconds: number): void;
  /** A reconcile failed with a {@link TerminalError}. */
  failedTerminally(): void;
  /** A reconcile failed for a mistake in the program: what Go would call a panic. */
  panicked(): void;
  /** A reconcile took longer than it may. */
  timedOut(): void;
}

/** What a controller is made of. */
export interface ControllerOptions {
  /** Lower-case name for logs and metrics, such as `cmg`. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: { readonly controller: ControllerMetrics; readonly workQueue: WorkQueueMetrics };
  readonly reconcile: Reconcile;
  readonly sources: readonly Source[];
  readonly gate?: ReconcileGate;
  /** Keys reconciled at the same time. 10 by default: reconciles mostly wait for answers. */
  readonly concurrency?: number;
  /** Milliseconds after which the signal of a reconcile is aborted. 120,000 by default. */
  readonly reconcileTimeoutMs?: number;
  /**
   * By which a reconcile takes too long. Default: `clock`. Reconciles wait for answers, which take the time of the machine,
   * whatever the other clock simulates.
   */
  readonly timeoutClock?: Clock;
  /** Delay after failures; by default that of the {@link WorkQueue}. */
  readonly backoff?: BackoffLimits;
}

/** Reconciles keys, several at a time but each by one worker. */
export interface Controller {
  readonly name: string;
  /** Queues a key, as a source does. */
  readonly enqueue: Enqueue;
  /** Starts the sources, which fill the queue. Reconciles nothing yet. */
  subscribe(): void;
  /** Starts the workers. To be called when the caches are complete and this process is the leader. */
  start(): void;
  /** Ends the sources and takes no more keys. Resolves when the reconciles under way have settled. */
  stop(): Promise<void>;
  /** Aborts the signals of the reconciles under way, with `reason`. */
  abort(reason: Error): void;
  /** Milliseconds since the oldest reconcile under way began; 0 if there is none. */
  oldestReconcileMs(): number;
}

type Outcome = ReconcileResult | { readonly kind: 'Failed'; readonly error: unknown };

/** Creates a {@link Controller} at rest. */
export function createController(options: ControllerOptions): Controller {
  return new WorkerPool(options);
}

class WorkerPool implements Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #logger: Logger;
  readonly #queue: WorkQueue;
  readonly #ending = new AbortController();
  #unsubscribes: readonly (() => void)[] = [];
  #workers: readonly Promise<void>[] = [];

  constructor(options: ControllerOptions) {
    const { name, clock, random, backoff, metrics } = options;
    this.name = name;
    this.#options = options;
    this.#logger = options.logger.child({ controller: name });
    this.#queue = new WorkQueue({
      clock,
      random,
      ...(backoff && { backoff }),
      ...(metrics && { metrics: metrics.workQueue }),
    });
  }

  readonly enqueue: Enqueue = (key, options) => this.#queue.add(key, options);

  subscribe(): void {
    this.#unsubscribes = this.#options.sources.map((source) => source(this.enqueue));
  }

  start(): void {
    const concurrency = this.#options.concurrency ?? 10;
    this.#logger.info({ concurrency, queued: this.#queue.depth }, 'Starting the workers.');
    this.#workers = Array.from({ length: concurrency }, () => this.#work());
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#unsubscribes = [];
    this.#queue.shutDown();
    await Promise.all(this.#workers);
  }

  abort(reason: Error): void {
    this.#ending.abort(reason);
  }

  oldestReconcileMs(): number {
    return Math.max(0, ...this.#queue.processingAges());
  }

  async #work(): Promise<void> {
    for (let item = await this.#queue.get(); item !== undefined; item = await this.#queue.get()) {
      await this.#process(item);
      this.#queue.done(item.key);
    }
  }

  async #process({ key, priority }: WorkItem): Promise<void> {
    const { clock, gate, metrics } = this.#options;
    if (gate?.isReady(key) === false) {
      this.#queue.add(key, { afterMs: GATE_RETRY_MS, priority });
      return;
    }
    const reconcileId = randomUUID();
    const logger = this.#logger.child({ ...parseKey(key), reconcileID: reconcileId });
    const startedAt = clock.monotonic();
    metrics?.controller.started();
    const outcome = await this.#reconcile(key, { logger, reconcileId });
    const seconds = (clock.monotonic() - startedAt) / 1_000;
    switch (outcome.kind) {
      case 'Done':
        this.#queue.forget(key);
        metrics?.controller.finished('success', seconds);
        return;
      case 'RequeueAfter':
        this.#queue.forget(key);
        this.#queue.add(key, { afterMs: outcome.afterMs, priority });
        metrics?.controller.finished('requeue_after', seconds);
        return;
      case 'Failed':
        this.#handleFailure(key, priority, outcome.error, logger);
        metrics?.controller.finished('error', seconds);
    }
  }

  async #reconcile(key: string, context: Omit<ReconcileContext, 'signal'>): Promise<Outcome> {
    const { clock, metrics, reconcile, reconcileTimeoutMs = 120_000, timeoutClock = clock } = this.#options;
    const ending = this.#ending.signal;
    const reconciling = new AbortController();
    const onEnding = () => reconciling.abort(ending.reason);
    if (ending.aborted) onEnding();
    ending.addEventListener('abort', onEnding, { once: true });
    const cancelTimeout = timeoutClock.schedule(reconcileTimeoutMs, () => {
      metrics?.controller.timedOut();
      reconciling.abort(new TimeoutError(`The reconcile took longer than ${reconcileTimeoutMs} ms.`));
    });
    try {
      return await reconcile(key, { ...context, signal: reconciling.signal });
    } catch (error) {
      return { kind: 'Failed', error };
    } finally {
      cancelTimeout();
      ending.removeEventListener('abort', onEnding);
    }
  }

  #handleFailure(key: string, priority: number, error: unknown, logger: Logger): void {
    const { metrics } = this.#options;
    if (this.#ending.signal.aborted) {
      logger.info({ err: error }, 'The reconcile was broken off because this process ends.');
      return;
    }
    if (isProgrammingError(error)) metrics?.controller.panicked();
    if (error instanceof TerminalError) {
      metrics?.controller.failedTerminally();
      this.#queue.forget(key);
      logger.error({ err: error }, 'The reconcile failed, and is not tried again until something changes.');
      return;
    }
    this.#queue.add(key, { rateLimited: true, priority });
    logger.error({ err: error, retries: this.#queue.retries(key) }, 'The reconcile failed, and will be tried again.');
  }
}

/** What JavaScript throws by itself at a mistake, and what is no error at all. */
function isProgrammingError(error: unknown): boolean {
  return (
    !(error instanceof Error) ||
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof RangeError
  );
}
