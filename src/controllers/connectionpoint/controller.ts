import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import type { ReconcileContext } from '../../runtime/controller.ts';
import { keyOf } from '../../runtime/objects.ts';
import type { ObjectStore } from '../../runtime/store.ts';
import { isSameName } from '../../site/names.ts';
import type { Site } from '../../site/site.ts';
import { otherHolder } from '../claims.ts';
import type { Finding } from '../cmg/finding.ts';
import type { ObjectProcedure, ObjectRemoval, ObjectReport } from '../object-reconcile.ts';
import { type GatewayOfCmg, gatewayOfCmg, goneGateway, holdByCmg } from '../site/gateway-of-cmg.ts';
import type { LiveCmgs } from '../site/live-cmg.ts';
import type { SiteAccess } from '../site/site-access.ts';
import { growingPause, siteProblem } from '../site/site-problem.ts';
import { SHARED_AGE_MS, suspendedFinding, usableSite } from '../site/usable-site.ts';
import { actOnPlan } from './act.ts';
import { connectionPointFacts, liveGateways, readSiteSide, type SiteSide, type Touched } from './facts.ts';
import { CONNECTION_POINT_FINALIZER, CONNECTION_POINT_KIND } from './kind.ts';
import { type ConnectionPointFacts, type ConnectionPointPlan, planConnectionPoint, planRemoval } from './plan.ts';
import { partsOf, reportOf } from './report.ts';

export interface ConnectionPointDependencies {
  readonly points: Pick<ObjectStore<ConnectionPoint>, 'byIndex'>;
  readonly cmgs: Pick<ObjectStore<CMG>, 'get' | 'list'>;
  readonly sites: Pick<ObjectStore<SiteObject>, 'get'>;
  readonly live: LiveCmgs;
  readonly access: SiteAccess;
  readonly now: () => number;
  /** Milliseconds between two looks at the site while nothing happens. */
  readonly intervalMs: number;
}

/** Name of the index of ConnectionPoints by their server. */
export const BY_SITE_SYSTEM = 'bySiteSystem';

/** A site that cannot be asked holds up the deletion of an object on it for so long, and then what is there is left. */
const PATIENCE_MS = 3_600_000;

/** How often a site that cannot be asked is asked for an object that waits for its CMG. */
const HELD_LOOK_MS = 60_000;

/** The procedure for one ConnectionPoint: who holds the server, which gateway, and the role linked to it. */
export function connectionPointProcedure(dependencies: ConnectionPointDependencies): ObjectProcedure<ConnectionPoint> {
  return {
    kind: CONNECTION_POINT_KIND,
    finalizer: CONNECTION_POINT_FINALIZER,
    rules: {
      summarised: ['ReferencesResolved', 'Linked', 'Connected'],
      readyMessage: 'The server is linked to the gateway, and connected to it.',
    },
    needsFinalizer: () => true,
    reconcile: (point, context) => reconcilePoint(dependencies, point, context),
    remove: (point, context) => removePoint(dependencies, point, context),
  };
}

/** Who claims the server of an object. */
export function siteSystemOf({ spec }: ConnectionPoint): string {
  return spec.siteSystem.toLowerCase();
}

function holderOf({ points }: ConnectionPointDependencies, point: ConnectionPoint): ConnectionPoint | undefined {
  return otherHolder(point, points.byIndex(BY_SITE_SYSTEM, siteSystemOf(point)));
}

async function reconcilePoint(
  dependencies: ConnectionPointDependencies,
  point: ConnectionPoint,
  context: ReconcileContext,
): Promise<ObjectReport<ConnectionPoint> | undefined> {
  const { cmgs, sites, access } = dependencies;
  const { namespace } = point.metadata;
  const holder = holderOf(dependencies, point);
  if (holder !== undefined) {
    const message = `The ConnectionPoint ${keyOf(holder)} is older and has the server ${point.spec.siteSystem} too. This one does nothing until that one is gone.`;
    return unresolved(point, { type: 'ReferencesResolved', status: 'False', reason: 'Conflict', message });
  }
  const cmg = cmgs.get(`${namespace}/${point.spec.cmgRef.name}`);
  if (cmg === undefined) {
    const message = `The CMG ${point.spec.cmgRef.name} does not exist in the namespace ${namespace}. Create it, or correct spec.cmgRef.`;
    return unresolved(point, { type: 'ReferencesResolved', status: 'False', reason: 'CmgNotFound', message });
  }
  const usable = usableSite(sites, access, namespace, point.spec.siteRef.name);
  switch (usable.kind) {
    case 'Wait':
      return usable.why === 'Suspended' && point.status === undefined
        ? unresolved(point, suspendedFinding(point.spec.siteRef.name))
        : undefined;
    case 'NotUsable': {
      const { status, reason, message } = usable;
      return unresolved(point, { type: 'ReferencesResolved', status, reason, message });
    }
    case 'Usable':
      return onSite({ dependencies, point, context, live: usable.site }, gatewayOfCmg(cmg));
    default:
      return usable satisfies never;
  }
}

