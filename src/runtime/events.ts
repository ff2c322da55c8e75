import { isAlreadyExists, isNotFound, isTransient } from './api-error.ts';
import { backoffDelay } from './backoff.ts';
import type { KubernetesClient } from './client.ts';
import { type Clock, sleep } from './clock.ts';
import { createEventSeries, type EventSeries, type RecordedEvent } from './event-series.ts';
import { toMicroTime } from './lease.ts';
import type { Logger } from './logger.ts';
import type { KubernetesObject, ObjectIntent, ResourceKind } from './objects.ts';
import type { Random } from './random.ts';

/** Events that wait to be written before further ones are dropped, and tries for each, as in client-go. */
const QUEUE_LIMIT = 1_000;
const MAX_TRIES = 12;

const BACKOFF = { baseMs: 1_000, maxMs: 30_000 };

/** How long {@link EventRecorder.stop} goes on writing. */
const FLUSH_MS = 5_000;

/** Where events of cluster-scoped objects are. */
const DEFAULT_NAMESPACE = 'default';

const EVENT: ResourceKind = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** What a recorder needs. */
export interface EventRecorderOptions {
  readonly client: Pick<KubernetesClient, 'create' | 'patch'>;
  readonly clock: Clock;
  /** Time by which an object tells too much, where what happens to it runs in another one. Default: `clock`. */
  readonly pace?: Pick<Clock, 'monotonic'>;
  readonly random: Random;
  readonly logger: Logger;
  /** Who reports, as a qualified name: `configmgr.io/cmg-operator`. */
  readonly reportingController: string;
  /** Which of its processes: the pod's name. At most 128 characters. */
  readonly reportingInstance: string;
}

/** Tells people what happened to an object, as Events in the `events.k8s.io/v1` API. */
export interface EventRecorder {
  /**
   * Queues an event; never throws and never waits. Of an event that repeats itself the API has one object that counts.
   * Dropped, with a line in the log, when there are too many: of one object, or in all.
   */
  record(regarding: KubernetesObject, event: RecordedEvent): void;
  /** Takes no more events, and writes those that wait, for at most 5 s. */
  stop(): Promise<void>;
}

/** Creates a recorder. It writes one event after the other, when there are any. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { clock, pace = clock, logger } = options;
  const series = createEventSeries({ ...options, pace });
  const queue: EventSeries[] = [];
  const stopping = new AbortController();
  const giveUp = new AbortController();
  let isStopped = false;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      next.isQueued = false;
      if (!giveUp.signal.aborted) await writeOne(options, next, stopping.signal, giveUp.signal);
    }
    writing = undefined;
  }

  return {
    record: (regarding, event) => {
      if (isStopped) return;
      const counted = series.count(regarding, event);
      if (counted === undefined || counted.isQueued) return;
      if (queue.length >= QUEUE_LIMIT) {
        logger.warn({ reason: event.reason }, 'Too many events wait to be written; this one is dropped.');
        return;
      }
      counted.isQueued = true;
      queue.push(counted);
      writing ??= writeAll();
    },
    stop: async () => {
      isStopped = true;
      stopping.abort(new Error('The event recorder ends.'));
      const cancel = clock.schedule(FLUSH_MS, () => giveUp.abort(new Error('The event recorder has ended.')));
      await writing;
      cancel();
    },
  };
}

/** Writes one event, trying again for as long as that may help. Never rejects. */
async function writeOne(
  options: EventRecorderOptions,
  series: EventSeries,
  stopping: AbortSignal,
  giveUp: AbortSignal,
): Promise<void> {
  const { clock, random, logger } = options;
  for (let tried = 1; ; tried++) {
    try {
      await write(options, series, giveUp);
      return;
    } catch (error) {
      if (!isTransient(error) || tried === MAX_TRIES || stopping.aborted) {
        logger.warn({ err: error, reason: series.event.reason }, 'An event could not be written.');
        return;
      }
      await sleep(clock, backoffDelay(BACKOFF, tried, random), stopping).catch(() => {});
    }
  }
}

async function write({ client, ...reporter }: EventRecorderOptions, series: EventSeries, signal: AbortSignal) {
  const { name } = series;
  const namespace = series.regarding.metadata.namespace ?? DEFAULT_NAMESPACE;
  if (series.isStored) {
    try {
      const patch = { type: 'merge', body: { series: repetition(series) } } as const;
      await client.patch(EVENT, { namespace, name }, patch, { signal });
      return;
    } catch (error) {
      // The API server forgets events, after an hour by default.
      if (!isNotFound(error)) throw error;
    }
  }
  try {
    await client.create(EVENT, toIntent(series, namespace, reporter), { signal });
  } catch (error) {
    // An earlier try whose answer was lost.
    if (!isAlreadyExists(error)) throw error;
  }
  series.isStored = true;
}

function toIntent(
  series: EventSeries,
  namespace: string,
  { reportingController, reportingInstance }: Pick<EventRecorderOptions, 'reportingController' | 'reportingInstance'>,
): ObjectIntent {
  const { event, regarding, name } = series;
  const { metadata, apiVersion, kind } = regarding;
  const { type, reason, action, note } = event;
  return {
    metadata: { namespace, name },
    eventTime: toMicroTime(series.firstAt),
    reportingController,
    reportingInstance,
    type,
    reason,
    action,
    note,
    regarding: {
      apiVersion,
      kind,
      name: metadata.name,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      ...(metadata.namespace && { namespace: metadata.namespace }),
    },
    ...(series.count > 1 && { series: repetition(series) }),
  };
}

function repetition({ count, lastAt }: EventSeries) {
  return { count, lastObservedTime: toMicroTime(lastAt) };
}
