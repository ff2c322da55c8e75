import { ApiConnectionError, ApiError, apiErrorOf } from './api-error.ts';
import { sleep } from './clock.ts';
import {
  apiVersionOf,
  formatKey,
  type KubernetesObject,
  type ObjectIntent,
  type ObjectKey,
  type ResourceKind,
  resourceName,
} from './objects.ts';
import { type Query, resourcePath } from './resource-path.ts';
import { TimeoutError, withTimeout } from './timeout.ts';
import {
  connectionError,
  createTransport,
  type HttpMethod,
  type Transport,
  type TransportOptions,
  type TransportRequest,
} from './transport.ts';
import { type WatchEvent, watchEvents } from './watch-stream.ts';

/** The API server gives up on ordinary requests after a minute, so waiting longer is of no use. */
const DEFAULT_REQUEST_TIMEOUT_MS = 60_000;

/** How often a read is tried when the server has too much to do. */
const READ_TRIES = 3;

/** The longest `Retry-After` that a read waits for before it leaves the decision to its caller. */
const LONGEST_READ_WAIT_MS = 10_000;

/** What every request takes. */
export interface RequestOptions {
  /** Breaks the request off. Whether a change was made is then unknown. */
  readonly signal: AbortSignal;
}

/** Which objects of a kind. */
export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only `metadata` is sent; the objects are complete otherwise. For kinds whose contents must not be held. */
  readonly metadataOnly?: boolean;
}

/** One page of a list. */
export interface ListOptions extends RequestOptions, Selection {
  /** `0`: any version that the server has at hand; absent: the latest; see `resourceVersionMatch` in the API concepts. */
  readonly resourceVersion?: string;
  readonly limit?: number;
  /** Of the page before. */
  readonly continueToken?: string;
}

/** A page of a list. Its objects may lack `apiVersion` and `kind`, as the API server leaves them out in lists. */
export interface ObjectList<T> {
  readonly items: readonly T[];
  /** The version of the whole list. */
  readonly resourceVersion: string;
  /** Asks for the next page; absent on the last. */
  readonly continueToken?: string;
}

/** Where a watch starts and how long it lasts. Bookmarks are always asked for. */
export interface WatchOptions extends RequestOptions, Selection {
  /** Report what happened after this version; absent: all that there is, as `ADDED`, and what happens from now on. */
  readonly resourceVersion?: string;
  /**
   * Start with all objects as `ADDED`, then a bookmark with the annotation `k8s.io/initial-events-end: "true"`: a list
   * as a stream, at least as new as `resourceVersion`, or the latest.
   */
  readonly sendInitialEvents?: boolean;
  /** After this time the server ends the watch. */
  readonly timeoutSeconds?: number;
}

/** What a patch and an apply take for asking what they would come to. */
export interface TrialOptions {
  /** The server does all but store: it fills in defaults, judges, and answers what would be. False by default. */
  readonly dryRun?: boolean;
  /** `Strict`: a field that the kind does not have, or has twice, is refused. The server's own rule by default. */
  readonly fieldValidation?: 'Strict';
}

/** Options of writes. */
export interface WriteOptions extends RequestOptions {
  /** Under which name the server notes who owns the written fields. */
  readonly fieldManager?: string;
}

/** A change to an object, as a JSON merge patch (RFC 7386) or a JSON patch (RFC 6902). */
export type Patch =
  | { readonly type: 'merge'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly type: 'json'; readonly body: readonly { readonly op: string; readonly path: string }[] };

/** Options of a patch. */
export interface PatchOptions extends WriteOptions, TrialOptions {
  /** Such as `status`. */
  readonly subresource?: string;
}

/** Options of a server-side apply. */
export interface ApplyOptions extends RequestOptions, TrialOptions {
  readonly fieldManager: string;
  /** Take over fields that others own, instead of a conflict. False by default. */
  readonly force?: boolean;
}

