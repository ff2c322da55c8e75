import { ArmFault, BY_THE_GATEWAY } from './arm-fault.ts';
import { existingGroup, subscriptionOf } from './checks.ts';
import { type ArmContext, namespaceOf, type TypeRegistry } from './context.ts';
import type { ResourceRequest, ResourceType } from './provider.ts';
import { groupId, placeOf, providerPath } from './resource-path.ts';
import type { StoredResource } from './world.ts';

/** What a path of a resource provider means. */
export type Target =
  | { readonly kind: 'Resource'; readonly type: ResourceType; readonly place: Place; readonly names: readonly string[] }
  | {
      readonly kind: 'Collection';
      readonly type: ResourceType;
      readonly place: Place;
      readonly names: readonly string[];
    }
  | {
      readonly kind: 'Action';
      readonly type: ResourceType;
      readonly place: Place;
      readonly names: readonly string[];
      /** Key in `ResourceType.actions`, as the type writes it. */
      readonly action: string;
    };

/** Where in the hierarchy a path is. */
export interface Place {
  /** What the path has before `/providers/`. */
  readonly scope: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string | undefined;
}

/**
 * Reads a path: the longest run of types and names that is a known type, and what follows it.
 *
 * @throws ArmFault for namespaces and types that do not exist
 */
export function targetOf(types: TypeRegistry, method: string, path: string, apiVersion: string): Target | undefined {
  const parts = providerPath(path);
  if (parts === undefined) return undefined;
  const { scope, namespace, rest } = parts;
  const { subscriptionId, resourceGroup } = placeOf(scope === '' ? path : scope);
  if (subscriptionId === undefined) return undefined;
  const place: Place = { scope, subscriptionId, resourceGroup };
  const name = types.namespaces.find((known) => known.toLowerCase() === namespace.toLowerCase());
  if (name === undefined) {
    throw new ArmFault(404, 'InvalidResourceNamespace', `The resource namespace '${namespace}' is invalid.`);
  }
  for (let depth = Math.ceil(rest.length / 2); depth > 0; depth--) {
    const type = types.get([name, ...segments(rest, 0, depth)].join('/'));
    if (type === undefined) continue;
    const names = segments(rest, 1, depth);
    if (rest.length === depth * 2 - 1) return { kind: 'Collection', type, place, names };
    if (rest.length === depth * 2) return { kind: 'Resource', type, place, names };
    const wanted = `${method} ${rest.slice(depth * 2).join('/')}`.toLowerCase();
    const action = Object.keys(type.actions ?? {}).find((key) => key.toLowerCase() === wanted);
    if (action !== undefined) return { kind: 'Action', type, place, names, action };
  }
  throw unknownType(types, name, segments(rest, 0, Math.ceil(rest.length / 2)).join('/'), apiVersion);
}

/** Every second segment, from the first (types) or the second (names) of `depth` pairs. */
function segments(rest: readonly string[], from: 0 | 1, depth: number): string[] {
  return rest.slice(0, depth * 2).filter((_, at) => at % 2 === from);
}

function unknownType(types: TypeRegistry, namespace: string, type: string, apiVersion: string): ArmFault {
  const versions = new Set(
    types.all.filter((known) => namespaceOf(known.type) === namespace).flatMap((known) => known.apiVersions),
  );
  return new ArmFault(
    404,
    'InvalidResourceType',
    `The resource type '${type}' could not be found in the namespace '${namespace}' for api version '${apiVersion}'. The supported api-versions are '${[...versions].join(',')}'.`,
  );
}

/**
 * The request that a handler gets, once subscription, group, scope and parent are found.
 *
 * @throws ArmFault when one of them is missing
 */
