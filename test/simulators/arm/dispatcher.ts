import type { JsonObject } from '../../../src/json.ts';
import { ArmFault } from './arm-fault.ts';
import {
  apiVersionOf,
  checkLocation,
  checkNotDeleting,
  checkPreconditions,
  checkRegistered,
  checkRights,
  checkTags,
  checkTypeApiVersion,
  subscriptionOf,
} from './checks.ts';
import { type ArmContext, namespaceOf } from './context.ts';
import { type Answer, jsonBody, requiredBody } from './exchange.ts';
import { mergePatch, objectAt, textAt } from './json-path.ts';
import { checkLocks } from './lock-checks.ts';
import { checkPolicies } from './policies.ts';
import type { Outcome, ResourceRequest, ResourceType } from './provider.ts';
import { isWithin, ownerOf } from './resource-path.ts';
import { resourceNotFound, resourceRequest, type Target, targetOf } from './resource-target.ts';
import type { StoredResource, World } from './world.ts';

/** A resource as an answer shows it. */
export function viewOf(type: ResourceType | undefined, resource: StoredResource, world: World): JsonObject {
  const document = type?.view?.(resource, world) ?? resource.document;
  if (type?.provisioningState === false) return document;
  return {
    ...document,
    properties: { ...objectAt(document, 'properties'), provisioningState: resource.provisioningState },
  };
}

/** Answers a request for a resource of one of the registered types; `undefined` when the path is not of that form. */
export function dispatch(context: ArmContext): Answer | undefined {
  const { types, request } = context;
  const target = targetOf(types, request.method, request.path, apiVersionOf(context));
  if (target === undefined) return undefined;
  const { type } = target;
  const shortType = type.type.slice(type.type.indexOf('/') + 1);
  const apiVersion = checkTypeApiVersion(context, namespaceOf(type.type), shortType, type.apiVersions);
  const subscription = subscriptionOf(context, target.place.subscriptionId);
  checkRights(context, neededAction(request.method, target), rightsScope(target, request.path));
  if (request.method !== 'GET' && request.method !== 'HEAD') checkRegistered(subscription, namespaceOf(type.type));
  const found = resourceRequest(context, target, apiVersion);
  if (target.kind === 'Collection') return list(context, type, found);
  return target.kind === 'Action' ? act(context, type, target.action, found) : one(context, type, found);
}

function neededAction(method: string, target: Target): string {
  const { type } = target.type;
  if (target.kind === 'Action') {
    const [verb, path] = target.action.split(' ');
    return verb === 'GET' ? `${type}/${path}/read` : `${type}/${path}/action`;
  }
  switch (method) {
    case 'PUT':
    case 'PATCH':
      return `${type}/write`;
    case 'DELETE':
      return `${type}/delete`;
    default:
      return `${type}/read`;
  }
}

/** What the right is needed on: the resource itself, or where the list is taken. */
function rightsScope(target: Target, path: string): string {
  return target.kind === 'Collection' ? path.split('/').slice(0, -3).join('/') : path;
}

type FoundRequest = ResourceRequest & { readonly group: StoredResource | undefined };

function one(context: ArmContext, type: ResourceType, found: FoundRequest): Answer {
  switch (context.request.method) {
    case 'GET':
      return read(context, type, found);
    case 'HEAD': {
      const { body: _body, ...head } = read(context, type, found);
      return { ...head, status: 204 };
    }
    case 'PUT':
    case 'PATCH':
      return write(context, type, found, context.request.method);
    case 'DELETE':
      return remove(context, type, found);
    default:
      throw methodNotAllowed(context.request.method, type);
  }
}

function read(context: ArmContext, type: ResourceType, found: FoundRequest): Answer {
  if (!exists(type, found)) throw type.missing?.(found) ?? resourceNotFound(found.id);
  context.operations.noteSeen(found.id);
  return { status: 200, headers: etagHeader(type, found), body: documentOf(type, found) ?? {} };
}

function exists(type: ResourceType, found: FoundRequest): boolean {
  return type.get === undefined ? found.current !== undefined : type.get(found) !== undefined;
}

function documentOf(type: ResourceType, found: FoundRequest): JsonObject | undefined {
  if (type.get !== undefined) {
    // The parent may have been written since it was looked up.
    const parent = found.parent && found.world.get(found.parent.id);
    return type.get(parent === undefined ? found : { ...found, parent });
  }
  const resource = found.world.get(found.id);
  return resource === undefined ? undefined : viewOf(type, resource, found.world);
}

/** As the document states it (`W/"…"` for the network provider), else the stored one. */
function etagOf(type: ResourceType, found: FoundRequest): string | undefined {
  if (type.etags === undefined || type.etags === false) return undefined;
  return textAt(documentOf(type, found), 'etag') ?? found.world.get(found.id)?.etag;
}

function etagHeader(type: ResourceType, found: FoundRequest): Record<string, string> {
  const etag = etagOf(type, found);
  return etag === undefined ? {} : { ETag: etag };
}

