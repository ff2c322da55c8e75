import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../../azure/arm-client.ts';
import { API_VERSIONS } from '../../../gateway/api-versions.ts';
import type { GatewayDeployment } from '../../../gateway/deployment.ts';
import { resourceIds } from '../../../gateway/ids.ts';
import { markOf } from '../../../gateway/mark.ts';
import { clusterThatTook } from '../../../gateway/tags.ts';
import type { ObservedMark } from '../../../redeployment/observed.ts';
import { recordedGateway } from '../deployment.ts';
import type { Scope } from '../scope.ts';
import { recordOf } from './records.ts';

/** The mark of a deployment, as the procedure last saw it in the tags of its identity. */
export function markInAzure(scope: Scope, deployment: CMGStatusDeployment): ObservedMark {
  const gateway = recordedGateway(scope.cmg, deployment, scope);
  const state = scope.memory.observations.get(resourceIds(gateway).identity)?.state;
  switch (state?.kind) {
    case 'Present':
      return ofTags(scope, deployment, state.resource.tags);
    case 'Absent':
      return { kind: 'None' };
    default:
      return { kind: 'Unknown' };
  }
}

/** The same, read anew. @throws ArmError */
export async function readMark(
  scope: Scope,
  arm: Pick<ArmClient, 'get'>,
  deployment: CMGStatusDeployment,
): Promise<ObservedMark> {
  return (await readOwner(scope, arm, deployment)).mark;
}

/**
 * The same, and the other cluster that has taken the gateway over, by the UID of its namespace `kube-system`.
 *
 * @throws ArmError
 */
export async function readOwner(
  scope: Scope,
  arm: Pick<ArmClient, 'get'>,
  deployment: CMGStatusDeployment,
): Promise<{ readonly mark: ObservedMark; readonly otherCluster?: string }> {
  const gateway = recordedGateway(scope.cmg, deployment, scope);
  const found = await arm.get(resourceIds(gateway).identity, API_VERSIONS.managedIdentity, { signal: scope.signal });
  if (found.kind === 'Absent') {
    return { mark: { kind: 'None' } };
  }
  const { tags } = found.resource;
  const mark = ofTags(scope, deployment, tags);
  const otherCluster = clusterThatTook(tags, gateway.owner);
  return otherCluster === undefined ? { mark } : { mark, otherCluster };
}

function ofTags(scope: Scope, deployment: CMGStatusDeployment, tags: unknown): ObservedMark {
  const gateway = recordedGateway(scope.cmg, deployment, scope);
  const found = { id: resourceIds(gateway).identity, location: deployment.identity.region, tags };
  return markOf(found, { owner: gateway.owner, deploymentId: deployment.id, serviceName: deployment.serviceName });
}

/** What is written into the tags of a deployment. Its certificate and credentials are told as they were last used for it. */
export function markOfDeployment(deployment: CMGStatusDeployment): NonNullable<GatewayDeployment['mark']> {
  const { identity, serviceName, served, wantedSince, wantedOrder } = recordOf(deployment);
  const { serverCertificate, credentials, certificate } = deployment;
  return {
    identity,
    serviceName,
    served,
    wantedSince,
    wantedOrder,
    ...(serverCertificate === undefined ? {} : { serverCertificate }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(certificate === undefined ? {} : { madeWith: madeWithOf(certificate) }),
  };
}

/** What every renewed certificate is like, so that the tags are not written with each. */
function madeWithOf({ commonName, organization, trust }: NonNullable<CMGStatusDeployment['certificate']>) {
  return { commonName, ...(organization === undefined ? {} : { organization }), trust };
}