/** One round on a site that can be used. */
export interface PointRound {
  readonly dependencies: ConnectionPointDependencies;
  readonly point: ConnectionPoint;
  readonly context: ReconcileContext;
  readonly live: Site;
}

async function onSite(round: PointRound, gateway: GatewayOfCmg): Promise<ObjectReport<ConnectionPoint>> {
  const { dependencies, point, context, live } = round;
  const reading = await readSiteSide(live, readAge(point), context.signal);
  if (reading.kind === 'Failed') {
    return siteFailed(round, reading.doing, reading.failure);
  }
  const known = dependencies.cmgs.list().map(gatewayOfCmg);
  const facts = connectionPointFacts(point, gateway, known, reading.value, dependencies.now());
  const plan = planConnectionPoint(facts);
  if (!isChange(plan)) {
    return reportOf(round, facts, plan, undefined);
  }
  return confirmed(round, facts, plan, planConnectionPoint);
}

/** Reads what a change rests on anew, and makes the change only if everything still speaks for it. */
async function confirmed(
  round: PointRound,
  earlier: ConnectionPointFacts,
  plan: ConnectionPointPlan,
  planAgain: (facts: ConnectionPointFacts) => ConnectionPointPlan,
): Promise<ObjectReport<ConnectionPoint>> {
  const { dependencies, point, context, live } = round;
  const { signal } = context;
  const side = await readSiteSide(live, 0, signal);
  if (side.kind === 'Failed') {
    return siteFailed(round, side.doing, side.failure);
  }
  const touched = touchedBy(earlier, side.value, point);
  const known = await liveGateways(dependencies.cmgs, dependencies.live, touched, signal);
  const gateway =
    known.find(({ key }) => key === earlier.gateway.key) ??
    goneGateway(earlier.gateway.key, earlier.gateway.serviceName);
  const facts = connectionPointFacts(point, gateway, known, side.value, dependencies.now());
  const again = planAgain(facts);
  if (again.kind !== plan.kind || !isChange(again)) {
    return reportOf(round, facts, again, undefined);
  }
  return reportOf(round, facts, again, await actOnPlan(round, facts, again));
}

/** The CMG that the object names, and whoever has the gateway that its server is linked to. */
function touchedBy({ gateway }: ConnectionPointFacts, { roles }: SiteSide, { spec }: ConnectionPoint): Touched {
  const role = roles.find(({ siteSystem }) => isSameName(siteSystem, spec.siteSystem));
  return { cmg: gateway.key, serviceNames: role?.serviceName === undefined ? [] : [role.serviceName] };
}

function isChange({ kind }: ConnectionPointPlan): boolean {
  return kind === 'Install' || kind === 'Link' || kind === 'Uninstall';
}

/** What is being changed, or is in somebody's hands, is read anew each time. */
function readAge({ status }: ConnectionPoint): number {
  return findCondition(status?.conditions, 'Linked')?.status === 'True' ? SHARED_AGE_MS : 0;
}

function siteFailed(
  { dependencies, point }: PointRound,
  doing: string,
  failure: Parameters<typeof siteProblem>[1],
): ObjectReport<ConnectionPoint> {
  const before = findCondition(point.status?.conditions, 'Linked');
  const { retryAfterMs, ...problem } = siteProblem(doing, failure, before, dependencies.now());
  return {
    findings: [
      { type: 'Linked', ...problem },
      { type: 'Connected', ...problem, status: 'Unknown' },
    ],
    status: { ...partsOf(point), connected: 'Unknown' },
    againAfterMs: retryAfterMs,
  };
}

/** Nothing on the site is looked at; a change of what is missing brings the object back. */
function unresolved(point: ConnectionPoint, finding: Finding): ObjectReport<ConnectionPoint> {
  const unknown = { status: 'Unknown', reason: 'Pending', message: 'Not known at the moment.' } as const;
  return {
    findings: [finding, { type: 'Linked', ...unknown }, { type: 'Connected', ...unknown }],
    status: { ...partsOf(point), connected: 'Unknown' },
  };
}

