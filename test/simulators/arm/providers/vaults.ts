import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { mergePatch, objectAt, textAt, valueAt, withoutNulls } from '../json-path.ts';
import type { Outcome, ResourceType, WriteRequest } from '../provider.ts';
import type { DeletedVault, StoredResource, World } from '../world.ts';
import { refuseBadBody, withNormalisedLocation } from './requests.ts';

const TYPE = 'Microsoft.KeyVault/vaults';
const DAY = 24 * 60 * 60 * 1000;

/** Api-version from which a new vault that does not say so is one with roles instead of access policies. */
const RBAC_DEFAULT_SINCE = '2026-02-01';

function put(request: WriteRequest): Outcome {
  const { world, id, current } = request;
  refuseBadBody('keyVault', 'vault', request, request.body, current?.document);
  const body = withoutNulls(withNormalisedLocation(request));
  if (textAt(body, 'properties.createMode') === 'recover' && current === undefined) return recover(request);
  if (current === undefined) refuseTakenName(request);
  const properties = objectAt(body, 'properties');
  refuseImmutableChange(request.world, properties, current);
  refuseWithoutPolicies(request, properties, current);
  const document = vaultDocument(request, body);
  world.store({
    id,
    type: TYPE,
    document,
    globalNames: [{ kind: 'vault', name: request.name }],
  });
  if (current !== undefined) return { status: 200 };
  const durationSeconds = world.duration('vaults/put', 30);
  return {
    status: 200,
    ...(durationSeconds === 0 ? {} : { body: newVault(document) }),
    operation: { kind: 'ProvisioningState', durationSeconds, whileRunning: 'RegisteringDns' },
  };
}

/** The answer to the PUT that makes a vault: its address is not registered yet, and lacks the slash at its end. */
function newVault(document: JsonObject): JsonObject {
  const vaultUri = textAt(document, 'properties.vaultUri')?.replace(/\/$/, '');
  const properties = { ...objectAt(document, 'properties'), provisioningState: 'RegisteringDns', vaultUri };
  return { ...document, properties };
}

function vaultDocument({ world, id, name, apiVersion, current, caller }: WriteRequest, body: JsonObject): JsonObject {
  const { createMode: _mode, ...asked } = objectAt(body, 'properties');
  const before = objectAt(current?.document, 'properties');
  const time = new Date(world.now()).toISOString();
  return {
    id,
    name,
    type: TYPE,
    location: body.location,
    tags: body.tags ?? {},
    systemData: {
      createdBy: caller.appId,
      createdByType: 'Application',
      createdAt: time,
      ...objectAt(current?.document, 'systemData'),
      lastModifiedBy: caller.appId,
      lastModifiedByType: 'Application',
      lastModifiedAt: time,
    },
    properties: {
      enabledForDeployment: false,
      enabledForDiskEncryption: false,
      enabledForTemplateDeployment: false,
      enableRbacAuthorization: before.enableRbacAuthorization ?? apiVersion >= RBAC_DEFAULT_SINCE,
      accessPolicies: [],
      publicNetworkAccess: 'Enabled',
      ...asked,
      ...networkRules(asked),
      enableSoftDelete: true,
      softDeleteRetentionInDays: before.softDeleteRetentionInDays ?? asked.softDeleteRetentionInDays ?? 90,
      ...(before.enablePurgeProtection === true ? { enablePurgeProtection: true } : {}),
      vaultUri: `https://${name.toLowerCase()}.${world.endpoints.vaultSuffix}/`,
      provisioningState: 'Succeeded',
    },
  };
}

function networkRules(asked: JsonObject): JsonObject {
  return asked.networkAcls === undefined
    ? {}
    : { networkAcls: { ipRules: [], virtualNetworkRules: [], ...objectAt(asked, 'networkAcls') } };
}

function refuseTakenName({ world, name, id }: WriteRequest): void {
  const holder = world.nameHolder({ kind: 'vault', name });
  if (holder === undefined || (holder.kind === 'Resource' && holder.id.toLowerCase() === id.toLowerCase())) return;
  if (holder.kind === 'DeletedVault') {
    throw new ArmFault(
      409,
      'ConflictError',
      'A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.',
    );
  }
  throw new ArmFault(
    409,
    'VaultAlreadyExists',
    `The vault name '${name}' is already in use. Vault names are globally unique so it is possible that the name is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in a recoverable state then the vault will need to be purged before reusing the name. For more information about VaultAlreadyExists, soft delete and purging a vault follow this link https://go.microsoft.com/fwlink/?linkid=2147740.`,
  );
}

