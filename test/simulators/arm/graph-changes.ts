import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import { isWithin, placeOf } from './resource-path.ts';
import type { Principal, StoredResource } from './world.ts';
import type { WorldState } from './world-state.ts';

/** Who is at work: set while a request is carried out. */
export interface Attribution {
  current: Author | undefined;
}

export interface Author {
  readonly caller: Principal;
  readonly correlationId: string;
  /** Such as `Microsoft.Network/loadBalancers/write`. */
  readonly operation: string;
  /** What is written or deleted. */
  readonly resourceId: string;
}

/** What Resource Graph knows of changes of resources: the table `resourcechanges`. */
export interface ChangeLog {
  rows(): Iterable<JsonObject>;
}

const DAY = 86_400_000;

/** How long changes are kept. */
const KEPT = 14 * DAY;

interface Change {
  readonly at: number;
  readonly row: JsonObject;
}

/**
 * Follows a world and keeps what changed in resources that have a location, and in groups. A change becomes visible
 * `settings.activityLogLagSeconds` after it.
 */
export function createChangeLog(
  world: WorldState,
  attribution: Attribution,
  isFollowed: (type: string) => boolean,
): ChangeLog {
  const known = new Map<string, StoredResource>();
  const deletions = new Map<string, Author>();
  const changes: Change[] = [];
  world.onChange((id, after) => {
    const before = known.get(id.toLowerCase());
    const resource = after ?? before;
    if (resource === undefined || !isFollowed(resource.type)) return;
    if (after === undefined) known.delete(id.toLowerCase());
    else known.set(id.toLowerCase(), after);
    const differences = differencesOf(before?.document, after?.document);
    const author = after === undefined ? deleter(deletions, attribution, id) : attribution.current;
    if (after !== undefined && author?.operation.endsWith('/delete')) deletions.set(author.resourceId, author);
    if (Object.keys(differences).length === 0) return;
    const kind = before === undefined ? 'Create' : after === undefined ? 'Delete' : 'Update';
    const row = rowOf(resource, kind, differences, author, world);
    while (changes[0] !== undefined && changes[0].at <= world.now() - KEPT) changes.shift();
    changes.push({ at: world.now(), row });
  });
  return {
    rows: () => {
      const until = world.now() - world.settings.activityLogLagSeconds * 1000;
      return changes.filter(({ at }) => at <= until && at > world.now() - KEPT).map(({ row }) => row);
    },
  };
}

/** Deletions take their time: who asked for one is known from when it was accepted. */
function deleter(deletions: ReadonlyMap<string, Author>, attribution: Attribution, id: string): Author | undefined {
  if (attribution.current !== undefined) return attribution.current;
  return [...deletions.values()].find(({ resourceId }) => isWithin(id, resourceId));
}

function rowOf(
  resource: StoredResource,
  changeType: 'Create' | 'Update' | 'Delete',
  changes: JsonObject,
  author: Author | undefined,
  world: WorldState,
): JsonObject {
  const { subscriptionId = '', resourceGroup = '' } = placeOf(resource.id);
  const id = randomUUID();
  return {
    id: `${resource.id}/providers/Microsoft.Resources/changes/${id}`,
    name: id,
    type: 'microsoft.resources/changes',
    tenantId: world.tenantId,
    kind: '',
    location: '',
    resourceGroup: resourceGroup.toLowerCase(),
    subscriptionId,
    managedBy: '',
    sku: null,
    plan: null,
    properties: {
      targetResourceId: resource.id,
      targetResourceType: resource.type.toLowerCase(),
      changeType,
      changeAttributes: {
        timestamp: new Date(world.now()).toISOString(),
        correlationId: author?.correlationId ?? '00000000-0000-0000-0000-000000000000',
        changesCount: Object.keys(changes).length,
        changedBy: author?.caller.objectId ?? 'System',
        changedByType: author === undefined ? 'System' : 'Application',
        clientType: 'Unspecified',
        operation: author?.operation ?? 'Unspecified',
      },
      changes,
    },
    tags: null,
    identity: null,
    zones: null,
    extendedLocation: null,
  };
}

/** What moves with every write and says nothing of it. */
const MOVING = /(^|\.)(etag|provisioningState|lastModifiedAt)$/;

function differencesOf(before: JsonObject | undefined, after: JsonObject | undefined): JsonObject {
  const [old, now] = [flattened(before), flattened(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].filter(
    (path) => !MOVING.test(path) && old.get(path) !== now.get(path),
  );
  return Object.fromEntries(paths.map((path) => [path, difference(old.get(path), now.get(path))]));
}

function difference(previousValue: string | undefined, newValue: string | undefined): JsonObject {
  return {
    propertyChangeType: previousValue === undefined ? 'Insert' : newValue === undefined ? 'Remove' : 'Update',
    changeCategory: 'User',
    ...(previousValue === undefined ? {} : { previousValue }),
    ...(newValue === undefined ? {} : { newValue }),
  };
}

function flattened(value: JsonValue | undefined, path = '', into = new Map<string, string>()): Map<string, string> {
  if (isJsonObject(value)) {
    for (const [name, item] of Object.entries(value)) flattened(item, path === '' ? name : `${path}.${name}`, into);
  } else if (Array.isArray(value)) {
    for (const [at, item] of (value as readonly JsonValue[]).entries()) flattened(item, `${path}[${at}]`, into);
  } else if (value !== undefined && value !== null) {
    into.set(path, String(value));
  }
  return into;
}
