import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ScriptedAnswer, type ScriptedServer, startScriptedServer } from '../../test/scripted-https-server.ts';
import { createManualClock } from '../runtime/manual-clock.ts';
import { type ArmClient, createArmClient } from './arm-client.ts';
import { resolveCloud } from './clouds.ts';
import { firstPollDelay, type Operation, parseOperation, poll } from './operations.ts';
import { createThrottling } from './throttling.ts';

const SUBSCRIPTION = '0b1f6471-1bf0-4dda-aec3-cb9272f09590';
const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/publicIPAddresses/ip`;
const STARTED = Date.UTC(2026, 10, 1, 10);
const MINUTE = 60_000;

let server: ScriptedServer;
/** Answers by path; what is not listed answers 500. */
let answers: Record<string, ScriptedAnswer>;
let client: ArmClient;

beforeAll(async () => {
  server = await startScriptedServer(({ url }) => answers[url.split('?')[0] ?? ''] ?? { status: 500 });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  answers = {};
  const clock = createManualClock(STARTED);
  client = createArmClient({
    cloud: resolveCloud('AzurePublicCloud', { AzurePublicCloud: { resourceManagerEndpoint: server.origin } }),
    credential: {
      principal: 'tenant/client',
      tokens: { getToken: async () => ({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 }) },
    },
    subscriptionId: SUBSCRIPTION,
    clock,
    throttling: createThrottling(clock),
    userAgent: 'test',
  });
});

const dated = (ageMs: number) => ({ Date: new Date(STARTED + ageMs).toUTCString() });

function operation(kind: Operation['kind'], more: Partial<Operation> = {}): Operation {
  return {
    kind,
    url: `${server.origin}/operations/1?s=signed`,
    method: 'PUT',
    resourceId: ID,
    apiVersion: '1',
    startedAt: new Date(STARTED).toISOString(),
    ...more,
  };
}

describe('how operations start', () => {
  const start = async (method: 'PUT' | 'DELETE' | 'POST', answer: ScriptedAnswer): Promise<string | undefined> => {
    answers[ID] = answer;
    answers[`${ID}/start`] = answer;
    const result = await (method === 'PUT'
      ? client.put(ID, '1', {})
      : method === 'DELETE'
        ? client.delete(ID, '1')
        : client.post(`${ID}/start`, '1'));
    return result.operation === undefined
      ? undefined
      : `${result.operation.kind} ${result.operation.url.replace(server.origin, '')}`;
  };
  const own = () => `${server.origin}/operations/1`;
  const body = (provisioningState: string) => ({ properties: { provisioningState } });
  const watch = `ProvisioningState ${ID}?api-version=1`;

  it.each<[string, 'PUT' | 'DELETE' | 'POST', () => ScriptedAnswer, string | undefined]>([
    [
      'a public IP: 201 Updating with an operation',
      'PUT',
      () => ({ status: 201, headers: { 'Azure-AsyncOperation': own() }, body: body('Updating') }),
      'AsyncOperation /operations/1',
    ],
    [
      'a load balancer: 201 Succeeded with an operation',
      'PUT',
      () => ({ status: 201, headers: { 'Azure-AsyncOperation': own() }, body: body('Succeeded') }),
      undefined,
    ],
    [
      'a storage account: 202 with Location and no body',
      'PUT',
      () => ({ status: 202, headers: { Location: own() } }),
      'Location /operations/1',
    ],
    ['a vault: 200 RegisteringDns and no header', 'PUT', () => ({ status: 200, body: body('RegisteringDns') }), watch],
    [
      'an identity: 201 with Location to itself',
      'PUT',
      () => ({
        status: 201,
        headers: { Location: `${server.origin}${ID.toLowerCase()}?api-version=1` },
        body: { properties: {} },
      }),
      undefined,
    ],
    [
      'an identity that is not ready: its Location is no operation',
      'PUT',
      () => ({ status: 201, headers: { Location: `${server.origin}${ID}` }, body: body('Creating') }),
      watch,
    ],
    ['a role assignment: 201 without a state', 'PUT', () => ({ status: 201, body: { properties: {} } }), undefined],
    ['a storage account as it was: 200', 'PUT', () => ({ status: 200, body: body('Succeeded') }), undefined],
    ['a failed state: nothing runs', 'PUT', () => ({ status: 200, body: body('Failed') }), undefined],
    ['202 without any header', 'PUT', () => ({ status: 202 }), watch],
    [
      'a network deletion: both headers',
      'DELETE',
      () => ({ status: 202, headers: { 'Azure-AsyncOperation': own(), Location: `${own()}x` } }),
      'AsyncOperation /operations/1',
    ],
    [
      'a group deletion: Location only',
      'DELETE',
      () => ({ status: 202, headers: { Location: own() } }),
      'Location /operations/1',
    ],
    ['a storage deletion: 200', 'DELETE', () => ({ status: 200 }), undefined],
    ['the deletion of nothing: 204', 'DELETE', () => ({ status: 204 }), undefined],
    ['an action: 202 without any header watches the resource', 'POST', () => ({ status: 202 }), watch],
    ['an action that is done', 'POST', () => ({ status: 200, body: body('Updating') }), undefined],
    [
      'an operation on another host is not taken up',
      'PUT',
      () => ({ status: 202, headers: { 'Azure-AsyncOperation': 'https://elsewhere.example/1' } }),
      watch,
    ],
  ])('%s', async (_name, method, answer, expected) => {
    expect(await start(method, answer())).toBe(expected);
  });
});

describe('polling the status of an operation', () => {
  const asked = async (answer: ScriptedAnswer, more: Partial<Operation> = {}) => {
    answers['/operations/1'] = answer;
    return poll(client, operation('AsyncOperation', more));
  };

  it.each(['InProgress', 'Running', 'Accepted', 'Creating', 'Updating'])('%s goes on', async (status) => {
    expect(await asked({ status: 200, headers: { 'Retry-After': '61' }, body: { status } })).toEqual({
      kind: 'Running',
      retryAfterMs: 61_000,
    });
  });

  it('ends well', async () => {
    expect(await asked({ status: 200, body: { status: 'Succeeded' } })).toEqual({ kind: 'Succeeded' });
  });

  it('ends with the error that Azure gives', async () => {
    const error = { code: 'AllocationFailed', message: 'No capacity.' };
    expect(await asked({ status: 200, body: { status: 'Failed', error } })).toMatchObject({
      kind: 'Failed',
      error: { code: 'AllocationFailed', message: 'No capacity.', class: 'Capacity' },
    });
    expect(await asked({ status: 200, body: { status: 'Canceled' } })).toMatchObject({
      kind: 'Failed',
      error: { code: 'OperationCanceled' },
    });
  });

  it.each([
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
    [403, 'AuthorizationFailed'],
    [404, 'NotFound'],
    [409, 'Conflict'],
  ])('an answer of %i says nothing of the operation', async (status, code) => {
    const result = await asked({ status, headers: dated(MINUTE), body: { error: { code, message: 'x' } } });
    expect(result).toMatchObject({ kind: 'Running', retryAfterMs: 30_000, unreadable: { code } });
  });

  it('waits as throttling asks', async () => {
    const result = await asked({ status: 429, headers: { 'Retry-After': '44' } });
    expect(result).toMatchObject({ kind: 'Running', retryAfterMs: 44_000, unreadable: { class: 'Throttled' } });
  });

  it('asks at doubling distances where Azure names none', async () => {
    const delays: unknown[] = [];
    for (const age of [0, 2000, 4000, 8000, 16_000, 40_000]) {
      const result = await asked({ status: 200, headers: dated(age), body: { status: 'InProgress' } });
      delays.push(result.kind === 'Running' ? result.retryAfterMs : result.kind);
    }
    expect(delays).toEqual([2000, 2000, 4000, 8000, 16_000, 30_000]);
  });

  describe('when Azure has forgotten the operation', () => {
    const forgotten = { status: 404, headers: dated(6 * MINUTE), body: { error: { code: 'NotFound', message: 'x' } } };
    const resource = (state: string) => ({
      status: 200,
      headers: dated(6 * MINUTE),
      body: { properties: { provisioningState: state } },
    });

    it.each<[string, Operation['method'], ScriptedAnswer, string]>([
      ['the resource is ready', 'PUT', resource('Succeeded'), 'Succeeded'],
      ['the resource is at work', 'PUT', resource('Updating'), 'Running'],
      ['the resource has failed', 'PUT', resource('Failed'), 'Failed'],
      ['the resource does not exist', 'PUT', forgotten, 'Failed'],
      ['the deleted resource does not exist', 'DELETE', forgotten, 'Succeeded'],
      ['the deleted resource is still there', 'DELETE', resource('Succeeded'), 'Running'],
      ['the resource cannot be read', 'PUT', { status: 500 }, 'Running'],
    ])('%s', async (_name, method, answer, expected) => {
      answers[ID] = answer;
      expect((await asked(forgotten, { method })).kind).toBe(expected);
    });
  });
});

describe('polling Location', () => {
  const asked = async (answer: ScriptedAnswer) => {
    answers['/operations/1'] = answer;
    return poll(client, operation('Location'));
  };

  it('202 goes on, 200, 201 and 204 are the end', async () => {
    expect(await asked({ status: 202, headers: { ...dated(0), 'Retry-After': '17' } })).toEqual({
      kind: 'Running',
      retryAfterMs: 17_000,
    });
    expect(await asked({ status: 202, headers: dated(0) })).toEqual({ kind: 'Running', retryAfterMs: 5000 });
    for (const status of [200, 201, 204]) {
      expect(await asked({ status })).toEqual({ kind: 'Succeeded' });
    }
  });

  it('a refusal with a code is the answer to the request itself', async () => {
    const body = { error: { code: 'StorageAccountAlreadyTaken', message: 'Taken.' } };
    expect(await asked({ status: 409, body })).toMatchObject({ kind: 'Failed', error: { class: 'NameTaken' } });
  });

  it.each([401, 403, 404, 408, 429, 500, 502])('%i says nothing of the operation', async (status) => {
    const body = { error: { code: 'Something', message: 'x' } };
    expect(await asked({ status, headers: dated(0), body })).toMatchObject({ kind: 'Running' });
  });

  it('a refusal by something on the way says nothing either', async () => {
    expect(await asked({ status: 400, body: '<html>' })).toMatchObject({ kind: 'Running' });
  });
});

describe('polling the resource', () => {
  it('is what happens for an address on another host', async () => {
    answers[ID] = { status: 200, body: { properties: { provisioningState: 'Succeeded' } } };
    expect(await poll(client, operation('AsyncOperation', { url: 'https://elsewhere.example/1' }))).toEqual({
      kind: 'Succeeded',
    });
  });

  it('a resource just made may not be readable yet', async () => {
    answers[ID] = { status: 404, headers: dated(1000), body: { error: { code: 'ResourceNotFound', message: 'x' } } };
    expect(await poll(client, operation('ProvisioningState'))).toMatchObject({ kind: 'Running', retryAfterMs: 2000 });
  });
});

describe('an operation written down', () => {
  it('is read back as it was', () => {
    const original = operation('AsyncOperation', { retryAfterSeconds: 10 });
    expect(parseOperation(JSON.parse(JSON.stringify(original)))).toEqual(original);
    expect(firstPollDelay(original)).toBe(10_000);
  });

  it.each([null, 'x', {}, { kind: 'Other' }, { ...{ kind: 'Location', url: 'u', method: 'GET' } }])(
    '%j is none',
    (json) => {
      expect(parseOperation(json)).toBeUndefined();
    },
  );
});
