import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import { ArmFault } from './arm-fault.ts';

/** A request as the core sees it. */
export interface ArmRequest {
  readonly method: string;
  /** Decoded, with a leading slash, `//` collapsed, no slash at the end. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** `https://` and the Host header: URLs in answers must be on the host that the client used. */
  readonly origin: string;
  /** What arrived, empty without a body. */
  readonly text: string;
}

/** An answer before the headers that all answers have. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: an empty body. */
  readonly body?: JsonValue;
}

/** Azure takes at most 4 MB. */
const LONGEST_BODY = 4 * 1024 ** 2;

/** Reads a whole request. */
export async function readRequest(incoming: IncomingMessage): Promise<ArmRequest> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.byteLength;
    if (length > LONGEST_BODY) {
      throw new ArmFault(413, 'RequestContentTooLarge', 'The request content size exceeds the maximum size of 4 MB.');
    }
    chunks.push(chunk);
  }
  const origin = originOf(incoming);
  const url = new URL(`${origin}/${(incoming.url ?? '').replace(/^\/+/, '')}`);
  return {
    method: incoming.method ?? 'GET',
    path: cleanPath(url.pathname),
    query: url.searchParams,
    headers: incoming.headers,
    origin,
    text: Buffer.concat(chunks).toString('utf8'),
  };
}

/** `https://<host>` as the client calls this server. */
export function originOf(incoming: IncomingMessage): string {
  return `https://${incoming.headers.host ?? '127.0.0.1'}`;
}

/** Decoded, `//` collapsed, no slash at the end. */
export function cleanPath(pathname: string): string {
  const collapsed = pathname.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
  try {
    return decodeURIComponent(collapsed);
  } catch {
    return collapsed;
  }
}

/**
 * The JSON object in a request's body; `undefined` when there is no body.
 *
 * @throws ArmFault `InvalidRequestContent` for anything else
 */
export function jsonBody(request: ArmRequest): JsonObject | undefined {
  if (request.text.trim() === '') return undefined;
  if (!/\bjson\b/i.test(request.headers['content-type'] ?? 'application/json')) {
    throw new ArmFault(
      415,
      'UnsupportedMediaType',
      `The content media type '${request.headers['content-type']}' is not supported. Only 'application/json' is supported.`,
    );
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(request.text);
  } catch {
    throw new ArmFault(
      400,
      'InvalidRequestContent',
      'The request content was invalid and could not be deserialized: it is not JSON.',
    );
  }
  if (isJsonObject(parsed)) return parsed;
  throw new ArmFault(400, 'InvalidRequestContent', 'The request content was invalid: a JSON object is expected.');
}

/** {@link jsonBody} where a body is needed. */
export function requiredBody(request: ArmRequest): JsonObject {
  const body = jsonBody(request);
  if (body !== undefined) return body;
  throw new ArmFault(400, 'InvalidRequestContent', 'The request content was empty.');
}
