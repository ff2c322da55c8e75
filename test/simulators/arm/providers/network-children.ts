import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault, BY_THE_SERVICE } from '../arm-fault.ts';
import type { BodyType } from '../body-judge.ts';
import { objectsAt, replaceAt, withoutNulls } from '../json-path.ts';
import type { Outcome, ResourceRequest, WriteRequest } from '../provider.ts';
import type { StoredResource, World } from '../world.ts';
import {
  anotherOperation,
  isBusy,
  type NetworkKind,
  putWaits,
  storeNetworkResource,
  withEtag,
} from './network-writes.ts';
import { lastOperation } from './references.ts';
import { refuseBadBody } from './requests.ts';

/** Children that live in the document of a network resource: rules of a group, subnets of a network. */

/** What a child type of a network resource needs to know of its place in the parent's document. */
export interface NetworkChildKind {
  readonly parent: NetworkKind;
  readonly parentType: string;
  /** The parent's list that holds it, such as `securityRules`. */
  readonly list: string;
  readonly body: BodyType;
  /** Whether a second child is refused while one is written: subnets, not rules. */
  readonly oneAtATime: boolean;
  /** Refuses to delete a child that is in use. */
  readonly refuseDelete?: (world: World, id: string) => void;
}

/** When the operations on children are over, by world and id in lower case: children are not stored by themselves. */
const running = new WeakMap<World, Map<string, number>>();

function isRunning(world: World, id: string): boolean {
  return (running.get(world)?.get(id.toLowerCase()) ?? 0) > world.now();
}

function noteRunning(world: World, id: string, seconds: number): void {
  const ends = running.get(world) ?? new Map<string, number>();
  running.set(world, ends.set(id.toLowerCase(), world.now() + seconds * 1000));
}

/** The 404 of a child whose parent exists. */
export function missingNetworkChild({ id }: ResourceRequest): ArmFault {
  return new ArmFault(404, 'NotFound', `Resource ${id} not found.`, { details: [] });
}

/** The children as their parent shows them. */
export function networkChildren(request: ResourceRequest, kind: NetworkChildKind): readonly JsonObject[] {
  const { parent, world } = request;
  const children = parent === undefined ? [] : objectsAt(kind.parent.view(parent, world), `properties.${kind.list}`);
  return children.map((item) =>
    isRunning(world, String(item.id)) ? replaceAt(item, 'properties.provisioningState', 'Updating') : item,
  );
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
  refuseWhileBusy(world, parent, kind);
  const items = objectsAt(parent.document, `properties.${kind.list}`).filter((item) => !isNamed(item, name));
  const item = { ...withoutNulls(body), name: String(before?.name ?? name) };
  const change = writeParent(world, parent, kind, [...items, item]);
  const durationSeconds = change === 'Unchanged' ? 0 : world.duration(`${kind.list}/put`, 2);
  if (durationSeconds > 0) noteRunning(world, request.id, durationSeconds);
  return {
    status: before === undefined ? 201 : 200,
    operation: {
      kind: 'AsyncOperation',
      durationSeconds,
      ...(durationSeconds === 0 ? {} : putWaits(kind.parent)),
      onDone: (then) => {
        if (durationSeconds > 0) renewEtag(then, parent.id);
        return undefined;
      },
    },
  };
}

/** Deletes a child, which is a write of the parent without it. */
export function deleteNetworkChild(request: ResourceRequest, kind: NetworkChildKind): Outcome {
  const { world, name, parent } = request;
  if (parent === undefined || networkChildOf(request, kind) === undefined) return { status: 204 };
  refuseWhileBusy(world, parent, kind);
  kind.refuseDelete?.(world, request.id);
  const durationSeconds = world.duration(`${kind.list}/delete`, 2);
  noteRunning(world, request.id, durationSeconds);
  return {
    status: 202,
    operation: {
      kind: 'AsyncOperationAndLocation',
      durationSeconds,
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
): 'Stored' | 'TagsStored' | 'Unchanged' {
  const { id, name, type } = parent;
  const body = replaceAt(parent.document, `properties.${kind.list}`, items);
  // What is right by itself may still clash with a sibling.
  refuseBadBody('network', kind.parent.body, parent, body, kind.parent.view(parent, world));
  return storeNetworkResource({ world, id, name, type, current: parent }, kind.parent, body);
}

function renewEtag(world: World, id: string): void {
  const stored = world.get(id);
  if (stored === undefined) return;
  const etag = world.newEtag();
  world.store({ id, type: stored.type, document: withEtag(stored.document, etag), etag });
}

function refuseWhileBusy(world: World, parent: StoredResource, kind: NetworkChildKind): void {
  if (isBusy(parent)) throw retryable(world, parent);
  if (!kind.oneAtATime) return;
  const siblings = objectsAt(parent.document, `properties.${kind.list}`);
  if (siblings.some((item) => isRunning(world, String(item.id)))) throw anotherOperation();
}

function retryable(world: World, parent: StoredResource): ArmFault {
  return new ArmFault(429, 'RetryableError', 'A retryable error occurred.', {
    details: [
      {
        code: 'RetryableErrorDueToAnotherOperation',
        message: `Operation ${lastOperation(parent)} (${world.uuid()}) is updating resource ${parent.id}. The call can be retried in 11 seconds.`,
      },
    ],
    headers: { 'Retry-After': '11', ...BY_THE_SERVICE },
  });
}

function isNamed(item: JsonObject, name: string): boolean {
  return String(item.name).toLowerCase() === name.toLowerCase();
}
