import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { type GatewayInstance, nextRolloutStep, readInstances } from './instances.ts';

/** A VM that serves, as `virtualMachines?$expand=instanceView` shows it, with parts of its view replaced. */
function vm(view: JsonObject = {}, properties: JsonObject = {}): JsonObject {
  return {
    instanceId: '3',
    properties: {
      latestModelApplied: true,
      provisioningState: 'Succeeded',
      instanceView: {
        statuses: [{ code: 'ProvisioningState/succeeded' }, { code: 'PowerState/running' }],
        extensions: [
          { name: 'AzureMonitorWindowsAgent', statuses: [{ code: 'ProvisioningState/failed/1', message: 'not ours' }] },
          { name: 'setup', statuses: [{ code: 'ProvisioningState/succeeded', message: 'Finished executing command' }] },
        ],
        vmHealth: { status: { code: 'HealthState/healthy' } },
        ...view,
      },
      ...properties,
    },
  };
}

const setup = (code: string, message?: string): JsonObject => ({
  extensions: [{ name: 'setup', statuses: [{ code, ...(message === undefined ? {} : { message }) }] }],
});
const statuses = (...codes: readonly string[]): JsonObject => ({ statuses: codes.map((code) => ({ code })) });

describe('a VM', () => {
  test('serves when it runs, its setup has succeeded and the probe reaches it, whatever other extensions do', () => {
    expect(readInstances([vm()])).toEqual([{ id: '3', ready: true, runsLatestModel: true, problem: undefined }]);
  });

  test('may serve with an older model', () => {
    expect(readInstances([vm({}, { latestModelApplied: false })])).toMatchObject([
      { ready: true, runsLatestModel: false },
    ]);
  });

  test.each<readonly [what: string, item: JsonObject, kind: string, message: RegExp]>([
    ['is being made', vm(statuses('ProvisioningState/creating')), 'Starting', /starting/],
    ['has no view yet', { instanceId: '3', properties: {} }, 'Starting', /VM 3/],
    ['starts', vm(statuses('ProvisioningState/updating', 'PowerState/starting')), 'Starting', /starting/],
    ['runs its setup', vm(setup('ProvisioningState/transitioning')), 'Starting', /starting/],
    ['has not begun its setup', vm({ extensions: [] }), 'Starting', /starting/],
    ['is stopped', vm(statuses('ProvisioningState/succeeded', 'PowerState/stopped')), 'Stopped', /^VM 3 is stopped\.$/],
    ['is being stopped', vm(statuses('ProvisioningState/updating', 'PowerState/stopping')), 'NotRunning', /stopping/],
    ['is deallocated', vm(statuses('ProvisioningState/succeeded', 'PowerState/deallocated')), 'Stopped', /deallocated/],
    ['failed its setup', vm(setup('ProvisioningState/failed/1', 'exit code 3')), 'SetupFailed', /exit code 3/],
    [
      'failed at a step of its setup',
      vm({
        extensions: [
          {
            name: 'setup',
            statuses: [{ code: 'ProvisioningState/failed/3', message: 'Command execution finished, but failed' }],
            substatuses: [
              {
                code: 'ComponentStatus/StdOut/succeeded',
                message: '{"step": "certificate", "state": "Failed", "message": "The store has no such certificate."}',
              },
            ],
          },
        ],
      }),
      'SetupFailed',
      /^The setup in VM 3 failed at the step certificate with exit code 3: The store has no such certificate\.$/,
    ],
    ['failed its setup in silence', vm(setup('ProvisioningState/failed/1')), 'SetupFailed', /no reason/],
    [
      'could not be made',
      vm({
        statuses: [{ code: 'ProvisioningState/failed/AllocationFailed', message: 'No capacity in westeurope.' }],
        extensions: [],
      }),
      'ProvisioningFailed',
      /No capacity in westeurope/,
    ],
    ['is not reached', vm({ vmHealth: { status: { code: 'HealthState/unhealthy' } } }), 'ProbeFailing', /443/],
    [
      'has a setup that says nothing and serves nothing',
      vm({ vmHealth: { status: { code: 'HealthState/unhealthy' } } }),
      'ProbeFailing',
      /VM 3 .* without a status file/,
    ],
    ['has not been probed', vm({ vmHealth: undefined }), 'ProbeFailing', /443/],
  ])('that %s does not serve, and says why', (_what, item, kind, message) => {
    const [instance] = readInstances([item]);
    expect(instance).toMatchObject({ ready: false, problem: { kind } });
    expect(instance?.problem?.message).toMatch(message);
  });

  test('says no more than a condition can hold', () => {
    const [instance] = readInstances([vm(setup('ProvisioningState/failed/1', 'x'.repeat(100_000)))]);
    expect(instance?.problem?.message.length).toBeLessThan(1000);
  });
});

