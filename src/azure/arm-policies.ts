import {
  bearerTokenAuthenticationPolicyName,
  isRestError,
  type Pipeline,
  type PipelinePolicy,
  type PipelineRequest,
} from '@azure/core-rest-pipeline';
import type { Clock } from '../runtime/clock.ts';
import { errorFromAnswer, errorFromNetwork } from './errors.ts';
import type { Throttling, ThrottlingScope } from './throttling.ts';

/** One request that was sent, for metrics. */
export interface ArmRequestReport {
  readonly method: string;
  /** Path of the request, without its query. */
  readonly path: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly durationMs: number;
}

export type ArmRequestObserver = (report: ArmRequestReport) => void;

export interface ArmPolicyOptions {
  readonly scope: ThrottlingScope;
  readonly clock: Clock;
  readonly throttling: Throttling;
  readonly fence: (() => void) | undefined;
  readonly onRequest: ArmRequestObserver | undefined;
  readonly timeoutMs: number;
}

/**
 * Adds to the pipeline of an SDK client, typed and raw requests alike: failures become `ArmError`s with the whole error
 * kept, a pause after throttling is respected, no token leaves for another host, and writes are fenced at the last moment, after a token was waited for.
 */
export function addArmPolicies(pipeline: Pipeline, options: ArmPolicyOptions): void {
  const beforeToken = { beforePolicies: [bearerTokenAuthenticationPolicyName] };
  pipeline.addPolicy(errorPolicy(options), beforeToken);
  pipeline.addPolicy(sendingPolicy(options), { afterPolicies: [bearerTokenAuthenticationPolicyName] });
}

function errorPolicy({ scope, clock, throttling, timeoutMs }: ArmPolicyOptions): PipelinePolicy {
  return {
    name: 'armErrorPolicy',
    sendRequest: async (request, next) => {
      const { origin, host } = new URL(request.url);
      if (origin !== new URL(scope.endpoint).origin) {
        throw new Error(`${host} is not the endpoint of this client; no token is sent there.`);
      }
      throttling.check(scope);
      request.timeout = timeoutMs;
      request.headers.set('x-ms-return-client-request-id', 'true');
      const response = await next(request).catch((error: unknown) => {
        throw unanswered(error, request, host);
      });
      const readsLeft = Number(response.headers.get('x-ms-ratelimit-remaining-subscription-reads') ?? Number.NaN);
      if (Number.isFinite(readsLeft)) {
        throttling.noteReadsLeft(scope, readsLeft);
      }
      if (response.status < 300) {
        return response;
      }
      const error = errorFromAnswer(
        { status: response.status, header: (name) => response.headers.get(name), body: response.bodyAsText ?? '' },
        clock.now(),
      );
      if (error.class === 'Throttled') {
        throttling.pause(scope, error.retryAfterMs);
      }
      throw error;
    },
  };
}

/** The pipeline reports its own time limit as if the caller had given up. */
function unanswered(error: unknown, request: PipelineRequest, host: string): unknown {
  if (error instanceof Error && error.name === 'AbortError' && request.abortSignal?.aborted !== true) {
    const late = new Error(`no answer within ${request.timeout / 1000} seconds`, { cause: error });
    return errorFromNetwork(Object.assign(late, { code: 'ETIMEDOUT' }), host);
  }
  return isRestError(error) ? errorFromNetwork(error, host) : error;
}

function sendingPolicy({ clock, fence, onRequest }: ArmPolicyOptions): PipelinePolicy {
  return {
    name: 'armSendingPolicy',
    sendRequest: async (request, next) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        fence?.();
      }
      const started = clock.monotonic();
      const report = (status: number) =>
        onRequest?.({ method: request.method, path: pathOf(request), status, durationMs: clock.monotonic() - started });
      try {
        const response = await next(request);
        report(response.status);
        return response;
      } catch (error) {
        report(0);
        throw error;
      }
    },
  };
}

function pathOf(request: PipelineRequest): string {
  return new URL(request.url).pathname;
}
