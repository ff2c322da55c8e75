import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUDGET_CONFIG_MAP } from '../../src/controllers/cmg/deletion-budget.ts';
import { type MemorySite, memorySite, serviceRecord } from '../../src/controllers/site/site.test-world.ts';
import { toTimestamp } from '../../src/runtime/conditions.ts';
import { CONFIG_MAP } from '../../src/runtime/objects.ts';
import type { ServiceRecord } from '../../src/site/site.ts';
import { createOnSiteStage, type OnSiteStage } from './on-site-stage.ts';
import {
  type Change,
  DAY,
  HOUR,
  type Lives,
  MINUTE,
  named,
  type RedeploymentStage,
  startRedeploymentLives,
} from './stage.ts';
import { connectedRole } from './surroundings.ts';

const [CONTOSO, FABRIKAM] = ['contoso.contoso.com', 'fabrikam.contoso.com'];

let lives: Lives;
let site: MemorySite;
let onSite: OnSiteStage;
let stage: RedeploymentStage;
beforeAll(async () => {
  lives = await startRedeploymentLives();
}, 60_000);
afterAll(() => lives?.close());
beforeEach(() => {
  writesOfSite.clear();
  site = memorySite();
  site.points = [connectedRole('cp01', CONTOSO)];
  site.groups = [{ id: 1, name: 'Branch', preferCloudSources: false, members: [] }];
  onSite = createOnSiteStage(lives, site);
  ({ stage } = onSite);
});
afterEach(() => stage.operator.kill());

const withSite: Change = (spec) => ({ ...spec, siteRef: { name: 'ps1' } });
const bySite: Change = ({ servicePackage: _package, ...spec }) => ({ ...spec, provisioner: 'Site' });
const byOperator: Change = (spec) => ({
  ...spec,
  provisioner: 'Operator',
  servicePackage: { url: lives.world.packages.url, sha256: lives.world.packages.sha256 },
});
const inGroup =
  (name: string): Change =>
  (spec) => ({ ...spec, azure: { ...spec.azure, resourceGroup: { name, mode: 'Create' } } });
const toFabrikam = [named(FABRIKAM), inGroup('rg-fabrikam')];
const toContoso = [named(CONTOSO), inGroup('rg-contoso')];

const creations = () => onSite.lines('New-CMCloudManagementGateway');
const changes = () => onSite.lines('Set-CMCloudManagementGateway');
const deletions = () => onSite.lines('Remove-CMCloudManagementGateway');
const groupOf = (prefix: string) => `/subscriptions/${lives.world.azure.subscriptionId}/resourceGroups/rg-${prefix}`;
const makers = () => stage.deployments().map(({ identity }) => identity.provisioner ?? 'Operator');

/** The site has a record of a gateway, in a state. */
function recorded(
  serviceName: string,
  kind: Exclude<ServiceRecord['state']['kind'], 'Unknown'> = 'Ready',
  more: Partial<ServiceRecord> = {},
): void {
  const others = site.records.filter((record) => record.serviceName !== serviceName);
  site.records = [...others, { ...serviceRecord(serviceName, 7), state: { kind }, ...more }];
}

/** What a person gives with the line that makes a gateway. */
function givenWith(serviceName: string): Partial<ServiceRecord> {
  const line = creations().find((each) => each.includes(`-ServiceName '${serviceName}'`)) ?? '';
  const [, description = ''] = / -Description '([^']*)'/.exec(line) ?? [];
  return { description, subscriptionId: lives.world.azure.subscriptionId };
}

/** Which of all writes to Azure were the site's. */
const writesOfSite = new Set<number>();

/** The site, told by a person, makes the gateway. */
function madeBySite(prefix: string): void {
  const serviceName = `${prefix}.contoso.com`;
  const since = stage.writes().length;
  lives.world.azure.control.addConsoleGateway({ prefix, resourceGroup: `rg-${prefix}` });
  for (let at = since; at < stage.writes().length; at += 1) writesOfSite.add(at);
  recorded(serviceName, 'Ready', givenWith(serviceName));
}

