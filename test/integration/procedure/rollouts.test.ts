import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRolloutBrake } from '../../../src/controllers/cmg/rollout-brake.ts';
import { REQUEST_ANNOTATION } from '../../../src/controllers/cmg/scope.ts';
import { MODEL_TAG } from '../../../src/gateway/tags.ts';
import { VM_MODELS, type VmModels } from '../../../src/gateway/vm-models.ts';
import type { JsonObject } from '../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import { allWrites } from '../../simulators/arm/journal.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { createGatewayRounds, type GatewayRounds } from './gateway-rounds.ts';

let world: SimulatedWorld;
let clock: ManualClock;
let certificates: Readonly<Record<string, IssuedCertificate>>;

const NAMES = ['contoso', 'fabrikam'] as const;
const serviceNameOf = (name: string) => `${name}.contoso.com`;

beforeAll(async () => {
  clock = createManualClock(Date.now());
  world = await startSimulatedWorld({ clock });
  const issued = NAMES.map(
    async (name) => [name, await world.authority.issue({ commonName: serviceNameOf(name) })] as const,
  );
  certificates = Object.fromEntries(await Promise.all(issued));
});
afterAll(() => world?.close());
beforeEach(() => world.azure.control.reset());

/** The same CMGs under one brake, as one operator sees them. */
function fleet(names: readonly string[], instances = 2, most = 1) {
  const members: GatewayRounds[] = [];
  const store = { list: () => members.map(({ cmg }) => cmg) };
  const brake = () => createRolloutBrake(store, most);
  let rollouts = brake();
  members.push(
    ...names.map((name) =>
      createGatewayRounds({
        world,
        clock,
        name,
        certificate: certificates[name] as IssuedCertificate,
        serviceName: serviceNameOf(name),
        spec: { vm: { size: 'Standard', instances, modelUpdates: 'OnRequest' } },
        rollouts: { most, take: (cmg) => rollouts.take(cmg), release: (cmg) => rollouts.release(cmg) },
      }),
    ),
  );
  return {
    members,
    restart: () => {
      rollouts = brake();
      for (const member of members) member.restart();
    },
  };
}

const isReady = (gateway: GatewayRounds) =>
  gateway.condition('Ready')?.status === 'True' && gateway.condition('Reconciling') === undefined;

async function ready(gateway: GatewayRounds): Promise<void> {
  await gateway.roundsUntil(() => isReady(gateway));
}

/** Changes what the setup in the VMs is told. */
const change = (gateway: GatewayRounds) => gateway.edit((spec) => ({ ...spec, enforceTls12: false }));
const scaleSetOf = (name: string) =>
  `/subscriptions/${world.azure.subscriptionId}/resourceGroups/rg-${name}/providers/Microsoft.Compute/virtualMachineScaleSets/${name}`;
const recordOf = ({ cmg }: GatewayRounds) => cmg.status?.deployments?.[0];

/** Requests that bring VMs of a gateway to a new model. */
const upgradesOf = (name: string) =>
  world.azure.control.writes.filter(({ method, path }) => method === 'POST' && path.includes(`/${name}/manualupgrade`))
    .length;

function latestModels(name: string): readonly unknown[] {
  const { body } = world.azure.control.call('GET', `${scaleSetOf(name)}/virtualMachines?api-version=2024-11-01`);
  return (body as unknown as { value: { properties: JsonObject }[] }).value.map(
    ({ properties }) => properties.latestModelApplied,
  );
}

