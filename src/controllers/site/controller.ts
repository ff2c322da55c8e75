import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import type { ReconcileContext } from '../../runtime/controller.ts';
import { keyOf } from '../../runtime/objects.ts';
import type { ObjectStore } from '../../runtime/store.ts';
import { isSiteFailure, type Site, type SiteIdentity } from '../../site/site.ts';
import { otherHolder } from '../claims.ts';
import type { Finding } from '../cmg/finding.ts';
import type { ObjectProcedure, ObjectRemoval, ObjectReport, StatusParts } from '../object-reconcile.ts';
import { applySettings, type SettingsOutcome } from './apply-settings.ts';
import { IN_USE_FINALIZER, SITE_KIND } from './kind.ts';
import { stepsForStatus } from './manual-steps.ts';
import type { SiteAccess } from './site-access.ts';
import { siteProblem } from './site-problem.ts';

export interface SiteProcedureDependencies {
  readonly sites: Pick<ObjectStore<SiteObject>, 'byIndex'>;
  readonly access: SiteAccess;
  /** Whether and what names a Site: `CMG granitefalls`, `ConnectionPoint cp01`. */
  readonly usersOf: (site: SiteObject) => readonly string[];
  /** Whether the CMG of that name may hold a claim on the Site: it exists, and stays. */
  readonly isClaimant: (site: SiteObject, name: string) => boolean;
  /** Time in milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds between two looks at a site while nothing happens. */
  readonly intervalMs: number;
}

/** Name of the index of Sites by their site code. */
export const BY_SITE_CODE = 'bySiteCode';

/** Names in one condition message before it is cut off. */
const MOST_NAMES = 10;

/** How soon it is looked whether the site shows a change that it has accepted. */
const READ_BACK_MS = 5_000;

/** How often it is looked whether a person has taken a step. */
const PERSON_MS = 60_000;

/** The procedure for one Site: reach it, check that it is the declared one, and keep on it what is declared. */
export function siteProcedure(dependencies: SiteProcedureDependencies): ObjectProcedure<SiteObject> {
  const { usersOf, access } = dependencies;
  return {
    kind: SITE_KIND,
    finalizer: IN_USE_FINALIZER,
    rules: {
      summarised: ['Reachable', 'InSync'],
      readyMessage: 'The site answers, and is as declared.',
    },
    needsFinalizer: (site) => usersOf(site).length > 0,
    reconcile: async (site, context) => withClaim(dependencies, site, await reconcileSite(dependencies, site, context)),
    remove: (site, context) => removeSite(dependencies, site, context),
    forget: ({ metadata }) => access.forget(metadata.uid),
  };
}

/** While it is in use, a Site that is being deleted is reached as before, so that what is on it can be removed. */
async function removeSite(
  dependencies: SiteProcedureDependencies,
  site: SiteObject,
  context: ReconcileContext,
): Promise<ObjectRemoval<SiteObject>> {
  const users = dependencies.usersOf(site);
  if (users.length === 0) {
    return { kind: 'Gone' };
  }
  const named = users.slice(0, MOST_NAMES).join(', ');
  const others = users.length > MOST_NAMES ? ` and ${users.length - MOST_NAMES} more` : '';
  const message = `The Site is being deleted, and goes once nothing names it any more: ${named}${others}.`;
  const inUse: Finding = { type: 'InSync', status: 'False', reason: 'InUse', message };
  const reached = await reachSite(dependencies, site, context);
  const [reachable] = reached.kind === 'Reached' ? [reached.finding] : reached.report.findings;
  const report: ObjectReport<SiteObject> = {
    findings: reachable === undefined ? [inUse] : [reachable, inUse],
    status: { ...partsOf(site), differences: [], manualSteps: [] },
    againAfterMs: (reached.kind === 'Reached' ? undefined : reached.report.againAfterMs) ?? dependencies.intervalMs,
  };
  return { kind: 'Remaining', report: withClaim(dependencies, site, report) };
}

/** Whether the declared site answers. */
type Reached =
  | { readonly kind: 'Reached'; readonly live: Site; readonly identity: SiteIdentity; readonly finding: Finding }
  | { readonly kind: 'NotReached'; readonly report: ObjectReport<SiteObject> };