function write(context: ArmContext, type: ResourceType, found: FoundRequest, method: 'PUT' | 'PATCH'): Answer {
  const handler = method === 'PUT' ? type.put : type.patch;
  if (handler === undefined) throw methodNotAllowed(method, type);
  if (found.group !== undefined) checkNotDeleting(found.group);
  checkLocks(found.world, 'write', found.id);
  if (method === 'PATCH' && !exists(type, found)) throw type.missing?.(found) ?? resourceNotFound(found.id);
  const body = requiredBody(context.request);
  if (type.name !== undefined && found.current === undefined && !type.name.pattern.test(found.name)) {
    throw type.name.refusal(found.name);
  }
  if (type.tracked) {
    checkTags(body.tags, type.longestTagName);
    if (method === 'PUT') checkLocation(context.world, body, type.type, found.name, found.current);
  }
  const document = method === 'PUT' ? body : mergePatch(documentOf(type, found) ?? {}, body);
  checkPolicies(context.world.settings.policies, { id: found.id, name: found.name, type: type.type, document });
  checkPreconditions(context, etagOf(type, found));
  return answerFrom(context, type, found, handler({ ...found, body }), true);
}

function remove(context: ArmContext, type: ResourceType, found: FoundRequest): Answer {
  if (type.delete === undefined) throw methodNotAllowed('DELETE', type);
  checkLocks(found.world, 'delete', found.id);
  if (!exists(type, found) && type.deleteMissing !== 'Ask') return { status: 204 };
  if (found.group !== undefined) checkNotDeleting(found.group);
  checkPreconditions(context, etagOf(type, found));
  return answerFrom(context, type, found, type.delete(found), false);
}

function act(context: ArmContext, type: ResourceType, key: string, found: FoundRequest): Answer {
  if (!exists(type, found)) throw type.missing?.(found) ?? resourceNotFound(found.id);
  if (context.request.method !== 'GET') {
    if (found.group !== undefined) checkNotDeleting(found.group);
    checkLocks(found.world, 'write', found.id);
  }
  const handler = type.actions?.[key];
  if (handler === undefined) throw methodNotAllowed(context.request.method, type);
  return answerFrom(context, type, found, handler({ ...found, body: jsonBody(context.request) }), false);
}

/** Makes the answer of an outcome and begins its operation. */
function answerFrom(
  context: ArmContext,
  type: ResourceType,
  found: FoundRequest,
  outcome: Outcome,
  isWrite: boolean,
): Answer {
  const { operations, request } = context;
  const { operation: plan } = outcome;
  const shown = () => (isWrite ? documentOf(type, found) : undefined);
  const begun =
    plan === undefined
      ? undefined
      : operations.begin(plan, {
          method: request.method,
          resourceId: found.id,
          subscriptionId: found.subscriptionId,
          namespace: namespaceOf(type.type),
          location: locationFor(found),
          apiVersion: found.apiVersion,
          origin: request.origin,
          defaultFinalBody: shown,
          failure: context.operationFailure,
        });
  const body = outcome.body ?? (outcome.status === 200 || outcome.status === 201 ? shown() : undefined);
  const etag = type.etags === 'OnReads' ? {} : etagHeader(type, found);
  const headers = { ...etag, ...outcome.headers, ...begun?.headers };
  return { status: outcome.status, headers, ...(body === undefined ? {} : { body }) };
}

function locationFor(found: FoundRequest): string {
  const documents = [found.world.get(found.id), found.parent, found.group];
  return documents.map((item) => textAt(item?.document, 'location')).find((location) => location !== undefined) ?? '';
}

function list(context: ArmContext, type: ResourceType, found: FoundRequest): Answer {
  if (context.request.method !== 'GET') throw methodNotAllowed(context.request.method, type);
  if (type.list !== undefined) return { status: 200, body: { value: type.list(found) } };
  const { world } = context;
  const isChild = type.type.split('/').length > 2;
  const resources = isChild
    ? [...world.children(found.id)].filter((item) => sameType(item, type))
    : [...within(context, type, found)];
  for (const { id } of resources) context.operations.noteSeen(id);
  return { status: 200, body: { value: resources.map((item) => viewOf(type, item, world)) } };
}

/**
 * Those of a type in a group, in a subscription, or (extension resources) at a scope and below it. With the filter
 * `atScope()`, extension resources at the scope and above it instead: all that hold there.
 */
function* within({ world }: ArmContext, type: ResourceType, found: FoundRequest): Iterable<StoredResource> {
  const atScope = type.extension === true && /^\s*atScope\(\)\s*$/i.test(found.query.get('$filter') ?? '');
  for (const item of world.ofType(type.type)) {
    if (atScope ? isWithin(found.id, ownerOf(item.id)) : isWithin(item.id, found.id)) yield item;
  }
}

function sameType(resource: StoredResource, type: ResourceType): boolean {
  return resource.type.toLowerCase() === type.type.toLowerCase();
}

function methodNotAllowed(method: string, type: ResourceType): ArmFault {
  return new ArmFault(405, 'MethodNotAllowed', `The HTTP method '${method}' is not supported for type '${type.type}'.`);
}
