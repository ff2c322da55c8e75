import { describe, expect, test } from 'vitest';
import type { Site as SiteObject, SiteSpec } from '../../api/v1alpha1/site.generated.ts';
import type { SiteFailure } from '../../site/site.ts';
import { BY_SITE_CODE, siteCodeOf, siteProcedure } from './controller.ts';
import {
  accessTo,
  type MemorySite,
  memorySite,
  metadataOf,
  type Rounds,
  roundsOf,
  siteObject,
  storeOf,
  UNREACHABLE,
} from './site.test-world.ts';

function start(spec: Partial<SiteSpec> = {}, options: { others?: SiteObject[]; users?: string[] } = {}) {
  const live = memorySite();
  live.authentication.set('PS1', {
    usePkiCertificate: false,
    checkRevocationForSiteSystems: true,
    enhancedHttp: true,
    httpsOnly: false,
  });
  const others = options.others ?? [];
  const users = options.users ?? [];
  const rounds: Rounds<SiteObject> = roundsOf(siteObject('ps1', spec), (now) =>
    siteProcedure({
      sites: storeOf(() => [rounds?.object, ...others].filter((each) => each !== undefined), {
        [BY_SITE_CODE]: (site) => [siteCodeOf(site)],
      }),
      access: accessTo(live),
      usersOf: () => users,
      isClaimant: (_site, name) => name !== 'gone',
      now,
      intervalMs: 600_000,
    }),
  );
  return { live, rounds, others, users };
}

const READY = { Reachable: 'True Succeeded', InSync: 'True Succeeded', Ready: 'True Succeeded' };

describe('reaching the site', () => {
  test('a site that answers as declared is ready, and says what it is', async () => {
    const { rounds } = start();
    expect(await rounds.round()).toEqual(READY);
    expect(rounds.object.status).toMatchObject({
      siteCode: 'PS1',
      version: '5.00.9141.1000',
      type: 'StandalonePrimary',
    });
  });

  test('a claim of a CMG that is gone, or is being deleted, is given back', async () => {
    const { rounds } = start();
    const outageClaim = { claimant: 'gone', carrier: 'two', since: '2026-01-01T00:00:00Z' };
    rounds.object = { ...rounds.object, status: { outageClaim } };
    await rounds.round();
    expect(rounds.object.status).toMatchObject({ siteCode: 'PS1' });
    expect(rounds.object.status?.outageClaim).toBeUndefined();
  });

  test('a claim on the site outlasts every round, whether the site answers or not', async () => {
    const { live, rounds } = start();
    const outageClaim = { claimant: 'one', carrier: 'two', since: '2026-01-01T00:00:00Z' };
    rounds.object = { ...rounds.object, status: { outageClaim } };
    await rounds.round();
    expect(rounds.object.status).toMatchObject({ siteCode: 'PS1', outageClaim });
    live.failures.set('ReadIdentity', UNREACHABLE);
    await rounds.round();
    expect(rounds.object.status).toMatchObject({ siteCode: 'PS1', outageClaim });
  });

  test.each<[string, SiteFailure, string]>([
    ['does not answer', UNREACHABLE, 'Unknown SiteUnreachable'],
    ['answers with 500', { kind: 'ServerError', status: 500, message: 'Oops.' }, 'Unknown SiteUnreachable'],
    ['answers with a page', { kind: 'InvalidAnswer', status: 200, message: 'No JSON.' }, 'Unknown SiteUnreachable'],
    ['wants patience', { kind: 'Throttled', status: 429, message: '', retryAfterMs: 1 }, 'Unknown SiteUnreachable'],
    ['does not know the account', { kind: 'Unauthorized', status: 401, message: '' }, 'Unknown SiteAccessDenied'],
    ['lets the account do nothing', { kind: 'Forbidden', status: 403, message: '' }, 'Unknown SiteAccessDenied'],
    [
      'cannot be asked without a token',
      { kind: 'Unauthorized', status: 0, message: 'No Secret.' },
      'Unknown SiteSignInFailed',
    ],
  ])('a site that %s is unknown, not wrong', async (_what, failure, reachable) => {
    const { live, rounds } = start({ clientSettings: { allowCmg: true } });
    live.failures.set('ReadIdentity', failure);
    expect(await rounds.round()).toMatchObject({ Reachable: reachable, InSync: 'Unknown Pending' });
    expect(live.writes).toEqual([]);
    live.failures.clear();
    expect(await rounds.settle()).toEqual(READY);
  });

  test('tells since when it does not answer, and keeps to it, so that the status is not written again and again', async () => {
    const { live, rounds } = start();
    await rounds.round();
    live.failures.set('ReadIdentity', UNREACHABLE);
    rounds.now += 60_000;
    await rounds.round();
    const first = rounds.message('Reachable');
    expect(first).toContain('since 2026-01-01T00:01:00Z');
    rounds.now += 3_600_000;
    await rounds.round();
    expect(rounds.message('Reachable')).toBe(first);
    expect(rounds.object.status).toMatchObject({ siteCode: 'PS1', version: '5.00.9141.1000' });
  });

  test.each<[Partial<SiteSpec>, string]>([
    [{ siteCode: 'XYZ' }, 'The site PS1 answers'],
    [{ type: 'CentralAdministration' }, 'says that it is of the type StandalonePrimary'],
  ])('another site than declared (%o) is left alone', async (spec, words) => {
    const { live, rounds } = start({ ...spec, clientSettings: { allowCmg: true } });
    expect(await rounds.round()).toMatchObject({ Reachable: 'False SiteMismatch', Stalled: 'True SiteMismatch' });
    expect(rounds.message('Reachable')).toContain(words);
    expect(live.writes).toEqual([]);
  });
});

