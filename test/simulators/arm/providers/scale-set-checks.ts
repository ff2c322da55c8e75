import type { JsonObject } from '../../../../src/json.ts';
import { type ArmErrorBody, ArmFault } from '../arm-fault.ts';
import { objectAt, objectsAt, replaceAt, textAt, valueAt } from '../json-path.ts';
import type { WriteRequest } from '../provider.ts';
import type { StoredResource, World } from '../world.ts';
import { resolveReference, withCheckedReferences } from './references.ts';
import type { ExtensionFailure } from './scale-set-extensions.ts';
import { immutableChange } from './scale-set-model.ts';
import { type ScaleSetState, scaleSetState } from './scale-set-state.ts';
import { findSecret } from './vault-secrets.ts';

/** What Azure refuses of a scale set, at once or while it works. */

const PROFILE = 'properties.virtualMachineProfile';

/** Distinct models that the VMs of one scale set may stand on. */
const MODEL_LIMIT = 10;

/** Refuses a new scale set that lacks what no VM can do without. */
export function refuseIncomplete(model: JsonObject): void {
  const required = [
    'sku.name',
    'sku.capacity',
    'properties.upgradePolicy',
    PROFILE,
    `${PROFILE}.storageProfile`,
    `${PROFILE}.osProfile.computerNamePrefix`,
    `${PROFILE}.osProfile.adminUsername`,
    `${PROFILE}.networkProfile.networkInterfaceConfigurations`,
  ];
  const missing = required.find((path) => valueAt(model, path) === undefined);
  if (missing !== undefined) throw missingParameter(missing);
  const windows = valueAt(model, `${PROFILE}.osProfile.windowsConfiguration`) !== undefined;
  if (windows && valueAt(model, `${PROFILE}.osProfile.adminPassword`) === undefined)
    throw missingParameter('osProfile.adminPassword');
}

function missingParameter(path: string): ArmFault {
  const name = path.replace(/^properties\./, '').replace(/^virtualMachineProfile\./, '');
  return new ArmFault(400, 'InvalidParameter', `Required parameter '${name}' is missing (null).`, { target: name });
}

/** Refuses to change what is fixed when a scale set is made. */
export function refuseImmutableChange(before: JsonObject, after: JsonObject): void {
  const name = immutableChange(before, after);
  if (name === undefined) return;
  throw new ArmFault(409, 'PropertyChangeNotAllowed', `Changing property '${name}' is not allowed.`, { target: name });
}

/** Refuses a model when the VMs stand on ten others already. */
export function refuseTooManyModels(name: string, state: ScaleSetState, fingerprint: string): void {
  const models = new Set([...state.instances.map((instance) => instance.modelFingerprint), fingerprint]);
  if (models.size <= MODEL_LIMIT) return;
  throw new ArmFault(
    409,
    'OperationNotAllowed',
    `Virtual Machine Scale Set '${name}' has reached its limit of ${MODEL_LIMIT} models that may be referenced by one or more VMs belonging to the Virtual Machine Scale Set. Upgrade the VMs to the latest model of the Virtual Machine Scale Set before trying again.`,
  );
}

/** Refuses a VM size that the region does not have, and more cores than the quota allows. */
export function refuseUnavailableSize(
  { world, subscriptionId, current }: Pick<WriteRequest, 'world' | 'subscriptionId' | 'current'>,
  next: JsonObject,
): void {
  const name = textAt(next, 'sku.name') ?? '';
  const location = String(next.location);
  const size = world.vmSize(name);
  if (size === undefined) {
    throw new ArmFault(
      400,
      'InvalidParameter',
      `The value ${name} provided for the VM size is not valid. Please refer to https://aka.ms/azure-vm-sizes for the sizes of the region.`,
      { target: 'vmSize' },
    );
  }
  if (name !== textAt(current?.document, 'sku.name') && world.sizeAvailability(name, location) !== 'Available') {
    throw new ArmFault(
      409,
      'SkuNotAvailable',
      `The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: ${name}' is currently not available in location '${location}'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details.`,
    );
  }
  const before = world.vmSize(textAt(current?.document, 'sku.name') ?? '');
  const held = (before?.vCpus ?? 0) * capacityOf(current?.document);
  const wanted = size.vCpus * capacityOf(next);
  const place = { world, subscriptionId, location };
  refuseOverQuota(place, 'cores', wanted - held);
  refuseOverQuota(place, size.family, wanted - (before?.family === size.family ? held : 0));
}

function refuseOverQuota(
  {
    world,
    subscriptionId,
    location,
  }: { readonly world: World; readonly subscriptionId: string; readonly location: string },
  quota: string,
  more: number,
): void {
  const limit = world.quota(subscriptionId, location, quota);
  const used = world.usedCores(subscriptionId, location, quota);
  if (more <= 0 || used + more <= limit) return;
  throw new ArmFault(
    409,
    'OperationNotAllowed',
    `Operation could not be completed as it results in exceeding approved ${quota === 'cores' ? 'Total Regional' : quota} Cores quota. Additional details - Deployment Model: Resource Manager, Location: ${location}, Current Limit: ${limit}, Current Usage: ${used}, Additional Required: ${more}, (Minimum) New Limit Required: ${used + more}. Setup Alerts when Quota reaches threshold. Learn more at https://aka.ms/quotamonitoringalerting . Submit a request for Quota increase in your Azure portal.`,
    { details: [{ code: 'QuotaExceeded', message: `The quota ${quota} of ${location} is exceeded.` }] },
  );
}

