import { ArmFault } from './arm-fault.ts';
import { isWrite } from './journal.ts';

/** Azure's token buckets for each principal, subscription and kind of request, as published in 2024. */
const BUCKETS = {
  reads: { burst: 250, perSecond: 25 },
  writes: { burst: 200, perSecond: 10 },
  deletes: { burst: 200, perSecond: 10 },
} as const;

/** Counts requests and tells what is left. */
export interface RateLimits {
  /**
   * Takes one request and returns the header that says what remains.
   *
   * @throws ArmFault 429 when nothing is left and `enforce` is set
   */
  take(request: {
    readonly method: string;
    readonly path: string;
    readonly caller: string;
    readonly now: number;
    readonly enforce: boolean;
  }): Record<string, string>;
}

/** Full buckets. */
export function createRateLimits(): RateLimits {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take: ({ method, path, caller, now, enforce }) => {
      const kind = kindOf(method, path);
      const { burst, perSecond } = BUCKETS[kind];
      const subscription = /^\/subscriptions\/([^/]+)/i.exec(path)?.[1]?.toLowerCase() ?? 'tenant';
      const key = `${subscription}/${caller}/${kind}`;
      const bucket = buckets.get(key) ?? { left: burst, at: now };
      bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond);
      bucket.at = now;
      buckets.set(key, bucket);
      if (bucket.left < 1 && enforce) throw throttled(subscription, Math.ceil((1 - bucket.left) / perSecond));
      bucket.left = Math.max(0, bucket.left - 1);
      const level = subscription === 'tenant' ? 'tenant' : 'subscription';
      return { [`x-ms-ratelimit-remaining-${level}-${kind}`]: String(Math.floor(bucket.left)) };
    },
  };
}

function kindOf(method: string, path: string): keyof typeof BUCKETS {
  if (method === 'DELETE') return 'deletes';
  return isWrite(method, path) ? 'writes' : 'reads';
}

function throttled(subscription: string, seconds: number): ArmFault {
  return new ArmFault(
    429,
    'SubscriptionRequestsThrottled',
    `Number of requests for subscription '${subscription}' exceeded the limit. Please try again after '${seconds}' seconds after additional tokens are available.`,
    { headers: { 'Retry-After': String(seconds) } },
  );
}
