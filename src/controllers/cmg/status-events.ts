import type { CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import { isStalling } from '../../api/v1alpha1/conditions.ts';
import { findCondition } from '../../runtime/conditions.ts';
import type { Happening } from './report.ts';

/** Reasons that tell of work going on, or have an event of their own; they are progress, not news. */
const QUIET_REASONS: ReadonlySet<string> = new Set([
  'Pending',
  'Provisioning',
  'Updating',
  'RollingOut',
  'InstancesStarting',
  'RepairingDrift',
  'Succeeded',
  'Retained',
  'LeavingSite',
  'WaitingForSite',
  'SiteChanging',
  'NotObserved',
]);

/** Reasons that are news, and no problem. */
const PLANNED_REASONS: ReadonlySet<string> = new Set(['Deleting', 'RegisteringProviders', 'RolloutWaiting']);

/** Conditions whose problems are worth an event. `Ready` and `Stalled` only repeat them. */
const TOLD = [
  'CertificateValid',
  'PrerequisitesMet',
  'AzureReady',
  'ServiceHealthy',
  'SiteRegistered',
  'ConnectionPointReady',
  'Redeploying',
];

/** The events of a change of status: a problem when it appears, and the gateway becoming ready or beginning to go. */
export function eventsOfChange(before: CMGStatus | undefined, after: CMGStatus): readonly Happening[] {
  const problems = TOLD.flatMap((type): Happening[] => {
    const now = findCondition(after.conditions, type);
    const then = findCondition(before?.conditions, type);
    if (now === undefined || QUIET_REASONS.has(now.reason) || now.reason === then?.reason) {
      return [];
    }
    // The steps of a redeployment have events of their own.
    if (type === 'Redeploying' && !isStalling(now.reason)) {
      return [];
    }
    const severity = PLANNED_REASONS.has(now.reason) ? 'Normal' : 'Warning';
    return [{ type: severity, reason: now.reason, action: 'Reconcile', note: now.message }];
  });
  const summary = findCondition(after.conditions, 'Ready');
  const failed =
    summary?.reason === 'ReconcileError' && findCondition(before?.conditions, 'Ready')?.reason !== 'ReconcileError';
  if (failed) {
    problems.push({ type: 'Warning', reason: summary.reason, action: 'Reconcile', note: summary.message });
  }
  const ready = isReady(after) && !isReady(before);
  return ready
    ? [
        ...problems,
        {
          type: 'Normal',
          reason: 'Ready',
          action: 'Reconcile',
          note: summary?.message ?? '',
        },
      ]
    : problems;
}

function isReady(status: CMGStatus | undefined): boolean {
  return findCondition(status?.conditions, 'Ready')?.status === 'True';
}
