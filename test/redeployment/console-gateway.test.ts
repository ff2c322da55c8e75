import { describe, expect, it } from 'vitest';
import type { ConsoleGateway } from '../simulators/arm/console-gateway.ts';
import { type Change, DAY, HOUR, type Lives, MINUTE, named, type RedeploymentStage, timeOnly } from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
beginEachWithStage((...begun) => {
  [stage, lives] = begun;
});

const CMDLET = "Remove-CMCloudManagementGateway -Name 'contoso.contoso.com' -Force";
const observe: Change = (spec) => ({ ...spec, managementPolicy: 'Observe' });
const manage: Change = (spec) => ({
  ...spec,
  managementPolicy: 'Manage',
  deploymentModel: 'VirtualMachineScaleSet',
});
const inGroup =
  (name: string, mode: 'Create' | 'UseExisting' = 'Create'): Change =>
  (spec) => ({ ...spec, azure: { ...spec.azure, resourceGroup: { name, mode } } });
const forth = [manage, named('fabrikam.contoso.com'), inGroup('rg-fabrikam')];
const back = [observe, named('contoso.contoso.com'), inGroup('rg-contoso')];

/** All of the console's gateway, to the byte. */
const ofConsole = () =>
  JSON.stringify(
    lives.world.azure.control.state().filter(({ id }) => /\/resourceGroups\/rg-contoso(\/|$)/i.test(String(id))),
  );
const steps = () => stage.cmg()?.status?.manualSteps?.flatMap(({ cmdlet }) => cmdlet ?? []) ?? [];
const deletionSteps = () => steps().filter((line) => line.startsWith('Remove-CMCloudManagementGateway'));

/** A gateway that the console made, and that a CMG observes. */
async function observed(gateway: Partial<ConsoleGateway> = {}, ...changes: readonly Change[]): Promise<void> {
  lives.world.azure.control.addConsoleGateway({ prefix: 'contoso', resourceGroup: 'rg-contoso', ...gateway });
  stage.change(timeOnly, observe, ...changes);
  await stage.runUntil(() => stage.cmg()?.status?.deployments !== undefined);
  expect(stage.deployments().map(({ identity }) => identity.provisioner)).toEqual(['Site']);
}

const groupOfConsole = () => `/subscriptions/${lives.world.azure.subscriptionId}/resourceGroups/rg-contoso`;

/** A person has the site delete it, and with it its group or only what is in it. */
function deletedByPerson(what: 'group' | 'contents' = 'group'): void {
  const { control } = lives.world.azure;
  if (what === 'group') {
    control.remove(groupOfConsole());
    return;
  }
  const isInside = (id: string) => /\/resourceGroups\/rg-contoso\/providers\/[^/]+\/[^/]+\/[^/]+$/i.test(id);
  for (const { id } of control.state().filter((each) => isInside(String(each.id)))) {
    control.remove(String(id));
  }
}

/** Asserts at the end that the operator has written nothing to the console's gateway meanwhile. */
async function untouched(act: () => Promise<void>): Promise<void> {
  const [before, since] = [ofConsole(), stage.writes().length];
  await act();
  expect(ofConsole()).toBe(before);
  expect(
    stage
      .writes()
      .slice(since)
      .filter((write) => write.includes('rg-contoso')),
  ).toEqual([]);
}

async function bothServe(): Promise<void> {
  stage.change(...forth);
  await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
}

async function waitsForPerson(): Promise<void> {
  await stage.runUntil(() => stage.reason('Redeploying') === 'ManualDeletionRequired', 3 * HOUR);
}

async function settled(): Promise<void> {
  await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
  expect(stage.cmg()?.status?.redeployment).toBeUndefined();
  expect(stage.reason('Redeploying')).toBeUndefined();
  expect(stage.condition('Stalled')).toBeUndefined();
  expect(deletionSteps()).toEqual([]);
  expect(stage.writes('DELETE')).toEqual([]);
}

