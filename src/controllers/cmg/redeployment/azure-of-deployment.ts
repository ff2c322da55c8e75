import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../../azure/arm-client.ts';
import { readCredentials } from '../credentials.ts';
import { goOn, type StepResult } from '../finding.ts';
import type { Scope } from '../scope.ts';

/** Azure where a deployment is, with the credentials that it is looked after with. */
export async function azureOf(scope: Scope, { identity }: CMGStatusDeployment): Promise<StepResult<ArmClient>> {
  const { environment, subscriptionId, tenantId } = identity;
  const credentials = await readCredentials(scope, tenantId);
  return credentials.kind === 'Halt'
    ? credentials
    : goOn(scope.azure.connect(environment, subscriptionId, credentials.value.credentials).arm);
}
