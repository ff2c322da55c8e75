import { ArmError } from '../../../azure/errors.ts';
import { API_VERSIONS } from '../../../gateway/api-versions.ts';
import { resourceIds } from '../../../gateway/ids.ts';
import { readCredentials } from '../credentials.ts';
import { recordedGateway } from '../deployment.ts';
import type { Round } from './observe-all.ts';
import type { DeploymentsInput } from './reconcile.ts';

/** Has Azure stop the VMs of a deployment and give their hardware back. What came of it is seen in a later round. */
export async function stopDeployment({ scope }: DeploymentsInput, { scopes }: Round, id: string): Promise<void> {
  const own = scopes.get(id);
  const deployment = scope.cmg.status?.deployments?.find((each) => each.id === id);
  if (own === undefined || deployment === undefined) {
    return;
  }
  const credentials = await readCredentials(own, deployment.identity.tenantId);
  if (credentials.kind === 'Halt') {
    return;
  }
  const { environment, subscriptionId } = deployment.identity;
  const { arm } = own.azure.connect(environment, subscriptionId, credentials.value.credentials);
  const { scaleSet } = resourceIds(recordedGateway(own.cmg, deployment, own));
  try {
    await arm.post(`${scaleSet}/deallocate`, API_VERSIONS.compute, {}, { signal: own.signal });
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    // That it still runs is seen in the next round, which asks again.
    own.logger.warn({ err: error }, `Azure did not stop the gateway ${deployment.serviceName}. ${error.message}`);
  }
}
