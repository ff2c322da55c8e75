import { type ErrorDetail, parseErrorBody } from './error-body.ts';
import { type ClassifyContext, classify, type ErrorClass } from './error-classes.ts';

export type { ErrorDetail } from './error-body.ts';
export { classify, type ErrorClass, isPropagationOver, retryDelay, retryDelayAfter } from './error-classes.ts';

/** What is known of a failed request or operation. */
export interface ArmErrorInit {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly class: ErrorClass;
  readonly target?: string | undefined;
  readonly details?: readonly ErrorDetail[];
  /** How long Azure asks to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Names the request in Azure's own logs; support asks for it. */
  readonly correlationId?: string | undefined;
  readonly date?: number | undefined;
  readonly answeredByAzure?: boolean;
}

/** A refusal or failure reported by Azure, or the lack of an answer. Holds no token and no signed address. */
export class ArmError extends Error {
  override readonly name = 'ArmError';
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The deepest code that says something; `DeploymentFailed` and the like are passed over. */
  readonly code: string;
  readonly class: ErrorClass;
  /** What the error is about, as Azure says: often the namespace or property at fault. */
  readonly target: string | undefined;
  /** Every nested error, outermost first, the error itself included. */
  readonly details: readonly ErrorDetail[];
  readonly retryAfterMs: number | undefined;
  readonly correlationId: string | undefined;
  /** The `Date` header of the answer, in milliseconds since the epoch. */
  readonly date: number | undefined;
  /** Whether the answer came from Azure Resource Manager or a provider, and not from something on the way. */
  readonly answeredByAzure: boolean;

  constructor(init: ArmErrorInit) {
    super(redact(init.message));
    this.status = init.status;
    this.code = init.code;
    this.class = init.class;
    this.target = init.target;
    this.details = (init.details ?? []).map((detail) => ({ ...detail, message: redact(detail.message) }));
    this.retryAfterMs = init.retryAfterMs;
    this.correlationId = init.correlationId;
    this.date = init.date;
    this.answeredByAzure = init.answeredByAzure ?? false;
  }
}

/** What the error is read from: an HTTP answer, whatever library received it. */
export interface FailedAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: string;
}

/** Reads the error of an answer with a status of 400 or more. `now` turns an HTTP date in `Retry-After` into a delay. */
export function errorFromAnswer(answer: FailedAnswer, now: number): ArmError {
  const parsed = parseErrorBody(answer.body);
  const retryAfterMs = retryAfter(answer.header, now);
  const correlationId = answer.header('x-ms-correlation-request-id') ?? answer.header('x-ms-request-id');
  const date = Date.parse(answer.header('date') ?? '');
  const code = parsed?.code ?? answer.header('x-ms-error-code') ?? `Http${answer.status}`;
  const message = parsed?.message ?? `Azure answered with HTTP status ${answer.status}.`;
  return new ArmError({
    status: answer.status,
    code,
    message,
    class: classify({
      status: answer.status,
      code,
      message,
      retryAfterMs,
      codes: parsed?.details.map((each) => each.code),
    }),
    target: parsed?.target,
    details: parsed?.details ?? [],
    retryAfterMs,
    correlationId,
    date: Number.isNaN(date) ? undefined : date,
    answeredByAzure: parsed !== undefined || correlationId !== undefined,
  });
}

/**
 * The error of an operation that was accepted and then ended as `Failed` or `Canceled`.
 *
 * @param body the answer of the operation's status URL, or the resource itself
 */
export function errorFromOperation(body: string, state: string): ArmError {
  const parsed = parseErrorBody(body);
  const code = parsed?.code ?? `Operation${state}`;
  const message = parsed?.message ?? `The operation ended as ${state}; Azure gives no reason.`;
  return new ArmError({
    status: 200,
    code,
    message,
    class: classify({ status: 200, code, message, codes: parsed?.details.map((each) => each.code) }),
    target: parsed?.target,
    details: parsed?.details ?? [],
    answeredByAzure: true,
  });
}

/** The error of a request that got no answer: name resolution, connection, TLS, timeout. */
export function errorFromNetwork(error: unknown, host: string, context: ClassifyContext = {}): ArmError {
  const code = networkCode(error);
  // An attempt at several addresses fails with a code and no message.
  const reason = (error instanceof Error ? error.message : String(error)) || code;
  return new ArmError({
    status: 0,
    code,
    message: `No answer from ${host}: ${reason}`,
    class: classify({ status: 0, code, message: reason }, context),
  });
}

/** The code of a failure below HTTP, such as `ECONNREFUSED`; `NoAnswer` when there is none. */
export function networkCode(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string') {
      return each.code;
    }
  }
  return 'NoAnswer';
}

/**
 * The delay that an answer asks for, in milliseconds: `retry-after-ms`, `x-ms-retry-after-ms` or `Retry-After` in seconds
 * or as an HTTP date.
 */
export function retryAfter(header: (name: string) => string | undefined, now: number): number | undefined {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const milliseconds = Number(header(name) ?? Number.NaN);
    if (Number.isFinite(milliseconds) && milliseconds >= 0) {
      return milliseconds;
    }
  }
  const value = header('retry-after');
  if (value === undefined || value.trim() === '') {
    return undefined;
  }
  const seconds = Number(value);
  if (Number.isFinite(seconds)) {
    return Math.max(seconds, 0) * 1000;
  }
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}

/** Longer messages are cut: conditions and events have little room, and the code and beginning say what matters. */
const LONGEST_MESSAGE = 1500;

/** Removes what grants access (queries of addresses, tokens) from a message that others wrote. */
export function redact(message: string): string {
  const safe = message
    .replace(/(https?:\/\/[^\s"'<>?]+)\?[^\s"'<>)]*/gi, '$1')
    .replace(/\beyJ[\w-]{8,}(\.[\w-]*){1,2}/g, '[token]')
    .replace(/\bBearer\s+[\w.~+/-]+=*/gi, 'Bearer [token]')
    .replace(/\b(client_secret|client_assertion|sig|password|sharedaccesssignature)=[^&\s"']+/gi, '$1=[redacted]');
  return safe.length > LONGEST_MESSAGE ? `${safe.slice(0, LONGEST_MESSAGE)}…` : safe;
}
