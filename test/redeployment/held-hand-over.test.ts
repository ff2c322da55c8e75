import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MemorySite, memorySite, serviceRecord } from '../../src/controllers/site/site.test-world.ts';
import { createOnSiteStage, type OnSiteStage } from './on-site-stage.ts';
import { DAY, HOUR, type Lives, MINUTE, named, type RedeploymentStage, startRedeploymentLives } from './stage.ts';
import { connectedRole } from './surroundings.ts';

const [OLD, NEW] = ['contoso.contoso.com', 'fabrikam.contoso.com'];

let lives: Lives;
let site: MemorySite;
let onSite: OnSiteStage;
let stage: RedeploymentStage;
beforeAll(async () => {
  lives = await startRedeploymentLives();
}, 60_000);
afterAll(() => lives?.close());
beforeEach(async () => {
  site = memorySite();
  site.records = [serviceRecord(OLD), serviceRecord(NEW, 2)];
  site.points = [connectedRole('cp01', OLD)];
  site.groups = [{ id: 1, name: 'Branch', preferCloudSources: false, members: [memberOf(OLD)] }];
  onSite = createOnSiteStage(lives, site);
  ({ stage } = onSite);
  await handingOver();
  return () => stage.operator.kill();
});

function memberOf(serviceName: string) {
  return { nalPath: serviceRecord(serviceName, serviceName === NEW ? 2 : 1).nalPath, connection: 'Fast' as const };
}

/** Where the status has the connection points, by the first labels of the gateways. */
const planned = () =>
  Object.fromEntries(
    stage.deployments().map(({ serviceName, connectionPoints }) => [serviceName.split('.')[0], connectionPoints]),
  );
const inGroups = () => stage.deployments().map(({ inBoundaryGroups }) => inBoundaryGroups);

/** The status says that the old one leaves its groups and hands its connection point over, and the site shows neither yet. */
async function handingOver(): Promise<void> {
  stage.change((spec) => ({ ...spec, siteRef: { name: 'ps1' } }));
  await onSite.until(() => stage.condition('Ready')?.status === 'True');
  stage.change(named(NEW));
  await onSite.until(() => stage.phases().includes('contoso Superseded'));
  await stage.letPass(DAY - 15 * MINUTE);
  const isDraining = () => stage.phases().includes('contoso Draining');
  await stage.runUntil(isDraining, HOUR);
  await stage.runUntil(() => inGroups()[0] === false, HOUR);
}

/** The old one is out of its groups, and its connection point is to move. */
async function pointToMove(): Promise<void> {
  site.groups = site.groups.map((each) => ({ ...each, members: [memberOf(NEW)] }));
  await stage.runUntil(() => planned().fabrikam?.includes('cp01') === true, HOUR);
  expect(planned()).toEqual({ contoso: [], fabrikam: ['cp01', 'spare'] });
}

const isHeld = () => stage.message('Redeploying').includes('contoso.contoso.com is left as it is');
const disconnect = () => {
  site.points = site.points.map((each) =>
    each.serviceName === NEW ? { ...each, connectedness: 'Disconnected' as const } : each,
  );
};

describe('a step of a hand-over that the site has not taken yet', () => {
  it('is taken back when the new gateway is lost, and comes again when it is back', async () => {
    await pointToMove();
    disconnect();
    await stage.runUntil(isHeld, HOUR);
    expect(planned()).toEqual({ contoso: ['cp01'], fabrikam: ['spare'] });

    await onSite.until(() => stage.deployments().length === 1);
    expect(onSite.links()).toMatchObject({ cp01: NEW });
  });

  it('out of a boundary group too', async () => {
    disconnect();
    await stage.runUntil(isHeld, HOUR);
    expect(inGroups()).toEqual([true, true]);
  });

  it('is taken back by a revert', async () => {
    await pointToMove();
    stage.change(named(OLD));
    await stage.runUntil(() => stage.phases().includes('contoso Active'), HOUR);
    expect(planned()).toEqual({ contoso: ['cp01'], fabrikam: ['spare'] });
    await onSite.until(() => inGroups()[0] === true);
    await stage.operator.runFor(HOUR);
    expect(onSite.links()).toEqual({ cp01: OLD, spare: NEW });
  });
});
