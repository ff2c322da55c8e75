import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Action } from '../../../redeployment/action.ts';

/** What the status tells the controllers of connection points and boundary groups, deployment by deployment. */
export type SitePlan = Pick<CMGStatusDeployment, 'connectionPoints' | 'inBoundaryGroups'>;

/** Where the points and groups of a CMG are. */
export interface SitePlacement {
  /** Names of the connection points that are linked to a deployment, by its service name in lower case. */
  readonly pointsOf: (serviceName: string) => readonly string[];
  /** Whether a boundary group references it. */
  readonly isInGroups: (serviceName: string) => boolean;
}

/** What one round has decided, as far as the site is concerned. */
export interface SiteDecision {
  readonly actions: readonly Action[];
  /** Ids of the draining deployments that may go on handing over. */
  readonly handingOver: readonly string[];
}

/**
 * The plan for the site after this round. It begins with what is there, and goes with the deployments being one again: then the
 * points and groups follow the one that there is.
 *
 * What an earlier round has moved and the site does not show yet is a step still to be taken. It goes on only from what is being
 * deleted, and from what may go on handing over; from every other deployment each round decides on it anew.
 */
export function sitePlanAfter(
  deployments: readonly CMGStatusDeployment[],
  placement: SitePlacement,
  { actions, handingOver }: SiteDecision,
): ReadonlyMap<string, SitePlan> {
  if (deployments.length < 2) {
    return new Map();
  }
  const plan = new Map(deployments.map((deployment) => [deployment.id, beginning(deployment, placement)]));
  for (const deployment of deployments) {
    const isLeaving = deployment.phase === 'Deleting' || handingOver.includes(deployment.id);
    if (!isLeaving) {
      takeBack(plan, deployment, placement);
    }
  }
  for (const action of actions) {
    apply(plan, action);
  }
  return new Map(
    [...plan].map(([id, { points, isInGroups }]) => [
      id,
      { connectionPoints: [...points].toSorted(), inBoundaryGroups: isInGroups },
    ]),
  );
}

interface Planned {
  readonly deployment: CMGStatusDeployment;
  readonly points: Set<string>;
  isInGroups: boolean;
}

function beginning(deployment: CMGStatusDeployment, placement: SitePlacement): Planned {
  const { serviceName, connectionPoints, inBoundaryGroups } = deployment;
  return {
    deployment,
    points: new Set(connectionPoints ?? placement.pointsOf(serviceName)),
    isInGroups: inBoundaryGroups ?? placement.isInGroups(serviceName),
  };
}

/** What the site still has with a deployment stays with it. */
function takeBack(plan: ReadonlyMap<string, Planned>, holder: CMGStatusDeployment, placement: SitePlacement): void {
  const own = plan.get(holder.id);
  if (own === undefined) {
    return;
  }
  own.isInGroups ||= placement.isInGroups(holder.serviceName);
  const linked = placement.pointsOf(holder.serviceName);
  for (const point of linked) {
    const planned = [...plan.values()].find(({ points }) => points.has(point));
    if (planned === undefined || !isTakenByHand(planned.deployment, holder, placement)) {
      planned?.points.delete(point);
      own.points.add(point);
    }
  }
}

/**
 * Whether somebody has linked the only connection point of a gateway that serves on to the newer one, which can spare it. No plan
 * ever does that, so the point goes back.
 */
function isTakenByHand(from: CMGStatusDeployment, holder: CMGStatusDeployment, { pointsOf }: SitePlacement): boolean {
  const areStanding = [from, holder].every(({ phase }) => phase === 'Active' || phase === 'Superseded');
  const isToOlder = (from.wantedOrder ?? 0) < (holder.wantedOrder ?? 0);
  return areStanding && isToOlder && pointsOf(from.serviceName).length === 0 && pointsOf(holder.serviceName).length > 1;
}

function apply(plan: ReadonlyMap<string, Planned>, action: Action): void {
  switch (action.kind) {
    case 'LinkPoint':
    case 'UnlinkPoint':
      for (const { points } of plan.values()) {
        points.delete(action.point);
      }
      if (action.kind === 'LinkPoint') {
        plan.get(action.deployment)?.points.add(action.point);
      }
      return;
    case 'JoinGroup':
    case 'LeaveGroup': {
      const planned = plan.get(action.deployment);
      if (planned !== undefined) {
        planned.isInGroups = action.kind === 'JoinGroup';
      }
      return;
    }
    default:
      // The others are carried out in Azure, or by the caller.
      return;
  }
}
