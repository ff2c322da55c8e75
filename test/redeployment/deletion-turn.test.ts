import { afterAll, beforeAll, expect, it } from 'vitest';
import { BUDGET_CONFIG_MAP } from '../../src/controllers/cmg/deletion-budget.ts';
import { type MemorySite, memorySite, serviceRecord } from '../../src/controllers/site/site.test-world.ts';
import { toTimestamp } from '../../src/runtime/conditions.ts';
import { CONFIG_MAP, type ConfigMap } from '../../src/runtime/objects.ts';
import { createOnSiteStage } from './on-site-stage.ts';
import { HOUR, type Lives, MINUTE, placedIn, startRedeploymentLives } from './stage.ts';
import { connectedRole } from './surroundings.ts';

const NAME = 'contoso.contoso.com';

let lives: Lives;
beforeAll(async () => {
  lives = await startRedeploymentLives();
}, 60_000);
afterAll(() => lives?.close());

function siteWithGateway(): MemorySite {
  const site = memorySite();
  const record = serviceRecord(NAME);
  site.records = [record];
  site.points = [connectedRole('cp01', NAME)];
  site.groups = [
    { id: 1, name: 'Branch', preferCloudSources: false, members: [{ nalPath: record.nalPath, connection: 'Fast' }] },
  ];
  return site;
}

it('a gateway that is deleted first keeps its connection points and groups until the fleet brake lets it go', async () => {
  const site = siteWithGateway();
  const { stage, until, links } = createOnSiteStage(lives, site);
  stage.change((spec) => ({ ...spec, siteRef: { name: 'ps1' } }));
  await until(() => stage.condition('Ready')?.status === 'True');
  const id = stage.idOf(NAME);

  const usedUpAt = lives.clock.now() + 10 * MINUTE;
  const data = Object.fromEntries(['a', 'b', 'c'].map((uid) => [uid, `${toTimestamp(usedUpAt)} gateways/${uid}`]));
  stage.kubernetes.put(CONFIG_MAP, { metadata: { namespace: 'cmg-system', name: BUDGET_CONFIG_MAP }, data });
  stage.change(placedIn('northeurope', 'rg-north'));
  await stage.consent('outage', id);
  await until(() => stage.reason('Redeploying') === 'DeletionBudget');
  const serves = () => [
    stage.phases(),
    stage.deployments()[0]?.announcedDeletion,
    links(),
    site.groups[0]?.members.length,
  ];
  const asItWas = [['contoso Active'], undefined, { cp01: NAME }, 1];
  expect(serves()).toEqual(asItWas);
  expect(stage.message('Redeploying')).toContain('--max-deletions-per-hour allows (3)');
  expect(stage.condition('Ready')?.status).toBe('True');

  await until(() => {
    const isStill = stage.reason('Redeploying') === 'DeletionBudget';
    if (isStill) expect(serves()).toEqual(asItWas);
    return !isStill;
  });
  expect(lives.clock.now()).toBeGreaterThanOrEqual(usedUpAt + HOUR);
  expect(stage.reason('Redeploying')).toBe('DeletionAnnounced');
  expect(stage.writes('DELETE')).toEqual([]);
  await until(() => stage.phases().includes('contoso Deleting'));
  const [slots] = stage.kubernetes.objects(CONFIG_MAP.plural) as readonly ConfigMap[];
  expect(Object.keys(slots?.data ?? {})).toContain(stage.cmg()?.metadata.uid);
  await until(() => stage.gateways().includes('contoso northeurope'));
  stage.operator.kill();
});
