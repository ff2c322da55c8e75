import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { createGatewayRounds, type GatewayRounds } from './gateway-rounds.ts';

const SERVICE_NAME = 'contoso.contoso.com';
const MINUTE = 60_000;

let world: SimulatedWorld;
let clock: ManualClock;
let certificate: IssuedCertificate;
let gateway: GatewayRounds;

beforeAll(async () => {
  clock = createManualClock(Date.now());
  world = await startSimulatedWorld({ clock });
  certificate = await world.authority.issue({ commonName: SERVICE_NAME });
});
afterAll(() => world?.close());
beforeEach(async () => {
  world.azure.control.reset();
  world.azure.control.settings.activityLogLagSeconds = 0;
  const vm = { size: 'Standard', instances: 2, modelUpdates: 'OnRequest' } as const;
  gateway = createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME, spec: { vm } });
  await gateway.roundsUntil(isReady);
});

const isReady = () =>
  gateway.condition('Ready')?.status === 'True' && gateway.condition('InSync')?.status === 'True' && !isReconciling();
const isReconciling = () => gateway.condition('Reconciling') !== undefined;
const scaleSet = () =>
  `/subscriptions/${world.azure.subscriptionId}/resourceGroups/rg-contoso/providers/Microsoft.Compute/virtualMachineScaleSets/contoso`;

/** What somebody does to VMs, until Azure is through with it. */
async function byHand(method: 'POST' | 'DELETE', path: string, body?: JsonObject): Promise<void> {
  const { control } = world.azure;
  const { status } = control.call(method, `${scaleSet()}/${path}?api-version=2024-11-01`, body);
  expect(status).toBe(202);
  while (control.runningOperations > 0) await clock.advance(10_000);
}

interface Vm extends JsonObject {
  readonly instanceId: string;
  readonly properties: JsonObject & {
    readonly latestModelApplied: boolean;
    readonly instanceView: { readonly statuses: readonly { readonly code: string }[] };
  };
}

function vms(): readonly Vm[] {
  const path = `${scaleSet()}/virtualMachines?api-version=2024-11-01&$expand=instanceView`;
  return (world.azure.control.call('GET', path).body as unknown as { readonly value: readonly Vm[] }).value;
}

const powerOf = ({ properties }: Vm) =>
  properties.instanceView.statuses.find(({ code }) => code.startsWith('PowerState/'))?.code;
const powers = () => vms().map(powerOf);
const RUNNING = ['PowerState/running', 'PowerState/running'];
const notes = () => gateway.happenings.filter(({ reason }) => reason === 'DriftRepaired').map(({ note }) => note);
const starts = () =>
  world.azure.control.writes.filter(({ method, path }) => method === 'POST' && /\/contoso\/start\b/.test(path));

describe('VMs that somebody has stopped', () => {
  it.each([
    ['deallocate', 'deallocated'],
    ['poweroff', 'stopped'],
  ])('are started again, and it is told who it was: %s', async (action, power) => {
    await byHand('POST', action, { instanceIds: ['1'] });
    expect(powers()).toEqual(['PowerState/running', `PowerState/${power}`]);
    await gateway.roundsUntil(() => !isReady());
    expect(gateway.condition('ServiceHealthy')).toMatchObject({ status: 'False', message: `VM 1 is ${power}.` });
    expect(gateway.condition('InSync')).toMatchObject({
      status: 'False',
      reason: 'RepairingDrift',
      message: `Being set right: VM 1 is ${power}.`,
    });
    await gateway.roundsUntil(isReady);
    expect(powers()).toEqual(RUNNING);
    expect(starts()).toHaveLength(1);
    expect(notes()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Azure was changed by \\S+ \\(Microsoft\\.Compute/virtualMachineScaleSets/${action}/action at \\S+Z\\); it is being set back: VM 1 is ${power}\\.$`,
          'i',
        ),
      ),
    ]);
  });

  it('are all started at once, by a new process too that does not know that it was asked', async () => {
    await byHand('POST', 'deallocate');
    await gateway.roundsUntil(() => starts().length > 0);
    gateway.restart();
    gateway.forgetOperations();
    await gateway.roundsUntil(isReady);
    expect(powers()).toEqual(RUNNING);
    expect(starts()).toHaveLength(1);
  });

  it('and for which there is no room now are told with that, tried with growing pauses, and run in the end', async () => {
    await byHand('POST', 'deallocate', { instanceIds: ['0'] });
    const { capacity } = world.azure.control.settings;
    capacity.set('westeurope/standard_d4ads_v6', { vms: 1, code: 'AllocationFailed' });
    await gateway.roundsUntil(() => gateway.condition('ServiceHealthy')?.reason === 'NoCapacity');
    expect(gateway.condition('ServiceHealthy')?.message).toMatch(
      /^VM 0 is deallocated\. Starting them: Allocation failed\. .* \(AllocationFailed\) /,
    );
    const end = clock.now() + 120 * MINUTE;
    await gateway.roundsUntil(() => clock.now() > end, 500);
    expect(starts().length).toBeGreaterThan(2);
    expect(starts().length).toBeLessThan(26);
    capacity.clear();
    await gateway.roundsUntil(isReady);
    expect(powers()).toEqual(RUNNING);
  });

  it('in the midst of a rollout run with the new model in the end', async () => {
    gateway.edit((spec) => ({ ...spec, enforceTls12: false }));
    const upgrades = () => world.azure.control.writes.filter(({ path }) => path.includes('manualupgrade')).length;
    await gateway.roundsUntil(() => upgrades() === 1 && world.azure.control.runningOperations === 0);
    const [upgraded] = vms().filter(({ properties }) => properties.latestModelApplied);
    await byHand('POST', 'deallocate', { instanceIds: [upgraded?.instanceId ?? ''] });
    await gateway.round();
    await gateway.roundsUntil(isReady);
    expect(powers()).toEqual(RUNNING);
    expect(vms().map(({ properties }) => properties.latestModelApplied)).toEqual([true, true]);
    expect(gateway.reports.flatMap(({ findings }) => findings.map(({ reason }) => reason))).not.toContain(
      'RolloutStopped',
    );
  });
});

it('a VM that somebody has deleted is made anew, which is told', async () => {
  await byHand('DELETE', 'virtualMachines/0');
  expect(vms().map(({ instanceId }) => instanceId)).toEqual(['1']);
  await gateway.roundsUntil(() => !isReady());
  await gateway.roundsUntil(isReady);
  expect(powers()).toEqual(RUNNING);
  expect(gateway.cmg.status?.deployments?.[0]?.instances).toEqual({ wanted: 2, ready: 2 });
  expect(notes()).toEqual([expect.stringMatching(/virtualMachines\/delete at .*scale set: sku\.capacity differs\.$/)]);
});
