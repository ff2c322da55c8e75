import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BoundaryGroupReference } from '../../src/api/v1alpha1/boundarygroupreference.generated.ts';
import type { CMGSpec } from '../../src/api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../src/api/v1alpha1/connectionpoint.generated.ts';
import type { Site as SiteObject } from '../../src/api/v1alpha1/site.generated.ts';
import { CMG_KIND, FIELD_MANAGER } from '../../src/controllers/cmg/kind.ts';
import { SITE_KIND } from '../../src/controllers/site/kind.ts';
import { type MemorySite, memorySite, reachedSite } from '../../src/controllers/site/site.test-world.ts';
import { beginPass, finishPass } from '../../src/redeployment/client-gate.ts';
import type { KubernetesClient } from '../../src/runtime/client.ts';
import {
  createRedeploymentStage,
  DAY,
  HOUR,
  type Lives,
  MINUTE,
  placedIn,
  type RedeploymentStage,
  startRedeploymentLives,
  timeOnly,
} from './stage.ts';
import { connectedRole, metadataOf, presenting, resolvingIn } from './surroundings.ts';

const OWN = 'contoso.contoso.com';
const CARRIER = 'fabrikam';
const CARRIER_NAME = 'fabrikam.contoso.com';
const about = { apiVersion: 'configmgr.io/v1alpha1' } as const;
const refs = { suspend: false, siteRef: { name: 'ps1' }, deletionPolicy: 'Delete' } as const;

let lives: Lives;
let begun: RedeploymentStage | undefined;
beforeAll(async () => {
  lives = await startRedeploymentLives();
}, 60_000);
afterAll(() => lives?.close());
afterEach(() => begun?.operator.kill());

/** The connection point of a CMG, connected to its gateway. */
function pointOf(cmg: string): ConnectionPoint {
  return {
    ...about,
    kind: 'ConnectionPoint',
    metadata: metadataOf(`cp-${cmg}`),
    spec: { ...refs, cmgRef: { name: cmg }, siteSystem: `cp-${cmg}.contoso.com`, role: 'Primary' },
    status: { installed: true, connected: 'True', serviceName: `${cmg}.contoso.com` },
  };
}

/** A boundary group of the carrier, which says that it has been in order since the time. */
function groupOfCarrier(since: number): BoundaryGroupReference {
  const lastTransitionTime = new Date(since).toISOString();
  return {
    ...about,
    kind: 'BoundaryGroupReference',
    metadata: metadataOf('branch'),
    spec: { ...refs, cmgRef: { name: CARRIER }, boundaryGroup: { name: 'Branch' }, connection: 'Fast' },
    status: { conditions: [{ type: 'Ready', status: 'True', reason: 'Test', message: '', lastTransitionTime }] },
  };
}

interface Given {
  /** How many of 100 clients are seen to know the carrier. Default: nobody counts them, and time is enough. */
  readonly refreshed?: number;
  readonly between?: (client: KubernetesClient) => KubernetesClient;
  /** The Site of the other CMG. Default: that of both. */
  readonly carrierSite?: string;
}

/** What a test may change while it runs. */
interface OnSite {
  readonly stage: RedeploymentStage;
  readonly site: MemorySite;
  groups: readonly BoundaryGroupReference[];
  /** The Site as the cache has it. Default: as it is. */
  cachedAs: (site: SiteObject) => SiteObject;
  /** As `stage.runUntil`, with what the controller of the connection point does meanwhile. */
  until(done: () => boolean, hours: number): Promise<void>;
  /** The claim in the status of the Site. */
  claim(): NonNullable<SiteObject['status']>['outageClaim'];
}

