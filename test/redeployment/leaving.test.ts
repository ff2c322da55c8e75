import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ConnectionPoint } from '../../src/api/v1alpha1/connectionpoint.generated.ts';
import { CMG_KIND, FIELD_MANAGER } from '../../src/controllers/cmg/kind.ts';
import { gatewayOfCmg } from '../../src/controllers/site/gateway-of-cmg.ts';
import { memorySite, reachedSite, UNREACHABLE } from '../../src/controllers/site/site.test-world.ts';
import { SECRET } from '../../src/runtime/objects.ts';
import {
  createRedeploymentStage,
  HOUR,
  type Lives,
  MINUTE,
  type RedeploymentStage,
  startRedeploymentLives,
} from './stage.ts';
import { connectedRole, metadataOf, presenting, resolvingIn } from './surroundings.ts';

/** One more than the fleet brake of the stage lets go within an hour. */
const NAMES = ['contoso', 'fabrikam', 'lakeside', 'northwind'] as const;

let lives: Lives;
let stage: RedeploymentStage;
let site: ReturnType<typeof memorySite>;
/** CMGs whose connection point the site keeps, whatever is asked of it. */
let stuck: Set<string>;
beforeAll(async () => {
  lives = await startRedeploymentLives();
}, 60_000);
afterAll(() => {
  stage?.operator.kill();
  return lives?.close();
});
beforeEach(() => {
  stage?.operator.kill();
  site = memorySite();
  stuck = new Set();
  stage = createRedeploymentStage(lives, {
    surroundings: {
      probe: presenting(lives),
      resolveName: resolvingIn(lives),
      site: {
        siteOf: () => ({ kind: 'Usable', object: reachedSite(), site }),
        siteObjectOf: () => undefined,
        siteObjectsBeside: () => [],
        connectionPointsOf: (key) => [pointOf(key.split('/')[1] ?? '')],
        boundaryGroupReferencesOf: () => [],
      },
    },
  });
});

const saysOf = (name: string) => {
  const cmg = stage.cmg(name);
  return cmg === undefined ? 'Gone' : gatewayOfCmg(cmg).leaving;
};

/** A connection point as its controller has it: the role goes when the CMG says that its gateway leaves. */
function pointOf(cmg: string): ConnectionPoint {
  const isInstalled = saysOf(cmg) !== 'Deleted' || stuck.has(cmg);
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'ConnectionPoint',
    metadata: metadataOf(`cp-${cmg}`),
    spec: {
      suspend: false,
      siteRef: { name: 'ps1' },
      deletionPolicy: 'Delete',
      cmgRef: { name: cmg },
      siteSystem: `cp-${cmg}.contoso.com`,
      role: 'Primary',
    },
    status: {
      installed: isInstalled,
      ...(isInstalled ? { connected: 'True', serviceName: `${cmg}.contoso.com` } : {}),
    },
  };
}

async function serving(...names: readonly string[]): Promise<void> {
  site.points = names.map((name) => connectedRole(`cp-${name}`, `${name}.contoso.com`));
  for (const name of names) stage.apply(name, (spec) => ({ ...spec, siteRef: { name: 'ps1' } }));
  await stage.runUntil(() => names.every((name) => stage.condition('Ready', name)?.status === 'True'));
}

/** What an operator of before did not write down. */
async function forgetLeaving(name: string): Promise<void> {
  const { leavingSince: _, ...status } = stage.cmg(name)?.status ?? {};
  const applied = { metadata: { namespace: 'gateways', name }, status };
  const options = { fieldManager: FIELD_MANAGER, force: true, signal: AbortSignal.timeout(60_000) };
  await stage.kubernetes.client.applyStatus(CMG_KIND, applied, options);
  expect(stage.cmg(name)?.status?.leavingSince).toBeUndefined();
}

it('of more gateways than may go within an hour, those that wait keep what they have on the site', async () => {
  await serving(...NAMES);
  for (const name of NAMES) stage.remove(name);
  const waiting = () => NAMES.filter((name) => stage.condition('AzureReady', name)?.reason === 'DeletionBudget');
  const isDone = () => NAMES.every((name) => saysOf(name) === 'Gone' || waiting().includes(name));
  await stage.runUntil(isDone, 30 * MINUTE);
  const [last, ...more] = waiting();
  expect([more, stage.gateways()]).toEqual([[], [`${last} westeurope`]]);
  const records = () => site.records.map(({ serviceName }) => serviceName);
  expect([saysOf(last ?? ''), records()]).toEqual(['Awaited', [`${last}.contoso.com`]]);

  stage.restart();
  await stage.operator.runFor(20 * MINUTE);
  expect([saysOf(last ?? ''), records()]).toEqual(['Awaited', [`${last}.contoso.com`]]);
  await stage.runUntil(() => saysOf(last ?? '') === 'Gone', HOUR);
  expect([stage.gateways(), records()]).toEqual([[], []]);
});