/** The site, told by a person, deletes the gateway. */
function deletedBySite(prefix: string): void {
  lives.world.azure.control.remove(groupOf(prefix));
  site.records = site.records.filter(({ serviceName }) => serviceName !== `${prefix}.contoso.com`);
}

/** The writes of the operator, but for those by which a gateway of its own tells in its tags what is remembered of it. */
const written = (since = 0) =>
  stage
    .writes()
    .filter((write, at) => at >= since && !writesOfSite.has(at) && !write.includes('/userAssignedIdentities/'));

/** What Azure has in a group, to the byte, but for those tags. */
const contentOf = (prefix: string) =>
  JSON.stringify(
    lives.world.azure.control
      .state()
      .filter(({ id }) => String(id).toLowerCase().startsWith(groupOf(prefix).toLowerCase()))
      .filter(({ id }) => !String(id).includes('/userAssignedIdentities/')),
  );

async function asked(): Promise<void> {
  await onSite.until(() => stage.reason('Stalled') === 'ManualCreationRequired');
}

async function serves(): Promise<void> {
  await onSite.until(() => stage.condition('Ready')?.status === 'True' && stage.deployments().length === 1);
}

/** A first gateway that the site has made. */
async function firstBySite(...more: readonly Change[]): Promise<void> {
  stage.change(withSite, bySite, ...more);
  await asked();
  madeBySite('contoso');
  await serves();
}

/** A gateway that the operator has made, in its boundary group. */
async function firstByOperator(): Promise<void> {
  stage.change(withSite);
  await serves();
  const nalPath = site.records[0]?.nalPath ?? '';
  site.groups = [{ id: 1, name: 'Branch', preferCloudSources: false, members: [{ nalPath, connection: 'Fast' }] }];
}