/** Two CMGs of one site, whose gateways serve. */
async function twoOnOneSite({ refreshed, between, carrierSite = 'ps1' }: Given = {}): Promise<OnSite> {
  const site = memorySite();
  site.points = ['contoso', CARRIER].map((cmg) => connectedRole(`cp-${cmg}`, `${cmg}.contoso.com`));
  const followOnSite = () => {
    const stands = stage.deployments().some(({ phase }) => phase === 'Active');
    const others = site.points.filter(({ serviceName }) => serviceName !== OWN);
    site.points = [...others, ...(stands ? [connectedRole('cp-contoso', OWN)] : [])];
  };
  const object = (): SiteObject | undefined =>
    stage.kubernetes.objects(SITE_KIND.plural).find(({ metadata }) => metadata.name === 'ps1') as
      | SiteObject
      | undefined;
  const cached = () => {
    const site = object();
    return site === undefined ? undefined : onSite.cachedAs(site);
  };
  const stage: RedeploymentStage = createRedeploymentStage(lives, {
    ...(between === undefined ? {} : { between }),
    surroundings: {
      probe: presenting(lives),
      resolveName: resolvingIn(lives),
      countClients: (question, now) => ({
        ...finishPass(beginPass(question, now)),
        devices: 100,
        asUtc: { eligible: 100, refreshed: refreshed ?? 0 },
        newestLag: 0,
      }),
      site: {
        siteOf: () => ({ kind: 'Usable', object: object() ?? reachedSite(), site }),
        siteObjectOf: ({ spec }) => (spec.siteRef === undefined ? undefined : cached()),
        siteObjectsBeside: () => [cached()].filter((each) => each !== undefined),
        connectionPointsOf: (key) => [pointOf(key.split('/')[1] ?? '')],
        boundaryGroupReferencesOf: (key) => (key.endsWith(CARRIER) ? onSite.groups : []),
      },
    },
  });
  const until = (done: () => boolean, hours: number) =>
    stage.runUntil(() => {
      followOnSite();
      return done();
    }, hours * HOUR);
  const onSite: OnSite = {
    stage,
    site,
    groups: [],
    cachedAs: (site) => site,
    until,
    claim: () => object()?.status?.outageClaim,
  };
  begun = stage;
  stage.kubernetes.put(SITE_KIND, { metadata: { namespace: 'gateways', name: 'ps1' }, spec: reachedSite().spec });
  const withSite = (spec: CMGSpec, name: string): CMGSpec => ({ ...spec, siteRef: { name } });
  const ofCarrier = (spec: CMGSpec) => withSite(spec, carrierSite);
  stage.apply('contoso', (spec) => timeOnly(withSite(spec, 'ps1')));
  stage.apply(CARRIER, (spec) => (refreshed === undefined ? timeOnly(ofCarrier(spec)) : ofCarrier(spec)));
  await stage.runUntil(() => ['contoso', CARRIER].every((name) => stage.condition('Ready', name)?.status === 'True'));
  const nalPath = site.records.find(({ serviceName }) => serviceName === CARRIER_NAME)?.nalPath ?? '';
  site.groups = [{ id: 1, name: 'Branch', preferCloudSources: false, members: [{ nalPath, connection: 'Fast' }] }];
  onSite.groups = [groupOfCarrier(stage.clock.now())];
  return onSite;
}

/** Asks for the same service name in another region. */
const replace = ({ stage }: OnSite) => stage.change(placedIn('northeurope', 'rg-north'));

async function expectNothingDone({ stage, claim }: OnSite): Promise<void> {
  await stage.letPass(2 * HOUR);
  expect(stage.reason('Redeploying')).toBe('NoOtherActiveCMG');
  expect(claim()).toBeUndefined();
  expect(stage.writes('DELETE')).toEqual([]);
}

