import { ArmFault, BY_THE_GATEWAY, BY_THE_SERVICE } from './arm-fault.ts';
import { isWrite } from './journal.ts';
import { type BucketSize, createTokenBuckets } from './token-buckets.ts';

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

/** Limits of the compute provider: for one scale set, and for all of a subscription. Sizes as its headers show them. */
interface ComputePolicy {
  readonly name: string;
  readonly method: RegExp;
  readonly path: RegExp;
  readonly resource: number;
  readonly subscription: number;
}

const SCALE_SET = '/providers/microsoft\\.compute/virtualmachinescalesets/[^/]+';

const COMPUTE_POLICIES: readonly ComputePolicy[] = [
  {
    name: 'CreateVMScaleSet',
    method: /^(PUT|PATCH)$/,
    path: new RegExp(`(${SCALE_SET})(/extensions/[^/]+)?$`, 'i'),
    resource: 12,
    subscription: 375,
  },
  {
    name: 'VMScaleSetActions',
    method: /^POST$/,
    path: new RegExp(`(${SCALE_SET})/`, 'i'),
    resource: 12,
    subscription: 1500,
  },
  {
    name: 'GetOperation',
    method: /^GET$/,
    path: /\/providers\/microsoft\.compute\/locations\/[^/]+(\/operations\/[^/]+)$/i,
    resource: 45,
    subscription: 15_000,
  },
];

/** A bucket of the compute provider is filled again in three minutes: the documented one holds 12 and gets 4 a minute. */
const COMPUTE_REFILL_SECONDS = 180;

/** Counts requests and tells what is left, where limits are enforced; else as for a first request each time. */
export interface RateLimits {
  /**
   * Takes one request and returns the headers that say what remains.
   *
   * @throws ArmFault 429 when nothing is left and `enforce` is set
   */
  take(request: LimitedRequest): Record<string, string>;
}

interface LimitedRequest {
  readonly method: string;
  readonly path: string;
  readonly caller: string;
  readonly now: number;
  readonly enforce: boolean;
}

/** Full buckets. */
export function createRateLimits(): RateLimits {
  const buckets = createTokenBuckets();
  const take = (key: string, size: BucketSize, request: LimitedRequest, refusal: (seconds: number) => ArmFault) => {
    // Without limits nothing is used up: one that said so, and went on answering, would have its clients wait for nothing.
    if (!request.enforce) return size.burst - 1;
    const { left, waitSeconds } = buckets.take(key, size, request.now);
    if (waitSeconds !== undefined) throw refusal(waitSeconds);
    return left;
  };

  return {
    take: (request) => {
      const { method, path, caller } = request;
      const kind = kindOf(method, path);
      const subscription = /^\/subscriptions\/([^/]+)/i.exec(path)?.[1]?.toLowerCase() ?? 'tenant';
      const level = subscription === 'tenant' ? 'tenant' : 'subscription';
      const refusal = (seconds: number) => throttled(kind, subscription, caller, seconds);
      const own = take(`${subscription}/${caller}/${kind}`, BUCKETS[kind], request, refusal);
      const shared = take(`${subscription}/${kind}`, GLOBAL_BUCKETS[kind], request, refusal);
      const remaining = {
        [`x-ms-ratelimit-remaining-${level}-${kind}`]: String(own),
        ...(level === 'tenant' ? {} : { [`x-ms-ratelimit-remaining-subscription-global-${kind}`]: String(shared) }),
      };
      const policy = COMPUTE_POLICIES.find((item) => item.method.test(method) && item.path.test(path));
      if (policy === undefined) return remaining;
      const { name } = policy;
      const takeOf = (scope: string, count: number, target: string) =>
        take(scope, { burst: count, perSecond: count / COMPUTE_REFILL_SECONDS }, request, (seconds) =>
          computeThrottled(target, count, seconds, request.now),
        );
      const resource = takeOf(
        `${subscription}/${name}${policy.path.exec(path)?.[1]}`.toLowerCase(),
        policy.resource,
        `${name}Resource`,
      );
      const whole = takeOf(`${subscription}/${name}`, policy.subscription, `${name}SubscriptionMaximum`);
      const counts = [`${name}Resource;${resource}`, `${name}SubscriptionMaximum;${whole}`];
      return {
        ...remaining,
        'x-ms-ratelimit-remaining-resource': counts.map((each) => `Microsoft.Compute/${each}`).join(','),
      };
    },
  };
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
    { headers: { 'Retry-After': String(seconds), ...BY_THE_GATEWAY } },
  );
}

function computeThrottled(target: string, allowed: number, seconds: number, now: number): ArmFault {
  const message = JSON.stringify({
    operationGroup: target,
    startTime: new Date(now).toISOString(),
    endTime: new Date(now + seconds * 1000).toISOString(),
    allowedRequestCount: allowed,
    measuredRequestCount: allowed + 1,
  });
  return new ArmFault(
    429,
    'OperationNotAllowed',
    'The server rejected the request because too many requests have been received for this subscription.',
    {
      details: [{ code: 'TooManyRequests', target, message }],
      headers: {
        'Retry-After': String(seconds),
        ...BY_THE_SERVICE,
        'x-ms-ratelimit-remaining-resource': `Microsoft.Compute/${target};0`,
      },
    },
  );
}
