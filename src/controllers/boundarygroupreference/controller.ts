import type { BoundaryGroupReference } from '../../api/v1alpha1/boundarygroupreference.generated.ts';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import type { ReconcileContext } from '../../runtime/controller.ts';
import { keyOf } from '../../runtime/objects.ts';
import type { ObjectStore } from '../../runtime/store.ts';
import {
  type BoundaryGroup,
  type BoundaryGroupMember,
  isSiteFailure,
  type ServiceRecord,
  type Site,
  type SiteFailure,
} from '../../site/site.ts';
import { otherHolder } from '../claims.ts';
import type { Finding } from '../cmg/finding.ts';
import type { ObjectProcedure, ObjectRemoval, ObjectReport } from '../object-reconcile.ts';
import { type GatewayOfCmg, gatewayOfCmg, goneGateway, holdByCmg, serviceNamesOf } from '../site/gateway-of-cmg.ts';
import type { LiveCmgs } from '../site/live-cmg.ts';
import type { SiteAccess } from '../site/site-access.ts';
import { growingPause, siteProblem } from '../site/site-problem.ts';
import { hasRelease } from '../site/site-version.ts';
import { SHARED_AGE_MS, suspendedFinding, usableSite } from '../site/usable-site.ts';
import { actOnPlan } from './act.ts';
import { BOUNDARY_GROUP_REFERENCE_FINALIZER, BOUNDARY_GROUP_REFERENCE_KIND } from './kind.ts';
import {
  areInConflict,
  findGroup,
  planReference,
  planRemoval,
  type ReferenceFacts,
  type ReferencePlan,
} from './plan.ts';
import { partsOf, reportOf } from './report.ts';

export interface BoundaryGroupReferenceDependencies {
  readonly references: Pick<ObjectStore<BoundaryGroupReference>, 'byIndex'>;
  readonly cmgs: Pick<ObjectStore<CMG>, 'get' | 'list'>;
  readonly sites: Pick<ObjectStore<SiteObject>, 'get'>;
  readonly live: LiveCmgs;
  readonly access: SiteAccess;
  readonly now: () => number;
  /** Milliseconds between two looks at the site while nothing happens. */
  readonly intervalMs: number;
}

/** Name of the index of BoundaryGroupReferences by the groups that they name. */
export const BY_GROUP = 'byGroup';

/** A site that cannot be asked holds up the deletion of an object on it for so long, and then what is there is left. */
const PATIENCE_MS = 3_600_000;

/** How often a site that cannot be asked is asked for an object that waits for its CMG. */
const HELD_LOOK_MS = 60_000;

/** The procedure for one BoundaryGroupReference: the group, who else claims it, and the gateway in it. */
export function boundaryGroupReferenceProcedure(
  dependencies: BoundaryGroupReferenceDependencies,
): ObjectProcedure<BoundaryGroupReference> {
  return {
    kind: BOUNDARY_GROUP_REFERENCE_KIND,
    finalizer: BOUNDARY_GROUP_REFERENCE_FINALIZER,
    rules: {
      summarised: ['ReferencesResolved', 'Associated'],
      readyMessage: 'The boundary group references the gateway.',
    },
    needsFinalizer: () => true,
    reconcile: (reference, context) => reconcileReference(dependencies, reference, context),
    remove: (reference, context) => removeReference(dependencies, reference, context),
  };
}

/** The groups that an object names, as an index has them: by name, by id, and as the site was found to have them. */
export function groupsOf({ metadata, spec, status }: BoundaryGroupReference): readonly string[] {
  const site = `${metadata.namespace}/${spec.siteRef.name}`;
  const names = [spec.boundaryGroup.name, status?.groupName].filter((name) => name !== undefined);
  const ids = [spec.boundaryGroup.id, status?.groupId].filter((id) => id !== undefined);
  return [
    ...new Set([...names.map((name) => `${site} name ${name.toLowerCase()}`), ...ids.map((id) => `${site} id ${id}`)]),
  ];
}

/** One round on a site that can be used. */
export interface ReferenceRound {
  readonly dependencies: BoundaryGroupReferenceDependencies;
  readonly reference: BoundaryGroupReference;
  readonly context: ReconcileContext;
  readonly live: Site;
}

