import type { ResourceManagementClient } from '@azure/arm-resources';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { Clock } from '../runtime/clock.ts';
import {
  type ArmAnswer,
  type ArmClientOptions,
  type ArmTransport,
  createTransport,
  type LookOptions,
  type ReadOptions,
  type WriteOptions,
} from './arm-transport.ts';
import type { Cloud } from './clouds.ts';
import { ArmError } from './errors.ts';
import { type Operation, operationFrom } from './operations.ts';

export type {
  ArmAnswer,
  ArmClientOptions,
  LookOptions,
  QueryOptions,
  ReadOptions,
  WriteOptions,
} from './arm-transport.ts';

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
  get(id: string, apiVersion: string, options?: LookOptions): Promise<GetResult>;
  put(id: string, apiVersion: string, body: JsonObject, options?: WriteOptions): Promise<WriteResult>;
  patch(id: string, apiVersion: string, body: JsonObject, options?: WriteOptions): Promise<WriteResult>;
  /** A resource that is absent already counts as deleted. */
  delete(id: string, apiVersion: string, options?: WriteOptions): Promise<WriteResult>;
  /** Calls an action such as `<id>/start`; `resource` is the answer's body. */
  post(actionId: string, apiVersion: string, body?: JsonObject, options?: WriteOptions): Promise<WriteResult>;
  /** Every item of a collection, page after page. */
  list(id: string, apiVersion: string, options?: LookOptions): Promise<JsonObject[]>;
  /**
   * GETs an address that Azure handed out, such as that of an operation.
   *
   * @throws a plain error when the address is not on this client's endpoint; no request of any method goes elsewhere
   */
  follow(url: string, options?: ReadOptions): Promise<ArmAnswer>;
  /** Whether `url` is on this client's endpoint. */
  owns(url: string): boolean;
}

/** Makes a client. Cheap: connections and tokens are shared by the process. */
export function createArmClient(options: ArmClientOptions): ArmClient {
  const { cloud, subscriptionId, clock } = options;
  const transport = createTransport(options);
  return {
    cloud,
    subscriptionId,
    clock,
    scope: `${cloud.resourceManagerEndpoint}|${subscriptionId}`.toLowerCase(),
    management: transport.management,
    owns: transport.owns,
    follow: (url, readOptions) => transport.send('GET', url, undefined, readOptions),
    get: (id, apiVersion, queryOptions) => get(transport, id, apiVersion, queryOptions),
    put: (id, apiVersion, body, writeOptions) => write(transport, 'PUT', id, apiVersion, body, writeOptions),
    patch: (id, apiVersion, body, writeOptions) => write(transport, 'PATCH', id, apiVersion, body, writeOptions),
    post: (id, apiVersion, body, writeOptions) => write(transport, 'POST', id, apiVersion, body, writeOptions),
    delete: (id, apiVersion, writeOptions) => remove(transport, id, apiVersion, writeOptions),
    list: (id, apiVersion, queryOptions) => list(transport, id, apiVersion, queryOptions),
  };
}

async function get(
  transport: ArmTransport,
  id: string,
  apiVersion: string,
  options: LookOptions = {},
): Promise<GetResult> {
  try {
    const answer = await transport.send('GET', transport.address(id, apiVersion, options.query), undefined, options);
    const resource = objectIn(answer);
    const etag = typeof resource.etag === 'string' ? resource.etag : answer.header('etag');
    return { kind: 'Present', resource, etag, date: answer.date };
  } catch (error) {
    if (saysAbsent(error)) {
      return { kind: 'Absent', code: error.code, date: error.date };
    }
    throw error;
  }
}

async function write(
  transport: ArmTransport,
  method: Operation['method'],
  id: string,
  apiVersion: string,
  body: JsonObject | undefined,
  options: WriteOptions = {},
): Promise<WriteResult> {
  const answer = await transport.send(method, transport.address(id, apiVersion, options.query), body, options);
  // An action is called on a resource; what is watched where Azure names no operation is the resource.
  const resourceId = method === 'POST' ? id.slice(0, id.lastIndexOf('/')) : id;
  const operation = operationFrom(answer, {
    method,
    resourceId,
    apiVersion,
    resourceUrl: transport.address(resourceId, apiVersion),
    now: answer.date ?? transport.now(),
    owns: transport.owns,
  });
  return {
    status: answer.status,
    resource: isJsonObject(answer.body) ? answer.body : undefined,
    operation,
    date: answer.date,
  };
}

async function remove(
  transport: ArmTransport,
  id: string,
  apiVersion: string,
  options: WriteOptions | undefined,
): Promise<WriteResult> {
  try {
    return await write(transport, 'DELETE', id, apiVersion, undefined, options);
  } catch (error) {
    if (saysAbsent(error)) {
      return { status: error.status, resource: undefined, operation: undefined, date: error.date };
    }
    throw error;
  }
}

async function list(
  transport: ArmTransport,
  id: string,
  apiVersion: string,
  options: LookOptions = {},
): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  let next: string | undefined = transport.address(id, apiVersion, options.query);
  while (next !== undefined) {
    const page = objectIn(await transport.send('GET', next, undefined, options));
    items.push(...(Array.isArray(page.value) ? page.value.filter(isJsonObject) : []));
    next = typeof page.nextLink === 'string' && page.nextLink !== '' ? page.nextLink : undefined;
  }
  return items;
}

/** Whatever answers 200 without a JSON object is not Azure; taking it for an empty resource would cause writes. */
function objectIn(answer: ArmAnswer): JsonObject {
  if (isJsonObject(answer.body)) {
    return answer.body;
  }
  throw new ArmError({
    status: answer.status,
    code: 'UnreadableAnswer',
    message: 'The answer is not from Azure Resource Manager: it holds no JSON object.',
    class: 'Server',
    date: answer.date,
  });
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
