import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { ArmError } from '../../../azure/errors.ts';
import type { ObservedMark } from '../../../redeployment/observed.ts';
import { isOthers } from '../../../redeployment/others.ts';
import type { Scope } from '../scope.ts';
import { azureOf } from './azure-of-deployment.ts';
import { lookAtOthers } from './look-at-others.ts';
import { readMark } from './mark.ts';

/** The tags of deployments, read anew. */
export async function marksNow(
  scopes: ReadonlyMap<string, Scope>,
  deployments: readonly CMGStatusDeployment[],
): Promise<ReadonlyMap<string, ObservedMark>> {
  const marks = await Promise.all(
    deployments.map(async (deployment) => {
      const scope = scopes.get(deployment.id);
      const mark: ObservedMark = scope === undefined ? { kind: 'Unknown' } : await markNow(scope, deployment);
      return [deployment.id, mark] as const;
    }),
  );
  return new Map(marks);
}

async function markNow(scope: Scope, deployment: CMGStatusDeployment): Promise<ObservedMark> {
  if (isOthers(deployment)) {
    return (await lookAtOthers(scope, deployment)).observed.mark;
  }
  const azure = await azureOf(scope, deployment);
  if (azure.kind === 'Halt') {
    return { kind: 'Unknown' };
  }
  try {
    return await readMark(scope, azure.value, deployment);
  } catch (error) {
    if (error instanceof ArmError) {
      return { kind: 'Unknown' };
    }
    throw error;
  }
}