it('a site that lets go of nothing is waited for an hour from when the gateway may leave, also across a restart', async () => {
  await serving(...NAMES);
  for (const name of NAMES) stuck.add(name);
  for (const name of NAMES) stage.remove(name);
  const braked = () => NAMES.find((name) => stage.condition('AzureReady', name)?.reason === 'DeletionBudget');
  await stage.runUntil(() => braked() !== undefined, 10 * MINUTE);
  const last = braked() ?? '';
  stage.operator.kill();
  await lives.clock.advance(2 * HOUR);
  stage.restart();
  const restartedAt = stage.clock.now();
  await stage.runUntil(() => saysOf(last) === 'Deleted', 10 * MINUTE);
  // The others have left, and take no second slot for what is deleted now.
  expect(stage.clock.now() - restartedAt).toBeLessThan(10 * MINUTE);
  await stage.operator.runFor(20 * MINUTE);
  expect([stage.gateways(), braked()]).toEqual([[`${last} westeurope`], undefined]);
  stage.restart();
  await stage.operator.runFor(35 * MINUTE);
  expect(stage.gateways()).toEqual([`${last} westeurope`]);
  await stage.runUntil(() => stage.gateways().length === 0, 15 * MINUTE);
});

it('a CMG that an operator of before was deleting goes, wherever that operator left it', async () => {
  await serving('contoso', 'fabrikam');
  stuck.add('fabrikam');
  stage.remove('fabrikam');
  await stage.runUntil(() => saysOf('fabrikam') === 'Deleted');
  stage.remove('contoso');
  await stage.runUntil(() => stage.cmg('contoso')?.status?.deployments?.[0]?.phase === 'Deleting');
  stage.operator.kill();
  await forgetLeaving('contoso');
  await forgetLeaving('fabrikam');
  stuck.clear();
  stage.restart();
  await stage.runUntil(() => saysOf('contoso') === 'Gone' && saysOf('fabrikam') === 'Gone', HOUR);
  expect(stage.gateways()).toEqual([]);
});

it('a gateway that nobody may look at keeps what it has on the site, and takes no slot', async () => {
  await serving('contoso');
  stage.kubernetes.remove(SECRET, { namespace: 'gateways', name: 'azure' });
  stage.remove('contoso');
  await stage.runUntil(() => stage.condition('AzureReady', 'contoso')?.reason === 'DeletionBlocked');
  await stage.operator.runFor(2 * HOUR);
  expect([saysOf('contoso'), site.records.length, stage.gateways()]).toEqual(['Awaited', 1, ['contoso westeurope']]);
});

it('a deletion is called off with Retain while the gateway leaves its site', async () => {
  await serving('contoso');
  stuck.add('contoso');
  stage.remove('contoso');
  await stage.runUntil(
    () => stage.condition('SiteRegistered', 'contoso')?.message.includes('ConnectionPoint cp-contoso') === true,
  );
  stage.apply('contoso', (spec) => ({ ...spec, deletionPolicy: 'Retain' }));
  await stage.runUntil(() => saysOf('contoso') === 'Gone', HOUR);
  expect([stage.gateways(), site.records.length]).toEqual([['contoso westeurope'], 1]);
});

it('an hour after it began to leave, a gateway goes whatever its site still has of it, and what is left is told', async () => {
  await serving('contoso');
  stuck.add('contoso');
  site.failures.set('ReadServiceRecords', UNREACHABLE);
  stage.remove('contoso');
  await stage.operator.runFor(HOUR - 5 * MINUTE);
  expect(stage.gateways()).toEqual(['contoso westeurope']);
  await stage.runUntil(() => saysOf('contoso') === 'Gone', HOUR);
  await stage.clock.advance(5 * MINUTE);
  const left = stage.operator.events.filter(({ reason }) => reason === 'LeftOnSite').map(({ note }) => note);
  expect(left).toEqual([
    expect.stringContaining('ConnectionPoint cp-contoso'),
    expect.stringContaining('may still have a record'),
  ]);
});

it('a site that does not answer is asked for the record of a gateway for an hour, where nothing else of it is left', async () => {
  await serving('contoso');
  site.failures.set('ReadServiceRecords', UNREACHABLE);
  stage.remove('contoso');
  await stage.operator.runFor(HOUR - 5 * MINUTE);
  expect([saysOf('contoso'), stage.gateways()]).toEqual(['Deleted', ['contoso westeurope']]);
  expect(stage.condition('SiteRegistered', 'contoso')?.message).toContain('asked for its record');
  await stage.runUntil(() => saysOf('contoso') === 'Gone', HOUR);
});
