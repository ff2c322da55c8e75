import type { Clock } from '../runtime/clock.ts';
import { ArmError } from './errors.ts';

/** What Azure counts requests by. */
export interface ThrottlingScope {
  readonly endpoint: string;
  readonly subscriptionId: string;
  /** Names the identity that the requests are sent as, such as tenant and application id. */
  readonly principal: string;
}

/** Milliseconds to wait when a throttled answer does not say how long. */
export const DEFAULT_PAUSE_MS = 60_000;
const SHORTEST_PAUSE_MS = 1000;

/**
 * Azure's bucket of reads for one identity in one subscription ("Understand how Azure Resource Manager throttles requests"):
 * so many at once, and so many more each second. The last ones are kept for reads that cannot wait: those after a change,
 * which otherwise would meet a pause that reads without hurry have brought about.
 */
const READS_AT_ONCE = 250;
const READS_PER_SECOND = 25;
const KEPT_READS = 50;
const MOST_SPARE = READS_AT_ONCE - KEPT_READS;

/**
 * Remembers for how long Azure wants to be left alone, and how many reads it leaves. Azure Resource Manager throttles a
 * subscription and identity as a whole, and requests sent in spite of that lengthen the pause. Shared by all clients of the
 * process.
 */
export interface Throttling {
  /** @throws ArmError of class `Throttled`, with the time left, while a pause lasts */
  check(scope: ThrottlingScope): void;
  /**
   * Takes one of the reads that need not be kept for others.
   *
   * @throws ArmError of class `Throttled` while a pause lasts or there is none left, with the time until it would be the turn
   * of this one, behind all that were refused before
   */
  takeSpareRead(scope: ThrottlingScope): void;
  /** Notes how many reads Azure leaves, as its answers say. */
  noteReadsLeft(scope: ThrottlingScope, left: number): void;
  /** Starts a pause, or lengthens the one that runs. */
  pause(scope: ThrottlingScope, retryAfterMs: number | undefined): void;
}

/**
 * Makes the memory of pauses. Time is judged by the monotonic clock.
 *
 * @param onPause told each time that Azure asks for a pause, by how many milliseconds it lengthens the one that runs: 0
 * when that is long enough, so that the sum is the time in which nothing is sent
 */
export function createThrottling(clock: Clock, onPause: (addedMs: number) => void = () => {}): Throttling {
  const pausedUntil = new Map<string, number>();
  const spareReads = new Map<string, SpareReads>();
  const spareOf = (scope: ThrottlingScope) => {
    const now = clock.monotonic();
    const { left, at, promisedUntil } = spareReads.get(keyOf(scope)) ?? {
      left: MOST_SPARE,
      at: now,
      promisedUntil: now,
    };
    const spare = { left: Math.min(MOST_SPARE, left + ((now - at) / 1000) * READS_PER_SECOND), at: now, promisedUntil };
    spareReads.set(keyOf(scope), spare);
    return spare;
  };
  const check: Throttling['check'] = (scope) => {
    const key = keyOf(scope);
    const left = (pausedUntil.get(key) ?? 0) - clock.monotonic();
    if (left > 0) {
      throw new ArmError({
        status: 429,
        code: 'PausedAfterThrottling',
        message: `Azure asked for fewer requests in subscription ${scope.subscriptionId}; requests are paused.`,
        class: 'Throttled',
        retryAfterMs: left,
      });
    }
    pausedUntil.delete(key);
  };
  const noteReadsLeft: Throttling['noteReadsLeft'] = (scope, left) => {
    const spare = spareOf(scope);
    spare.left = Math.min(spare.left, left - KEPT_READS);
  };
  return {
    check,
    noteReadsLeft,
    takeSpareRead: (scope) => {
      check(scope);
      const spare = spareOf(scope);
      if (spare.left >= 1) {
        spare.left -= 1;
        return;
      }
      const soonest = spare.at + ((1 - spare.left) / READS_PER_SECOND) * 1000;
      const turn = Math.max(soonest, spare.promisedUntil);
      spare.promisedUntil = turn + 1000 / READS_PER_SECOND;
      throw new ArmError({
        status: 429,
        code: 'KeptForChanges',
        message: `Azure leaves few reads in subscription ${scope.subscriptionId}; they are kept for what cannot wait.`,
        class: 'Throttled',
        retryAfterMs: turn - spare.at,
      });
    },
    pause: (scope, retryAfterMs) => {
      const key = keyOf(scope);
      const now = clock.monotonic();
      const before = Math.max(pausedUntil.get(key) ?? 0, now);
      const until = Math.max(before, now + Math.max(retryAfterMs ?? DEFAULT_PAUSE_MS, SHORTEST_PAUSE_MS));
      pausedUntil.set(key, until);
      noteReadsLeft(scope, 0);
      onPause(until - before);
    },
  };
}

/** The reads that are not kept, as a bucket that is filled as Azure fills its own. */
interface SpareReads {
  /** Less than 0 while the kept ones are used up too. */
  left: number;
  /** When that was so, by the monotonic clock. */
  readonly at: number;
  /** Until then, by the monotonic clock, what comes in is promised to those that were refused. */
  promisedUntil: number;
}

function keyOf(scope: ThrottlingScope): string {
  return [scope.endpoint, scope.subscriptionId, scope.principal].join('|').toLowerCase();
}
