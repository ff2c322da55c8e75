import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { findCondition, toTimestamp } from '../../../runtime/conditions.ts';
import { describeSteps } from '../../site/manual-steps.ts';
import { identityOf } from '../deployment.ts';
import { type Finding, SLOW_RETRY_MS } from '../finding.ts';
import { leftover, stillOnSite, takeOffSite } from '../leave-site.ts';
import { hasLeftLongAgo, leavesUntil } from '../leaving.ts';
import type { OnSiteInput } from '../on-site.ts';
import { deleting, removeGateway } from '../remove.ts';
import type { Happening } from '../report.ts';
import { type BlockedReason, blockedRemoval, type Retention } from '../retain.ts';
import type { Scope } from '../scope.ts';
import type { SiteStep } from '../site-requirements.ts';
import { operationsOf } from './deployment-scope.ts';
import type { LeavingRound, Trouble } from './observe-leaving.ts';
import type { DeploymentsInput } from './reconcile.ts';
import { deletionStep } from './steps-for-person.ts';

/** How far a deployment has come that goes with its CMG. */
export type Progress =
  /** It is given up, and stays in Azure. */
  | { readonly kind: 'Retained'; readonly retention: Retention; readonly deployment: string }
  | {
      /** What a person has to do something about is told before what goes on by itself. */
      readonly kind: 'Blocked' | 'Leaving' | 'Going';
      readonly findings: readonly Finding[];
      readonly happenings?: readonly Happening[];
      /** What a person is to do. */
      readonly steps?: readonly SiteStep[];
      readonly againAfterMs: number;
    };

/** How often it is looked, besides at each change of what is waited for. */
const LOOK_MS = 60_000;

/** One that cannot be looked at, or not be deleted as it is. */
export async function stuck(scope: Scope, deployment: CMGStatusDeployment, trouble: Trouble): Promise<Progress> {
  return trouble.kind === 'Passing'
    ? { kind: 'Going', findings: [deleting(trouble.message)], againAfterMs: trouble.againAfterMs }
    : blocked(scope, deployment, { why: trouble.why, againAfterMs: trouble.againAfterMs });
}

/** A CMG of which nobody knows whether it had a gateway. */
export function notFoundOut({ scope }: DeploymentsInput, why: string): Promise<Progress> {
  const sought = { id: '', identity: identityOf(scope.cmg) };
  return blocked(scope, sought, { why, againAfterMs: SLOW_RETRY_MS });
}

async function blocked(
  scope: Scope,
  deployment: Pick<CMGStatusDeployment, 'id' | 'identity'>,
  { why, againAfterMs, reason, steps }: BlockedRemoval,
): Promise<Progress> {
  const outcome = await blockedRemoval(scope, deployment, why, againAfterMs, reason);
  return outcome.kind === 'Waiting'
    ? {
        kind: 'Blocked',
        findings: [outcome.finding],
        againAfterMs: outcome.againAfterMs,
        ...(steps === undefined ? {} : { steps }),
      }
    : { kind: 'Retained', retention: outcome.retention, deployment: deployment.id };
}

interface BlockedRemoval {
  /** In sentences. */
  readonly why: string;
  readonly againAfterMs: number;
  readonly reason?: BlockedReason;
  readonly steps?: readonly SiteStep[];
}

/** What is said once it is decided that the gateways go: their connection points and groups act on that, and so does the next round. */
export function beginning({ cmg }: OnSiteInput): Progress {
  const message = 'Before the gateway goes, it leaves its connection points and boundary groups.';
  return { kind: 'Leaving', findings: leavingFindings(cmg, message), againAfterMs: 0 };
}

/** One that connection points or boundary groups still refer to. */
export function onItsWay(onSite: OnSiteInput, { serviceName }: CMGStatusDeployment): Progress {
  const left = stillOnSite(onSite, serviceName);
  const what = left.length === 0 ? 'its connection points and boundary groups' : left.join(', ');
  return waitingForSite(onSite, `Before the gateway goes, it is taken out of ${what}.`);
}

function waitingForSite({ cmg, now }: OnSiteInput, why: string): Progress {
  const until = leavesUntil(cmg) ?? Number.POSITIVE_INFINITY;
  const end = Number.isFinite(until)
    ? ` Should that not come to an end, the removal goes on at ${toTimestamp(until)}.`
    : '';
  return {
    kind: 'Leaving',
    findings: leavingFindings(cmg, `${why}${end}`),
    againAfterMs: Math.max(0, Math.min(LOOK_MS, until - now)),
  };
}