export function resourceRequest(
  context: ArmContext,
  target: Target,
  apiVersion: string,
): ResourceRequest & { readonly group: StoredResource | undefined } {
  const { world, request, caller } = context;
  const { type, place, names } = target;
  subscriptionOf(context, place.subscriptionId);
  const group =
    place.resourceGroup === undefined ? undefined : existingGroup(context, place.subscriptionId, place.resourceGroup);
  const scope = type.extension === true ? extensionScope(context, place) : (group?.id ?? place.scope);
  const path = canonicalPath(context, scope, type, names, target.kind === 'Collection');
  const about = type.extension === true ? world.get(scope) : path.parent;
  const current = target.kind === 'Collection' ? undefined : world.get(path.id);
  return {
    world,
    id: current?.id ?? path.id,
    name: current?.name ?? names.at(-1) ?? '',
    type: type.type,
    subscriptionId: place.subscriptionId,
    ...(group === undefined ? {} : { resourceGroup: group.name }),
    ...(about === undefined ? {} : { parent: about }),
    names,
    current,
    apiVersion,
    query: request.query,
    headers: request.headers,
    caller,
    group,
  };
}

/** What an extension resource is about has to exist. */
function extensionScope(context: ArmContext, place: Place): string {
  const { world } = context;
  if (place.resourceGroup === undefined) return place.scope;
  const group = groupId(place.subscriptionId, place.resourceGroup);
  if (place.scope.split('/').length <= 5) return world.get(group)?.id ?? group;
  const resource = world.get(place.scope);
  if (resource === undefined) throw resourceNotFound(place.scope);
  return resource.id;
}

/** The id in Azure's spelling, after each parent on the way was found. */
function canonicalPath(
  context: ArmContext,
  scope: string,
  type: ResourceType,
  names: readonly string[],
  collection: boolean,
): { readonly id: string; readonly parent: StoredResource | undefined } {
  const { world, types } = context;
  const [namespace = '', ...shortTypes] = type.type.split('/');
  let id = `${scope}/providers/${namespace}`;
  let parent: StoredResource | undefined;
  for (const [at, shortType] of shortTypes.entries()) {
    const last = at === shortTypes.length - 1;
    if (last && collection) return { id: parent?.id ?? scope, parent };
    id = `${id}/${shortType}/${names[at] ?? ''}`;
    if (last) break;
    const stored = world.get(id);
    const parentType = types.get([namespace, ...shortTypes.slice(0, at + 1)].join('/'));
    if (stored === undefined && !existsOtherwise(context, parentType, id, names.slice(0, at + 1), parent)) {
      throw parentNotFound(context.request.method, type.type, id);
    }
    parent = stored ?? parent;
    id = stored?.id ?? id;
  }
  return { id, parent };
}

/** Resources without an entry of their own in the world are known to their type alone. */
function existsOtherwise(
  { world, request, caller }: ArmContext,
  type: ResourceType | undefined,
  id: string,
  names: readonly string[],
  parent: StoredResource | undefined,
): boolean {
  const { subscriptionId = '', resourceGroup } = placeOf(id);
  return (
    type?.get?.({
      world,
      id,
      name: names.at(-1) ?? '',
      type: type.type,
      subscriptionId,
      ...(resourceGroup === undefined ? {} : { resourceGroup }),
      ...(parent === undefined ? {} : { parent }),
      names,
      current: undefined,
      apiVersion: type.apiVersions[0] ?? '',
      query: request.query,
      headers: request.headers,
      caller,
    }) !== undefined
  );
}

/** The 404 of a resource whose group exists. */
export function resourceNotFound(id: string): ArmFault {
  const { resourceGroup } = placeOf(id);
  const parts = providerPath(id);
  const label = [parts?.namespace, ...(parts?.rest ?? [])].join('/');
  const group = resourceGroup === undefined ? '' : ` under resource group '${resourceGroup}'`;
  return new ArmFault(
    404,
    'ResourceNotFound',
    `The Resource '${label}'${group} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
    { headers: BY_THE_GATEWAY },
  );
}

function parentNotFound(method: string, type: string, parentId: string): ArmFault {
  // The network provider's children are told of their parent.
  if (/^microsoft\.network\//i.test(type)) return resourceNotFound(parentId);
  const verb = method === 'GET' || method === 'HEAD' ? 'read' : method === 'DELETE' ? 'delete' : 'write';
  return new ArmFault(
    404,
    'ParentResourceNotFound',
    `Failed to perform '${verb}' on resource(s) of type '${type.slice(type.indexOf('/') + 1)}', because the parent resource '${parentId}' could not be found.`,
    { headers: BY_THE_GATEWAY },
  );
}
