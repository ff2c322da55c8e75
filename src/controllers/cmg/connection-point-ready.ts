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
    return worst(primaries);
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

/** What keeps the first of them from being connected. */
function worst(points: readonly ConnectionPoint[]): Finding {
  const found = points.map((point) => ({ point, ready: findCondition(point.status?.conditions, 'Ready') }));
  const told = found.find(({ ready }) => ready?.status === 'False') ?? found.find(({ ready }) => ready !== undefined);
  const name = (told ?? found[0])?.point.metadata.name ?? '';
  const { status, reason, message } = told?.ready ?? {
    status: 'Unknown' as const,
    reason: 'Pending',
    message: 'Not looked at yet.',
  };
  return {
    type: 'ConnectionPointReady',
    // Ready may be True of one that is connected to another gateway until its own round has come.
    status: status === 'True' ? 'Unknown' : status,
    reason: status === 'True' ? 'Pending' : knownReason(reason),
    message: `ConnectionPoint ${name}: ${message}`,
  };
}

function knownReason(reason: string): Reason {
  return Object.hasOwn(REASONS, reason) ? (reason as Reason) : 'Pending';
}