/** Reasons of `AzureReady` that speak of what comes before a gateway leaves. */
const BEFORE: ReadonlySet<string | undefined> = new Set([
  'CarriesClientsOf',
  'DeletionBudget',
  'DeletionBlocked',
  'ManualDeletionRequired',
  'Deleting',
]);

/** That it leaves, in the place too of what it waited for before. */
function leavingFindings({ spec, status }: OnSiteInput['cmg'], message: string): readonly Finding[] {
  const leaving = { status: 'False', reason: 'LeavingSite', message } as const;
  const wasHeld = BEFORE.has(findCondition(status?.conditions, 'AzureReady')?.reason);
  return [
    ...(wasHeld ? [{ type: 'AzureReady', ...leaving } as const] : []),
    ...(spec.siteRef === undefined ? [] : [{ type: 'SiteRegistered', ...leaving } as const]),
  ];
}

/** Removes one that the operator made one step further: the site's record of it goes, and then it goes from Azure. */
export async function removeFromAzure(
  { scope, store }: DeploymentsInput,
  own: Scope,
  onSite: OnSiteInput,
  deployment: CMGStatusDeployment,
): Promise<Progress> {
  const { serviceName, id } = deployment;
  const unregistered = await takeOffSite(onSite, serviceName);
  if (unregistered.kind === 'Unknown' && !hasLeftLongAgo(scope.cmg, onSite.now)) {
    return waitingForSite(
      onSite,
      'Before the gateway goes, the site has to be asked for its record of it, and does not answer.',
    );
  }
  const removal = await removeGateway(own, deployment, operationsOf(store, id));
  switch (removal.kind) {
    case 'Gone': {
      own.memory.isRemoved = true;
      const left = stillOnSite(onSite, serviceName).map((what) =>
        leftover(`The gateway was removed while ${what} still referred to it.`),
      );
      const happenings = [...left, ...unregistered.happenings, ...removal.happenings];
      return { kind: 'Going', findings: [], happenings, againAfterMs: 0 };
    }
    case 'Retained':
      return { kind: 'Retained', retention: removal.retention, deployment: id };
    case 'Remaining': {
      const { finding, againAfterMs } = removal;
      const kind = finding.reason === 'DeletionBlocked' ? 'Blocked' : 'Going';
      return { kind, findings: [finding], againAfterMs };
    }
    default:
      return removal satisfies never;
  }
}

/** One that the CMG asked the site for: a person has the site delete it, and it is looked whether it is gone. Nothing is written to Azure. */
export async function removeBySite(
  own: Scope,
  onSite: OnSiteInput,
  deployment: CMGStatusDeployment,
  { isAskedFor, round }: { readonly isAskedFor: boolean; readonly round: LeavingRound },
): Promise<Progress> {
  const { records } = round.siteFacts;
  if (isAskedFor) {
    const step = deletionStep(deployment, 'Its CMG is being deleted.', records);
    const why = describeSteps([step]);
    return blocked(own, deployment, { why, againAfterMs: LOOK_MS, reason: 'ManualDeletionRequired', steps: [step] });
  }
  const isGoneFromAzure = round.looks.get(deployment.id)?.observed.azure === 'Absent';
  if (isGoneFromAzure && records === undefined) {
    const why =
      'Azure does not show the gateway any more. Before its CMG goes, the site has to be asked for its record of it, and does not answer.';
    return { ...waitingForSite(onSite, why), ...withoutSteps };
  }
  const message = `The site is deleting the gateway ${deployment.serviceName}.`;
  return { kind: 'Going', findings: [deleting(message)], ...withoutSteps, againAfterMs: LOOK_MS };
}

/** What a person was asked for before is done. */
const withoutSteps = { steps: [] } as const;

/** What is told of gateways that the site made, once nothing is left of them. */
export function goneBySite(deployment: CMGStatusDeployment, isSiteSilent: boolean): readonly Happening[] {
  const { serviceName } = deployment;
  const note = `The gateway ${serviceName}, which the site made, is gone.`;
  const gone: Happening = { type: 'Normal', reason: 'Deleted', action: 'Delete', note };
  return isSiteSilent
    ? [gone, leftover(`The site could not be asked, and may still have a record of the gateway ${serviceName}.`)]
    : [gone];
}
