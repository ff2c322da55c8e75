import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { checkRights, checkTypeApiVersion, subscriptionOf } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import { type Answer, requiredBody } from '../exchange.ts';
import { objectAt } from '../json-path.ts';
import { locationName } from '../resource-path.ts';
import { parameter, type Route } from '../routes.ts';
import type { DeletedVault } from '../world.ts';
import { versionsOf } from './versions.ts';

const PURGE_SECONDS = 20;
const VAULTS = '/subscriptions/{subscription}/providers/Microsoft.KeyVault';
const ONE = `${VAULTS}/locations/{location}/deletedVaults/{vault}`;

/** Soft-deleted vaults: seen, and removed for good. Recovering one is a PUT of the vault. */
export const deletedVaultRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: `${VAULTS}/deletedVaults`,
    handle: (context, parameters) => {
      const subscriptionId = begin(context, parameters, 'Microsoft.KeyVault/deletedVaults/read');
      const vaults = [...context.world.deletedVaults.values()].filter(
        (item) => item.subscriptionId.toLowerCase() === subscriptionId && item.scheduledPurgeAt > context.world.now(),
      );
      return { status: 200, body: { value: vaults.map(view) } };
    },
  },
  {
    method: 'GET',
    path: `${VAULTS}/deletedManagedHSMs`,
    handle: (context, parameters) => {
      begin(context, parameters, 'Microsoft.KeyVault/deletedManagedHsms/read');
      return { status: 200, body: { value: [] } };
    },
  },
  {
    method: 'GET',
    path: ONE,
    handle: (context, parameters) => {
      begin(context, parameters, 'Microsoft.KeyVault/locations/deletedVaults/read');
      return { status: 200, body: view(existing(context, parameters)) };
    },
  },
  { method: 'POST', path: `${ONE}/purge`, handle: purge },
];

type Parameters = Readonly<Record<string, string>>;

function begin(context: ArmContext, parameters: Parameters, action: string): string {
  const { subscriptionId } = subscriptionOf(context, parameter(parameters, 'subscription'));
  checkTypeApiVersion(context, 'Microsoft.KeyVault', 'deletedVaults', versionsOf(context, 'Microsoft.KeyVault/vaults'));
  checkRights(context, action, `/subscriptions/${subscriptionId}`);
  return subscriptionId.toLowerCase();
}

function existing({ world }: ArmContext, parameters: Parameters): DeletedVault {
  const name = parameter(parameters, 'vault');
  const vault = world.deletedVaults.get(name.toLowerCase());
  const found =
    vault !== undefined &&
    vault.scheduledPurgeAt > world.now() &&
    vault.subscriptionId.toLowerCase() === parameter(parameters, 'subscription').toLowerCase() &&
    vault.location === locationName(parameter(parameters, 'location'));
  if (found) return vault;
  throw new ArmFault(
    404,
    'DeletedVaultNotFound',
    `The specified deleted vault '${name}' does not exist. Ensure that the vault was indeed deleted and that it is in recoverable state. If soft delete was not enabled then the vault is permanently deleted. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2149745`,
  );
}

function purge(context: ArmContext, parameters: Parameters): Answer {
  const { world, operations, request } = context;
  const subscriptionId = begin(context, parameters, 'Microsoft.KeyVault/locations/deletedVaults/purge/action');
  const deleted = existing(context, parameters);
  if (request.text !== '') requiredBody(request);
  if (deleted.purgeProtected) {
    throw new ArmFault(
      409,
      'VaultPurgeProtected',
      `The vault '${deleted.vault.name}' is protected from purge. It is purged at ${new Date(deleted.scheduledPurgeAt).toISOString()}.`,
    );
  }
  const startedAt = world.now();
  const { headers } = operations.begin(
    {
      kind: 'Location',
      durationSeconds: world.duration('deletedVaults/purge', PURGE_SECONDS),
      retryAfterSeconds: 5,
      finalBody: (then) => ({
        createdDateTime: vaultTime(startedAt),
        lastActionDateTime: vaultTime(then.now()),
        status: 'Succeeded',
      }),
      onDone: () => {
        const key = deleted.vault.name.toLowerCase();
        // Recovered in the meantime, and perhaps deleted again: that one is not meant.
        if (world.deletedVaults.get(key) === deleted) world.deletedVaults.delete(key);
        return undefined;
      },
    },
    {
      method: 'POST',
      resourceId: request.path,
      subscriptionId,
      namespace: 'Microsoft.KeyVault',
      location: deleted.location,
      apiVersion: request.query.get('api-version') ?? '',
      origin: request.origin,
      defaultFinalBody: () => undefined,
      failure: context.operationFailure,
    },
  );
  return { status: 202, headers };
}

/** As the vault provider writes times of operations. */
function vaultTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

function view(deleted: DeletedVault): JsonObject {
  const { vault, location } = deleted;
  return {
    id: `/subscriptions/${deleted.subscriptionId}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${vault.name}`,
    type: 'Microsoft.KeyVault/deletedVaults',
    name: vault.name,
    properties: {
      vaultId: vault.id,
      location,
      deletionDate: new Date(deleted.deletedAt).toISOString(),
      scheduledPurgeDate: new Date(deleted.scheduledPurgeAt).toISOString(),
      tags: objectAt(vault.document, 'tags'),
      ...(deleted.purgeProtected ? { purgeProtectionEnabled: true } : {}),
    },
  };
}
