import { type Clock, sleep } from './clock.ts';
import type { Controller } from './controller.ts';
import type { LeaderElector } from './leader-election.ts';
import type { Logger } from './logger.ts';
import { withTimeout } from './timeout.ts';

/** How long reconciles get to settle once their signals are aborted. */
const ABORT_SETTLE_MS = 5_000;

/** How long the rest gets to end when leadership is lost and the process must be gone before anything else is written. */
const HURRIED_STOP_MS = 1_000;

/** A cache that follows the API server. */
export interface ManagedInformer {
  readonly name: string;
  start(): void;
  /** Resolves when the cache is complete for the first time; rejects when `signal` is aborted. */
  waitForSync(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** What a manager starts and stops. */
export interface ManagerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Starts the HTTP server for health and metrics, which runs from the first moment to the last. */
  readonly startServer?: () => Promise<{ stop(): Promise<void> }>;
  readonly informers: readonly ManagedInformer[];
  readonly controllers: readonly Controller[];
  /** Without it, this process acts as the leader from the start. */
  readonly election?: Pick<LeaderElector, 'acquire' | 'lost' | 'release'>;
  /** Writes events that are still queued, then takes no more. */
  readonly recorder?: { stop(): Promise<void> };
  /** How long reconciles under way may go on after the signal to stop. 30,000 by default. */
  readonly gracePeriodMs?: number;
  /** How long the caches may take to be complete. 120,000 by default. */
  readonly cacheSyncTimeoutMs?: number;
}

/** How a run ended. */
export type ManagerOutcome =
  /** It was told to stop; `drained` tells whether every reconcile ended in time. */
  | { readonly kind: 'Stopped'; readonly drained: boolean }
  /** The lease was lost. The process must exit at once: what is still under way may not be awaited. */
  | { readonly kind: 'LeadershipLost'; readonly error: unknown }
  /** Something could not be started. */
  | { readonly kind: 'Failed'; readonly error: unknown };

/** The process's exit code for `outcome`: 0 only after an orderly stop. */
export function exitCode(outcome: ManagerOutcome): 0 | 1 {
  return outcome.kind === 'Stopped' && outcome.drained ? 0 : 1;
}

/**
 * Runs controllers with all that they need, in the order of controller-runtime's manager: server, informers with the
 * controllers' sources (so that a follower is warm when it becomes the leader), leader election, workers. Once `stop` is
 * aborted, ends them: workers, informers, events, lease, server. The lease is given up only when no reconcile is under
 * way any more. Never rejects, and never ends the process: that is the caller's to do, with {@link exitCode}.
 */
export async function runManager(options: ManagerOptions, stop: AbortSignal): Promise<ManagerOutcome> {
  let server: Stoppable | undefined;
  const ending = await endingOf(async () => {
    server = await options.startServer?.();
    await startAll(options, stop);
    await anyAborted(stop, options.election?.lost);
  }, stop);
  const drained = await drain(options, ending);
  const outcome = outcomeOf(options, ending, drained);
  options.logger.info({ outcome: outcome.kind }, 'The workers have ended.');
  const rest = stopRest(options, server, outcome.kind !== 'LeadershipLost' && drained);
  if (outcome.kind === 'LeadershipLost') await settlesWithin(options.clock, HURRIED_STOP_MS, rest);
  else await rest;
  return outcome;
}

interface Stoppable {
  stop(): Promise<void>;
}

/** Why there is nothing more to start or to wait for. */
type Ending = { readonly kind: 'Told' } | { readonly kind: 'Failed'; readonly error: unknown };

async function endingOf(run: () => Promise<void>, stop: AbortSignal): Promise<Ending> {
  try {
    await run();
    return { kind: 'Told' };
  } catch (error) {
    return stop.aborted ? { kind: 'Told' } : { kind: 'Failed', error };
  }
}

async function startAll(options: ManagerOptions, stop: AbortSignal): Promise<void> {
  const { clock, controllers, informers, election, logger, cacheSyncTimeoutMs = 120_000 } = options;
  for (const controller of controllers) controller.subscribe();
  for (const informer of informers) informer.start();
  await withTimeout(clock, cacheSyncTimeoutMs, stop, (signal) =>
    Promise.all(informers.map((informer) => informer.waitForSync(signal))),
  );
  logger.info({ informers: informers.length }, 'The caches are complete.');
  if (election !== undefined && !(await election.acquire(stop))) return;
  for (const controller of controllers) controller.start();
}

/** Whether all reconciles have settled. Does not wait for them once the lease is lost. */
async function drain(options: ManagerOptions, ending: Ending): Promise<boolean> {
  const { clock, controllers, election, logger, gracePeriodMs = 30_000 } = options;
  if (ending.kind === 'Failed') logger.error({ err: ending.error }, 'The start has failed.');
  const stopped = Promise.all(controllers.map((controller) => controller.stop()));
  const stoppedOrLost = election === undefined ? stopped : Promise.race([stopped, anyAborted(election.lost)]);
  if (await settlesWithin(clock, gracePeriodMs, stoppedOrLost)) {
    if (election?.lost.aborted !== true) return true;
    for (const controller of controllers) controller.abort(election.lost.reason);
    return false;
  }
  logger.warn({ gracePeriodMs }, 'Reconciles are still under way after the grace period; aborting them.');
  for (const controller of controllers) controller.abort(new Error('The process ends.'));
  return settlesWithin(clock, ABORT_SETTLE_MS, stopped);
}

function outcomeOf({ election }: ManagerOptions, ending: Ending, drained: boolean): ManagerOutcome {
  if (election?.lost.aborted) return { kind: 'LeadershipLost', error: election.lost.reason };
  return ending.kind === 'Failed' ? ending : { kind: 'Stopped', drained };
}

async function stopRest(options: ManagerOptions, server: Stoppable | undefined, mayRelease: boolean): Promise<void> {
  await Promise.allSettled(options.informers.map((informer) => informer.stop()));
  await Promise.allSettled([options.recorder?.stop()]);
  if (mayRelease) await options.election?.release();
  await Promise.allSettled([server?.stop()]);
}

/** Resolves as soon as one of `signals` is aborted. */
function anyAborted(...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

/** Whether `work` settles before `limitMs` are over. */
async function settlesWithin(clock: Clock, limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController();
  const timeout = sleep(clock, limitMs, settled.signal).then(
    () => false,
    () => true,
  );
  const result = await Promise.race([timeout, work.then(() => true)]);
  settled.abort();
  return result;
}
