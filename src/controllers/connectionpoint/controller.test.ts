import { describe, expect, test } from 'vitest';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint, ConnectionPointSpec } from '../../api/v1alpha1/connectionpoint.generated.ts';
import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import type { ConnectionPointRole } from '../../site/site.ts';
import {
  accessTo,
  conditionOf,
  deletedCmg,
  leavingCmg,
  memorySite,
  metadataOf,
  type Rounds,
  reachedSite,
  roundsOf,
  SERVICE_NAME,
  serviceRecord,
  servingCmg,
  siteObject,
  storeOf,
  UNREACHABLE,
} from '../site/site.test-world.ts';
import { BY_SITE_SYSTEM, connectionPointProcedure, siteSystemOf } from './controller.ts';

const SERVER = 'cp01.contoso.com';
const OTHER_NAME = 'other.contoso.com';

function pointObject(spec: Partial<ConnectionPointSpec> = {}, name = 'cp01', createdAt?: number): ConnectionPoint {
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'ConnectionPoint',
    metadata: metadataOf(name, createdAt),
    spec: {
      suspend: false,
      siteRef: { name: 'ps1' },
      cmgRef: { name: 'granitefalls' },
      siteSystem: SERVER,
      role: 'Primary',
      deletionPolicy: 'Delete',
      ...spec,
    },
  };
}

function start(spec: Partial<ConnectionPointSpec> = {}) {
  const live = memorySite();
  live.records = [serviceRecord(SERVICE_NAME)];
  const cluster: { cmgs: CMG[]; goneCmgs: CMG[]; sites: SiteObject[]; points: ConnectionPoint[] } = {
    cmgs: [servingCmg()],
    // The cache still has them.
    goneCmgs: [],
    sites: [reachedSite()],
    points: [],
  };
  const rounds: Rounds<ConnectionPoint> = roundsOf(pointObject(spec), (now) =>
    connectionPointProcedure({
      points: storeOf(() => [rounds?.object, ...cluster.points].filter((each) => each !== undefined), {
        [BY_SITE_SYSTEM]: (point) => [siteSystemOf(point)],
      }),
      cmgs: storeOf(() => [...cluster.cmgs, ...cluster.goneCmgs]),
      sites: storeOf(() => cluster.sites),
      live: { read: async (key) => cluster.cmgs.find(({ metadata }) => key.endsWith(`/${metadata.name}`)) },
      access: accessTo(live),
      now,
      intervalMs: 600_000,
    }),
  );
  return { live, cluster, rounds };
}

const READY = {
  ReferencesResolved: 'True Succeeded',
  Linked: 'True Succeeded',
  Connected: 'True Succeeded',
  Ready: 'True Succeeded',
};

function role(serviceName: string | undefined, siteSystem = SERVER): ConnectionPointRole {
  return { siteSystem, siteCode: 'PS1', serviceName, connectedness: 'Connected' };
}

function changed(
  cmg: CMG,
  change: { readonly spec?: object; readonly metadata?: object; readonly status?: object },
): CMG {
  return {
    ...cmg,
    metadata: { ...cmg.metadata, ...change.metadata },
    spec: { ...cmg.spec, ...change.spec },
    status: { ...cmg.status, ...change.status },
  };
}

