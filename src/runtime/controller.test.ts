import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { sleep } from './clock.ts';
import { type ControllerOptions, createController, type Reconcile, TerminalError } from './controller.ts';
import type { LogFields, Logger } from './logger.ts';
import { createManualClock } from './manual-clock.ts';
import { createRuntimeMetrics } from './metrics.ts';
import { seededRandom } from './random.ts';

interface LogLine extends LogFields {
  readonly message: string;
}

function recordingLogger(lines: LogLine[], bindings: LogFields = {}): Logger {
  const write = (fields: LogFields, message: string) => {
    lines.push({ ...bindings, ...fields, message });
  };
  return {
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: (fields) => recordingLogger(lines, { ...bindings, ...fields }),
  };
}

function setUp(reconcile: Reconcile, options: Partial<ControllerOptions> = {}) {
  const clock = createManualClock();
  const registry = new Registry();
  const metrics = createRuntimeMetrics(registry);
  const lines: LogLine[] = [];
  const controller = createController({
    name: 'cmg',
    clock,
    random: seededRandom(3),
    logger: recordingLogger(lines),
    metrics: { controller: metrics.controller('cmg', 10), workQueue: metrics.workQueue('cmg') },
    reconcile,
    sources: [],
    ...options,
  });
  const metric = async (name: string, labels: Readonly<Record<string, string>> = {}) => {
    const found = (await registry.getMetricsAsJSON()).find((candidate) => candidate.name === name);
    const values = (found?.values ?? []) as readonly { readonly value: number; readonly labels: object }[];
    return values
      .filter((value) => Object.entries(labels).every(([key, wanted]) => Reflect.get(value.labels, key) === wanted))
      .reduce((sum, { value }) => sum + value, 0);
  };
  return { clock, controller, lines, metric };
}

const DONE = { kind: 'Done' } as const;