async function reconcileReference(
  dependencies: BoundaryGroupReferenceDependencies,
  reference: BoundaryGroupReference,
  context: ReconcileContext,
): Promise<ObjectReport<BoundaryGroupReference> | undefined> {
  const { cmgs, sites, access } = dependencies;
  const { namespace } = reference.metadata;
  const holder = holderOf(dependencies, reference);
  if (holder !== undefined) {
    const message = `The BoundaryGroupReference ${keyOf(holder)} is older and claims the same boundary group, for the same CMG or with another preferCloudSources. This one does nothing until that one is gone.`;
    return unresolved(reference, { type: 'ReferencesResolved', status: 'False', reason: 'Conflict', message });
  }
  const cmg = cmgs.get(`${namespace}/${reference.spec.cmgRef.name}`);
  if (cmg === undefined) {
    const message = `The CMG ${reference.spec.cmgRef.name} does not exist in the namespace ${namespace}. Create it, or correct spec.cmgRef.`;
    return unresolved(reference, { type: 'ReferencesResolved', status: 'False', reason: 'CmgNotFound', message });
  }
  const usable = usableSite(sites, access, namespace, reference.spec.siteRef.name);
  switch (usable.kind) {
    case 'Wait':
      return usable.why === 'Suspended' && reference.status === undefined
        ? unresolved(reference, suspendedFinding(reference.spec.siteRef.name))
        : undefined;
    case 'NotUsable': {
      const { status, reason, message } = usable;
      return unresolved(reference, { type: 'ReferencesResolved', status, reason, message });
    }
    case 'Usable': {
      const version = usable.object.status?.version;
      if (hasRelease(version, 1902) === false) {
        const message = `The site has version ${version}. Boundary groups can reference gateways from 1902 on. Update the site.`;
        return unresolved(reference, {
          type: 'ReferencesResolved',
          status: 'False',
          reason: 'SiteVersionTooOld',
          message,
        });
      }
      return onSite({ dependencies, reference, context, live: usable.site }, gatewayOfCmg(cmg), planReference);
    }
    default:
      return usable satisfies never;
  }
}

/** Objects for one group that cannot both have their way; the oldest has it. */
function holderOf(
  { references }: BoundaryGroupReferenceDependencies,
  reference: BoundaryGroupReference,
): BoundaryGroupReference | undefined {
  const claim = claimOf(reference);
  const claimants = othersFor(references, reference).filter((other) => areInConflict(claim, claimOf(other)));
  return otherHolder(reference, [reference, ...claimants]);
}

function othersFor(
  references: BoundaryGroupReferenceDependencies['references'],
  reference: BoundaryGroupReference,
): readonly BoundaryGroupReference[] {
  const found = groupsOf(reference).flatMap((group) => references.byIndex(BY_GROUP, group));
  return [...new Set(found)].filter(({ metadata }) => metadata.uid !== reference.metadata.uid);
}

function claimOf({ metadata, spec }: BoundaryGroupReference) {
  return {
    cmg: `${metadata.namespace}/${spec.cmgRef.name}`,
    connection: spec.connection,
    preferCloudSources: spec.preferCloudSources,
  };
}

type Planner = (facts: ReferenceFacts) => ReferencePlan;

async function onSite(
  round: ReferenceRound,
  gateway: GatewayOfCmg,
  plan: Planner,
): Promise<ObjectReport<BoundaryGroupReference>> {
  const { reference } = round;
  const settled = findCondition(reference.status?.conditions, 'Associated')?.status === 'True';
  const reading = await readFacts(round, gateway, settled ? SHARED_AGE_MS : 0);
  if (reading.kind === 'Failed') {
    return siteFailed(round, reading.failure);
  }
  if (reading.kind === 'NoGroup') {
    return noGroup(round, reading);
  }
  const first = plan(reading.facts);
  return isChange(first) ? confirmed(round, gateway, first, plan) : reportOf(round, reading.facts, first, undefined);
}

/** Reads what a change rests on anew, and makes the change only if everything still speaks for it. */
async function confirmed(
  round: ReferenceRound,
  gateway: GatewayOfCmg,
  first: ReferencePlan,
  plan: Planner,
): Promise<ObjectReport<BoundaryGroupReference>> {
  const now = await round.dependencies.live.read(gateway.key, round.context.signal);
  const reading = await readFacts(round, now === undefined ? goneGateway(gateway.key, '') : gatewayOfCmg(now), 0);
  if (reading.kind === 'Failed') {
    return siteFailed(round, reading.failure);
  }
  if (reading.kind === 'NoGroup') {
    return noGroup(round, reading);
  }
  const again = plan(reading.facts);
  const result =
    again.kind === first.kind && isChange(again) ? await actOnPlan(round, reading.facts, again) : undefined;
  return reportOf(round, reading.facts, again, result);
}

