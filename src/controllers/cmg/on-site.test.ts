import { describe, expect, test } from 'vitest';
import type { BoundaryGroupReference } from '../../api/v1alpha1/boundarygroupreference.generated.ts';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import {
  accessTo,
  conditionOf,
  type MemorySite,
  memorySite,
  metadataOf,
  reachedSite,
  SERVICE_NAME,
  START,
  serviceRecord,
  servingCmg,
  siteObject,
  storeOf,
  UNREACHABLE,
} from '../site/site.test-world.ts';
import { usableSite } from '../site/usable-site.ts';
import { followOnSite, type OnSiteInput } from './on-site.ts';
import type { Report } from './report.ts';
import { nextStatus } from './status.ts';

const SUCCEEDED = ['CertificateValid', 'PrerequisitesMet', 'AzureReady', 'ServiceHealthy'] as const;

/** What a round finds of a gateway that serves. */
function served(cmg: CMG): Report {
  const [deployment] = cmg.status?.deployments ?? [];
  return {
    findings: SUCCEEDED.map((type) => ({ type, status: 'True', reason: 'Succeeded', message: `${type}.` })),
    happenings: [],
    certificateThumbprint: 'A'.repeat(40),
    ...(deployment === undefined ? {} : { deployment }),
    againAfterMs: 600_000,
  };
}

function connectedPoint(change: Partial<NonNullable<ConnectionPoint['status']>> = {}, name = 'cp01'): ConnectionPoint {
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'ConnectionPoint',
    metadata: metadataOf(name),
    spec: {
      suspend: false,
      siteRef: { name: 'ps1' },
      cmgRef: { name: 'granitefalls' },
      siteSystem: `${name}.contoso.com`,
      role: 'Primary',
      deletionPolicy: 'Delete',
    },
    status: { conditions: [conditionOf('Ready', 'True')], serviceName: SERVICE_NAME, connected: 'True', ...change },
  };
}

interface World {
  cmg: CMG;
  readonly live: MemorySite;
  sites: ReturnType<typeof siteObject>[];
  points: ConnectionPoint[];
  references: BoundaryGroupReference[];
  now: number;
  input(): OnSiteInput;
  /** One round of a gateway that serves; returns the conditions of the CMG as `status reason`. */
  round(report?: Report): Promise<Readonly<Record<string, string>>>;
  message(type: string): string;
  againAfterMs: number;
}

function start(spec: Partial<CMG['spec']> = {}): World {
  const live = memorySite();
  live.records = [serviceRecord(SERVICE_NAME)];
  const access = accessTo(live);
  const cmg = servingCmg();
  const world: World = {
    cmg: { ...cmg, spec: { ...cmg.spec, ...spec }, status: { ...cmg.status, conditions: [] } },
    live,
    sites: [reachedSite()],
    points: [connectedPoint()],
    references: [],
    now: START,
    againAfterMs: 0,
    input: () => ({
      cmg: world.cmg,
      now: world.now,
      signal: new AbortController().signal,
      site: {
        siteObjectOf: () => undefined,
        siteObjectsBeside: () => [],
        siteOf: ({ metadata, spec: { siteRef } }) =>
          usableSite(
            storeOf(() => world.sites),
            access,
            metadata.namespace,
            siteRef?.name ?? '',
          ),
        connectionPointsOf: () => world.points,
        boundaryGroupReferencesOf: () => world.references,
      },
    }),
    round: async (report = served(world.cmg)) => {
      const followed = await followOnSite(world.input(), report);
      world.againAfterMs = followed.againAfterMs;
      const status = nextStatus(world.cmg.status, {
        generation: 1,
        serviceName: SERVICE_NAME,
        hasSite: world.cmg.spec.siteRef !== undefined,
        findings: followed.findings,
        now: world.now,
        ...followed.site,
      });
      world.cmg = { ...world.cmg, status };
      return Object.fromEntries((status.conditions ?? []).map((each) => [each.type, `${each.status} ${each.reason}`]));
    },
    message: (type) => findCondition(world.cmg.status?.conditions, type)?.message ?? '',
  };
  return world;
}

const operations = ({ cmg }: World) => cmg.status?.manualSteps?.map(({ operation }) => operation);

