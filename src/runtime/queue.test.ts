import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManualClock } from './manual-clock.ts';
import { type AddOptions, DEFAULT_QUEUE_BACKOFF, LOW_PRIORITY, type WorkItem, WorkQueue } from './queue.ts';

/** Full jitter that always takes the middle, so that the model knows each delay. */
const MIDDLE = () => 0.5;

function createQueue() {
  const clock = createManualClock();
  return { clock, queue: new WorkQueue({ clock, random: MIDDLE }) };
}

/** What the queue hands out at once, or `undefined`. */
async function take(queue: WorkQueue): Promise<WorkItem | undefined> {
  const waiting = new AbortController();
  const item = queue.get(waiting.signal);
  waiting.abort();
  return item;
}

/** Takes what is ready, without reporting anything done. */
async function takeAll(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = [];
  for (let item = await take(queue); item !== undefined; item = await take(queue)) keys.push(item.key);
  return keys;
}

describe('WorkQueue', () => {
  it('hands out a key once, however often it was added', async () => {
    const { queue } = createQueue();
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(1);
    expect(await takeAll(queue)).toEqual(['a']);
  });

  it('keeps a key that is added while a worker holds it until that worker is done', async () => {
    const { queue } = createQueue();
    queue.add('a');
    expect(await takeAll(queue)).toEqual(['a']);
    queue.add('a');
    expect(await takeAll(queue)).toEqual([]);
    queue.done('a');
    expect(await takeAll(queue)).toEqual(['a']);
    queue.done('a');
    expect(await takeAll(queue)).toEqual([]);
  });

  it('hands out higher priorities first, and equal ones in the order in which they became ready', async () => {
    const { queue } = createQueue();
    queue.add('listed-1', { priority: LOW_PRIORITY });
    queue.add('listed-2', { priority: LOW_PRIORITY });
    queue.add('changed-1');
    queue.add('listed-1');
    queue.add('urgent', { priority: 1 });
    expect(await takeAll(queue)).toEqual(['urgent', 'changed-1', 'listed-1', 'listed-2']);
  });

  it('keeps the earliest of several times, later ones and back-offs included', async () => {
    const { clock, queue } = createQueue();
    queue.add('a', { afterMs: 1_000 });
    queue.add('a', { afterMs: 5_000 });
    await clock.advance(999);
    expect(await takeAll(queue)).toEqual([]);
    await clock.advance(1);
    expect(await takeAll(queue)).toEqual(['a']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('backs a failing key off with doubled delays up to the limit, until it is forgotten', async () => {
    const { clock, queue } = createQueue();
    const waits: number[] = [];
    const fail = async () => {
      const since = clock.monotonic();
      queue.add('a', { rateLimited: true });
      const taken = queue.get().then(() => waits.push(clock.monotonic() - since));
      await clock.advance(DEFAULT_QUEUE_BACKOFF.maxMs);
      await taken;
      queue.done('a');
    };
    for (let round = 0; round < 20; round++) await fail();
    expect(waits.slice(0, 4)).toEqual([2.5, 5, 10, 20].map((ms) => expect.closeTo(ms, 5)));
    expect(waits.slice(-2)).toEqual([500_000, 500_000].map((ms) => expect.closeTo(ms, 5)));
    expect(queue.retries('a')).toBe(20);

    queue.forget('a');
    expect(queue.retries('a')).toBe(0);
    await fail();
    expect(waits.at(-1)).toBeCloseTo(2.5, 5);
  });

  it('gives a key that arrives to the worker that waited longest', async () => {
    const { queue } = createQueue();
    const first = queue.get();
    const second = queue.get();
    queue.add('a');
    queue.add('b');
    expect(await Promise.all([first, second])).toEqual([
      { key: 'a', priority: 0 },
      { key: 'b', priority: 0 },
    ]);
  });

  it('loses nothing when a waiting worker goes away', async () => {
    const { queue } = createQueue();
    const leaving = new AbortController();
    const gone = queue.get(leaving.signal);
    leaving.abort();
    queue.add('a');
    expect(await gone).toBeUndefined();
    expect(await takeAll(queue)).toEqual(['a']);
  });

  it('after shut-down hands nothing out, and is idle once the workers are done', async () => {
    const { clock, queue } = createQueue();
    queue.add('held');
    expect(await takeAll(queue)).toEqual(['held']);
    const waiting = queue.get();
    queue.add('later', { afterMs: 10 });
    queue.shutDown();
    queue.add('refused');
    expect(await waiting).toBeUndefined();
    expect(await queue.get()).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);

    let idle = false;
    const wait = queue.idle().then(() => {
      idle = true;
    });
    await clock.advance(1_000);
    expect(idle).toBe(false);
    queue.done('held');
    await wait;
    expect(idle).toBe(true);
  });

  it('refuses a report for a key that no worker holds', () => {
    const { queue } = createQueue();
    expect(() => queue.done('a')).toThrow('No worker holds the key a.');
  });
});

describe('WorkQueue against a model', () => {
  type Step =
    | { readonly do: 'add'; readonly key: string; readonly options: AddOptions }
    | { readonly do: 'take' | 'shutDown' }
    | { readonly do: 'done' | 'forget'; readonly key: string }
    | { readonly do: 'wait'; readonly ms: number };

  interface ModelEntry {
    readonly key: string;
    priority: number;
    readyAt: number;
    order: number;
  }

  /** The same contract, written for clarity alone: a list that is searched each time. */
  class Model {
    readonly entries = new Map<string, ModelEntry>();
    readonly held = new Set<string>();
    readonly failures = new Map<string, number>();
    now = 0;
    order = 0;
    isShutDown = false;

    add(key: string, { priority = 0, afterMs = 0, rateLimited = false }: AddOptions) {
      if (this.isShutDown) return;
      const delays = [afterMs].filter((delay) => delay > 0);
      if (rateLimited) {
        const failures = this.failures.get(key) ?? 0;
        this.failures.set(key, failures + 1);
        delays.push(0.5 * Math.min(DEFAULT_QUEUE_BACKOFF.maxMs, DEFAULT_QUEUE_BACKOFF.baseMs * 2 ** failures));
      }
      const readyAt = this.now + (delays.length === 0 ? 0 : Math.min(...delays));
      const entry = this.entries.get(key);
      if (entry === undefined) {
        this.entries.set(key, { key, priority, readyAt, order: this.order++ });
        return;
      }
      const wasReady = entry.readyAt <= this.now;
      const becomesReady = !wasReady && readyAt <= this.now;
      if (!wasReady) entry.readyAt = Math.min(entry.readyAt, readyAt);
      if (becomesReady || (wasReady && priority > entry.priority)) entry.order = this.order++;
      entry.priority = Math.max(entry.priority, priority);
    }

    wait(ms: number) {
      const until = this.now + ms;
      const due = [...this.entries.values()].filter((entry) => entry.readyAt > this.now && entry.readyAt <= until);
      due.sort((a, b) => a.readyAt - b.readyAt || a.order - b.order);
      for (const entry of due) entry.order = this.order++;
      this.now = until;
    }

    take(): WorkItem | undefined {
      if (this.isShutDown) return undefined;
      const [first] = [...this.entries.values()]
        .filter((entry) => entry.readyAt <= this.now && !this.held.has(entry.key))
        .sort((a, b) => b.priority - a.priority || a.order - b.order);
      if (first === undefined) return undefined;
      this.entries.delete(first.key);
      this.held.add(first.key);
      return { key: first.key, priority: first.priority };
    }

    get depth() {
      return [...this.entries.values()].filter((entry) => entry.readyAt <= this.now).length;
    }
  }

  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const options: fc.Arbitrary<AddOptions> = fc.record(
    {
      priority: fc.constantFrom(LOW_PRIORITY, -1, 0, 1),
      afterMs: fc.constantFrom(0, 1, 5, 20, 100),
      rateLimited: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 30, arbitrary: fc.record({ do: fc.constant('add' as const), key, options }) },
    { weight: 25, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
    { weight: 25, arbitrary: fc.record({ do: fc.constant('done' as const), key }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('forget' as const), key }) },
    { weight: 15, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 4, 25, 1_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('shutDown' as const) }) },
  );

  it('hands out the same keys in the same order, whatever is done to it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { clock, queue } = createQueue();
        const model = new Model();
        for (const current of steps) {
          switch (current.do) {
            case 'add':
              queue.add(current.key, current.options);
              model.add(current.key, current.options);
              break;
            case 'take':
              expect(await take(queue)).toEqual(model.take());
              break;
            case 'done':
              if (!model.held.delete(current.key)) break;
              queue.done(current.key);
              break;
            case 'forget':
              queue.forget(current.key);
              model.failures.delete(current.key);
              break;
            case 'wait':
              await clock.advance(current.ms);
              model.wait(current.ms);
              break;
            case 'shutDown':
              queue.shutDown();
              model.isShutDown = true;
              break;
          }
          if (!model.isShutDown) expect(queue.depth).toBe(model.depth);
          expect(queue.processingAges()).toHaveLength(model.held.size);
          expect(queue.retries('a')).toBe(model.failures.get('a') ?? 0);
          expect(clock.pendingTimers).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
