import { isJsonObject, type JsonObject } from '../json.ts';
import type { ArmClient, ReadOptions } from './arm-client.ts';
import { normaliseLocation } from './resource-id.ts';

/**
 * Whether a name that is unique in all of Azure can be had. Only a hint: somebody else may take it the moment after. A
 * name of one's own resource counts as taken too, so ask only while that resource does not exist.
 */
export type NameAvailability =
  | { readonly kind: 'Available' }
  | { readonly kind: 'Taken'; readonly message: string }
  /** The name breaks a rule; `message` says which. */
  | { readonly kind: 'Invalid'; readonly message: string };

/** Asks for the name of a storage account. */
export async function storageAccountNameAvailability(
  client: ArmClient,
  name: string,
  options?: ReadOptions,
): Promise<NameAvailability> {
  const action = `/subscriptions/${client.subscriptionId}/providers/Microsoft.Storage/checkNameAvailability`;
  const body = { name, type: 'Microsoft.Storage/storageAccounts' };
  return nameAvailability((await client.post(action, '2025-06-01', body, options)).resource, name);
}

/** Asks for the name of a key vault. A deleted vault that can still be recovered holds its name: see `deletedVault`. */
export async function vaultNameAvailability(
  client: ArmClient,
  name: string,
  options?: ReadOptions,
): Promise<NameAvailability> {
  const action = `/subscriptions/${client.subscriptionId}/providers/Microsoft.KeyVault/checkNameAvailability`;
  const body = { name, type: 'Microsoft.KeyVault/vaults' };
  return nameAvailability((await client.post(action, '2026-02-01', body, options)).resource, name);
}

/** Asks for the DNS label of a public IP address, which is unique in its region. */
export async function dnsLabelAvailability(
  client: ArmClient,
  location: string,
  label: string,
  options?: ReadOptions,
): Promise<NameAvailability> {
  const region = normaliseLocation(location);
  const query = `/subscriptions/${client.subscriptionId}/providers/Microsoft.Network/locations/${region}/CheckDnsNameAvailability`;
  const result = await client.get(query, '2025-03-01', { ...options, query: { domainNameLabel: label } });
  if (result.kind === 'Absent') {
    return { kind: 'Invalid', message: `Azure knows no region ${region} with public IP addresses.` };
  }
  return result.resource.available === true
    ? { kind: 'Available' }
    : { kind: 'Taken', message: `The DNS label ${label} is already used in ${region}.` };
}

function nameAvailability(answer: JsonObject | undefined, name: string): NameAvailability {
  if (answer?.nameAvailable === true) {
    return { kind: 'Available' };
  }
  const message = typeof answer?.message === 'string' ? answer.message : `The name ${name} is not available.`;
  return { kind: answer?.reason === 'AccountNameInvalid' ? 'Invalid' : 'Taken', message };
}

/** A vault that was deleted and still holds its name. */
export interface DeletedVault {
  /** Id that the vault had. */
  readonly vaultId: string;
  /** When Azure removes it for good, in ISO 8601. */
  readonly scheduledPurgeDate: string | undefined;
  /** Whether it cannot be removed earlier. */
  readonly purgeProtected: boolean;
}

/** The deleted vault of that name in the subscription and region; `undefined` when there is none. */
export async function deletedVault(
  client: ArmClient,
  location: string,
  name: string,
  options?: ReadOptions,
): Promise<DeletedVault | undefined> {
  const id = `/subscriptions/${client.subscriptionId}/providers/Microsoft.KeyVault/locations/${normaliseLocation(location)}/deletedVaults/${name}`;
  const result = await client.get(id, '2026-02-01', options);
  if (result.kind === 'Absent') {
    return undefined;
  }
  const properties = isJsonObject(result.resource.properties) ? result.resource.properties : {};
  const { vaultId, scheduledPurgeDate, purgeProtectionEnabled } = properties;
  return {
    vaultId: typeof vaultId === 'string' ? vaultId : '',
    scheduledPurgeDate: typeof scheduledPurgeDate === 'string' ? scheduledPurgeDate : undefined,
    purgeProtected: purgeProtectionEnabled === true,
  };
}