describe('a CMG without a site', () => {
  test('is Ready by Azure alone, and lists the steps on the site', async () => {
    const { siteRef: _siteRef, ...spec } = servingCmg().spec;
    const world = start();
    world.cmg = { ...world.cmg, spec };
    const conditions = await world.round();
    expect(conditions).toMatchObject({ Ready: 'True Succeeded' });
    expect(conditions).not.toHaveProperty('SiteRegistered');
    expect(operations(world)).toContain('AddConnectionPoint');
    expect(world.cmg.status?.connectionPorts).toEqual([443]);
    expect(world.live.reads).toBe(0);
  });

  test('has conditions of a site only as long as it names one', async () => {
    const world = start();
    expect(await world.round()).toMatchObject({ SiteRegistered: 'True Succeeded', Ready: 'True Succeeded' });
    const { siteRef: _siteRef, ...spec } = world.cmg.spec;
    world.cmg = { ...world.cmg, spec };
    expect(await world.round()).not.toHaveProperty('ConnectionPointReady');
  });
});

describe('SiteRegistered', () => {
  test('waits for the gateway, and asks nothing of the site before', async () => {
    const world = start();
    const { deployments = [] } = world.cmg.status ?? {};
    world.cmg = {
      ...world.cmg,
      status: {
        ...world.cmg.status,
        deployments: deployments.map((each) => ({ ...each, phase: 'Provisioning' as const })),
      },
    };
    expect(await world.round()).toMatchObject({ SiteRegistered: 'Unknown WaitingForSite' });
    expect(world.live.reads).toBe(0);
  });

  test('asks a person for the record where the operator may not make it, and for what it cannot see', async () => {
    const world = start();
    world.live.records = [];
    world.live.manual.add('RegisterService');
    expect(await world.round()).toMatchObject({
      SiteRegistered: 'False NotRegisteredOnSite',
      Stalled: 'True NotRegisteredOnSite',
    });
    expect(operations(world)).toEqual(['RegisterService', 'CheckEntraIntegration']);
    expect(world.againAfterMs).toBeLessThanOrEqual(60_000);
    world.live.records = [serviceRecord(SERVICE_NAME)];
    expect(await world.round()).toMatchObject({ SiteRegistered: 'True Succeeded', Ready: 'True Succeeded' });
    expect(operations(world)).toEqual([]);
    expect(world.againAfterMs).toBe(600_000);
  });

  test('has the record made once where the operator may', async () => {
    const world = start();
    world.live.records = [];
    expect(await world.round()).toMatchObject({ SiteRegistered: 'False SiteChanging' });
    expect(await world.round()).toMatchObject({ SiteRegistered: 'True Succeeded' });
    await world.round();
    expect(world.live.writes).toEqual(['RegisterService']);
  });

  test('does not make one without the certificate', async () => {
    const world = start();
    world.live.records = [];
    const { certificateThumbprint: _thumbprint, ...report } = served(world.cmg);
    expect(await world.round(report)).toMatchObject({ SiteRegistered: 'Unknown WaitingForSite' });
    expect(world.live.writes).toEqual([]);
  });

  test('takes the name byte for byte', async () => {
    const world = start();
    world.live.records = [serviceRecord('GraniteFalls.contoso.com')];
    expect(await world.round()).toMatchObject({ SiteRegistered: 'False NotRegisteredOnSite' });
    expect(world.live.writes).toEqual([]);
  });

  test('is unknown while the site does not answer, and the gateway is not called wrong', async () => {
    const world = start();
    await world.round();
    world.live.failures.set('ReadServiceRecords', UNREACHABLE);
    expect(await world.round()).toMatchObject({
      SiteRegistered: 'Unknown SiteUnreachable',
      Ready: 'Unknown SiteUnreachable',
    });
    world.live.failures.clear();
    expect(await world.round()).toMatchObject({ Ready: 'True Succeeded' });
  });

  test.each<[string, () => ReturnType<typeof siteObject>[], string]>([
    ['a Site that does not exist', () => [], 'False SiteNotFound'],
    ['a Site that is not reached', () => [siteObject()], 'Unknown SiteUnreachable'],
    ['a child primary site', () => [reachedSite('ps1', { type: 'ChildPrimary' })], 'False NotTopLevelSite'],
    [
      'a site of version 2006',
      () => {
        const site = reachedSite();
        return [{ ...site, status: { ...site.status, version: '5.00.9012.1000' } }];
      },
      'False SiteVersionTooOld',
    ],
  ])('%s: %s', async (_what, sites, condition) => {
    const world = start();
    world.live.records = [];
    world.sites = sites();
    expect(await world.round()).toMatchObject({ SiteRegistered: condition });
    expect(world.live.writes).toEqual([]);
  });

  test('needs a newer site for Azure US Government, and the pre-release feature on 2103', async () => {
    const of = (build: number) => {
      const site = reachedSite();
      return [{ ...site, status: { ...site.status, version: `5.00.${build}.1000` } }];
    };
    const government = start();
    government.cmg = {
      ...government.cmg,
      spec: { ...government.cmg.spec, azure: { ...government.cmg.spec.azure, environment: 'AzureUSGovernmentCloud' } },
    };
    government.sites = of(9058);
    expect(await government.round()).toMatchObject({ SiteRegistered: 'False SiteVersionTooOld' });
    government.sites = of(9068);
    expect(await government.round()).toMatchObject({ SiteRegistered: 'True Succeeded' });
    const preRelease = start();
    preRelease.live.records = [];
    preRelease.live.manual.add('RegisterService');
    preRelease.sites = of(9049);
    await preRelease.round();
    expect(operations(preRelease)).toContain('EnableFeature');
  });

  test.each([
    [7, 'in the state 7, whose meaning is not known'],
    [undefined, 'without a state'],
  ])(
    'is unknown in a state that nobody has explained, and the gateway is not called wrong: %s',
    async (value, says) => {
      const world = start();
      await world.round();
      world.live.records = [{ ...serviceRecord(SERVICE_NAME), state: { kind: 'Unknown', value } }];
      const conditions = await world.round();
      expect(conditions).toMatchObject({
        SiteRegistered: 'Unknown SiteStateUnknown',
        ConnectionPointReady: 'True Succeeded',
        Ready: 'Unknown SiteStateUnknown',
      });
      expect(conditions).not.toHaveProperty('Stalled');
      expect(world.message('SiteRegistered')).toContain(says);
      expect(world.againAfterMs).toBeLessThanOrEqual(60_000);
      world.live.records = [serviceRecord(SERVICE_NAME)];
      expect(await world.round()).toMatchObject({ SiteRegistered: 'True Succeeded', Ready: 'True Succeeded' });
      expect(world.live.writes).toEqual([]);
    },
  );

  test('knows a classic gateway when it sees one', async () => {
    const world = start();
    const classic = { ...serviceRecord('old.contoso.com', 9), deploymentName: 'old.cloudapp.net' };
    world.live.records = [serviceRecord(SERVICE_NAME), classic];
    await world.round();
    expect(operations(world)).toEqual(['RetireClassicGateway']);
    world.live.records = [{ ...serviceRecord(SERVICE_NAME), deploymentName: 'granitefalls.cloudapp.net' }];
    expect(await world.round()).toMatchObject({ SiteRegistered: 'False NotRegisteredOnSite' });
  });
});

