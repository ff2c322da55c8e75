import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MemorySite, memorySite, serviceRecord } from '../../src/controllers/site/site.test-world.ts';
import { createOnSiteStage } from './on-site-stage.ts';
import { DAY, HOUR, type Lives, MINUTE, startRedeploymentLives, timeOnly } from './stage.ts';
import { connectedRole } from './surroundings.ts';

const [OLD, NEW] = ['contoso.contoso.com', 'fabrikam.contoso.com'];
/** As an administrator has named the gateway on the site. */
const NAME_ON_SITE = 'Gateway of Contoso';

let lives: Lives;
beforeAll(async () => {
  lives = await startRedeploymentLives();
}, 60_000);
afterAll(() => lives?.close());

/** A site that knows the gateway of the console, by a connection point and a boundary group. */
function siteOfConsole(): MemorySite {
  const site = memorySite();
  const record = { ...serviceRecord(OLD), name: NAME_ON_SITE };
  site.records = [record];
  site.points = [connectedRole('cp01', OLD)];
  const members = [{ nalPath: record.nalPath, connection: 'Fast' as const }];
  site.groups = [{ id: 1, name: 'Branch', preferCloudSources: false, members }];
  // The record of a gateway is made by a person.
  site.manual.add('RegisterService');
  return site;
}

it('hands over its connection points and groups on the site, and goes when the site has let go of it too', async () => {
  const site = siteOfConsole();
  const { stage, until, links, lines } = createOnSiteStage(lives, site);
  const { control, subscriptionId } = lives.world.azure;
  const group = `/subscriptions/${subscriptionId}/resourceGroups/rg-contoso`;
  control.addConsoleGateway({ prefix: 'contoso', resourceGroup: 'rg-contoso', model: 'ExtendedSupport' });

  const deletions = () => lines('Remove-CMCloudManagementGateway');

  stage.change(timeOnly, (spec) => ({
    ...spec,
    managementPolicy: 'Observe',
    deploymentModel: 'CloudServiceClassic',
    siteRef: { name: 'ps1' },
  }));
  await until(() => stage.deployments().length === 1);
  stage.change((spec) => ({
    ...spec,
    managementPolicy: 'Manage',
    deploymentModel: 'VirtualMachineScaleSet',
    serviceName: NEW,
    azure: { ...spec.azure, resourceGroup: { name: 'rg-fabrikam', mode: 'Create' } },
  }));
  await until(() => stage.reason('Redeploying') === 'NotAdvertised');
  expect(site.records.map(({ serviceName }) => serviceName)).toEqual([OLD]);
  site.records.push(serviceRecord(NEW, 2));
  await until(() => stage.phases().includes('contoso Superseded'));
  expect(links()).toEqual({ cp01: OLD, spare: NEW });
  expect(site.groups[0]?.members).toHaveLength(2);
  // It is known to serve by what it presents, as Azure does not tell of a cloud service.
  expect(stage.deployments()[0]?.advertised).toBeDefined();
  expect(deletions()).toEqual([]);

  await stage.letPass(DAY - 15 * MINUTE);
  expect(links()).toEqual({ cp01: OLD, spare: NEW });
  await until(() => stage.reason('Redeploying') === 'ManualDeletionRequired');
  expect(links()).toEqual({ cp01: NEW });
  expect(site.groups[0]?.members).toHaveLength(1);
  const line = `Remove-CMCloudManagementGateway -Name '${NAME_ON_SITE}' -Force`;
  expect(deletions()).toEqual([line]);
  expect(stage.reason('Stalled')).toBe('ManualDeletionRequired');

  // Somebody has deleted it in Azure, and the site does not know.
  control.remove(group);
  await until(() => stage.phases().includes('contoso Deleting'));
  await stage.letPass(2 * HOUR);
  expect(stage.reason('Redeploying')).toBe('ManualDeletionRequired');
  expect(deletions()).toEqual([line]);
  site.records = site.records.map((each) =>
    each.serviceName === OLD ? { ...each, state: { kind: 'Deleting' as const } } : each,
  );
  await until(() => stage.reason('Redeploying') === 'DeletingDeployment');
  expect(deletions()).toEqual([]);
  site.records = site.records.filter(({ serviceName }) => serviceName === NEW);
  await until(() => stage.deployments().length === 1);
  expect(stage.deployments()[0]?.serviceName).toBe(NEW);
  expect(stage.cmg()?.status?.redeployment).toBeUndefined();
  expect(stage.writes('DELETE')).toEqual([]);
  // The operator neither makes nor removes records of gateways here.
  expect(site.writes).toEqual([]);
  stage.operator.kill();
});
