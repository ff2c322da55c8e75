import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { redactText } from '../../observability/redaction.ts';
import { isOthers, wasThereBefore } from '../../redeployment/others.ts';
import { findCondition, toTimestamp } from '../../runtime/conditions.ts';
import { keyOf } from '../../runtime/objects.ts';
import { isSameName } from '../../site/names.ts';
import { isSiteFailure } from '../../site/site.ts';
import { describeSteps } from '../site/manual-steps.ts';
import { type BrakeScope, deletionBrake } from './deletion-brake.ts';
import type { Finding } from './finding.ts';
import { leavingSince, staysInAzure } from './leaving.ts';
import type { OnSiteInput } from './on-site.ts';
import type { Happening, Report } from './report.ts';

/** Whether a gateway that is being deleted has left its site. */
export type Leaving =
  /** The report is for the status, as long as it has not. */
  | { readonly kind: 'Waiting'; readonly report: Report }
  /** What is to be told once the removal from Azure begins. */
  | { readonly kind: 'Left'; readonly happenings: readonly Happening[] };

/** The removal waits for the site so long, from when the gateway began to leave it, and goes on without. */
const PATIENCE_MS = 3_600_000;

/** How often it is looked, besides at each change of what it waits for. */
const LOOK_MS = 60_000;

const LEFT: Leaving = { kind: 'Left', happenings: [] };

/**
 * Before a gateway is removed from Azure, boundary groups stop referencing it and its connection points are uninstalled,
 * each by its own object; then the site's record goes, but for that of a gateway that the site made. Until the status says
 * that it leaves, which takes a slot of the fleet brake, all of them keep it. A gateway that stays in Azure stays on its site.
 */
export async function leaveSite(input: OnSiteInput, brake: BrakeScope): Promise<Leaving> {
  const { cmg, now, signal } = input;
  const record = cmg.status?.deployments?.[0];
  const isThere = record?.phase === 'Active' && !wasThereBefore(record);
  if (!isThere || staysInAzure(cmg) || !isOnSite(input)) {
    return LEFT;
  }
  const since = leavingSince(cmg);
  if (since === undefined) {
    const braked = await deletionBrake(brake, cmg, record, signal);
    return { kind: 'Waiting', report: braked ?? beginning(input, record) };
  }
  if (cmg.spec.siteRef === undefined) {
    return LEFT;
  }
  const until = since + PATIENCE_MS;
  const waiting = (why: string): Leaving => {
    const message = `${why} Should that not come to an end, the removal goes on at ${toTimestamp(until)}.`;
    const againAfterMs = Math.min(LOOK_MS, until - now);
    return {
      kind: 'Waiting',
      report: { findings: findingsOf(input, message), happenings: [], deployment: record, againAfterMs },
    };
  };
  const left = stillThere(input, record.serviceName);
  if (left.length > 0 && now < until) {
    return waiting(`Before the gateway goes, it is taken out of ${left.join(', ')}.`);
  }
  const told = left.map((what) => leftover(`The gateway was removed while ${what} still referred to it.`));
  if (isOthers(record)) {
    // With its record the site would delete the gateway, which a person has it do.
    return { kind: 'Left', happenings: told };
  }
  const unregistered = await unregister(input, record.serviceName);
  if (unregistered.kind === 'Unknown' && now < until) {
    return waiting('Before the gateway goes, the site has to be asked for its record of it, and does not answer.');
  }
  return { kind: 'Left', happenings: [...told, ...unregistered.happenings] };
}

/** Whether a site may refer to a gateway: its CMG names one, or an object on one names the CMG. */
function isOnSite({ cmg, site }: OnSiteInput): boolean {
  const key = keyOf(cmg);
  return (
    cmg.spec.siteRef !== undefined ||
    site.connectionPointsOf(key).length > 0 ||
    site.boundaryGroupReferencesOf(key).length > 0
  );
}

