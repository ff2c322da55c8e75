import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BoundaryGroupReference } from '../../src/api/v1alpha1/boundarygroupreference.generated.ts';
import type { ConnectionPoint } from '../../src/api/v1alpha1/connectionpoint.generated.ts';
import { type MemorySite, memorySite, reachedSite, serviceRecord } from '../../src/controllers/site/site.test-world.ts';
import { createRedeploymentStage, DAY, HOUR, type Lives, MINUTE, startRedeploymentLives, timeOnly } from './stage.ts';
import { connectedRole, metadataOf, presenting, resolvingIn } from './surroundings.ts';

const [OLD, NEW] = ['contoso.contoso.com', 'fabrikam.contoso.com'];
/** As an administrator has named the gateway on the site. */
const NAME_ON_SITE = 'Gateway of Contoso';

let lives: Lives;
beforeAll(async () => {
  lives = await startRedeploymentLives();
}, 60_000);
afterAll(() => lives?.close());

const refs = {
  suspend: false,
  siteRef: { name: 'ps1' },
  cmgRef: { name: 'contoso' },
  deletionPolicy: 'Delete',
} as const;
const about = { apiVersion: 'configmgr.io/v1alpha1' } as const;

function point(name: string, role: 'Primary' | 'Standby'): ConnectionPoint {
  const spec = { ...refs, siteSystem: `${name}.contoso.com`, role };
  return { ...about, kind: 'ConnectionPoint', metadata: metadataOf(name), spec };
}

const GROUP: BoundaryGroupReference = {
  ...about,
  kind: 'BoundaryGroupReference',
  metadata: metadataOf('branch'),
  spec: { ...refs, boundaryGroup: { name: 'Branch' }, connection: 'Fast' },
};

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

function createStage(site: MemorySite) {
  return createRedeploymentStage(lives, {
    surroundings: {
      probe: presenting(lives),
      resolveName: resolvingIn(lives),
      site: {
        siteOf: () => ({ kind: 'Usable', object: reachedSite(), site }),
        siteObjectOf: () => undefined,
        connectionPointsOf: () => [point('cp01', 'Primary'), point('spare', 'Standby')],
        boundaryGroupReferencesOf: () => [GROUP],
      },
    },
  });
}

it('hands over its connection points and groups on the site, and goes when the site has let go of it too', async () => {
  const site = siteOfConsole();
  const stage = createStage(site);
  const { control, subscriptionId } = lives.world.azure;
  const group = `/subscriptions/${subscriptionId}/resourceGroups/rg-contoso`;
  control.addConsoleGateway({ prefix: 'contoso', resourceGroup: 'rg-contoso', model: 'ExtendedSupport' });

  /** What the controllers of the objects on the site do: what the status says. */
  const followOnSite = () => {
    const deployments = stage.deployments();
    if (deployments.length < 2) return;
    site.points = deployments.flatMap(({ serviceName, connectionPoints = [] }) =>
      connectionPoints.map((name) => connectedRole(name, serviceName)),
    );
    const isIn = (name: string) =>
      deployments.some(({ serviceName, inBoundaryGroups }) => serviceName === name && inBoundaryGroups === true);
    const members = site.records.filter(({ serviceName }) => isIn(serviceName));
    site.groups = site.groups.map((each) => ({
      ...each,
      members: members.map(({ nalPath }) => ({ nalPath, connection: 'Fast' as const })),
    }));
  };
  const until = (done: () => boolean, hours = 3) =>
    stage.runUntil(() => {
      followOnSite();
      return done();
    }, hours * HOUR);
  const links = () => Object.fromEntries(site.points.map((each) => [each.siteSystem.split('.')[0], each.serviceName]));
  const deletions = () =>
    (stage.cmg()?.status?.manualSteps ?? []).flatMap(({ cmdlet }) =>
      cmdlet?.startsWith('Remove-CMCloudManagementGateway') === true ? [cmdlet] : [],
    );

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