function isChange({ kind }: ReferencePlan): boolean {
  return kind === 'Add' || kind === 'SetPreference' || kind === 'Remove';
}

type FactsReading =
  | { readonly kind: 'Read'; readonly facts: ReferenceFacts }
  /** `isGone`: what the operator has changed is not there any more either. */
  | { readonly kind: 'NoGroup'; readonly why: string; readonly isGone: boolean }
  | { readonly kind: 'Failed'; readonly failure: SiteFailure };

async function readFacts(
  { dependencies, live, reference, context }: ReferenceRound,
  gateway: GatewayOfCmg,
  maxAgeMs: number,
): Promise<FactsReading> {
  const options = { signal: context.signal, maxAgeMs };
  const [groups, records] = await Promise.all([live.boundaryGroups(options), live.serviceRecords(options)]);
  if (isSiteFailure(groups)) {
    return { kind: 'Failed', failure: groups };
  }
  if (isSiteFailure(records)) {
    return { kind: 'Failed', failure: records };
  }
  const recorded = groups.value.find(({ id }) => id === reference.status?.groupId);
  // What was changed is set back where it was changed, however that group is called now.
  const isLeaving = reference.metadata.deletionTimestamp !== undefined;
  const group = (isLeaving ? recorded : undefined) ?? findGroup(reference.spec.boundaryGroup, groups.value);
  if (typeof group === 'string') {
    return { kind: 'NoGroup', why: group, isGone: recorded === undefined };
  }
  const present = await live.boundaryGroupMembers(group.id, options);
  return isSiteFailure(present)
    ? { kind: 'Failed', failure: present }
    : {
        kind: 'Read',
        facts: {
          ...factsOf(reference, gateway, group, records.value, present.value),
          known: namesKnown(dependencies, gateway),
          now: dependencies.now(),
        },
      };
}

/** Names of the gateways of all CMGs; of the one that decides, as it was read. */
function namesKnown({ cmgs }: BoundaryGroupReferenceDependencies, gateway: GatewayOfCmg): readonly string[] {
  const others = cmgs
    .list()
    .map(gatewayOfCmg)
    .filter(({ key }) => key !== gateway.key);
  return [gateway, ...others].flatMap(serviceNamesOf);
}

function factsOf(
  { spec, status }: BoundaryGroupReference,
  gateway: GatewayOfCmg,
  group: BoundaryGroup,
  records: readonly ServiceRecord[],
  present: readonly BoundaryGroupMember[],
): Omit<ReferenceFacts, 'known' | 'now'> {
  return {
    spec,
    members: status?.members ?? [],
    preferredBefore: status?.preferCloudSourcesBefore,
    gateway,
    group,
    records,
    present,
  };
}

function siteFailed(
  { dependencies, reference }: ReferenceRound,
  failure: SiteFailure,
): ObjectReport<BoundaryGroupReference> {
  const before = findCondition(reference.status?.conditions, 'Associated');
  const { retryAfterMs, ...problem } = siteProblem('Reading the boundary group', failure, before, dependencies.now());
  return {
    findings: [{ type: 'Associated', ...problem }],
    status: partsOf(reference),
    againAfterMs: retryAfterMs,
  };
}

function noGroup(
  { dependencies, reference }: ReferenceRound,
  { why, isGone }: Extract<FactsReading, { kind: 'NoGroup' }>,
): ObjectReport<BoundaryGroupReference> {
  // What was recorded of a group that is gone is gone with it; of one that was renamed it still holds.
  const { members: _members, preferCloudSourcesBefore: _before, ...rest } = partsOf(reference);
  const unresolvedGroup: Finding = {
    type: 'ReferencesResolved',
    status: 'False',
    reason: 'BoundaryGroupNotFound',
    message: why,
  };
  return {
    ...unresolved(reference, unresolvedGroup),
    status: { ...(isGone ? rest : partsOf(reference)), manualSteps: [] },
    againAfterMs: Math.min(60_000, dependencies.intervalMs),
  };
}

/** Nothing is done on the site; a change of what is missing brings the object back. */
function unresolved(reference: BoundaryGroupReference, finding: Finding): ObjectReport<BoundaryGroupReference> {
  const message = 'Not known at the moment.';
  return {
    findings: [finding, { type: 'Associated', status: 'Unknown', reason: 'Pending', message }],
    status: partsOf(reference),
  };
}

