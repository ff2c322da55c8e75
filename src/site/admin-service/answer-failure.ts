import { isJsonObject } from '../../json.ts';
import type { Reported, SiteFailure } from '../answer.ts';

/** What an answer is judged by. */
export interface HttpAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly text: string;
  /** `Date` header in milliseconds since the epoch. */
  readonly date: number | undefined;
}

/** Used when a site that wants fewer requests does not say for how long. */
const DEFAULT_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 600_000;
const LONGEST_MESSAGE = 500;

/**
 * What an answer with a status of 300 or more means. *Seen in public code*: errors have the body
 * `{"error":{"code":"404","message":"…"}}`; something in between answers with other bodies.
 */
export function failureOf(answer: HttpAnswer): SiteFailure {
  const { status, date } = answer;
  const said = messageIn(answer.text);
  const reported: Reported = { status, date, message: said ?? `The site answered with HTTP status ${status}.` };
  switch (true) {
    case status === 401:
      return { ...reported, kind: 'Unauthorized' };
    case status === 403:
      return { ...reported, kind: 'Forbidden' };
    case status === 429 || (status === 503 && answer.header('retry-after') !== undefined):
      return { ...reported, kind: 'Throttled', retryAfterMs: retryAfterOf(answer) };
    case status >= 500:
      return { ...reported, kind: 'ServerError' };
    case said === undefined:
      return {
        ...reported,
        kind: 'InvalidAnswer',
        message: `HTTP status ${status} came with something else than the error of an AdminService (${typeOf(answer)}).`,
      };
    case status === 404:
      return { ...reported, kind: 'NotFound' };
    case status === 409 || status === 412:
      return { ...reported, kind: 'Conflict' };
    default:
      return { ...reported, kind: 'Refused' };
  }
}

/** The media type of an answer, for messages. */
export function typeOf({ header }: HttpAnswer): string {
  return header('content-type')?.split(';')[0] ?? 'no media type';
}

/** What the site says, or `undefined` when the body is no error of an AdminService. */
function messageIn(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const error = isJsonObject(body) ? body.error : undefined;
    if (!isJsonObject(error) || error.code === undefined) return undefined;
    const message = typeof error.message === 'string' && error.message !== '' ? error.message : `code ${error.code}`;
    return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
  } catch {
    return undefined;
  }
}

function retryAfterOf({ header, date }: HttpAnswer): number {
  const text = header('retry-after') ?? '';
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  const until = Date.parse(text);
  const asked = Number.isFinite(seconds) ? seconds * 1000 : date === undefined ? Number.NaN : until - date;
  return Number.isNaN(asked) ? DEFAULT_PAUSE_MS : Math.min(Math.max(asked, 0), LONGEST_PAUSE_MS);
}
