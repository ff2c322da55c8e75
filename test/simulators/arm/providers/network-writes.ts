import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import type { BodyType } from '../body-judge.ts';
import { textAt, withoutNulls } from '../json-path.ts';
import type { Outcome, ResourceRequest, WriteRequest } from '../provider.ts';
import type { GlobalName, StoredResource, World } from '../world.ts';
import type { NetworkIdentity } from './network-shapes.ts';
import { withCheckedReferences } from './references.ts';
import { refuseBadBody, withNormalisedLocation } from './requests.ts';

/** How the network provider takes writes: what PUT, PATCH and DELETE of all its resources have in common. */

/**
 * The api-versions of `Microsoft.Network` that are served: the newest, and those with which commands of the Azure CLI ask
 * (2.91.0: load balancers with 2023-04-01, network security groups with 2022-01-01).
 */
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
  '2023-09-01',
  '2023-04-01',
  '2022-05-01',
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
  /** Told by a poll that finds a PUT running. Default: `retryAfterSeconds`. */
  readonly pollRetryAfterSeconds?: number;
  readonly deleteSeconds: number;
  /** Default 10. */
  readonly deleteRetryAfterSeconds?: number;
  /** The resource once the operation of a PUT is over: what is known only then is filled in. */
  readonly completed?: (document: JsonObject, world: World) => JsonObject;
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
  const durationSeconds = next === 'Stored' ? world.duration(`${kind.plural}/put`, kind.putSeconds) : 0;
  return {
    status,
    operation: {
      kind: 'AsyncOperation',
      durationSeconds,
      segment: 'operations',
      ...(durationSeconds === 0 ? {} : { ...putWaits(kind), whileRunning: 'Updating' }),
      onDone: (then) => {
        if (next === 'Stored') complete(then, request.id, kind, durationSeconds > 0);
        return undefined;
      },
    },
  };
}

/** What the answer to a PUT, and the polls after it, say about when to ask. */
export function putWaits({ retryAfterSeconds, pollRetryAfterSeconds = retryAfterSeconds }: NetworkKind) {
  return { retryAfterSeconds, pollRetryAfterSeconds };
}

/** Fills in what is known at the end; an operation that took time ends with an etag of its own. */
function complete(world: World, id: string, kind: NetworkKind, tookTime: boolean): void {
  const stored = world.get(id);
  if (stored === undefined) return;
  const { type, document, etag: before } = stored;
  const completed = kind.completed?.(document, world) ?? document;
  const etag = tookTime ? world.newEtag() : before;
  world.store({ id, type, document: tookTime ? withEtag(completed, etag) : completed, etag });
}

/**
 * Checks and stores the resource that a body makes.
 *
 * @returns `Unchanged` when it is what there was, which leaves the etag as it is; `TagsStored` when nothing but tags
 * differ, which is through at once
 */
export function storeNetworkResource(
  request: Pick<ResourceRequest, 'world' | 'id' | 'name' | 'type' | 'current'>,
  kind: NetworkKind,
  body: JsonObject,
): 'Stored' | 'TagsStored' | 'Unchanged' {
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
  return current?.provisioningState === 'Succeeded' && sameButTags(current.document, shaped(current.etag))
    ? 'TagsStored'
    : 'Stored';
}

function sameButTags(left: JsonObject, right: JsonObject): boolean {
  return isDeepStrictEqual({ ...left, tags: undefined }, { ...right, tags: undefined });
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
      retryAfterSeconds: kind.deleteRetryAfterSeconds ?? 10,
      whileRunning: 'Deleting',
      finalStatus: 204,
      onDone: (then) => {
        then.remove(id);
        return undefined;
      },
    },
  };
}

/** Refuses to write a resource on which something is being done already. */
function refuseWhileBusy(current: StoredResource | undefined): void {
  if (current !== undefined && isBusy(current)) throw anotherOperation();
}

/** Whether an operation runs on a network resource. */
export function isBusy({ provisioningState }: StoredResource): boolean {
  return provisioningState !== 'Succeeded' && provisioningState !== 'Failed';
}

/** Azure also names the URL of the operation there. */
export function anotherOperation(): ArmFault {
  return new ArmFault(
    409,
    'AnotherOperationInProgress',
    'Another operation on this or dependent resource is in progress.',
    { details: [] },
  );
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
