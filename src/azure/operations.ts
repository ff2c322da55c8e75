import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ArmClient } from './arm-client.ts';
import type { ArmAnswer, ReadOptions } from './arm-transport.ts';
import { ArmError, errorFromOperation, retryAfter } from './errors.ts';

/**
 * A long-running operation that Azure accepted. Plain JSON. `url` is signed and grants reading the operation: it is kept
 * where Secrets are kept and never logged.
 */
export interface Operation {
  /** Where the outcome is read: the operation's own status, the future answer of the request, or the resource. */
  readonly kind: 'AsyncOperation' | 'Location' | 'ProvisioningState';
  readonly url: string;
  readonly method: 'PUT' | 'PATCH' | 'DELETE' | 'POST';
  readonly resourceId: string;
  /** With which the resource itself can be read when the operation cannot. */
  readonly apiVersion: string;
  /** When Azure accepted it, by its clock, in ISO 8601. */
  readonly startedAt: string;
  /** How long Azure asked to wait before the first poll. */
  readonly retryAfterSeconds?: number;
}

/** What polling an operation came to. */
export type PollResult =
  | {
      readonly kind: 'Running';
      readonly retryAfterMs: number;
      /** Why the status could not be read this time. Says nothing of the operation. */
      readonly unreadable?: ArmError;
    }
  | { readonly kind: 'Succeeded' }
  | { readonly kind: 'Failed'; readonly error: ArmError };

/** The request whose answer `operationFrom` reads. */
export interface StartedRequest {
  readonly method: Operation['method'];
  readonly resourceId: string;
  readonly apiVersion: string;
  /** Address at which the resource itself is read. */
  readonly resourceUrl: string;
  /** Milliseconds since the epoch, by Azure's clock. */
  readonly now: number;
  /** Whether an address is on the endpoint that the request went to. */
  readonly owns: (url: string) => boolean;
}

/**
 * The operation that an accepted write started; `undefined` when it is done. An address outside the client's endpoint is
 * not taken up: the resource is watched instead.
 */
export function operationFrom(answer: ArmAnswer, request: StartedRequest): Operation | undefined {
  const pending = pendingKind(answer, request);
  if (pending === undefined) {
    return undefined;
  }
  const usable = request.owns(pending.url) ? pending : watchResource(request);
  const delay = retryAfter(answer.header, request.now);
  return {
    ...usable,
    method: request.method,
    resourceId: request.resourceId,
    apiVersion: request.apiVersion,
    startedAt: new Date(request.now).toISOString(),
    ...(delay === undefined ? {} : { retryAfterSeconds: delay / 1000 }),
  };
}

type Pending = Pick<Operation, 'kind' | 'url'>;

function watchResource(request: { readonly resourceUrl: string }): Pending {
  return { kind: 'ProvisioningState', url: request.resourceUrl };
}

function pendingKind(answer: ArmAnswer, request: StartedRequest): Pending | undefined {
  const asyncOperation = answer.header('azure-asyncoperation');
  const location = answer.header('location');
  const asked: Pending | undefined =
    asyncOperation !== undefined
      ? { kind: 'AsyncOperation', url: asyncOperation }
      : location !== undefined && !samePath(location, request.resourceUrl)
        ? { kind: 'Location', url: location }
        : undefined;
  if (answer.status === 202) {
    return asked ?? watchResource(request);
  }
  const writesResource = request.method === 'PUT' || request.method === 'PATCH';
  if (
    writesResource &&
    (answer.status === 200 || answer.status === 201) &&
    !isTerminal(provisioningState(answer.body))
  ) {
    return asked ?? watchResource(request);
  }
  return undefined;
}

/** An identity answers its PUT with a `Location` that is its own address, which is no operation. */
function samePath(left: string, right: string): boolean {
  return (
    URL.canParse(left) &&
    new URL(left).pathname.toLowerCase() === new URL(right).pathname.replace(/^\/+/, '/').toLowerCase()
  );
}

/** The `properties.provisioningState` of a resource; `undefined` where it has none. */
export function provisioningState(resource: JsonValue | undefined): string | undefined {
  const properties = isJsonObject(resource) ? resource.properties : undefined;
  const state = isJsonObject(properties) ? properties.provisioningState : undefined;
  return typeof state === 'string' ? state : undefined;
}

/** `Succeeded`, `Failed` and `Canceled` end an operation; no state at all means that there was nothing to wait for. */
export function isTerminal(state: string | undefined): boolean {
  return state === undefined || /^(succeeded|failed|cancell?ed)$/i.test(state);
}

/**
 * Asks once how an operation stands. A status that cannot be read is never taken for a failure of the operation: it
 * stays `Running`, and once Azure has forgotten the operation (404 for more than 5 minutes), the resource itself tells.
 */
export async function poll(client: ArmClient, operation: Operation, options: ReadOptions = {}): Promise<PollResult> {
  if (operation.kind === 'ProvisioningState' || !client.owns(operation.url)) {
    return pollResource(client, operation, options);
  }
  try {
    const answer = await client.follow(operation.url, options);
    return operation.kind === 'AsyncOperation'
      ? await outcomeOfStatus(client, operation, answer, options)
      : outcomeOfLocation(client, operation, answer);
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    if (operation.kind === 'Location' && endsOperation(error)) {
      return { kind: 'Failed', error };
    }
    const forgotten = error.status === 404 && ageMs(client, operation, error.date) > FORGOTTEN_AFTER_MS;
    return forgotten ? pollResource(client, operation, options) : unreadable(client, operation, error);
  }
}

