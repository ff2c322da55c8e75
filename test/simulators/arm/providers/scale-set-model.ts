import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/json.ts';
import { mergePatch, objectAt, objectsAt, replaceAt, textAt, valueAt } from '../json-path.ts';

/**
 * The model of a scale set: what was asked for, secrets included, with Azure's defaults filled in. The simulator keeps
 * it whole, and {@link visibleModel} takes out what Azure never shows.
 */

/**
 * The model after a PUT or PATCH. Whatever the request leaves out stays as it was, down to the single property: the
 * Azure CLI scales with a PUT of `{location, sku}`, and updates with one that has no image and no secrets.
 *
 * @param before the model as it was, if the scale set existed
 */
export function nextModel(method: 'PUT' | 'PATCH', body: JsonObject, before: JsonObject | undefined): JsonObject {
  const { id: _id, name: _name, type: _type, etag: _etag, systemData: _systemData, ...asked } = body;
  const {
    provisioningState: _state,
    uniqueId: _uniqueId,
    timeCreated: _created,
    ...properties
  } = objectAt(body, 'properties');
  let merged = mergePatch(before ?? {}, { ...asked, properties });
  // A PUT names all identities and tags that there shall be; a PATCH of tags does, too.
  if (asked.tags !== undefined) merged = replaceAt(merged, 'tags', asked.tags);
  if (method === 'PUT' && isJsonObject(asked.identity)) merged = replaceAt(merged, 'identity', asked.identity);
  const extensions = objectsAt(merged, EXTENSIONS);
  if (valueAt(merged, EXTENSIONS) !== undefined) {
    const kept = objectsAt(before, EXTENSIONS);
    merged = replaceAt(
      merged,
      EXTENSIONS,
      extensions.map((extension) => withKeptSecrets(extension, kept)),
    );
  }
  return withDefaults(merged);
}

const PROFILE = 'properties.virtualMachineProfile';
const EXTENSIONS = `${PROFILE}.extensionProfile.extensions`;

/** A PUT without `protectedSettings` keeps those of the extension of the same name. */
function withKeptSecrets(extension: JsonObject, kept: readonly JsonObject[]): JsonObject {
  if (valueAt(extension, 'properties.protectedSettings') !== undefined) return extension;
  const before = kept.find((other) => other.name === extension.name);
  const secrets = valueAt(before, 'properties.protectedSettings');
  return secrets === undefined ? extension : replaceAt(extension, 'properties.protectedSettings', secrets);
}

const ROLLING_DEFAULTS = {
  maxBatchInstancePercent: 20,
  maxUnhealthyInstancePercent: 20,
  maxUnhealthyUpgradedInstancePercent: 20,
  pauseTimeBetweenBatches: 'PT0S',
  maxSurge: false,
  rollbackFailedInstancesOnPolicyBreach: false,
} as const;

function withDefaults(model: JsonObject): JsonObject {
  const skuName = textAt(model, 'sku.name') ?? '';
  const defaults = {
    sku: { tier: skuName.split('_')[0] ?? 'Standard', capacity: 0 },
    properties: {
      singlePlacementGroup: true,
      orchestrationMode: 'Uniform',
      upgradePolicy: { mode: 'Manual', rollingUpgradePolicy: ROLLING_DEFAULTS },
      overprovision: true,
      doNotRunExtensionsOnOverprovisionedVMs: false,
      platformFaultDomainCount: 5,
      ...(valueAt(model, PROFILE) === undefined ? {} : { virtualMachineProfile: profileDefaults(model) }),
    },
  };
  return withItemDefaults(mergePatch(defaults, model));
}

function profileDefaults(model: JsonObject): JsonObject {
  const windows = valueAt(model, `${PROFILE}.osProfile.windowsConfiguration`) !== undefined;
  return {
    osProfile: {
      secrets: [],
      allowExtensionOperations: true,
      requireGuestProvisionSignal: true,
      ...(windows ? { windowsConfiguration: { provisionVMAgent: true, enableAutomaticUpdates: true } } : {}),
    },
    storageProfile: { osDisk: { osType: windows ? 'Windows' : 'Linux', diskSizeGB: windows ? 127 : 30 } },
  };
}

