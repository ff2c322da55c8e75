import { describe, expect, it } from 'vitest';
import { ApiConnectionError, apiErrorOf } from './api-error.ts';
import type { Patch } from './client.ts';
import type { RecordedEvent } from './event-series.ts';
import { createEventRecorder } from './events.ts';
import { silentLogger } from './logger.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import type { KubernetesObject, ObjectIntent } from './objects.ts';
import { seededRandom } from './random.ts';

const MINUTE = 60_000;

function object(name: string): KubernetesObject {
  const metadata = { namespace: 'a', name, uid: name, resourceVersion: '5', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'configmgr.io/v1alpha1', kind: 'CMG', metadata };
}

function event(note = 'It is up.', reason = 'Provisioned'): RecordedEvent {
  return { type: 'Normal', reason, action: 'Provision', note };
}

type Stored = ObjectIntent & { readonly note: string; readonly series?: { readonly count: number } };

/** Keeps events as the API server does, for as long as it is up. */
function setUp({ pace }: { readonly pace?: ManualClock } = {}) {
  const clock = createManualClock();
  const stored = new Map<string, Stored>();
  const state = { failure: undefined as Error | undefined, lostAnswers: 0, isHanging: false, requests: 0 };
  const answer = async (write: () => void, signal: AbortSignal) => {
    state.requests++;
    if (state.isHanging)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    if (state.failure !== undefined) throw state.failure;
    write();
    if (state.lostAnswers-- > 0) throw new ApiConnectionError('lost');
    // The recorder does not look at the answer.
    return undefined as never;
  };
  const client = {
    create: (_: unknown, intent: ObjectIntent, { signal }: { signal: AbortSignal }) =>
      answer(() => {
        if (stored.has(intent.metadata.name)) throw apiErrorOf('POST', 409, '{"reason":"AlreadyExists"}');
        stored.set(intent.metadata.name, intent as Stored);
      }, signal),
    patch: (_: unknown, { name }: { name: string }, { body }: Patch, { signal }: { signal: AbortSignal }) =>
      answer(() => {
        const old = stored.get(name);
        if (old === undefined) throw apiErrorOf('PATCH', 404, '');
        stored.set(name, { ...old, ...body } as Stored);
      }, signal),
  };
  const recorder = createEventRecorder({
    client,
    clock,
    ...(pace === undefined ? {} : { pace }),
    random: seededRandom(1),
    logger: silentLogger,
    reportingController: 'configmgr.io/cmg-operator',
    reportingInstance: 'pod-1',
  });
  return { clock, stored, state, recorder, events: () => [...stored.values()] };
}

