import { ArmError } from '../../../azure/errors.ts';
import { API_VERSIONS } from '../../../gateway/api-versions.ts';
import { resourceIds } from '../../../gateway/ids.ts';
import { describeProblem } from '../azure-problem.ts';
import { readCredentials } from '../credentials.ts';
import { recordedGateway } from '../deployment.ts';
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
  const credentials = await readCredentials(own, deployment.identity.tenantId);
  if (credentials.kind === 'Halt') {
    return credentials.findings.map(({ message }) => message).join(' ');
  }
  const { environment, subscriptionId } = deployment.identity;
  const { arm } = own.azure.connect(environment, subscriptionId, credentials.value.credentials);
  const { scaleSet } = resourceIds(recordedGateway(own.cmg, deployment, own));
  try {
    await arm.post(`${scaleSet}/deallocate`, API_VERSIONS.compute, {}, { signal: own.signal });
    return undefined;
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    return describeProblem(`Stopping ${deployment.serviceName}`, error).message;
  }
}