describe('a new version of the operator with a newer model of the VMs', () => {
  const [first] = VM_MODELS;
  const newer: VmModels = [
    ...VM_MODELS,
    {
      ...first,
      revision: VM_MODELS.length + 1,
      image: { ...first.image, sku: '2025-datacenter-azure-edition' },
      setupExtension: { ...first.setupExtension, typeHandlerVersion: '1.11' },
    },
  ];
  const before = VM_MODELS.length;
  const after = before + 1;
  let gateway: GatewayRounds;

  beforeEach(async () => {
    [gateway] = fleet(['contoso']).members as [GatewayRounds];
    await ready(gateway);
  });

  const modelInAzure = () => JSON.stringify(world.azure.control.resource(scaleSetOf('contoso')));
  const told = () => gateway.happenings.filter(({ reason }) => reason === 'ModelUpdateAvailable');

  it('writes nothing to Azure, and says once that it waits, and how to have it', async () => {
    const writes = allWrites(world.azure.control.counts);
    gateway.changeVersion(newer);
    for (let rounds = 0; rounds < 5; rounds += 1) await gateway.round();
    gateway.restart();
    await gateway.round();
    expect(allWrites(world.azure.control.counts)).toBe(writes);
    expect(recordOf(gateway)).toMatchObject({ modelRevision: before, modelUpdate: { revision: after } });
    expect(isReady(gateway)).toBe(true);
    expect(gateway.condition('InSync')).toMatchObject({
      status: 'True',
      message: expect.stringMatching(
        new RegExp(`revision ${before} .* revision ${after}.*kubectl annotate --overwrite --namespace gateways cmg`),
      ),
    });
    expect(told()).toHaveLength(1);
  });

  it('makes new gateways with it', async () => {
    const [fabrikam] = fleet(['fabrikam']).members as [GatewayRounds];
    fabrikam.changeVersion(newer);
    await ready(fabrikam);
    expect(recordOf(fabrikam)).toMatchObject({ modelRevision: after });
    expect(world.azure.control.resource(scaleSetOf('fabrikam'))?.tags).toMatchObject({ [MODEL_TAG]: String(after) });
  });

  it('rolls it out when somebody asks after it was told, once, and one VM after the other', async () => {
    gateway.annotate(REQUEST_ANNOTATION, 'in Git for ever');
    gateway.changeVersion(newer);
    await gateway.round();
    await gateway.round();
    expect(recordOf(gateway)).toMatchObject({ modelRevision: before });

    gateway.annotate(REQUEST_ANNOTATION, '2026-11-27T20:00:00Z');
    await gateway.round();
    expect(gateway.condition('AzureReady')?.reason).toBe('Updating');
    await ready(gateway);
    expect(recordOf(gateway)).toMatchObject({ modelRevision: after });
    expect(recordOf(gateway)).not.toHaveProperty('modelUpdate');
    expect(modelInAzure()).toContain('2025-datacenter-azure-edition');
    expect(latestModels('contoso')).toEqual([true, true]);
    expect(upgradesOf('contoso')).toBe(2);
    expect(gateway.happenings.map(({ reason }) => reason)).not.toContain('DriftRepaired');

    const evenNewer: VmModels = [...newer, { ...first, revision: after + 1 }];
    const writes = allWrites(world.azure.control.counts);
    gateway.changeVersion(evenNewer);
    await gateway.round();
    await gateway.round();
    expect(allWrites(world.azure.control.counts)).toBe(writes);
    expect(recordOf(gateway)).toMatchObject({ modelRevision: after, modelUpdate: { revision: after + 1 } });
  });

  it('rolls it out by itself where modelUpdates is Automatic', async () => {
    gateway.edit((spec) => ({ ...spec, vm: { ...spec.vm, modelUpdates: 'Automatic' } }));
    await ready(gateway);
    gateway.changeVersion(newer);
    await gateway.round();
    await ready(gateway);
    expect(recordOf(gateway)).toMatchObject({ modelRevision: after });
    expect(latestModels('contoso')).toEqual([true, true]);
    expect(told()).toEqual([]);
  });

  it('keeps the model of a gateway through other changes', async () => {
    gateway.changeVersion(newer);
    change(gateway);
    await gateway.round();
    await ready(gateway);
    expect(recordOf(gateway)).toMatchObject({ modelRevision: before });
    expect(modelInAzure()).not.toContain('2025-datacenter-azure-edition');
    expect(latestModels('contoso')).toEqual([true, true]);
  });

  it('learns from Azure what a gateway has whose status was lost', async () => {
    const [{ image }] = VM_MODELS;
    const toScaleSets = () =>
      world.azure.control.writes.filter(({ path }) => /virtualMachineScaleSets/i.test(path)).length;
    const writes = toScaleSets();
    const [restored] = fleet(['contoso']).members as [GatewayRounds];
    restored.changeVersion(newer);
    await ready(restored);
    expect(recordOf(restored)).toMatchObject({ modelRevision: before, modelUpdate: { revision: after } });
    expect(modelInAzure()).toContain(image.sku);
    // Its tags say from now on that clients may depend on it, as nobody knows.
    expect(toScaleSets()).toBe(writes);
  });

  it('leaves a gateway as it is whose model only a newer version knows', async () => {
    gateway.changeVersion(newer);
    gateway.edit((spec) => ({ ...spec, vm: { ...spec.vm, modelUpdates: 'Automatic' } }));
    await gateway.round();
    await ready(gateway);
    const writes = allWrites(world.azure.control.counts);
    gateway.changeVersion(VM_MODELS);
    change(gateway);
    await gateway.round();
    expect(gateway.condition('Stalled')).toMatchObject({ reason: 'ModelRevisionUnknown' });
    expect(gateway.condition('AzureReady')?.message).toContain(`revision ${after}`);
    expect(allWrites(world.azure.control.counts)).toBe(writes);
    gateway.changeVersion(newer);
    await gateway.round();
    await ready(gateway);
  });
});