describe('a first gateway that the site is asked for', () => {
  it('is asked for with the exact line, and nothing is written to Azure', async () => {
    const { subscriptionId, tenantId } = lives.world.azure;
    stage.change(withSite, bySite, (spec) => ({
      ...spec,
      vm: { ...spec.vm, size: 'Large', instances: 2 },
      entra: {
        serverAppId: '11111111-1111-4111-8111-111111111111',
        clientAppId: '22222222-2222-4222-8222-222222222222',
      },
    }));
    await asked();
    expect(stage.phases()).toEqual(['contoso Provisioning']);
    expect(stage.deployments()[0]).toMatchObject({ served: false, identity: { provisioner: 'Site' } });
    const { id } = stage.deployments()[0] ?? {};
    const place = `rg-contoso in westeurope, tenant ${tenantId}`;
    expect(creations()).toEqual([
      [
        "New-CMCloudManagementGateway -EnvironmentSetting 'AzurePublicCloud'",
        `-TenantId '${tenantId}' -SubscriptionId '${subscriptionId}'`,
        "-ServerAppClientId '11111111-1111-4111-8111-111111111111' -Region 'westeurope' -GroupName 'rg-contoso'",
        "-ServiceName 'contoso.contoso.com' -ServiceCertPath <path of the PFX file>",
        '-ServiceCertPassword <its password as a SecureString> -VMInstanceCount 2 -EnableCloudDPFunction $true',
        '-CheckClientCertRevocation $true -EnforceProtocol $true',
        `-Description 'Kubernetes CMG test/gateways/contoso, deployment ${id}/1, ${place}'`,
      ].join(' '),
    ]);
    const [step] = stage.cmg()?.status?.manualSteps ?? [];
    expect(step?.instruction).toContain('set Large (spec.vm.size) in the properties of the gateway');
    expect(step?.instruction).toContain('the Secret gateways/contoso-tls');
    expect(stage.reason('AzureReady')).toBe('ManualCreationRequired');
    expect(stage.message('AzureReady')).toContain(creations()[0]);
    expect(stage.condition('Ready')?.status).toBe('False');
    await stage.letPass(6 * HOUR);
    expect(stage.reason('Stalled')).toBe('ManualCreationRequired');
    expect(written()).toEqual([]);
    expect(site.writes).toEqual([]);
  });

  it('is not asked for any more once the site makes it, and then rests', async () => {
    stage.change(withSite, bySite);
    await asked();
    recorded(CONTOSO, 'Provisioning');
    await onSite.until(() => creations().length === 0);
    expect(stage.reason('AzureReady')).toBe('Provisioning');
    expect(stage.condition('Stalled')).toBeUndefined();
    madeBySite('contoso');
    await serves();
    expect(stage.phases()).toEqual(['contoso Active']);
    expect(stage.condition('InSync')?.status).toBe('True');
    expect(stage.reason('SiteRegistered')).toBe('Succeeded');
    expect(stage.cmg()?.status?.certificate?.commonName).toBe('*.contoso.com');
    const at = stage.cmg()?.metadata.resourceVersion;
    await stage.letPass(DAY);
    expect(stage.cmg()?.metadata.resourceVersion).toBe(at);
    expect(written()).toEqual([]);
    expect(site.writes).toEqual([]);
  });

  it('is taken for the one that is there already, when the site has made it', async () => {
    madeBySite('contoso');
    stage.change(withSite, bySite);
    await serves();
    expect(stage.deployments()[0]).toMatchObject({ phase: 'Active', served: true, identity: { provisioner: 'Site' } });
    expect(creations()).toEqual([]);
  });

  it('is not asked for while its certificate cannot be used, one of its name is elsewhere, or nobody may look', async () => {
    const { control } = lives.world.azure;
    control.addConsoleGateway({ prefix: 'contoso', resourceGroup: 'rg-other' });
    const other = await lives.world.authority.issue({ commonName: 'contoso.fabrikam.com' });
    stage.change(withSite, bySite);
    stage.setCertificate('contoso', other);
    await stage.operator.runFor(HOUR);
    expect(stage.reason('CertificateValid')).toBe('NameMismatch');
    expect([stage.deployments(), creations()]).toEqual([[], []]);
    stage.setCertificate('contoso', lives.certificate);
    await stage.runUntil(() => stage.reason('PrerequisitesMet') === 'GatewayNotFound', HOUR);
    expect(stage.message('PrerequisitesMet')).toContain('/resourceGroups/rg-other/');
    expect([stage.deployments(), creations()]).toEqual([[], []]);
    control.remove(groupOf('other'));
    control.setRights([]);
    await stage.runUntil(() => stage.reason('PrerequisitesMet') === 'AuthorizationFailed', HOUR);
    expect([stage.deployments(), creations()]).toEqual([[], []]);
    control.setRights([{ scope: '/', actions: ['*'], notActions: [] }]);
    await asked();
    expect(creations()).toHaveLength(1);
  });
});

