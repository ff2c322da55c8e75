import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { toTimestamp } from '../../../runtime/conditions.ts';
import { isSiteFailure, type ServiceRecord } from '../../../site/site.ts';
import { describeSteps, stepsForStatus } from '../../site/manual-steps.ts';
import type { Finding } from '../finding.ts';
import { leavingSince } from '../leaving.ts';
import type { OnSiteInput } from '../on-site.ts';
import { leftInAzure, type Removal, remaining } from '../remove.ts';
import type { Happening } from '../report.ts';
import { type BlockedReason, blockedRemoval, retention } from '../retain.ts';
import type { Scope } from '../scope.ts';
import type { SiteStep } from '../site-requirements.ts';
import { lookAtOthers, presenceWithSite } from './look-at-others.ts';
import { deletionStep } from './steps-for-person.ts';

/** How often it is looked whether a person has had the site delete the gateway. */
const LOOK_MS = 60_000;

/** The removal waits for the word of a site so long, from when the gateway began to leave it, and goes on by that of Azure. */
const PATIENCE_MS = 3_600_000;

/**
 * Removes a gateway that the CMG asked the site for one round further: a person has the site delete it, and it is looked
 * whether it is gone. Nothing is written to Azure.
 */
export async function removeBySite(scope: Scope, onSite: OnSiteInput, record: CMGStatusDeployment): Promise<Removal> {
  const retained = await retention(scope, record);
  if (retained !== undefined) {
    return leftInAzure(record, retained);
  }
  const { observed, report } = await lookAtOthers(scope, record);
  if (observed.azure === 'Unknown') {
    const why = (report?.findings ?? []).map(({ message }) => message).join(' ');
    return waiting(scope, record, { why, reason: 'DeletionBlocked' });
  }
  const { records, isSilent } = await askSite(onSite);
  const hasSite = scope.cmg.spec.siteRef !== undefined && !isSilent;
  const { azure, siteRecord } = presenceWithSite(observed.azure, record.serviceName, hasSite, records);
  if (azure === 'Absent') {
    return { kind: 'Gone', happenings: isSilent ? [deleted(record), mayBeLeft(record)] : [deleted(record)] };
  }
  if (observed.azure === 'Absent' && records === undefined) {
    return unanswered(onSite, record);
  }
  if (azure === 'Partial' && (observed.azure === 'Partial' || siteRecord === 'No')) {
    const message = `The site is deleting the gateway ${record.serviceName}.`;
    return withSteps(
      remaining(record, { type: 'AzureReady', status: 'False', reason: 'Deleting', message }, LOOK_MS),
      [],
    );
  }
  const step = deletionStep(record, 'Its CMG is being deleted.', records);
  return waiting(scope, record, { why: describeSteps([step]), reason: 'ManualDeletionRequired', step });
}

interface Asked {
  /** `undefined`: the site did not say. */
  readonly records: readonly ServiceRecord[] | undefined;
  /** Nobody waits for its answer any more. */
  readonly isSilent: boolean;
}

async function askSite({ cmg, site, now, signal }: OnSiteInput): Promise<Asked> {
  const usable = site.siteOf(cmg);
  const isOver = now >= until(cmg);
  if (usable.kind !== 'Usable') {
    // Without its Site, nothing will ever answer.
    const isGone = usable.kind === 'NotUsable' && usable.reason === 'SiteNotFound';
    return { records: undefined, isSilent: isGone || isOver };
  }
  const records = await usable.site.serviceRecords({ signal });
  return isSiteFailure(records)
    ? { records: undefined, isSilent: isOver }
    : { records: records.value, isSilent: false };
}

function until(cmg: OnSiteInput['cmg']): number {
  return (leavingSince(cmg) ?? Date.parse(cmg.metadata.deletionTimestamp ?? '')) + PATIENCE_MS;
}

/** Azure does not show it any more, and the site cannot be asked. */
function unanswered({ cmg, now }: OnSiteInput, record: CMGStatusDeployment): Removal {
  const end = until(cmg);
  const message = `Azure does not show the gateway any more. Before its CMG goes, the site has to be asked for its record of it, and does not answer. Should that not come to an end, the CMG goes at ${toTimestamp(end)}.`;
  const finding: Finding = { type: 'SiteRegistered', status: 'False', reason: 'LeavingSite', message };
  return withSteps(remaining(record, finding, Math.min(LOOK_MS, end - now)), []);
}

function deleted({ serviceName }: CMGStatusDeployment): Happening {
  const note = `The gateway ${serviceName}, which the site made, is gone.`;
  return { type: 'Normal', reason: 'Deleted', action: 'Delete', note };
}

function mayBeLeft({ serviceName }: CMGStatusDeployment): Happening {
  const note = `The site could not be asked, and may still have a record of the gateway ${serviceName}.`;
  return { type: 'Warning', reason: 'LeftOnSite', action: 'Delete', note };
}

async function waiting(
  scope: Scope,
  record: CMGStatusDeployment,
  { why, reason, step }: { readonly why: string; readonly reason: BlockedReason; readonly step?: SiteStep },
): Promise<Removal> {
  const outcome = await blockedRemoval(scope, record, why, LOOK_MS, reason);
  return outcome.kind === 'Waiting'
    ? withSteps(remaining(record, outcome.finding, outcome.againAfterMs), step === undefined ? [] : [step])
    : leftInAzure(record, outcome.retention);
}

function withSteps(removal: Removal, steps: readonly SiteStep[]): Removal {
  return removal.kind === 'Remaining'
    ? { ...removal, report: { ...removal.report, site: { manualSteps: stepsForStatus(steps) } } }
    : removal;
}
