import type { Action } from './action.ts';
import type { ObservedPoint } from './observed.ts';
import type { DeploymentRecord } from './record.ts';
import { factsOf, hasConsent, type Situation } from './situation.ts';
import { isWanted } from './wanted.ts';
import { isPresentable, isStanding } from './words.ts';

/** A point of the site that is not linked to nobody-knows-what, with the deployment that has it. */
interface HeldPoint {
  readonly point: ObservedPoint;
  readonly holder: DeploymentRecord | undefined;
}

/** The points that can be judged: linked to a deployment of the CMG, or to nothing. */
function heldPoints({ observed, records }: Situation): readonly HeldPoint[] {
  if (observed.site.kind !== 'Read') {
    return [];
  }
  const byName = new Map(records.deployments.map((record) => [record.serviceName.toLowerCase(), record]));
  return observed.site.points.flatMap((point) => {
    const holder = point.linkedTo === undefined ? undefined : byName.get(point.linkedTo.toLowerCase());
    return point.linkedTo !== undefined && holder === undefined ? [] : [{ point, holder }];
  });
}

/**
 * Rule 5: whether a deployment that stands may give a point to the wanted one. One that serves, or of which nothing is
 * known, keeps a connected one; one that does not serve gives its last one up only by a person's word.
 */
export function mayGivePoint(situation: Situation, holder: DeploymentRecord, point: ObservedPoint): boolean {
  if (isWanted(situation, holder) || !isStanding(holder)) {
    return false;
  }
  const { serving, points } = factsOf(situation, holder);
  const others = points.filter(({ name }) => name !== point.name);
  if (serving !== 'No') {
    return others.some(({ connected }) => connected === 'Yes');
  }
  return others.length > 0 || hasConsent(situation, 'AllowClientOutage', holder);
}

/** Rule 1: whether some point could be given to a deployment that is still to be made. */
export function couldBeGivenPoint(situation: Situation): boolean {
  return heldPoints(situation).some(
    ({ point, holder }) =>
      holder === undefined ||
      holder.stage.phase === 'Deleting' ||
      situation.rules.mayGivePoint(situation, holder, point),
  );
}

/** What rule 5 does to the points in this round. */
export interface PointMoves {
  readonly actions: readonly Action[];
  /** The deployment whose last point is taken by a person's word, which is used up by that. */
  readonly outageOf?: DeploymentRecord;
}

/** Rule 5: links for those that stand. At most one point is linked to a deployment before the last one connects. */
export function assignPoints(situation: Situation): PointMoves {
  const { wanted } = situation;
  const held = heldPoints(situation);
  const bare = linkToBare(situation, held);
  if (bare !== undefined) {
    return { actions: [bare] };
  }
  if (wanted === undefined || !isPresentable(situation, wanted) || isAwaitingPoint(situation, wanted)) {
    return { actions: releaseStandbys(situation) };
  }
  const next = nextPoint(situation, held, wanted);
  if (next === undefined) {
    return { actions: releaseStandbys(situation) };
  }
  const { point, holder } = next;
  const link: Action = { kind: 'LinkPoint', point: point.name, deployment: wanted.id };
  const isLast = holder !== undefined && factsOf(situation, holder).points.length === 1;
  return {
    actions: [point.linkedTo === undefined ? link : { ...link, from: point.linkedTo }],
    ...(isLast && holder !== undefined ? { outageOf: holder } : {}),
  };
}

/** A deployment beside the wanted one that serves without any point gets a free one: it may have lost it by hand. */
function linkToBare(situation: Situation, held: readonly HeldPoint[]): Action | undefined {
  const free = held.find(({ holder }) => holder === undefined);
  const bare =
    free === undefined
      ? undefined
      : situation.records.deployments.find(
          (record) =>
            !isWanted(situation, record) &&
            isPresentable(situation, record) &&
            factsOf(situation, record).points.length === 0,
        );
  return free === undefined || bare === undefined
    ? undefined
    : { kind: 'LinkPoint', point: free.point.name, deployment: bare.id };
}

/** Whether a point that is linked to the deployment has yet to connect. */
export function isAwaitingPoint(situation: Situation, record: DeploymentRecord): boolean {
  return factsOf(situation, record).points.some(({ connected }) => connected !== 'Yes');
}

/** Primaries that are free; then standbys, while no primary is connected; then primaries that their holder can spare. */
function nextPoint(situation: Situation, held: readonly HeldPoint[], wanted: DeploymentRecord): HeldPoint | undefined {
  const isFree = ({ holder }: HeldPoint) => holder === undefined;
  const canBeHad = ({ point, holder }: HeldPoint) =>
    holder === undefined || situation.rules.mayGivePoint(situation, holder, point);
  const standbys = hasConnectedPrimary(situation, wanted) ? [] : held.filter(({ point }) => point.role === 'Standby');
  const primaries = held.filter(({ point }) => point.role === 'Primary');
  return primaries.find(isFree) ?? standbys.find(isFree) ?? standbys.find(canBeHad) ?? primaries.find(canBeHad);
}

/** Whether a primary connection point of the deployment is connected. */
export function hasConnectedPrimary(situation: Situation, record: DeploymentRecord): boolean {
  return factsOf(situation, record).points.some(({ role, connected }) => role === 'Primary' && connected === 'Yes');
}

/** A standby goes when a primary of the same deployment reads back connected. */
function releaseStandbys(situation: Situation): readonly Action[] {
  return situation.records.deployments
    .filter((record) => isStanding(record) && hasConnectedPrimary(situation, record))
    .flatMap((record) => factsOf(situation, record).points)
    .filter(({ role }) => role === 'Standby')
    .flatMap(({ name, linkedTo }) =>
      linkedTo === undefined ? [] : [{ kind: 'UnlinkPoint', point: name, from: linkedTo } as const],
    );
}

/** Hands the points of a draining deployment over to its successor, one at a time. */
export function handOverPoints(
  situation: Situation,
  record: DeploymentRecord,
  successor: DeploymentRecord,
): readonly Action[] {
  if (isAwaitingPoint(situation, successor)) {
    return [];
  }
  const { points } = factsOf(situation, record);
  const from = record.serviceName;
  const primary = points.find(({ role }) => role === 'Primary');
  const point = primary ?? points[0];
  if (point === undefined) {
    return [];
  }
  return point.role === 'Standby' && hasConnectedPrimary(situation, successor)
    ? [{ kind: 'UnlinkPoint', point: point.name, from }]
    : [{ kind: 'LinkPoint', point: point.name, deployment: successor.id, from }];
}

/** Takes every point away from a deployment that is being deleted. */
export function takePointsAway(situation: Situation, record: DeploymentRecord): readonly Action[] {
  return factsOf(situation, record).points.map(({ name }) => ({
    kind: 'UnlinkPoint',
    point: name,
    from: record.serviceName,
  }));
}
