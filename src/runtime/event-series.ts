import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { KubernetesObject } from './objects.ts';
import type { Random } from './random.ts';

/** After so long without a repetition, the same event is a new one. As in client-go. */
const SERIES_IDLE_MS = 360_000;

/** Events of one object that may be written at once, and the time that gives it one more. As in client-go. */
const BURST = 25;
const REFILL_MS = 300_000;

/** Series, and objects, that are remembered. As in client-go. */
const MEMORY_LIMIT = 4_096;

/** The API server refuses longer notes; in bytes of UTF-8. */
const NOTE_LIMIT = 1_024;

/** The longest part of an event's name that is the name of its object; the API allows 253 in all. */
const NAME_LIMIT = 220;

/** Something that happened to an object. */
export interface RecordedEvent {
  /** `Warning` if somebody should look. */
  readonly type: 'Normal' | 'Warning';
  /** Why, as one CamelCase word. At most 128 characters. */
  readonly reason: string;
  /** What was being done, as one CamelCase word. At most 128 characters. */
  readonly action: string;
  /** For people. Cut at 1 KiB. Never a secret. */
  readonly note: string;
}

/** An event and its repetitions: one object in the API. */
export interface EventSeries {
  readonly event: RecordedEvent;
  readonly regarding: KubernetesObject;
  /** Of the object in the API. */
  readonly name: string;
  /** In milliseconds since the Unix epoch. */
  readonly firstAt: number;
  lastAt: number;
  count: number;
  isQueued: boolean;
  isStored: boolean;
}

/** What the counting needs. */
export interface EventSeriesOptions {
  /** Of the times that events carry. */
  readonly clock: Pick<Clock, 'now'>;
  /** By which it is judged how often an object tells something. */
  readonly pace: Pick<Clock, 'monotonic'>;
  readonly random: Random;
  readonly logger: Logger;
}

/** Puts repetitions together, and holds back objects that report too much. */
export interface EventSeriesCounter {
  /** The series that the event belongs to, counted; `undefined` if it is not to be written. */
  count(regarding: KubernetesObject, event: RecordedEvent): EventSeries | undefined;
}

/** Creates a counter without any memory. */
export function createEventSeries({ clock, pace, random, logger }: EventSeriesOptions): EventSeriesCounter {
  const seriesByIdentity = new Map<string, EventSeries & { seenAt: number }>();
  const buckets = new Map<string, { tokens: number; at: number }>();

  function mayWrite(uid: string): boolean {
    const now = pace.monotonic();
    const bucket = buckets.get(uid) ?? { tokens: BURST, at: now };
    const tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS);
    const isAllowed = tokens >= 1;
    remember(buckets, uid, { tokens: isAllowed ? tokens - 1 : tokens, at: now });
    return isAllowed;
  }

  function seriesOf(regarding: KubernetesObject, event: RecordedEvent): EventSeries {
    const { type, reason, action, note } = event;
    const identity = JSON.stringify([regarding.metadata.uid, type, reason, action, note]);
    const known = seriesByIdentity.get(identity);
    const now = clock.now();
    const seenAt = pace.monotonic();
    const isRepetition = known !== undefined && seenAt - known.seenAt < SERIES_IDLE_MS;
    const series = isRepetition
      ? Object.assign(known, { count: known.count + 1, lastAt: now, seenAt })
      : {
          event: { ...event, note: cutNote(note) },
          regarding,
          name: eventName(regarding.metadata.name, now, random),
          firstAt: now,
          lastAt: now,
          seenAt,
          count: 1,
          isQueued: false,
          isStored: false,
        };
    remember(seriesByIdentity, identity, series);
    return series;
  }

  return {
    count: (regarding, event) => {
      const series = seriesOf(regarding, event);
      if (series.isQueued || mayWrite(regarding.metadata.uid)) return series;
      logger.debug({ reason: event.reason }, 'The object has too many events; this one is not written.');
      return undefined;
    },
  };
}

/** Forgets what was used longest ago. */
function remember<V>(memory: Map<string, V>, key: string, value: V): void {
  memory.delete(key);
  memory.set(key, value);
  const [oldest] = memory.keys();
  if (memory.size > MEMORY_LIMIT && oldest !== undefined) memory.delete(oldest);
}

function eventName(objectName: string, now: number, random: Random): string {
  const unique =
    now.toString(16) +
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return `${objectName.slice(0, NAME_LIMIT).replace(/[-.]+$/, '')}.${unique}`;
}

/** `note` within the limit, without a character cut in two. */
function cutNote(note: string): string {
  const bytes = new TextEncoder().encode(note);
  if (bytes.length <= NOTE_LIMIT) return note;
  const kept = new TextDecoder().decode(bytes.subarray(0, NOTE_LIMIT - 3), { stream: true });
  return `${kept}…`;
}
