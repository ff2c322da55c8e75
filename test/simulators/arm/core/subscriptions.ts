import type { JsonObject } from '../../../../src/json.ts';
import type { Region } from '../catalogue.ts';
import { checkResourcesApiVersion, checkRights, subscriptionOf } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import { hasAnyRight } from '../role-rights.ts';
import { parameter, type Route } from '../routes.ts';
import type { Subscription } from '../world-state.ts';

const READ = 'Microsoft.Resources/subscriptions/read';

export const subscriptionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/subscriptions',
    handle: (context) => {
      checkResourcesApiVersion(context);
      const { world, caller } = context;
      const visible = [...world.subscriptions.values()].filter(
        (item) => item.state !== 'Deleted' && hasAnyRight(world, caller, item.subscriptionId),
      );
      const count = { type: 'Total', value: visible.length };
      return { status: 200, body: { value: visible.map((item) => subscriptionView(context, item)), count } };
    },
  },
  {
    method: 'GET',
    path: '/subscriptions/{subscription}',
    handle: (context, parameters) => {
      checkResourcesApiVersion(context);
      const subscription = subscriptionOf(context, parameter(parameters, 'subscription'));
      if (!hasAnyRight(context.world, context.caller, subscription.subscriptionId)) {
        checkRights(context, READ, `/subscriptions/${subscription.subscriptionId}`);
      }
      return { status: 200, body: subscriptionView(context, subscription) };
    },
  },
  {
    method: 'GET',
    path: '/subscriptions/{subscription}/locations',
    handle: (context, parameters) => {
      checkResourcesApiVersion(context);
      const { subscriptionId } = subscriptionOf(context, parameter(parameters, 'subscription'));
      checkRights(context, 'Microsoft.Resources/subscriptions/locations/read', `/subscriptions/${subscriptionId}`);
      return {
        status: 200,
        body: { value: context.world.cloud.regions.map((region) => locationView(subscriptionId, region)) },
      };
    },
  },
  {
    method: 'GET',
    path: '/tenants',
    handle: (context) => {
      checkResourcesApiVersion(context);
      const { tenantId } = context.world;
      return { status: 200, body: { value: [{ id: `/tenants/${tenantId}`, tenantId, tenantCategory: 'Home' }] } };
    },
  },
];

function subscriptionView({ world }: ArmContext, { subscriptionId, displayName, state }: Subscription): JsonObject {
  return {
    id: `/subscriptions/${subscriptionId}`,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId,
    tenantId: world.tenantId,
    displayName,
    state,
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
  };
}

function locationView(subscriptionId: string, region: Region): JsonObject {
  return {
    id: `/subscriptions/${subscriptionId}/locations/${region.name}`,
    name: region.name,
    type: 'Region',
    displayName: region.displayName,
    regionalDisplayName: region.regionalDisplayName,
    metadata: {
      regionType: 'Physical',
      regionCategory: 'Recommended',
      geographyGroup: region.geographyGroup,
      pairedRegion: [
        { name: region.pairedWith, id: `/subscriptions/${subscriptionId}/locations/${region.pairedWith}` },
      ],
    },
  };
}
