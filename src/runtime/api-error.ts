/** One of the reasons why an object was refused. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  /** Path of the field, such as `spec.vm.instances`. */
  readonly field?: string;
}

/** `details` of a Kubernetes `Status`. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** What an {@link ApiError} is made of. */
export interface ApiErrorFields {
  /** HTTP status code. */
  readonly status: number;
  /** The machine-readable reason of the Kubernetes `Status`, such as `NotFound`; empty if the server gave none. */
  readonly reason: string;
  /** What the server says is wrong. */
  readonly explanation: string;
  readonly details?: StatusDetails;
  /** How long the server asks to be left alone. */
  readonly retryAfterSeconds?: number;
}

/** The API server answered that it did not do what it was asked. The message says what was asked and what it answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  readonly retryAfterSeconds: number | undefined;

  /** @param request what was asked, such as `GET configmaps "ns/name"`; without headers or body */
  constructor(request: string, { status, reason, explanation, details, retryAfterSeconds }: ApiErrorFields) {
    super(`${request}: ${[status, reason].join(' ').trim()}: ${explanation}`);
    this.status = status;
    this.reason = reason;
    this.details = details;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** There was no answer: the API server cannot be reached, or the connection broke. A change may have been made or not. */
export class ApiConnectionError extends Error {
  override readonly name = 'ApiConnectionError';
}

/** 404: the object, or its whole kind, does not exist. */
export function isNotFound(error: unknown): error is ApiError {
  return hasStatus(error, 404);
}

/** 409 because the object was changed since it was read, a field is owned by another manager, or a uid differs. */
export function isConflict(error: unknown): error is ApiError {
  return hasStatus(error, 409) && error.reason !== 'AlreadyExists';
}

/** 409 because an object of that name exists already. */
export function isAlreadyExists(error: unknown): error is ApiError {
  return hasStatus(error, 409) && error.reason === 'AlreadyExists';
}

/** 410: the resource version or continue token is too old. */
export function isExpired(error: unknown): error is ApiError {
  return hasStatus(error, 410);
}

/** 401: the server does not know who asks. */
export function isUnauthorized(error: unknown): error is ApiError {
  return hasStatus(error, 401);
}

/** 403: the server knows who asks, and does not let him; or a quota or a terminating namespace forbids it. */
export function isForbidden(error: unknown): error is ApiError {
  return hasStatus(error, 403);
}

/** 422: the object breaks its schema or a rule, or the `test` operation of a JSON patch failed. */
export function isInvalid(error: unknown): error is ApiError {
  return hasStatus(error, 422);
}

/** 429: the server has too much to do. */
export function isTooManyRequests(error: unknown): error is ApiError {
  return hasStatus(error, 429);
}

/** Whether the same request may succeed a little later: no answer, too much to do, or a fault of the server. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ApiConnectionError) return true;
  return error instanceof ApiError && (error.status === 429 || error.status >= 500);
}

/**
 * The error for an answer that is not a success.
 *
 * @param request see {@link ApiError}
 * @param body the answer's text: a `Status` as JSON, or what a proxy before the API server has to say
 * @param retryAfterHeader the header `Retry-After` in seconds
 */
export function apiErrorOf(request: string, status: number, body: string, retryAfterHeader?: string): ApiError {
  return errorOfStatus(request, status, parseStatus(body), body, retryAfterHeader);
}

/** The error for the `Status` object in a watch's `ERROR` event. */
export function apiErrorOfStatus(request: string, object: unknown): ApiError {
  const status: Status = isRecord(object) ? object : {};
  return errorOfStatus(request, status.code ?? 500, status, '');
}

interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: StatusDetails;
}

function errorOfStatus(request: string, code: number, status: Status, body: string, retryAfter?: string): ApiError {
  const { details } = status;
  const seconds = details?.retryAfterSeconds ?? Number.parseInt(retryAfter ?? '', 10);
  return new ApiError(request, {
    status: code,
    reason: status.reason ?? '',
    explanation: status.message || shorten(body) || 'no explanation',
    ...(details && { details }),
    ...(seconds >= 0 && { retryAfterSeconds: seconds }),
  });
}

function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** A page of HTML, say, is not worth more than its beginning. */
function shorten(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function isRecord(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasStatus(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status;
}
