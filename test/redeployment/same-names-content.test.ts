import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MemorySite, memorySite, UNREACHABLE } from '../../src/controllers/site/site.test-world.ts';
import type { ContentItem, DistributedContent } from '../../src/site/site.ts';
import { createOnSiteStage, type OnSiteStage } from './on-site-stage.ts';
import {
  type Change,
  HOUR,
  type Lives,
  MINUTE,
  placedIn,
  type RedeploymentStage,
  startRedeploymentLives,
  timeOnly,
} from './stage.ts';
import { connectedRole } from './surroundings.ts';

const NAME = 'contoso.contoso.com';

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
  site.points = [connectedRole('cp01', NAME)];
  site.groups = [{ id: 1, name: 'Branch', preferCloudSources: false, members: [] }];
  onSite = createOnSiteStage(lives, site);
  ({ stage } = onSite);
  stage.change(timeOnly, onPs1);
  await onSite.until(() => stage.condition('Ready')?.status === 'True' && stage.deployments().length === 1);
});
afterEach(() => stage.operator.kill());

const onPs1: Change = (spec) => ({ ...spec, siteRef: { name: 'ps1' } });
const toTheNorth = placedIn('northeurope', 'rg-north');

const item = (number: number, more: Partial<ContentItem & DistributedContent> = {}) =>
  ({ packageId: `PS1000${number}`, name: `Package ${number}`, kind: 'Package', state: 'Installed', ...more }) as const;
const ZIP = item(11, { kind: 'Application', name: '7-Zip' });

/** What the site has assigned to the gateway of today. */
function holds(...items: readonly (ContentItem & DistributedContent)[]): void {
  site.content.set(site.records[0]?.nalPath ?? '', items);
}

const listed = () => stage.cmg()?.status?.planned?.heldContent;
const distributions = () => onSite.lines('Start-CMContentDistribution');
const isGoing = () => stage.phases().includes('contoso Deleting');

/** A person lets the clients be without a gateway, and the old one goes, with what it held. */
async function goes(): Promise<string> {
  const id = stage.idOf(NAME);
  stage.change(toTheNorth);
  await stage.operator.runFor(5 * MINUTE);
  await stage.consent('outage', id);
  await onSite.until(isGoing);
  await onSite.until(() => site.records.length === 0);
  site.content.clear();
  return id;
}

/** The new gateway serves, and is in its boundary group. */
async function servesAnew(): Promise<void> {
  await onSite.until(() => stage.gateways().includes('contoso northeurope') && site.records.length === 1);
  const nalPath = site.records[0]?.nalPath ?? '';
  site.groups = site.groups.map((each) => ({ ...each, members: [{ nalPath, connection: 'Fast' as const }] }));
  await onSite.until(() => stage.condition('Ready')?.status === 'True');
}

describe('what a gateway holds that goes before the one that takes its place', () => {
  it('is told as missing once that one is there, through a restart, until it has been distributed', async () => {
    holds(item(12), ZIP);
    const id = await goes();
    const expected = [ZIP, item(12)].map(({ packageId, name, kind }) => ({ packageId, name, kind }));
    expect(listed()).toEqual([{ deployment: id, serviceName: NAME, held: 2, items: expected }]);

    stage.operator.kill();
    stage.restart();
    await servesAnew();
    await onSite.until(() => stage.reason('Redeploying') === 'ContentNotDistributed');
    expect(stage.message('Redeploying')).toContain(
      `${NAME} lacks 2 of the 2 packages and applications that the gateway held that was deleted before it: 7-Zip, Package 12.`,
    );
    expect(stage.reason('Stalled')).toBe('ContentNotDistributed');
    expect(stage.condition('ServiceHealthy')?.status).toBe('True');
    expect(stage.condition('ConnectionPointReady')?.status).toBe('True');
    expect(stage.cmg()?.status?.redeployment?.content).toEqual({ held: 2, missing: 2 });
    expect(distributions()).toEqual([
      `Start-CMContentDistribution -ApplicationName '7-Zip' -DistributionPointName '${NAME}'`,
      `Start-CMContentDistribution -PackageId 'PS100012' -DistributionPointName '${NAME}'`,
    ]);

    await stage.operator.runFor(20 * MINUTE);
    const { resourceVersion } = stage.cmg()?.metadata ?? {};
    await stage.operator.runFor(8 * MINUTE);
    expect(stage.cmg()?.metadata.resourceVersion).toBe(resourceVersion);

    holds(ZIP, item(12));
    await onSite.until(() => stage.reason('Redeploying') === undefined, 2);
    expect(listed()).toBeUndefined();
    expect(distributions()).toEqual([]);
    expect(stage.cmg()?.status?.redeployment).toBeUndefined();
    expect(stage.isSettled()).toBe(true);
  });

  it('is remembered as far as the status has room, and let go by a word', async () => {
    holds(...Array.from({ length: 60 }, (_, number) => item(10 + number)));
    const id = stage.idOf(NAME);
    stage.change(toTheNorth);
    await onSite.until(() => stage.reason('Redeploying') === 'NoOtherActiveCMG');
    expect(stage.message('Redeploying')).toMatch(/holds 60 packages and applications, and 3\d of them are remembered/);
    expect(await goes()).toBe(id);
    await servesAnew();
    await onSite.until(() => stage.reason('Redeploying') === 'ContentNotDistributed');
    expect(stage.message('Redeploying')).toContain('lacks 60 of the 60 packages');
    expect(JSON.stringify(stage.cmg()?.status).length).toBeLessThan(16_000);
    const [, first] = /'(PS1\d+)'/.exec(distributions()[0] ?? '') ?? [];
    expect(first).toBe('PS100010');

    await stage.consent('retire', id);
    await onSite.until(() => stage.reason('Redeploying') === undefined);
    expect(listed()).toBeUndefined();
    expect(stage.deployments()).toHaveLength(1);
  });

  it('is waited for: nothing is deleted while the site does not say what it is', async () => {
    holds(item(12));
    site.failures.set('ReadContent', UNREACHABLE);
    const id = stage.idOf(NAME);
    stage.change(toTheNorth);
    await stage.operator.runFor(5 * MINUTE);
    await stage.consent('outage', id);
    await stage.operator.runFor(2 * HOUR);
    expect(stage.reason('Stalled')).toBe('ContentNotDistributed');
    expect(stage.message('Redeploying')).toContain(`It cannot be: ${UNREACHABLE.message}`);
    expect(stage.phases()).toEqual(['contoso Active']);
    expect(stage.writes('DELETE')).toEqual([]);

    site.failures.clear();
    await onSite.until(isGoing);
    expect(listed()).toMatchObject([{ deployment: id, held: 1 }]);
  });
});
