import { createHash } from 'node:crypto';
import type { JsonValue } from '../../../src/json.ts';

/** What a line of a recording holds, as `recorder.ts` writes it. */
export interface RecordedExchange {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: RecordedHeaders;
  readonly requestBody: JsonValue;
  readonly status: number;
  readonly responseHeaders: RecordedHeaders;
  readonly responseBody: JsonValue;
}

type RecordedHeaders = Readonly<Record<string, JsonValue>>;

/** Headers that are another one's in each exchange, or count exchanges: they say nothing about what was asked and answered. */
const OF_ITS_OWN =
  /^(?:date|user-agent|traceparent|x-ms-(?:client-request-id|request-id|correlation-request-id|routing-request-id|ratelimit-.*))$/i;

/**
 * Tells exchanges that are the first of their kind from those that differ from an earlier one only in their time and in
 * numbers of their own: who has judged the first has judged them all. What was asked and answered is compared to the letter.
 */
export function distinctExchanges(): (exchange: RecordedExchange) => boolean {
  const known = new Set<string>();
  return (exchange) => {
    const { method, url, requestHeaders, requestBody, status, responseHeaders, responseBody } = exchange;
    const said = [method, url, shared(requestHeaders), requestBody, status, shared(responseHeaders), responseBody];
    const before = known.size;
    known.add(createHash('sha256').update(JSON.stringify(said)).digest('base64'));
    return known.size > before;
  };
}

function shared(headers: RecordedHeaders): readonly (readonly [string, JsonValue])[] {
  return Object.entries(headers).filter(([name]) => !OF_ITS_OWN.test(name));
}