describe('from the operator to the site, and back', () => {
  it('retires the operator’s behind the site’s, when clients have learnt it, and deletes it', async () => {
    await firstByOperator();
    const since = stage.writes().length;
    stage.change(bySite, ...toFabrikam);
    await onSite.until(() => creations().length === 1);
    expect(stage.cmg()?.status?.redeployment).toMatchObject({
      fields: expect.arrayContaining(['spec.provisioner (Operator → Site)']),
      rollback: 'Free',
    });
    expect(stage.reason('Redeploying')).toBe('ManualCreationRequired');
    await stage.letPass(6 * HOUR);
    // The one that serves is kept as it is as long as the person takes.
    expect([stage.phases(), onSite.links()]).toEqual([['contoso Active', 'fabrikam Provisioning'], { cp01: CONTOSO }]);
    expect(written(since)).toEqual([]);

    onSite.refreshed = 94;
    madeBySite('fabrikam');
    const ofSite = contentOf('fabrikam');
    await onSite.until(() => stage.phases().includes('contoso Superseded'));
    expect(onSite.links()).toEqual({ cp01: CONTOSO, spare: FABRIKAM });
    expect(site.groups[0]?.members).toHaveLength(2);
    expect(creations()).toEqual([]);
    await stage.letPass(DAY + 2 * HOUR);
    expect(stage.reason('Redeploying')).toBe('ClientsNotRefreshed');
    expect(stage.gateways()).toEqual(['contoso westeurope', 'fabrikam westeurope']);
    onSite.refreshed = 95;
    await onSite.until(() => stage.deployments().length === 1, 12);
    await serves();
    expect([makers(), stage.phases()]).toEqual([['Site'], ['fabrikam Active']]);
    expect([onSite.links(), site.groups[0]?.members.length]).toEqual([{ cp01: FABRIKAM }, 1]);
    expect(stage.groups()).toEqual(['rg-fabrikam']);
    expect(contentOf('fabrikam')).toBe(ofSite);
    expect(stage.writes('DELETE').map((write) => write.split('/').at(-1))).toEqual(['rg-contoso']);
    expect(deletions()).toEqual([]);

    // And back: another one of the operator's takes its place, and a person has the site delete the other.
    stage.change(byOperator, ...toContoso);
    await onSite.until(() => stage.phases().includes('fabrikam Superseded'));
    expect(stage.cmg()?.status?.redeployment?.fields).toContain('spec.provisioner (Site → Operator)');
    await stage.letPass(DAY - 15 * MINUTE);
    expect(deletions()).toEqual([]);
    await onSite.until(() => stage.reason('Redeploying') === 'ManualDeletionRequired');
    expect(deletions()).toEqual(["Remove-CMCloudManagementGateway -Name 'fabrikam.contoso.com' -Force"]);
    expect(contentOf('fabrikam')).toBe(ofSite);
    deletedBySite('fabrikam');
    await onSite.until(() => stage.deployments().length === 1 && stage.condition('Stalled') === undefined);
    expect([makers(), stage.gateways()]).toEqual([['Operator'], ['contoso westeurope']]);
  });

  it('brings the operator’s its renewed certificate meanwhile, although the spec has no service package any more', async () => {
    await firstByOperator();
    const other = { format: 'TLS', secretRef: { name: 'fabrikam-tls' }, revision: '' } as const;
    stage.setCertificate('fabrikam', lives.certificate);
    stage.change(bySite, ...toFabrikam, (spec) => ({ ...spec, serverCertificate: other }));
    await onSite.until(() => creations().length === 1);
    const upgrades = () => stage.writes('POST').filter((write) => /\/rg-contoso\/.*\/manualupgrade/.test(write));
    expect(upgrades()).toEqual([]);
    stage.setCertificate('contoso', await lives.world.authority.issue({ commonName: '*.contoso.com' }));
    await onSite.until(() => upgrades().length === 1);
    expect(stage.message('Redeploying')).not.toContain('package');
    expect(creations()).toHaveLength(1);
  });

  it('with a revert before the site has made anything forgets it, and nothing is rebuilt', async () => {
    await firstByOperator();
    const [id] = stage.deployments().map((each) => each.id);
    const [before, since] = [contentOf('contoso'), stage.writes().length];
    stage.change(bySite, ...toFabrikam);
    await onSite.until(() => creations().length === 1);
    stage.change(byOperator, ...toContoso);
    await onSite.until(() => stage.deployments().length === 1);
    await serves();
    expect(stage.deployments().map((each) => each.id)).toEqual([id]);
    expect([creations(), deletions()]).toEqual([[], []]);
    expect(contentOf('contoso')).toBe(before);
    expect(written(since)).toEqual([]);
  });

  it('with a revert while the site makes it has a person delete that one', async () => {
    await firstByOperator();
    stage.change(bySite, ...toFabrikam);
    await onSite.until(() => creations().length === 1);
    recorded(FABRIKAM, 'Provisioning');
    await onSite.until(() => creations().length === 0);
    stage.change(byOperator, ...toContoso);
    await onSite.until(() => deletions().length === 1);
    expect(deletions()).toEqual(["Remove-CMCloudManagementGateway -Name 'fabrikam.contoso.com' -Force"]);
    expect([stage.gateways(), onSite.links()]).toEqual([['contoso westeurope'], { cp01: CONTOSO }]);
    site.records = site.records.filter(({ serviceName }) => serviceName !== FABRIKAM);
    await onSite.until(() => stage.deployments().length === 1);
    await serves();
    expect(makers()).toEqual(['Operator']);
  });

  it('with a revert once the site’s serves gives clients the whole wait, and keeps the operator’s', async () => {
    await firstByOperator();
    const before = contentOf('contoso');
    const since = stage.writes().length;
    stage.change(bySite, ...toFabrikam);
    await onSite.until(() => creations().length === 1);
    madeBySite('fabrikam');
    await onSite.until(() => stage.phases().includes('contoso Superseded'));
    await stage.letPass(2 * HOUR);
    stage.change(byOperator, ...toContoso);
    await onSite.until(() => stage.phases().includes('fabrikam Superseded'));
    expect(stage.phases()).toEqual(['contoso Active', 'fabrikam Superseded']);
    await stage.letPass(DAY - HOUR);
    expect([deletions(), stage.phases()]).toEqual([[], ['contoso Active', 'fabrikam Superseded']]);
    await onSite.until(() => stage.reason('Redeploying') === 'ManualDeletionRequired');
    expect(deletions()).toHaveLength(1);
    deletedBySite('fabrikam');
    await onSite.until(() => stage.deployments().length === 1);
    expect([contentOf('contoso'), written(since)]).toEqual([before, []]);
  });

  it('under the same name deletes the operator’s first only with consent, and then asks the site', async () => {
    await firstByOperator();
    const id = stage.deployments()[0]?.id ?? '';
    const since = stage.writes().length;
    stage.change(bySite);
    await onSite.until(() => stage.reason('Redeploying') === 'NoOtherActiveCMG');
    await stage.letPass(2 * HOUR);
    expect([creations(), stage.phases(), written(since)]).toEqual([[], ['contoso Active'], []]);
    await stage.consent('outage', id);
    await onSite.until(() => creations().length === 1);
    expect([stage.groups(), makers()]).toEqual([[], ['Site']]);
    madeBySite('contoso');
    await serves();
    expect(stage.phases()).toEqual(['contoso Active']);
  });
});