/** That it leaves is written down first. What is on the site acts on that, and so does the next round. */
function beginning(input: OnSiteInput, record: CMGStatusDeployment): Report {
  return {
    findings: findingsOf(input, 'Before the gateway goes, it leaves its connection points and boundary groups.'),
    happenings: [],
    deployment: record,
    leavingSince: toTimestamp(input.now),
    againAfterMs: 0,
  };
}

/** Reasons of `AzureReady` for which a gateway does not begin to leave. */
const HELD: ReadonlySet<string | undefined> = new Set(['CarriesClientsOf', 'DeletionBudget']);

/** That it leaves, in the place too of what it waited for before. */
function findingsOf({ cmg: { spec, status } }: OnSiteInput, message: string): readonly Finding[] {
  const leaving = { status: 'False', reason: 'LeavingSite', message } as const;
  const wasHeld = HELD.has(findCondition(status?.conditions, 'AzureReady')?.reason);
  return [
    ...(wasHeld ? [{ type: 'AzureReady', ...leaving } as const] : []),
    ...(spec.siteRef === undefined ? [] : [{ type: 'SiteRegistered', ...leaving } as const]),
  ];
}

/** Objects by which the site still refers to the gateway. */
function stillThere({ cmg, site }: OnSiteInput, serviceName: string): readonly string[] {
  const key = keyOf(cmg);
  const groups = site
    .boundaryGroupReferencesOf(key)
    .filter(({ status }) => (status?.members ?? []).some((member) => isSameName(member.serviceName, serviceName)))
    .map(({ metadata }) => `BoundaryGroupReference ${metadata.name}`);
  const points = site
    .connectionPointsOf(key)
    .filter(
      ({ status }) =>
        status?.installed === true && status.serviceName !== undefined && isSameName(status.serviceName, serviceName),
    )
    .map(({ metadata }) => `ConnectionPoint ${metadata.name}`);
  return [...groups, ...points];
}

/** What became of the site's record of a gateway. */
export interface Unregistered {
  /** `Unknown`: the site could not be asked. */
  readonly kind: 'Known' | 'Unknown';
  readonly happenings: readonly Happening[];
}

/** The site's record of a gateway goes, if there is a site. */
export async function takeOffSite(input: OnSiteInput, serviceName: string): Promise<Unregistered> {
  return input.cmg.spec.siteRef === undefined ? { kind: 'Known', happenings: [] } : unregister(input, serviceName);
}

async function unregister({ cmg, site, signal }: OnSiteInput, serviceName: string): Promise<Unregistered> {
  const unknown = leftover(`The site could not be asked, and may still have a record of the gateway ${serviceName}.`);
  const usable = site.siteOf(cmg);
  if (usable.kind !== 'Usable') {
    // Without its Site, nothing will ever answer.
    const isGone = usable.kind === 'NotUsable' && usable.reason === 'SiteNotFound';
    return { kind: isGone ? 'Known' : 'Unknown', happenings: [unknown] };
  }
  const records = await usable.site.serviceRecords({ signal });
  if (isSiteFailure(records)) {
    return { kind: 'Unknown', happenings: [unknown] };
  }
  const found = records.value.find((each) => isSameName(each.serviceName, serviceName));
  if (found === undefined || found.state.kind === 'Deleting') {
    return { kind: 'Known', happenings: [] };
  }
  const result = await usable.site.unregisterService(found, { signal });
  switch (result.kind) {
    case 'Accepted':
      return { kind: 'Known', happenings: [] };
    case 'Manual':
      return {
        kind: 'Known',
        happenings: [leftover(`The site still has a record of the gateway. ${describeSteps([result.step])}`)],
      };
    default:
      return {
        kind: 'Unknown',
        happenings: [
          leftover(`The site still has a record of the gateway ${serviceName}: ${redactText(result.message)}`),
        ],
      };
  }
}

function leftover(note: string): Happening {
  return { type: 'Warning', reason: 'LeftOnSite', action: 'Delete', note: note.slice(0, 1000) };
}