describe('a primary connection point', () => {
  test('is installed on a server that has none, linked, and read back', async () => {
    const { live, rounds } = start();
    expect(await rounds.settle()).toEqual(READY);
    expect(live.writes).toEqual(['AddConnectionPoint']);
    expect(rounds.object.status).toMatchObject({
      siteCode: 'PS1',
      deployment: 'aaaaaaaa',
      serviceName: SERVICE_NAME,
      region: 'West Europe',
      ports: [443],
      clientCertificate: 'NotRequired',
      connected: 'True',
      installed: true,
    });
    await rounds.settle();
    expect(live.writes).toEqual(['AddConnectionPoint']);
  });

  test('is not installed for a CMG that is gone, and that the cache still has', async () => {
    const { live, cluster, rounds } = start();
    [cluster.cmgs, cluster.goneCmgs] = [[], cluster.cmgs];
    await rounds.settle();
    expect(live.writes).toEqual([]);
    [cluster.cmgs, cluster.goneCmgs] = [cluster.goneCmgs, []];
    await rounds.settle();
    expect(live.writes).toEqual(['AddConnectionPoint']);
  });

  test('whose role is there and linked is taken as it is', async () => {
    const { live, rounds } = start();
    live.points = [role(SERVICE_NAME.toUpperCase(), SERVER.toUpperCase())];
    expect(await rounds.settle()).toEqual(READY);
    expect(live.writes).toEqual([]);
    expect(rounds.object.status?.installed).toBe(false);
  });

  test('is linked anew when somebody links it to a gateway whose record is gone', async () => {
    const { live, rounds } = start();
    await rounds.settle();
    live.points = [role('gone.contoso.com')];
    expect(await rounds.settle()).toEqual(READY);
    expect(live.writes).toEqual(['AddConnectionPoint', 'LinkConnectionPoint']);
  });

  test('that was installed before a crash is not installed twice', async () => {
    const { live, rounds } = start();
    await rounds.round();
    const written = rounds.object;
    await rounds.round();
    expect(live.writes).toEqual(['AddConnectionPoint']);
    // The status of the last round was lost with the process.
    rounds.object = written;
    expect(await rounds.settle()).toEqual(READY);
    expect(live.writes).toEqual(['AddConnectionPoint']);
    expect(rounds.object.status?.installed).toBe(true);
  });

  test('says which ports the server has to reach while it does not connect', async () => {
    const { live, cluster, rounds } = start();
    live.connectedness = 'Disconnected';
    cluster.cmgs = [changed(servingCmg(), { spec: { vm: { size: 'Standard', instances: 3 } } })];
    expect(await rounds.settle()).toMatchObject({ Connected: 'False Disconnected', Ready: 'False Disconnected' });
    expect(rounds.message('Connected')).toContain('TCP 10124 to 10126');
  });

  test('warns of other ports when the number of VMs changes', async () => {
    const { cluster, rounds } = start();
    await rounds.settle();
    expect(rounds.happenings).toEqual([]);
    cluster.cmgs = [changed(servingCmg(), { spec: { vm: { size: 'Standard', instances: 2 } } })];
    await rounds.settle();
    expect(rounds.happenings.join()).toContain('TCP 10124 and 10125');
    expect(rounds.object.status?.ports).toEqual([10_124, 10_125]);
  });

  test.each<['Http' | 'Https' | 'Unknown', string]>([
    ['Https', 'Required'],
    ['Http', 'NotRequired'],
    ['Unknown', 'Unknown'],
  ])(
    'behind a management point with %s says whether it needs a certificate, for PKI clients: %s',
    async (protocol, need) => {
      const { live, cluster, rounds } = start();
      const trustedCertificates = [{ name: 'root', type: 'ConfigMap' }];
      cluster.cmgs = [
        changed(servingCmg(), { spec: { clientAuthentication: { verifyRevocation: true, trustedCertificates } } }),
      ];
      live.roles = [
        { server: 'mp01.contoso.com', siteCode: 'PS1', role: 'ManagementPoint', allowCmgTraffic: true, protocol },
      ];
      await rounds.settle();
      expect(rounds.object.status?.clientCertificate).toBe(need);
    },
  );

  test('needs a code of its primary site, and asks for the step where it cannot tell', async () => {
    const { live, rounds } = start();
    live.identityFacts = { ...live.identityFacts, type: 'CentralAdministration', childSiteCodes: ['PS1', 'PS2'] };
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True ManualStepRequired' });
    expect(rounds.message('Linked')).toMatch(/Add-CMCloudManagementGatewayConnectionPoint .* -SiteCode <code of its/);
    live.roles = [
      { server: SERVER, siteCode: 'PS2', role: 'ManagementPoint', allowCmgTraffic: true, protocol: 'Https' },
    ];
    expect(await rounds.settle()).toEqual(READY);
    expect(live.points).toMatchObject([{ siteCode: 'PS2' }]);
  });

  test('is a manual step where the operator may not install it, and goes on when it is done', async () => {
    const { live, rounds } = start();
    live.manual.add('AddConnectionPoint');
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True ManualStepRequired' });
    expect(rounds.object.status?.manualSteps).toHaveLength(1);
    live.points = [role(SERVICE_NAME)];
    expect(await rounds.settle()).toEqual(READY);
    expect(rounds.object.status?.manualSteps).toEqual([]);
  });
});

