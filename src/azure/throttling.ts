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
 * Remembers for how long Azure wants to be left alone. Azure Resource Manager throttles a subscription and identity as a
 * whole, and requests sent in spite of that lengthen the pause. Shared by all clients of the process.
 */
export interface Throttling {
  /** @throws ArmError of class `Throttled`, with the time left, while a pause lasts */
  check(scope: ThrottlingScope): void;
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
  return {
    check: (scope) => {
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
    },
    pause: (scope, retryAfterMs) => {
      const key = keyOf(scope);
      const now = clock.monotonic();
      const before = Math.max(pausedUntil.get(key) ?? 0, now);
      const until = Math.max(before, now + Math.max(retryAfterMs ?? DEFAULT_PAUSE_MS, SHORTEST_PAUSE_MS));
      pausedUntil.set(key, until);
      onPause(until - before);
    },
  };
}

function keyOf(scope: ThrottlingScope): string {
  return [scope.endpoint, scope.subscriptionId, scope.principal].join('|').toLowerCase();
}
