import type { ArmClient } from '../../azure/arm-client.ts';
import { ArmError } from '../../azure/errors.ts';
import { deletedVault } from '../../azure/name-availability.ts';
import { sameResourceId } from '../../azure/resource-id.ts';
import { API_VERSIONS } from '../../gateway/api-versions.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { resourceIds } from '../../gateway/ids.ts';
import type { Happening } from './report.ts';
import type { Scope } from './scope.ts';

/**
 * Frees the name of the gateway's deleted vault, which Azure would hold for days. A convenience: where it is not allowed,
 * an event says what a person can do, and the removal is complete all the same.
 */
export async function purgeDeletedVault(
  { signal }: Scope,
  arm: ArmClient,
  deployment: GatewayDeployment,
): Promise<readonly Happening[]> {
  const { subscriptionId, region, prefix } = deployment;
  const removed: Happening = {
    type: 'Normal',
    reason: 'Deleted',
    action: 'Delete',
    note: `The gateway ${deployment.serviceName} has been removed from Azure.`,
  };
  try {
    const vault = await deletedVault(arm, region, prefix, { signal });
    if (vault === undefined || vault.purgeProtected || !sameResourceId(vault.vaultId, resourceIds(deployment).vault)) {
      return [removed];
    }
    const id = `/subscriptions/${subscriptionId}/providers/Microsoft.KeyVault/locations/${region}/deletedVaults/${prefix}`;
    await arm.post(`${id}/purge`, API_VERSIONS.keyVault, undefined, { signal });
    return [removed];
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    const note = `The deleted key vault ${prefix} still holds its name: ${error.message} To free it: az keyvault purge --name ${prefix} --location ${region}`;
    return [removed, { type: 'Warning', reason: 'VaultNotPurged', action: 'Delete', note }];
  }
}
