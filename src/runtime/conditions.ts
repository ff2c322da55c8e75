/** Whether a condition holds. */
export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** Kubernetes' `metav1.Condition`. A list of them has at most one of each `type`. */
export interface Condition {
  readonly type: string;
  readonly status: ConditionStatus;
  /** The `metadata.generation` that was looked at. */
  readonly observedGeneration?: number;
  /** When `status` last changed, as RFC 3339 in whole seconds. */
  readonly lastTransitionTime: string;
  /** One CamelCase word for programs. Never empty. */
  readonly reason: string;
  /** For people. May be empty. */
  readonly message: string;
}

/** A condition as its owner states it, before it is known when its status last changed. */
export type ConditionClaim = Omit<Condition, 'lastTransitionTime'>;

/** `epochMs` as Kubernetes' `metav1.Time`: RFC 3339 in UTC and whole seconds. */
export function toTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** The condition of `type` in `conditions`. */
export function findCondition<T extends Condition>(conditions: readonly T[] | undefined, type: string): T | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether the condition of `type` is present and `True`. */
export function isConditionTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/**
 * `conditions` with `claim` in them. As in Kubernetes' own `meta.SetStatusCondition`, `lastTransitionTime` changes only
 * when `status` does, and a condition keeps its place. Returns `conditions` itself when nothing changes, so that a
 * caller can tell that there is nothing to write.
 *
 * @param nowMs the time of a change, in milliseconds since the Unix epoch
 */
export function setCondition(
  conditions: readonly Condition[],
  claim: ConditionClaim,
  nowMs: number,
): readonly Condition[] {
  const previous = findCondition(conditions, claim.type);
  if (previous === undefined) return [...conditions, { ...claim, lastTransitionTime: toTimestamp(nowMs) }];
  if (isSameClaim(previous, claim)) return conditions;
  const lastTransitionTime = previous.status === claim.status ? previous.lastTransitionTime : toTimestamp(nowMs);
  return conditions.map((condition) => (condition === previous ? { ...claim, lastTransitionTime } : condition));
}

/** `conditions` without the one of `type`; `conditions` itself if there is none. */
export function removeCondition(conditions: readonly Condition[], type: string): readonly Condition[] {
  const others = conditions.filter((condition) => condition.type !== type);
  return others.length === conditions.length ? conditions : others;
}

function isSameClaim(left: ConditionClaim, right: ConditionClaim): boolean {
  return (
    left.status === right.status &&
    left.reason === right.reason &&
    left.message === right.message &&
    left.observedGeneration === right.observedGeneration
  );
}
