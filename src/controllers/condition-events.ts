import type { Reason } from '../api/v1alpha1/conditions.ts';
import { type Condition, findCondition } from '../runtime/conditions.ts';
import type { Happening } from './cmg/report.ts';

/** Reasons that tell of work going on; they are progress, not news. */
const QUIET_REASONS: ReadonlySet<string> = new Set<Reason>([
  'Succeeded',
  'Pending',
  'Standby',
  'SiteChanging',
  'WaitingForGateway',
  'WaitingForCmg',
  'LeavingSite',
]);

/** The events of a change of an object on a site: a problem when it appears, and the object becoming ready. */
export function happeningsOfChange(
  before: readonly Condition[] | undefined,
  after: readonly Condition[],
): readonly Happening[] {
  const [then, now] = [before, after].map((conditions) => findCondition(conditions, 'Ready'));
  if (now === undefined || now.reason === then?.reason) {
    return [];
  }
  if (now.status === 'True') {
    return [{ type: 'Normal', reason: 'Ready', action: 'Reconcile', note: now.message }];
  }
  return QUIET_REASONS.has(now.reason)
    ? []
    : [{ type: 'Warning', reason: now.reason, action: 'Reconcile', note: now.message }];
}
