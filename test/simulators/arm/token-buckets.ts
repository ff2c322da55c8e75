/** A limit in the form of a bucket: it holds `burst` tokens at most, and gets `perSecond` new ones. */
export interface BucketSize {
  readonly burst: number;
  readonly perSecond: number;
}

/** Buckets by key, full at first. */
export interface TokenBuckets {
  /**
   * Takes one token.
   *
   * @param now simulated milliseconds since the epoch
   * @returns what is left, and in how many whole seconds there is one if there was none to take
   */
  take(key: string, size: BucketSize, now: number): { readonly left: number; readonly waitSeconds: number | undefined };
}

/** Full buckets. */
export function createTokenBuckets(): TokenBuckets {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take: (key, { burst, perSecond }, now) => {
      const bucket = buckets.get(key) ?? { left: burst, at: now };
      bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond);
      bucket.at = now;
      buckets.set(key, bucket);
      const waitSeconds = bucket.left < 1 ? Math.max(1, Math.ceil((1 - bucket.left) / perSecond)) : undefined;
      bucket.left = Math.max(0, waitSeconds === undefined ? bucket.left - 1 : bucket.left);
      return { left: Math.floor(bucket.left), waitSeconds };
    },
  };
}
