/** Ids and paths of resources, as the simulator reads them. Nothing of the operator is used: it shall not judge itself. */

/** The last provider in a path, and what stands around it. */
export interface ProviderPath {
  /** What is before `/providers/`: a subscription, group or resource id; empty for tenant-level paths. */
  readonly scope: string;
  readonly namespace: string;
  /** Types and names in turn; a collection or an action may follow. */
  readonly rest: readonly string[];
}

/** Takes a path apart at its last `/providers/`; `undefined` when it has none or nothing follows the namespace. */
export function providerPath(path: string): ProviderPath | undefined {
  const at = path.toLowerCase().lastIndexOf('/providers/');
  if (at < 0) return undefined;
  const [namespace = '', ...rest] = path
    .slice(at + '/providers/'.length)
    .split('/')
    .filter((segment) => segment !== '');
  return namespace === '' ? undefined : { scope: path.slice(0, at), namespace, rest };
}

/** The subscription and the group in an id or path. */
export function placeOf(path: string): { readonly subscriptionId?: string; readonly resourceGroup?: string } {
  const match = /^\/subscriptions\/([^/]+)(?:\/resourcegroups\/([^/]+))?/i.exec(path);
  const [, subscriptionId, resourceGroup] = match ?? [];
  return {
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(resourceGroup === undefined ? {} : { resourceGroup }),
  };
}

/** The id of a resource group as Azure writes it. */
export function groupId(subscriptionId: string, resourceGroup: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
}

/** What a resource hangs on: the parent of a child, the scope of an extension resource, the group, the subscription. */
export function ownerOf(id: string): string {
  const segments = id.split('/');
  const own = segments.at(-4)?.toLowerCase() === 'providers' ? 4 : 2;
  return segments.slice(0, -own).join('/');
}

/** The last segment of an id. */
export function lastName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** `West Europe` and `westeurope` are the same region. */
export function locationName(text: string): string {
  return text.replaceAll(' ', '').toLowerCase();
}

/** Whether an action such as `Microsoft.Network/loadBalancers/read` is covered by a pattern in which `*` is any text. */
export function actionCovers(pattern: string, action: string): boolean {
  const expression = pattern.split('*').map(escaped).join('.*');
  return new RegExp(`^${expression}$`, 'i').test(action);
}

function escaped(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
}

/** Whether `scope` is `outer` or lies below it. `/` is above everything. */
export function isWithin(scope: string, outer: string): boolean {
  const inner = scope.toLowerCase();
  const limit = outer.toLowerCase().replace(/\/$/, '');
  return limit === '' || inner === limit || inner.startsWith(`${limit}/`);
}
