import { beforeEach, describe, expect, it } from 'vitest';
import type { BoundaryGroupReference } from '../../../api/v1alpha1/boundarygroupreference.generated.ts';
import type { CMG, CMGStatusDeployment, CMGStatusPlanned } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../../api/v1alpha1/connectionpoint.generated.ts';
import type { ResolveName } from '../../../probe/resolve-name.ts';
import { beginPass, type ClientPass, finishPass } from '../../../redeployment/client-gate.ts';
import { DAY, HOUR, MINUTE } from '../../../redeployment/instant.ts';
import { mayCarry } from '../../../redeployment/same-prefix.ts';
import { type Condition, toTimestamp } from '../../../runtime/conditions.ts';
import {
  conditionOf,
  type MemorySite,
  memorySite,
  metadataOf,
  reachedSite,
  SERVICE_NAME,
  serviceRecord,
  servingCmg,
  UNREACHABLE,
} from '../../site/site.test-world.ts';
import { createGatewayWatches, type GatewayWatches } from '../gateway-watches.ts';
import { type CarrierInput, carriersOf } from './carriers.ts';
import { watchesInStatus } from './records.ts';

const NOW = Date.UTC(2026, 0, 10);
const UID = 'carrier';
const ADDRESS = '20.1.2.3';
const TIME_ONLY = { evidence: 'TimeOnly' } as const;
const about = { apiVersion: 'configmgr.io/v1alpha1' } as const;
const refs = {
  suspend: false,
  siteRef: { name: 'ps1' },
  cmgRef: { name: 'granitefalls' },
  deletionPolicy: 'Delete',
} as const;

/** The carrier and its surroundings, which a test may change. */
interface Given {
  cmg: CMG;
  site: MemorySite;
  groups: BoundaryGroupReference[];
  resolveName: ResolveName;
  watches: GatewayWatches;
  passes: ClientPass[];
}

let given: Given;
let now: number;
let planned: Pick<CMGStatusPlanned, 'carriers'>;
let counted: string[];
beforeEach(() => {
  now = NOW;
  planned = {};
  counted = [];
  const watches = createGatewayWatches();
  for (let at = NOW - 3 * DAY; at <= NOW; at += 30 * MINUTE) watches.saw(UID, at);
  const site = memorySite();
  const record = serviceRecord(SERVICE_NAME);
  site.records = [record];
  site.points = [
    { siteSystem: 'cp1.contoso.com', siteCode: 'PS1', serviceName: SERVICE_NAME, connectedness: 'Connected' },
  ];
  const members = [{ nalPath: record.nalPath, connection: 'Fast' as const }];
  site.groups = [{ id: 1, name: 'Branch', preferCloudSources: false, members }];
  given = {
    cmg: carrier(),
    site,
    groups: [group('True')],
    resolveName: async () => ({ kind: 'Addresses', addresses: [ADDRESS] }),
    watches,
    passes: [],
  };
});

function carrier(change: Partial<CMG['spec']> = {}, conditions: readonly Condition[] = []): CMG {
  const cmg = servingCmg();
  const told = ['Ready', 'ServiceHealthy', 'SiteRegistered', 'ConnectionPointReady'].map(
    (type) => conditions.find((each) => each.type === type) ?? conditionOf(type, 'True'),
  );
  const deployments = cmg.status?.deployments?.map((each) => ({ ...each, address: ADDRESS })) ?? [];
  const redeployment = { ...cmg.spec.redeployment, ...TIME_ONLY };
  return {
    ...cmg,
    metadata: { ...cmg.metadata, uid: UID },
    spec: { ...cmg.spec, redeployment, ...change },
    status: { ...cmg.status, observedGeneration: cmg.metadata.generation, conditions: told, deployments },
  };
}

/** The gateway of the carrier is the site's, and the spec says so, or has the operator make one. */
function madeBySite(provisioner: CMG['spec']['provisioner']): CMG {
  const cmg = carrier({ provisioner });
  const deployments = cmg.status?.deployments?.map((each) => ({
    ...each,
    identity: { ...each.identity, provisioner: 'Site' as const },
  }));
  return { ...cmg, status: { ...cmg.status, ...(deployments === undefined ? {} : { deployments }) } };
}