/** Options of a deletion. */
export interface DeleteOptions extends RequestOptions {
  /** Refused with 409 unless the stored object has this uid, and this version. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** What becomes of objects that this one owns. The server's own rule by default. */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/**
 * Requests to one API server, in raw JSON. All methods reject with `ApiError` when the server refuses, with
 * `ApiConnectionError` when there is no answer in time, and with the reason of the signal when that is aborted. The type parameters are the caller's promise about what is stored under the kind.
 */
export interface KubernetesClient {
  /** Rejects with 404 if there is no such object. */
  get<T extends KubernetesObject>(kind: ResourceKind, key: ObjectKey, options: RequestOptions): Promise<T>;
  /** One page; the whole list if no `limit` is given. */
  list<T extends KubernetesObject>(kind: ResourceKind, options: ListOptions): Promise<ObjectList<T>>;
  /** Resolves when the server has accepted the watch. See {@link watchEvents} for how it goes on. */
  watch<T extends KubernetesObject>(
    kind: ResourceKind,
    options: WatchOptions,
  ): Promise<AsyncGenerator<readonly WatchEvent<T>[], void, undefined>>;
  create<T extends KubernetesObject>(kind: ResourceKind, intent: ObjectIntent, options: WriteOptions): Promise<T>;
  /** Replaces the whole object; refused with 409 unless the intent's `resourceVersion`, if given, is the stored one. */
  replace<T extends KubernetesObject>(kind: ResourceKind, intent: ObjectIntent, options: WriteOptions): Promise<T>;
  patch<T extends KubernetesObject>(
    kind: ResourceKind,
    key: ObjectKey,
    patch: Patch,
    options: PatchOptions,
  ): Promise<T>;
  /** Server-side apply: makes the object have these fields, and gives up those that the manager applied before. */
  apply<T extends KubernetesObject>(kind: ResourceKind, intent: ObjectIntent, options: ApplyOptions): Promise<T>;
  /** Server-side apply of `status`; other fields of the intent but `metadata` are of no effect. */
  applyStatus<T extends KubernetesObject>(kind: ResourceKind, intent: ObjectIntent, options: ApplyOptions): Promise<T>;
  /** Resolves when the deletion is accepted; an object with finalizers stays until they are gone. */
  delete(kind: ResourceKind, key: ObjectKey, options: DeleteOptions): Promise<void>;
  /**
   * The same client over the same connections, whose changes all call `fence` first, immediately before they leave, and
   * do not leave if it throws.
   */
  fencedBy(fence: () => void): KubernetesClient;
  /** Breaks off what is under way and closes all connections. */
  close(): Promise<void>;
}

/** What a client needs. */
export interface KubernetesClientOptions extends TransportOptions {
  /** How long a request may take, watches apart. 60,000 by default. */
  readonly requestTimeoutMs?: number;
}

/** Opens a client; it connects when it is first used. Throws if the kubeconfig names no usable cluster. */
export function createKubernetesClient(options: KubernetesClientOptions): KubernetesClient {
  return clientOver(createTransport(options), options, () => {});
}

interface Call {
  readonly method: HttpMethod;
  readonly path: string;
  /** For messages: what the call is about, such as `configmaps "ns/name"`. */
  readonly subject: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

function clientOver(transport: Transport, options: KubernetesClientOptions, fence: () => void): KubernetesClient {
  const call = <T>(request: Call, signal: AbortSignal): Promise<T> =>
    perform(transport, options, fence, request, signal);

  const apply = <T>(
    kind: ResourceKind,
    intent: ObjectIntent,
    { fieldManager, force, signal, ...trial }: ApplyOptions,
    subresource?: string,
  ) =>
    call<T>(
      {
        method: 'PATCH',
        path: resourcePath(
          kind,
          { ...intent.metadata, ...(subresource && { subresource }) },
          { fieldManager, force, ...trialQuery(trial) },
        ),
        subject: describe(kind, intent.metadata, subresource),
        // JSON is YAML. The media type for JSON is not known to all supported servers.
        contentType: 'application/apply-patch+yaml',
        body: typed(kind, intent),
      },
      signal,
    );

  return {
    get: async (kind, key, { signal }) =>
      call({ method: 'GET', path: resourcePath(kind, key), subject: describe(kind, key) }, signal),
    list: async (kind, { signal, ...selection }) => listOf(await call(listCall(kind, selection), signal)),
    watch: async (kind, { signal, ...selection }) => openWatch(transport, watchCall(kind, selection), signal),
    create: async (kind, intent, { signal, fieldManager }) => {
      const { namespace } = intent.metadata;
      const path = resourcePath(kind, { ...(namespace && { namespace }) }, { fieldManager });
      return call(
        { method: 'POST', path, subject: describe(kind, intent.metadata), body: typed(kind, intent) },
        signal,
      );
    },
    replace: async (kind, intent, { signal, fieldManager }) => {
      const path = resourcePath(kind, intent.metadata, { fieldManager });
      return call({ method: 'PUT', path, subject: describe(kind, intent.metadata), body: typed(kind, intent) }, signal);
    },
    patch: async (kind, key, { type, body }, { signal, fieldManager, subresource, ...trial }) => {
      const location = { ...key, ...(subresource && { subresource }) };
      const path = resourcePath(kind, location, { fieldManager, ...trialQuery(trial) });
      const contentType = type === 'merge' ? 'application/merge-patch+json' : 'application/json-patch+json';
      return call({ method: 'PATCH', path, subject: describe(kind, key, subresource), contentType, body }, signal);
    },
    apply: async (kind, intent, applyOptions) => apply(kind, intent, applyOptions),
    applyStatus: async (kind, intent, applyOptions) => apply(kind, intent, applyOptions, 'status'),
    delete: async (kind, key, { signal, preconditions, propagationPolicy }) => {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy };
      await call({ method: 'DELETE', path: resourcePath(kind, key), subject: describe(kind, key), body }, signal);
    },
    fencedBy: (inner) =>
      clientOver(transport, options, () => {
        fence();
        inner();
      }),
    close: () => transport.close(),
  };
}

/** Sends a call and reads its answer, with a time limit. */
async function perform<T>(
  transport: Transport,
  { clock, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS }: KubernetesClientOptions,
  fence: () => void,
  call: Call,
  signal: AbortSignal,
): Promise<T> {
  const isRead = call.method === 'GET';
  for (let tried = 1; ; tried++) {
    try {
      return await withTimeout(clock, requestTimeoutMs, signal, async (limit) => {
        const request = httpRequest(call, limit);
        return readAnswer<T>(transport, call, isRead ? request : { ...request, beforeSend: fence });
      });
    } catch (thrown) {
      const error = signal.aborted ? signal.reason : explainTimeout(thrown, call, requestTimeoutMs);
      const waitMs = isRead && tried < READ_TRIES ? waitBeforeRetry(error, tried) : undefined;
      if (waitMs === undefined || signal.aborted) throw error;
      await sleep(clock, waitMs, signal);
    }
  }
}

function explainTimeout(error: unknown, { method, subject }: Call, timeoutMs: number): unknown {
  if (!(error instanceof TimeoutError)) return error;
  return new ApiConnectionError(`${method} ${subject}: no answer within ${timeoutMs} ms.`);
}

async function readAnswer<T>(transport: Transport, call: Call, request: TransportRequest): Promise<T> {
  const response = await transport.send(request, 'request');
  const text = await response.body.text().catch((error: unknown) => {
    throw connectionError(error, request, 'the API server');
  });
  if (response.status >= 300) {
    throw apiErrorOf(`${call.method} ${call.subject}`, response.status, text, response.retryAfter);
  }
  return parseAnswer<T>(text, call);
}

function parseAnswer<T>(text: string, call: Call): T {
  try {
    // The API server has checked the object against its schema.
    return JSON.parse(text) as T;
  } catch {
    // Node's message would quote the text, which may be a Secret's.
    throw new ApiConnectionError(`${call.method} ${call.subject}: the answer is not JSON.`);
  }
}

/** Milliseconds after which a failed read is worth another try, if it is at all. */
function waitBeforeRetry(error: unknown, tried: number): number | undefined {
  // A kept connection may have been closed by the other side just as the request left.
  if (error instanceof ApiConnectionError) return tried === 1 ? 0 : undefined;
  if (!(error instanceof ApiError) || error.retryAfterSeconds === undefined) return undefined;
  const waitMs = error.retryAfterSeconds * 1_000;
  return (error.status === 429 || error.status === 503) && waitMs <= LONGEST_READ_WAIT_MS ? waitMs : undefined;
}

async function openWatch<T>(transport: Transport, call: Call, signal: AbortSignal) {
  const request = httpRequest(call, signal);
  const response = await transport.send(request, 'watch');
  const what = `WATCH ${call.subject}`;
  if (response.status !== 200) throw apiErrorOf(what, response.status, await response.body.text(), response.retryAfter);
  return watchEvents<T>(withConnectionErrors(response.body, request), what);
}

async function* withConnectionErrors(body: AsyncIterable<Uint8Array>, request: TransportRequest) {
  try {
    yield* body;
  } catch (error) {
    throw connectionError(error, request, 'the API server');
  }
}

function httpRequest(
  { method, path, accept = 'application/json', contentType = 'application/json', body }: Call,
  signal: AbortSignal,
): TransportRequest {
  return {
    method,
    path,
    headers: { accept, ...(body !== undefined && { 'content-type': contentType }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal,
  };
}

function listCall(kind: ResourceKind, options: Omit<ListOptions, 'signal'>): Call {
  const { namespace, labelSelector, fieldSelector, resourceVersion, limit, continueToken, metadataOnly } = options;
  // The token says the version, and the server refuses to hear it twice.
  const version = continueToken === undefined ? resourceVersion : undefined;
  const query: Query = { labelSelector, fieldSelector, resourceVersion: version, limit, continue: continueToken };
  return collectionCall(kind, namespace, query, metadataOnly ? 'PartialObjectMetadataList' : undefined);
}

function watchCall(kind: ResourceKind, options: Omit<WatchOptions, 'signal'>): Call {
  const { namespace, labelSelector, fieldSelector, resourceVersion, sendInitialEvents, timeoutSeconds, metadataOnly } =
    options;
  const query: Query = {
    watch: true,
    allowWatchBookmarks: true,
    labelSelector,
    fieldSelector,
    resourceVersion,
    timeoutSeconds,
    ...(sendInitialEvents && { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' }),
  };
  return collectionCall(kind, namespace, query, metadataOnly ? 'PartialObjectMetadata' : undefined);
}

function collectionCall(kind: ResourceKind, namespace: string | undefined, query: Query, as: string | undefined): Call {
  return {
    method: 'GET',
    path: resourcePath(kind, { ...(namespace && { namespace }) }, query),
    subject: resourceName(kind) + (namespace ? ` in "${namespace}"` : ''),
    ...(as !== undefined && { accept: `application/json;as=${as};g=meta.k8s.io;v=v1` }),
  };
}

interface RawList<T> {
  readonly items?: readonly T[] | null;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

function listOf<T>({ items, metadata }: RawList<T>): ObjectList<T> {
  return {
    items: items ?? [],
    resourceVersion: metadata?.resourceVersion ?? '',
    ...(metadata?.continue && { continueToken: metadata.continue }),
  };
}

function trialQuery({ dryRun, fieldValidation }: TrialOptions): Query {
  return { ...(dryRun && { dryRun: 'All' }), fieldValidation };
}

function typed(kind: ResourceKind, intent: ObjectIntent) {
  return { ...intent, apiVersion: apiVersionOf(kind), kind: kind.kind };
}

function describe(kind: ResourceKind, key: ObjectKey, subresource?: string): string {
  return `${resourceName(kind)}${subresource ? `/${subresource}` : ''} "${formatKey(key)}"`;
}