describe('a gateway of the site that takes the place of another one', () => {
  it('is not asked for in the group of the one before, which the site may delete with it', async () => {
    await firstBySite();
    stage.change(named(FABRIKAM));
    await stage.operator.runFor(HOUR);
    expect(stage.reason('PrerequisitesMet')).toBe('ResourceNotOwned');
    expect(stage.message('PrerequisitesMet')).toContain('Name another one in spec.azure.resourceGroup');
    expect([stage.phases(), creations(), deletions()]).toEqual([['contoso Active'], [], []]);
    stage.change(inGroup('rg-fabrikam'));
    await onSite.until(() => creations().length === 1);
    madeBySite('fabrikam');
    await onSite.until(() => stage.phases().includes('contoso Superseded'));
    expect(stage.cmg()?.status?.redeployment?.fields).not.toContainEqual(expect.stringContaining('provisioner'));
    expect([makers(), deletions()]).toEqual([['Site', 'Site'], []]);
    await stage.letPass(DAY - 15 * MINUTE);
    expect(deletions()).toEqual([]);
    await onSite.until(() => deletions().length === 1);
    expect(written()).toEqual([]);
  });
});

describe('what can be seen of it', () => {
  it('is compared: VMs and certificate are for a person to change, with the exact line', async () => {
    await firstBySite((spec) => ({ ...spec, vm: { ...spec.vm, instances: 2 } }));
    site.records = site.records.map((record) => ({ ...record, name: 'Gateway of Contoso' }));
    const ofSite = contentOf('contoso');
    const line = "Set-CMCloudManagementGateway -Name 'Gateway of Contoso' -VMInstanceCount 2";
    await onSite.until(() => changes().join() === line);
    expect(stage.reason('InSync')).toBe('ManualStepRequired');
    expect(stage.message('InSync')).toContain(line);
    expect(stage.condition('Ready')?.status).toBe('True');
    expect(contentOf('contoso')).toBe(ofSite);
    const scaleSet = `${groupOf('contoso')}/providers/Microsoft.Compute/virtualMachineScaleSets/contoso`;
    lives.world.azure.control.call('PATCH', `${scaleSet}?api-version=2024-11-01`, { sku: { capacity: 2 } });
    await onSite.until(() => changes().length === 0);
    expect(stage.condition('InSync')?.status).toBe('True');

    stage.setCertificate('contoso', await lives.world.authority.issue({ commonName: '*.contoso.com' }));
    await onSite.until(() => changes().length === 1);
    expect(changes()).toEqual([
      "Set-CMCloudManagementGateway -Name 'Gateway of Contoso' -ServiceCertPath <path of the PFX file> -ServiceCertPassword <its password as a SecureString>",
    ]);
    stage.setCertificate('contoso', lives.certificate);
    await onSite.until(() => changes().length === 0);
  });

  it('tells that it is gone, and that it can be made anew once the site has forgotten it', async () => {
    await firstBySite();
    lives.world.azure.control.remove(groupOf('contoso'));
    await onSite.until(() => stage.reason('AzureReady') === 'GatewayNotFound');
    expect([creations(), deletions()]).toEqual([[], []]);
    site.records = [];
    await onSite.until(() => creations().length === 1);
    madeBySite('contoso');
    await serves();
    expect(stage.deployments()).toHaveLength(1);
  });
});