const serving = (id: number, runsLatestModel: boolean): GatewayInstance => ({
  id: String(id),
  ready: true,
  runsLatestModel,
  problem: undefined,
});
const broken = (id: number, runsLatestModel: boolean): GatewayInstance => ({
  id: String(id),
  ready: false,
  runsLatestModel,
  problem: { kind: 'ProbeFailing', message: '' },
});

describe('a rollout', () => {
  test.each<readonly [what: string, instances: readonly GatewayInstance[], step: ReturnType<typeof nextRolloutStep>]>([
    ['is done when all have the model', [serving(0, true), broken(1, true)], { kind: 'Done' }],
    ['is done with no VM at all', [], { kind: 'Done' }],
    [
      'takes a single VM, having no choice',
      [serving(0, false)],
      { kind: 'Upgrade', instanceIds: ['0'], serving: true },
    ],
    [
      'takes one of two',
      [serving(0, false), serving(1, false)],
      { kind: 'Upgrade', instanceIds: ['0'], serving: true },
    ],
    [
      'takes one of three',
      [0, 1, 2].map((id) => serving(id, false)),
      { kind: 'Upgrade', instanceIds: ['0'], serving: true },
    ],
    [
      'takes two of five',
      [0, 1, 2, 3, 4].map((id) => serving(id, false)),
      { kind: 'Upgrade', instanceIds: ['0', '1'], serving: true },
    ],
    [
      'takes those first that do not serve anyway',
      [serving(0, false), broken(1, false), serving(2, false)],
      { kind: 'Upgrade', instanceIds: ['1'], serving: false },
    ],
  ])('%s', (_what, instances, step) => {
    expect(nextRolloutStep(instances)).toEqual(step);
  });

  test('waits while a VM with the new model does not serve, and names it', () => {
    expect(nextRolloutStep([serving(0, false), broken(7, true)])).toEqual({
      kind: 'Wait',
      message: expect.stringContaining('VM 7'),
    });
  });

  const fleet = fc.array(fc.record({ ready: fc.boolean(), runsLatestModel: fc.boolean() }), {
    minLength: 1,
    maxLength: 16,
  });

  test('never takes more than half of the VMs that serve, or the only one of two, out of service', () => {
    fc.assert(
      fc.property(fleet, (states) => {
        const instances = states.map(({ ready, runsLatestModel }, id) =>
          (ready ? serving : broken)(id, runsLatestModel),
        );
        const step = nextRolloutStep(instances);
        const taken = new Set(step.kind === 'Upgrade' ? step.instanceIds : []);
        const before = instances.filter(({ ready }) => ready);
        const after = before.filter(({ id }) => !taken.has(id));
        if (instances.length > 1) {
          expect(after.length).toBeGreaterThanOrEqual(Math.ceil(before.length / 2));
        }
        // What has the model already is left alone.
        expect(instances.filter(({ id, runsLatestModel }) => runsLatestModel && taken.has(id))).toEqual([]);
      }),
    );
  });

  test('comes to its end when upgraded VMs serve again, with one serving at each moment', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), fleet, (size, states) => {
        let instances = Array.from({ length: size }, (_, id) => {
          const { ready, runsLatestModel } = states[id % states.length] ?? { ready: true, runsLatestModel: false };
          // A VM with the new model that does not serve would hold the rollout, as the test above shows.
          return ready || runsLatestModel ? serving(id, runsLatestModel) : broken(id, false);
        });
        const servedOnce = instances.some(({ ready }) => ready);
        for (let round = 0; round < size; round += 1) {
          const step = nextRolloutStep(instances);
          if (step.kind === 'Done') break;
          expect(step.kind).toBe('Upgrade');
          const taken = new Set(step.kind === 'Upgrade' ? step.instanceIds : []);
          expect(!servedOnce || instances.some(({ id, ready }) => ready && !taken.has(id))).toBe(true);
          instances = instances.map((instance) =>
            taken.has(instance.id) ? serving(Number(instance.id), true) : instance,
          );
        }
        expect(nextRolloutStep(instances)).toEqual({ kind: 'Done' });
      }),
    );
  });
});
