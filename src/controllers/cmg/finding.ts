import type { ConditionType, Reason } from '../../api/v1alpha1/conditions.ts';

/** What a step found out about one condition of the gateway. A condition without a finding keeps what it said before. */
export interface Finding {
  readonly type: Exclude<ConditionType, 'Ready' | 'Reconciling' | 'Stalled'>;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  /** What is wrong, where, and what to do next. Never a secret, never a ticking time or count. */
  readonly message: string;
}

/**
 * How a step ends: the procedure goes on with what the step found, or it stops here until something changes or
 * `retryAfterMs` has passed.
 */
export type StepResult<T> =
  | { readonly kind: 'Continue'; readonly value: T; readonly findings: readonly Finding[] }
  | { readonly kind: 'Halt'; readonly findings: readonly Finding[]; readonly retryAfterMs: number };

/** A problem that a person must solve is looked at again this often, besides at each change of what it depends on. */
export const SLOW_RETRY_MS = 10 * 60_000;

/** A problem that usually passes by itself is looked at again this soon. */
export const SHORT_RETRY_MS = 15_000;

export function goOn<T>(value: T, ...findings: readonly Finding[]): StepResult<T> {
  return { kind: 'Continue', value, findings };
}

export function halt(retryAfterMs: number, ...findings: readonly Finding[]): StepResult<never> {
  return { kind: 'Halt', findings, retryAfterMs };
}
