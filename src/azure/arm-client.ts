import { ResourceManagementClient } from '@azure/arm-resources';
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type HttpMethods,
  type PipelinePolicy,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { Clock } from '../runtime/clock.ts';
import { type ArmRequestObserver, addArmPolicies } from './arm-policies.ts';
import type { Cloud } from './clouds.ts';
import type { ArmCredential } from './credentials.ts';
import { ArmError } from './errors.ts';
import { type Operation, operationFrom } from './operations.ts';
import type { Throttling } from './throttling.ts';

/** What reading a resource came to. */
export type GetResult =
  | {
      readonly kind: 'Present';
      readonly resource: JsonObject;
      readonly etag: string | undefined;
      /** The `Date` header of the answer in milliseconds since the epoch: when this was true. */
      readonly date: number | undefined;
    }
  /** Azure said that the resource, or what it would stand in, does not exist; `code` is its word for it. */
  | { readonly kind: 'Absent'; readonly code: string; readonly date: number | undefined };

/** What an accepted write came to. */
export interface WriteResult {
  readonly status: number;
  /** The resource as the answer shows it; it may still be provisioning. */
  readonly resource: JsonObject | undefined;
  /** Still running after the answer; to be polled. `undefined`: done. */
  readonly operation: Operation | undefined;
  /** The `Date` header of the answer in milliseconds since the epoch. */
  readonly date: number | undefined;
}

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

export interface WriteOptions extends QueryOptions {
  /** Write only if the resource still has this etag; otherwise Azure answers 412. */
  readonly ifMatch?: string | undefined;
}

/**
 * Requests to Azure Resource Manager in one subscription. No method waits for a long-running operation, and none tries a
 * failed request again. Each rejects with an `ArmError` when Azure refuses or does not answer.
 */
export interface ArmClient {
  readonly cloud: Cloud;
  readonly subscriptionId: string;
  readonly clock: Clock;
  /** Tells apart what is cached per endpoint and subscription. */
  readonly scope: string;
  /**
   * The typed client on the same pipeline, for resource groups and providers. Its failures are `ArmError`s too. Its
   * methods that wait for an operation are not to be used.
   */
  readonly management: ResourceManagementClient;
  get(id: string, apiVersion: string, options?: QueryOptions): Promise<GetResult>;
  put(id: string, apiVersion: string, body: JsonObject, options?: WriteOptions): Promise<WriteResult>;
  patch(id: string, apiVersion: string, body: JsonObject, options?: WriteOptions): Promise<WriteResult>;
  /** A resource that is absent already counts as deleted. */
  delete(id: string, apiVersion: string, options?: WriteOptions): Promise<WriteResult>;
  /** Calls an action such as `<id>/start`; `resource` is the answer's body. */
  post(actionId: string, apiVersion: string, body?: JsonObject, options?: WriteOptions): Promise<WriteResult>;
  /** Every item of a collection, page after page. */
  list(id: string, apiVersion: string, options?: QueryOptions): Promise<JsonObject[]>;
  /**
   * GETs an address that Azure handed out, such as that of an operation.
   *
   * @throws a plain error when the address is not on this client's endpoint; no request of any method goes elsewhere
   */
  follow(url: string, options?: ReadOptions): Promise<ArmAnswer>;
  /** Whether `url` is on this client's endpoint. */
  owns(url: string): boolean;
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
  /** Put in front of the `User-Agent` header, such as `cmg-operator/0.1.0`. */
  readonly userAgent: string;
  readonly additionalPolicies?: readonly PipelinePolicy[];
  /** Azure gives its providers 60 seconds to answer; a little more is waited for. Default 90,000. */
  readonly requestTimeoutMs?: number;
}

const REQUEST_TIMEOUT_MS = 90_000;

const httpClient = createDefaultHttpClient();

