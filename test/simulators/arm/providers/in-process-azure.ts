import type { JsonObject } from '../../../../src/json.ts';
import { isJsonObject } from '../../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../../src/runtime/manual-clock.ts';
import { seededRandom } from '../../../../src/runtime/random.ts';
import { createAzure } from '../azure.ts';
import type { Answer, ArmRequest } from '../exchange.ts';
import { textAt } from '../json-path.ts';
import type { Principal } from '../world.ts';
import type { WorldState } from '../world-state.ts';
import { GROUP, SUBSCRIPTION, TENANT } from './sample-bodies.ts';

/** An Azure without a network: the simulator's core and its providers in this process, on a clock moved by hand. */
export interface InProcessAzure {
  readonly world: WorldState;
  readonly clock: ManualClock;
  /** Every exchange so far, as recordings hold them. */
  readonly exchanges: readonly Exchange[];
  /** `path` with or without `api-version`. */
  call(method: string, path: string, body?: JsonObject, headers?: Readonly<Record<string, string>>): CallAnswer;
  /** A PUT that must be accepted, and the time that it takes. Returns what a GET shows then. */
  create(path: string, body: JsonObject): Promise<JsonObject>;
  /** What a GET shows. */
  show(path: string): JsonObject;
  /** Asks the operation that an answer named how it ended. */
  outcome(answer: CallAnswer): JsonObject;
}

/** One request and its answer. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: JsonObject | null;
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: unknown;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

const ORIGIN = 'https://management.example';

const VERSIONS: Readonly<Record<string, string>> = {
  'microsoft.network': '2025-03-01',
  'microsoft.compute': '2024-11-01',
  'microsoft.storage': '2025-06-01',
  'microsoft.keyvault': '2026-02-01',
  'microsoft.managedidentity': '2024-11-30',
  'microsoft.authorization': '2022-04-01',
  'microsoft.authorization/locks': '2020-05-01',
};

const CALLER: Principal = {
  objectId: 'c0ffee00-0000-4000-8000-000000000001',
  appId: 'c0ffee00-0000-4000-8000-000000000002',
  displayName: 'operator',
  createdAt: 0,
};

/** A subscription with one empty resource group in West Europe. */
export function createInProcessAzure(): InProcessAzure {
  const clock = createManualClock();
  const azure = createAzure({
    tenantId: TENANT,
    subscriptionId: SUBSCRIPTION,
    clock,
    random: seededRandom(7),
    blobEndpoint: (account) => `https://${account}.blob.core.windows.net/`,
    blobExists: () => true,
  });
  const { world } = azure;
  world.principals.set(CALLER.objectId, CALLER);
  world.grants.set(CALLER.objectId, [{ scope: '/', actions: ['*'], notActions: [] }]);
  const type = 'Microsoft.Resources/resourceGroups';
  const document = { id: GROUP, name: 'cmg-rg', type, location: 'westeurope', properties: {} };
  world.store({ id: GROUP, type, document });
  const exchanges: Exchange[] = [];

  const call: InProcessAzure['call'] = (method, path, body, headers = {}) => {
    const url = urlOf(path);
    const answer = azure.carryOut(requestFor(method, url, body, headers), CALLER);
    exchanges.push(exchange(method, url, body, headers, answer));
    return { status: answer.status, headers: answer.headers ?? {}, body: isJsonObject(answer.body) ? answer.body : {} };
  };

  const show = (path: string): JsonObject => {
    const answer = call('GET', path);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

  return {
    world,
    clock,
    exchanges,
    call,
    show,
    create: async (path, body) => {
      const answer = call('PUT', path, body);
      if (answer.status >= 300) throw new Error(`PUT ${path}: ${JSON.stringify(answer.body)}`);
      await clock.advance(600_000);
      return show(path);
    },
    outcome: (answer) => {
      const url = answer.headers['Azure-AsyncOperation'];
      if (url === undefined) throw new Error(`No operation in ${JSON.stringify(answer)}`);
      return call('GET', url).body;
    },
  };
}

function urlOf(path: string): URL {
  const url = new URL(path, ORIGIN);
  if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', versionFor(url.pathname));
  return url;
}

function requestFor(
  method: string,
  url: URL,
  body: JsonObject | undefined,
  headers: Readonly<Record<string, string>>,
): ArmRequest {
  return {
    method,
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers,
    origin: ORIGIN,
    text: body === undefined ? '' : JSON.stringify(body),
  };
}

function exchange(
  method: string,
  url: URL,
  body: JsonObject | undefined,
  headers: Readonly<Record<string, string>>,
  answer: Answer,
): Exchange {
  return {
    method,
    url: url.href,
    requestHeaders: { 'Content-Type': 'application/json', ...headers },
    requestBody: body ?? null,
    status: answer.status,
    responseHeaders: answer.headers ?? {},
    responseBody: answer.body ?? null,
  };
}

/** The api-version with which a path is asked for here. */
export function versionFor(path: string): string {
  const [, namespace = '', type = ''] = /.*\/providers\/([^/]+)\/?([^/]*)/i.exec(path.toLowerCase()) ?? [];
  return VERSIONS[`${namespace}/${type}`] ?? VERSIONS[namespace] ?? '2025-04-01';
}

/** The code of an error answer. */
export function errorCode(answer: CallAnswer): string | undefined {
  return textAt(answer.body, 'error.code');
}
