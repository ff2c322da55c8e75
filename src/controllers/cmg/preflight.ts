import type { Reason } from '../../api/v1alpha1/conditions.ts';
import { computeUsages, skuAvailability } from '../../azure/compute-skus.ts';
import type { ResourceKey } from '../../azure/desired-resource.ts';
import { ArmError } from '../../azure/errors.ts';
import {
  deletedVault,
  dnsLabelAvailability,
  type NameAvailability,
  storageAccountNameAvailability,
  vaultNameAvailability,
} from '../../azure/name-availability.ts';
import { allows, type Permission, readPermissions } from '../../azure/permissions.ts';
import { providerState, registerProvider } from '../../azure/provider-registration.ts';
import { normaliseLocation } from '../../azure/resource-id.ts';
import type { ResourceState } from '../../azure/resource-plan.ts';
import { readLocations, readSubscription } from '../../azure/subscriptions.ts';
import { API_VERSIONS } from '../../gateway/api-versions.ts';
import { type GatewayDeployment, storageAccountName } from '../../gateway/deployment.ts';
import { resourceIds } from '../../gateway/ids.ts';
import { REQUIRED_PERMISSIONS, REQUIRED_PROVIDERS } from '../../gateway/required-permissions.ts';
import { isOwnedBy } from '../../gateway/tags.ts';
import type { AzureSession } from './azure-access.ts';
import { describeProblem } from './azure-problem.ts';
import type { Scope } from './scope.ts';