/** Makes a client. Cheap: connections and tokens are shared by the process. */
export function createArmClient(options: ArmClientOptions): ArmClient {
  const { cloud, subscriptionId, clock } = options;
  const endpoint = cloud.resourceManagerEndpoint;
  const management = new ResourceManagementClient(options.credential.tokens, subscriptionId, {
    endpoint,
    credentials: { scopes: [`${cloud.audience}/.default`] },
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: options.userAgent },
  });
  addArmPolicies(management.pipeline, {
    scope: { endpoint, subscriptionId, principal: options.credential.principal },
    clock,
    throttling: options.throttling,
    fence: options.fence,
    onRequest: options.onRequest,
    timeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  });
  for (const policy of options.additionalPolicies ?? []) {
    management.pipeline.addPolicy(policy);
  }
  const owns = (url: string) => URL.canParse(url) && new URL(url).origin === new URL(endpoint).origin;
  const address = (id: string, apiVersion: string, query: Readonly<Record<string, string>> = {}) =>
    `${endpoint}${id}?${Object.entries({ 'api-version': apiVersion, ...query })
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&')}`;

  const send = async (method: HttpMethods, url: string, body?: JsonObject, write: WriteOptions = {}) => {
    const request = createPipelineRequest({
      url,
      method,
      headers: createHttpHeaders({
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(write.ifMatch === undefined ? {} : { 'If-Match': write.ifMatch }),
      }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(write.signal === undefined ? {} : { abortSignal: write.signal }),
    });
    return answerOf(await management.pipeline.sendRequest(httpClient, request));
  };

  const write = async (
    method: Operation['method'],
    id: string,
    apiVersion: string,
    body: JsonObject | undefined,
    writeOptions: WriteOptions = {},
  ): Promise<WriteResult> => {
    const url = address(id, apiVersion, writeOptions.query);
    const answer = await send(method, url, body, writeOptions);
    // An action is called on a resource; what is watched where Azure names no operation is the resource.
    const resourceId = method === 'POST' ? id.slice(0, id.lastIndexOf('/')) : id;
    return {
      status: answer.status,
      resource: isJsonObject(answer.body) ? answer.body : undefined,
      operation: operationFrom(answer, {
        method,
        resourceId,
        apiVersion,
        resourceUrl: address(resourceId, apiVersion),
        now: answer.date ?? clock.now(),
        owns,
      }),
      date: answer.date,
    };
  };

  return {
    cloud,
    subscriptionId,
    clock,
    scope: `${endpoint}|${subscriptionId}`.toLowerCase(),
    management,
    owns,
    follow: (url, readOptions) => send('GET', url, undefined, readOptions),
    get: async (id, apiVersion, queryOptions) => {
      try {
        const answer = await send('GET', address(id, apiVersion, queryOptions?.query), undefined, queryOptions);
        const resource = isJsonObject(answer.body) ? answer.body : {};
        return { kind: 'Present', resource, etag: etagOf(answer, resource), date: answer.date };
      } catch (error) {
        if (saysAbsent(error)) {
          return { kind: 'Absent', code: error.code, date: error.date };
        }
        throw error;
      }
    },
    put: (id, apiVersion, body, writeOptions) => write('PUT', id, apiVersion, body, writeOptions),
    patch: (id, apiVersion, body, writeOptions) => write('PATCH', id, apiVersion, body, writeOptions),
    post: (id, apiVersion, body, writeOptions) => write('POST', id, apiVersion, body, writeOptions),
    delete: async (id, apiVersion, writeOptions) => {
      try {
        return await write('DELETE', id, apiVersion, undefined, writeOptions);
      } catch (error) {
        if (saysAbsent(error)) {
          return { status: error.status, resource: undefined, operation: undefined, date: error.date };
        }
        throw error;
      }
    },
    list: async (id, apiVersion, listOptions = {}) => {
      const items: JsonObject[] = [];
      let next: string | undefined = address(id, apiVersion, listOptions.query);
      while (next !== undefined) {
        const { body }: ArmAnswer = await send('GET', next, undefined, listOptions);
        const page: JsonObject = isJsonObject(body) ? body : {};
        items.push(...(Array.isArray(page.value) ? page.value.filter(isJsonObject) : []));
        next = typeof page.nextLink === 'string' && page.nextLink !== '' ? page.nextLink : undefined;
      }
      return items;
    },
  };
}

/**
 * Whether Azure said that the resource does not exist. A 404 for an unknown subscription or resource type, or from
 * something between here and Azure, is no such answer: deletions are concluded from this.
 */
function saysAbsent(error: unknown): error is ArmError {
  return (
    error instanceof ArmError &&
    error.status === 404 &&
    error.answeredByAzure &&
    (error.class === 'NotFound' || error.class === 'Propagation')
  );
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

function etagOf(answer: ArmAnswer, resource: JsonObject): string | undefined {
  return typeof resource.etag === 'string' ? resource.etag : answer.header('etag');
}
