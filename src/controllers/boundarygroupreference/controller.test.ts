import { describe, expect, test } from 'vitest';
import type {
  BoundaryGroupReference,
  BoundaryGroupReferenceSpec,
} from '../../api/v1alpha1/boundarygroupreference.generated.ts';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import {
  accessTo,
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
  storeOf,
  UNREACHABLE,
} from '../site/site.test-world.ts';
import { BY_GROUP, boundaryGroupReferenceProcedure, groupsOf } from './controller.ts';

const OTHER_NAME = 'other.contoso.com';
const ON_PREMISES = { nalPath: '["Display=\\\\dp01.contoso.com\\"]', connection: 'Slow' } as const;

function referenceObject(
  spec: Partial<BoundaryGroupReferenceSpec> = {},
  name = 'branch',
  createdAt?: number,
): BoundaryGroupReference {
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'BoundaryGroupReference',
    metadata: metadataOf(name, createdAt),
    spec: {
      suspend: false,
      siteRef: { name: 'ps1' },
      cmgRef: { name: 'granitefalls' },
      boundaryGroup: { name: 'Branch offices' },
      connection: 'Fast',
      deletionPolicy: 'Delete',
      ...spec,
    },
  };
}

function start(spec: Partial<BoundaryGroupReferenceSpec> = {}) {
  const live = memorySite();
  live.records = [serviceRecord(SERVICE_NAME), serviceRecord(OTHER_NAME, 2)];
  live.groups = [{ id: 7, name: 'Branch offices', preferCloudSources: false, members: [ON_PREMISES] }];
  const cluster: {
    cmgs: CMG[];
    goneCmgs: CMG[];
    references: BoundaryGroupReference[];
    sites: ReturnType<typeof reachedSite>[];
  } = {
    cmgs: [servingCmg(), servingCmg('other', OTHER_NAME)],
    // The cache still has them.
    goneCmgs: [],
    references: [],
    sites: [reachedSite()],
  };
  const rounds: Rounds<BoundaryGroupReference> = roundsOf(referenceObject(spec), (now) =>
    boundaryGroupReferenceProcedure({
      references: storeOf(() => [rounds?.object, ...cluster.references].filter((each) => each !== undefined), {
        [BY_GROUP]: groupsOf,
      }),
      cmgs: storeOf(() => [...cluster.cmgs, ...cluster.goneCmgs]),
      sites: storeOf(() => cluster.sites),
      live: { read: async (key) => cluster.cmgs.find(({ metadata }) => key.endsWith(`/${metadata.name}`)) },
      access: accessTo(live),
      now,
      intervalMs: 600_000,
    }),
  );
  const members = () => live.groups[0]?.members ?? [];
  return { live, cluster, rounds, members };
}

const OURS = { nalPath: serviceRecord(SERVICE_NAME).nalPath, connection: 'Fast' } as const;
const READY = { ReferencesResolved: 'True Succeeded', Associated: 'True Succeeded', Ready: 'True Succeeded' };

const respecified = (rounds: Rounds<BoundaryGroupReference>, spec: Partial<BoundaryGroupReferenceSpec>) => {
  rounds.object = { ...rounds.object, spec: { ...rounds.object.spec, ...spec } };
};

test.each([
  ['5.00.8700.1000', { ReferencesResolved: 'False SiteVersionTooOld', Stalled: 'True SiteVersionTooOld' }, []],
  ['5.00.8790.1000', READY, ['AddBoundaryGroupMember']],
])('a reference on a site of version %s', async (version, conditions, writes) => {
  const { live, cluster, rounds } = start();
  const site = reachedSite();
  cluster.sites = [{ ...site, status: { ...site.status, version } }];
  expect(await rounds.settle()).toMatchObject(conditions);
  expect(live.writes).toEqual(writes);
});