describe('what is missing clears by itself', () => {
  test.each<[string, string, (world: ReturnType<typeof start>) => () => void]>([
    [
      'the CMG',
      'False CmgNotFound',
      ({ cluster }) => {
        const cmgs = cluster.cmgs;
        cluster.cmgs = [];
        return () => {
          cluster.cmgs = cmgs;
        };
      },
    ],
    [
      'the Site',
      'False SiteNotFound',
      ({ cluster }) => {
        const sites = cluster.sites;
        cluster.sites = [];
        return () => {
          cluster.sites = sites;
        };
      },
    ],
    [
      'a Site that has been reached',
      'Unknown SiteUnreachable',
      ({ cluster }) => {
        const sites = cluster.sites;
        cluster.sites = [
          siteObject('ps1', {}, { conditions: [conditionOf('Reachable', 'Unknown', 'SiteUnreachable')] }),
        ];
        return () => {
          cluster.sites = sites;
        };
      },
    ],
  ])('%s', async (_what, condition, take) => {
    const world = start();
    const bring = take(world);
    expect(await world.rounds.settle()).toMatchObject({ ReferencesResolved: condition });
    expect(world.live.reads).toBe(0);
    expect(await world.rounds.settle()).not.toHaveProperty('Stalled');
    bring();
    expect(await world.rounds.settle()).toEqual(READY);
  });

  test('the record of the gateway', async () => {
    const { live, rounds } = start();
    live.records = [];
    expect(await rounds.settle()).toMatchObject({ Linked: 'False WaitingForGateway' });
    live.records = [serviceRecord(SERVICE_NAME)];
    expect(await rounds.settle()).toEqual(READY);
  });

  test('a site that fails makes unknown, and never wrong', async () => {
    const { live, rounds } = start();
    await rounds.settle();
    live.failures.set('ReadConnectionPoints', UNREACHABLE);
    expect(await rounds.round()).toMatchObject({
      Linked: 'Unknown SiteUnreachable',
      Connected: 'Unknown SiteUnreachable',
      Ready: 'Unknown SiteUnreachable',
    });
    live.failures.clear();
    expect(await rounds.settle()).toEqual(READY);
    expect(live.writes).toEqual(['AddConnectionPoint']);
  });

  test('a refused write is told with the words of the site', async () => {
    const { live, rounds } = start();
    live.failures.set('AddConnectionPoint', { kind: 'Refused', status: 400, message: 'No such server.' });
    expect(await rounds.settle()).toMatchObject({ Linked: 'False SiteRefused', Stalled: 'True SiteRefused' });
    expect(rounds.message('Linked')).toContain('No such server.');
  });
});

describe('a suspended Site', () => {
  test('is not touched; what is new says so, and what was known of others stays', async () => {
    const { live, cluster, rounds } = start();
    cluster.sites = [reachedSite('ps1', { suspend: true })];
    expect(await rounds.round()).toMatchObject({
      ReferencesResolved: 'Unknown SiteSuspended',
      Ready: 'Unknown SiteSuspended',
    });
    expect(live.reads).toBe(0);
    cluster.sites = [reachedSite()];
    const known = await rounds.settle();
    cluster.sites = [reachedSite('ps1', { suspend: true })];
    expect(await rounds.round()).toEqual(known);
  });
});

