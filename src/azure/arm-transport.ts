import { ResourceManagementClient } from '@azure/arm-resources';
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type HttpMethods,
  type PipelinePolicy,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Clock } from '../runtime/clock.ts';
import { type ArmRequestObserver, addArmPolicies } from './arm-policies.ts';
import type { Cloud } from './clouds.ts';
import type { ArmCredential } from './credentials.ts';
import type { Throttling, ThrottlingScope } from './throttling.ts';

/** An answer with its body decoded. */
export interface ArmAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** `undefined` when the body is empty or no JSON. */
  readonly body: JsonValue | undefined;
  readonly date: number | undefined;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface QueryOptions extends ReadOptions {
  /** Appended to the query, such as `$filter`. */
  readonly query?: Readonly<Record<string, string>>;
}

/** Options of a read. */
export interface LookOptions extends QueryOptions {
  /**
   * Whether others go first while Azure leaves few reads to this subscription and identity: it is then refused here as if
   * Azure had throttled it. Default: false.
   */
  readonly yields?: boolean | undefined;
}

export interface WriteOptions extends QueryOptions {
  /** Write only if the resource still has this etag; otherwise Azure answers 412. */
  readonly ifMatch?: string | undefined;
}

export interface ArmClientOptions {
  readonly cloud: Cloud;
  readonly credential: ArmCredential;
  readonly subscriptionId: string;
  readonly clock: Clock;
  readonly throttling: Throttling;
  /** Called before each request other than GET is sent; throws when this process may not write (any more). */
  readonly fence?: (() => void) | undefined;
  /** Told of each request when it has been answered or has failed. For metrics. */
  readonly onRequest?: ArmRequestObserver | undefined;
  /** Told the `Date` of each answer, in milliseconds since the epoch. */
  readonly onDate?: ((date: number) => void) | undefined;
  /** Put in front of the `User-Agent` header, such as `cmg-operator/0.1.0`. */
  readonly userAgent: string;
  readonly additionalPolicies?: readonly PipelinePolicy[];
  /** Azure gives its providers 60 seconds to answer; a little more is waited for. Default 90,000. */
  readonly requestTimeoutMs?: number;
  /** What carries the requests. Default: HTTPS, over connections that the process shares. */
  readonly httpClient?: HttpClient | undefined;
}

/** Requests on the pipeline of an SDK client, to one endpoint only. */
export interface ArmTransport {
  readonly management: ResourceManagementClient;
  /** Sends one request; rejects with an `ArmError` unless the answer is a success. */
  send(
    method: HttpMethods,
    url: string,
    body: JsonObject | undefined,
    options?: WriteOptions & LookOptions,
  ): Promise<ArmAnswer>;
  address(id: string, apiVersion: string, query?: Readonly<Record<string, string>>): string;
  owns(url: string): boolean;
  now(): number;
}

const REQUEST_TIMEOUT_MS = 90_000;

const overHttps = createDefaultHttpClient();

export function createTransport(options: ArmClientOptions): ArmTransport {
  const endpoint = options.cloud.resourceManagerEndpoint;
  const { httpClient = overHttps } = options;
  const scope = { endpoint, subscriptionId: options.subscriptionId, principal: options.credential.principal };
  const management = createManagementClient(options, scope);
  return {
    management,
    now: () => options.clock.now(),
    owns: (url) => URL.canParse(url) && new URL(url).origin === new URL(endpoint).origin,
    address: (id, apiVersion, query = {}) => {
      const parameters = Object.entries({ 'api-version': apiVersion, ...query });
      return `${endpoint}${id}?${parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
    },
    send: async (method, url, body, { ifMatch, signal, yields = false } = {}) => {
      if (yields) {
        options.throttling.takeSpareRead(scope);
      }
      const request = createPipelineRequest({
        url,
        method,
        headers: createHttpHeaders({
          Accept: 'application/json',
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
        }),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { abortSignal: signal }),
      });
      const answer = answerOf(await management.pipeline.sendRequest(httpClient, request));
      if (answer.date !== undefined) {
        options.onDate?.(answer.date);
      }
      return answer;
    },
  };
}

function createManagementClient(options: ArmClientOptions, scope: ThrottlingScope): ResourceManagementClient {
  const { cloud, credential, subscriptionId } = options;
  const { endpoint } = scope;
  const management = new ResourceManagementClient(credential.tokens, subscriptionId, {
    endpoint,
    credentials: { scopes: [`${cloud.audience}/.default`] },
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: options.userAgent },
    ...(options.httpClient === undefined ? {} : { httpClient: options.httpClient }),
  });
  addArmPolicies(management.pipeline, {
    scope,
    clock: options.clock,
    throttling: options.throttling,
    fence: options.fence,
    onRequest: options.onRequest,
    timeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  });
  for (const policy of options.additionalPolicies ?? []) {
    management.pipeline.addPolicy(policy);
  }
  return management;
}

function answerOf(response: PipelineResponse): ArmAnswer {
  const header = (name: string) => response.headers.get(name);
  const date = Date.parse(header('date') ?? '');
  return {
    status: response.status,
    header,
    body: decode(response.bodyAsText),
    date: Number.isNaN(date) ? undefined : date,
  };
}

function decode(text: string | null | undefined): JsonValue | undefined {
  try {
    return JSON.parse((text ?? '').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