describe('a reference', () => {
  test('is added beside what is there, and read back', async () => {
    const { live, rounds, members } = start();
    expect(await rounds.settle()).toEqual(READY);
    expect(members()).toEqual([ON_PREMISES, OURS]);
    expect(live.writes).toEqual(['AddBoundaryGroupMember']);
    expect(rounds.object.status).toMatchObject({
      groupId: 7,
      groupName: 'Branch offices',
      members: [{ serviceName: SERVICE_NAME, adopted: false }],
    });
    expect(rounds.object.status?.preferCloudSourcesBefore).toBeUndefined();
    await rounds.settle();
    expect(live.writes).toHaveLength(1);
  });

  test('finds its group by id too, and by a name in other case', async () => {
    for (const boundaryGroup of [{ id: 7 }, { name: 'BRANCH offices' }]) {
      expect(await start({ boundaryGroup }).rounds.settle()).toEqual(READY);
    }
  });

  test('is set back to its connection, and what nobody declares is left alone', async () => {
    const { live, rounds, members } = start();
    await rounds.settle();
    live.groups = [
      { id: 7, name: 'Branch offices', preferCloudSources: true, members: [{ ...OURS, connection: 'Slow' }] },
    ];
    expect(await rounds.settle()).toEqual(READY);
    expect(members()).toEqual([OURS]);
    expect(live.groups[0]?.preferCloudSources).toBe(true);
  });

  test('sets the preference only where it is declared', async () => {
    const { live, rounds } = start({ preferCloudSources: true });
    expect(await rounds.settle()).toEqual(READY);
    expect(live.groups[0]?.preferCloudSources).toBe(true);
    expect(live.writes).toEqual(['AddBoundaryGroupMember', 'SetPreferCloudSources']);
    expect(rounds.object.status?.preferCloudSourcesBefore).toBe(false);
  });

  test('follows to another CMG: the new gateway is in the group before the old one leaves', async () => {
    const { live, rounds, members } = start();
    await rounds.settle();
    respecified(rounds, { cmgRef: { name: 'other' } });
    const remove = live.removeBoundaryGroupMember;
    live.removeBoundaryGroupMember = (target, options) => {
      expect(members().map(({ nalPath }) => nalPath)).toContain(serviceRecord(OTHER_NAME).nalPath);
      return remove(target, options);
    };
    expect(await rounds.settle()).toEqual(READY);
    expect(members().map(({ nalPath }) => nalPath)).toEqual([ON_PREMISES.nalPath, serviceRecord(OTHER_NAME).nalPath]);
    expect(rounds.object.status?.members).toMatchObject([{ serviceName: OTHER_NAME, adopted: false }]);
  });

  test('follows to another CMG, and leaves the gateway that was there before the operator', async () => {
    const { live, rounds, members } = start();
    live.groups[0]?.members.push(OURS);
    await rounds.settle();
    respecified(rounds, { cmgRef: { name: 'other' } });
    expect(await rounds.settle()).toEqual(READY);
    expect(members().map(({ nalPath }) => nalPath)).toEqual([
      ON_PREMISES.nalPath,
      OURS.nalPath,
      serviceRecord(OTHER_NAME).nalPath,
    ]);
  });

  test('is a manual step where the operator may not, and done when it reads back', async () => {
    const { live, rounds } = start();
    live.manual.add('AddBoundaryGroupMember');
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True ManualStepRequired' });
    expect(rounds.object.status?.manualSteps).toMatchObject([{ cmdlet: 'AddBoundaryGroupMember -Now' }]);
    live.groups[0]?.members.push(OURS);
    expect(await rounds.settle()).toEqual(READY);
    expect(rounds.object.status?.manualSteps).toEqual([]);
  });

  test('is not added for a CMG that is gone, and that the cache still has', async () => {
    const { live, cluster, rounds, members } = start();
    [cluster.cmgs, cluster.goneCmgs] = [[], cluster.cmgs];
    await rounds.settle();
    expect(members()).toEqual([ON_PREMISES]);
    expect(live.writes).toEqual([]);
    [cluster.cmgs, cluster.goneCmgs] = [cluster.goneCmgs, []];
    await rounds.settle();
    expect(live.writes).toEqual(['AddBoundaryGroupMember']);
  });

  test('waits for the record of its gateway', async () => {
    const { live, rounds } = start();
    live.records = [];
    expect(await rounds.settle()).toMatchObject({ Associated: 'False WaitingForGateway' });
    live.records = [serviceRecord(SERVICE_NAME)];
    expect(await rounds.settle()).toEqual(READY);
  });
});

