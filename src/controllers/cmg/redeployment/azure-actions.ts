import { ArmError } from '../../../azure/errors.ts';
import { API_VERSIONS } from '../../../gateway/api-versions.ts';
import { resourceIds } from '../../../gateway/ids.ts';
import { describeProblem } from '../azure-problem.ts';
import { recordedGateway } from '../deployment.ts';
import { azureOf } from './azure-of-deployment.ts';
import type { Round } from './observe-all.ts';
import type { DeploymentsInput } from './reconcile.ts';

/**
 * Has Azure stop the VMs of a deployment and give their hardware back. What came of it is seen in a later round, which asks
 * again where it still runs.
 *
 * @returns why it is not stopped, in sentences; `undefined` where Azure has accepted it
 */
export async function stopDeployment(
  { scope }: DeploymentsInput,
  { scopes }: Round,
  id: string,
): Promise<string | undefined> {
  const own = scopes.get(id);
  const deployment = scope.cmg.status?.deployments?.find((each) => each.id === id);
  if (own === undefined || deployment === undefined) {
    return undefined;
  }
  const azure = await azureOf(own, deployment);
  if (azure.kind === 'Halt') {
    return azure.findings.map(({ message }) => message).join(' ');
  }
  const { scaleSet } = resourceIds(recordedGateway(own.cmg, deployment, own));
  try {
    await azure.value.post(`${scaleSet}/deallocate`, API_VERSIONS.compute, {}, { signal: own.signal });
    return undefined;
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    return describeProblem(`Stopping ${deployment.serviceName}`, error).message;
  }
}