describe('a gateway of the site whose CMG has lost its status', () => {
  const ofAll = () => stage.deployments().map(({ id, serviceName, phase }) => [id, serviceName, phase]);

  it('is found again by its description while another one of the site takes its place, and waits the whole time anew', async () => {
    await firstBySite();
    stage.change(...toFabrikam);
    await onSite.until(() => creations().length === 1);
    madeBySite('fabrikam');
    await onSite.until(() => stage.phases().includes('contoso Superseded'));
    await stage.letPass(DAY - 2 * HOUR);
    const before = ofAll();
    await stage.loseStatus();
    stage.restart();
    await onSite.until(() => stage.phases().includes('contoso Superseded'));
    expect(ofAll().toSorted()).toEqual(before.toSorted());
    expect(stage.deployments().map(({ served }) => served)).toEqual([true, true]);
    await stage.letPass(DAY - 2 * HOUR);
    expect([deletions(), stage.reason('Stalled')]).toEqual([[], undefined]);
    await onSite.until(() => deletions().length === 1, 6);
    expect(deletions()).toEqual(["Remove-CMCloudManagementGateway -Name 'contoso.contoso.com' -Force"]);
    deletedBySite('contoso');
    await serves();
    expect([stage.phases(), written(), creations()]).toEqual([['fabrikam Active'], [], []]);
  });

  it('is found again beside one of the operator’s, which its tags tell of', async () => {
    await firstBySite();
    stage.change(byOperator, ...toFabrikam);
    await onSite.until(() => stage.phases().includes('contoso Superseded'));
    await stage.letPass(HOUR);
    const before = ofAll();
    await stage.loseStatus();
    stage.restart();
    await onSite.until(() => stage.phases().includes('contoso Superseded'));
    expect(ofAll().toSorted()).toEqual(before.toSorted());
    expect(makers().toSorted()).toEqual(['Operator', 'Site']);
  });

  it('is for a person to delete when the CMG is deleted', async () => {
    await firstBySite((spec) => ({ ...spec, deletionProtection: false }));
    await stage.loseStatus();
    stage.remove('contoso');
    stage.restart();
    await stage.runUntil(() => deletions().length === 1, HOUR);
    deletedBySite('contoso');
    await stage.runUntil(() => stage.cmg() === undefined, HOUR);
    expect([written(), site.writes]).toEqual([[], []]);
  });

  it.each([
    ['somebody has changed it', 'Gateway of Contoso'],
    ['it is that of another installation', undefined],
  ])('is not found by its description when %s, and stays as it is', async (_, description) => {
    await firstBySite();
    stage.change(...toFabrikam);
    await onSite.until(() => creations().length === 1);
    madeBySite('fabrikam');
    await onSite.until(() => stage.phases().includes('contoso Superseded'));
    site.records = site.records.map((record) =>
      record.serviceName === CONTOSO
        ? { ...record, description: description ?? record.description.replace('CMG test/', 'CMG other/') }
        : record,
    );
    await stage.loseStatus();
    stage.restart();
    await stage.operator.runFor(2 * HOUR);
    expect(stage.phases()).toEqual(['fabrikam Active']);
    expect([deletions(), written()]).toEqual([[], []]);
    expect(lives.world.azure.control.state().some(({ id }) => String(id).startsWith(groupOf('contoso')))).toBe(true);
  });
});