describe('a gateway that serves keeps its last connection point', () => {
  function linkedToOther() {
    const world = start();
    const other = servingCmg('other', OTHER_NAME);
    world.cluster.cmgs = [servingCmg(), other];
    world.live.records = [serviceRecord(SERVICE_NAME), serviceRecord(OTHER_NAME, 2)];
    world.live.points = [role(OTHER_NAME)];
    return { ...world, other };
  }

  test('and gives it up only with the consent that names its deployment', async () => {
    const { live, cluster, rounds, other } = linkedToOther();
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True LastConnectionPoint' });
    expect(rounds.message('Linked')).toContain(
      'kubectl annotate --namespace gateways cmg other configmgr.io/allow-client-outage=aaaaaaaa',
    );
    const consent = (deployment: string) =>
      changed(other, { metadata: { annotations: { 'configmgr.io/allow-client-outage': deployment } } });
    cluster.cmgs = [servingCmg(), consent('bbbbbbbb')];
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True LastConnectionPoint' });
    expect(rounds.message('Linked')).toContain('configmgr.io/allow-client-outage- takes away the consent of before');
    const lapsedConsents = [{ kind: 'AllowClientOutage' as const, deployment: 'aaaaaaaa' }];
    const ofBefore = consent('aaaaaaaa');
    cluster.cmgs = [servingCmg(), { ...ofBefore, status: { ...ofBefore.status, planned: { lapsedConsents } } }];
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True LastConnectionPoint' });
    expect(rounds.message('Linked')).toContain('configmgr.io/allow-client-outage- takes away the consent of before');
    expect(live.writes).toEqual([]);
    cluster.cmgs = [servingCmg(), consent('aaaaaaaa')];
    expect(await rounds.settle()).toEqual(READY);
  });

  test('and gives up one of two that are connected', async () => {
    const { live, rounds } = linkedToOther();
    live.points = [role(OTHER_NAME), { ...role(OTHER_NAME, 'cp02.contoso.com'), connectedness: 'Disconnected' }];
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True LastConnectionPoint' });
    live.points = [role(OTHER_NAME), role(OTHER_NAME, 'cp02.contoso.com')];
    expect(await rounds.settle()).toEqual(READY);
  });

  test('as is looked at live before it is moved', async () => {
    const { live, rounds } = linkedToOther();
    live.points = [role(OTHER_NAME), role(OTHER_NAME, 'cp02.contoso.com')];
    // The first round only remembers that the role was there.
    await rounds.round();
    expect(rounds.object.status?.installed).toBe(false);
    const read = live.connectionPoints;
    live.connectionPoints = (options) => {
      // Between the first look and the change, somebody takes the other one away.
      live.connectionPoints = read;
      const answer = read(options);
      live.points = [role(OTHER_NAME)];
      return answer;
    };
    expect(await rounds.round()).toMatchObject({ Linked: 'False LastConnectionPoint' });
    await rounds.round();
    expect(live.writes).toEqual([]);
  });

  test('also one that no CMG knows, for which a person gets the step', async () => {
    const { live, cluster, rounds } = linkedToOther();
    cluster.cmgs = [servingCmg()];
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True UnknownGateway' });
    expect(rounds.object.status?.manualSteps).toMatchObject([
      {
        operation: 'LinkConnectionPoint',
        instruction: expect.stringContaining(`no client needs the gateway ${OTHER_NAME} through it`),
        cmdlet: expect.stringContaining(`-CloudManagementGatewayName '${SERVICE_NAME}'`),
      },
    ]);
    expect(live.writes).toEqual([]);
  });
});

describe('a standby', () => {
  test('has no role while there is no second gateway', async () => {
    const { live, rounds } = start({ role: 'Standby' });
    expect(await rounds.settle()).toEqual({
      ReferencesResolved: 'True Succeeded',
      Linked: 'True Standby',
      Connected: 'True Standby',
      Ready: 'True Succeeded',
    });
    expect(live.writes).toEqual([]);
  });

  test('gives the role back that the operator installed, and not one of others', async () => {
    const { live, rounds } = start();
    await rounds.settle();
    live.points = [...live.points, role(SERVICE_NAME, 'cp02.contoso.com')];
    rounds.object = { ...rounds.object, spec: { ...rounds.object.spec, role: 'Standby' } };
    await rounds.settle();
    expect(live.writes).toEqual(['AddConnectionPoint', 'RemoveConnectionPoint']);

    const others = start({ role: 'Standby' });
    others.live.points = [role(SERVICE_NAME)];
    expect(await others.rounds.settle()).toMatchObject({ Ready: 'True Succeeded' });
    expect(others.rounds.message('Ready')).toContain('did not install');
    expect(others.live.writes).toEqual([]);
  });
});

describe('two objects for one server', () => {
  test('the oldest holds it; the other takes over when it goes', async () => {
    const { live, cluster, rounds } = start();
    cluster.points = [pointObject({ siteSystem: SERVER.toUpperCase() }, 'older', Date.UTC(2025, 0, 1))];
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True Conflict' });
    expect(rounds.message('Ready')).toContain('gateways/older');
    expect(live.reads).toBe(0);
    expect(await rounds.removal()).toBe('Gone');
    cluster.points = [];
    expect(await rounds.settle()).toEqual(READY);
  });
});