test('a reference that is new under a suspended Site says so, and is not taken for done', async () => {
  const { live, cluster, rounds } = start();
  cluster.sites = [reachedSite('ps1', { suspend: true })];
  expect(await rounds.round()).toMatchObject({
    ReferencesResolved: 'Unknown SiteSuspended',
    Ready: 'Unknown SiteSuspended',
    Reconciling: 'True SiteSuspended',
  });
  expect(live.reads).toBe(0);
  const { status } = rounds.object;
  await rounds.round();
  expect(rounds.object.status).toBe(status);
  cluster.sites = [reachedSite()];
  expect(await rounds.settle()).toEqual(READY);
});

describe('a write that the site does not answer', () => {
  test('is tried again, and told in words that stay the same', async () => {
    const { live, rounds } = start();
    live.failures.set('AddBoundaryGroupMember', UNREACHABLE);
    expect(await rounds.settle()).toMatchObject({ Associated: 'False SiteUnreachable' });
    const first = rounds.message('Associated');
    expect(first).toContain('Adding the gateway granitefalls.contoso.com to the boundary group Branch offices failed');
    rounds.now += 60_000;
    await rounds.round();
    expect(rounds.message('Associated')).toBe(first);
    live.failures.clear();
    expect(await rounds.settle()).toEqual(READY);
  });
});

describe('a group', () => {
  test('that is missing is waited for, and one that disappears is asked for again', async () => {
    const { live, rounds, members } = start();
    const groups = live.groups;
    live.groups = [];
    expect(await rounds.settle()).toMatchObject({ ReferencesResolved: 'False BoundaryGroupNotFound' });
    expect(await rounds.settle()).not.toHaveProperty('Stalled');
    live.groups = groups;
    expect(await rounds.settle()).toEqual(READY);
    live.groups = [];
    expect(await rounds.settle()).toMatchObject({ ReferencesResolved: 'False BoundaryGroupNotFound' });
    live.groups = [{ id: 8, name: 'Branch offices', preferCloudSources: false, members: [] }];
    expect(await rounds.settle()).toEqual(READY);
    expect(members()).toEqual([OURS]);
    expect(rounds.object.status?.groupId).toBe(8);
  });

  test('that vanishes while it is changed is looked for again', async () => {
    const { live, rounds } = start();
    // What is there is noted first.
    await rounds.round();
    const read = live.boundaryGroups;
    let reads = 0;
    // There in the first look of a round, and gone in the second, before anything is written.
    live.boundaryGroups = (options) => {
      reads += 1;
      if (reads === 2) live.groups = [];
      return read(options);
    };
    await rounds.round();
    expect(rounds.message('ReferencesResolved')).toContain('Branch offices');
    expect(live.writes).toEqual([]);
    expect(rounds.againAfterMs).toBeLessThanOrEqual(60_000);
  });

  test('of a name that two have is not guessed', async () => {
    const { live, rounds } = start();
    live.groups.push({ id: 9, name: 'branch OFFICES', preferCloudSources: false, members: [] });
    expect(await rounds.settle()).toMatchObject({ ReferencesResolved: 'False BoundaryGroupNotFound' });
    expect(rounds.message('ReferencesResolved')).toContain('7, 9');
    expect(live.writes).toEqual([]);
  });
});