describe('a gateway that was only observed', () => {
  const observe: Change = (spec) => ({ ...spec, managementPolicy: 'Observe' });
  const manage: Change = (spec) => ({ ...spec, managementPolicy: 'Manage' });

  it('becomes the one that the site is asked for, and is only observed again', async () => {
    madeBySite('contoso');
    stage.change(withSite, observe);
    await onSite.until(() => stage.condition('Ready')?.status === 'True');
    const [id] = stage.deployments().map((each) => each.id);
    stage.change(bySite, manage);
    await onSite.until(() => stage.cmg()?.status?.observedGeneration === stage.cmg()?.metadata.generation);
    await stage.letPass(6 * HOUR);
    expect(stage.condition('Ready')).toMatchObject({ status: 'True', reason: 'Succeeded' });
    expect(stage.deployments().map((each) => [each.id, each.phase])).toEqual([[id, 'Active']]);
    expect([creations(), stage.reason('Redeploying')]).toEqual([[], undefined]);
    stage.change(observe);
    await stage.letPass(2 * HOUR);
    expect(stage.deployments().map((each) => [each.id, each.phase])).toEqual([[id, 'Active']]);
    stage.change(manage);
    await stage.letPass(2 * HOUR);
    expect(stage.deployments().map((each) => [each.id, each.phase])).toEqual([[id, 'Active']]);
    expect([written(), site.writes]).toEqual([[], []]);
  });
});