describe('controller', () => {
  it('queues what its sources tell from subscribe on, and reconciles it from start on', async () => {
    const reconciled: string[] = [];
    let sourceIsOpen = false;
    const { clock, controller } = setUp(
      async (key) => {
        reconciled.push(key);
        return DONE;
      },
      {
        sources: [
          (enqueue) => {
            sourceIsOpen = true;
            enqueue('ns/a');
            return () => {
              sourceIsOpen = false;
            };
          },
        ],
      },
    );
    controller.subscribe();
    await clock.advance(1_000);
    expect(reconciled).toEqual([]);
    controller.start();
    await clock.advance(0);
    expect(reconciled).toEqual(['ns/a']);
    await controller.stop();
    expect(sourceIsOpen).toBe(false);
    controller.enqueue('ns/b');
    await clock.advance(1_000);
    expect(reconciled).toEqual(['ns/a']);
  });

  it('reconciles several keys at a time, but never one key twice', async () => {
    const clock = createManualClock();
    const running = new Set<string>();
    let most = 0;
    const overlaps: string[] = [];
    const { controller } = setUp(
      async (key) => {
        if (running.has(key)) overlaps.push(key);
        running.add(key);
        most = Math.max(most, running.size);
        await sleep(clock, 10);
        running.delete(key);
        return DONE;
      },
      { clock, concurrency: 3 },
    );
    controller.start();
    for (let round = 0; round < 40; round++) {
      for (const key of ['a', 'b', 'c', 'd']) controller.enqueue(key);
      await clock.advance(3);
    }
    expect(overlaps).toEqual([]);
    expect(most).toBe(3);
  });

  it('reconciles again after the time that the reconcile asked for', async () => {
    const at: number[] = [];
    const { clock, controller, metric } = setUp(async () => {
      at.push(clock.monotonic());
      return at.length < 3 ? { kind: 'RequeueAfter', afterMs: 5_000 } : DONE;
    });
    controller.start();
    controller.enqueue('a');
    await clock.advance(60_000);
    expect(at).toEqual([0, 5_000, 10_000]);
    expect(await metric('controller_runtime_reconcile_total', { result: 'requeue_after' })).toBe(2);
    expect(await metric('controller_runtime_reconcile_total', { result: 'success' })).toBe(1);
  });

  it('tries again with growing delays what rejects or throws, and starts anew after a success', async () => {
    let calls = 0;
    const { clock, controller, metric, lines } = setUp((key) => {
      calls++;
      if (calls === 1) throw new TypeError('thrown before any promise');
      if (calls <= 12) return Promise.reject(new Error(`${key} rejects`));
      return Promise.resolve(DONE);
    });
    controller.start();
    controller.enqueue('ns/a');
    await clock.advance(60_000);
    expect(calls).toBe(13);
    expect(await metric('controller_runtime_reconcile_errors_total')).toBe(12);
    expect(await metric('controller_runtime_reconcile_panics_total')).toBe(1);
    expect(await metric('workqueue_retries_total')).toBe(12);
    expect(await metric('controller_runtime_active_workers')).toBe(0);
    const failures = lines.filter((line) => line.message.startsWith('The reconcile failed'));
    expect(failures.map((line) => line.retries)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(failures[0]).toMatchObject({
      controller: 'cmg',
      namespace: 'ns',
      name: 'a',
      reconcileID: expect.any(String),
    });
  });

  it('leaves a key alone after a terminal error until something changes', async () => {
    let calls = 0;
    const { clock, controller, metric } = setUp(async () => {
      calls++;
      throw new TerminalError('The name is taken.');
    });
    controller.start();
    controller.enqueue('a');
    await clock.advance(3_600_000);
    expect(calls).toBe(1);
    controller.enqueue('a');
    await clock.advance(0);
    expect(calls).toBe(2);
    expect(await metric('controller_runtime_terminal_reconcile_errors_total')).toBe(2);
  });

  it('takes the time of a reconcile by the clock that it is given for that', async () => {
    const machine = createManualClock();
    const reasons: unknown[] = [];
    const { clock, controller } = setUp(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(signal.reason);
          });
        }),
      { reconcileTimeoutMs: 5_000, timeoutClock: machine },
    );
    controller.start();
    controller.enqueue('a');
    await clock.advance(3_600_000);
    await machine.advance(4_999);
    expect(reasons).toEqual([]);
    await machine.advance(1);
    expect(reasons).toEqual([expect.objectContaining({ name: 'TimeoutError' })]);
  });

  it('aborts the signal of a reconcile that takes too long, and keeps its key until it has settled', async () => {
    let settle = () => {};
    let calls = 0;
    const reasons: unknown[] = [];
    const { clock, controller, metric } = setUp(
      async (_, { signal }) => {
        calls++;
        if (calls > 1) return DONE;
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        await new Promise<void>((resolve) => {
          settle = resolve;
        });
        return DONE;
      },
      { reconcileTimeoutMs: 5_000 },
    );
    controller.start();
    controller.enqueue('a');
    await clock.advance(4_999);
    expect(reasons).toEqual([]);
    await clock.advance(10_000);
    expect(reasons).toEqual([expect.objectContaining({ name: 'TimeoutError' })]);
    expect(await metric('controller_runtime_reconcile_timeouts_total')).toBe(1);
    expect(await metric('workqueue_longest_running_processor_seconds')).toBeCloseTo(14.999);
    expect(controller.oldestReconcileMs()).toBe(14_999);
    controller.enqueue('a');
    await clock.advance(1_000);
    expect(calls).toBe(1);
    settle();
    await clock.advance(0);
    expect(calls).toBe(2);
    expect(controller.oldestReconcileMs()).toBe(0);
  });

  it('waits at stop for the reconciles under way, which abort can hurry', async () => {
    const clock = createManualClock();
    const { controller, lines } = setUp(
      async (_, { signal }) => {
        await sleep(clock, 60_000, signal);
        return DONE;
      },
      { clock },
    );
    controller.start();
    controller.enqueue('a');
    await clock.advance(1_000);
    let stopped = false;
    const stopping = controller.stop().then(() => {
      stopped = true;
    });
    await clock.advance(10_000);
    expect(stopped).toBe(false);
    controller.abort(new Error('The process ends.'));
    await stopping;
    expect(lines.at(-1)?.message).toContain('broken off');
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves a key alone until the gate lets it pass', async () => {
    let isOpen = false;
    let calls = 0;
    const { clock, controller } = setUp(
      async () => {
        calls++;
        return DONE;
      },
      { gate: { isReady: (key) => key !== 'a' || isOpen } },
    );
    controller.start();
    controller.enqueue('a');
    controller.enqueue('b');
    await clock.advance(1_000);
    expect(calls).toBe(1);
    isOpen = true;
    await clock.advance(1_000);
    expect(calls).toBe(2);
  });
});
