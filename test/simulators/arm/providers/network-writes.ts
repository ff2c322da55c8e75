import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import type { BodyType } from '../body-judge.ts';
import { objectsAt, replaceAt, textAt, withoutNulls } from '../json-path.ts';
import type { Outcome, ResourceRequest, WriteRequest } from '../provider.ts';
import type { GlobalName, StoredResource, World } from '../world.ts';
import type { NetworkIdentity } from './network-shapes.ts';
import { withCheckedReferences } from './references.ts';
import { refuseBadBody, withNormalisedLocation } from './requests.ts';

/** How the network provider takes writes: what PUT, PATCH and DELETE of all its resources have in common. */

/** The api-versions of `Microsoft.Network` that are served. */
export const NETWORK_API_VERSIONS = [
  '2026-01-01',
  '2025-09-01',
  '2025-07-01',
  '2025-05-01',
  '2025-03-01',
  '2025-01-01',
  '2024-10-01',
  '2024-07-01',
  '2024-05-01',
  '2024-03-01',
  '2024-01-01',
  '2023-11-01',
  '2022-01-01',
] as const;

/** One type of network resource. */
export interface NetworkKind {
  /** The last part of its type, such as `publicIPAddresses`. */
  readonly plural: string;
  readonly body: BodyType;
  /** The resource as Azure answers it, from a request body or from the resource itself. */
  readonly shape: (
    identity: NetworkIdentity,
    body: JsonObject,
    world: World,
    current: StoredResource | undefined,
  ) => JsonObject;
  /** Refuses a change that the body alone does not show to be wrong. */
  readonly check?: (world: World, next: JsonObject, current: StoredResource | undefined, id: string) => void;
  readonly globalNames?: (next: JsonObject) => readonly GlobalName[];
  readonly view: (resource: StoredResource, world: World) => JsonObject;
  /** Median of recorded PUTs; 0 for what is through with the answer. */
  readonly putSeconds: number;
  readonly retryAfterSeconds: number;
  readonly deleteSeconds: number;
  /** Refuses to delete what is in use. */
  readonly refuseDelete: (world: World, id: string) => void;
}

/** Creates or replaces a network resource: what the body leaves out goes back to its default, lists are replaced. */
export function putNetworkResource(request: WriteRequest, kind: NetworkKind): Outcome {
  const { world, current } = request;
  refuseBadBody('network', kind.body, request, request.body, current && kind.view(current, world));
  refuseWhileBusy(current);
  return replaceNetworkResource(request, kind, withoutNulls(withNormalisedLocation(request)));
}

/** The part of a PUT behind the judging of its body. */
export function replaceNetworkResource(request: ResourceRequest, kind: NetworkKind, body: JsonObject): Outcome {
  const { world, current } = request;
  const next = storeNetworkResource(request, kind, body);
  const status = current === undefined ? 201 : 200;
  const durationSeconds = next === 'Unchanged' ? 0 : world.duration(`${kind.plural}/put`, kind.putSeconds);
  return {
    status,
    operation: {
      kind: 'AsyncOperation',
      durationSeconds,
      segment: 'operations',
      ...(durationSeconds === 0 ? {} : { retryAfterSeconds: kind.retryAfterSeconds, whileRunning: 'Updating' }),
    },
  };
}

/**
 * Checks and stores the resource that a body makes.
 *
 * @returns `Unchanged` when it is what there was, which leaves the etag as it is
 */
export function storeNetworkResource(
  request: Pick<ResourceRequest, 'world' | 'id' | 'name' | 'type' | 'current'>,
  kind: NetworkKind,
  body: JsonObject,
): 'Stored' | 'Unchanged' {
  const { world, current, id, name, type } = request;
  const resourceGuid = textAt(current?.document, 'properties.resourceGuid') ?? world.uuid();
  const identity = (etag: string): NetworkIdentity => ({ id, name, type, resourceGuid, etag: `W/${etag}` });
  const shaped = (etag: string) => withCheckedReferences(world, id, kind.shape(identity(etag), body, world, current));
  if (current?.provisioningState === 'Succeeded' && isDeepStrictEqual(current.document, shaped(current.etag))) {
    return 'Unchanged';
  }
  const etag = world.newEtag();
  const document = shaped(etag);
  kind.check?.(world, document, current, id);
  world.store({ id, type, document, etag, globalNames: kind.globalNames?.(document) ?? [] });
  return 'Stored';
}

/** PATCH of a network resource takes tags alone. */
export function patchNetworkTags(request: WriteRequest): Outcome {
  const { world, current, id, type, body } = request;
  refuseBadBody('network', 'networkTags', request, body, undefined);
  if (current === undefined) return { status: 204 };
  const etag = world.newEtag();
  const document = withEtag({ ...current.document, tags: body.tags ?? {} }, etag);
  world.store({ id, type, document, etag });
  return { status: 200 };
}

