import { ApiError, isExpired, isInvalid, isTooManyRequests } from './api-error.ts';
import { type BackoffLimits, backoffDelay } from './backoff.ts';
import type { KubernetesClient, Selection, WatchOptions } from './client.ts';
import { type Clock, sleep } from './clock.ts';
import { type FrozenObjectOptions, toFrozenObject } from './frozen-object.ts';
import type { Logger } from './logger.ts';
import type { StorePartition } from './memory-store.ts';
import { isAtLeast, type KubernetesObject, keyOf, type ResourceKind, resourceName } from './objects.ts';
import type { Random } from './random.ts';
import type { WatchEvent } from './watch-stream.ts';

/** Waits after failures, as client-go's reflector has them: 0.8 s doubling to 30 s. */
const BACKOFF: BackoffLimits = { baseMs: 800, maxMs: 30_000 };

/** So long without a failure, and the next one counts as the first. */
const HEALTHY_AFTER_MS = 120_000;

/**
 * A watch on which nothing comes for so long is dead, because the API server sends a bookmark about every minute. Also
 * the limit for the server to accept a watch.
 */
const SILENCE_LIMIT_MS = 120_000;

/** A watch that the server ends sooner than this is a failure to wait after. */
const SHORTEST_WATCH_MS = 1_000;

/** Streamed lists that may break off in a row before the classic list gets its chance. */
const STREAMED_LIST_TRIES = 3;

const PAGE_SIZE = 500;

/** The annotation on the bookmark that ends a streamed list. */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** What a reflector follows, and with what. */
export interface ReflectorOptions extends Selection, FrozenObjectOptions {
  readonly client: Pick<KubernetesClient, 'list' | 'watch'>;
  readonly kind: ResourceKind;
  /** The API server's time, not one that runs faster: limits count from it. */
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told at each answer of the server on a watch, bookmarks included, what was watched. */
  readonly onHeard?: (resource: string, namespace: string) => void;
}

/** Where a reflector stands between two connections. */
interface Progress {
  /** The version to go on from; `undefined`: list first. */
  version: string | undefined;
  /** Whether lists are streamed as part of the watch, which new servers do, or asked for page by page. */
  streamsLists: boolean;
  /** Streamed lists in a row that the server began and did not bring to their end. */
  brokenLists: number;
}

/** The stored state cannot be followed from the version that is known. */
class LostTrackError extends Error {
  override readonly name = 'LostTrackError';
}

/**
 * Keeps `partition` equal to what the API server has, until `signal` is aborted; resolves then, when no connection and
 * no timer is left. Never rejects: whatever goes wrong is logged and tried again, with back-off.
 */
export async function runReflector<T extends KubernetesObject>(
  options: ReflectorOptions,
  partition: StorePartition<T>,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = options;
  const progress: Progress = { version: undefined, streamsLists: true, brokenLists: 0 };
  let failures = 0;
  let calmSince = clock.monotonic();
  while (!signal.aborted) {
    const startedAt = clock.monotonic();
    const failure = await follow(options, partition, progress, signal).then(
      () => (clock.monotonic() - startedAt < SHORTEST_WATCH_MS ? new Error('The watch ended at once.') : undefined),
      (error: unknown) => error,
    );
    if (signal.aborted) return;
    if (failure === undefined) continue;
    if (adapt(options, progress, failure)) continue;
    if (clock.monotonic() - calmSince >= HEALTHY_AFTER_MS) failures = 0;
    const waitMs = Math.max(backoffDelay(BACKOFF, failures++, options.random), askedWaitMs(failure));
    logFailure(options, failure, waitMs);
    await sleep(clock, waitMs, signal).catch(() => {});
    calmSince = clock.monotonic();
  }
}

/** Learns from a failure. Whether it is worth going on at once. */
function adapt({ logger, kind }: ReflectorOptions, progress: Progress, failure: unknown): boolean {
  if (isExpired(failure) || isTooLarge(failure) || failure instanceof LostTrackError) progress.version = undefined;
  if (progress.version !== undefined || !progress.streamsLists) return false;
  const isRefused = isInvalid(failure) || (failure instanceof ApiError && failure.status === 400);
  if (!isRefused && progress.brokenLists < STREAMED_LIST_TRIES) return false;
  progress.streamsLists = false;
  logger.info({ resource: resourceName(kind) }, 'The API server does not stream lists; listing page by page.');
  return isRefused;
}

/** A server whose state is older than what is known, such as one restored from a backup, answers so. */
function isTooLarge(failure: unknown): boolean {
  return (
    failure instanceof ApiError &&
    (failure.details?.causes ?? []).some(({ reason }) => reason === 'ResourceVersionTooLarge')
  );
}

function askedWaitMs(failure: unknown): number {
  return isTooManyRequests(failure) ? (failure.retryAfterSeconds ?? 0) * 1_000 : 0;
}

function logFailure({ logger, kind, namespace }: ReflectorOptions, failure: unknown, waitMs: number): void {
  const fields = { resource: resourceName(kind), watchedNamespace: namespace ?? '', retryInMs: Math.round(waitMs) };
  // The usual end of a watch that was quiet for long, and no trouble.
  if (isExpired(failure)) logger.info({ ...fields, err: failure }, 'The watch has expired; listing anew.');
  else logger.warn({ ...fields, err: failure }, 'The watch has failed.');
}

