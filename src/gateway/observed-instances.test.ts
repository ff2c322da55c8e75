import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json.ts';
import { readObservedInstances } from './observed-instances.ts';

const RUNNING = { code: 'PowerState/running' };
const HEALTHY = { status: { code: 'HealthState/healthy' } };
const dsc = (code: string, message = ''): JsonObject => ({ name: 'DSC', statuses: [{ code, message }] });

function problemOf(instanceView: JsonObject): string | undefined {
  const [instance] = readObservedInstances([{ instanceId: '0', properties: { instanceView } }]);
  expect(instance?.ready).toBe(instance?.problem === undefined);
  return instance?.problem === undefined ? undefined : `${instance.problem.kind}: ${instance.problem.message}`;
}

describe('a VM that the operator may not have made', () => {
  it.each<readonly [what: string, view: JsonObject, problem: string | undefined]>([
    ['serves', { statuses: [RUNNING], extensions: [dsc('ProvisioningState/succeeded')], vmHealth: HEALTHY }, undefined],
    ['serves without extensions and without a probe', { statuses: [RUNNING] }, undefined],
    ['is stopped', { statuses: [{ code: 'PowerState/deallocated' }] }, 'NotRunning: VM 0 is deallocated.'],
    [
      'has an extension that failed',
      { statuses: [RUNNING], extensions: [dsc('ProvisioningState/failed/1', 'No package.')] },
      'SetupFailed: The extension DSC in VM 0 failed: No package.',
    ],
    [
      'has an extension at work',
      { statuses: [RUNNING], extensions: [dsc('ProvisioningState/creating')] },
      'Starting: VM 0 is starting.',
    ],
    ['is being made', {}, 'Starting: VM 0 is starting.'],
    [
      'could not be made',
      { statuses: [{ code: 'ProvisioningState/failed/AllocationFailed', message: 'No room.' }] },
      'ProvisioningFailed: Azure could not provision VM 0: No room.',
    ],
    [
      'is not found by the probe',
      { statuses: [RUNNING], vmHealth: { status: { code: 'HealthState/unhealthy' } } },
      'ProbeFailing: VM 0 does not answer the health probe.',
    ],
  ])('%s', (_what, view, problem) => {
    expect(problemOf(view)).toBe(problem);
  });
});