async function removeReference(
  dependencies: BoundaryGroupReferenceDependencies,
  reference: BoundaryGroupReference,
  context: ReconcileContext,
): Promise<ObjectRemoval<BoundaryGroupReference>> {
  const { cmgs, sites, access, references } = dependencies;
  const { namespace } = reference.metadata;
  const heirs = othersFor(references, reference).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const claim = claimOf(reference);
  const isTakenOver = heirs.some((heir) => claimOf(heir).cmg === claim.cmg);
  const sharesPreference = heirs.some((heir) => claimOf(heir).preferCloudSources === claim.preferCloudSources);
  const changed = changedPreference(reference);
  const isOurs = isTakenOver ? changed && !sharesPreference : changed || (reference.status?.members ?? []).length > 0;
  if (!isOurs || reference.spec.deletionPolicy === 'Retain') {
    return { kind: 'Gone' };
  }
  const cmg = cmgs.get(`${namespace}/${reference.spec.cmgRef.name}`);
  const gateway = cmg === undefined ? goneGateway(claim.cmg, '') : gatewayOfCmg(cmg);
  const usable = usableSite(sites, access, namespace, reference.spec.siteRef.name);
  if (usable.kind === 'Wait') {
    return { kind: 'Remaining', report: usable.why === 'Suspended' ? siteSuspended(reference) : undefined };
  }
  if (usable.kind === 'NotUsable') {
    const { status, reason, message } = usable;
    return patience(dependencies, reference, gateway, { type: 'Associated', status, reason, message });
  }
  const round: ReferenceRound = { dependencies, reference, context, live: usable.site };
  const reading = await readFacts(round, gateway, 0);
  if (reading.kind === 'NoGroup') {
    // Without a record of its id, nothing of ours is in any group.
    return { kind: 'Gone' };
  }
  if (reading.kind === 'Failed') {
    const [finding] = siteFailed(round, reading.failure).findings;
    return finding === undefined ? { kind: 'Gone' } : patience(dependencies, reference, gateway, finding);
  }
  // Who takes over has the gateway in the group, and a preference of its own or none.
  const plan: Planner = (facts) => planRemoval(isTakenOver ? { ...facts, members: [] } : facts, sharesPreference);
  const first = plan(reading.facts);
  if (first.kind === 'Gone') {
    return { kind: 'Gone' };
  }
  return {
    kind: 'Remaining',
    report: isChange(first)
      ? await confirmed(round, gateway, first, plan)
      : reportOf(round, reading.facts, first, undefined),
  };
}

/** A deletion that waits says so, although nothing else is said while the Site is suspended. */
function siteSuspended(reference: BoundaryGroupReference): ObjectReport<BoundaryGroupReference> {
  const group = reference.status?.groupName ?? '';
  const message = `The Site ${reference.spec.siteRef.name} is suspended, and the boundary group ${group} is not changed until it is not any more. spec.deletionPolicy Retain leaves it as it is at once.`;
  return {
    findings: [{ type: 'Associated', status: 'Unknown', reason: 'SiteSuspended', message }],
    status: partsOf(reference),
  };
}

function changedPreference({ spec, status }: BoundaryGroupReference): boolean {
  return status?.preferCloudSourcesBefore !== undefined && status.preferCloudSourcesBefore !== spec.preferCloudSources;
}

/** Waits for a site that cannot be asked, but not for ever. */
function patience(
  { now }: BoundaryGroupReferenceDependencies,
  reference: BoundaryGroupReference,
  gateway: GatewayOfCmg,
  finding: Finding,
): ObjectRemoval<BoundaryGroupReference> {
  if (holdByCmg(gateway) !== undefined) {
    const report = { findings: [finding], status: partsOf(reference), againAfterMs: HELD_LOOK_MS };
    return { kind: 'Remaining', report };
  }
  const since = Math.max(Date.parse(reference.metadata.deletionTimestamp ?? ''), gateway.leavingSince ?? 0);
  const until = since + PATIENCE_MS;
  const group = reference.status?.groupName ?? '';
  if (now() >= until) {
    const note = `The site could not be asked for an hour, and the boundary group ${group} is left as it is. Take the reference to the gateway away yourself. ${finding.message}`;
    return {
      kind: 'Gone',
      happenings: [{ type: 'Warning', reason: 'LeftOnSite', action: 'Delete', note: note.slice(0, 1000) }],
    };
  }
  const message = `The boundary group ${group} cannot be changed. ${finding.message} After an hour it is left as it is; spec.deletionPolicy Retain leaves it at once.`;
  return {
    kind: 'Remaining',
    report: {
      findings: [{ ...finding, message }],
      status: partsOf(reference),
      againAfterMs: Math.min(growingPause(since, now()), until - now()),
    },
  };
}