describe('ConnectionPointReady', () => {
  test.each<[string, ConnectionPoint[], number, string]>([
    ['no object', [], 1, 'False NoConnectionPoint'],
    [
      'a standby only',
      [{ ...connectedPoint(), spec: { ...connectedPoint().spec, role: 'Standby' } }],
      1,
      'False NoConnectionPoint',
    ],
    ['one that is connected', [connectedPoint()], 4, 'True Succeeded'],
    ['one for five VMs', [connectedPoint()], 5, 'True TooFewConnectionPoints'],
    ['two for five VMs', [connectedPoint(), connectedPoint({}, 'cp02')], 5, 'True Succeeded'],
    [
      'one that is not connected',
      [connectedPoint({ connected: 'False', conditions: [conditionOf('Ready', 'False', 'Disconnected')] })],
      1,
      'False Disconnected',
    ],
    [
      'one that waits for a person',
      [connectedPoint({ connected: 'False', conditions: [conditionOf('Ready', 'False', 'ManualStepRequired')] })],
      1,
      'False ManualStepRequired',
    ],
    [
      'one that is connected to another gateway',
      [connectedPoint({ serviceName: 'other.contoso.com' })],
      1,
      'Unknown Pending',
    ],
    ['one that nobody has looked at', [connectedPoint({ connected: 'Unknown', conditions: [] })], 1, 'Unknown Pending'],
  ])('with %s: %s', async (_what, points, instances, condition) => {
    const world = start({ vm: { size: 'Standard', instances, modelUpdates: 'OnRequest' } });
    world.points = points;
    expect(await world.round()).toMatchObject({ ConnectionPointReady: condition });
  });
});