/** Deletes a network resource, unless something uses it. */
export function deleteNetworkResource(request: ResourceRequest, kind: NetworkKind): Outcome {
  const { world, id, current } = request;
  refuseWhileBusy(current);
  kind.refuseDelete(world, id);
  return {
    status: 202,
    operation: {
      kind: 'AsyncOperationAndLocation',
      durationSeconds: world.duration(`${kind.plural}/delete`, kind.deleteSeconds),
      retryAfterSeconds: 10,
      whileRunning: 'Deleting',
      finalStatus: 204,
      onDone: (then) => {
        then.remove(id);
        return undefined;
      },
    },
  };
}

function refuseWhileBusy(current: StoredResource | undefined): void {
  if (current === undefined || current.provisioningState === 'Succeeded' || current.provisioningState === 'Failed')
    return;
  throw new ArmFault(429, 'RetryableError', 'A retryable error occurred.', {
    details: [
      {
        code: 'RetryableErrorDueToAnotherOperation',
        message: `Another operation is updating resource ${current.id}. The call can be retried in 10 seconds.`,
      },
    ],
    headers: { 'Retry-After': '10' },
  });
}

/** A document whose children carry a new etag, as they all share that of their parent. */
export function withEtag(document: JsonObject, etag: string): JsonObject {
  const previous = textAt(document, 'etag');
  const renewed = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map(renewed);
    if (isJsonObject(value)) return renewedObject(value);
    return value;
  };
  const renewedObject = (value: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        name === 'etag' && item === previous ? `W/${etag}` : item === undefined ? item : renewed(item),
      ]),
    );
  return renewedObject(document);
}

/** What a child type of a network resource needs to know of its place in the parent's document. */
export interface NetworkChildKind {
  readonly parent: NetworkKind;
  readonly parentType: string;
  /** The parent's list that holds it, such as `securityRules`. */
  readonly list: string;
  readonly body: BodyType;
  /** Refuses to delete a child that is in use. */
  readonly refuseDelete?: (world: World, id: string) => void;
}

/** The child of that name as its parent shows it. */
export function networkChildren(request: ResourceRequest, kind: NetworkChildKind): readonly JsonObject[] {
  const { parent, world } = request;
  return parent === undefined ? [] : objectsAt(kind.parent.view(parent, world), `properties.${kind.list}`);
}

/** The child at the request's id. */
export function networkChildOf(request: ResourceRequest, kind: NetworkChildKind): JsonObject | undefined {
  return networkChildren(request, kind).find((child) => isNamed(child, request.name));
}

/** Writes a child, which is a write of the parent with one item of the list added or replaced. */
export function putNetworkChild(request: WriteRequest, kind: NetworkChildKind): Outcome {
  const { world, name, body, parent } = request;
  if (parent === undefined) throw new Error(`${request.id} has no parent`);
  const before = networkChildOf(request, kind);
  refuseBadBody('network', kind.body, request, body, before);
  refuseWhileBusy(parent);
  const items = objectsAt(parent.document, `properties.${kind.list}`).filter((item) => !isNamed(item, name));
  const item = { ...withoutNulls(body), name: String(before?.name ?? name) };
  const change = writeParent(world, parent, kind, [...items, item]);
  const durationSeconds = change === 'Unchanged' ? 0 : world.duration(`${kind.list}/put`, 2);
  return {
    status: before === undefined ? 201 : 200,
    operation: {
      kind: 'AsyncOperation',
      durationSeconds,
      ...(durationSeconds === 0 ? {} : { retryAfterSeconds: kind.parent.retryAfterSeconds, whileRunning: 'Updating' }),
    },
  };
}

/** Deletes a child, which is a write of the parent without it. */
export function deleteNetworkChild(request: ResourceRequest, kind: NetworkChildKind): Outcome {
  const { world, name, parent } = request;
  if (parent === undefined || networkChildOf(request, kind) === undefined) return { status: 204 };
  refuseWhileBusy(parent);
  kind.refuseDelete?.(world, request.id);
  return {
    status: 202,
    operation: {
      kind: 'AsyncOperationAndLocation',
      durationSeconds: world.duration(`${kind.list}/delete`, 2),
      retryAfterSeconds: 10,
      finalStatus: 204,
      onDone: (then) => {
        const owner = then.get(parent.id);
        if (owner !== undefined) {
          const items = objectsAt(owner.document, `properties.${kind.list}`).filter((item) => !isNamed(item, name));
          writeParent(then, owner, kind, items);
        }
        return undefined;
      },
    },
  };
}

function writeParent(
  world: World,
  parent: StoredResource,
  kind: NetworkChildKind,
  items: readonly JsonObject[],
): 'Stored' | 'Unchanged' {
  const { id, name, type } = parent;
  const body = replaceAt(parent.document, `properties.${kind.list}`, items);
  // What is right by itself may still clash with a sibling.
  refuseBadBody('network', kind.parent.body, parent, body, kind.parent.view(parent, world));
  return storeNetworkResource({ world, id, name, type, current: parent }, kind.parent, body);
}

function isNamed(item: JsonObject, name: string): boolean {
  return String(item.name).toLowerCase() === name.toLowerCase();
}
