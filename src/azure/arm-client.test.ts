import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ReceivedRequest,
  type ScriptedAnswer,
  type ScriptedServer,
  startScriptedServer,
} from '../../test/scripted-https-server.ts';
import { createManualClock, type ManualClock } from '../runtime/manual-clock.ts';
import { type ArmClient, type ArmClientOptions, createArmClient } from './arm-client.ts';
import type { ArmRequestReport } from './arm-policies.ts';
import { resolveCloud } from './clouds.ts';
import { createThrottling } from './throttling.ts';

const SUBSCRIPTION = '0b1f6471-1bf0-4dda-aec3-cb9272f09590';
const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/publicIPAddresses/ip`;
const DATE = 'Sun, 01 Nov 2026 10:00:00 GMT';

let server: ScriptedServer;
let answer: (request: ReceivedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>;
let clock: ManualClock;

beforeAll(async () => {
  server = await startScriptedServer((request) => answer(request));
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  clock = createManualClock(Date.parse(DATE));
});

function connect(options: Partial<ArmClientOptions> = {}): ArmClient {
  const overrides = { AzurePublicCloud: { resourceManagerEndpoint: server.origin } };
  return createArmClient({
    cloud: resolveCloud('AzurePublicCloud', overrides),
    credential: {
      principal: 'tenant/client',
      tokens: {
        getToken: async (scopes) => ({ token: `token-for-${scopes}`, expiresOnTimestamp: Date.now() + 3_600_000 }),
      },
    },
    subscriptionId: SUBSCRIPTION,
    clock,
    throttling: createThrottling(clock),
    userAgent: 'cmg-operator/test',
    ...options,
  });
}

const last = () => server.requests.at(-1);

describe('requests', () => {
  it('carry a token for the audience, the API version, and who asks', async () => {
    answer = () => ({ status: 200, body: {} });
    await connect().get(ID, '2025-03-01');
    expect(last()).toMatchObject({ method: 'GET', url: `${ID}?api-version=2025-03-01` });
    expect(last()?.headers).toMatchObject({
      authorization: 'Bearer token-for-https://management.azure.com/.default',
      'user-agent': expect.stringMatching(/^cmg-operator\/test /),
      'x-ms-client-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-ms-return-client-request-id': 'true',
    });
  });

  it('send bodies whole, with the etag to match', async () => {
    answer = () => ({ status: 200, body: {} });
    const body = { location: 'westeurope', zones: ['1'], properties: { a: 1, left: undefined } };
    await connect().put(ID, '2025-03-01', body, { ifMatch: 'W/"1"' });
    expect(last()?.headers['if-match']).toBe('W/"1"');
    expect(JSON.parse(last()?.body ?? '')).toEqual({ location: 'westeurope', zones: ['1'], properties: { a: 1 } });
  });

  it('are not sent to another host', async () => {
    await expect(connect().follow('https://elsewhere.example/operations/1')).rejects.toThrow(
      /elsewhere\.example is not the endpoint/,
    );
  });

  it('are tried once only', async () => {
    answer = () => ({ status: 500, body: { error: { code: 'InternalServerError', message: 'Sorry.' } } });
    const before = server.requests.length;
    await expect(connect().get(ID, '1')).rejects.toMatchObject({ class: 'Server', code: 'InternalServerError' });
    expect(server.requests.length - before).toBe(1);
  });

  it('end as soon as the caller gives up', async () => {
    answer = () => ({ status: 200, body: {} });
    const controller = new AbortController();
    controller.abort();
    await expect(connect().get(ID, '1', { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('that are never answered are failures of the network after the time limit', async () => {
    const forever = Promise.withResolvers<ScriptedAnswer>();
    answer = () => forever.promise;
    await expect(connect({ requestTimeoutMs: 50 }).get(ID, '1')).rejects.toMatchObject({
      class: 'Server',
      code: 'ETIMEDOUT',
      message: expect.stringContaining('no answer within 0.05 seconds'),
    });
    forever.resolve({ status: 200 });
  });

  it('follow no redirect: a token would go with it', async () => {
    answer = () => ({ status: 307, headers: { Location: `${server.origin}/elsewhere` } });
    const before = server.requests.length;
    await expect(connect().get(ID, '1')).rejects.toMatchObject({ status: 307 });
    expect(server.requests.length - before).toBe(1);
  });

  it('that get no answer are failures of the network', async () => {
    const overrides = { AzurePublicCloud: { resourceManagerEndpoint: 'https://localhost:1' } };
    const client = connect({ cloud: resolveCloud('AzurePublicCloud', overrides) });
    await expect(client.get(ID, '1')).rejects.toMatchObject({ class: 'Server', status: 0, code: 'ECONNREFUSED' });
  });
});

describe('get', () => {
  it('returns resource, etag and the time of the answer', async () => {
    answer = () => ({ status: 200, headers: { Date: DATE, ETag: 'W/"header"' }, body: { name: 'ip' } });
    expect(await connect().get(ID, '1')).toEqual({
      kind: 'Present',
      resource: { name: 'ip' },
      etag: 'W/"header"',
      date: Date.parse(DATE),
    });
  });

  it.each(['ResourceNotFound', 'ResourceGroupNotFound', 'ParentResourceNotFound', 'NotFound', 'DeletedVaultNotFound'])(
    'takes %s for absent',
    async (code) => {
      answer = () => ({ status: 404, headers: { Date: DATE }, body: { error: { code, message: 'Gone.' } } });
      expect(await connect().get(ID, '1')).toEqual({ kind: 'Absent', code, date: Date.parse(DATE) });
    },
  );

  it.each([
    ['an unknown subscription', { status: 404, body: { error: { code: 'SubscriptionNotFound', message: 'No.' } } }],
    ['an unknown type', { status: 404, body: { error: { code: 'InvalidResourceType', message: 'No.' } } }],
    ['a proxy on the way', { status: 404, body: '<html>Not Found</html>' }],
  ])('does not take a 404 for %s for absent', async (_name, scripted) => {
    answer = () => scripted;
    await expect(connect().get(ID, '1')).rejects.toMatchObject({ status: 404 });
    await expect(connect().delete(ID, '1')).rejects.toMatchObject({ status: 404 });
  });
});

it('takes no answer of something on the way for a resource, or for an empty list', async () => {
  answer = () => ({ status: 200, body: '<html>Welcome to this network</html>' });
  await expect(connect().get(ID, '1')).rejects.toMatchObject({ class: 'Server', code: 'UnreadableAnswer' });
  await expect(connect().list(ID, '1')).rejects.toMatchObject({ class: 'Server', code: 'UnreadableAnswer' });
});

describe('writes', () => {
  it('return what runs on, without waiting for it', async () => {
    const url = `${server.origin}/operations/1?api-version=1&t=1&s=signed`;
    answer = () => ({
      status: 201,
      headers: { Date: DATE, 'Azure-AsyncOperation': url, 'Retry-After': '3' },
      body: { properties: { provisioningState: 'Updating' } },
    });
    expect(await connect().put(ID, '1', {})).toMatchObject({
      status: 201,
      operation: {
        kind: 'AsyncOperation',
        url,
        method: 'PUT',
        resourceId: ID,
        startedAt: '2026-11-01T10:00:00.000Z',
        retryAfterSeconds: 3,
      },
    });
  });

  it('take the deletion of what is absent for done', async () => {
    answer = () => ({ status: 404, body: { error: { code: 'ResourceNotFound', message: 'Gone.' } } });
    expect(await connect().delete(ID, '1')).toMatchObject({ status: 404, operation: undefined });
  });

  it('are fenced, reads are not', async () => {
    answer = () => ({ status: 200, body: {} });
    const client = connect({
      fence: () => {
        throw new Error('not the leader');
      },
    });
    const before = server.requests.length;
    await client.get(ID, '1');
    await expect(client.put(ID, '1', {})).rejects.toThrow('not the leader');
    await expect(client.delete(ID, '1')).rejects.toThrow('not the leader');
    await expect(client.post(`${ID}/start`, '1')).rejects.toThrow('not the leader');
    await expect(client.management.providers.register('Microsoft.Network')).rejects.toThrow('not the leader');
    expect(server.requests.length - before).toBe(1);
  });
});

describe('lists', () => {
  it('are read page after page', async () => {
    answer = ({ url }) =>
      url.includes('page=2')
        ? { status: 200, body: { value: [{ name: 'b' }] } }
        : { status: 200, body: { value: [{ name: 'a' }], nextLink: `${server.origin}/things?api-version=1&page=2` } };
    expect(await connect().list('/things', '1', { query: { $filter: "location eq 'x'" } })).toEqual([
      { name: 'a' },
      { name: 'b' },
    ]);
    expect(server.requests.at(-2)?.url).toBe('/things?api-version=1&$filter=location%20eq%20%27x%27');
  });

  it('do not lead to another host', async () => {
    answer = () => ({ status: 200, body: { value: [], nextLink: 'https://elsewhere.example/things' } });
    await expect(connect().list('/things', '1')).rejects.toThrow(/elsewhere/);
  });
});

describe('throttling', () => {
  it('stops all requests of the subscription and identity until the time is over', async () => {
    const throttling = createThrottling(clock);
    answer = () => ({
      status: 429,
      headers: { 'Retry-After': '20' },
      body: { error: { code: 'TooManyRequests', message: 'Slow.' } },
    });
    await expect(connect({ throttling }).get(ID, '1')).rejects.toMatchObject({
      class: 'Throttled',
      retryAfterMs: 20_000,
    });
    answer = () => ({ status: 200, body: {} });
    const before = server.requests.length;
    await clock.advance(5000);
    await expect(connect({ throttling }).get(ID, '1')).rejects.toMatchObject({
      class: 'Throttled',
      retryAfterMs: 15_000,
    });
    expect(server.requests.length).toBe(before);
    await clock.advance(15_000);
    expect(await connect({ throttling }).get(ID, '1')).toMatchObject({ kind: 'Present' });
  });

  it('has reads that can wait step back when few are left, and no others', async () => {
    const client = connect();
    answer = () => ({ status: 200, headers: { 'x-ms-ratelimit-remaining-subscription-reads': '50' }, body: {} });
    expect(await client.get(ID, '1', { yields: true })).toMatchObject({ kind: 'Present' });
    const before = server.requests.length;
    const refused = { class: 'Throttled', code: 'KeptForChanges', retryAfterMs: 40 };
    await expect(client.get(ID, '1', { yields: true })).rejects.toMatchObject(refused);
    await expect(client.list(ID, '1', { yields: true })).rejects.toMatchObject({ class: 'Throttled' });
    expect(server.requests.length).toBe(before);
    expect(await client.get(ID, '1')).toMatchObject({ kind: 'Present' });
    expect(await client.put(ID, '1', {})).toMatchObject({ status: 200 });
  });

  it('does not stop others when one resource is busy', async () => {
    const throttling = createThrottling(clock);
    answer = () => ({
      status: 429,
      body: {
        error: {
          code: 'RetryableError',
          message: 'Wait.',
          details: [{ code: 'ReferencedResourceNotProvisioned', message: 'NSG' }],
        },
      },
    });
    await expect(connect({ throttling }).put(ID, '1', {})).rejects.toMatchObject({ class: 'Busy' });
    answer = () => ({ status: 200, body: {} });
    expect(await connect({ throttling }).get(ID, '1')).toMatchObject({ kind: 'Present' });
  });
});

describe('the typed client', () => {
  it('fails with the whole error, as raw requests do', async () => {
    const details = [{ code: 'RequestDisallowedByPolicy', message: 'Policy.', target: 'rg' }];
    answer = () => ({ status: 403, body: { error: { code: 'Forbidden', message: 'No.', details } } });
    await expect(connect().management.resourceGroups.get('rg')).rejects.toMatchObject({
      name: 'ArmError',
      code: 'RequestDisallowedByPolicy',
      class: 'NeedsAdministrator',
    });
  });
});

it('reports each request once, without its query', async () => {
  const reports: ArmRequestReport[] = [];
  const client = connect({ onRequest: (report) => reports.push(report) });
  answer = () => ({ status: 200, body: {} });
  await client.get(ID, '1');
  answer = () => ({ status: 409, body: { error: { code: 'Conflict', message: 'Busy.' } } });
  await client.put(ID, '1', {}).catch(() => undefined);
  expect(reports.map(({ method, path, status }) => ({ method, path, status }))).toEqual([
    { method: 'GET', path: ID, status: 200 },
    { method: 'PUT', path: ID, status: 409 },
  ]);
});
