import { beforeEach, describe, expect, test } from 'vitest';
import type { BoundaryGroupReference } from '../../../api/v1alpha1/boundarygroupreference.generated.ts';
import type { Reason } from '../../../api/v1alpha1/conditions.ts';
import type { ConnectionPoint } from '../../../api/v1alpha1/connectionpoint.generated.ts';
import type { Condition } from '../../../runtime/conditions.ts';
import type { ConnectionPointRole } from '../../../site/site.ts';
import {
  conditionOf,
  type MemorySite,
  memorySite,
  metadataOf,
  reachedSite,
  SERVICE_NAME,
  START,
  serviceRecord,
  servingCmg,
  UNREACHABLE,
} from '../../site/site.test-world.ts';
import type { ManagedCmg } from '../managed-cmg.ts';
import type { SiteScope } from '../site-scope.ts';
import { readSiteFacts, seenRecord } from './site-facts.ts';

const MINUTE = 60_000;
const NEW = 'fabrikam.contoso.com';
const refs = {
  suspend: false,
  siteRef: { name: 'ps1' },
  cmgRef: { name: 'granitefalls' },
  deletionPolicy: 'Delete',
} as const;
const about = { apiVersion: 'configmgr.io/v1alpha1' } as const;

let live: MemorySite;
let points: ConnectionPoint[];
let groups: BoundaryGroupReference[];
beforeEach(() => {
  live = memorySite();
  live.records = [serviceRecord(SERVICE_NAME), serviceRecord(NEW, 2)];
  points = [];
  groups = [];
});

function point(name: string, role: 'Primary' | 'Standby', linked: Condition, installed = true): ConnectionPoint {
  const spec = { ...refs, siteSystem: `${name}.contoso.com`, role };
  const status = { conditions: [linked], installed };
  return { ...about, kind: 'ConnectionPoint', metadata: metadataOf(name), spec, status };
}

function group(name: string): BoundaryGroupReference {
  const spec = { ...refs, boundaryGroup: { name }, connection: 'Fast' } as const;
  return { ...about, kind: 'BoundaryGroupReference', metadata: metadataOf(name.toLowerCase()), spec };
}

const linkedAs = (status: Condition['status'], reason: Reason) => conditionOf('Linked', status, reason);

function role(name: string, serviceName: string | undefined, connectedness: ConnectionPointRole['connectedness']) {
  return { siteSystem: `${name}.contoso.com`, siteCode: 'PS1', serviceName, connectedness };
}

const scope: SiteScope = {
  siteOf: () => ({ kind: 'Usable', object: reachedSite(), site: live }),
  siteObjectOf: () => reachedSite(),
  siteObjectsBeside: () => [],
  connectionPointsOf: () => points,
  boundaryGroupReferencesOf: () => groups,
};

const read = (now = START + 60 * MINUTE, site = scope, cmg = servingCmg() as ManagedCmg) =>
  readSiteFacts({ cmg, site, maxAgeMs: 0, now, signal: new AbortController().signal });

async function connected(now?: number) {
  const { site } = await read(now);
  return site.kind === 'Read' ? site.points[0]?.connected : site.kind;
}