describe('what client authentication needs', () => {
  const needsOf = ({ cmg }: World, method: string) =>
    Object.fromEntries(
      (cmg.status?.clientAuthentication?.find((each) => each.method === method)?.needs ?? []).map(({ need, met }) => [
        need,
        met,
      ]),
    );
  const managementPoint = (protocol: 'Http' | 'Https', allowCmgTraffic = true) =>
    ({ server: 'mp01.contoso.com', siteCode: 'PS1', role: 'ManagementPoint', allowCmgTraffic, protocol }) as const;
  const modes = (usePkiCertificate: boolean, enhancedHttp: boolean) =>
    new Map([['PS1', { usePkiCertificate, enhancedHttp, httpsOnly: false, checkRevocationForSiteSystems: true }]]);
  const everything: Partial<CMG['spec']> = {
    entra: { serverAppId: 'a', clientAppId: 'b' },
    clientAuthentication: {
      verifyRevocation: true,
      trustedCertificates: [{ name: 'root', type: 'ConfigMap', configMap: { name: 'root', key: 'ca.crt' } }],
    },
  };

  test('follows from what the CMG declares', async () => {
    const plain = start();
    await plain.round();
    expect(plain.cmg.status?.clientAuthentication?.map(({ method }) => method)).toEqual(['SiteToken']);
    const full = start(everything);
    await full.round();
    expect(full.cmg.status?.clientAuthentication?.map(({ method }) => method)).toEqual([
      'ClientCertificate',
      'EntraId',
      'SiteToken',
    ]);
  });

  test('is met where the site shows it', async () => {
    const world = start(everything);
    world.live.roles = [managementPoint('Https')];
    world.live.authentication = modes(true, false);
    world.live.allowCmg = true;
    await world.round();
    expect(needsOf(world, 'ClientCertificate')).toMatchObject({
      ManagementPoint: 'True',
      ClientSetting: 'True',
      UsePkiCertificate: 'True',
      ConnectionPointCertificate: 'Unknown',
      ClientCertificates: 'Unknown',
    });
    expect(needsOf(world, 'EntraId')).toMatchObject({ ManagementPoint: 'True', EntraIntegration: 'Unknown' });
  });

  test('is not met where the site shows that', async () => {
    const world = start(everything);
    world.live.roles = [managementPoint('Http')];
    world.live.authentication = modes(false, false);
    await world.round();
    expect(needsOf(world, 'ClientCertificate')).toMatchObject({
      ManagementPoint: 'False',
      ClientSetting: 'False',
      UsePkiCertificate: 'False',
      ConnectionPointCertificate: 'True',
    });
    world.live.authentication = modes(false, true);
    await world.round();
    expect(needsOf(world, 'SiteToken')).toMatchObject({ ManagementPoint: 'True' });
    world.live.roles = [managementPoint('Https', false)];
    await world.round();
    expect(needsOf(world, 'SiteToken')).toMatchObject({ ManagementPoint: 'False' });
  });

  test.each([
    ['5.00.8700.1000', 'False'],
    ['5.00.8968.1000', 'True'],
    ['current branch', 'Unknown'],
  ])('for tokens: a site of 2002 or newer; %s: %s', async (version, met) => {
    const world = start();
    const site = reachedSite();
    world.sites = [{ ...site, status: { ...site.status, version } }];
    await world.round();
    expect(needsOf(world, 'SiteToken')).toMatchObject({ SiteVersion: met });
  });

  test('is unknown where it cannot be read', async () => {
    const world = start(everything);
    world.live.failures.set('ReadClientFacingRoles', UNREACHABLE);
    world.live.failures.set('ReadClientSettings', UNREACHABLE);
    await world.round();
    expect(needsOf(world, 'ClientCertificate')).toMatchObject({
      ManagementPoint: 'Unknown',
      ClientSetting: 'Unknown',
      UsePkiCertificate: 'Unknown',
    });
  });
});