/** Something that has to be in order before the first write, and is not. */
export interface PreflightProblem {
  readonly reason: Reason;
  readonly message: string;
  /** Whether waiting is enough. */
  readonly passing: boolean;
  /** How long Azure asks to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** One preflight: which of the gateway's own resources exist already decides what is worth asking. */
export interface PreflightInput {
  readonly scope: Scope;
  readonly session: AzureSession;
  readonly deployment: GatewayDeployment;
  /** Keys of the graph that are known to be missing; only their names and cores are asked for. */
  readonly missing: ReadonlySet<ResourceKey>;
  /** The resource group where it has been read already, which is so when it is to be the gateway's own. */
  readonly group: ResourceState | undefined;
  /** Whether nothing has ever been written for this gateway. */
  readonly first: boolean;
  /** Whether a person has consented to take over what exists under the gateway's names. */
  readonly adopting: boolean;
}

type Check = (input: PreflightInput) => Promise<readonly PreflightProblem[]>;

/** Everything that can be known before the first write. All problems are told at once. */
export async function preflight(input: PreflightInput): Promise<readonly PreflightProblem[]> {
  const first = await attempt('Signing in to Azure', checkSubscription, input);
  if (first.length > 0) {
    return first;
  }
  const checks: readonly (readonly [string, Check])[] = [
    ['Reading the permissions of the application', checkPermissions],
    ['Reading the registered resource providers', checkProviders],
    ['Reading the regions and VM sizes', checkRegionAndSize],
    ['Reading the resource group', checkResourceGroup],
  ];
  const found = await Promise.all(checks.map(([what, check]) => attempt(what, check, input)));
  const problems = found.flat();
  return problems.length > 0 ? problems : attempt('Asking whether the names are free', checkNames, input);
}

async function attempt(what: string, check: Check, input: PreflightInput): Promise<readonly PreflightProblem[]> {
  try {
    return await check(input);
  } catch (error) {
    if (error instanceof ArmError) {
      return [{ ...describeProblem(what, error), retryAfterMs: error.retryAfterMs }];
    }
    throw error;
  }
}

function problem(reason: Reason, message: string): PreflightProblem {
  return { reason, message, passing: false };
}

async function checkSubscription({ session, scope }: PreflightInput) {
  const { displayName, state } = await readSubscription(session.arm, { signal: scope.signal });
  const usable = ['Enabled', 'Warned', 'PastDue'].includes(state);
  return usable
    ? []
    : [
        problem(
          'SubscriptionDisabled',
          `The subscription ${displayName} (${session.arm.subscriptionId}) is ${state} and takes no changes. Enable it in Azure, or choose another one.`,
        ),
      ];
}

async function checkPermissions({ session, deployment, scope }: PreflightInput) {
  const { mode } = deployment.resourceGroup;
  const at = mode === 'Create' ? `/subscriptions/${deployment.subscriptionId}` : resourceIds(deployment).resourceGroup;
  let permissions: readonly Permission[];
  try {
    permissions = await readPermissions(session.arm, at, { signal: scope.signal });
  } catch (error) {
    if (error instanceof ArmError && error.code === 'ResourceGroupNotFound') {
      return [];
    }
    throw error;
  }
  const missing = REQUIRED_PERMISSIONS.filter(
    ({ action, onlyWithOwnGroup }) => (mode === 'Create' || onlyWithOwnGroup !== true) && !allows(permissions, action),
  ).map(({ action }) => action);
  return missing.length === 0
    ? []
    : [
        problem(
          'AuthorizationFailed',
          `The application ${session.credential.principal.split('/')[1]} lacks ${missing.length} of the needed permissions at ${at}: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}. Assign it a role that has them; docs/azure-permissions.md lists all.`,
        ),
      ];
}

async function checkProviders({ session, scope }: PreflightInput): Promise<readonly PreflightProblem[]> {
  const { arm } = session;
  const states = await Promise.all(
    REQUIRED_PROVIDERS.map(async (namespace) => ({
      namespace,
      state: await providerState(arm, scope.azure.sharedReads, namespace),
    })),
  );
  const missing = states.filter(({ state }) => state !== 'Registered');
  return Promise.all(
    missing.map(async ({ namespace, state }): Promise<PreflightProblem> => {
      try {
        if (state === 'NotRegistered') {
          await registerProvider(arm, namespace, { signal: scope.signal });
        }
        return {
          reason: 'RegisteringProviders',
          message: `Azure is registering the resource provider ${namespace} in the subscription.`,
          passing: true,
        };
      } catch (error) {
        if (error instanceof ArmError && error.class === 'NeedsAdministrator') {
          return problem(
            'ProviderNotRegistered',
            `The resource provider ${namespace} is not registered in the subscription, and the application may not register it: ${error.message} Ask a contributor of the subscription to run: az provider register --namespace ${namespace} --subscription ${arm.subscriptionId}`,
          );
        }
        throw error;
      }
    }),
  );
}

async function checkRegionAndSize({ session, deployment, scope, missing }: PreflightInput) {
  const { region, vmSku, instances } = deployment;
  const reads = scope.azure.sharedReads;
  const locations = await readLocations(session.arm, reads);
  if (!locations.has(normaliseLocation(region))) {
    return [
      problem(
        'RegionNotFound',
        `The subscription has no region ${region}. Correct spec.azure.region; az account list-locations -o table lists the names.`,
      ),
    ];
  }
  const availability = await skuAvailability(session.arm, reads, region, vmSku);
  if (availability.kind !== 'Available') {
    const why =
      availability.kind === 'Restricted'
        ? `not available to this subscription (${availability.reason})`
        : 'not offered';
    return [
      problem(
        'SkuNotAvailable',
        `The VM size ${vmSku} is ${why} in ${region}. Choose another spec.vm.size, or size Custom with a sku from: az vm list-skus --location ${region} --resource-type virtualMachines -o table`,
      ),
    ];
  }
  if (!missing.has('scaleSet')) {
    return [];
  }
  const { family, vCpus } = availability.sku;
  const needed = vCpus * instances;
  const usages = await computeUsages(session.arm, region, { signal: scope.signal });
  const short = [family, 'cores'].find((name) => {
    const usage = usages.get(name.toLowerCase());
    return usage !== undefined && usage.used + needed > usage.limit;
  });
  return short === undefined ? [] : [quotaProblem(deployment, needed, short, usages.get(short.toLowerCase()))];
}

function quotaProblem(
  { region, vmSku, instances }: GatewayDeployment,
  needed: number,
  quota: string,
  usage: { readonly used: number; readonly limit: number } | undefined,
): PreflightProblem {
  return problem(
    'QuotaExceeded',
    `${instances} x ${vmSku} need ${needed} cores in ${region}, but of the quota ${quota} ${usage?.used} of ${usage?.limit} are in use. Ask for more in the Azure portal (Quotas), or choose fewer or smaller VMs.`,
  );
}

async function checkResourceGroup(input: PreflightInput) {
  const { resourceGroup, region, owner } = input.deployment;
  const group = await resourceGroupOf(input);
  const { name, mode } = resourceGroup;
  if (group.kind === 'Absent') {
    return mode === 'Create'
      ? []
      : [
          problem(
            'ResourceGroupNotFound',
            `The resource group ${name} does not exist. Create it in ${region}, or set spec.azure.resourceGroup.mode to Create.`,
          ),
        ];
  }
  const location = normaliseLocation(String(group.resource.location ?? ''));
  if (location !== normaliseLocation(region)) {
    return [
      problem(
        'ResourceGroupLocationMismatch',
        `The resource group ${name} lies in ${location}, but spec.azure.region is ${region}, and a gateway must be provisioned in the region of its group. Choose another group, or its region.`,
      ),
    ];
  }
  return mode === 'UseExisting' || input.adopting || isOwnedBy(group.resource.tags, owner)
    ? []
    : [
        problem(
          'ResourceNotOwned',
          `The resource group ${name} exists already and does not belong to this CMG. Choose another name, or set spec.azure.resourceGroup.mode to UseExisting.`,
        ),
      ];
}

async function resourceGroupOf({ session, deployment, scope, group }: PreflightInput) {
  const known = group?.kind === 'Unobserved' ? undefined : group;
  const id = resourceIds(deployment).resourceGroup;
  return known ?? (await session.arm.get(id, API_VERSIONS.resourceGroups, { signal: scope.signal }));
}

/**
 * Once something may have been written, a name that is not free may be held by a resource of our own that Azure is still
 * making, so that only a deleted vault is asked for; the refusal of a write tells of the others.
 */
async function checkNames({ session, deployment, scope, missing, first }: PreflightInput) {
  const { arm } = session;
  const { region, prefix } = deployment;
  const options = { signal: scope.signal };
  const ask = async (key: string, what: string, question: () => Promise<NameAvailability>) => {
    const answer = first && missing.has(key) ? await question() : { kind: 'Available' as const };
    return answer.kind === 'Available'
      ? []
      : [
          problem(
            'NameTaken',
            `The name of the ${what} is not free: ${answer.message} It follows from the first label of spec.serviceName; choose a service name with another one.`,
          ),
        ];
  };
  const askForVault = async () => {
    const taken = await ask('vault', 'key vault', () => vaultNameAvailability(arm, prefix, options));
    // A deleted vault holds its name too, and then there is more to say than that it is taken.
    const mayBeDeleted = missing.has('vault') && (!first || taken.length > 0);
    const vault = mayBeDeleted ? await deletedVault(arm, region, prefix, options) : undefined;
    return vault === undefined ? taken : [softDeleted(vault, prefix, region)];
  };
  const found = await Promise.all([
    askForVault(),
    ask('storageAccount', 'storage account', () =>
      storageAccountNameAvailability(arm, storageAccountName(prefix), options),
    ),
    ask('publicIpAddress', 'DNS label', () => dnsLabelAvailability(arm, region, prefix, options)),
  ]);
  return found.flat();
}

function softDeleted(
  { scheduledPurgeDate, purgeProtected }: { scheduledPurgeDate: string | undefined; purgeProtected: boolean },
  name: string,
  region: string,
): PreflightProblem {
  const until = scheduledPurgeDate === undefined ? '' : ` until ${scheduledPurgeDate.slice(0, 10)}`;
  return problem(
    'VaultSoftDeleted',
    purgeProtected
      ? `A deleted key vault still holds the name ${name}${until}, and purge protection forbids to remove it earlier. Choose a service name with another first label, or recover the vault.`
      : `A deleted key vault still holds the name ${name}${until}. If nobody needs it any more, run: az keyvault purge --name ${name} --location ${region}`,
  );
}
