import type { JsonObject } from '../../../src/json.ts';
import type { ChangeLog } from './graph-changes.ts';
import { objectAt } from './json-path.ts';
import { placeOf } from './resource-path.ts';
import type { StoredResource } from './world.ts';
import type { WorldState } from './world-state.ts';

/** What Azure Resource Graph knows: a copy of the resources that follows changes with a delay. */
export interface GraphIndex {
  /** The rows of a table, brought up to what is due now. */
  rows(table: string): Iterable<JsonObject>;
}

interface Row {
  readonly table: string;
  readonly row: JsonObject;
}

const GROUP = 'microsoft.resources/resourcegroups';
const ROLE_ASSIGNMENT = 'microsoft.authorization/roleassignments';

/** The tables that have rows. */
export const GRAPH_TABLES: readonly string[] = [
  'resources',
  'resourcecontainers',
  'authorizationresources',
  'resourcechanges',
];

/**
 * Follows a world. A change becomes visible `settings.graphLagSeconds` after it; until then the graph shows what was.
 *
 * @param view a resource as a GET shows it
 * @param isTracked whether a type has a location and tags, as what stands in the table `resources` has
 */
export function createGraphIndex(
  world: WorldState,
  view: (resource: StoredResource) => JsonObject,
  isTracked: (type: string) => boolean,
  changes: ChangeLog,
): GraphIndex {
  const rows = new Map<string, Row>();
  const pending: { readonly id: string; readonly changedAt: number }[] = [];
  world.onChange((id) => pending.push({ id, changedAt: world.now() }));

  const tableOf = ({ type }: StoredResource): string | undefined => {
    const name = type.toLowerCase();
    if (name === GROUP) return 'resourcecontainers';
    if (name === ROLE_ASSIGNMENT) return 'authorizationresources';
    return isTracked(name) ? 'resources' : undefined;
  };

  const catchUp = () => {
    const until = world.now() - world.settings.graphLagSeconds * 1000;
    const notDue = pending.findIndex(({ changedAt }) => changedAt > until);
    const due = pending.splice(0, notDue === -1 ? pending.length : notDue);
    for (const id of new Set(due.map((change) => change.id.toLowerCase()))) {
      const resource = world.get(id);
      const table = resource === undefined ? undefined : tableOf(resource);
      if (resource === undefined || table === undefined) rows.delete(id);
      else rows.set(id, { table, row: rowOf(view(resource), resource, world.tenantId) });
    }
  };

  return {
    rows: (table) => {
      if (table === 'resourcechanges') return changes.rows();
      catchUp();
      return [...rows.values()].filter((entry) => entry.table === table).map((entry) => entry.row);
    },
  };
}

/** The columns that all tables of resources have. */
function rowOf(document: JsonObject, resource: StoredResource, tenantId: string): JsonObject {
  const { subscriptionId = '', resourceGroup = '' } = placeOf(resource.id);
  const isGroup = resource.type.toLowerCase() === GROUP;
  return {
    id: resource.id,
    name: resource.name,
    type: isGroup ? 'microsoft.resources/subscriptions/resourcegroups' : resource.type.toLowerCase(),
    tenantId,
    kind: document.kind ?? '',
    location: document.location ?? '',
    resourceGroup: resourceGroup.toLowerCase(),
    subscriptionId,
    managedBy: document.managedBy ?? '',
    sku: document.sku ?? null,
    plan: document.plan ?? null,
    properties: objectAt(document, 'properties'),
    tags: document.tags ?? null,
    identity: document.identity ?? null,
    zones: document.zones ?? null,
    extendedLocation: null,
    etag: document.etag ?? null,
  };
}