describe('what the site says of the gateways of a CMG', () => {
  test('is where its points are linked to, and what its groups reference', async () => {
    points = [
      point('cp1', 'Primary', linkedAs('True', 'Succeeded')),
      point('cp2', 'Standby', linkedAs('True', 'Standby')),
    ];
    groups = [group('Headquarters'), group('Nowhere')];
    live.points = [role('CP1', SERVICE_NAME.toUpperCase(), 'Connected'), role('elsewhere', NEW, 'Connected')];
    const members = [serviceRecord(NEW, 2), serviceRecord('other.contoso.com', 3)].map(({ nalPath }) => ({
      nalPath,
      connection: 'Fast' as const,
    }));
    live.groups = [{ id: 1, name: 'Headquarters', preferCloudSources: false, members }];
    expect(await read()).toEqual({
      registered: [SERVICE_NAME, NEW],
      records: live.records,
      site: {
        kind: 'Read',
        points: [
          { name: 'cp1', role: 'Primary', linkedTo: SERVICE_NAME, connected: 'Yes' },
          { name: 'cp2', role: 'Standby', connected: 'No' },
        ],
        groups: [
          { name: 'headquarters', members: [NEW] },
          { name: 'nowhere', members: [] },
        ],
      },
    });
  });

  test('does not count what is deleted itself, but for a CMG that goes too', async () => {
    const goes = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const leaving = <T extends ConnectionPoint | BoundaryGroupReference>(object: T): T => ({
      ...object,
      metadata: { ...object.metadata, ...goes },
    });
    points = [leaving(point('cp1', 'Primary', linkedAs('True', 'Succeeded')))];
    groups = [leaving(group('Headquarters'))];
    live.points = [role('cp1', SERVICE_NAME, 'Connected')];
    const { metadata, ...rest } = servingCmg() as ManagedCmg;
    const deleted = { ...rest, metadata: { ...metadata, ...goes } };
    expect((await read()).site).toEqual({ kind: 'Read', points: [], groups: [] });
    expect((await read(START, scope, deleted)).site).toMatchObject({
      points: [{ name: 'cp1', linkedTo: SERVICE_NAME }],
      groups: [{ name: 'headquarters' }],
    });
  });

  test('is told by the objects where the site does not answer, of a CMG that goes', async () => {
    live.failures.set('ReadServiceRecords', UNREACHABLE);
    const { metadata, ...rest } = servingCmg() as ManagedCmg;
    const deleted = { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const installed = point('cp1', 'Primary', linkedAs('True', 'Succeeded'));
    points = [{ ...installed, status: { ...installed.status, serviceName: SERVICE_NAME } }];
    expect((await read(START, scope, deleted)).site).toEqual({ kind: 'Unreachable' });
    points = [point('cp1', 'Primary', linkedAs('True', 'Succeeded'), false)];
    expect((await read(START, scope, deleted)).site).toEqual({ kind: 'Read', points: [], groups: [] });
    expect((await read()).site).toEqual({ kind: 'Unreachable' });
  });

  test('has no record of a gateway that the site is about to forget, and knows what is still linked to it', async () => {
    const [first, second] = live.records;
    if (first === undefined || second === undefined) throw new Error('The site has no records.');
    live.records = [{ ...first, state: { kind: 'Deleting' } }, second];
    points = [point('cp1', 'Primary', linkedAs('True', 'Succeeded'))];
    live.points = [role('cp1', SERVICE_NAME, 'Disconnected')];
    const { registered, site } = await read();
    expect(registered).toEqual([NEW]);
    expect(site).toMatchObject({ points: [{ linkedTo: SERVICE_NAME }] });
  });

  test('is neither yes nor no of a record whose state nobody has explained', async () => {
    const [first] = live.records;
    if (first === undefined) throw new Error('The site has no records.');
    live.records = [{ ...first, state: { kind: 'Unknown', value: 7 } }, serviceRecord(NEW, 2)];
    const facts = await read();
    expect(seenRecord(facts, SERVICE_NAME.toUpperCase())).toBe('Unknown');
    expect(seenRecord(facts, NEW)).toBe('Yes');
    expect(seenRecord(facts, 'other.contoso.com')).toBe('No');
    live.failures.set('ReadServiceRecords', UNREACHABLE);
    expect(seenRecord(await read(), NEW)).toBe('Unknown');
  });

  test('is nothing where the CMG names no site, or where one part of it cannot be read', async () => {
    const { siteRef: _none, ...spec } = servingCmg().spec;
    const alone = { ...servingCmg(), spec } as ManagedCmg;
    expect((await read(START, scope, alone)).site).toEqual({ kind: 'None' });
    for (const operation of ['ReadServiceRecords', 'ReadConnectionPoints', 'ReadBoundaryGroups'] as const) {
      live.failures.set(operation, UNREACHABLE);
      expect(await read()).toEqual({ site: { kind: 'Unreachable' }, registered: undefined, records: undefined });
      live.failures.clear();
    }
    groups = [group('Headquarters')];
    live.groups = [{ id: 1, name: 'Headquarters', preferCloudSources: false, members: [] }];
    live.failures.set('ReadBoundaryGroupMembers', UNREACHABLE);
    expect((await read()).site).toEqual({ kind: 'Unreachable' });
  });
});

test.each([
  [true, undefined],
  [false, true],
  [undefined, true],
])('a role with installed %s is one that others installed: %s', async (installed, isForeign) => {
  const conditions = [linkedAs('True', 'Succeeded')];
  const status = installed === undefined ? { conditions } : { conditions, installed };
  points = [{ ...point('cp1', 'Primary', linkedAs('True', 'Succeeded')), status }];
  live.points = [role('cp1', SERVICE_NAME, 'Connected')];
  const { site } = await read();
  expect(site.kind === 'Read' ? site.points[0]?.isForeign : site.kind).toBe(isForeign);
});

test.each([
  ['Connected', 'Yes'],
  ['PartlyConnected', 'Yes'],
  ['Disconnected', 'No'],
  ['Unknown', 'Unknown'],
] as const)('a role that was linked a while ago and is %s: %s', async (connectedness, expected) => {
  points = [point('cp1', 'Primary', linkedAs('True', 'Succeeded'))];
  live.points = [role('cp1', SERVICE_NAME, connectedness)];
  expect(await connected()).toBe(expected);
});

describe('a role that is not connected', () => {
  test.each<readonly [string, Condition, number, string]>([
    ['has just been linked', linkedAs('True', 'Succeeded'), 4 * MINUTE, 'Unknown'],
    ['was linked a while ago', linkedAs('True', 'Succeeded'), 6 * MINUTE, 'No'],
    ['is being linked', linkedAs('False', 'SiteChanging'), 60 * MINUTE, 'Unknown'],
    ['a person has in hand', linkedAs('False', 'ManualStepRequired'), 60 * MINUTE, 'Unknown'],
    ['the operator leaves where it is', linkedAs('False', 'UnknownGateway'), 60 * MINUTE, 'No'],
  ])('and %s', async (_what, linked, later, expected) => {
    points = [point('cp1', 'Primary', linked)];
    live.points = [role('cp1', SERVICE_NAME, 'Disconnected')];
    expect(await connected(START + later)).toBe(expected);
  });

  test('is one that there is: without a role, nothing will connect', async () => {
    points = [point('cp1', 'Primary', linkedAs('False', 'ManualStepRequired'))];
    expect(await connected(START)).toBe('No');
  });
});
