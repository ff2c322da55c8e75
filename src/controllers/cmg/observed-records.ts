import type { CMG, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../azure/arm-client.ts';
import { ArmError } from '../../azure/errors.ts';
import { resourceGroupId } from '../../azure/resource-id.ts';
import { API_VERSIONS } from '../../gateway/api-versions.ts';
import { isOthers } from '../../redeployment/others.ts';
import { identityChanges } from './deployment.ts';
import type { CommonScope } from './scope.ts';

/** What the status has of the gateways of a CMG that is only observed. */
export type RecordedGateways =
  | {
      readonly kind: 'Here';
      /** The one that the spec names; `undefined`: it is seen for the first time. */
      readonly observed: CMGStatusDeployment | undefined;
      /** Those that a redeployment has left beside it. */
      readonly beside: readonly CMGStatusDeployment[];
    }
  /** The operator made a gateway, and the spec names another one. */
  | { readonly kind: 'Elsewhere'; readonly changes: readonly string[] };

/** Which of the recorded gateways the spec names. What others made is recorded anew where the spec names another one. */
export function recordedGateways(cmg: CMG): RecordedGateways {
  const deployments = cmg.status?.deployments ?? [];
  const named = deployments.find((record) => identityChanges(cmg, record).length === 0);
  const own = deployments.find((record) => !isOthers(record));
  if (named === undefined && own !== undefined) {
    return { kind: 'Elsewhere', changes: identityChanges(cmg, own) };
  }
  const observed = named ?? deployments[0];
  return { kind: 'Here', observed, beside: deployments.filter((record) => record !== observed) };
}

/**
 * The gateways beside the observed one that there still are. One that the operator made is forgotten once somebody has
 * deleted its resource group: its record is what it is found and removed by.
 */
export async function otherDeployments(
  { signal }: CommonScope,
  arm: ArmClient,
  { beside }: Extract<RecordedGateways, { kind: 'Here' }>,
): Promise<readonly CMGStatusDeployment[]> {
  const left = await Promise.all(
    beside.map(async (record) => ((await isGroupGone(arm, record, signal)) ? [] : [record])),
  );
  return left.flat();
}

async function isGroupGone(arm: ArmClient, { identity }: CMGStatusDeployment, signal: AbortSignal): Promise<boolean> {
  const id = resourceGroupId(identity.subscriptionId, identity.resourceGroup);
  try {
    return (await arm.get(id, API_VERSIONS.resourceGroups, { signal })).kind === 'Absent';
  } catch (error) {
    if (error instanceof ArmError) {
      return false;
    }
    throw error;
  }
}
