import type { ArmClient } from '../../azure/arm-client.ts';
import { ArmError } from '../../azure/errors.ts';
import { deletedVault } from '../../azure/name-availability.ts';
import { sameResourceId } from '../../azure/resource-id.ts';
import { API_VERSIONS } from '../../gateway/api-versions.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { resourceIds } from '../../gateway/ids.ts';
import { describeProblem } from './azure-problem.ts';
import type { Happening } from './report.ts';
import { type ResourcesInput, rememberFailure } from './resources.ts';
import type { Scope } from './scope.ts';

/** Key under which it is remembered that the deleted vault could not be purged. */
export const DELETED_VAULT = 'deletedVault';

/** How often a refusal that should pass is taken; the CMG is not to wait for long for a mere convenience. */
const MOST_REFUSALS = 6;

/** What became of a deleted vault: all that can be done has been done, or it is tried again as the memory says. */
export type Purge = { readonly kind: 'Over'; readonly happenings: readonly Happening[] } | { readonly kind: 'NotYet' };

/**
 * Frees the name of the gateway's deleted vault, which Azure would hold for days. A convenience: where it is not allowed,
 * an event says what a person can do, and the removal is complete all the same. While Azure does not answer it is waited for.
 */
export async function purgeDeletedVault(
  { signal, memory, clock }: Scope,
  input: ResourcesInput,
  deployment: GatewayDeployment,
): Promise<Purge> {
  const { subscriptionId, region, prefix } = deployment;
  const removed: Happening = {
    type: 'Normal',
    reason: 'Deleted',
    action: 'Delete',
    note: `The gateway ${deployment.serviceName} has been removed from Azure.`,
  };
  if (memory.vaultPurgedAt !== undefined) {
    return { kind: 'Over', happenings: [removed] };
  }
  if ((memory.failures.get(DELETED_VAULT)?.notBefore ?? 0) > clock.now()) {
    return { kind: 'NotYet' };
  }
  try {
    const vault = await deletedVault(input.arm, region, prefix, { signal });
    if (vault === undefined || vault.purgeProtected || !sameResourceId(vault.vaultId, resourceIds(deployment).vault)) {
      return { kind: 'Over', happenings: [removed] };
    }
    const id = `/subscriptions/${subscriptionId}/providers/Microsoft.KeyVault/locations/${region}/deletedVaults/${prefix}`;
    await input.arm.post(`${id}/purge`, API_VERSIONS.keyVault, undefined, { signal });
    memory.vaultPurgedAt = clock.now();
    return { kind: 'Over', happenings: [removed] };
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    rememberFailure(input, DELETED_VAULT, 'Write', error);
    if (isWorthAnotherTry(error, memory.failures.get(DELETED_VAULT)?.attempt ?? 1)) {
      return { kind: 'NotYet' };
    }
    const note = `The deleted key vault ${prefix} still holds its name: ${error.message} To free it: az keyvault purge --name ${prefix} --location ${region}`;
    return {
      kind: 'Over',
      happenings: [removed, { type: 'Warning', reason: 'VaultNotPurged', action: 'Delete', note }],
    };
  }
}

/** Azure takes less for a purge. What it has not done by then, the preflight of the next gateway tells. */
const LONGEST_PURGE_MS = 10 * 60_000;

/**
 * Whether Azure still holds the name of the gateway's vault, which it has been told to purge: it does so after it has answered.
 * While it does not answer, that is not known, and counts as held.
 */
export async function isBeingPurged(
  { signal, memory, clock }: Scope,
  arm: ArmClient,
  { region, prefix }: GatewayDeployment,
): Promise<boolean> {
  const { vaultPurgedAt } = memory;
  if (vaultPurgedAt === undefined || clock.now() - vaultPurgedAt > LONGEST_PURGE_MS) {
    return false;
  }
  try {
    return (await deletedVault(arm, region, prefix, { signal })) !== undefined;
  } catch (error) {
    if (error instanceof ArmError) {
      return true;
    }
    throw error;
  }
}

function isWorthAnotherTry(error: ArmError, attempt: number): boolean {
  const unanswered = error.class === 'Server' || error.class === 'Throttled';
  return unanswered || (describeProblem('', error).passing && attempt < MOST_REFUSALS);
}
