import { REASONS, type Reason } from '../../api/v1alpha1/conditions.ts';
import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import { isSameName } from '../../site/names.ts';
import type { Finding } from './finding.ts';

/** VMs that one connection point is enough for (Microsoft's sizing rule). */
const VMS_PER_POINT = 4;

/** How the connection points of a gateway stand, by their own objects. */
export function connectionPointFinding(
  points: readonly ConnectionPoint[],
  gateway: { readonly serviceName: string; readonly instances: number },
): Finding {
  const type = 'ConnectionPointReady';
  const primaries = points.filter(
    ({ metadata, spec }) => spec.role === 'Primary' && metadata.deletionTimestamp === undefined,
  );
  if (primaries.length === 0) {
    const message =
      'No ConnectionPoint names this CMG, so that nothing of what clients ask for reaches the site. Create one for a server of the site.';
    return { type, status: 'False', reason: 'NoConnectionPoint', message };
  }
  // While there is a second gateway, a standby may be the one that serves it.
  const connected = points.filter(
    ({ metadata, status }) => metadata.deletionTimestamp === undefined && isConnected(status, gateway.serviceName),
  );
  if (connected.length === 0) {
    return worst(primaries, points, gateway.serviceName);
  }
  const wanted = Math.ceil(gateway.instances / VMS_PER_POINT);
  const names = connected.map(({ spec }) => spec.siteSystem).join(', ');
  return connected.length < wanted
    ? {
        type,
        status: 'True',
        reason: 'TooFewConnectionPoints',
        message: `Connected: ${names}. For ${gateway.instances} VMs, ${wanted} connection points are recommended, one for each four.`,
      }
    : { type, status: 'True', reason: 'Succeeded', message: `Connected: ${names}.` };
}

function isConnected(status: ConnectionPoint['status'], serviceName: string): boolean {
  return (
    (status?.connected === 'True' || status?.connected === 'Partly') &&
    status.serviceName !== undefined &&
    isSameName(status.serviceName, serviceName)
  );
}

/** What keeps the first of them from being connected: a primary, or a standby that is to serve while there are two gateways. */
function worst(primaries: readonly ConnectionPoint[], all: readonly ConnectionPoint[], serviceName: string): Finding {
  const type = 'ConnectionPointReady';
  const readyOf = (point: ConnectionPoint | undefined) => findCondition(point?.status?.conditions, 'Ready');
  const told =
    primaries.find((point) => readyOf(point)?.status === 'False') ??
    all.find((point) => readyOf(point)?.status === 'False') ??
    primaries.find((point) => readyOf(point) !== undefined);
  const { status, reason, message } = readyOf(told) ?? {
    status: 'Unknown' as const,
    reason: 'Pending',
    message: 'Not looked at yet.',
  };
  const name = (told ?? primaries[0])?.metadata.name ?? '';
  // One that is ready is connected to another gateway, or its own round has yet to come.
  return status === 'True'
    ? { type, status: 'Unknown', reason: 'Pending', message: `No ConnectionPoint is connected to ${serviceName} yet.` }
    : { type, status, reason: knownReason(reason), message: `ConnectionPoint ${name}: ${message}` };
}

function knownReason(reason: string): Reason {
  return Object.hasOwn(REASONS, reason) ? (reason as Reason) : 'Pending';
}
