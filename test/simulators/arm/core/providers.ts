import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { REGISTRATION_FREE, RESOURCES_API_VERSIONS } from '../catalogue.ts';
import { checkResourcesApiVersion, checkRights, subscriptionOf } from '../checks.ts';
import { type ArmContext, namespaceOf } from '../context.ts';
import type { Answer } from '../exchange.ts';
import { parameter, type Route } from '../routes.ts';
import type { Subscription } from '../world-state.ts';

/** Simulated seconds until a registration is through, as recorded. */
const REGISTRATION_SECONDS = 70;

const PATH = '/subscriptions/{subscription}/providers';

export const providerRoutes: readonly Route[] = [
  { method: 'GET', path: PATH, handle: list },
  { method: 'GET', path: `${PATH}/{namespace}`, handle: get },
  { method: 'POST', path: `${PATH}/{namespace}/register`, handle: register },
  { method: 'POST', path: `${PATH}/{namespace}/unregister`, handle: unregister },
];

type Parameters = Readonly<Record<string, string>>;

function subscriptionFor(context: ArmContext, parameters: Parameters): Subscription {
  checkResourcesApiVersion(context);
  return subscriptionOf(context, parameter(parameters, 'subscription'));
}

function list(context: ArmContext, parameters: Parameters): Answer {
  const subscription = subscriptionFor(context, parameters);
  checkRights(
    context,
    'Microsoft.Resources/subscriptions/providers/read',
    `/subscriptions/${subscription.subscriptionId}`,
  );
  return { status: 200, body: { value: namespaces(context).map((name) => providerView(context, subscription, name)) } };
}

function get(context: ArmContext, parameters: Parameters): Answer {
  const subscription = subscriptionFor(context, parameters);
  checkRights(
    context,
    'Microsoft.Resources/subscriptions/providers/read',
    `/subscriptions/${subscription.subscriptionId}`,
  );
  return { status: 200, body: providerView(context, subscription, namespaceIn(context, parameters)) };
}

function register(context: ArmContext, parameters: Parameters): Answer {
  const subscription = subscriptionFor(context, parameters);
  const namespace = namespaceIn(context, parameters);
  checkRights(context, `${namespace}/register/action`, `/subscriptions/${subscription.subscriptionId}`);
  const state = subscription.registrations.get(namespace.toLowerCase());
  if (state !== 'Registered' && state !== 'Registering' && !isFree(namespace)) {
    changeState(context, subscription, namespace, 'Registering', 'Registered');
  }
  return { status: 200, body: providerView(context, subscription, namespace) };
}

function unregister(context: ArmContext, parameters: Parameters): Answer {
  const subscription = subscriptionFor(context, parameters);
  const namespace = namespaceIn(context, parameters);
  checkRights(context, `${namespace}/unregister/action`, `/subscriptions/${subscription.subscriptionId}`);
  changeState(context, subscription, namespace, 'Unregistering', 'NotRegistered');
  return { status: 200, body: providerView(context, subscription, namespace) };
}

function changeState(
  { world, schedule }: ArmContext,
  { registrations }: Subscription,
  namespace: string,
  first: 'Registering' | 'Unregistering',
  then: 'Registered' | 'NotRegistered',
): void {
  const key = namespace.toLowerCase();
  registrations.set(key, first);
  schedule(world.duration('providers/register', REGISTRATION_SECONDS), () => {
    if (registrations.get(key) === first) registrations.set(key, then);
  });
}

function namespaces({ types }: ArmContext): string[] {
  return [...new Set([...types.namespaces, ...REGISTRATION_FREE])];
}

function namespaceIn(context: ArmContext, parameters: Parameters): string {
  const asked = parameter(parameters, 'namespace');
  const namespace = namespaces(context).find((name) => name.toLowerCase() === asked.toLowerCase());
  if (namespace !== undefined) return namespace;
  throw new ArmFault(404, 'InvalidResourceNamespace', `The resource namespace '${asked}' is invalid.`);
}

function isFree(namespace: string): boolean {
  return REGISTRATION_FREE.includes(namespace);
}

function providerView({ types, world }: ArmContext, subscription: Subscription, namespace: string): JsonObject {
  const known = types.all.filter((type) => namespaceOf(type.type) === namespace);
  const resourceTypes = known.map((type) => ({
    resourceType: type.type.slice(namespace.length + 1),
    locations: type.tracked ? world.cloud.regions.map((region) => region.displayName) : [],
    apiVersions: [...type.apiVersions],
    capabilities: type.tracked
      ? 'CrossResourceGroupResourceMove, CrossSubscriptionResourceMove, SupportsTags, SupportsLocation'
      : 'None',
  }));
  const own = ['resourceGroups', 'resources', 'subscriptions', 'tags'].map((resourceType) => ({
    resourceType,
    locations: [],
    apiVersions: [...RESOURCES_API_VERSIONS],
    capabilities: 'None',
  }));
  return {
    id: `/subscriptions/${subscription.subscriptionId}/providers/${namespace}`,
    namespace,
    resourceTypes: namespace === 'Microsoft.Resources' ? own : resourceTypes,
    registrationState: isFree(namespace)
      ? 'Registered'
      : (subscription.registrations.get(namespace.toLowerCase()) ?? 'NotRegistered'),
    registrationPolicy: isFree(namespace) ? 'RegistrationFree' : 'RegistrationRequired',
  };
}
