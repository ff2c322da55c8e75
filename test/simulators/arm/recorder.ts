import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import type { Exchange } from './server.ts';

/** Writes exchanges to a file, one JSON object a line, without secrets. */
export interface Recorder {
  record(exchange: Exchange): void;
  /** Resolves when all is written. */
  close(): Promise<void>;
}

/** What stands in the place of a secret: text of the length and mixture that Azure asks of passwords. */
const MASK = 'Masked-0-Masked';

/** Parts of the query of an operation URL that let whoever has them read the operation. */
const SIGNATURE = /([?&](?:t|c|s|h|sig)=)[^&]*/g;
const SECRET_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-ms-authorization-auxiliary',
]);
const SECRET_MEMBERS =
  /^(adminPassword|password|pwd|customData|client_secret|client_assertion|access_token|connectionString|protectedSettings|keyData)$/i;

/** Starts a recording, in place of what the file held. Each line says when it was answered, by the simulated time. */
export function createRecorder(file: string, now: () => number): Recorder {
  const stream = createWriteStream(file, { mode: 0o600 });
  return {
    record: (exchange) =>
      void stream.write(`${JSON.stringify({ time: new Date(now()).toISOString(), ...recorded(exchange) })}\n`),
    close: () => end(stream),
  };
}

async function end(stream: WriteStream): Promise<void> {
  stream.end();
  await finished(stream);
}

/** An exchange as it is recorded. */
export function recorded({ request, status, headers, body }: Exchange): JsonObject {
  const isToken = /\/oauth2\//i.test(request.path);
  const query = request.query.size === 0 ? '' : `?${request.query}`;
  return {
    method: request.method,
    url: maskedUrl(`${request.origin}${request.path}${query}`),
    requestHeaders: maskedHeaders(request.headers),
    requestBody: masked(
      isToken ? Object.fromEntries(new URLSearchParams(request.text)) : parsed(request.text),
      request.path,
    ),
    status,
    responseHeaders: maskedHeaders(headers),
    responseBody: masked(body ?? null, request.path),
  };
}

function parsed(text: string): JsonValue {
  if (text === '') return null;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return MASK;
  }
}

function maskedUrl(url: string): string {
  return url.replaceAll(SIGNATURE, '$1***');
}

function maskedHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (SECRET_HEADERS.has(name.toLowerCase())) return [name, '***'];
      return [name, typeof value === 'string' ? maskedUrl(value) : (value ?? null)];
    }),
  );
}

/** The same value with each secret text replaced; everything keeps its type. */
function masked(value: JsonValue, path: string): JsonValue {
  const secretValue = /\/secrets(\/|$)/i.test(path) || /\/(listkeys|regeneratekey)$/i.test(path);
  const walk = (item: JsonValue): JsonValue => {
    if (Array.isArray(item)) return (item as readonly JsonValue[]).map(walk);
    if (!isJsonObject(item)) return item;
    return Object.fromEntries(
      Object.entries(item).map(([name, member]) => {
        if (member === undefined) return [name, undefined];
        const secret = SECRET_MEMBERS.test(name) || (secretValue && name === 'value' && typeof member === 'string');
        return [name, secret ? blank(member) : walk(member)];
      }),
    );
  };
  return walk(value);
}

function blank(value: JsonValue): JsonValue {
  if (typeof value === 'string') return MASK;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(blank);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, blank(member ?? null)]));
}
