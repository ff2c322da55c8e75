import type { ActivityLog } from '../activity-log.ts';
import { ArmFault } from '../arm-fault.ts';
import type { ArmContext } from '../context.ts';
import { dispatch } from '../dispatcher.ts';
import type { Answer } from '../exchange.ts';
import type { GraphIndex } from '../graph-index.ts';
import { createRouter } from '../routes.ts';
import { activityLogRoutes } from './activity-log.ts';
import { authorizationRoutes } from './authorization.ts';
import { computeRoutes } from './compute.ts';
import { deletedVaultRoutes } from './deleted-vaults.ts';
import { metricRoutes } from './metrics.ts';
import { nameCheckRoutes } from './name-checks.ts';
import { providerRoutes } from './providers.ts';
import { resourceGraphRoutes } from './resource-graph.ts';
import { resourceGroupRoutes } from './resource-groups.ts';
import { resourceListRoutes } from './resource-lists.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { tagRoutes } from './tags.ts';

const otherRoutes = [
  ...subscriptionRoutes,
  ...resourceGroupRoutes,
  ...providerRoutes,
  ...resourceListRoutes,
  ...nameCheckRoutes,
  ...computeRoutes,
  ...deletedVaultRoutes,
  ...tagRoutes,
  ...metricRoutes,
  ...authorizationRoutes,
];

/** Answers a request whose caller is known. */
export type Arm = (context: ArmContext) => Answer;

/** Azure Resource Manager, with what Resource Graph and the activity log know of it. */
export function createArm(graph: GraphIndex, log: ActivityLog): Arm {
  const route = createRouter([...resourceGraphRoutes(graph), ...activityLogRoutes(log), ...otherRoutes]);
  return (context) => {
    try {
      return route(context) ?? context.operations.poll(context.request) ?? dispatch(context) ?? notFound(context);
    } catch (error) {
      if (!(error instanceof ArmFault)) throw error;
      const body = context.request.method === 'HEAD' ? {} : { body: error.body };
      return { status: error.status, headers: error.headers, ...body };
    }
  };
}

function notFound({ request }: ArmContext): never {
  throw new ArmFault(
    404,
    'ResourceNotFound',
    `No HTTP resource was found that matches the request URI '${request.path}'.`,
  );
}
