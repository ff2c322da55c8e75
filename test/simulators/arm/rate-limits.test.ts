import { beforeEach, describe, expect, test } from 'vitest';
import { textAt } from './json-path.ts';
import { createGateway } from './providers/gateway-fixture.ts';
import { createInProcessAzure, errorCode, type InProcessAzure } from './providers/in-process-azure.ts';
import * as sample from './providers/sample-bodies.ts';

const { ids, GROUP } = sample;
let azure: InProcessAzure;

beforeEach(() => {
  azure = createInProcessAzure();
});

const times = <T>(count: number, call: () => T): T[] => Array.from({ length: count }, call);

describe('Azure Resource Manager', () => {
  test('says what a principal, and all of them together, have left of each kind of request', () => {
    expect(azure.call('GET', GROUP).headers).toMatchObject({
      'x-ms-ratelimit-remaining-subscription-reads': '249',
      'x-ms-ratelimit-remaining-subscription-global-reads': '16499',
    });
    expect(azure.call('PUT', GROUP, { location: 'westeurope' }).headers).toMatchObject({
      'x-ms-ratelimit-remaining-subscription-writes': '199',
      'x-ms-ratelimit-remaining-subscription-global-writes': '11999',
    });
    expect(azure.call('DELETE', ids.vault).headers).toMatchObject({
      'x-ms-ratelimit-remaining-subscription-deletes': '199',
    });
    expect(azure.call('GET', '/subscriptions').headers).toMatchObject({
      'x-ms-ratelimit-remaining-tenant-reads': '249',
    });
  });

  test('refuses more than the bucket holds, says when to come again, and means it', async () => {
    azure.world.settings.throttling = true;
    times(200, () => azure.call('PUT', GROUP, { location: 'westeurope' }));
    const refused = azure.call('PUT', GROUP, { location: 'westeurope', tags: { late: 'yes' } });
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'Retry-After': '1' },
      body: { error: { code: 'SubscriptionRequestsThrottled' } },
    });
    expect(azure.show(GROUP).tags).toBeUndefined();
    await azure.clock.advance(Number(refused.headers['Retry-After']) * 1000);
    expect(times(11, () => azure.call('PUT', GROUP, { location: 'westeurope' }).status)).toEqual([
      ...times(10, () => 200),
      429,
    ]);
  });
});

describe('the compute provider', () => {
  test('counts for each scale set and for the subscription', async () => {
    await createGateway(azure);
    const left = (answer: { readonly headers: Readonly<Record<string, string>> }) =>
      answer.headers['x-ms-ratelimit-remaining-resource'];
    const patch = azure.call('PATCH', ids.scaleSet, { tags: { a: 'b' } });
    expect(left(patch)).toBe(
      'Microsoft.Compute/CreateVMScaleSetResource;11,Microsoft.Compute/CreateVMScaleSetSubscriptionMaximum;374',
    );
    expect(left(azure.call('GET', patch.headers['Azure-AsyncOperation'] ?? ''))).toMatch(/GetOperationResource;44/);
    await azure.clock.advance(60_000);
    expect(left(azure.call('POST', `${ids.scaleSet}/restart`))).toMatch(/VMScaleSetActionsResource;11/);
  });

  test('refuses too many writes of one scale set, and takes more as the bucket fills', async () => {
    azure.world.settings.throttling = true;
    const put = () => azure.call('PUT', ids.scaleSet, sample.scaleSetBody('', 1));
    times(12, put);
    const refused = put();
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'Retry-After': '15', 'x-ms-failure-cause': 'service' },
      body: { error: { code: 'OperationNotAllowed', details: [{ code: 'TooManyRequests' }] } },
    });
    expect(azure.call('PUT', `${ids.scaleSet}-2`, sample.scaleSetBody('', 1)).status).not.toBe(429);
    await azure.clock.advance(15_000);
    expect(put().status).not.toBe(429);
  });
});

describe('Resource Graph', () => {
  const ask = () =>
    azure.call('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', { query: 'resources' });

  test('says what is left of fifteen queries in five seconds, and refuses the sixteenth', async () => {
    azure.world.settings.throttling = true;
    const first = ask();
    expect(first.headers).toMatchObject({
      'x-ms-user-quota-remaining': '14',
      'x-ms-user-quota-resets-after': '00:00:05',
    });
    await azure.clock.advance(2000);
    times(14, ask);
    const refused = ask();
    expect([refused.status, errorCode(refused)]).toEqual([429, 'RateLimiting']);
    expect(refused.headers).toMatchObject({ 'Retry-After': '3', 'x-ms-user-quota-resets-after': '00:00:03' });
    expect(textAt(refused.body, 'error.message')).toContain('support');
    await azure.clock.advance(3000);
    expect(ask().status).toBe(200);
  });

  test('only counts while throttling is off', () => {
    expect(times(20, ask).every((answer) => answer.status === 200)).toBe(true);
  });
});
