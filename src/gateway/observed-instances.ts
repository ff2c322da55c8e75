import type { JsonObject } from '../json.ts';
import { codeOf, listOf, messageOf, objectOf } from './instance-view.ts';
import type { GatewayInstance, InstanceProblem } from './instances.ts';

/**
 * Reads the answer of `virtualMachines?$expand=instanceView` of a gateway that the operator may not have made, so that
 * nothing is known of its extensions but what Azure says: a VM serves when it runs, no extension of it has failed or is still
 * at work, and the health probe finds it, where there is one.
 */
export function readObservedInstances(items: readonly JsonObject[]): readonly GatewayInstance[] {
  return items.map((item) => {
    const id = typeof item.instanceId === 'string' ? item.instanceId : '?';
    const properties = objectOf(item.properties);
    const problem = problemOf(id, objectOf(properties.instanceView));
    return { id, ready: problem === undefined, runsLatestModel: properties.latestModelApplied === true, problem };
  });
}

function problemOf(id: string, view: JsonObject): InstanceProblem | undefined {
  const power = codeOf(view.statuses, 'PowerState/');
  if (power !== undefined && !['running', 'starting', 'unknown'].includes(power)) {
    return { kind: 'NotRunning', message: `VM ${id} is ${power}.` };
  }
  const extensions = listOf(view.extensions)
    .map(objectOf)
    .map(({ name, statuses }) => ({ name, statuses, state: codeOf(statuses, 'ProvisioningState/') ?? '' }));
  const failed = extensions.find(({ state }) => state.startsWith('failed'));
  if (failed !== undefined) {
    const message = `The extension ${failed.name} in VM ${id} failed: ${messageOf(failed.statuses)}`;
    return { kind: 'SetupFailed', message };
  }
  if (codeOf(view.statuses, 'ProvisioningState/')?.startsWith('failed') === true) {
    return { kind: 'ProvisioningFailed', message: `Azure could not provision VM ${id}: ${messageOf(view.statuses)}` };
  }
  if (power !== 'running' || extensions.some(({ state }) => state !== 'succeeded')) {
    return { kind: 'Starting', message: `VM ${id} is starting.` };
  }
  const health = objectOf(objectOf(view.vmHealth).status).code;
  return health === undefined || health === 'HealthState/healthy'
    ? undefined
    : { kind: 'ProbeFailing', message: `VM ${id} does not answer the health probe.` };
}