describe('a gateway that the console made, and another service name', () => {
  it.each(['ScaleSet', 'Classic', 'ExtendedSupport'] as const)(
    'is replaced, and a person deletes it: %s',
    async (model) => {
      const isClassic = model !== 'ScaleSet';
      await observed({ model }, (spec) => ({
        ...spec,
        deploymentModel: isClassic ? 'CloudServiceClassic' : 'VirtualMachineScaleSet',
        redeployment: { ...spec.redeployment, drainFor: '3h' },
      }));
      await untouched(async () => {
        await bothServe();
        expect(stage.cmg()?.status?.redeployment).toMatchObject({
          from: 'contoso.contoso.com',
          to: 'fabrikam.contoso.com',
          rollback: 'Free',
          fields: expect.arrayContaining([
            'spec.managementPolicy (Observe → Manage)',
            'spec.serviceName (contoso.contoso.com → fabrikam.contoso.com)',
            ...(isClassic ? ['spec.deploymentModel (CloudServiceClassic → VirtualMachineScaleSet)'] : []),
          ]),
        });
        expect(stage.reason('Ready')).toBe('Succeeded');
        expect(stage.deployments().map(({ served }) => served)).toEqual([true, true]);
        await stage.letPass(DAY - 15 * MINUTE);
        expect(stage.phases()).toEqual(['contoso Superseded', 'fabrikam Active']);
        expect(deletionSteps()).toEqual([]);
        await waitsForPerson();
        expect(stage.phases()).toEqual(['contoso Draining', 'fabrikam Active']);
        expect(stage.reason('Stalled')).toBe('ManualDeletionRequired');
        expect(deletionSteps()).toEqual([CMDLET]);
        expect(stage.message('Redeploying')).toContain(CMDLET);
        // It waits as long as the person does.
        await stage.letPass(6 * HOUR);
        expect(stage.reason('Redeploying')).toBe('ManualDeletionRequired');
        expect(deletionSteps()).toEqual([CMDLET]);
      });
      deletedByPerson();
      await settled();
      expect(stage.gateways()).toEqual(['fabrikam westeurope']);
      expect(stage.cmg()?.status?.activeDeployment).toBe(stage.idOf('fabrikam.contoso.com'));
    },
  );

  it('is not built in the group of the one that the site made, which may go with it', async () => {
    await observed();
    await untouched(async () => {
      stage.change(manage, named('fabrikam.contoso.com'), inGroup('rg-contoso', 'UseExisting'));
      await stage.operator.runFor(2 * HOUR);
    });
    expect(stage.reason('PrerequisitesMet')).toBe('ResourceNotOwned');
    expect(stage.message('PrerequisitesMet')).toContain('Name another one in spec.azure.resourceGroup');
    expect(stage.reason('Redeploying')).toBe('WaitingForPreflight');
    expect(stage.phases()).toEqual(['contoso Active']);
  });

  it('is not taken for gone while Azure does not show it', async () => {
    await observed();
    await bothServe();
    const { control, subscriptionId } = lives.world.azure;
    control.setRights([
      { scope: '/', actions: ['*'], notActions: ['Microsoft.Compute/virtualMachineScaleSets/read'] },
      { scope: `/subscriptions/${subscriptionId}/resourceGroups/rg-fabrikam`, actions: ['*'], notActions: [] },
    ]);
    await stage.operator.runFor(2 * HOUR);
    expect(stage.phases()[0]).toBe('contoso Superseded');
    control.setRights([{ scope: '/', actions: ['*'], notActions: [] }]);
    await stage.operator.runFor(HOUR);
    expect(stage.phases()).toEqual(['contoso Superseded', 'fabrikam Active']);
  });

  it('is not taken for gone while one of its name is in another group, nor for the site’s while it has tags of the operator', async () => {
    await observed();
    await bothServe();
    const { control } = lives.world.azure;
    deletedByPerson();
    control.addConsoleGateway({ prefix: 'contoso', resourceGroup: 'rg-moved' });
    await stage.letPass(2 * HOUR);
    expect(stage.phases()).toEqual(['contoso Superseded', 'fabrikam Active']);
    expect(stage.message('Redeploying')).toContain('/resourceGroups/rg-moved/');

    control.remove(groupOfConsole().replace('rg-contoso', 'rg-moved'));
    const id = control.addConsoleGateway({ prefix: 'contoso', resourceGroup: 'rg-contoso' });
    control.mutate(id, { tags: { 'configmgr.io_owner': 'test/gateways/contoso' } });
    await untouched(() => stage.letPass(2 * HOUR));
    expect(stage.phases()).toEqual(['contoso Superseded', 'fabrikam Active']);
    expect(stage.message('Redeploying')).toContain('carries the tags of the operator');
  });

  it('is taken off the status when somebody deletes it before its time, and the new one goes on', async () => {
    await observed();
    await bothServe();
    deletedByPerson();
    await settled();
    expect(stage.gateways()).toEqual(['fabrikam westeurope']);
  });
});