/** A new operation may be unknown to the server that is asked for it; a 404 within this time means nothing. */
const FORGOTTEN_AFTER_MS = 5 * 60_000;

async function outcomeOfStatus(client: ArmClient, operation: Operation, answer: ArmAnswer, options: ReadOptions) {
  const status = isJsonObject(answer.body) ? answer.body.status : undefined;
  if (answer.status === 202) {
    return running(client, operation, answer);
  }
  if (typeof status !== 'string') {
    return pollResource(client, operation, options);
  }
  return isTerminal(status) ? outcome(status, answer.body) : running(client, operation, answer);
}

function outcomeOfLocation(client: ArmClient, operation: Operation, answer: ArmAnswer): PollResult {
  const state = provisioningState(answer.body);
  if (answer.status === 202 || !isTerminal(state)) {
    return running(client, operation, answer);
  }
  return outcome(state ?? 'Succeeded', answer.body);
}

/**
 * The address in `Location` answers, in the end, as the request itself would have; a refusal with a code is then that of
 * the request. Refusals of the reading itself (rights, throttling, unknown operation) are not.
 */
function endsOperation(error: ArmError): boolean {
  const aboutReading = [401, 403, 404, 408, 429].includes(error.status);
  return error.status >= 400 && error.status < 500 && !aboutReading && error.answeredByAzure;
}

async function pollResource(client: ArmClient, operation: Operation, options: ReadOptions): Promise<PollResult> {
  try {
    const result = await client.get(operation.resourceId, operation.apiVersion, options);
    const deleting = operation.method === 'DELETE';
    if (result.kind === 'Absent') {
      return deleting ? { kind: 'Succeeded' } : absentAfterWrite(client, operation, result.code, result.date);
    }
    const state = provisioningState(result.resource);
    const notYet = deleting ? !/^(failed|cancell?ed)$/i.test(state ?? '') : !isTerminal(state);
    return notYet
      ? { kind: 'Running', retryAfterMs: patience(client, operation, result.date) }
      : outcome(state ?? 'Succeeded', result.resource);
  } catch (error) {
    if (error instanceof ArmError) {
      return unreadable(client, operation, error);
    }
    throw error;
  }
}

function absentAfterWrite(client: ArmClient, operation: Operation, code: string, date: number | undefined): PollResult {
  const error = new ArmError({
    status: 404,
    code,
    message: `${operation.resourceId} does not exist, although Azure accepted its ${operation.method}.`,
    class: 'NotFound',
  });
  return ageMs(client, operation, date) > FORGOTTEN_AFTER_MS
    ? { kind: 'Failed', error }
    : unreadable(client, operation, error);
}

function outcome(state: string, body: JsonValue | undefined): PollResult {
  return /^succeeded$/i.test(state)
    ? { kind: 'Succeeded' }
    : { kind: 'Failed', error: errorFromOperation(JSON.stringify(body ?? null), state) };
}

function running(client: ArmClient, operation: Operation, answer: ArmAnswer): PollResult {
  const asked = retryAfter(answer.header, answer.date ?? client.clock.now());
  return { kind: 'Running', retryAfterMs: asked ?? patience(client, operation, answer.date) };
}

function unreadable(client: ArmClient, operation: Operation, error: ArmError): PollResult {
  const retryAfterMs = error.retryAfterMs ?? patience(client, operation, error.date);
  return { kind: 'Running', retryAfterMs, unreadable: error };
}

function ageMs(client: ArmClient, operation: Operation, date: number | undefined): number {
  return Math.max((date ?? client.clock.now()) - Date.parse(operation.startedAt), 0);
}

/**
 * How long to wait where Azure does not say: as long as the operation has run already, which doubles each time, within
 * limits. Answers in `Location` come from slow operations.
 */
function patience(client: ArmClient, operation: Operation, date: number | undefined): number {
  const [shortest, longest] = operation.kind === 'Location' ? [5000, 60_000] : [2000, 30_000];
  return Math.min(Math.max(ageMs(client, operation, date), shortest), longest);
}

/** How long to wait before the first poll of an operation, in milliseconds. */
export function firstPollDelay(operation: Operation): number {
  return operation.retryAfterSeconds === undefined ? 2000 : operation.retryAfterSeconds * 1000;
}

/** Reads an operation back from JSON; `undefined` when it is none. */
export function parseOperation(json: unknown): Operation | undefined {
  if (!isJsonObject(json)) {
    return undefined;
  }
  const { kind, url, method, resourceId, apiVersion, startedAt, retryAfterSeconds }: JsonObject = json;
  if (
    (kind !== 'AsyncOperation' && kind !== 'Location' && kind !== 'ProvisioningState') ||
    (method !== 'PUT' && method !== 'PATCH' && method !== 'DELETE' && method !== 'POST') ||
    typeof url !== 'string' ||
    typeof resourceId !== 'string' ||
    typeof apiVersion !== 'string' ||
    typeof startedAt !== 'string' ||
    Number.isNaN(Date.parse(startedAt))
  ) {
    return undefined;
  }
  const operation: Operation = { kind, url, method, resourceId, apiVersion, startedAt };
  return typeof retryAfterSeconds === 'number' ? { ...operation, retryAfterSeconds } : operation;
}
