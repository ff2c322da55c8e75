import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';

/** A request as the classes see it. */
export interface SiteRequest {
  readonly method: string;
  /** As sent, still encoded: keys hold slashes and quotes. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** `https://<host>` as the client calls this server. */
  readonly origin: string;
  readonly text: string;
}

/** An answer; `body` absent: none. */
export interface SiteReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonValue;
}

/** A refusal in the shape that AdminService gives it. */
export class SiteFault extends Error {
  override readonly name = 'SiteFault';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }

  get reply(): SiteReply {
    return { status: this.status, body: errorBody(this.status, this.message) };
  }
}

/** `{"error":{"code":"404","message":"…"}}`, as seen of sites. */
export function errorBody(status: number, message: string): JsonObject {
  return { error: { code: String(status), message } };
}

/** Reads a whole request. */
export async function readRequest(incoming: IncomingMessage): Promise<SiteRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const origin = `https://${incoming.headers.host ?? '127.0.0.1'}`;
  const url = new URL(`${origin}/${(incoming.url ?? '').replace(/^\/+/, '')}`);
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    origin,
    text: Buffer.concat(chunks).toString('utf8'),
  };
}

/** The JSON object in a request's body. @throws SiteFault 400 for anything else */
export function bodyOf({ text }: SiteRequest): JsonObject {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isJsonObject(parsed)) return parsed;
  } catch {
    // Refused below, as what is JSON and no object.
  }
  throw new SiteFault(400, 'The request body is no JSON object.');
}
