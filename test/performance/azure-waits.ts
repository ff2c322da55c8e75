import { isJsonObject, type JsonObject } from '../../src/json.ts';

/** One exchange of a recording, as far as it is read here. */
interface Exchange {
  /** When it was answered, by the simulated time. */
  readonly time: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: unknown;
}

/** A span of simulated time in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * When Azure itself told the client to wait: from each answer that leaves an operation running until its `Retry-After`
 * is over. Being later than that is not Azure's doing and is not in here.
 */
export function waitsOf(recording: string): readonly Span[] {
  return recording
    .trim()
    .split('\n')
    .map((line): Exchange => JSON.parse(line))
    .flatMap((exchange) => {
      const from = Date.parse(exchange.time);
      const seconds = Number(headerOf(exchange, 'retry-after') ?? Number.NaN);
      return isRunning(exchange) && !Number.isNaN(seconds) ? [{ from, to: from + seconds * 1000 }] : [];
    });
}

function headerOf({ responseHeaders }: Exchange, name: string): string | undefined {
  return Object.entries(responseHeaders).find(([key]) => key.toLowerCase() === name)?.[1];
}

function isRunning({ method, status, responseBody }: Exchange): boolean {
  if (status === 202) {
    return true;
  }
  const body: JsonObject = isJsonObject(responseBody) ? responseBody : {};
  const state =
    method === 'GET' ? body.status : isJsonObject(body.properties) ? body.properties.provisioningState : undefined;
  return status < 300 && typeof state === 'string' && !/^(succeeded|failed|canceled)$/i.test(state);
}

/** Requests to read something of Resource Manager, polls included; those for tokens and blobs are other services'. */
export function countReads(recording: string): number {
  return recording
    .trim()
    .split('\n')
    .map((line): Exchange => JSON.parse(line))
    .filter(({ method, url }) => method === 'GET' && /^https:\/\/[^/]+\/+(subscriptions|providers)\//i.test(url))
    .length;
}

/** Milliseconds that the spans cover inside of `whole`, overlaps counted once. */
export function covered(spans: readonly Span[], whole: Span): number {
  let total = 0;
  let end = whole.from;
  for (const { from, to } of spans.toSorted((left, right) => left.from - right.from)) {
    const begin = Math.max(from, end);
    const finish = Math.min(to, whole.to);
    if (finish > begin) {
      total += finish - begin;
      end = finish;
    }
  }
  return total;
}
