import type { JsonObject } from '../../../../src/json.ts';
import { checkResourcesApiVersion, existingGroup, readableOf, subscriptionOf } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import { viewOf } from '../dispatcher.ts';
import type { Answer } from '../exchange.ts';
import { textAt } from '../json-path.ts';
import { locationName, placeOf } from '../resource-path.ts';
import { tagsOf } from '../resource-store.ts';
import { parameter, type Route } from '../routes.ts';
import type { StoredResource } from '../world.ts';
import { type Comparison, parseFilter, tagsSatisfy } from './filters.ts';

/** How many rows a page has unless `$top` says less. */
const PAGE = 1000;

const FIELDS = ['resourcegroup', 'resourcetype', 'name', 'location', 'tagname', 'tagvalue'];

export const resourceListRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/subscriptions/{subscription}/resources',
    handle: (context, parameters) => list(context, parameter(parameters, 'subscription'), undefined),
  },
  {
    method: 'GET',
    path: '/subscriptions/{subscription}/resourcegroups/{group}/resources',
    handle: (context, parameters) =>
      list(context, parameter(parameters, 'subscription'), parameter(parameters, 'group')),
  },
];

function list(context: ArmContext, subscriptionId: string, groupName: string | undefined): Answer {
  // The Azure CLI looks vaults up with a version as old as this.
  checkResourcesApiVersion(context);
  subscriptionOf(context, subscriptionId);
  const group = groupName === undefined ? undefined : existingGroup(context, subscriptionId, groupName);
  const scope = group?.id ?? `/subscriptions/${subscriptionId.toLowerCase()}`;
  const { query } = context.request;
  const filter = query.get('$filter');
  const comparisons = filter === null ? [] : parseFilter(filter, FIELDS);
  const readable = readableOf(
    context,
    scope,
    tracked(context, scope),
    'Microsoft.Resources/subscriptions/resources/read',
  );
  const rows = readable.filter((item) => satisfies(item, comparisons));
  const skip = Number(query.get('$skiptoken') ?? 0);
  const top = Math.min(Number(query.get('$top') ?? PAGE), PAGE);
  const page = rows.slice(skip, skip + top).map((item) => row(context, item, query.get('$expand') ?? ''));
  const more = skip + top < rows.length ? { nextLink: nextLink(context, skip + top) } : {};
  return { status: 200, body: { value: page, ...more } };
}

/** Top-level resources with a location; children and extension resources are not listed. */
function tracked({ world, types }: ArmContext, scope: string): StoredResource[] {
  const prefix = `${scope}/`.toLowerCase();
  return types.all
    .filter((type) => type.tracked && type.type.split('/').length === 2)
    .flatMap((type) => [...world.ofType(type.type)])
    .filter((item) => item.id.toLowerCase().startsWith(prefix));
}

function satisfies(resource: StoredResource, comparisons: readonly Comparison[]): boolean {
  const values: Readonly<Record<string, string>> = {
    resourcegroup: placeOf(resource.id).resourceGroup ?? '',
    resourcetype: resource.type,
    name: resource.name,
    location: locationName(textAt(resource.document, 'location') ?? ''),
  };
  const plain = comparisons.filter(({ field }) => !field.startsWith('tag'));
  return (
    tagsSatisfy(comparisons, tagsOf(resource)) &&
    plain.every(({ field, operator, value }) => {
      const equal = (values[field] ?? '').toLowerCase() === value.toLowerCase();
      return operator === 'eq' ? equal : !equal;
    })
  );
}

const SHOWN = ['id', 'name', 'type', 'kind', 'managedBy', 'sku', 'plan', 'identity', 'location', 'zones', 'tags'];

function row({ world, types }: ArmContext, resource: StoredResource, expand: string): JsonObject {
  const view = viewOf(types.get(resource.type), resource, world);
  const extra = {
    createdTime: new Date(resource.createdAt).toISOString(),
    changedTime: new Date(resource.changedAt).toISOString(),
    provisioningState: resource.provisioningState,
  };
  return Object.fromEntries([
    ...SHOWN.filter((name) => view[name] !== undefined).map((name) => [name, view[name]]),
    ...Object.entries(extra).filter(([name]) => expand.toLowerCase().split(',').includes(name.toLowerCase())),
  ]);
}

function nextLink({ request }: ArmContext, skip: number): string {
  const query = new URLSearchParams(request.query);
  query.set('$skiptoken', String(skip));
  return `${request.origin}${request.path}?${query}`;
}
