import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import { ArmFault, BY_THE_GATEWAY } from './arm-fault.ts';
import { REGISTRATION_FREE, RESOURCES_API_VERSIONS } from './catalogue.ts';
import type { ArmContext } from './context.ts';
import { groupId, locationName, placeOf } from './resource-path.ts';
import { hasAnyRight } from './role-rights.ts';
import type { StoredResource } from './world.ts';
import type { Subscription, WorldState } from './world-state.ts';

/** What Azure Resource Manager itself refuses, before or after a provider is asked. */

/** The api-version of a request. @throws ArmFault when it is missing or malformed */
export function apiVersionOf({ request }: ArmContext): string {
  const name = [...request.query.keys()].find((key) => key.toLowerCase() === 'api-version');
  const version = name === undefined ? null : request.query.get(name);
  if (version === null || version === '') {
    throw new ArmFault(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  if (!/^\d{4}-\d{2}-\d{2}(-[a-z]+)?$/i.test(version)) {
    throw new ArmFault(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${version}' is invalid. It must be in the form YYYY-MM-DD or YYYY-MM-DD-preview.`,
    );
  }
  return version;
}

/** Refuses a version that Microsoft.Resources does not serve. */
export function checkResourcesApiVersion(context: ArmContext, versions = RESOURCES_API_VERSIONS): string {
  const version = apiVersionOf(context);
  if (versions.includes(version.toLowerCase())) return version;
  throw new ArmFault(
    400,
    'InvalidApiVersionParameter',
    `The api-version '${version}' is invalid. The supported versions are '${versions.join(',')}'.`,
  );
}

/** Refuses a version that a type does not have. */
export function checkTypeApiVersion(
  context: ArmContext,
  namespace: string,
  shortType: string,
  versions: readonly string[],
  location = '',
): string {
  const version = apiVersionOf(context);
  if (versions.includes(version.toLowerCase())) return version;
  throw new ArmFault(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for location '${location}' and API version '${version}' for type '${shortType}'. The supported api-versions are '${versions.join(', ')}'. The supported locations are '${context.world.cloud.regions.map((region) => region.name).join(', ')}'.`,
    { target: namespace },
  );
}

/** Refuses what the caller may not do, as Azure words it. */
export function checkRights({ world, caller }: ArmContext, action: string, scope: string): void {
  if (world.mayDo(caller, action, scope)) return;
  throw new ArmFault(
    403,
    'AuthorizationFailed',
    `The client '${caller.appId}' with object id '${caller.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

/**
 * What of a list the caller may read: who has no right at the scope of the list sees what is allowed below it.
 *
 * @throws ArmFault for who has no right in the subscription at all
 */
export function readableOf(
  context: ArmContext,
  scope: string,
  items: readonly StoredResource[],
  action: string,
): readonly StoredResource[] {
  const { world, caller } = context;
  if (world.mayDo(caller, action, scope)) return items;
  if (!hasAnyRight(world, caller, placeOf(scope).subscriptionId ?? '')) checkRights(context, action, scope);
  return items.filter((item) => world.mayDo(caller, action, item.id));
}

/** The subscription of a request. @throws ArmFault when it is unknown or may only be read */
export function subscriptionOf({ world, request }: ArmContext, subscriptionId: string): Subscription {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(subscriptionId)) {
    throw new ArmFault(
      400,
      'InvalidSubscriptionId',
      `The provided subscription identifier '${subscriptionId}' is malformed or invalid.`,
    );
  }
  const subscription = world.subscriptions.get(subscriptionId.toLowerCase());
  if (subscription === undefined || subscription.state === 'Deleted') {
    throw new ArmFault(404, 'SubscriptionNotFound', `The subscription '${subscriptionId}' could not be found.`);
  }
  if (subscription.state === 'Disabled' && request.method !== 'GET' && request.method !== 'HEAD') {
    throw new ArmFault(
      409,
      'ReadOnlyDisabledSubscription',
      `The subscription '${subscriptionId}' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.`,
    );
  }
  return subscription;
}

/** Refuses the use of a provider that the subscription has not registered. */
export function checkRegistered(subscription: Subscription, namespace: string): void {
  if (REGISTRATION_FREE.some((free) => free.toLowerCase() === namespace.toLowerCase())) return;
  if (subscription.registrations.get(namespace.toLowerCase()) === 'Registered') return;
  const message = `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`;
  throw new ArmFault(409, 'MissingSubscriptionRegistration', message, {
    details: [{ code: 'MissingSubscriptionRegistration', target: namespace, message }],
  });
}

/** The resource group of a request. @throws ArmFault when it does not exist */
export function existingGroup({ world }: ArmContext, subscriptionId: string, name: string): StoredResource {
  const group = world.get(groupId(subscriptionId, name));
  if (group === undefined) {
    throw new ArmFault(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`, {
      headers: BY_THE_GATEWAY,
    });
  }
  return group;
}

/** Refuses writes into a group that is being deleted. */
export function checkNotDeleting(group: StoredResource): void {
  if (group.provisioningState !== 'Deleting') return;
  throw new ArmFault(
    409,
    'ResourceGroupBeingDeleted',
    `The resource group '${group.name}' is in deprovisioning state and cannot perform this operation.`,
  );
}

/** The location in a body, normalised. @throws ArmFault when it is missing, unknown, or not the one that the resource has */
export function checkLocation(
  { cloud }: WorldState,
  body: JsonObject,
  type: string,
  name: string,
  current: StoredResource | undefined,
): string {
  const given = body.location;
  if (given === undefined || given === null || given === '') {
    throw new ArmFault(400, 'LocationRequired', 'The location property is required for this definition.');
  }
  if (typeof given !== 'string') throw undeserializable('location', 'string');
  const location = locationName(given);
  const existing = locationName(String(current?.document.location ?? location));
  if (existing !== location) {
    throw new ArmFault(
      409,
      'InvalidResourceLocation',
      `The resource '${name}' already exists in location '${existing}' in resource group '${groupNameIn(current)}'. A resource with the same name cannot be created in location '${location}'. Please select a new resource name.`,
    );
  }
  if (!cloud.regions.some((region) => region.name === location)) {
    throw new ArmFault(
      400,
      'LocationNotAvailableForResourceType',
      `The provided location '${given}' is not available for resource type '${type}'. List of available regions for the resource type is '${cloud.regions.map((region) => region.name).join(',')}'.`,
    );
  }
  return location;
}

function groupNameIn(resource: StoredResource | undefined): string {
  return resource?.id.split('/')[4] ?? '';
}

const MOST_TAGS = 50;
const LONGEST_TAG_VALUE = 256;

/** Refuses tags that Azure does not take. */
export function checkTags(tags: JsonValue | undefined, longestName = 512): void {
  if (tags === undefined || tags === null) return;
  if (!isJsonObject(tags)) throw undeserializable('tags', 'object');
  const names = Object.keys(tags);
  if (names.length > MOST_TAGS) {
    throw new ArmFault(
      400,
      'InvalidTagCount',
      `The number of tags '${names.length}' exceeds the maximum of ${MOST_TAGS}.`,
    );
  }
  const reserved = names.filter((name) => /[<>%&\\?/]/.test(name) || name === '');
  if (reserved.length > 0) {
    throw new ArmFault(
      400,
      'InvalidTagNameCharacters',
      `The tag names '${reserved.join(', ')}' have reserved characters '<,>,%,&,\\,?,/' or control characters.`,
    );
  }
  const long = names.find((name) => name.length > longestName);
  if (long !== undefined) {
    throw new ArmFault(
      400,
      'InvalidTagNameLength',
      `Tag name too large. Following tag name '${long}' exceeded the maximum length. Maximum allowed length for tag name - '${longestName}' characters.`,
    );
  }
  for (const [name, value] of Object.entries(tags)) {
    if (value !== null && typeof value !== 'string') throw undeserializable(`tags.${name}`, 'string');
    if (typeof value === 'string' && value.length > LONGEST_TAG_VALUE) {
      throw new ArmFault(
        400,
        'InvalidTagValueLength',
        `Tag value too large. Following tag value '${value}' exceeded the maximum length. Maximum allowed length for tag value - '${LONGEST_TAG_VALUE}' characters.`,
      );
    }
  }
}

function undeserializable(path: string, type: string): ArmFault {
  return new ArmFault(
    400,
    'InvalidRequestContent',
    `The request content was invalid and could not be deserialized: 'Error converting value to type '${type}'. Path '${path}'.'.`,
  );
}

/** Refuses a write whose If-Match or If-None-Match does not hold. */
export function checkPreconditions(context: ArmContext, etag: string | undefined): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = context.request.headers;
  const fails =
    (match !== undefined && !(etag !== undefined && covers(match, etag))) ||
    (noneMatch !== undefined && etag !== undefined && covers(noneMatch, etag));
  if (!fails) return;
  throw new ArmFault(412, 'PreconditionFailed', 'Precondition failed.', { details: [] });
}

function covers(header: string, etag: string): boolean {
  const bare = (text: string) => text.trim().replace(/^W\//, '').replaceAll('"', '');
  return header.trim() === '*' || header.split(',').some((item) => bare(item) === bare(etag));
}
