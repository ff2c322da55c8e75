import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionPoint } from '../../src/api/v1alpha1/connectionpoint.generated.ts';
import type { Site as SiteObject } from '../../src/api/v1alpha1/site.generated.ts';
import { FIELD_MANAGER } from '../../src/controllers/cmg/kind.ts';
import { SITE_KIND } from '../../src/controllers/site/kind.ts';
import { type MemorySite, memorySite, reachedSite } from '../../src/controllers/site/site.test-world.ts';
import type { ResolveName } from '../../src/probe/resolve-name.ts';
import type { TlsProbe } from '../../src/probe/tls-probe.ts';
import { beginPass, finishPass } from '../../src/redeployment/client-gate.ts';
import {
  createRedeploymentStage,
  DAY,
  HOUR,
  type Lives,
  placedIn,
  type RedeploymentStage,
  startRedeploymentLives,
  timeOnly,
} from './stage.ts';

const OWN = 'contoso.contoso.com';
const CARRIER = 'fabrikam';
const about = { apiVersion: 'configmgr.io/v1alpha1' } as const;

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
    metadata: {
      name: `cp-${cmg}`,
      namespace: 'gateways',
      uid: `cp-${cmg}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      suspend: false,
      siteRef: { name: 'ps1' },
      cmgRef: { name: cmg },
      siteSystem: `cp-${cmg}.contoso.com`,
      role: 'Primary',
      deletionPolicy: 'Delete',
    },
    status: { installed: true, connected: 'True', serviceName: `${cmg}.contoso.com` },
  };
}

interface OnSite {
  readonly stage: RedeploymentStage;
  readonly site: MemorySite;
  /** As `stage.runUntil`, with what the controller of the connection point does meanwhile. */
  until(done: () => boolean, hours: number): Promise<void>;
  /** The claim in the status of the Site. */
  claim(): NonNullable<SiteObject['status']>['outageClaim'];
}

/**
 * Two CMGs of one site, whose gateways serve.
 *
 * @param refreshed how many of 100 clients are seen to know the carrier. Default: nobody counts them, and time is enough
 */
async function twoOnOneSite(refreshed?: number): Promise<OnSite> {
  const { certificate, world } = lives;
  const presented = new X509Certificate(certificate.certificatePem);
  const probe: TlsProbe = async () => ({
    kind: 'Presented',
    sha256Fingerprint: presented.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: presented.subject,
    chain: [presented],
  });
  const resolveName: ResolveName = async (name) => {
    const found = ['westeurope', 'northeurope'].flatMap(
      (region) => world.azure.control.addressOf(`${name.split('.')[0]}.${region}.cloudapp.azure.com`) ?? [],
    );
    return found.length === 0 ? { kind: 'NoAddress' } : { kind: 'Addresses', addresses: found };
  };
  const site = memorySite();
  const link = (cmg: string) => ({
    siteSystem: `cp-${cmg}.contoso.com`,
    siteCode: 'PS1',
    serviceName: `${cmg}.contoso.com`,
    connectedness: 'Connected' as const,
  });
  site.points = ['contoso', CARRIER].map(link);
  const followOnSite = () => {
    const stands = stage.deployments().some(({ phase }) => phase === 'Active');
    site.points = [
      ...site.points.filter(({ serviceName }) => serviceName !== OWN),
      ...(stands ? [link('contoso')] : []),
    ];
  };
  const object = (): SiteObject | undefined =>
    stage.kubernetes.objects(SITE_KIND.plural).find(({ metadata }) => metadata.name === 'ps1') as
      | SiteObject
      | undefined;
  const stage: RedeploymentStage = createRedeploymentStage(lives, {
    surroundings: {
      probe,
      resolveName,
      countClients: (question, now) => ({
        ...finishPass(beginPass(question, now)),
        devices: 100,
        asUtc: { eligible: 100, refreshed: refreshed ?? 0 },
        newestLag: 0,
      }),
      site: {
        siteOf: () => ({ kind: 'Usable', object: object() ?? reachedSite(), site }),
        siteObjectOf: object,
        connectionPointsOf: (key) => [pointOf(key.split('/')[1] ?? '')],
        boundaryGroupReferencesOf: () => [],
      },
    },
  });
  begun = stage;
  const { spec } = reachedSite();
  stage.kubernetes.put(SITE_KIND, { metadata: { namespace: 'gateways', name: 'ps1' }, spec });
  const onSite = (each: Parameters<typeof timeOnly>[0]) => timeOnly({ ...each, siteRef: { name: 'ps1' } });
  stage.apply('contoso', onSite);
  stage.apply(CARRIER, refreshed === undefined ? onSite : (spec) => ({ ...spec, siteRef: { name: 'ps1' } }));
  await stage.runUntil(() => ['contoso', CARRIER].every((name) => stage.condition('Ready', name)?.status === 'True'));
  const until = (done: () => boolean, hours: number) =>
    stage.runUntil(() => {
      followOnSite();
      return done();
    }, hours * HOUR);
  return { stage, site, until, claim: () => object()?.status?.outageClaim };
}

describe('the same service name while another CMG of the site carries the clients', () => {
  it('is replaced without a consent, and the claim is held until it has been advertised for its wait', async () => {
    const { stage, until, claim } = await twoOnOneSite();
    await stage.letPass(DAY + HOUR);
    stage.change(placedIn('northeurope', 'rg-north'));
    await until(() => stage.gateways().includes('contoso northeurope'), 2);
    expect(claim()).toMatchObject({ claimant: 'contoso', carrier: CARRIER });
    await until(() => stage.phases().join() === 'contoso Active' && stage.condition('Ready')?.status === 'True', 2);
    expect(stage.gateways()).toEqual(['contoso northeurope', 'fabrikam westeurope']);
    expect(stage.writes('DELETE').filter((write) => /fabrikam/.test(write))).toEqual([]);

    // The carrier stays as it is: it is neither replaced nor deleted.
    stage.apply(CARRIER, (spec) => placedIn('northeurope', 'rg-elsewhere')(spec));
    await stage.letPass(2 * HOUR);
    expect(stage.condition('Redeploying', CARRIER)).toMatchObject({ reason: 'CarriesClientsOf' });
    stage.apply(CARRIER, (spec) => placedIn('westeurope', 'rg-fabrikam')(spec));
    stage.remove(CARRIER);
    await stage.letPass(20 * HOUR);
    expect(stage.condition('AzureReady', CARRIER)).toMatchObject({ reason: 'CarriesClientsOf' });
    expect(stage.condition('AzureReady', CARRIER)?.message).toContain('gateways/contoso');
    expect(stage.gateways()).toContain('fabrikam westeurope');
    expect(claim()).toBeDefined();

    await stage.letPass(4 * HOUR);
    expect(claim()).toBeUndefined();
    await stage.runUntil(() => stage.cmg(CARRIER) === undefined, 2 * HOUR);
    expect(stage.gateways()).toEqual(['contoso northeurope']);
    expect(stage.phases()).toEqual(['contoso Active']);
  });

  it('waits for a person while the other one has not been in reach for its wait, and says so', async () => {
    const { stage, until, claim } = await twoOnOneSite();
    await stage.letPass(20 * HOUR);
    stage.change(placedIn('northeurope', 'rg-north'));
    await stage.runUntil(() => stage.reason('Redeploying') === 'NoOtherActiveCMG', HOUR);
    expect(stage.message('Redeploying')).toContain(
      'gateways/fabrikam has not been in reach of every client for its redeployment.minimumWait',
    );
    expect(claim()).toBeUndefined();
    expect(stage.writes('DELETE')).toEqual([]);

    // With the time it can.
    await stage.letPass(6 * HOUR);
    await until(() => stage.gateways().includes('contoso northeurope'), 2);
  });

  it.each([
    [95, true],
    [94, false],
  ])('with %d of 100 clients that know the other one: %s', async (refreshed, isReplaced) => {
    const { stage, until, claim } = await twoOnOneSite(refreshed);
    await stage.letPass(DAY + HOUR);
    stage.change(placedIn('northeurope', 'rg-north'));
    if (isReplaced) {
      await until(() => stage.gateways().includes('contoso northeurope'), 2);
      return;
    }
    await stage.letPass(2 * HOUR);
    expect(stage.message('Redeploying')).toContain('gateways/fabrikam is not known to enough clients');
    expect(claim()).toBeUndefined();
    expect(stage.writes('DELETE')).toEqual([]);
  });

  it('takes no carrier whose connection point is lost', async () => {
    const { stage, site, claim } = await twoOnOneSite();
    await stage.letPass(DAY + HOUR);
    site.points = site.points.filter(({ serviceName }) => serviceName === OWN);
    stage.change(placedIn('northeurope', 'rg-north'));
    await stage.letPass(2 * HOUR);
    expect(stage.reason('Redeploying')).toBe('NoOtherActiveCMG');
    expect(claim()).toBeUndefined();
    expect(stage.writes('DELETE')).toEqual([]);
  });

  it('waits while another CMG of the site has a claim', async () => {
    const { stage, claim } = await twoOnOneSite();
    await stage.letPass(DAY + HOUR);
    const another = { claimant: 'lakeside', carrier: CARRIER, since: '2026-01-01T00:00:00Z' };
    await stage.kubernetes.client.applyStatus(
      SITE_KIND,
      { metadata: { namespace: 'gateways', name: 'ps1' }, status: { outageClaim: another } },
      { fieldManager: FIELD_MANAGER, force: true, signal: AbortSignal.timeout(60_000) },
    );
    stage.change(placedIn('northeurope', 'rg-north'));
    await stage.runUntil(() => stage.reason('Redeploying') === 'OutageClaimTaken', HOUR);
    expect(claim()).toEqual(another);
    expect(stage.writes('DELETE')).toEqual([]);
  });
});