/** The number of VMs that a model asks for. */
export function capacityOf(model: JsonObject | undefined): number {
  const capacity = valueAt(model, 'sku.capacity');
  return typeof capacity === 'number' ? capacity : 0;
}

/**
 * The model with the references of its network in Azure's spelling.
 *
 * @throws ArmFault when one does not exist or a health probe is asked by nobody
 */
export function withCheckedNetwork(world: World, id: string, model: JsonObject): JsonObject {
  const network = `${PROFILE}.networkProfile`;
  if (valueAt(model, network) === undefined) return model;
  const checked = withCheckedReferences(world, id, { location: model.location, properties: objectAt(model, network) });
  const probe = textAt(checked, 'properties.healthProbe.id');
  if (probe !== undefined) refuseIdleProbe(world, id, probe);
  return replaceAt(model, network, objectAt(checked, 'properties'));
}

function refuseIdleProbe(world: World, id: string, probe: string): void {
  const balancer = resolveReference(world, probe)?.resource.document;
  const used = objectsAt(balancer, 'properties.loadBalancingRules').some(
    (rule) => textAt(rule, 'properties.probe.id')?.toLowerCase() === probe.toLowerCase(),
  );
  if (used) return;
  throw new ArmFault(
    400,
    'CannotUseInactiveHealthProbe',
    `VM scale set ${id} cannot use probe ${probe} as a HealthProbe because load balancing rules that send traffic to this VM scale set instances do not use the probe.`,
    { details: [] },
  );
}

/** Why the certificates of a model cannot be installed: found while VMs are made, not when the model is taken. */
export function certificateFailure(world: World, model: JsonObject): ArmErrorBody | undefined {
  for (const group of objectsAt(model, `${PROFILE}.osProfile.secrets`)) {
    const vaultId = textAt(group, 'sourceVault.id') ?? '';
    for (const { certificateUrl } of objectsAt(group, 'vaultCertificates')) {
      const failure = secretFailure(world, vaultId, String(certificateUrl), String(model.location));
      if (failure !== undefined) return failure;
    }
  }
  return undefined;
}

function secretFailure(world: World, vaultId: string, url: string, location: string): ArmErrorBody | undefined {
  const { vault, secret } = findSecret(world, url);
  if (
    vault === undefined ||
    vault.id.toLowerCase() !== vaultId.toLowerCase() ||
    valueAt(vault.document, 'properties.enabledForDeployment') !== true
  ) {
    return {
      code: 'KeyVaultAccessForbidden',
      message: `Key Vault ${url} either has not been enabled for deployment or the vault id provided, ${vaultId}, does not match the Key Vault's true resource id.`,
    };
  }
  if (vault.document.location !== location) {
    return {
      code: 'KeyVaultAndVMInDifferentRegions',
      message: `Key Vault ${url} is located in location ${vault.document.location}, which is different from the location of the VM, ${location}.`,
    };
  }
  if (!/\/secrets\/[^/]+\/[0-9a-f]{32}$/i.test(url)) {
    return {
      code: 'InvalidParameter',
      message: `${url} is not a valid versioned Key Vault Secret URL. It should be in the format https://<vaultEndpoint>/secrets/<secretName>/<secretVersion>.`,
      target: 'certificateUrl',
    };
  }
  return secret?.enabled === true
    ? undefined
    : {
        code: 'KeyVaultSecretDoesNotExist',
        message: `The Key Vault secret referenced with the URL ${url} does not exist.`,
      };
}

/** Why an extension of the model fails; `undefined` when all succeed, or when processes decide it. */
export function extensionFailure(world: World, id: string, model: JsonObject): ExtensionFailure | undefined {
  for (const extension of objectsAt(model, `${PROFILE}.extensionProfile.extensions`)) {
    const name = String(extension.name);
    const told = world.extensionFailure?.(id, name) ?? (world.machines === undefined && missingFile(world, extension));
    if (typeof told === 'string') return { kind: 'Failed', extension: name, exitCode: 1, message: told };
  }
  return undefined;
}

function missingFile(world: World, extension: JsonObject): string | undefined {
  for (const settings of ['settings', 'protectedSettings']) {
    const files = valueAt(extension, `properties.${settings}.fileUris`);
    const missing = Array.isArray(files) ? files.find((url) => !world.blobExists(String(url))) : undefined;
    if (missing !== undefined) {
      return `Failed to download all specified files. Exiting. Error Message: The remote server returned an error: (404) Not Found. ${new URL(String(missing)).pathname}`;
    }
  }
  return undefined;
}

/** The instances that a request names; all when it names none or `*`. */
export function chosenInstances(scaleSet: StoredResource, body: JsonObject | undefined): ReadonlySet<string> {
  const present = new Set(scaleSetState(scaleSet).instances.map((instance) => instance.instanceId));
  const asked = valueAt(body, 'instanceIds');
  if (!Array.isArray(asked) || asked.length === 0 || asked.includes('*')) return present;
  const unknown = asked.find((instanceId) => !present.has(String(instanceId)));
  if (unknown !== undefined) {
    throw new ArmFault(
      400,
      'InvalidParameter',
      `The provided instanceId ${unknown} is not an active Virtual Machine Scale Set VM instanceId.`,
      { target: 'instanceIds' },
    );
  }
  return new Set(asked.map(String));
}