function withMetadata(change: Partial<CMG['metadata']>): CMG {
  const cmg = carrier();
  return { ...cmg, metadata: { ...cmg.metadata, ...change } };
}

function withDeployments(change: (deployments: readonly [CMGStatusDeployment]) => readonly CMGStatusDeployment[]): CMG {
  const cmg = carrier();
  const [only] = cmg.status?.deployments ?? [];
  if (only === undefined) throw new Error('The carrier has no gateway.');
  return { ...cmg, status: { ...cmg.status, deployments: [...change([only])] } };
}

function group(ready: Condition['status'], since = NOW - 4 * DAY): BoundaryGroupReference {
  const condition = { ...conditionOf('Ready', ready), lastTransitionTime: toTimestamp(since) };
  const spec = { ...refs, boundaryGroup: { name: 'Branch' }, connection: 'Fast' } as const;
  return {
    ...about,
    kind: 'BoundaryGroupReference',
    metadata: metadataOf('branch'),
    spec,
    status: { conditions: [condition] },
  };
}

function point(): ConnectionPoint {
  const spec = { ...refs, siteSystem: 'cp1.contoso.com', role: 'Primary' } as const;
  return { ...about, kind: 'ConnectionPoint', metadata: metadataOf('cp1'), spec, status: { installed: true } };
}

/** One look, whose outcome the next one remembers. */
async function look() {
  const claimant = servingCmg('contoso', 'contoso.contoso.com') as CarrierInput['scope']['cmg'];
  const input: CarrierInput = {
    scope: {
      cmg: { ...claimant, status: { ...claimant.status, planned } },
      azure: { serverTime: { now: () => now } },
      clock: { now: () => now } as CarrierInput['scope']['clock'],
      resolveName: given.resolveName,
      signal: new AbortController().signal,
    },
    site: {
      siteOf: () => ({ kind: 'Usable', object: reachedSite(), site: given.site }),
      siteObjectOf: () => reachedSite(),
      siteObjectsBeside: () => [],
      connectionPointsOf: () => [point()],
      boundaryGroupReferencesOf: () => given.groups,
    },
    watches: given.watches,
    passes: given.passes,
    countClients: ({ question }, whom) => void counted.push(`${whom} ${question.serviceName}`),
  };
  const { facts, watches } = await carriersOf(input, [given.cmg], 0);
  planned = watchesInStatus(watches);
  const [found] = facts;
  if (found === undefined) throw new Error('Nobody was looked at.');
  return found;
}