describe('two Sites with one code', () => {
  test('the oldest holds it, the other does nothing and takes over when it goes', async () => {
    const older = { ...siteObject('older', { siteCode: 'ps1' }), metadata: metadataOf('older', Date.UTC(2025, 0, 1)) };
    const { live, rounds, others } = start({ clientSettings: { allowCmg: true } }, { others: [older] });
    expect(await rounds.round()).toMatchObject({ Stalled: 'True Conflict' });
    expect(rounds.message('Reachable')).toContain('gateways/older');
    expect(live.reads).toBe(0);
    others.length = 0;
    expect(await rounds.settle()).toEqual(READY);
  });

  test('a newer one changes nothing for the older', async () => {
    const newer = { ...siteObject('newer'), metadata: metadataOf('newer', Date.UTC(2027, 0, 1)) };
    const { rounds } = start({}, { others: [newer] });
    expect(await rounds.round()).toEqual(READY);
  });
});

describe('deletion', () => {
  test('waits while anything names the Site, and says what', async () => {
    const { rounds, users } = start({}, { users: ['CMG granitefalls', 'ConnectionPoint cp01'] });
    expect(await rounds.removal()).toBe('Remaining');
    expect(rounds.message('InSync')).toContain('CMG granitefalls, ConnectionPoint cp01');
    users.length = 0;
    expect(await rounds.removal()).toBe('Gone');
  });

  test('goes on reaching the site for what is still on it, and changes none of its settings', async () => {
    const { live, rounds } = start({ clientSettings: { allowCmg: true } }, { users: ['CMG granitefalls'] });
    live.failures.set('ReadIdentity', UNREACHABLE);
    await rounds.round();
    live.failures.clear();
    expect(await rounds.removal()).toBe('Remaining');
    expect(rounds.object.status?.conditions).toMatchObject([
      { type: 'Reachable', status: 'True' },
      { type: 'InSync', reason: 'InUse' },
      { type: 'Ready', status: 'False' },
      { type: 'Reconciling', status: 'True' },
    ]);
    expect(live.writes).toEqual([]);
  });
});