describe('two objects for one group', () => {
  const older = (spec: Partial<BoundaryGroupReferenceSpec>) => referenceObject(spec, 'older', Date.UTC(2025, 0, 1));

  test.each<[string, Partial<BoundaryGroupReferenceSpec>, Partial<BoundaryGroupReferenceSpec>]>([
    ['the same gateway', {}, { connection: 'Slow' }],
    ['another preference', { preferCloudSources: true }, { cmgRef: { name: 'other' }, preferCloudSources: false }],
  ])('%s: the older holds it until it goes', async (_what, own, others) => {
    const { live, cluster, rounds } = start(own);
    cluster.references = [older(others)];
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True Conflict' });
    expect(rounds.message('Ready')).toContain('gateways/older');
    expect(live.reads).toBe(0);
    cluster.references = [];
    expect(await rounds.settle()).toEqual(READY);
  });

  test.each<[string, Partial<BoundaryGroupReferenceSpec>, Partial<BoundaryGroupReferenceSpec>]>([
    [
      'gateways with one preference',
      { preferCloudSources: true },
      { cmgRef: { name: 'other' }, preferCloudSources: true },
    ],
    ['one that says nothing of it', { preferCloudSources: true }, { cmgRef: { name: 'other' } }],
    ['another group', {}, { boundaryGroup: { name: 'Head office' } }],
    ['another site', {}, { siteRef: { name: 'ps2' } }],
  ])('%s: both have their way', async (_what, own, others) => {
    const { cluster, rounds } = start(own);
    cluster.references = [older(others)];
    expect(await rounds.settle()).toEqual(READY);
  });

  test('are found to be for one group although one has its name and one its id', async () => {
    const { cluster, rounds } = start();
    cluster.references = [
      { ...older({ boundaryGroup: { id: 7 } }), status: { groupId: 7, groupName: 'Branch offices' } },
    ];
    expect(await rounds.settle()).toMatchObject({ Stalled: 'True Conflict' });
  });
});

describe('deletion', () => {
  async function gone(rounds: Rounds<BoundaryGroupReference>): Promise<void> {
    for (let left = 5; left > 0; left -= 1) {
      if ((await rounds.removal()) === 'Gone') return;
    }
    throw new Error(`It does not go: ${JSON.stringify(rounds.object.status)}`);
  }

  test('takes away what the operator added, and sets the preference back', async () => {
    const { live, rounds, members } = start({ preferCloudSources: true });
    await rounds.settle();
    await gone(rounds);
    expect(members()).toEqual([ON_PREMISES]);
    expect(live.groups[0]?.preferCloudSources).toBe(false);
  });

  test('finds the group by its id where it has another name by now, which takes nothing from what was recorded', async () => {
    const { live, rounds, members } = start({ preferCloudSources: true });
    await rounds.settle();
    live.groups = live.groups.map((group) => ({ ...group, name: 'Branches' }));
    expect(await rounds.settle()).toMatchObject({ ReferencesResolved: 'False BoundaryGroupNotFound' });
    await gone(rounds);
    expect(members()).toEqual([ON_PREMISES]);
    expect(live.groups[0]?.preferCloudSources).toBe(false);
  });

  test('keeps what was there before', async () => {
    const { live, rounds, members } = start({ preferCloudSources: true });
    live.groups = [{ id: 7, name: 'Branch offices', preferCloudSources: true, members: [OURS] }];
    await rounds.settle();
    expect(rounds.object.status?.members).toMatchObject([{ adopted: true }]);
    await gone(rounds);
    expect(members()).toEqual([OURS]);
    expect(live.groups[0]?.preferCloudSources).toBe(true);
    expect(live.writes).toEqual([]);
  });

  test('keeps a preference that somebody has changed since, and one that another object declares', async () => {
    const changed = start({ preferCloudSources: true });
    await changed.rounds.settle();
    changed.live.groups = changed.live.groups.map((group) => ({ ...group, preferCloudSources: false }));
    await gone(changed.rounds);
    expect(changed.live.writes.filter((write) => write === 'SetPreferCloudSources')).toHaveLength(1);
    const shared = start({ preferCloudSources: true });
    await shared.rounds.settle();
    shared.cluster.references = [referenceObject({ cmgRef: { name: 'other' }, preferCloudSources: true }, 'newer')];
    await gone(shared.rounds);
    expect(shared.live.groups[0]?.preferCloudSources).toBe(true);
    expect(shared.members()).toEqual([ON_PREMISES]);
  });

  test('leaves all as it is with Retain, and where another object takes over', async () => {
    const retained = start({ deletionPolicy: 'Retain' });
    await retained.rounds.settle();
    await gone(retained.rounds);
    const inherited = start();
    await inherited.rounds.settle();
    inherited.cluster.references = [referenceObject({}, 'heir')];
    await gone(inherited.rounds);
    expect([retained.members(), inherited.members()]).toEqual([
      [ON_PREMISES, OURS],
      [ON_PREMISES, OURS],
    ]);
  });

  test('sets the preference back where the object that takes over declares none', async () => {
    const { live, cluster, rounds, members } = start({ preferCloudSources: true });
    await rounds.settle();
    cluster.references = [referenceObject({}, 'heir')];
    await gone(rounds);
    expect(live.groups[0]?.preferCloudSources).toBe(false);
    expect(members()).toEqual([ON_PREMISES, OURS]);
  });

  test('waits for a Site that is suspended, and says so', async () => {
    const { live, cluster, rounds, members } = start();
    await rounds.settle();
    cluster.sites = [reachedSite('ps1', { suspend: true })];
    rounds.now += 2 * 3_600_000;
    const reads = live.reads;
    expect(await rounds.removal()).toBe('Remaining');
    expect(rounds.message('Associated')).toContain('The Site ps1 is suspended');
    expect(live.reads).toBe(reads);
    cluster.sites = [reachedSite()];
    await gone(rounds);
    expect(members()).toEqual([ON_PREMISES]);
  });

  test('waits for a site that does not answer, for an hour, and then tells what is left', async () => {
    const { live, rounds } = start();
    await rounds.settle();
    live.failures.set('ReadBoundaryGroups', UNREACHABLE);
    expect(await rounds.removal()).toBe('Remaining');
    rounds.now += 3_600_000;
    expect(await rounds.removal()).toBe('Gone');
    expect(rounds.happenings.join()).toContain('left as it is');
  });

  test('of a half-done removal goes on where it was', async () => {
    const { live, rounds, members } = start({ preferCloudSources: true });
    await rounds.settle();
    live.failures.set('SetPreferCloudSources', UNREACHABLE);
    await rounds.removal();
    await rounds.removal();
    await rounds.removal();
    expect(members()).toEqual([ON_PREMISES]);
    live.failures.clear();
    await gone(rounds);
    expect(live.groups[0]?.preferCloudSources).toBe(false);
  });
});

