import { ArmFault } from './arm-fault.ts';
import { isWrite } from './journal.ts';

/** Azure's token buckets for each principal, subscription and kind of request, as published in 2024. */
const BUCKETS = {
  reads: { burst: 250, perSecond: 25 },
  writes: { burst: 200, perSecond: 10 },
  deletes: { burst: 200, perSecond: 10 },
} as const;

/** The same for a subscription whoever asks, as recorded in 2026; 15 times as much a second as for one principal. */
const GLOBAL_BUCKETS = {
  reads: { burst: 16_500, perSecond: 375 },
  writes: { burst: 12_000, perSecond: 150 },
  deletes: { burst: 12_000, perSecond: 150 },
} as const;

/** Counts requests and tells what is left. */
export interface RateLimits {
  /**
   * Takes one request and returns the headers that say what remains.
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
  const refilled = (key: string, { burst, perSecond }: { burst: number; perSecond: number }, now: number) => {
    const bucket = buckets.get(key) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    buckets.set(key, bucket);
    return bucket;
  };
  return {
    take: ({ method, path, caller, now, enforce }) => {
      const kind = kindOf(method, path);
      const subscription = /^\/subscriptions\/([^/]+)/i.exec(path)?.[1]?.toLowerCase() ?? 'tenant';
      const own = refilled(`${subscription}/${caller}/${kind}`, BUCKETS[kind], now);
      if (own.left < 1 && enforce) {
        throw throttled(kind, subscription, caller, Math.ceil((1 - own.left) / BUCKETS[kind].perSecond));
      }
      own.left = Math.max(0, own.left - 1);
      if (subscription === 'tenant') return { [`x-ms-ratelimit-remaining-tenant-${kind}`]: whole(own) };
      const all = refilled(`${subscription}/${kind}`, GLOBAL_BUCKETS[kind], now);
      all.left = Math.max(0, all.left - 1);
      return {
        [`x-ms-ratelimit-remaining-subscription-${kind}`]: whole(own),
        [`x-ms-ratelimit-remaining-subscription-global-${kind}`]: whole(all),
      };
    },
  };
}

function whole({ left }: { readonly left: number }): string {
  return String(Math.floor(left));
}

function kindOf(method: string, path: string): keyof typeof BUCKETS {
  if (method === 'DELETE') return 'deletes';
  return isWrite(method, path) ? 'writes' : 'reads';
}

function throttled(kind: keyof typeof BUCKETS, subscription: string, caller: string, seconds: number): ArmFault {
  return new ArmFault(
    429,
    'SubscriptionRequestsThrottled',
    `Number of '${kind.slice(0, -1)}' requests for subscription '${subscription}' actor '${caller}' exceeded. Please try again after '${seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.`,
    { headers: { 'Retry-After': String(seconds) } },
  );
}
