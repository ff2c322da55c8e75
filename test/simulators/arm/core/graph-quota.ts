import { ArmFault } from '../arm-fault.ts';

/** Queries that a principal may ask in each window. */
const QUERIES = 15;
const WINDOW = 5000;

/** How many queries of Resource Graph each principal has left. */
export interface GraphQuota {
  /**
   * Takes one query and returns the headers that say what is left.
   *
   * @param now simulated milliseconds since the epoch
   * @throws ArmFault 429 when nothing is left and `enforce` is set
   */
  take(caller: string, now: number, enforce: boolean): Record<string, string>;
}

/** Full quotas. */
export function createGraphQuota(): GraphQuota {
  const windows = new Map<string, { begin: number; used: number }>();
  return {
    take: (caller, now, enforce) => {
      const known = windows.get(caller);
      const window = known !== undefined && now < known.begin + WINDOW ? known : { begin: now, used: 0 };
      windows.set(caller, window);
      window.used += 1;
      const seconds = Math.max(1, Math.ceil((window.begin + WINDOW - now) / 1000));
      const headers = {
        'x-ms-user-quota-remaining': String(Math.max(0, QUERIES - window.used)),
        'x-ms-user-quota-resets-after': `00:00:0${seconds}`,
      };
      if (window.used > QUERIES && enforce) throw rateLimited(headers, seconds);
      return headers;
    },
  };
}

function rateLimited(headers: Readonly<Record<string, string>>, seconds: number): ArmFault {
  const message =
    'Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.';
  return new ArmFault(
    429,
    'RateLimiting',
    'Please provide below info when asking for support: timestamp, correlationId.',
    { details: [{ code: 'RateLimiting', message }], headers: { ...headers, 'Retry-After': String(seconds) } },
  );
}