describe('a CMG that is being deleted', () => {
  test('leaves its groups before it goes, also where it was there before the operator', async () => {
    const { live, cluster, rounds, members } = start();
    live.groups[0]?.members.push(OURS);
    await rounds.settle();
    cluster.cmgs = [deletedCmg()];
    expect(await rounds.settle()).toEqual(READY);
    expect(members()).toEqual([ON_PREMISES, OURS]);
    cluster.cmgs = [leavingCmg()];
    await rounds.settle();
    expect(members()).toEqual([ON_PREMISES]);
    expect(rounds.object.status?.members).toEqual([]);
  });

  test.each<Partial<CMG['spec']>>([{ deletionPolicy: 'Retain' }, { deletionProtection: true }])(
    'and whose gateway stays in Azure (%o) stays in its groups',
    async (spec) => {
      const { cluster, rounds, members } = start();
      await rounds.settle();
      cluster.cmgs = [deletedCmg(servingCmg(), spec)];
      expect(await rounds.settle()).toEqual(READY);
      expect(members()).toEqual([ON_PREMISES, OURS]);
    },
  );

  test('and whose reference is deleted with it stays in its groups until the gateway leaves', async () => {
    const { live, cluster, rounds, members } = start();
    await rounds.settle();
    cluster.cmgs = [deletedCmg()];
    expect(await rounds.removal()).toBe('Remaining');
    expect(rounds.message('Associated')).toContain('has not begun to leave the site');
    live.failures.set('ReadBoundaryGroups', UNREACHABLE);
    rounds.now += 26 * 3_600_000;
    expect(await rounds.removal()).toBe('Remaining');
    live.failures.clear();
    expect(members()).toEqual([ON_PREMISES, OURS]);
    cluster.cmgs = [leavingCmg(servingCmg(), rounds.now)];
    await rounds.removal();
    expect(members()).toEqual([ON_PREMISES]);
  });
});
