import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Action } from '../../../redeployment/action.ts';

/** What the status tells the controllers of connection points and boundary groups, deployment by deployment. */
export type SitePlan = Pick<CMGStatusDeployment, 'connectionPoints' | 'inBoundaryGroups'>;

/** Where the points and groups of a CMG are, as its deployments begin to be several. */
export interface SitePlacement {
  /** Names of the connection points that are linked to a deployment, by its service name in lower case. */
  readonly pointsOf: (serviceName: string) => readonly string[];
  /** Whether a boundary group references it. */
  readonly isInGroups: (serviceName: string) => boolean;
}

/**
 * The plan for the site after these actions. It begins with what is there, and goes with the deployments being one again:
 * then the points and groups follow the one that there is.
 */
export function sitePlanAfter(
  deployments: readonly CMGStatusDeployment[],
  placement: SitePlacement,
  actions: readonly Action[],
): ReadonlyMap<string, SitePlan> {
  if (deployments.length < 2) {
    return new Map();
  }
  const plan = new Map(deployments.map((deployment) => [deployment.id, beginning(deployment, placement)]));
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
  readonly points: Set<string>;
  isInGroups: boolean;
}

function beginning(
  { serviceName, connectionPoints, inBoundaryGroups }: CMGStatusDeployment,
  placement: SitePlacement,
): Planned {
  return {
    points: new Set(connectionPoints ?? placement.pointsOf(serviceName)),
    isInGroups: inBoundaryGroups ?? placement.isInGroups(serviceName),
  };
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
