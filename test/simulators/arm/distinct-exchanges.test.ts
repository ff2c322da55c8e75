import { describe, expect, it } from 'vitest';
import { distinctExchanges, type RecordedExchange } from './distinct-exchanges.ts';

const EXCHANGE: RecordedExchange = {
  method: 'GET',
  url: 'https://127.0.0.1:1/subscriptions/s/resourceGroups/g?api-version=2025-04-01',
  requestHeaders: { 'x-ms-client-request-id': 'a', 'content-type': 'application/json' },
  requestBody: null,
  status: 200,
  responseHeaders: { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'x-ms-request-id': 'b', etag: '"1"' },
  responseBody: { name: 'g', tags: { team: 'network' } },
};

describe('of many exchanges', () => {
  it('one is enough of those that differ in their time and numbers only', () => {
    const isDistinct = distinctExchanges();
    expect(isDistinct(EXCHANGE)).toBe(true);
    const again = {
      ...EXCHANGE,
      time: '2026-01-02T00:00:00.000Z',
      requestHeaders: { ...EXCHANGE.requestHeaders, 'x-ms-client-request-id': 'c' },
      responseHeaders: { ...EXCHANGE.responseHeaders, date: 'Fri, 02 Jan 2026 00:00:00 GMT', 'x-ms-request-id': 'd' },
    };
    expect(isDistinct(again)).toBe(false);
  });

  it.each<[string, Partial<RecordedExchange>]>([
    ['method', { method: 'HEAD' }],
    ['address', { url: EXCHANGE.url.replace('resourceGroups/g', 'resourceGroups/h') }],
    ['version', { url: EXCHANGE.url.replace('2025-04-01', '2024-11-01') }],
    ['header of the request', { requestHeaders: { 'content-type': 'text/plain' } }],
    ['body of the request', { requestBody: {} }],
    ['status', { status: 201 }],
    ['header of the answer', { responseHeaders: { ...EXCHANGE.responseHeaders, location: 'https://127.0.0.1:1/o' } }],
    ['body of the answer', { responseBody: { name: 'g', tags: { team: 'Network' } } }],
  ])('one with another %s is another one', (_what, other) => {
    const isDistinct = distinctExchanges();
    expect(isDistinct(EXCHANGE)).toBe(true);
    expect(isDistinct({ ...EXCHANGE, ...other })).toBe(true);
    expect(isDistinct({ ...EXCHANGE, ...other })).toBe(false);
  });
});
