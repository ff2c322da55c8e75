import { isJsonObject, type JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { checkNotDeleting, checkResourcesApiVersion, checkRights, checkTags, subscriptionOf } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import { type Answer, requiredBody } from '../exchange.ts';
import { textAt } from '../json-path.ts';
import { checkLocks } from '../lock-checks.ts';
import { checkPolicies } from '../policies.ts';
import { groupId, placeOf } from '../resource-path.ts';
import { tagsOf } from '../resource-store.ts';
import { resourceNotFound } from '../resource-target.ts';
import { parameter, type Route } from '../routes.ts';
import type { StoredResource } from '../world.ts';

/** The tags of a group or resource as a resource of their own. */
const PATH = '{+scope}/providers/Microsoft.Resources/tags/default';

export const tagRoutes: readonly Route[] = [
  { method: 'GET', path: PATH, handle: (context, parameters) => get(context, parameter(parameters, 'scope')) },
  {
    method: 'PUT',
    path: PATH,
    handle: (context, parameters) => write(context, parameter(parameters, 'scope'), () => 'Replace'),
  },
  {
    method: 'PATCH',
    path: PATH,
    handle: (context, parameters) => write(context, parameter(parameters, 'scope'), operationIn),
  },
  {
    method: 'DELETE',
    path: PATH,
    handle: (context, parameters) => {
      const tagged = taggedResource(context, parameter(parameters, 'scope'), 'delete');
      storeTags(context, tagged, {});
      return { status: 200 };
    },
  },
];

type TagOperation = 'Merge' | 'Replace' | 'Delete';

function get(context: ArmContext, scope: string): Answer {
  return { status: 200, body: view(taggedResource(context, scope, 'read')) };
}

function write(context: ArmContext, scope: string, operationOf: (body: JsonObject) => TagOperation): Answer {
  const tagged = taggedResource(context, scope, 'write');
  const body = requiredBody(context.request);
  const { properties } = body;
  const given = isJsonObject(properties) ? properties.tags : undefined;
  checkTags(given, context.types.get(tagged.type)?.longestTagName);
  const tags = apply(operationOf(body), tagsOf(tagged), isJsonObject(given) ? given : {});
  checkTags(tags);
  return { status: 200, body: view(storeTags(context, tagged, tags)) };
}

function operationIn({ operation }: JsonObject): TagOperation {
  if (operation === 'Merge' || operation === 'Replace' || operation === 'Delete') return operation;
  throw new ArmFault(
    400,
    'InvalidTagsOperation',
    `The tags operation '${operation}' is invalid. Use Merge, Replace or Delete.`,
  );
}

function apply(operation: TagOperation, current: Readonly<Record<string, string>>, given: JsonObject): JsonObject {
  switch (operation) {
    case 'Replace':
      return given;
    case 'Merge':
      return { ...current, ...given };
    case 'Delete':
      return Object.fromEntries(Object.entries(current).filter(([name, value]) => given[name] !== value));
    default:
      return operation satisfies never;
  }
}

function taggedResource(context: ArmContext, scope: string, verb: 'read' | 'write' | 'delete'): StoredResource {
  checkResourcesApiVersion(context);
  const { subscriptionId = '', resourceGroup } = placeOf(scope);
  subscriptionOf(context, subscriptionId);
  checkRights(context, `Microsoft.Resources/tags/${verb}`, scope);
  const { world } = context;
  const resource = world.get(scope);
  if (resource === undefined) throw resourceNotFound(scope);
  const group = resourceGroup === undefined ? undefined : world.get(groupId(subscriptionId, resourceGroup));
  if (verb !== 'read') {
    if (group !== undefined) checkNotDeleting(group);
    checkLocks(world, verb, resource.id);
  }
  return resource;
}

function storeTags({ world }: ArmContext, resource: StoredResource, tags: JsonObject): StoredResource {
  const { id, name, type, document } = resource;
  checkPolicies(world.settings.policies, { id, name, type, document: { ...document, tags } });
  const etag = world.newEtag();
  const shown = textAt(resource.document, 'etag');
  return world.store({
    id: resource.id,
    type: resource.type,
    etag,
    document: {
      ...resource.document,
      tags,
      ...(shown === undefined ? {} : { etag: shown.startsWith('W/') ? `W/${etag}` : etag }),
    },
  });
}

function view(resource: StoredResource): JsonObject {
  return {
    id: `${resource.id}/providers/Microsoft.Resources/tags/default`,
    name: 'default',
    type: 'Microsoft.Resources/tags',
    properties: { tags: tagsOf(resource) },
  };
}