/** One connection, with a list before it if need be. Resolves when the server ends the watch. */
async function follow<T extends KubernetesObject>(
  options: ReflectorOptions,
  partition: StorePartition<T>,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  if (progress.version === undefined && !progress.streamsLists) {
    const { items, resourceVersion } = await listAll<T>(options, partition.resourceVersion === '', signal);
    partition.replace(
      items.map((object) => toFrozenObject(options.kind, object, options)),
      resourceVersion,
    );
    progress.version = resourceVersion;
  }
  const silence = watchForSilence(options.clock, signal);
  let isAccepted = false;
  try {
    const apply = eventHandler(options, partition, progress);
    const stream = await options.client.watch<T>(options.kind, watchOptions(options, progress, silence.signal));
    isAccepted = true;
    for await (const events of stream) {
      silence.heard();
      options.onHeard?.(resourceName(options.kind), options.namespace ?? '');
      for (const event of events) apply(event);
    }
    if (progress.version === undefined) throw new Error('The watch ended before the list in it did.');
  } catch (error) {
    if (isAccepted && progress.version === undefined)
      progress.brokenLists += silence.isSilent ? STREAMED_LIST_TRIES : 1;
    // Either the connection is dead, or the server is behind what is known and says nothing until it has caught up.
    if (silence.isSilent) progress.version = undefined;
    throw error;
  } finally {
    silence.stop();
  }
}

function watchOptions(options: ReflectorOptions, { version }: Progress, signal: AbortSignal): WatchOptions {
  const { random } = options;
  return {
    ...selectionOf(options),
    // Spread, so that not all watches are renewed together. The values are client-go's.
    timeoutSeconds: Math.floor(300 * (1 + random())),
    ...(version === undefined ? { sendInitialEvents: true } : { resourceVersion: version }),
    signal,
  };
}

/** Applies events to `partition`: to a copy in waiting while a streamed list is incomplete, directly after. */
function eventHandler<T extends KubernetesObject>(
  options: ReflectorOptions,
  partition: StorePartition<T>,
  progress: Progress,
): (event: WatchEvent<T>) => void {
  let listed = new Map<string, T>();

  function list({ type, object }: WatchEvent<T>): void {
    if (type === 'BOOKMARK') {
      if (object.metadata.annotations?.[INITIAL_EVENTS_END] !== 'true') {
        progress.brokenLists = STREAMED_LIST_TRIES;
        throw new Error('The API server goes on without an end of the list, which it cannot have been asked for.');
      }
      progress.version = object.metadata.resourceVersion;
      progress.brokenLists = 0;
      partition.replace(listed.values(), progress.version);
      listed = new Map();
    } else if (type === 'DELETED') {
      listed.delete(keyOf(object));
    } else {
      listed.set(keyOf(object), toFrozenObject(options.kind, object, options));
    }
  }

  function change({ type, object }: WatchEvent<T>, known: string): void {
    const version = object.metadata.resourceVersion;
    if (!isAtLeast(version, known)) {
      if (type !== 'BOOKMARK') return;
      throw new LostTrackError(`The API server has gone back from version ${known} to ${version}.`);
    }
    // Before the store tells its subscribers, so that they find it as new as what they are told.
    progress.version = version;
    partition.advance(version);
    if (type === 'BOOKMARK' || version === known) return;
    const frozen = toFrozenObject(options.kind, object, options);
    if (type === 'DELETED') partition.remove(frozen);
    else partition.put(frozen);
  }

  return (event) => {
    if (progress.version === undefined) list(event);
    else change(event, progress.version);
  };
}

/** The whole list. The first may be a little old, which spares the server; later ones must not go back in time. */
async function listAll<T extends KubernetesObject>(options: ReflectorOptions, isFirst: boolean, signal: AbortSignal) {
  const { client, kind } = options;
  const selection = { ...selectionOf(options), ...(isFirst && { resourceVersion: '0' }), signal };
  let page = await client.list<T>(kind, { ...selection, limit: PAGE_SIZE });
  const items = [...page.items];
  while (page.continueToken !== undefined) {
    try {
      page = await client.list<T>(kind, { ...selection, limit: PAGE_SIZE, continueToken: page.continueToken });
    } catch (error) {
      // The list took longer than the server keeps old versions. In one piece it cannot expire.
      if (isExpired(error)) return client.list<T>(kind, selection);
      throw error;
    }
    for (const item of page.items) items.push(item);
  }
  return { items, resourceVersion: page.resourceVersion };
}

function selectionOf({ namespace, labelSelector, fieldSelector, metadataOnly }: Selection): Selection {
  return {
    ...(namespace && { namespace }),
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
    ...(metadataOnly && { metadataOnly }),
  };
}

interface SilenceWatch {
  /** Aborted when nothing was heard for too long, or with the parent. */
  readonly signal: AbortSignal;
  readonly isSilent: boolean;
  heard(): void;
  stop(): void;
}

/** One timer for each limit, not for each event. */
function watchForSilence(clock: Clock, parent: AbortSignal): SilenceWatch {
  const controller = new AbortController();
  let heardAt = clock.monotonic();
  let isSilent = false;
  const check = () => {
    const leftMs = heardAt + SILENCE_LIMIT_MS - clock.monotonic();
    if (leftMs > 0) {
      cancel = clock.schedule(leftMs, check);
      return;
    }
    isSilent = true;
    controller.abort(new Error(`The API server sent nothing for ${SILENCE_LIMIT_MS / 1_000} s.`));
  };
  let cancel = clock.schedule(SILENCE_LIMIT_MS, check);
  const onParentAbort = () => controller.abort(parent.reason);
  if (parent.aborted) onParentAbort();
  else parent.addEventListener('abort', onParentAbort, { once: true });
  return {
    signal: controller.signal,
    get isSilent() {
      return isSilent;
    },
    heard: () => {
      heardAt = clock.monotonic();
    },
    stop: () => {
      cancel();
      parent.removeEventListener('abort', onParentAbort);
    },
  };
}