describe('a gateway that the console made, and its own service name', () => {
  const inNewGroup = [manage, inGroup('rg-north')];

  it.each([
    ['another group', inNewGroup, 'group'],
    ['its group, which stays', [manage, inGroup('rg-contoso', 'UseExisting')], 'contents'],
  ] as const)('goes first, by a person, who has consented, and is built anew in %s', async (_, changes, what) => {
    await observed();
    const id = stage.deployments()[0]?.id ?? '';
    await untouched(async () => {
      stage.change(...changes);
      await stage.operator.runFor(2 * HOUR);
      expect(stage.reason('Redeploying')).toBe('NoOtherActiveCMG');
      expect(stage.message('Redeploying')).toContain(`configmgr.io/allow-client-outage=${id}`);
      expect(deletionSteps()).toEqual([]);
      await stage.consent('outage', id);
      await waitsForPerson();
      expect(stage.reason('Stalled')).toBe('ManualDeletionRequired');
      expect(deletionSteps()).toEqual([CMDLET]);
      expect(stage.cmg()?.status?.redeployment?.rollback).toBe('Free');
      await stage.letPass(6 * HOUR);
      expect(stage.phases()).toEqual(['contoso Active']);
    });
    deletedByPerson(what);
    await settled();
    expect(stage.gateways()).toEqual(['contoso westeurope']);
    expect(stage.deployments()[0]?.identity.provisioner).toBeUndefined();
    expect(stage.deployments()[0]?.id).not.toBe(id);
  });

  it('holds its names up as long as Azure keeps its deleted vault, and the new one is built after that', async () => {
    await observed();
    const { control, subscriptionId } = lives.world.azure;
    stage.change(...inNewGroup);
    await stage.operator.runFor(HOUR);
    await stage.consent('outage', stage.deployments()[0]?.id ?? '');
    await waitsForPerson();
    // As the site deletes it.
    control.call('DELETE', `${groupOfConsole()}/providers/Microsoft.KeyVault/vaults/contoso?api-version=2026-02-01`);
    deletedByPerson();
    await stage.runUntil(() => stage.reason('PrerequisitesMet') === 'VaultSoftDeleted', 3 * HOUR);
    expect(stage.message('PrerequisitesMet')).toContain('az keyvault purge --name contoso');
    expect(stage.deployments()).toEqual([]);
    expect(deletionSteps()).toEqual([]);
    const deleted = `/subscriptions/${subscriptionId}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/contoso`;
    control.call('POST', `${deleted}/purge?api-version=2026-02-01`, {});
    await stage.runUntil(() => stage.isSettled() && stage.gateways().includes('contoso westeurope'), 3 * HOUR);
  });

  it('is not asked to go while the new one could not be built at once, nor once the consent is taken back', async () => {
    await observed();
    const { control } = lives.world.azure;
    await untouched(async () => {
      const id = stage.deployments()[0]?.id ?? '';
      stage.change(manage);
      await stage.operator.runFor(HOUR);
      // It cannot be adopted either.
      stage.annotate({ 'configmgr.io/adopt': groupOfConsole() });
      await stage.operator.runFor(HOUR);
      await stage.consent('outage', id);
      await stage.operator.runFor(HOUR);
      expect(stage.reason('PrerequisitesMet')).toBe('ResourceNotOwned');
      expect(stage.reason('Redeploying')).toBe('WaitingForPreflight');
      expect(deletionSteps()).toEqual([]);

      stage.change(...inNewGroup);
      await stage.operator.runFor(HOUR);
      await stage.consent('outage', id);
      await waitsForPerson();
      control.settings.quotas.set('westeurope/cores', 1);
      await stage.runUntil(() => stage.reason('Redeploying') === 'WaitingForPreflight', HOUR);
      expect(deletionSteps()).toEqual([]);
      control.settings.quotas.clear();
      await waitsForPerson();
      expect(deletionSteps()).toEqual([CMDLET]);
      stage.annotate({});
      await stage.runUntil(() => stage.reason('Redeploying') === 'NoOtherActiveCMG', HOUR);
      expect(deletionSteps()).toEqual([]);
    });
  });
});