describe('the same service name while another CMG of the site carries the clients', () => {
  it('is replaced without a consent, and the claim is held until it has been advertised for its wait', async () => {
    const onSite = await twoOnOneSite();
    const { stage, until, claim } = onSite;
    await stage.letPass(DAY + HOUR);
    replace(onSite);
    await until(() => stage.gateways().includes('contoso northeurope'), 2);
    expect(claim()).toMatchObject({ claimant: 'contoso', carrier: CARRIER });
    await until(() => stage.phases().join() === 'contoso Active' && stage.condition('Ready')?.status === 'True', 2);
    expect(stage.gateways()).toEqual(['contoso northeurope', 'fabrikam westeurope']);
    expect(stage.writes('DELETE').filter((write) => /fabrikam/.test(write))).toEqual([]);
    const tellsOfCarrier = () => {
      expect(stage.reason('Redeploying')).toBe('WaitingForClients');
      expect(stage.message('Redeploying')).toContain('gateways/fabrikam carries the clients');
      const since = Date.parse(stage.deployments()[0]?.advertised?.since ?? '');
      const { until: end } = stage.cmg()?.status?.redeployment ?? {};
      expect(Date.parse(end ?? '')).toBe(since + DAY);
    };
    await until(() => stage.deployments()[0]?.advertised !== undefined, 1);
    tellsOfCarrier();

    // The carrier stays as it is: it is neither replaced nor deleted.
    stage.apply(CARRIER, (spec) => placedIn('northeurope', 'rg-elsewhere')(spec));
    await stage.letPass(2 * HOUR);
    expect(stage.condition('Redeploying', CARRIER)).toMatchObject({ reason: 'CarriesClientsOf' });
    expect(stage.gateways()).not.toContain('fabrikam northeurope');
    stage.apply(CARRIER, (spec) => placedIn('westeurope', 'rg-fabrikam')(spec));
    stage.remove(CARRIER);
    await stage.letPass(10 * HOUR);
    // The claim holds it wherever its spec says that it is by now, and its gateway keeps what it has on the site.
    stage.apply(CARRIER, ({ siteRef: _, ...spec }) => spec);
    stage.restart();
    await stage.letPass(10 * HOUR);
    expect(stage.cmg(CARRIER)?.status?.leavingSince).toBeUndefined();
    expect(stage.condition('AzureReady', CARRIER)).toMatchObject({ reason: 'CarriesClientsOf' });
    expect(stage.condition('AzureReady', CARRIER)?.message).toContain('gateways/contoso');
    expect(stage.gateways()).toContain('fabrikam westeurope');
    expect(claim()).toBeDefined();
    tellsOfCarrier();

    await stage.letPass(4 * HOUR);
    expect(claim()).toBeUndefined();
    expect(stage.cmg()?.status?.redeployment).toBeUndefined();
    expect(stage.reason('Redeploying')).toBeUndefined();
    await stage.runUntil(() => stage.cmg(CARRIER) === undefined, 2 * HOUR);
    expect(stage.gateways()).toEqual(['contoso northeurope']);
    expect(stage.phases()).toEqual(['contoso Active']);
  });

  it('is given back when the one that is replaced is deleted', async () => {
    const onSite = await twoOnOneSite();
    const { stage, until, claim } = onSite;
    await stage.letPass(DAY + HOUR);
    replace(onSite);
    await until(() => claim() !== undefined, 2);
    stage.remove('contoso');
    await stage.runUntil(() => stage.cmg() === undefined, 2 * HOUR);
    expect([claim(), stage.gateways()]).toEqual([undefined, ['fabrikam westeurope']]);
  });

  it.each(['Delete', 'Retain'] as const)(
    'keeps its carrier from being let go with %s, also where the cache does not tell of the claim yet',
    async (deletionPolicy) => {
      const onSite = await twoOnOneSite();
      const { stage, claim } = onSite;
      const outageClaim = { claimant: 'contoso', carrier: CARRIER, since: '2026-01-01T00:00:00Z' };
      onSite.cachedAs = ({ status: _unseen, ...site }) => site;
      const applied = { metadata: { namespace: 'gateways', name: 'ps1' }, status: { outageClaim } };
      const options = { fieldManager: FIELD_MANAGER, force: true, signal: AbortSignal.timeout(60_000) };
      await stage.kubernetes.client.applyStatus(SITE_KIND, applied, options);
      expect(claim()).toBeDefined();
      stage.apply(CARRIER, (spec) => ({ ...spec, deletionPolicy }));
      stage.remove(CARRIER);
      await stage.operator.runFor(HOUR);
      expect(stage.cmg(CARRIER)).toBeDefined();
      expect([stage.cmg(CARRIER)?.status?.leavingSince, stage.gateways()]).toEqual([
        undefined,
        ['contoso westeurope', 'fabrikam westeurope'],
      ]);
    },
  );

  it('waits anew after an hour without an operator, and no longer for operators that follow each other', async () => {
    const onSite = await twoOnOneSite();
    const { stage, until, claim } = onSite;
    await stage.letPass(DAY + HOUR);
    stage.operator.kill();
    await lives.clock.advance(HOUR + 10 * MINUTE);
    stage.restart();
    replace(onSite);
    await expectNothingDone(onSite);
    expect(stage.message('Redeploying')).toContain(
      'gateways/fabrikam has not been seen in reach of every client for its redeployment.minimumWait',
    );
    for (const hours of [8, 8]) {
      await stage.letPass(hours * HOUR);
      await stage.restart().runFor(5 * MINUTE);
    }
    await stage.letPass(5 * HOUR);
    expect(claim()).toBeUndefined();
    await stage.letPass(HOUR);
    await until(() => stage.gateways().includes('contoso northeurope'), 2);
  });

  it('waits anew after the other one was suspended', async () => {
    const onSite = await twoOnOneSite();
    const { stage } = onSite;
    await stage.letPass(DAY + HOUR);
    for (const suspend of [true, false]) {
      stage.apply(CARRIER, (spec) => ({ ...spec, suspend }));
      await stage.letPass(10 * MINUTE);
    }
    replace(onSite);
    await expectNothingDone(onSite);
  });

  it.each([
    [95, true],
    [94, false],
  ])('with %d of 100 clients that know the other one: %s', async (refreshed, isReplaced) => {
    const onSite = await twoOnOneSite({ refreshed });
    const { stage, until } = onSite;
    await stage.letPass(DAY + HOUR);
    replace(onSite);
    if (isReplaced) {
      await until(() => stage.gateways().includes('contoso northeurope'), 2);
      return;
    }
    await expectNothingDone(onSite);
    expect(stage.message('Redeploying')).toContain('gateways/fabrikam is not known to enough clients');
  });

  it('takes no CMG of another site for a carrier', async () => {
    const onSite = await twoOnOneSite({ carrierSite: 'ps2' });
    await onSite.stage.letPass(DAY + HOUR);
    replace(onSite);
    await expectNothingDone(onSite);
    expect(onSite.stage.message('Redeploying')).not.toContain('gateways/fabrikam');
  });

  it('takes no carrier that somebody took out of its boundary group', async () => {
    const onSite = await twoOnOneSite();
    const { stage, site } = onSite;
    await stage.letPass(DAY + HOUR);
    site.groups = site.groups.map((each) => ({ ...each, members: [] }));
    replace(onSite);
    await expectNothingDone(onSite);
  });

  it('deletes nothing when the carrier is found to be unfit at the last moment', async () => {
    // As the API server has it, past the cache.
    const suspended = (client: KubernetesClient): KubernetesClient =>
      new Proxy(client, {
        get: (target, name, receiver) =>
          name !== 'get'
            ? Reflect.get(target, name, receiver)
            : async (...[kind, key, options]: Parameters<KubernetesClient['get']>) => {
                const found = await target.get(kind, key, options);
                return kind === CMG_KIND && key.name === CARRIER
                  ? { ...found, spec: { ...(found.spec as object), suspend: true } }
                  : found;
              },
      });
    const onSite = await twoOnOneSite({ between: suspended });
    const { stage, until, claim } = onSite;
    await stage.letPass(DAY + HOUR);
    replace(onSite);
    await stage.runUntil(() => claim() !== undefined, HOUR);
    const end = stage.clock.now() + 3 * HOUR;
    await until(() => stage.clock.now() >= end, 4);
    expect(stage.phases()).toEqual(['contoso Active']);
    expect(stage.gateways()).toEqual(['contoso westeurope', 'fabrikam westeurope']);
    expect(stage.writes('DELETE')).toEqual([]);
  });

  it('waits while another CMG of the site has a claim', async () => {
    const onSite = await twoOnOneSite();
    const { stage, claim } = onSite;
    await stage.letPass(DAY + HOUR);
    const another = { claimant: 'lakeside', carrier: CARRIER, since: '2026-01-01T00:00:00Z' };
    await stage.kubernetes.client.applyStatus(
      SITE_KIND,
      { metadata: { namespace: 'gateways', name: 'ps1' }, status: { outageClaim: another } },
      { fieldManager: FIELD_MANAGER, force: true, signal: AbortSignal.timeout(60_000) },
    );
    replace(onSite);
    await stage.runUntil(() => stage.reason('Redeploying') === 'OutageClaimTaken', HOUR);
    expect(claim()).toEqual(another);
    expect(stage.writes('DELETE')).toEqual([]);
  });
});
