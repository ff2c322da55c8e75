import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { CARRIES_OWNER_TAGS, gatewayGraph } from '../../gateway/graph.ts';
import type { AzureSession } from './azure-access.ts';
import type { Scope } from './scope.ts';

/**
 * Tells whether what was read of a resource still holds. While the sweeps show every tagged resource of the gateway, that is
 * as long as they show no change since, and no longer than the interval for reading everything; otherwise as long as the
 * drift interval. What the sweeps cannot show goes with the rest.
 */
export function observationAge(
  { sweep, clock, driftIntervalMs, fullReadIntervalMs }: Scope,
  session: AzureSession,
  deployment: GatewayDeployment,
): (id: string, readAt: number) => boolean {
  const swept = gatewayGraph(deployment, new Map()).filter(({ key }) => CARRIES_OWNER_TAGS.has(key));
  const covered = swept.every(({ id }) => sweep.unchangedSince(session, id) !== undefined);
  return (id, readAt) => {
    const age = clock.now() - readAt;
    return covered
      ? age < fullReadIntervalMs && readAt >= (sweep.unchangedSince(session, id) ?? 0)
      : age < driftIntervalMs;
  };
}
