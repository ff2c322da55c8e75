import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ArmClient, ReadOptions } from './arm-client.ts';
import { normaliseLocation } from './resource-id.ts';
import { ONE_DAY_MS, type SharedReads } from './shared-reads.ts';

/** Whether a VM size can be used in a region by the subscription. */
export type SkuAvailability =
  | { readonly kind: 'Available'; readonly sku: VirtualMachineSku }
  /** Offered there, but not to this subscription; `reason` is Azure's word, such as `NotAvailableForSubscription`. */
  | { readonly kind: 'Restricted'; readonly sku: VirtualMachineSku; readonly reason: string }
  | { readonly kind: 'NotOffered' };

/** What is known of a VM size. */
export interface VirtualMachineSku {
  readonly name: string;
  /** The quota that its cores count against, such as `standardAv2Family`. */
  readonly family: string;
  readonly vCpus: number;
}

interface ListedSku extends VirtualMachineSku {
  readonly restriction: string | undefined;
}

/**
 * Looks a VM size up in a region. The list behind it is several megabytes long: it is read once a day for each region and
 * subscription, and only names, families, cores and restrictions are kept.
 */
export async function skuAvailability(
  client: ArmClient,
  reads: SharedReads,
  location: string,
  name: string,
): Promise<SkuAvailability> {
  const region = normaliseLocation(location);
  const skus = await reads.get(`${client.scope}|skus|${region}`, ONE_DAY_MS, () => listSkus(client, region));
  const found = skus.get(name.toLowerCase());
  if (found === undefined) {
    return { kind: 'NotOffered' };
  }
  const { restriction, ...sku } = found;
  return restriction === undefined ? { kind: 'Available', sku } : { kind: 'Restricted', sku, reason: restriction };
}

async function listSkus(client: ArmClient, region: string): Promise<ReadonlyMap<string, ListedSku>> {
  const id = `/subscriptions/${client.subscriptionId}/providers/Microsoft.Compute/skus`;
  const items = await client.list(id, '2021-07-01', { query: { $filter: `location eq '${region}'` } });
  const skus = new Map<string, ListedSku>();
  for (const item of items) {
    const sku = item.resourceType === 'virtualMachines' && inRegion(item, region) ? skuFrom(item, region) : undefined;
    if (sku !== undefined) {
      skus.set(sku.name.toLowerCase(), sku);
    }
  }
  return skus;
}

function inRegion(item: JsonObject, region: string): boolean {
  return list(item.locations).some(
    (location) => typeof location === 'string' && normaliseLocation(location) === region,
  );
}

function skuFrom(item: JsonObject, region: string): ListedSku | undefined {
  if (typeof item.name !== 'string' || typeof item.family !== 'string') {
    return undefined;
  }
  const vCpus = list(item.capabilities).find((capability) => isJsonObject(capability) && capability.name === 'vCPUs');
  return {
    name: item.name,
    family: item.family,
    vCpus: isJsonObject(vCpus) ? Number(vCpus.value) : 0,
    restriction: restrictionOf(item, region),
  };
}

/** A restriction of single zones leaves the size usable, for a resource that names no zones. */
function restrictionOf(item: JsonObject, region: string): string | undefined {
  for (const restriction of list(item.restrictions)) {
    if (
      isJsonObject(restriction) &&
      restriction.type === 'Location' &&
      list(restriction.values).some((value) => typeof value === 'string' && normaliseLocation(value) === region)
    ) {
      return typeof restriction.reasonCode === 'string' ? restriction.reasonCode : 'Restricted';
    }
  }
  return undefined;
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** How much of a quota is used in a region, in its own unit: cores for a family of VM sizes. */
export interface Usage {
  readonly used: number;
  readonly limit: number;
}

/**
 * Reads compute quotas of the subscription in a region, by lower-case name: families of VM sizes, and `cores` for all of
 * them together. Not kept: every deployment changes it.
 */
export async function computeUsages(
  client: ArmClient,
  location: string,
  options?: ReadOptions,
): Promise<ReadonlyMap<string, Usage>> {
  const id = `/subscriptions/${client.subscriptionId}/providers/Microsoft.Compute/locations/${normaliseLocation(location)}/usages`;
  const usages = new Map<string, Usage>();
  for (const item of await client.list(id, '2024-11-01', options)) {
    const name = isJsonObject(item.name) ? item.name.value : undefined;
    if (typeof name === 'string') {
      usages.set(name.toLowerCase(), { used: Number(item.currentValue), limit: Number(item.limit) });
    }
  }
  return usages;
}
