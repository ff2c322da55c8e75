import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../../azure/arm-client.ts';
import { ArmError } from '../../../azure/errors.ts';
import { allows, readPermissions } from '../../../azure/permissions.ts';
import { API_VERSIONS } from '../../../gateway/api-versions.ts';
import type { GatewayDeployment } from '../../../gateway/deployment.ts';
import { resourceIds } from '../../../gateway/ids.ts';
import { PURGE_VAULT, REQUIRED_PERMISSIONS } from '../../../gateway/required-permissions.ts';
import { isJsonObject } from '../../../json.ts';
import { isOthers } from '../../../redeployment/others.ts';
import { describeProblem } from '../azure-problem.ts';
import { recordedGateway } from '../deployment.ts';
import { goOn, type StepResult } from '../finding.ts';
import type { PreflightProblem } from '../preflight.ts';
import { notMet } from '../prerequisites.ts';
import { groupGoesToo } from '../remove.ts';
import type { Scope } from '../scope.ts';
import { azureOf } from './azure-of-deployment.ts';

/** What becomes free with a gateway whose names another one is to have. */
export interface FreedByHolder {
  /** Its resource group goes with it. */
  readonly group: boolean;
}

/**
 * Whether a gateway that is to be deleted before the next one is made would give its names back at once. Azure keeps the
 * name of a deleted vault for days, unless the vault may be purged. One that the site made goes by the site's rights, and what
 * becomes of its group is the site's affair.
 */
export async function checkNamesHolder(scope: Scope, holder: CMGStatusDeployment): Promise<StepResult<FreedByHolder>> {
  const azure = await azureOf(scope, holder);
  if (azure.kind === 'Halt') {
    return azure;
  }
  const arm = azure.value;
  const gateway = recordedGateway(scope.cmg, holder, scope);
  try {
    const [problems, group] = isOthers(holder)
      ? [await vaultProblems(scope, arm, gateway), false]
      : await Promise.all([holderProblems(scope, arm, gateway), groupGoesToo(arm, gateway, scope.signal)]);
    return problems.length > 0 ? notMet(scope, problems) : goOn({ group });
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    const what = `Asking whether ${holder.serviceName} would free its names`;
    return notMet(scope, [{ ...describeProblem(what, error), retryAfterMs: error.retryAfterMs }]);
  }
}

async function vaultProblems(
  { signal }: Scope,
  arm: ArmClient,
  gateway: GatewayDeployment,
): Promise<readonly PreflightProblem[]> {
  const found = await arm.get(resourceIds(gateway).vault, API_VERSIONS.keyVault, { signal });
  const properties = found.kind === 'Present' ? found.resource.properties : undefined;
  const isProtected = isJsonObject(properties) && properties.enablePurgeProtection === true;
  return isProtected ? [purgeProtected(gateway)] : [];
}

async function holderProblems(
  scope: Scope,
  arm: ArmClient,
  gateway: GatewayDeployment,
): Promise<readonly PreflightProblem[]> {
  const { signal } = scope;
  const { resourceGroup } = resourceIds(gateway);
  const subscription = `/subscriptions/${gateway.subscriptionId}`;
  const [problems, atGroup, atSubscription] = await Promise.all([
    vaultProblems(scope, arm, gateway),
    readPermissions(arm, resourceGroup, { signal }),
    readPermissions(arm, subscription, { signal }),
  ]);
  const deletions = REQUIRED_PERMISSIONS.map(({ action }) => action).filter(isDeletionIn(gateway));
  const missing = [
    ...deletions.filter((action) => !allows(atGroup, action)).map((action) => `${action} at ${resourceGroup}`),
    ...(allows(atSubscription, PURGE_VAULT) ? [] : [`${PURGE_VAULT} at ${subscription}`]),
  ];
  return [...problems, ...(missing.length > 0 ? [mayNotDelete(missing)] : [])];
}

function isDeletionIn({ resourceGroup }: GatewayDeployment): (action: string) => boolean {
  const isGroups = (action: string) => /resourceGroups\/delete$/.test(action);
  return (action) => action.endsWith('/delete') && (resourceGroup.mode === 'Create' || !isGroups(action));
}

function purgeProtected({ prefix, serviceName }: GatewayDeployment): PreflightProblem {
  const message = `The gateway ${serviceName} is kept: its key vault ${prefix} has purge protection, so that Azure would hold the name for days after its deletion, and no gateway could take its place. Choose a service name with another first label.`;
  return { reason: 'VaultPurgeProtected', message, passing: false };
}

function mayNotDelete(missing: readonly string[]): PreflightProblem {
  const message = `The gateway that holds the names could not be removed to the end, as the application lacks: ${missing.join(', ')}. Assign it a role that has them; docs/azure-permissions.md lists all.`;
  return { reason: 'AuthorizationFailed', message, passing: false };
}