describe('another CMG of the site', () => {
  it('may carry clients when it is in reach, and has been for its wait', async () => {
    const facts = await look();
    expect(mayCarry(facts)).toBe(true);
    expect(facts.advertisedFor).toBe(3 * DAY);
    expect(planned.carriers).toEqual([
      {
        name: 'granitefalls',
        deployment: 'aaaaaaaa',
        advertised: { since: toTimestamp(NOW - 3 * DAY), seenAt: toTimestamp(NOW) },
      },
    ]);
  });

  it('may carry clients with a gateway that the site has made for it', async () => {
    given.cmg = madeBySite('Site');
    expect(mayCarry(await look())).toBe(true);
  });

  const UNFIT: readonly (readonly [string, () => void])[] = [
    ['whose connection point is lost', () => (given.site.points = [])],
    [
      'whose connection point does not connect',
      () => (given.site.points = given.site.points.map((each) => ({ ...each, connectedness: 'Disconnected' }))),
    ],
    ['that the site has no record of', () => (given.site.records = [])],
    ['whose site does not answer', () => given.site.failures.set('ReadServiceRecords', UNREACHABLE)],
    ['whose name leads nowhere', () => (given.resolveName = async () => ({ kind: 'NoAddress' }))],
    [
      'whose name leads somewhere else',
      () => (given.resolveName = async () => ({ kind: 'Addresses', addresses: ['192.0.2.1'] })),
    ],
    ['whose name nobody could look up', () => (given.resolveName = async () => ({ kind: 'Unknown' }))],
    ['whose boundary group is not in order', () => (given.groups = [group('False')])],
    ['of whose boundary group nothing is known', () => (given.groups = [group('Unknown')])],
    [
      'that somebody took out of its boundary group',
      () => (given.site.groups = given.site.groups.map((each) => ({ ...each, members: [] }))),
    ],
    ['whose boundary group has been in order for an hour only', () => (given.groups = [group('True', NOW - HOUR)])],
    ['that is suspended', () => (given.cmg = carrier({ suspend: true }))],
    ['that is only observed', () => (given.cmg = carrier({ managementPolicy: 'Observe' }))],
    ['that is to be replaced itself', () => (given.cmg = carrier({ serviceName: 'another.contoso.com' }))],
    ['whose gateway the site made, and the operator is to replace', () => (given.cmg = madeBySite('Operator'))],
    [
      'whose gateway the operator made, and the site is to replace',
      () => (given.cmg = carrier({ provisioner: 'Site' })),
    ],
    ['that is not Ready', () => (given.cmg = carrier({}, [conditionOf('Ready', 'False')]))],
    [
      'whose gateway is still to be made',
      () => (given.cmg = withDeployments(([only]) => [{ ...only, phase: 'Provisioning' }])),
    ],
    [
      'that has another gateway too',
      () => (given.cmg = withDeployments(([only]) => [only, { ...only, id: 'bbbbbbbb' }])),
    ],
    ['whose last change nobody has looked at', () => (given.cmg = withMetadata({ generation: 99 }))],
    ['that is being deleted', () => (given.cmg = withMetadata({ deletionTimestamp: toTimestamp(NOW) }))],
    ['that does not serve', () => (given.cmg = carrier({}, [conditionOf('ServiceHealthy', 'False')]))],
    ['that this process has never looked at', () => given.watches.forget(UID)],
    ['that this process has not looked at for an hour', () => (now = NOW + HOUR + MINUTE)],
    [
      'that has waited for less than it asks itself',
      () => (given.cmg = carrier({ redeployment: { ...given.cmg.spec.redeployment, minimumWait: '73h' } })),
    ],
  ];
  it.each(UNFIT)('carries nobody %s', async (_, makeUnfit) => {
    makeUnfit();
    expect(mayCarry(await look())).toBe(false);
  });

  it('carries nobody anew before its wait, once its name has led nowhere while somebody waited for it', async () => {
    const { resolveName } = given;
    given.resolveName = async () => ({ kind: 'NoAddress' });
    await look();
    given.resolveName = resolveName;
    const waits = async (until: number) => {
      for (; now < until; now += 30 * MINUTE) {
        given.watches.saw(UID, now);
        expect(mayCarry(await look())).toBe(false);
      }
    };
    await waits(NOW + DAY);
    given.watches.saw(UID, now);
    expect(mayCarry(await look())).toBe(true);
  });

  it('carries nobody after a restart before it has been looked at, and then as before', async () => {
    await look();
    given.watches.forget(UID);
    expect(mayCarry(await look())).toBe(false);
    given.watches.saw(UID, now);
    expect(mayCarry(await look())).toBe(true);
  });

  it('is known to clients by a count that was begun after its wait, where time is not enough', async () => {
    given.cmg = carrier({ redeployment: { ...given.cmg.spec.redeployment, evidence: 'Site' } });
    expect(mayCarry(await look())).toBe(false);
    expect(counted).toEqual([`Carrier ${SERVICE_NAME}`]);
    const question = { serviceName: SERVICE_NAME, advertisedSince: NOW - 3 * DAY, ignoreInactiveFor: 14 * DAY };
    const pass = (refreshed: number): ClientPass => ({
      ...finishPass(beginPass(question, NOW)),
      devices: 100,
      asUtc: { eligible: 100, refreshed },
      newestLag: 0,
    });
    given.passes = [pass(94)];
    expect(mayCarry(await look())).toBe(false);
    given.passes = [pass(95)];
    expect(mayCarry(await look())).toBe(true);
  });
});