describe('deletion', () => {
  async function installed(spec: Partial<ConnectionPointSpec> = {}) {
    const world = start(spec);
    await world.rounds.settle();
    world.live.points = [...world.live.points, role(SERVICE_NAME, 'cp02.contoso.com')];
    world.live.writes.length = 0;
    return world;
  }

  test('uninstalls the role that the operator installed', async () => {
    const { live, rounds } = await installed();
    expect(await rounds.removal()).toBe('Remaining');
    expect(await rounds.removal()).toBe('Gone');
    expect(live.writes).toEqual(['RemoveConnectionPoint']);
    expect(live.points).toHaveLength(1);
  });

  test('leaves the role with Retain, and one that was there before', async () => {
    const retained = await installed({ deletionPolicy: 'Retain' });
    expect(await retained.rounds.removal()).toBe('Gone');
    const adopted = start();
    adopted.live.points = [role(SERVICE_NAME)];
    await adopted.rounds.settle();
    expect(await adopted.rounds.removal()).toBe('Gone');
    expect([...retained.live.writes, ...adopted.live.writes]).toEqual([]);
  });

  test('of the last one waits until its CMG goes too', async () => {
    const { live, cluster, rounds } = await installed();
    live.points = live.points.slice(0, 1);
    expect(await rounds.removal()).toBe('Remaining');
    expect(rounds.message('Linked')).toContain('last connected connection point');
    cluster.cmgs = [deletedCmg()];
    await rounds.removal();
    expect(rounds.message('Linked')).toContain('has not begun to leave the site');
    expect(live.writes).toEqual([]);
    cluster.cmgs = [leavingCmg()];
    await rounds.removal();
    expect(await rounds.removal()).toBe('Gone');
    expect(live.writes).toEqual(['RemoveConnectionPoint']);
  });

  test('leaves the role of a gateway that stays in Azure', async () => {
    const { live, cluster, rounds } = await installed();
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    cluster.cmgs = [changed(servingCmg(), { metadata, spec: { deletionProtection: true } })];
    expect(await rounds.removal()).toBe('Gone');
    expect(live.writes).toEqual([]);
  });

  test('waits for a Site that is suspended, and says so', async () => {
    const { live, cluster, rounds } = await installed();
    cluster.sites = [reachedSite('ps1', { suspend: true })];
    rounds.now += 2 * 3_600_000;
    expect(await rounds.removal()).toBe('Remaining');
    expect(rounds.message('Linked')).toContain('The Site ps1 is suspended');
    expect(live.writes).toEqual([]);
    cluster.sites = [reachedSite('ps1')];
    await rounds.removal();
    expect(await rounds.removal()).toBe('Gone');
    expect(live.writes).toEqual(['RemoveConnectionPoint']);
  });

  test('waits for a site that does not answer, for an hour, and then tells what is left', async () => {
    const { live, rounds } = await installed();
    live.failures.set('ReadConnectionPoints', UNREACHABLE);
    expect(await rounds.removal()).toBe('Remaining');
    expect(rounds.message('Linked')).toContain('After an hour');
    rounds.now += 3_600_000;
    expect(await rounds.removal()).toBe('Gone');
    expect(rounds.happenings.join()).toContain('left as it is');
  });
});

describe('the CMG is being deleted', () => {
  test('the role that the operator installed stays until the gateway leaves, and goes before the gateway', async () => {
    const { live, cluster, rounds } = start();
    const ready = await rounds.settle();
    cluster.cmgs = [deletedCmg()];
    expect(await rounds.settle()).toEqual(ready);
    expect(live.writes).toEqual(['AddConnectionPoint']);
    cluster.cmgs = [leavingCmg()];
    await rounds.settle();
    expect(live.writes).toEqual(['AddConnectionPoint', 'RemoveConnectionPoint']);
    expect(live.points).toEqual([]);
    expect(rounds.message('Linked')).toContain('is being deleted with the CMG gateways/granitefalls');
  });

  test('its object waits for the site for as long as the gateway may not leave, and for an hour from then on', async () => {
    const { live, cluster, rounds } = start();
    await rounds.settle();
    cluster.cmgs = [deletedCmg()];
    live.failures.set('ReadConnectionPoints', UNREACHABLE);
    expect(await rounds.removal()).toBe('Remaining');
    rounds.now += 26 * 3_600_000;
    expect(await rounds.removal()).toBe('Remaining');
    cluster.cmgs = [leavingCmg(servingCmg(), rounds.now)];
    expect(await rounds.removal()).toBe('Remaining');
    rounds.now += 3_600_000;
    expect(await rounds.removal()).toBe('Gone');
  });
});
