import { apiErrorOfStatus } from './api-error.ts';

/** One change that a watch reports. `BOOKMARK` carries only `metadata`: the version up to which all was reported. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** A watch sent something that is no watch event. */
export class WatchProtocolError extends Error {
  override readonly name = 'WatchProtocolError';
}

const LINE_FEED = 0x0a;

/**
 * The events of a watch as they arrive: those of one network packet, or so, together. Ends when the server ends the
 * watch; a last line that is cut off then is dropped, because whoever resumes the watch gets that event again. Throws
 * an `ApiError` for an `ERROR` event, after the events before it; and {@link WatchProtocolError}.
 *
 * @param request names the watch in errors
 */
export async function* watchEvents<T>(
  body: AsyncIterable<Uint8Array>,
  request: string,
): AsyncGenerator<readonly WatchEvent<T>[], void, undefined> {
  for await (const lines of splitLines(body)) {
    const events: WatchEvent<T>[] = [];
    let failure: Error | undefined;
    for (const line of lines) {
      const parsed = parseEvent<T>(line, request);
      if (parsed instanceof Error) {
        failure = parsed;
        break;
      }
      events.push(parsed);
    }
    if (events.length > 0) yield events;
    if (failure !== undefined) throw failure;
  }
}

/** Complete lines, split as bytes, so that a character that spans two chunks stays whole. */
async function* splitLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[], void, undefined> {
  let pending: Uint8Array[] = [];
  for await (const chunk of body) {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      const line = Buffer.concat([...pending, chunk.subarray(start, end)]).toString('utf8');
      if (line.trim() !== '') lines.push(line);
      pending = [];
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
}

function parseEvent<T>(line: string, request: string): WatchEvent<T> | Error {
  const parsed = parseJson(line);
  if (!isTypedEvent(parsed))
    return new WatchProtocolError(`${request}: the server sent a line that is no watch event.`);
  switch (parsed.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      // The API server has checked objects of this kind against their schema.
      return { type: parsed.type, object: parsed.object as T };
    case 'ERROR':
      return apiErrorOfStatus(request, parsed.object);
    default:
      return new WatchProtocolError(`${request}: the server sent a watch event of an unknown type.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTypedEvent(value: unknown): value is { readonly type: string; readonly object: object } {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('object' in value)) return false;
  return typeof value.type === 'string' && typeof value.object === 'object' && value.object !== null;
}