async function removePoint(
  dependencies: ConnectionPointDependencies,
  point: ConnectionPoint,
  context: ReconcileContext,
): Promise<ObjectRemoval<ConnectionPoint>> {
  const { points, cmgs, sites, access } = dependencies;
  const { namespace } = point.metadata;
  const claimants = points.byIndex(BY_SITE_SYSTEM, siteSystemOf(point));
  const heirs = claimants.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (point.status?.installed !== true || point.spec.deletionPolicy === 'Retain' || heirs.length > 0) {
    // Not installed by the operator, or not to be uninstalled, or somebody else takes the server over.
    return { kind: 'Gone' };
  }
  const cmg = cmgs.get(`${namespace}/${point.spec.cmgRef.name}`);
  const gateway =
    cmg === undefined
      ? goneGateway(`${namespace}/${point.spec.cmgRef.name}`, point.status?.serviceName ?? '')
      : gatewayOfCmg(cmg);
  const usable = usableSite(sites, access, namespace, point.spec.siteRef.name);
  if (usable.kind === 'Wait') {
    return { kind: 'Remaining', report: usable.why === 'Suspended' ? siteSuspended(point) : undefined };
  }
  if (usable.kind === 'NotUsable') {
    return patience(dependencies, point, gateway, { type: 'Linked', ...problemOf(usable) });
  }
  const round: PointRound = { dependencies, point, context, live: usable.site };
  const reading = await readSiteSide(usable.site, 0, context.signal);
  if (reading.kind === 'Failed') {
    const report = siteFailed(round, reading.doing, reading.failure);
    const [finding] = report.findings;
    return finding === undefined ? { kind: 'Remaining', report } : patience(dependencies, point, gateway, finding);
  }
  const known = cmgs.list().map(gatewayOfCmg);
  const facts = connectionPointFacts(point, gateway, known, reading.value, dependencies.now());
  const plan = planRemoval(facts);
  if (plan.kind === 'Absent') {
    return { kind: 'Gone' };
  }
  return {
    kind: 'Remaining',
    report: isChange(plan) ? await confirmed(round, facts, plan, planRemoval) : reportOf(round, facts, plan, undefined),
  };
}

/** A deletion that waits says so, although nothing else is said while the Site is suspended. */
function siteSuspended(point: ConnectionPoint): ObjectReport<ConnectionPoint> {
  const { siteRef, siteSystem } = point.spec;
  const message = `The Site ${siteRef.name} is suspended, and the connection point on ${siteSystem} is not removed until it is not any more. spec.deletionPolicy Retain leaves it there at once.`;
  return {
    findings: [{ type: 'Linked', status: 'Unknown', reason: 'SiteSuspended', message }],
    status: partsOf(point),
  };
}

function problemOf({ status, reason, message }: Omit<Finding, 'type'>): Omit<Finding, 'type'> {
  return { status, reason, message };
}

/** Waits for a site that cannot be asked, but not for ever. */
function patience(
  { now }: ConnectionPointDependencies,
  point: ConnectionPoint,
  gateway: GatewayOfCmg,
  finding: Finding,
): ObjectRemoval<ConnectionPoint> {
  if (holdByCmg(gateway) !== undefined) {
    return { kind: 'Remaining', report: { findings: [finding], status: partsOf(point), againAfterMs: HELD_LOOK_MS } };
  }
  const since = Math.max(Date.parse(point.metadata.deletionTimestamp ?? ''), gateway.leavingSince ?? 0);
  const until = since + PATIENCE_MS;
  const { siteSystem } = point.spec;
  if (now() >= until) {
    const note = `The site could not be asked for an hour, and the connection point on ${siteSystem} is left as it is. Remove the role yourself. ${finding.message}`;
    return {
      kind: 'Gone',
      happenings: [{ type: 'Warning', reason: 'LeftOnSite', action: 'Delete', note: note.slice(0, 1000) }],
    };
  }
  const message = `The connection point on ${siteSystem} cannot be removed. ${finding.message} After an hour it is left on the site; spec.deletionPolicy Retain leaves it there at once.`;
  return {
    kind: 'Remaining',
    report: {
      findings: [{ ...finding, message }],
      status: partsOf(point),
      againAfterMs: Math.min(growingPause(since, now()), until - now()),
    },
  };
}
