import type { ManualStep } from './manual-step.ts';

/** Why a site gave no usable answer, or did not do what was asked. Messages hold no token and no password. */
export type SiteFailure =
  /** No answer: name resolution, connection, TLS, timeout. `code` is the one below HTTP, such as `ECONNREFUSED`. */
  | { readonly kind: 'Unreachable'; readonly code: string; readonly message: string }
  /** The site does not accept who we say we are: HTTP 401, or there is nothing to say it with. */
  | (Reported & { readonly kind: 'Unauthorized' })
  /** The site knows the account and does not let it do this: HTTP 403. */
  | (Reported & { readonly kind: 'Forbidden' })
  /** Too many requests, by the site's count (HTTP 429 and 503) or by ours; nothing else is sent until then. */
  | (Reported & { readonly kind: 'Throttled'; readonly retryAfterMs: number })
  /** The site failed: HTTP 5xx. */
  | (Reported & { readonly kind: 'ServerError' })
  /** What came is not what an AdminService answers: no JSON, another shape, a page of something in between. */
  | (Reported & { readonly kind: 'InvalidAnswer' })
  /** The site says that what was named does not exist. Never concluded from an answer of something in between. */
  | (Reported & { readonly kind: 'NotFound' })
  /** What is to be changed has changed meanwhile, or stands against what is wanted: HTTP 409 and 412. */
  | (Reported & { readonly kind: 'Conflict' })
  /** The site understands the request and does not do it: any other 4xx, or a method that returned an error. */
  | (Reported & { readonly kind: 'Refused' });

/** What is common to failures that an answer reported. */
export interface Reported {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  /** What the site says, as a sentence for people. */
  readonly message: string;
  /** `Date` header of the answer in milliseconds since the epoch. */
  readonly date?: number | undefined;
}

/** What a read came to. */
export type SiteAnswer<T> = { readonly kind: 'Answered'; readonly value: T; readonly date: SiteTime } | SiteFailure;

/**
 * When an answer was true: its `Date` header in milliseconds since the epoch, the site's clock; of several answers, the
 * first one's. `undefined` where the answer had none: no instant may be stored from it.
 */
export type SiteTime = number | undefined;

/**
 * What a write came to. `Accepted` says that the site took it, not that it holds: read back. What is as wanted already
 * is accepted too, and nothing is sent.
 */
export type WriteResult =
  | { readonly kind: 'Accepted'; readonly date: SiteTime }
  /** No driver may do this; a person has to, and reading back shows that it is done. Nothing was sent. */
  | { readonly kind: 'Manual'; readonly step: ManualStep }
  | SiteFailure;

/** Whether a result is a failure. */
export function isSiteFailure<T extends { readonly kind: string }>(result: T): result is Extract<T, SiteFailure> {
  switch (result.kind) {
    case 'Answered':
    case 'Accepted':
    case 'Manual':
      return false;
    default:
      return true;
  }
}
