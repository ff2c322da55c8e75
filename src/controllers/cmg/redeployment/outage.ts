import type { CMGStatus, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Finding } from '../finding.ts';

/**
 * Whether the gateway that is to take the place of one that went first, under the same names, does not serve yet. Such a
 * redeployment goes on although there is at most one gateway left.
 *
 * @param status as it was before this round
 * @param deployments as they are now
 */
export function isSuccessorAwaited(
  status: CMGStatus | undefined,
  deployments: readonly CMGStatusDeployment[],
  wanted: CMGStatusDeployment | undefined,
): boolean {
  const since = status?.redeployment?.since;
  if (since === undefined || deployments.some(({ id }) => id !== wanted?.id)) {
    return false;
  }
  if (wanted !== undefined) {
    // One that was there before is wanted again, and takes nobody's place.
    const isNew = Date.parse(wanted.wantedSince ?? wanted.createdAt) >= Date.parse(since);
    return wanted.phase === 'Provisioning' && isNew;
  }
  // Of one that never served nobody misses anything.
  const gone = status?.deployments ?? [];
  return gone.length === 0 || gone.some(({ served }) => served !== false);
}

/** What is to be said of the gateway of a CMG that has none: what a round before found out is of one that is no more. */
export function noGatewayFindings(
  deployments: readonly CMGStatusDeployment[],
  serviceName: string,
): readonly Finding[] {
  if (deployments.some(({ phase }) => phase !== 'Deleting')) {
    return [];
  }
  const before = deployments.length > 0 ? 'is being deleted' : 'has gone';
  const message = `No gateway serves clients: the one before ${before}, and ${serviceName} is not there yet.`;
  return [
    { type: 'AzureReady', status: 'False', reason: 'NoGateway', message },
    { type: 'ServiceHealthy', status: 'False', reason: 'Pending', message },
  ];
}
