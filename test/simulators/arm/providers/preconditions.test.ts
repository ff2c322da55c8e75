import { describe, expect, test } from 'vitest';
import { createGateway } from './gateway-fixture.ts';
import { createInProcessAzure, errorCode } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

const { ids } = sample;
const azure = createInProcessAzure();
const certificateUrl = await createGateway(azure);
const OUTDATED = '"00000000-0000-4000-8000-000000000000"';

describe.each([
  ['a network security group', ids.networkSecurityGroup, sample.networkSecurityGroupBody],
  ['a virtual network', ids.virtualNetwork, sample.virtualNetworkBody],
  ['a public IP address', ids.publicIPAddress, sample.publicIPAddressBody],
  ['a load balancer', ids.loadBalancer, sample.loadBalancerBody],
  ['a scale set', ids.scaleSet, sample.scaleSetBody(certificateUrl)],
] as const)('%s', (_what, id, body) => {
  test('is written by who knows its etag, and by nobody who knows an older one', async () => {
    const refused = azure.call('PUT', id, body, { 'if-match': OUTDATED });
    expect([refused.status, errorCode(refused)]).toEqual([412, 'PreconditionFailed']);
    const { headers } = azure.call('GET', id);
    expect(azure.call('PUT', id, body, { 'if-match': headers.ETag ?? '' }).status).toBe(200);
    await azure.clock.advance(600_000);
  });

  test('is not made a second time by who wants to make it alone', () => {
    expect(azure.call('PUT', id, body, { 'if-none-match': '*' }).status).toBe(412);
  });

  test('is not deleted by who knows an older etag', () => {
    expect(azure.call('DELETE', id, undefined, { 'if-match': OUTDATED }).status).toBe(412);
    expect(azure.call('GET', id).status).toBe(200);
  });
});

test.each([
  ['a vault', ids.vault],
  ['an identity', ids.identity],
])('%s has no etag', (_what, id) => {
  expect(azure.call('GET', id).headers.ETag).toBeUndefined();
});