describe('the event recorder', () => {
  it('counts repetitions on one object', async () => {
    const { clock, recorder, events } = setUp();
    for (let count = 0; count < 3; count++) {
      recorder.record(object('one'), event());
      await clock.advance(MINUTE);
    }
    recorder.record(object('one'), event('It is down.'));
    await clock.advance(0);
    expect(events()).toMatchObject([
      { note: 'It is up.', series: { count: 3, lastObservedTime: '2026-01-01T00:02:00.000000Z' } },
      { note: 'It is down.' },
    ]);
    expect(events()[1]?.series).toBeUndefined();
  });

  it('begins anew when an event comes back after a long time, or when the API server has forgotten it', async () => {
    const { clock, recorder, stored, events } = setUp();
    recorder.record(object('one'), event());
    await clock.advance(6 * MINUTE);
    recorder.record(object('one'), event());
    await clock.advance(MINUTE);
    expect(events()).toHaveLength(2);
    stored.clear();
    recorder.record(object('one'), event());
    await clock.advance(0);
    expect(events()).toMatchObject([{ eventTime: '2026-01-01T00:06:00.000000Z', series: { count: 2 } }]);
  });

  it('lets an object write 25 events at once, then one each five minutes, and others as they like', async () => {
    const { clock, recorder, events } = setUp();
    for (let index = 0; index < 100; index++) recorder.record(object('loud'), event(`Note ${index}.`));
    recorder.record(object('quiet'), event());
    await clock.advance(5 * MINUTE);
    expect(events()).toHaveLength(26);
    recorder.record(object('loud'), event('One more.'));
    recorder.record(object('loud'), event('Too much.'));
    await clock.advance(0);
    expect(events().at(-1)?.note).toBe('One more.');
    expect(events()).toHaveLength(27);
  });

  it('judges by another time whether an object writes too much, if there is one', async () => {
    const pace = createManualClock();
    const { clock, recorder, events } = setUp({ pace });
    for (let index = 0; index < 100; index++) recorder.record(object('loud'), event(`Note ${index}.`));
    await clock.advance(60 * MINUTE);
    recorder.record(object('loud'), event('Too much.'));
    await pace.advance(5 * MINUTE);
    recorder.record(object('loud'), event('One more.'));
    await clock.advance(0);
    expect(events()).toHaveLength(26);
    expect(events().at(-1)).toMatchObject({ note: 'One more.', eventTime: '2026-01-01T01:00:00.000000Z' });
  });

  it('keeps a thousand events while the API server is down, and no more', async () => {
    const { clock, recorder, state, events } = setUp();
    state.failure = new ApiConnectionError('down');
    for (let index = 0; index < 1_500; index++) recorder.record(object(`object-${index}`), event());
    await clock.advance(MINUTE);
    state.failure = undefined;
    await clock.advance(MINUTE);
    // One had left the queue already.
    expect(events()).toHaveLength(1_001);
  });

  it('takes an event whose answer was lost for written', async () => {
    const { clock, recorder, state, events } = setUp();
    state.lostAnswers = 1;
    recorder.record(object('one'), event());
    await clock.advance(MINUTE);
    recorder.record(object('one'), event());
    await clock.advance(0);
    expect(events()).toMatchObject([{ series: { count: 2 } }]);
  });

  it('does not insist where the API server refuses', async () => {
    const { clock, recorder, state, events } = setUp();
    state.failure = apiErrorOf('POST', 403, '{"reason":"Forbidden"}');
    recorder.record(object('one'), event());
    await clock.advance(60 * MINUTE);
    expect(state.requests).toBe(1);
    state.failure = undefined;
    recorder.record(object('two'), event());
    await clock.advance(0);
    expect(events()).toHaveLength(1);
  });

  it('writes what waits before it ends, and nothing after', async () => {
    const { clock, recorder, events } = setUp();
    recorder.record(object('one'), event('One.'));
    recorder.record(object('two'), event('Two.'));
    await recorder.stop();
    recorder.record(object('three'), event('Three.'));
    await clock.advance(MINUTE);
    expect(events().map(({ note }) => note)).toEqual(['One.', 'Two.']);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each(['down', 'hanging'])('ends within five seconds when the API server is %s', async (trouble) => {
    const { clock, recorder, state } = setUp();
    if (trouble === 'down') state.failure = new ApiConnectionError('down');
    else state.isHanging = true;
    for (let index = 0; index < 100; index++) recorder.record(object(`object-${index}`), event());
    await clock.advance(0);
    let hasEnded = false;
    const ended = recorder.stop().then(() => {
      hasEnded = true;
    });
    await clock.advance(5_000);
    expect(hasEnded).toBe(true);
    await ended;
    expect(clock.pendingTimers).toBe(0);
  });

  it('cuts a note between characters', async () => {
    const { clock, recorder, events } = setUp();
    for (let offset = 0; offset < 4; offset++)
      recorder.record(object(`o${offset}`), event('x'.repeat(offset) + '🙂'.repeat(300)));
    await clock.advance(0);
    for (const { note } of events()) {
      expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
      expect(Buffer.byteLength(note)).toBeGreaterThan(1_016);
      expect(note).toMatch(/^x*🙂+…$/u);
    }
  });
});
