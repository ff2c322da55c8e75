import { hash as hashOf } from 'node:crypto';

/** One resource in a provider's namespace: its type below that namespace, and its name. */
interface TypedName {
  readonly type: string;
  readonly name: string;
}

/** The parts of an Azure Resource Manager id, as written. */
export interface ResourceId {
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  /** Namespace of the last provider in the id, such as `Microsoft.Network`. Absent for subscriptions and groups. */
  readonly namespace?: string;
  /** From the outermost resource of that provider to the one named, for example a virtual network and its subnet. */
  readonly path: readonly TypedName[];
}

/**
 * Takes an id apart.
 *
 * @throws when `id` is no id of a subscription, resource group or resource
 */
export function parseResourceId(id: string): ResourceId {
  const segments = id.replace(/^\//, '').replace(/\/$/, '').split('/');
  if (segments.length < 2 || segments.some((segment) => segment === '')) {
    throw new Error(`Not an Azure resource id: ${id}`);
  }
  const providerAt = segments.findLastIndex((segment, at) => at % 2 === 0 && segment.toLowerCase() === 'providers');
  const outer = pairs(providerAt < 0 ? segments : segments.slice(0, providerAt), id);
  const value = (type: string) => outer.find((pair) => pair.type.toLowerCase() === type)?.name;
  const subscriptionId = value('subscriptions');
  const resourceGroup = value('resourcegroups');
  const path = providerAt < 0 ? [] : pairs(segments.slice(providerAt + 2), id);
  const namespace = providerAt < 0 ? undefined : segments[providerAt + 1];
  const known = (subscriptionId === undefined ? 0 : 1) + (resourceGroup === undefined ? 0 : 1);
  const extension = outer.length > known;
  if (providerAt < 0 ? extension || known === 0 : path.length === 0) {
    throw new Error(`Not an Azure resource id: ${id}`);
  }
  return {
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(resourceGroup === undefined ? {} : { resourceGroup }),
    ...(namespace === undefined ? {} : { namespace }),
    path,
  };
}

function pairs(segments: readonly string[], id: string): TypedName[] {
  if (segments.length % 2 !== 0) {
    throw new Error(`Not an Azure resource id: ${id}`);
  }
  const result: TypedName[] = [];
  for (let at = 0; at < segments.length; at += 2) {
    result.push({ type: segments[at] ?? '', name: segments[at + 1] ?? '' });
  }
  return result;
}

/** Whether `text` has the form of an id that Azure compares without regard to case. */
export function looksLikeResourceId(text: string): boolean {
  return /^\/(subscriptions|providers)\//i.test(text);
}

/** Whether two ids name the same resource. Azure changes the case of ids between calls, so case does not count. */
export function sameResourceId(left: string, right: string): boolean {
  return left.replace(/\/$/, '').toLowerCase() === right.replace(/\/$/, '').toLowerCase();
}

/**
 * The type of the resource named by `id`, such as `Microsoft.Network/virtualNetworks/subnets`. A resource group is
 * `Microsoft.Resources/resourceGroups`, a subscription `Microsoft.Resources/subscriptions`.
 */
export function resourceType(id: string): string {
  const parsed = parseResourceId(id);
  if (parsed.namespace === undefined) {
    return parsed.resourceGroup === undefined
      ? 'Microsoft.Resources/subscriptions'
      : 'Microsoft.Resources/resourceGroups';
  }
  return [parsed.namespace, ...parsed.path.map((part) => part.type)].join('/');
}

/** The last name in `id`. */
export function resourceName(id: string): string {
  return id.replace(/\/$/, '').split('/').at(-1) ?? '';
}

/**
 * The id of what holds this resource: the parent resource of a child, the scope of an extension resource, the group of
 * a resource, the subscription of a group. `undefined` for a subscription.
 */
export function parentId(id: string): string | undefined {
  const parsed = parseResourceId(id);
  const segments = id.replace(/\/$/, '').split('/');
  if (parsed.namespace === undefined) {
    return parsed.resourceGroup === undefined ? undefined : segments.slice(0, -2).join('/');
  }
  // An outermost resource is preceded by `providers/<namespace>` besides its own type and name.
  const parent = segments.slice(0, parsed.path.length > 1 ? -2 : -4).join('/');
  return parent === '' ? undefined : parent;
}

/** The id of a resource group. */
export function resourceGroupId(subscriptionId: string, resourceGroup: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
}

/**
 * The id of a resource in a group. `type` is written in full, such as `Microsoft.Network/virtualNetworks/subnets`, with
 * one name for each part after the namespace.
 */
export function formatResourceId(
  subscriptionId: string,
  resourceGroup: string,
  type: string,
  ...names: readonly string[]
): string {
  const [namespace, ...types] = type.split('/');
  if (namespace === undefined || types.length === 0 || types.length !== names.length) {
    throw new Error(`${type} needs ${types.length} names, not ${names.length}`);
  }
  const path = types.map((part, at) => `${part}/${names[at]}`).join('/');
  return `${resourceGroupId(subscriptionId, resourceGroup)}/providers/${namespace}/${path}`;
}

/** Namespace of the names made by `roleAssignmentName`: a random UUID that must never change. */
const ROLE_ASSIGNMENT_NAMESPACE = 'b7c2a9f4-53de-4c0b-9d0e-6a1f8e2d7c35';

/**
 * A role assignment is named by a UUID that the caller chooses, and Azure refuses the same assignment under a second
 * name (`RoleAssignmentExists`). Deriving the name (UUID version 5, RFC 9562) makes it the same each time.
 */
export function roleAssignmentName(scope: string, principalId: string, roleDefinitionId: string): string {
  return uuidV5(ROLE_ASSIGNMENT_NAMESPACE, [scope, principalId, roleDefinitionId].join('|').toLowerCase());
}

function uuidV5(namespace: string, name: string): string {
  const prefix = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  const hash = hashOf('sha1', Buffer.concat([prefix, Buffer.from(name)]), 'buffer');
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.subarray(0, 16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Regions are written `West Europe` for people and `westeurope` in most answers; this is the latter. */
export function normaliseLocation(location: string): string {
  return location.replaceAll(' ', '').toLowerCase();
}