describe('Observe again', () => {
  /** Nothing in Azure is written while the CMG is only observed. */
  const observedAgain = async () => {
    const since = stage.writes().length;
    stage.change(...back);
    await stage.letPass(DAY);
    expect(stage.writes().slice(since)).toEqual([]);
    expect(stage.condition('Ready')?.status).toBe('True');
    expect(stage.condition('Stalled')).toBeUndefined();
    expect(stage.reason('Redeploying')).toBeUndefined();
    expect(stage.cmg()?.status?.redeployment).toBeUndefined();
    expect(deletionSteps()).toEqual([]);
  };

  it('while the new one is built leaves both, and it is forgotten once a person has deleted its group', async () => {
    await observed();
    await untouched(async () => {
      stage.change(...forth);
      await stage.runUntil(() => stage.groups().includes('rg-fabrikam'), HOUR);
      await observedAgain();
      expect(stage.deployments().map(({ serviceName }) => serviceName)).toEqual([
        'contoso.contoso.com',
        'fabrikam.contoso.com',
      ]);
      expect(stage.message('AzureReady')).toContain('fabrikam.contoso.com in the resource group rg-fabrikam');
      const { control, subscriptionId } = lives.world.azure;
      control.remove(`/subscriptions/${subscriptionId}/resourceGroups/rg-fabrikam`);
      await stage.runUntil(() => stage.deployments().length === 1, HOUR);
      expect(stage.phases()).toEqual(['contoso Active']);
    });
  });

  it('while a person is waited for withdraws the step, and Manage goes on with the whole wait', async () => {
    await observed();
    await untouched(async () => {
      await bothServe();
      await stage.letPass(DAY - 15 * MINUTE);
      await waitsForPerson();
      const id = stage.idOf('fabrikam.contoso.com');
      await observedAgain();
      stage.change(...forth);
      await stage.runUntil(() => stage.phases().includes('contoso Superseded'), HOUR);
      expect(stage.idOf('fabrikam.contoso.com')).toBe(id);
      await stage.letPass(DAY - 15 * MINUTE);
      expect(deletionSteps()).toEqual([]);
      await waitsForPerson();
    });
    deletedByPerson();
    await settled();
    expect(stage.gateways()).toEqual(['fabrikam westeurope']);
  });

  it('while the consent waits for a person changes nothing', async () => {
    await observed();
    await untouched(async () => {
      const id = stage.deployments()[0]?.id ?? '';
      stage.change(manage, inGroup('rg-north'));
      await stage.operator.runFor(HOUR);
      await stage.consent('outage', id);
      await waitsForPerson();
      await observedAgain();
      expect(stage.phases()).toEqual(['contoso Active']);
    });
  });
});

describe('a CMG that is deleted while it replaces a gateway of the console', () => {
  it('takes its own gateway with it, and leaves the other one', async () => {
    await observed();
    await untouched(async () => {
      await bothServe();
      stage.change((spec) => ({ ...spec, deletionProtection: false }));
      stage.remove('contoso');
      await stage.runUntil(() => stage.cmg() === undefined, 3 * HOUR);
      await stage.clock.advance(5 * MINUTE);
    });
    expect(stage.gateways()).toEqual(['contoso westeurope']);
    expect(stage.groups()).toEqual(['rg-contoso']);
    const told = stage.operator.events.filter(({ reason }) => reason === 'Retained' || reason === 'Deleted');
    expect(told.map(({ reason }) => reason)).toEqual(['Deleted', 'Retained']);
  });
});