async function reachSite(
  { sites, access, now, intervalMs }: SiteProcedureDependencies,
  site: SiteObject,
  { signal }: ReconcileContext,
): Promise<Reached> {
  const holder = otherHolder(site, sites.byIndex(BY_SITE_CODE, siteCodeOf(site)));
  if (holder !== undefined) {
    const message = `The Site ${keyOf(holder)} is older and has the site code ${site.spec.siteCode} too. This one does nothing until that one is gone.`;
    return notReached(site, { type: 'Reachable', status: 'False', reason: 'Conflict', message }, undefined);
  }
  const live = access.open(site);
  const identity = await live.identity({ signal });
  if (isSiteFailure(identity)) {
    const before = findCondition(site.status?.conditions, 'Reachable');
    const { retryAfterMs, ...problem } = siteProblem('Asking the site who it is', identity, before, now());
    return notReached(site, { type: 'Reachable', ...problem }, retryAfterMs);
  }
  const mismatch = mismatchOf(site, identity.value);
  if (mismatch !== undefined) {
    const { report } = notReached(site, mismatch, intervalMs);
    return {
      kind: 'NotReached',
      report: { ...report, status: { ...partsOf(site), ...identityParts(identity.value) } },
    };
  }
  const { siteCode, siteName } = identity.value;
  const message = `The site ${siteCode} (${siteName}) answers.`;
  const finding: Finding = { type: 'Reachable', status: 'True', reason: 'Succeeded', message };
  return { kind: 'Reached', live, identity: identity.value, finding };
}

async function reconcileSite(
  dependencies: SiteProcedureDependencies,
  site: SiteObject,
  context: ReconcileContext,
): Promise<ObjectReport<SiteObject>> {
  const reached = await reachSite(dependencies, site, context);
  return reached.kind === 'Reached' ? keepSettings(dependencies, site, reached, context) : reached.report;
}

async function keepSettings(
  { now, intervalMs }: SiteProcedureDependencies,
  site: SiteObject,
  { live, identity, finding: reached }: Extract<Reached, { kind: 'Reached' }>,
  { signal }: ReconcileContext,
): Promise<ObjectReport<SiteObject>> {
  const before = findCondition(site.status?.conditions, 'InSync');
  const outcome = await applySettings({ spec: site.spec, live, identity, signal, before, now: now() });
  return {
    findings: [reached, outcome.finding],
    status: {
      ...identityParts(identity),
      differences: outcome.differences
        .slice(0, 32)
        .map(({ field, declared, actual }) => ({ field: field.slice(0, 512), declared, actual })),
      manualSteps: stepsForStatus(outcome.manualSteps),
    },
    againAfterMs: outcome.retryAfterMs ?? nextLook(outcome, intervalMs),
  };
}

function nextLook({ finding }: SettingsOutcome, intervalMs: number): number {
  switch (finding.reason) {
    case 'Succeeded':
      return intervalMs;
    case 'SiteChanging':
      return Math.min(READ_BACK_MS, intervalMs);
    default:
      return Math.min(PERSON_MS, intervalMs);
  }
}

/** Whether another site answers than the declared one, or one of another type. */
function mismatchOf({ spec }: SiteObject, identity: SiteIdentity): Finding | undefined {
  const wrong = { type: 'Reachable', status: 'False', reason: 'SiteMismatch' } as const;
  if (identity.siteCode.toUpperCase() !== spec.siteCode.toUpperCase()) {
    const message = `The site ${identity.siteCode} answers at ${spec.adminService.url}, and spec.siteCode is ${spec.siteCode}. Correct spec.adminService.url; for another site, create another Site.`;
    return { ...wrong, message };
  }
  if (identity.type !== spec.type) {
    const message = `The site ${identity.siteCode} says that it is of the type ${identity.type}, and spec.type is ${spec.type}. Correct spec.type.`;
    return { ...wrong, message };
  }
  return undefined;
}

function identityParts({ siteCode, siteName, version, type }: SiteIdentity) {
  return { siteCode, siteName, version, type };
}

/**
 * The claim is made and given back by the CMGs of the site, and outlasts what else is stated here. That of a CMG that is being
 * deleted, or is gone, is of no use to anybody, and would hold the other one for ever.
 */
function withClaim(
  { isClaimant }: SiteProcedureDependencies,
  site: SiteObject,
  report: ObjectReport<SiteObject>,
): ObjectReport<SiteObject> {
  const { outageClaim: _before, ...status } = report.status;
  const claim = site.status?.outageClaim;
  const stays = claim !== undefined && isClaimant(site, claim.claimant);
  return { ...report, status: { ...status, ...(stays ? { outageClaim: claim } : {}) } };
}

/** The status as it was: what was known of a site that does not answer is still the last that is known. */
function partsOf({ status }: SiteObject): StatusParts<SiteObject> {
  const { observedGeneration: _generation, conditions: _conditions, ...parts } = status ?? {};
  return parts;
}

function notReached(
  site: SiteObject,
  finding: Finding,
  againAfterMs: number | undefined,
): Extract<Reached, { kind: 'NotReached' }> {
  const unknown: Finding = {
    type: 'InSync',
    status: 'Unknown',
    reason: 'Pending',
    message: 'Not known while the site is not reached.',
  };
  const report: ObjectReport<SiteObject> = {
    findings: [finding, unknown],
    status: partsOf(site),
    ...(againAfterMs === undefined ? {} : { againAfterMs }),
  };
  return { kind: 'NotReached', report };
}

/** As an index has it: site codes are the same whatever their case. */
export function siteCodeOf({ spec }: SiteObject): string {
  return spec.siteCode.toUpperCase();
}
