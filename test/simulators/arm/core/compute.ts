import type { JsonObject } from '../../../../src/json.ts';
import { VM_SIZES } from '../catalogue.ts';
import { checkRights, checkTypeApiVersion, subscriptionOf } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import { locationName } from '../resource-path.ts';
import { parameter, type Route } from '../routes.ts';
import type { VirtualMachineSize } from '../world.ts';
import { parseFilter } from './filters.ts';
import { versionsOf } from './versions.ts';

const COMPUTE = '/subscriptions/{subscription}/providers/Microsoft.Compute';
const SKU_API_VERSIONS = ['2021-07-01', '2019-04-01', '2017-09-01'];

/** Sizes and quotas of compute. */
export const computeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: `${COMPUTE}/skus`,
    handle: (context, parameters) => {
      const { subscriptionId } = subscriptionOf(context, parameter(parameters, 'subscription'));
      checkTypeApiVersion(context, 'Microsoft.Compute', 'skus', SKU_API_VERSIONS);
      checkRights(context, 'Microsoft.Compute/skus/read', `/subscriptions/${subscriptionId}`);
      const filter = context.request.query.get('$filter');
      const wanted = filter === null ? undefined : parseFilter(filter, ['location'])[0]?.value;
      const regions = context.world.cloud.regions.filter(
        ({ name }) => wanted === undefined || name === locationName(wanted),
      );
      return { status: 200, body: { value: regions.flatMap(({ name }) => skusIn(context, name)) } };
    },
  },
  {
    method: 'GET',
    path: `${COMPUTE}/locations/{location}/usages`,
    handle: (context, parameters) => {
      const { subscriptionId } = subscriptionOf(context, parameter(parameters, 'subscription'));
      checkTypeApiVersion(
        context,
        'Microsoft.Compute',
        'locations/usages',
        versionsOf(context, 'Microsoft.Compute/virtualMachineScaleSets'),
      );
      checkRights(context, 'Microsoft.Compute/locations/usages/read', `/subscriptions/${subscriptionId}`);
      const location = locationName(parameter(parameters, 'location'));
      const families = [...new Set(VM_SIZES.map((size) => size.family))];
      const names: [string, string][] = [
        ['cores', 'Total Regional vCPUs'],
        ...families.map((family): [string, string] => [family, `${family} vCPUs`]),
      ];
      return {
        status: 200,
        body: { value: names.map(([name, text]) => usage(context, subscriptionId, location, name, text)) },
      };
    },
  },
];

function usage(
  { world }: ArmContext,
  subscriptionId: string,
  location: string,
  name: string,
  localizedValue: string,
): JsonObject {
  return {
    unit: 'Count',
    currentValue: world.usedCores(subscriptionId, location, name),
    limit: world.quota(subscriptionId, location, name),
    name: { value: name, localizedValue },
  };
}

function skusIn({ world }: ArmContext, location: string): JsonObject[] {
  return VM_SIZES.filter((size) => world.sizeAvailability(size.name, location) !== 'NotOffered').map((size) => ({
    resourceType: 'virtualMachines',
    name: size.name,
    tier: 'Standard',
    size: size.name.replace('Standard_', ''),
    family: size.family,
    locations: [location],
    locationInfo: [{ location, zones: [], zoneDetails: [] }],
    capabilities: capabilities(size),
    restrictions:
      world.sizeAvailability(size.name, location) === 'Available'
        ? []
        : [
            {
              type: 'Location',
              values: [location],
              restrictionInfo: { locations: [location] },
              reasonCode: 'NotAvailableForSubscription',
            },
          ],
  }));
}

function capabilities(size: VirtualMachineSize): JsonObject[] {
  const values = {
    vCPUs: size.vCpus,
    vCPUsAvailable: size.vCpus,
    MemoryGB: size.memoryGB,
    PremiumIO: size.premiumDisks ? 'True' : 'False',
    AcceleratedNetworkingEnabled: size.acceleratedNetworking ? 'True' : 'False',
    HyperVGenerations: size.hyperVGenerations,
    CpuArchitectureType: 'x64',
  };
  return Object.entries(values).map(([name, value]) => ({ name, value: String(value) }));
}
