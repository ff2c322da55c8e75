import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { isJsonObject } from '../json.ts';
import { ArmError, errorFromNetwork, type FailedAnswer, retryAfter } from './errors.ts';

/** Remembers why Microsoft Entra ID gave no token. */
export interface TokenRequestWatch {
  /** Belongs in the pipeline of the credential. */
  readonly policy: PipelinePolicy;
  /** The error of the last request that failed; `undefined` when the last one went well, or none was sent. */
  lastFailure(): ArmError | undefined;
}

/** Without a limit, an authority that takes the connection and never answers would hold its callers for ever. */
const TOKEN_TIMEOUT_MS = 30_000;

/**
 * Watches the requests of a credential. Needed because `@azure/identity` tells an unknown tenant, an authority that is
 * down and one that cannot be found apart by nothing: each is `endpoints_resolution_error`. It also answers from memory
 * for a while after Entra was busy, which is why the last failure is kept until a request goes well.
 */
export function watchTokenRequests(now: () => number): TokenRequestWatch {
  let failure: ArmError | undefined;
  return {
    lastFailure: () => failure,
    policy: {
      name: 'tokenRequestWatch',
      sendRequest: async (request, next) => {
        const host = new URL(request.url).host;
        request.timeout = TOKEN_TIMEOUT_MS;
        try {
          const response = await next(request);
          const { status, headers } = response;
          const answer = { status, header: (name: string) => headers.get(name), body: response.bodyAsText ?? '' };
          failure = status < 400 ? undefined : errorFromEntra(answer, host, now());
          return response;
        } catch (error) {
          failure = errorFromNetwork(error, host);
          throw error;
        }
      },
    },
  };
}

/** Codes by which Entra says that the fault is its own, and that another try will do. */
const TRANSIENT: ReadonlySet<string> = new Set(['AADSTS90033', 'AADSTS90025', 'AADSTS90024']);

/** Reads a refusal by Entra: `{"error": "invalid_client", "error_description": "AADSTS7000215: …"}`. */
export function errorFromEntra(answer: FailedAnswer, host: string, now: number): ArmError {
  const json = decode(answer.body);
  const description = typeof json.error_description === 'string' ? json.error_description : '';
  const line = firstLine(description);
  const code = /\bAADSTS\d+\b/.exec(line)?.[0];
  const error = typeof json.error === 'string' ? json.error : `Http${answer.status}`;
  return new ArmError({
    status: answer.status,
    code: code ?? error,
    message: line || `${host} answered with HTTP status ${answer.status}.`,
    class:
      answer.status === 429
        ? 'Throttled'
        : answer.status >= 500 || TRANSIENT.has(code ?? '')
          ? 'Server'
          : 'NeedsAdministrator',
    retryAfterMs: retryAfter(answer.header, now),
    correlationId: typeof json.correlation_id === 'string' ? json.correlation_id : undefined,
  });
}

function decode(body: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(body);
    return isJsonObject(json) ? json : {};
  } catch {
    return {};
  }
}

/** Entra appends trace and correlation ids and the time, each on its own line or behind the sentence. */
function firstLine(text: string): string {
  return (text.split(/\r?\n/)[0] ?? '').replace(/\s*Trace ID:.*$/i, '').trim();
}

/** What is wrong with a credential that fails before any request: unreadable values, a missing token file. */
export function unusableCredential(error: Error, type: string, clientId: string): ArmError {
  return new ArmError({
    status: 0,
    code: 'CredentialUnusable',
    message: `The ${type} credential of application ${clientId} cannot be used: ${firstLine(error.message)}`,
    class: 'NeedsAdministrator',
  });
}