describe('what is declared of the site', () => {
  const MP = { server: 'mp01.contoso.com', role: 'ManagementPoint' } as const;
  const traffic = (allowCmgTraffic: boolean) => ({ clientFacingRoles: [{ ...MP, allowCmgTraffic }] });
  const managementPoint = (live: MemorySite, protocol: 'Http' | 'Https' | 'Unknown') => {
    live.roles = [{ ...MP, server: 'MP01.contoso.com', siteCode: 'PS1', allowCmgTraffic: false, protocol }];
  };

  test('is set where it differs, shown while it does, and read back', async () => {
    const { live, rounds } = start({ clientSettings: { allowCmg: true }, ...traffic(true) });
    managementPoint(live, 'Https');
    expect(await rounds.round()).toMatchObject({ InSync: 'False SiteChanging' });
    expect(rounds.object.status?.differences).toEqual([
      {
        field: 'spec.clientFacingRoles: ManagementPoint on mp01.contoso.com, allowCmgTraffic',
        declared: 'true',
        actual: 'false',
      },
      { field: 'spec.clientSettings.allowCmg', declared: 'true', actual: 'false' },
    ]);
    expect(await rounds.settle()).toEqual(READY);
    expect(rounds.object.status?.differences).toEqual([]);
    expect(live.writes).toEqual(['SetCmgTraffic', 'SetClientSettings']);
  });

  test('is all that is looked at and changed', async () => {
    const { live, rounds } = start({ clientAuthentication: { usePkiCertificate: true } });
    expect(await rounds.settle()).toEqual(READY);
    expect(live.writes).toEqual(['SetClientAuthentication']);
    expect(live.authentication.get('PS1')).toMatchObject({
      usePkiCertificate: true,
      checkRevocationForSiteSystems: true,
    });
  });

  test('is set back when somebody changes it, without a write in between', async () => {
    const { live, rounds } = start({ clientSettings: { allowCmg: true } });
    await rounds.settle();
    await rounds.settle();
    expect(live.writes).toEqual(['SetClientSettings']);
    live.allowCmg = false;
    await rounds.settle();
    expect(live.allowCmg).toBe(true);
  });

  test('needs HTTPS or Enhanced HTTP for traffic, and not to switch it off', async () => {
    const { live, rounds } = start(traffic(true));
    managementPoint(live, 'Http');
    live.authentication.set('PS1', {
      usePkiCertificate: false,
      checkRevocationForSiteSystems: true,
      enhancedHttp: false,
      httpsOnly: false,
    });
    expect(await rounds.round()).toMatchObject({ Stalled: 'True RoleNeedsHttps' });
    expect(live.writes).toEqual([]);
    const off = start(traffic(false));
    off.live.roles = [{ ...MP, siteCode: 'PS1', allowCmgTraffic: true, protocol: 'Http' }];
    expect(await off.rounds.settle()).toEqual(READY);
  });

  test('waits for a role that is not installed', async () => {
    const { live, rounds } = start(traffic(true));
    expect(await rounds.round()).toMatchObject({ InSync: 'False SiteDiffers' });
    expect(rounds.message('InSync')).toContain('The site has no ManagementPoint on mp01.contoso.com');
    managementPoint(live, 'Https');
    expect(await rounds.settle()).toEqual(READY);
  });

  test('leaves a value alone that nobody understands, and tells of it', async () => {
    const { live, rounds } = start({ clientAuthentication: { checkRevocationForSiteSystems: false } });
    live.authentication.set('PS1', undefined);
    expect(await rounds.round()).toMatchObject({ InSync: 'False SiteDiffers', Reachable: 'True Succeeded' });
    expect(rounds.object.status?.differences).toEqual([
      {
        field: 'spec.clientAuthentication.checkRevocationForSiteSystems: site PS1',
        declared: 'false',
        actual: 'Unknown',
      },
    ]);
    expect(live.writes).toEqual([]);
  });

  test('is unknown while the site does not answer, which is no difference', async () => {
    const { live, rounds } = start({ clientSettings: { allowCmg: true } });
    await rounds.settle();
    live.failures.set('ReadClientSettings', UNREACHABLE);
    expect(await rounds.round()).toMatchObject({ InSync: 'Unknown SiteUnreachable', Ready: 'Unknown SiteUnreachable' });
    expect(live.writes).toEqual(['SetClientSettings']);
  });

  test('is a manual step where the operator may not, gone once it is done', async () => {
    const { live, rounds } = start({ clientSettings: { allowCmg: true } });
    live.manual.add('SetClientSettings');
    expect(await rounds.round()).toMatchObject({ Stalled: 'True ManualStepRequired' });
    expect(rounds.object.status?.manualSteps).toEqual([
      { operation: 'SetClientSettings', instruction: 'Do SetClientSettings.', cmdlet: 'SetClientSettings -Now' },
    ]);
    live.allowCmg = true;
    expect(await rounds.settle()).toEqual(READY);
    expect(rounds.object.status?.manualSteps).toEqual([]);
  });

  test('of a central administration site holds for each primary below it', async () => {
    const { live, rounds } = start({
      type: 'CentralAdministration',
      siteCode: 'CAS',
      clientAuthentication: { checkRevocationForSiteSystems: false },
    });
    live.identityFacts = {
      ...live.identityFacts,
      siteCode: 'CAS',
      type: 'CentralAdministration',
      childSiteCodes: ['PS1', 'PS2'],
    };
    await rounds.round();
    expect(await rounds.round()).toMatchObject({ InSync: 'False SiteDiffers' });
    expect(rounds.object.status?.differences).toEqual([
      {
        field: 'spec.clientAuthentication.checkRevocationForSiteSystems: site PS2',
        declared: 'false',
        actual: 'Unknown',
      },
    ]);
    live.authentication.set('PS2', live.authentication.get('PS1'));
    expect(await rounds.settle()).toEqual(READY);
    expect(live.authentication.get('PS2')).toMatchObject({ checkRevocationForSiteSystems: false });
  });
});
