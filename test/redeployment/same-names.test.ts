import { describe, expect, it } from 'vitest';
import { HOUR, type Lives, MINUTE, placedIn, type RedeploymentStage, timeOnly } from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
beginEachWithStage(async (...begun) => {
  [stage, lives] = begun;
  await stage.ready(timeOnly);
});

const old = () => stage.idOf('contoso.contoso.com');
const deletedVaults = () => {
  const { control, subscriptionId } = lives.world.azure;
  const path = `/subscriptions/${subscriptionId}/providers/Microsoft.KeyVault/deletedVaults?api-version=2026-02-01`;
  return (control.call('GET', path).body as { value: readonly { name: string }[] }).value.map(({ name }) => name);
};
const at = (write: RegExp) => stage.writes().findIndex((each) => write.test(each));
/** Types of what Azure was given since a write, in the order in which it accepted it. */
const putSince = (write: RegExp) =>
  stage
    .writes()
    .slice(at(write))
    .filter((each) => each.startsWith('PUT'))
    .map((each) => each.split('/').at(-2) ?? '');

describe('the same service name in another place', () => {
  it.each([
    ['another group', 'rg-north', ['rg-north']],
    ['the same group', undefined, ['rg-contoso']],
  ])('waits for a person, and is built in %s once the gateway before has gone', async (_, group, groups) => {
    const id = old();
    stage.change(placedIn('northeurope', group));
    await stage.operator.runFor(2 * HOUR);
    expect(stage.reason('Redeploying')).toBe('NoOtherActiveCMG');
    expect(stage.message('Redeploying')).toContain(
      `kubectl annotate --namespace gateways cmg contoso configmgr.io/allow-client-outage=${id}`,
    );
    expect(stage.reason('Stalled')).toBe('NoOtherActiveCMG');
    expect(stage.writes('DELETE')).toEqual([]);
    expect(stage.phases()).toEqual(['contoso Active']);

    await stage.consent('outage', id);
    await stage.runUntil(() => stage.gateways().includes('contoso northeurope'), HOUR);
    expect(stage.gateways()).toEqual(['contoso northeurope']);
    expect(stage.groups()).toEqual(groups);
    expect(deletedVaults()).toEqual([]);
    expect(at(/^DELETE .*\/resourceGroups\/rg-contoso$/)).toBeGreaterThan(0);
    expect(at(/\/deletedVaults\/contoso\/purge/)).toBeGreaterThan(at(/^DELETE .*\/resourceGroups\/rg-contoso$/));
    const [inside, ...names] = putSince(/\/deletedVaults\/contoso\/purge/).slice(0, 4);
    expect(inside).toBe('resourceGroups');
    expect(names.toSorted()).toEqual(['publicIPAddresses', 'storageAccounts', 'vaults']);
    await stage.runUntil(stage.isSettled);
    expect(stage.deployments()).toHaveLength(1);
    expect(old()).not.toBe(id);
    expect(stage.cmg()?.status?.redeployment).toBeUndefined();
    expect(stage.reason('Redeploying')).toBeUndefined();
  });

  it('deletes nothing while the new one could not be built at once, whatever a person has consented to', async () => {
    const { control } = lives.world.azure;
    const id = old();
    const isHeldBack = async (reason: string) => {
      await stage.consent('outage', id);
      await stage.operator.runFor(30 * MINUTE);
      expect(stage.reason('PrerequisitesMet')).toBe(reason);
      expect(stage.reason('Redeploying')).toBe('WaitingForPreflight');
      expect(stage.writes('DELETE')).toEqual([]);
      expect(stage.phases()).toEqual(['contoso Active']);
    };
    stage.change(placedIn('atlantis', 'rg-atlantis'));
    await isHeldBack('RegionNotFound');

    stage.change(placedIn('northeurope', 'rg-north'));
    control.settings.quotas.set('northeurope/cores', 1);
    await isHeldBack('QuotaExceeded');
    control.settings.quotas.clear();

    control.setRights([
      { scope: '/', actions: ['*'], notActions: ['Microsoft.Compute/virtualMachineScaleSets/write'] },
    ]);
    await isHeldBack('AuthorizationFailed');

    // Without it the deleted vault would hold the name for days.
    control.setRights([
      { scope: '/', actions: ['*'], notActions: ['Microsoft.KeyVault/locations/deletedVaults/purge/action'] },
    ]);
    await isHeldBack('AuthorizationFailed');
    control.setRights([{ scope: '/', actions: ['*'], notActions: [] }]);

    const vault = String(stage.resource('Microsoft.KeyVault/vaults')?.id);
    control.mutate(vault, { properties: { enablePurgeProtection: true } });
    await isHeldBack('VaultPurgeProtected');
    expect(stage.message('PrerequisitesMet')).toContain('purge protection');
    control.mutate(vault, { properties: { enablePurgeProtection: null } });

    await stage.consent('outage', id);
    await stage.runUntil(() => stage.gateways().includes('contoso northeurope'), 2 * HOUR);
    expect(stage.gateways()).toEqual(['contoso northeurope']);
  });

  it('says at every moment what goes on, that clients have no gateway meanwhile, and how to go back', async () => {
    const id = old();
    stage.change(placedIn('northeurope', 'rg-north'));
    await stage.consent('outage', id);
    const looks: ReturnType<typeof look>[] = [];
    await stage.runUntil(() => {
      looks.push(look());
      return stage.isSettled() && stage.gateways().includes('contoso northeurope');
    }, 2 * HOUR);

    const announced = looks.filter(({ announcement }) => announcement === 'DeleteFirst');
    expect(announced.length).toBeGreaterThan(0);
    expect(announced.every(({ ready, gateways }) => ready === 'True' && gateways.length === 1)).toBe(true);
    const begins = looks.findIndex(({ phases }) => phases.includes('Deleting'));
    expect(Number(looks[begins]?.at) - Number(announced[0]?.at)).toBeGreaterThanOrEqual(MINUTE);

    const ends = looks.findIndex(({ phases }, at) => at > begins && phases.includes('Active'));
    const outage = looks.slice(begins, ends);
    expect(outage.some(({ gateways }) => gateways.length === 0)).toBe(true);
    expect(looks[ends]?.at).toBeGreaterThan(Number(looks[begins]?.at) + MINUTE);
    for (const moment of outage) {
      expect(moment).toMatchObject({
        ready: 'False',
        azure: 'False',
        healthy: 'False',
        isReconciling: true,
        stalled: undefined,
        redeploying: expect.any(String),
        redeployment: { from: 'contoso.contoso.com', to: 'contoso.contoso.com', rollback: 'Rebuild' },
      });
      expect(moment.redeployment?.fields?.join()).toContain('westeurope → northeurope');
    }
    expect(looks[ends]).toMatchObject({ ready: 'True', redeploying: undefined, redeployment: undefined });
    const reasons = [...new Set(looks.slice(begins - 1, ends).map(({ redeploying }) => redeploying))];
    expect(reasons).toEqual(['DeletionAnnounced', 'DeletingDeployment', 'WaitingForNames', 'BuildingReplacement']);

    const next = old();
    const told = stage.operator.events.filter(({ reason }) => reason.startsWith('Deployment'));
    expect(told.map(({ reason, note }) => `${reason} ${note.includes(next) ? 'next' : 'first'}`)).toEqual([
      'DeploymentDeleting first',
      'DeploymentGone first',
      'DeploymentProvisioning next',
      'DeploymentActive next',
    ]);
  });
});

function look() {
  const { status } = stage.cmg() ?? {};
  const deployments = status?.deployments ?? [];
  const statusOf = (type: string) => stage.condition(type)?.status;
  return {
    at: lives.clock.now(),
    announcement: deployments[0]?.announcedDeletion,
    phases: deployments.map(({ phase }) => phase),
    gateways: stage.gateways(),
    ready: statusOf('Ready'),
    azure: statusOf('AzureReady'),
    healthy: statusOf('ServiceHealthy'),
    isReconciling: statusOf('Reconciling') === 'True',
    stalled: stage.reason('Stalled'),
    redeploying: stage.reason('Redeploying'),
    redeployment: status?.redeployment,
  };
}
