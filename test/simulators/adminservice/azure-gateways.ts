import { isJsonObject, type JsonObject } from '../../../src/json.ts';
import { objectsAt, textAt } from '../arm/json-path.ts';
import type { ArmSimulator } from '../arm/simulator.ts';

const COMPUTE_VERSION = '2024-11-01';
const SCALE_SET_TYPE = 'microsoft.compute/virtualmachinescalesets';

/**
 * Whether clients reach a gateway in the simulated Azure, for {@link AdminServiceSimulatorOptions.gatewayServes}: a public address
 * carries the first label of its service name, and one VM of a scale set in the same resource group runs and is healthy.
 */
export function gatewayServesIn({ control }: Pick<ArmSimulator, 'control'>): (serviceName: string) => boolean {
  return (serviceName) => {
    const label = serviceName.toLowerCase().split('.')[0];
    const resources = control.state();
    const address = resources.find((each) => textAt(each, 'properties.dnsSettings.domainNameLabel') === label);
    if (address === undefined) return false;
    const group = groupOf(address);
    const scaleSets = resources.filter((each) => textAt(each, 'type')?.toLowerCase() === SCALE_SET_TYPE);
    return scaleSets.some((scaleSet) => groupOf(scaleSet) === group && hasServingVm(control, scaleSet));
  };
}

/** The part of an id up to the resource group, in lower case. */
function groupOf(resource: JsonObject): string {
  return /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+/.exec(String(resource.id).toLowerCase())?.[0] ?? '';
}

function hasServingVm(control: ArmSimulator['control'], scaleSet: JsonObject): boolean {
  const path = `${String(scaleSet.id)}/virtualMachines?api-version=${COMPUTE_VERSION}&$expand=instanceView`;
  const { body } = control.call('GET', path);
  const machines = isJsonObject(body) && Array.isArray(body.value) ? body.value.filter(isJsonObject) : [];
  return machines.some((machine) => {
    const statuses = objectsAt(machine, 'properties.instanceView.statuses').map((status) => textAt(status, 'code'));
    const health = textAt(machine, 'properties.instanceView.vmHealth.status.code');
    return statuses.includes('PowerState/running') && health !== 'HealthState/unhealthy';
  });
}
