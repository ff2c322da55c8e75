import type { Registry } from 'prom-client';
import { waitFor } from '../cluster/api-client.ts';
import type { MovableClock } from '../simulators/accelerated-clock.ts';

/** Time that an operator is moved through. */
export interface PassingTime {
  /**
   * Moves the clock on by `ms`, in steps, and lets the operator reconcile the CMG after each. Between two steps nothing is under
   * way: what one reconcile sees would be of two times.
   */
  pass(ms: number): Promise<void>;
  /** Steps until `condition` holds. Fails when it does not within `longestMs`. */
  passUntil(
    what: string,
    condition: () => Promise<boolean>,
    limits: { readonly stepMs: number; readonly longestMs: number },
  ): Promise<void>;
}

/** Whose time passes. */
export interface TimeTraveller {
  /** The metrics of the operator: of another one after it has been followed. `undefined` while none lives. */
  readonly registry: Registry | undefined;
  /** Aborted when nobody waits any more. */
  readonly signal?: AbortSignal;
}

const MINUTE_MS = 60_000;

/** An operator mostly takes less than a second; the rest is patience with a busy machine, and only ends what hangs. */
const PATIENCE_MS = 120_000;

const RECONCILES = 'controller_runtime_reconcile_total';
const WORKERS = 'controller_runtime_active_workers';
const QUEUED = 'workqueue_depth';

/** One that fails is followed by another one at once. */
const ENDED_WELL = { controller: 'cmg', result: 'requeue_after' };

/**
 * A run of being advertised outlasts an hour without an observation. A step and the reconcile after it are to take less, as a clock
 * that runs fast goes on while the operator works: on a busy machine, by minutes.
 */
const LONGEST_STEP_MS = 30 * MINUTE_MS;

/** An operator that is idle, and how many reconciles of CMGs it has ended. */
interface Idle {
  readonly registry: Registry;
  readonly reconciles: number;
}

export function passingTime(clock: MovableClock, operator: TimeTraveller): PassingTime {
  const idle = (isEnough: (seen: Idle) => boolean) =>
    waitFor(
      'the operator to have reconciled the CMG, and to be idle',
      async () => {
        const { registry, signal } = operator;
        signal?.throwIfAborted();
        if (registry === undefined) return undefined;
        const [reconciles = 0, working, waiting] = await Promise.all([
          sumIn(registry, RECONCILES, ENDED_WELL),
          sumIn(registry, WORKERS),
          sumIn(registry, QUEUED),
        ]);
        const isIdle = working === 0 && waiting === 0;
        return isIdle && isEnough({ registry, reconciles }) ? { registry, reconciles } : undefined;
      },
      PATIENCE_MS,
    );
  let lastReconcileMs = 0;
  const step = async (ms: number) => {
    const before = await idle(() => true);
    await clock.advance(Math.min(ms, Math.max(LONGEST_STEP_MS - lastReconcileMs, MINUTE_MS)));
    const moved = clock.now();
    await idle(({ registry, reconciles }) => reconciles > (registry === before.registry ? before.reconciles : 0));
    lastReconcileMs = clock.now() - moved;
  };
  const pass: PassingTime['pass'] = async (ms) => {
    const end = clock.now() + ms;
    while (clock.now() < end) await step(Math.min(LONGEST_STEP_MS, Math.max(end - clock.now(), 1)));
  };
  return {
    pass,
    passUntil: async (what, condition, { stepMs, longestMs }) => {
      const end = clock.now() + longestMs;
      while (!(await condition())) {
        if (clock.now() > end) throw new Error(`Waited ${longestMs / MINUTE_MS} simulated minutes for ${what}.`);
        await step(Math.min(stepMs, LONGEST_STEP_MS));
      }
    },
  };
}

/** The sum of all series of a metric with these labels; `undefined` where there is none. */
async function sumIn(
  registry: Registry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  // Serving all metrics takes as long as a reconcile, and this is asked twenty times a second.
  const { values = [] } = (await registry.getSingleMetric(name)?.get()) ?? {};
  const found = values.filter(({ labels: own }) =>
    Object.entries(labels).every(([label, text]) => (own as Readonly<Record<string, unknown>>)[label] === text),
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
