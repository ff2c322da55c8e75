import type { Reason } from '../../api/v1alpha1/conditions.ts';
import { redactText } from '../../observability/redaction.ts';
import { type Condition, toTimestamp } from '../../runtime/conditions.ts';
import type { SiteFailure } from '../../site/site.ts';
import { SLOW_RETRY_MS } from '../cmg/finding.ts';

/** Why something about a site is not known, or was not done. */
export interface SiteProblem {
  readonly status: 'False' | 'Unknown';
  readonly reason: Reason;
  /** What is wrong, where, and what to do next. */
  readonly message: string;
  readonly retryAfterMs: number;
}

const SHORTEST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 5 * 60_000;

/** When something is tried again that has not worked for a while: the longer, the later. */
export function growingPause(sinceMs: number, now: number): number {
  return Math.min(LONGEST_RETRY_MS, Math.max(SHORTEST_RETRY_MS, (now - sinceMs) / 2));
}

/**
 * What a failure means for a condition. What was known before stays known to nobody: a site that does not answer makes
 * things unknown, and not wrong.
 *
 * @param doing what failed, as the beginning of a sentence: `Reading the boundary groups`
 * @param before the condition until now: the message says since when it has been so, so that it stays the same as long as that
 *   does
 * @param known what the condition is whatever failed: a change that could not be made is known not to hold
 */
export function siteProblem(
  doing: string,
  failure: SiteFailure,
  before: Condition | undefined,
  now: number,
  known?: 'False',
): SiteProblem {
  const { reason, advice, ...judged } = judge(failure);
  const status = known ?? judged.status;
  const same = before?.reason === reason && before.status === status;
  const since = same ? Date.parse(before.lastTransitionTime) : now;
  const message = `${doing} failed, since ${toTimestamp(since)}: ${sentence(redactText(wordsOf(failure)))} ${advice}`;
  return { status, reason, message, retryAfterMs: pauseAfter(failure, since, now) };
}

/** As much of what a site says as a condition of something else repeats. */
const LONGEST_WORDS = 600;

/**
 * What a failure is, as a sentence without advice, for conditions that speak of something else: without secrets, and the same
 * words as long as the failure is the same.
 */
export function failureInWords(failure: SiteFailure): string {
  // How long it is to be left alone is another number at each try.
  const told = failure.kind === 'Throttled' ? 'the site wants fewer requests.' : redactText(wordsOf(failure));
  return sentence(told.slice(0, LONGEST_WORDS));
}

function pauseAfter(failure: SiteFailure, since: number, now: number): number {
  switch (failure.kind) {
    case 'Throttled':
      return failure.retryAfterMs;
    case 'Forbidden':
    case 'Refused':
      return SLOW_RETRY_MS;
    default:
      return growingPause(since, now);
  }
}

interface Judgement {
  readonly status: SiteProblem['status'];
  readonly reason: Reason;
  readonly advice: string;
}

function judge(failure: SiteFailure): Judgement {
  switch (failure.kind) {
    case 'Unauthorized':
      return failure.status === 0
        ? { status: 'Unknown', reason: 'SiteSignInFailed', advice: 'Nothing was asked of the site.' }
        : {
            status: 'Unknown',
            reason: 'SiteAccessDenied',
            advice:
              'Look at what the Secret of the Site holds: a token may have expired, a keytab may be of another account.',
          };
    case 'Forbidden':
      return {
        status: 'Unknown',
        reason: 'SiteAccessDenied',
        advice: 'Give the account a security role on the site that allows it.',
      };
    case 'Conflict':
      return { status: 'False', reason: 'SiteChanging', advice: 'It is read anew and tried again.' };
    case 'Refused':
    case 'NotFound':
      return { status: 'False', reason: 'SiteRefused', advice: 'It is tried again from time to time.' };
    case 'Unreachable':
    case 'Throttled':
    case 'ServerError':
    case 'InvalidAnswer':
      return {
        status: 'Unknown',
        reason: 'SiteUnreachable',
        advice: 'Nothing is concluded from that; it is tried again with growing pauses.',
      };
    default:
      return failure satisfies never;
  }
}

function wordsOf(failure: SiteFailure): string {
  switch (failure.kind) {
    case 'Unreachable':
      return `the site does not answer (${failure.code}). ${failure.message}`;
    case 'Throttled':
      return `the site wants fewer requests. ${failure.message}`;
    default:
      return failure.status === 0
        ? failure.message
        : `the site answers with HTTP ${failure.status}. ${failure.message}`;
  }
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