function withItemDefaults(model: JsonObject): JsonObject {
  const interfaces = `${PROFILE}.networkProfile.networkInterfaceConfigurations`;
  let result = model;
  if (valueAt(model, interfaces) !== undefined) {
    result = replaceAt(result, interfaces, objectsAt(model, interfaces).map(withInterfaceDefaults));
  }
  if (valueAt(model, EXTENSIONS) !== undefined) {
    const extensions = objectsAt(model, EXTENSIONS).map((extension) =>
      mergePatch({ properties: { autoUpgradeMinorVersion: false, suppressFailures: false } }, withoutNames(extension)),
    );
    result = replaceAt(result, EXTENSIONS, extensions);
  }
  return result;
}

function withoutNames(extension: JsonObject): JsonObject {
  const { id: _id, type: _type, ...rest } = extension;
  const { provisioningState: _state, ...properties } = objectAt(rest, 'properties');
  return { ...rest, properties };
}

function withInterfaceDefaults(item: JsonObject): JsonObject {
  const defaults = {
    properties: {
      enableAcceleratedNetworking: false,
      disableTcpStateTracking: false,
      dnsSettings: { dnsServers: [] },
      enableIPForwarding: false,
    },
  };
  const configured = mergePatch(defaults, item);
  const addresses = objectsAt(configured, 'properties.ipConfigurations').map((address) =>
    mergePatch({ properties: { privateIPAddressVersion: 'IPv4' } }, address),
  );
  return replaceAt(configured, 'properties.ipConfigurations', addresses);
}

/** The model as Azure shows it: without passwords, custom data and protected settings. */
export function visibleModel(model: JsonObject): JsonObject {
  const osProfile = `${PROFILE}.osProfile`;
  let shown = model;
  if (valueAt(model, osProfile) !== undefined) {
    const { adminPassword: _password, customData: _data, ...rest } = objectAt(model, osProfile);
    shown = replaceAt(shown, osProfile, rest);
  }
  if (valueAt(model, `${PROFILE}.userData`) !== undefined) shown = replaceAt(shown, `${PROFILE}.userData`, undefined);
  if (valueAt(model, EXTENSIONS) === undefined) return shown;
  return replaceAt(
    shown,
    EXTENSIONS,
    objectsAt(model, EXTENSIONS).map((extension) => {
      const { protectedSettings: _secret, ...properties } = objectAt(extension, 'properties');
      return { ...extension, properties };
    }),
  );
}

/**
 * Names what instances are made from: two models with the same fingerprint make the same VM. Capacity, tags, identity
 * and policies are no part of it.
 */
export function modelFingerprint(model: JsonObject): string {
  const parts: JsonValue = {
    size: valueAt(model, 'sku.name') ?? null,
    zones: model.zones ?? null,
    profile: valueAt(model, PROFILE) ?? null,
  };
  return createHash('sha256').update(canonical(parts)).digest('hex').slice(0, 16);
}

/** JSON with sorted member names. */
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(canonical).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  return `{${names
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`)
    .join(',')}}`;
}

/** Properties that Azure does not change on an existing scale set, by the name its refusal uses. */
const IMMUTABLE = {
  'properties.orchestrationMode': 'orchestrationMode',
  'properties.platformFaultDomainCount': 'platformFaultDomainCount',
  'properties.virtualMachineProfile.osProfile.adminUsername': 'osProfile.adminUsername',
  'properties.virtualMachineProfile.osProfile.computerNamePrefix': 'osProfile.computerNamePrefix',
  'properties.virtualMachineProfile.priority': 'priority',
  'properties.virtualMachineProfile.storageProfile.osDisk.osType': 'osDisk.osType',
  'properties.virtualMachineProfile.storageProfile.osDisk.createOption': 'osDisk.createOption',
  'properties.virtualMachineProfile.storageProfile.imageReference.publisher': 'imageReference.publisher',
  'properties.proximityPlacementGroup.id': 'proximityPlacementGroup.id',
  'properties.hostGroup.id': 'hostGroup.id',
} as const;

/** The first property that may not change and does; `undefined` when there is none. */
export function immutableChange(before: JsonObject, after: JsonObject): string | undefined {
  for (const [path, name] of Object.entries(IMMUTABLE)) {
    if (valueAt(before, path) !== valueAt(after, path)) return name;
  }
  const placement = 'properties.singlePlacementGroup';
  return valueAt(before, placement) === false && valueAt(after, placement) === true
    ? 'singlePlacementGroup'
    : undefined;
}
