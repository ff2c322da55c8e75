import type { ConditionType } from '../../api/v1alpha1/conditions.ts';
import { findCondition } from '../../runtime/conditions.ts';
import type { Failure } from './memory.ts';
import type { CommonScope } from './scope.ts';

/** Whether Azure throttled a reading, so that it says nothing of the gateway. */
export function isThrottledLook({ during, error }: Pick<Failure, 'during' | 'error'>): boolean {
  return during === 'Read' && error.class === 'Throttled';
}

/**
 * Whether the gateway was as declared when it was last looked at, with this very spec, and no VM was known not to serve: what
 * is read of it then can wait while Azure leaves few reads.
 */
export function isAtRest({ cmg }: Pick<CommonScope, 'cmg'>): boolean {
  return isTrueNow(cmg, 'InSync') && findCondition(cmg.status?.conditions, 'ServiceHealthy')?.status !== 'False';
}

/** Notes whether Azure throttled a look in this round. */
export function noteThrottledLook({ memory, clock }: Pick<CommonScope, 'memory' | 'clock'>, throttled: boolean): void {
  memory.throttledSince = throttled ? (memory.throttledSince ?? clock.now()) : undefined;
}

/** So long it takes Azure's limits to let a fleet be read anew, however short its drift interval is. */
const SHORTEST_HOLD_MS = 10 * 60_000;

/**
 * Whether a condition keeps what it said although Azure throttles the looks that it is told by: for a drift interval, ten minutes at least, where it
 * was True of this very spec. A fleet that is read anew after a restart is thus not shown as unknown for want of looks.
 */
export function standsUnseen(
  { cmg, memory, clock, driftIntervalMs }: Pick<CommonScope, 'cmg' | 'memory' | 'clock' | 'driftIntervalMs'>,
  type: ConditionType,
): boolean {
  const { throttledSince } = memory;
  const told = Math.max(driftIntervalMs, SHORTEST_HOLD_MS);
  return throttledSince !== undefined && clock.now() - throttledSince < told && isTrueNow(cmg, type);
}

function isTrueNow({ metadata, status }: CommonScope['cmg'], type: ConditionType): boolean {
  const condition = findCondition(status?.conditions, type);
  return condition?.status === 'True' && condition.observedGeneration === metadata.generation;
}