function refuseImmutableChange(world: World, properties: JsonObject, current: StoredResource | undefined): void {
  if (textAt(properties, 'tenantId')?.toLowerCase() !== world.tenantId.toLowerCase()) {
    throw new ArmFault(
      400,
      'BadRequest',
      'An invalid value was provided for tenantId: it must be the tenant that the subscription belongs to.',
    );
  }
  const before = valueAt(current?.document, 'properties.softDeleteRetentionInDays');
  const asked = properties.softDeleteRetentionInDays;
  if (before !== undefined && asked !== undefined && asked !== before) {
    throw new ArmFault(
      400,
      'BadRequest',
      'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.',
    );
  }
}

/** A vault without roles needs its list of policies, though it may be empty. */
function refuseWithoutPolicies(
  { apiVersion }: WriteRequest,
  properties: JsonObject,
  current: StoredResource | undefined,
): void {
  const before = valueAt(current?.document, 'properties.enableRbacAuthorization');
  const roles = properties.enableRbacAuthorization ?? before ?? apiVersion >= RBAC_DEFAULT_SINCE;
  if (roles === true || properties.accessPolicies !== undefined) return;
  throw new ArmFault(400, 'BadRequest', 'The parameter accessPolicies is not specified.');
}

/** Brings a soft-deleted vault back as it was, with all that was in it. */
function recover({ world, id, name, body }: WriteRequest): Outcome {
  const deleted = world.deletedVaults.get(name.toLowerCase());
  const location = withLocation(body);
  if (deleted === undefined || deleted.vault.id.toLowerCase() !== id.toLowerCase() || deleted.location !== location) {
    throw new ArmFault(
      404,
      'SoftDeletedVaultDoesNotExist',
      'A soft deleted vault with the given name does not exist. Ensure that the name for the vault that is being attempted to recover is in a recoverable state. For more information on soft delete please follow this link https://go.microsoft.com/fwlink/?linkid=2149745',
    );
  }
  world.deletedVaults.delete(name.toLowerCase());
  for (const { id: restored, type, document, internal, globalNames } of [deleted.vault, ...deleted.children]) {
    world.store({ id: restored, type, document, internal, globalNames });
  }
  return { status: 200 };
}

function withLocation(body: JsonObject): string {
  return String(body.location ?? '')
    .replaceAll(' ', '')
    .toLowerCase();
}

function patch(request: WriteRequest): Outcome {
  const { world, id, current, body } = request;
  refuseBadBody('keyVault', 'vaultPatch', request, body, current?.document);
  if (current === undefined) return { status: 200 };
  const properties = mergePatch(objectAt(current.document, 'properties'), objectAt(body, 'properties'));
  refuseImmutableChange(world, properties, current);
  world.store({
    id,
    type: TYPE,
    document: { ...current.document, tags: body.tags ?? current.document.tags, properties },
  });
  return { status: 200 };
}

/** Takes a vault out of the world and keeps it, with what was in it, until it is recovered, purged or overdue. */
function softDelete(vault: StoredResource, world: World): void {
  const days = valueAt(vault.document, 'properties.softDeleteRetentionInDays');
  const deletedAt = world.now();
  const deleted: DeletedVault = {
    vault,
    children: [...world.children(vault.id)],
    subscriptionId: vault.id.split('/')[2] ?? '',
    location: String(vault.document.location),
    deletedAt,
    scheduledPurgeAt: deletedAt + (typeof days === 'number' ? days : 90) * DAY,
    purgeProtected: valueAt(vault.document, 'properties.enablePurgeProtection') === true,
  };
  world.deletedVaults.set(vault.name.toLowerCase(), deleted);
}

/** `Microsoft.KeyVault/vaults`. */
export const vaults: ResourceType = {
  type: TYPE,
  apiVersions: ['2026-02-01', '2025-05-01', '2024-11-01', '2023-07-01', '2023-02-01', '2022-07-01', '2021-10-01'],
  tracked: true,
  name: {
    pattern: /^[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/,
    refusal: (name) =>
      new ArmFault(
        400,
        'VaultNameNotValid',
        `The vault name '${name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742`,
      ),
  },
  put,
  patch,
  delete: ({ world, id, current }) => {
    if (current !== undefined) softDelete(current, world);
    world.remove(id);
    return { status: 200 };
  },
  removedWithGroup: softDelete,
};