describe('rollouts to two gateways', () => {
  it('are made one after the other, over a restart too, and the second one says for whom it waits', async () => {
    const { members, restart } = fleet(NAMES);
    const [contoso, fabrikam] = members as [GatewayRounds, GatewayRounds];
    await ready(contoso);
    await ready(fabrikam);
    change(contoso);
    change(fabrikam);
    await contoso.roundsUntil(() => upgradesOf('contoso') === 1);
    restart();
    await fabrikam.roundsUntil(() => fabrikam.condition('Reconciling')?.reason === 'RolloutWaiting');
    expect(fabrikam.condition('ServiceHealthy')?.message).toContain('gateways/contoso');
    expect(fabrikam.condition('Ready')?.status).toBe('True');
    await contoso.roundsUntil(() => upgradesOf('contoso') === 2);
    restart();
    await fabrikam.round();
    expect(upgradesOf('fabrikam')).toBe(0);
    expect(recordOf(fabrikam)).not.toHaveProperty('rollout');

    await ready(contoso);
    expect(recordOf(contoso)).not.toHaveProperty('rollout');
    await ready(fabrikam);
    expect(upgradesOf('fabrikam')).toBe(2);
    expect(latestModels('fabrikam')).toEqual([true, true]);
  });

  it('are made at the same time where two may be', async () => {
    const [contoso, fabrikam] = fleet(NAMES, 2, 2).members as [GatewayRounds, GatewayRounds];
    await ready(contoso);
    await ready(fabrikam);
    change(contoso);
    change(fabrikam);
    await contoso.roundsUntil(() => upgradesOf('contoso') === 1);
    await fabrikam.roundsUntil(() => upgradesOf('fabrikam') === 1);
    expect([recordOf(contoso), recordOf(fabrikam)]).toMatchObject([{ rollout: {} }, { rollout: {} }]);
  });

  it('do not wait for a gateway that is suspended in the midst of its own', async () => {
    const [contoso, fabrikam] = fleet(NAMES).members as [GatewayRounds, GatewayRounds];
    await ready(contoso);
    await ready(fabrikam);
    change(contoso);
    change(fabrikam);
    await contoso.roundsUntil(() => upgradesOf('contoso') === 1);
    contoso.edit((spec) => ({ ...spec, suspend: true }));
    await fabrikam.round();
    await ready(fabrikam);
  });
});

describe('a rollout', () => {
  const FAILURE = 'The setup ended with exit code 4.';
  const setupFails = (fails: boolean) =>
    fails
      ? world.azure.control.settings.extensionFailures.set('setup', FAILURE)
      : world.azure.control.settings.extensionFailures.delete('setup');

  it('that makes a VM fail stops there, says so, holds the others back, and goes on with a corrected spec', async () => {
    const [contoso, fabrikam] = fleet(NAMES).members as [GatewayRounds, GatewayRounds];
    await ready(contoso);
    await ready(fabrikam);
    setupFails(true);
    change(contoso);
    await contoso.roundsUntil(() => contoso.condition('Stalled')?.reason === 'RolloutStopped');
    const { message } = contoso.condition('ServiceHealthy') ?? {};
    expect(message).toMatch(/1 of 2 VMs have it, and 1 of them does not serve with it\. 1 of 2 VMs serve\./);
    expect(message).toContain(FAILURE);
    expect(message).toContain('Correct what was changed last');
    change(fabrikam);
    for (let rounds = 0; rounds < 10; rounds += 1) {
      await contoso.round();
      await fabrikam.round();
    }
    expect(upgradesOf('contoso')).toBe(1);
    expect(latestModels('contoso').toSorted()).toEqual([false, true]);
    expect(fabrikam.condition('Reconciling')?.message).toContain('gateways/contoso');
    expect(upgradesOf('fabrikam')).toBe(0);

    setupFails(false);
    contoso.edit((spec) => ({ ...spec, enforceTls12: true }));
    await contoso.round();
    await ready(contoso);
    expect(latestModels('contoso')).toEqual([true, true]);
    await ready(fabrikam);
  });

  it('that makes the only VM fail says so too', async () => {
    const [contoso] = fleet(['contoso'], 1).members as [GatewayRounds];
    await ready(contoso);
    setupFails(true);
    change(contoso);
    await contoso.roundsUntil(() => contoso.condition('Stalled')?.reason === 'RolloutStopped');
    expect(contoso.condition('ServiceHealthy')?.message).toMatch(/1 of 1 VMs have it, .* No VM serves\./);
    setupFails(false);
    contoso.edit((spec) => ({ ...spec, enforceTls12: true }));
    await contoso.round();
    await ready(contoso);
  });

  it('comes to its end before the model is changed once more', async () => {
    const [contoso] = fleet(['contoso']).members as [GatewayRounds];
    await ready(contoso);
    change(contoso);
    await contoso.roundsUntil(() => upgradesOf('contoso') === 1 && world.azure.control.runningOperations === 0);
    const writes = () =>
      world.azure.control.writes.filter(
        ({ method, path }) => method === 'PUT' && path.endsWith('/virtualMachineScaleSets/contoso'),
      ).length;
    const written = writes();
    contoso.edit((spec) => ({ ...spec, content: { enabled: false } }));
    await contoso.roundsUntil(() => writes() > written);
    expect(upgradesOf('contoso')).toBe(2);
    await ready(contoso);
    expect(upgradesOf('contoso')).toBe(4);
  });
});
