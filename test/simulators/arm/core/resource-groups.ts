import { isJsonObject, type JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import {
  checkNotDeleting,
  checkResourcesApiVersion,
  checkRights,
  checkTags,
  existingGroup,
  readableOf,
  subscriptionOf,
} from '../checks.ts';
import type { ArmContext } from '../context.ts';
import { type Answer, requiredBody } from '../exchange.ts';
import { textAt } from '../json-path.ts';
import { checkGroupDeletionLocks, checkLocks } from '../lock-checks.ts';
import { checkPolicies } from '../policies.ts';
import { groupId, locationName } from '../resource-path.ts';
import { tagsOf } from '../resource-store.ts';
import { parameter, type Route } from '../routes.ts';
import type { StoredResource } from '../world.ts';
import type { WorldState } from '../world-state.ts';
import { matchesTags } from './filters.ts';

/** The type under which groups are kept. */
export const GROUP_TYPE = 'Microsoft.Resources/resourceGroups';

const READ = 'Microsoft.Resources/subscriptions/resourceGroups/read';
const WRITE = 'Microsoft.Resources/subscriptions/resourceGroups/write';
const DELETE = 'Microsoft.Resources/subscriptions/resourceGroups/delete';

/** Simulated seconds until a group and all in it are gone: the median of recordings. */
const DELETE_SECONDS = 65;

export const resourceGroupRoutes: readonly Route[] = [
  { method: 'GET', path: '/subscriptions/{subscription}/resourcegroups', handle: list },
  { method: 'GET', path: '/subscriptions/{subscription}/resourcegroups/{group}', handle: get },
  { method: 'HEAD', path: '/subscriptions/{subscription}/resourcegroups/{group}', handle: head },
  { method: 'PUT', path: '/subscriptions/{subscription}/resourcegroups/{group}', handle: put },
  { method: 'PATCH', path: '/subscriptions/{subscription}/resourcegroups/{group}', handle: patch },
  { method: 'DELETE', path: '/subscriptions/{subscription}/resourcegroups/{group}', handle: remove },
];

type Parameters = Readonly<Record<string, string>>;

/** A group as an answer shows it. */
export function groupView(group: StoredResource): JsonObject {
  return { ...group.document, properties: { provisioningState: group.provisioningState } };
}

function names(parameters: Parameters) {
  const subscriptionId = parameter(parameters, 'subscription').toLowerCase();
  const name = parameter(parameters, 'group');
  return { subscriptionId, name, id: groupId(subscriptionId, name) };
}

function begin(context: ArmContext, parameters: Parameters, action: string) {
  const found = names(parameters);
  const apiVersion = checkResourcesApiVersion(context);
  subscriptionOf(context, found.subscriptionId);
  checkRights(context, action, found.id);
  return { ...found, apiVersion };
}

function list(context: ArmContext, parameters: Parameters): Answer {
  const subscriptionId = parameter(parameters, 'subscription').toLowerCase();
  checkResourcesApiVersion(context);
  subscriptionOf(context, subscriptionId);
  const prefix = `/subscriptions/${subscriptionId}/`;
  const filter = context.request.query.get('$filter');
  const groups = [...context.world.ofType(GROUP_TYPE)].filter(
    (group) => group.id.toLowerCase().startsWith(prefix) && (filter === null || matchesTags(filter, tagsOf(group))),
  );
  const readable = readableOf(context, `/subscriptions/${subscriptionId}`, groups, READ);
  return { status: 200, body: { value: readable.map(groupView) } };
}

function get(context: ArmContext, parameters: Parameters): Answer {
  const { subscriptionId, name } = begin(context, parameters, READ);
  return { status: 200, body: groupView(existingGroup(context, subscriptionId, name)) };
}

function head(context: ArmContext, parameters: Parameters): Answer {
  const { id } = begin(context, parameters, READ);
  return { status: context.world.get(id) === undefined ? 404 : 204 };
}

function put(context: ArmContext, parameters: Parameters): Answer {
  const { subscriptionId, name, id } = begin(context, parameters, WRITE);
  const { world } = context;
  checkName(name);
  const body = requiredBody(context.request);
  checkMembers(body);
  checkTags(body.tags);
  const current = world.get(id);
  if (current !== undefined) checkNotDeleting(current);
  checkLocks(world, 'write', current?.id ?? id);
  const location = groupLocation(world, body, current);
  judgeByPolicies(context, name, id, body);
  const group = world.store({
    id: current?.id ?? groupId(subscriptionId, name),
    type: GROUP_TYPE,
    document: {
      id: current?.id ?? id,
      name: current?.name ?? name,
      type: GROUP_TYPE,
      location,
      ...(isJsonObject(body.tags) ? { tags: body.tags } : {}),
      ...(typeof body.managedBy === 'string' ? { managedBy: body.managedBy } : {}),
      properties: { provisioningState: 'Succeeded' },
    },
  });
  return { status: current === undefined ? 201 : 200, body: groupView(group) };
}

function patch(context: ArmContext, parameters: Parameters): Answer {
  const { subscriptionId, name } = begin(context, parameters, WRITE);
  const current = existingGroup(context, subscriptionId, name);
  checkNotDeleting(current);
  checkLocks(context.world, 'write', current.id);
  const body = requiredBody(context.request);
  checkMembers(body);
  checkTags(body.tags);
  const document = { ...current.document, ...(isJsonObject(body.tags) ? { tags: body.tags } : {}) };
  judgeByPolicies(context, current.name, current.id, document);
  return { status: 200, body: groupView(context.world.store({ id: current.id, type: GROUP_TYPE, document })) };
}

function judgeByPolicies({ world }: ArmContext, name: string, id: string, document: JsonObject): void {
  checkPolicies(world.settings.policies, { id, name, type: GROUP_TYPE, document });
}

function remove(context: ArmContext, parameters: Parameters): Answer {
  const { subscriptionId, name, apiVersion } = begin(context, parameters, DELETE);
  const { world, types, operations, request } = context;
  const group = existingGroup(context, subscriptionId, name);
  checkGroupDeletionLocks(world, group.id);
  const { headers } = operations.begin(
    {
      kind: 'Location',
      durationSeconds: world.duration('resourceGroups/delete', DELETE_SECONDS),
      retryAfterSeconds: 15,
      whileRunning: 'Deleting',
      finalBody: () => undefined,
      onDone: () => {
        // A second deletion of the same group finds nothing left, and one of a group made anew is not meant.
        if (world.get(group.id)?.createdAt !== group.createdAt) return undefined;
        for (const resource of [...world.inGroup(group.id)].reverse()) {
          types.get(resource.type)?.removedWithGroup?.(resource, world);
        }
        world.remove(group.id);
        return undefined;
      },
    },
    {
      method: request.method,
      resourceId: group.id,
      subscriptionId,
      namespace: 'Microsoft.Resources',
      location: textAt(group.document, 'location') ?? '',
      apiVersion,
      origin: request.origin,
      defaultFinalBody: () => undefined,
      failure: context.operationFailure,
    },
  );
  return { status: 202, headers };
}

function checkName(name: string): void {
  if (name.length > 90) {
    throw new ArmFault(400, 'InvalidResourceGroup', `The resource group name '${name}' is longer than 90 characters.`);
  }
  const wrong = [...new Set(name.match(/[^\p{L}\p{N}_().-]/gu))];
  if (wrong.length === 0 && !name.endsWith('.')) return;
  throw new ArmFault(
    400,
    'InvalidResourceGroup',
    `The provided resource group name '${name}' has these invalid characters: '${wrong.join('') || '.'}'. The name can only be a letter, digit, '-', '.', '(', ')' or '_' and cannot end with '.'.`,
  );
}

const MEMBERS = new Set(['id', 'name', 'type', 'location', 'tags', 'managedBy', 'properties']);

function checkMembers(body: JsonObject): void {
  const unknown = Object.keys(body).find((member) => !MEMBERS.has(member));
  if (unknown === undefined) return;
  throw new ArmFault(
    400,
    'InvalidRequestContent',
    `The request content was invalid and could not be deserialized: 'Could not find member '${unknown}' on object of type 'ResourceGroupDefinition'. Path '${unknown}'.'.`,
  );
}

function groupLocation({ cloud }: WorldState, body: JsonObject, current: StoredResource | undefined): string {
  if (typeof body.location !== 'string' || body.location === '') {
    throw new ArmFault(400, 'LocationRequired', 'The location property is required for this definition.');
  }
  const location = locationName(body.location);
  const existing = textAt(current?.document, 'location') ?? location;
  if (existing !== location) {
    throw new ArmFault(
      409,
      'InvalidResourceGroupLocation',
      `Invalid resource group location '${body.location}'. The Resource group already exists in location '${existing}'.`,
    );
  }
  if (!cloud.regions.some((region) => region.name === location)) {
    throw new ArmFault(
      400,
      'LocationNotAvailableForResourceGroup',
      `The provided location '${body.location}' is not available for resource group. List of available regions is '${cloud.regions.map((region) => region.name).join(',')}'.`,
    );
  }
  return location;
}
