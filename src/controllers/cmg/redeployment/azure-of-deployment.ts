import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../../azure/arm-client.ts';
import type { AzureSession } from '../azure-access.ts';
import { readCredentials } from '../credentials.ts';
import { goOn, type StepResult } from '../finding.ts';
import { isNamespaceBeingDeleted } from '../retain.ts';
import type { Scope } from '../scope.ts';

/** Azure where a deployment is, with the credentials that it is looked after with. */
export async function azureOf(scope: Scope, deployment: CMGStatusDeployment): Promise<StepResult<ArmClient>> {
  const session = await sessionOf(scope, deployment);
  return session.kind === 'Halt' ? session : goOn(session.value.arm);
}

/**
 * The same, as whom it is used too. In a namespace that is being deleted the Secret of the credentials goes at the same time as the
 * CMG, and says nothing about what a person wants: Azure is then used as whom it was used last.
 */
export async function sessionOf(
  scope: Scope,
  { identity }: Pick<CMGStatusDeployment, 'identity'>,
): Promise<StepResult<AzureSession>> {
  const { azure, memory } = scope;
  const { environment, subscriptionId, tenantId } = identity;
  const credentials = await readCredentials(scope, tenantId);
  if (credentials.kind === 'Continue') {
    return goOn(azure.connect(environment, subscriptionId, credentials.value.credentials));
  }
  return memory.credential !== undefined && (await isNamespaceBeingDeleted(scope))
    ? goOn(azure.connectAs(environment, subscriptionId, memory.credential))
    : credentials;
}