describe('a CMG that is deleted', () => {
  /** As many gateways have been removed just now as may be within an hour. */
  function useUpSlots(): void {
    const now = toTimestamp(stage.clock.now());
    const data = Object.fromEntries(['one', 'two', 'three'].map((uid) => [uid, `${now} gateways/${uid}`]));
    stage.kubernetes.put(CONFIG_MAP, { metadata: { namespace: 'cmg-system', name: BUDGET_CONFIG_MAP }, data });
  }

  const unprotected: Change = (spec) => ({ ...spec, deletionProtection: false });

  it('waits until a person has had the site delete the gateway, and it is gone in Azure and on the site', async () => {
    await firstBySite(unprotected);
    const ofSite = contentOf('contoso');
    stage.remove('contoso');
    await stage.runUntil(() => stage.reason('Stalled') === 'ManualDeletionRequired', HOUR);
    const line = "Remove-CMCloudManagementGateway -Name 'contoso.contoso.com' -Force";
    expect(deletions()).toEqual([line]);
    expect(stage.message('AzureReady')).toContain(line);
    await stage.operator.runFor(HOUR);
    expect([deletions(), contentOf('contoso')]).toEqual([[line], ofSite]);
    recorded(CONTOSO, 'Deleting');
    await stage.runUntil(() => deletions().length === 0, HOUR);
    lives.world.azure.control.remove(groupOf('contoso'));
    await stage.operator.runFor(HOUR);
    expect(stage.cmg()).toBeDefined();
    site.records = [];
    await stage.runUntil(() => stage.cmg() === undefined, HOUR);
    expect([written(), site.writes]).toEqual([[], []]);
    await stage.clock.advance(5 * MINUTE);
    expect(stage.operator.events.map(({ reason }) => reason)).toContain('Deleted');
  });

  it.each([
    ['its policy is Retain', (spec) => ({ ...spec, deletionPolicy: 'Retain' })],
    ['it is protected', (spec) => ({ ...spec, deletionProtection: true })],
  ] satisfies [string, Change][])('leaves the gateway where %s, and says so', async (_, change) => {
    await firstBySite(unprotected, change);
    const ofSite = contentOf('contoso');
    stage.remove('contoso');
    await stage.runUntil(() => stage.cmg() === undefined, HOUR);
    await stage.clock.advance(5 * MINUTE);
    expect([contentOf('contoso'), written(), site.writes]).toEqual([ofSite, [], []]);
    const told = stage.operator.events.filter(({ note }) => note?.includes('stays in Azure'));
    expect(told.map(({ reason }) => reason)).toHaveLength(1);
  });

  it('goes at once while nothing has been made', async () => {
    stage.change(withSite, bySite, unprotected);
    await asked();
    stage.remove('contoso');
    await stage.runUntil(() => stage.cmg() === undefined, HOUR);
    expect([written(), site.writes]).toEqual([[], []]);
    await stage.clock.advance(5 * MINUTE);
    expect(stage.operator.events.map(({ reason }) => reason)).not.toContain('Deleted');
  });

  it('goes by the word of Azure alone when the site has been silent for an hour', async () => {
    await firstBySite(unprotected);
    site.failures.set('ReadServiceRecords', {
      kind: 'Unreachable',
      code: 'ECONNREFUSED',
      message: 'Connection refused.',
    });
    stage.remove('contoso');
    await stage.operator.runFor(HOUR + 5 * MINUTE);
    expect(stage.reason('Stalled')).toBe('ManualDeletionRequired');
    lives.world.azure.control.remove(groupOf('contoso'));
    await stage.runUntil(() => stage.cmg() === undefined, HOUR);
    await stage.clock.advance(5 * MINUTE);
    expect(stage.operator.events.map(({ reason }) => reason)).toContain('LeftOnSite');
  });

  it('does not wait for the word of a site that nobody declares any more', async () => {
    await firstBySite(unprotected);
    onSite.isDeclared = false;
    stage.remove('contoso');
    await stage.runUntil(() => stage.reason('Stalled') === 'ManualDeletionRequired', HOUR);
    lives.world.azure.control.remove(groupOf('contoso'));
    await stage.runUntil(() => stage.cmg() === undefined, 5 * MINUTE);
    await stage.clock.advance(5 * MINUTE);
    expect(stage.operator.events.map(({ reason }) => reason)).toContain('LeftOnSite');
  });

  it('keeps what it has on the site until it has a slot of the fleet brake, and a silent site has its hour from then on', async () => {
    await firstBySite(unprotected);
    useUpSlots();
    site.failures.set('ReadServiceRecords', {
      kind: 'Unreachable',
      code: 'ECONNREFUSED',
      message: 'Connection refused.',
    });
    stage.remove('contoso');
    await stage.operator.runFor(50 * MINUTE);
    expect(stage.reason('AzureReady')).toBe('DeletionBudget');
    expect(stage.cmg()?.status?.leavingSince).toBeUndefined();
    await stage.runUntil(() => stage.cmg()?.status?.leavingSince !== undefined, 20 * MINUTE);
    await stage.runUntil(() => stage.reason('Stalled') === 'ManualDeletionRequired', 5 * MINUTE);
    lives.world.azure.control.remove(groupOf('contoso'));
    await stage.operator.runFor(45 * MINUTE);
    // What a person was asked for is done.
    expect([stage.reason('SiteRegistered'), stage.reason('Stalled')]).toEqual(['LeavingSite', undefined]);
    await stage.runUntil(() => stage.cmg() === undefined, 15 * MINUTE);
  });

  it('needs no slot for what is gone already', async () => {
    await firstBySite(unprotected);
    useUpSlots();
    lives.world.azure.control.remove(groupOf('contoso'));
    site.records = [];
    stage.remove('contoso');
    await stage.runUntil(() => stage.cmg() === undefined, 30 * MINUTE);
  });

  it('is not let go early by a silent site', async () => {
    await firstBySite(unprotected);
    site.failures.set('ReadServiceRecords', {
      kind: 'Unreachable',
      code: 'ECONNREFUSED',
      message: 'Connection refused.',
    });
    stage.remove('contoso');
    lives.world.azure.control.remove(groupOf('contoso'));
    await stage.operator.runFor(HOUR - 5 * MINUTE);
    expect(stage.reason('SiteRegistered')).toBe('LeavingSite');
    await stage.runUntil(() => stage.cmg() === undefined, HOUR);
  });
});
