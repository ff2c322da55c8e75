import { describe, expect, it, test } from 'vitest';
import type { ManagedCmg } from '../../src/controllers/cmg/managed-cmg.ts';
import { cmgOfDeployment } from '../../src/controllers/cmg/redeployment/deployment-scope.ts';
import { servingCmg } from '../../src/controllers/site/site.test-world.ts';
import { DAY } from '../../src/redeployment/instant.ts';
import type { LiveFacts, Observed } from '../../src/redeployment/observed.ts';
import type { DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import {
  asItIs,
  BOTH_SERVE,
  type Change,
  DRAINING,
  edited,
  idsOf,
  phasesOf,
  planIn,
  planWithLive,
  READY,
  recorded,
  seen,
  withConsents,
  withSite,
  worldWith,
} from './planned-world.ts';
import { cmgAt, SETTLED, type World, withCmg } from './world.ts';

// What the design says with "never", "only" or "any doubt" in rules 6 to 11, of the client gate and of other provisioners, by
// its words.

describe('"delete first … allowed only with a carrier claim or the annotation, and only after the whole preflight"', () => {
  const SAME_NAME = worldWith('settled, after edit, same prefix of 0', 'Active');
  const claimed: World = { ...SAME_NAME, claim: { claimant: 'contoso/one', carrier: 'contoso/two' } };
  const announced = (world: World, change: Change = asItIs) => planIn(world, change).records.deployments[0]?.announced;
  const word: Change = (observed) =>
    withConsents({ ...observed, carriers: [] }, [{ kind: 'AllowClientOutage', deployment: 'd1' }]);
  const looked = withCmg(SAME_NAME, 0, { records: planIn(SAME_NAME).records });

  it('with a claim, or with a word', () => {
    expect(announced(claimed)).toBe('DeleteFirst');
    expect(announced(looked, word)).toBe('DeleteFirst');
  });

  const refused: readonly (readonly [string, World, Change])[] = [
    ['without either', looked, (observed) => ({ ...observed, carriers: [] })],
    [
      'with a claim of another CMG',
      { ...claimed, claim: { claimant: 'contoso/three', carrier: 'contoso/two' } },
      asItIs,
    ],
    ['with a claim whose carrier has gone', claimed, (observed) => ({ ...observed, carriers: [] })],
    ['with a word that came with the change', SAME_NAME, word],
    [
      'with a word for another deployment',
      looked,
      (observed) => withConsents({ ...observed, carriers: [] }, [{ kind: 'AllowClientOutage', deployment: 'd9' }]),
    ],
    [
      'before the whole preflight has passed',
      claimed,
      (observed) => ({ ...observed, preflight: { passed: true, wholePassed: false } }),
    ],
  ];

  test.each(refused)('not %s', (_what, world, change) => {
    expect(announced(world, change)).toBeUndefined();
  });

  const unfit: readonly (readonly [string, Partial<Observed['carriers'][number]>])[] = [
    ['is not Ready', { ready: false }],
    ['is stopped', { running: false }],
    ['has a generation that nobody observed', { current: false }],
    ['is redeploying', { redeploying: true }],
    ['has been advertised for less than its wait', { advertisedFor: DAY - 1 }],
    ['has clients that do not know it', { gateOpen: false }],
  ];

  test.each(unfit)('not behind a carrier that %s', (_what, change) => {
    const carriers: Change = (observed) => ({
      ...observed,
      carriers: observed.carriers.map((each) => ({ ...each, ...change })),
    });
    expect(announced(claimed, carriers)).toBeUndefined();
  });

  it('"checked again in the reconcile that deletes": it stays when nobody carries its clients any more', () => {
    const begun = withCmg(claimed, 0, {
      records: recorded(cmgAt(claimed, 0).records, 'd1', { stage: { phase: 'Deleting', because: 'DeleteFirst' } }),
    });
    const taken = ({ actions }: ReturnType<typeof planIn>) =>
      actions.filter(({ kind }) => kind === 'Delete' || kind === 'LeaveGroup' || kind === 'UnlinkPoint');
    expect(taken(planIn(begun)).length).toBeGreaterThan(0);
    const alone = planIn(begun, (observed) => ({ ...observed, carriers: [] }));
    expect(taken(alone)).toEqual([]);
    expect(phasesOf(alone.records)).toEqual(['Active']);
  });
});

describe('"while held, the carrier’s deletion, stop, auto-stop and redeployment wait (CarriesClientsOf)"', () => {
  const carrying: World = { ...SETTLED, claim: { claimant: 'contoso/two', carrier: 'contoso/one' } };
  const changes: readonly (readonly [string, World])[] = [
    ['deletion', edited(carrying, { deletion: true })],
    ['deletion that retains its gateways', edited(carrying, { deletion: true, retain: true })],
    ['stop', edited(carrying, { stopped: true })],
    ['redeployment', edited(carrying, { wish: 1 })],
  ];

  test.each(changes)('%s', (_what, world) => {
    const { actions, records, conditions } = planIn(world);
    expect(actions.filter(({ kind }) => kind !== 'Maintain')).toEqual([]);
    expect(phasesOf(records)).toEqual(['Active']);
    expect(conditions.map(({ reason }) => reason)).toContain('CarriesClientsOf');
    // The claim is all that is in the way.
    const free = planIn({ ...world, claim: undefined });
    expect([free.actions, idsOf(free.records)]).not.toEqual([actions, idsOf(records)]);
  });
});

describe('"One difference or failure: no action"', () => {
  const taken = (live: (facts: LiveFacts) => LiveFacts | 'Failed') =>
    planWithLive(DRAINING, live).actions.filter(({ kind }) => kind === 'LeaveGroup' || kind === 'ReadLive');

  it('acts when there is none', () => {
    expect(taken((facts) => facts)).toEqual([{ kind: 'LeaveGroup', group: 'group', deployment: 'd1' }]);
  });

  const [mark] = cmgAt(DRAINING, 0).gateways.map((each) => each.mark);
  const differences: readonly (readonly [string, (facts: LiveFacts) => LiveFacts | 'Failed'])[] = [
    ['the CMG is another one', (facts) => ({ ...facts, sameObject: false })],
    ['the generation is another one', (facts) => ({ ...facts, generation: facts.generation + 1 })],
    [
      'an annotation is another one',
      (facts) => ({ ...facts, consents: [{ kind: 'ConfirmRetire', deployment: 'd1' }] }),
    ],
    ['a tag is lost', (facts) => ({ ...facts, marks: new Map([...facts.marks, ['d1', { kind: 'Lost' }]]) })],
    ['a tag cannot be read', (facts) => ({ ...facts, marks: new Map([...facts.marks, ['d2', { kind: 'Unknown' }]]) })],
    [
      'a tag says otherwise',
      (facts) => ({
        ...facts,
        marks: mark === undefined ? facts.marks : new Map([...facts.marks, ['d2', { kind: 'Read', mark }]]),
      }),
    ],
    ['the site does not answer', (facts) => ({ ...facts, site: { kind: 'Unreachable' } })],
    [
      'a point is linked elsewhere',
      (facts) =>
        facts.site.kind === 'Read' ? { ...facts, site: { ...facts.site, points: facts.site.points.slice(1) } } : facts,
    ],
    [
      'a group has another member',
      (facts) =>
        facts.site.kind === 'Read'
          ? { ...facts, site: { ...facts.site, groups: [{ name: 'group', members: ['x.contoso.com'] }] } }
          : facts,
    ],
    ['a claim is there', (facts) => ({ ...facts, claim: { claimant: 'contoso/two', carrier: 'contoso/one' } })],
    ['a carrier is fit no longer', (facts) => ({ ...facts, carriers: [] })],
    ['something could not be read', () => 'Failed'],
  ];

  test.each(differences)('when %s', (_what, live) => {
    expect(taken(live)).toEqual([]);
  });

  it('when a tag could not be read either time', () => {
    const { actions } = planIn(DRAINING, seen('d2', { mark: { kind: 'Unknown' } }));
    expect(actions.filter(({ kind }) => kind === 'LeaveGroup')).toEqual([]);
  });

  it('before it has been read live', () => {
    const unread: Change = ({ live: _live, ...observed }) => observed;
    expect(planIn(DRAINING, unread).actions.map(({ kind }) => kind)).toContain('ReadLive');
    expect(planIn(DRAINING, unread).actions.map(({ kind }) => kind)).not.toContain('LeaveGroup');
  });
});

describe('"A deployment that is not wanted is never shrunk and never rolled"', () => {
  it('is kept as it serves, and only the wanted one is made what the spec says', () => {
    const maintained = planIn(BOTH_SERVE).actions.filter(({ kind }) => kind === 'Maintain');
    expect(maintained).toEqual([
      { kind: 'Maintain', deployment: 'd1', manner: 'KeepServing' },
      { kind: 'Maintain', deployment: 'd2', manner: 'AsDeclared' },
    ]);
  });

  it('"it gets a renewed certificate only from its recorded Secret", and has as many VMs as it had', () => {
    const cmg = servingCmg() as ManagedCmg;
    const [deployment] = cmg.status?.deployments ?? [];
    if (deployment === undefined) throw new Error('The CMG has no deployment.');
    const recordedSecret = { ...cmg.spec.serverCertificate, secretRef: { name: 'of-that-time' } };
    const kept = { ...deployment, serverCertificate: recordedSecret, instances: { wanted: 3, ready: 3, serving: 3 } };
    const asked = { ...cmg, spec: { ...cmg.spec, vm: { ...cmg.spec.vm, instances: 1 } } };
    const scope = (upkeep: 'KeepServing' | 'AsDeclared') => {
      const { serverCertificate, vm } = cmgOfDeployment(asked, kept, { upkeep, sharesGroup: false }).spec;
      return [serverCertificate.secretRef.name, vm.instances];
    };
    expect(scope('KeepServing')).toEqual(['of-that-time', 3]);
    expect(scope('AsDeclared')).toEqual([cmg.spec.serverCertificate.secretRef.name, 1]);
  });
});

describe('"If its scale set or group is gone, it counts as gone … no wait shortens"', () => {
  it('the old one goes when it is gone, and the wait for the new one stays what it is', () => {
    const run = (records: Records) => records.deployments.find(({ id }) => id === 'd2')?.run?.since;
    const { records } = planIn(BOTH_SERVE, seen('d1', { azure: 'Partial', instancesServe: 'No' }));
    expect(records.deployments[0]?.announced).toBe('Gone');
    expect(run(records)).toBe(run(cmgAt(BOTH_SERVE, 0).records));
  });

  it('nothing goes while the clocks disagree', () => {
    const gone = seen('d1', { azure: 'Partial', instancesServe: 'No' });
    const { records } = planIn(BOTH_SERVE, (observed) => gone({ ...observed, localTime: 0 }));
    expect(records.deployments[0]?.announced).toBeUndefined();
  });
});

describe('"Deletion of the CMG: never-served ones first"', () => {
  const BUILT = worldWith('settled, after edit of 0', 'Active', 'Provisioning');

  it('and the others only when those are gone', () => {
    const deleted = edited(BUILT, { deletion: true });
    const first = planIn(deleted, seen('d2', { azure: 'Partial' })).records;
    expect(phasesOf(first)).toEqual(['Active', 'Deleting']);
    const left = { ...first, deployments: first.deployments.filter(({ id }) => id !== 'd2') };
    expect(phasesOf(planIn(deleted, asItIs, left).records)).toEqual(['Deleting']);
  });

  it('"Any doubt is yes": one whose tags cannot be read is none of the first, and does not go unseen', () => {
    const deleted = edited(BUILT, { deletion: true });
    const doubtful = planIn(deleted, seen('d2', { azure: 'Unknown', mark: { kind: 'Unknown' } }));
    expect(phasesOf(doubtful.records)).toEqual(['Active', 'Provisioning']);
    expect(doubtful.actions).toEqual([]);
  });

  it('what has lost its tags does not begin to go, and the others do', () => {
    const lost = planIn(edited(READY, { deletion: true }), seen('d1', { mark: { kind: 'Lost' } }));
    expect(phasesOf(lost.records)).toEqual(['Superseded', 'Deleting']);
    expect(lost.records.leavingSince).toBeUndefined();
  });

  test.each([
    ['"With deletionProtection: true … the operator acts as Retain"', { retain: true }],
    ['"managementPolicy: Observe reports and writes nothing"', { onlyObserved: true }],
  ])('%s: both gateways are left', (_what, change) => {
    const deleted = edited(READY, { deletion: true, ...change });
    const { actions, records } = planIn(deleted);
    expect(actions).toEqual([{ kind: 'ReleaseFinalizer' }]);
    expect(phasesOf(records)).toEqual(['Superseded', 'Active']);
  });
});

describe('"Lost or contradictory state never shortens a wait and never enables rule 2"', () => {
  const lost: Records = { deployments: [], lapsed: [] };

  it('begins the wait anew when the status is lost', () => {
    const { records } = planIn(READY, asItIs, lost);
    expect(idsOf(records)).toEqual(['d1', 'd2']);
    const since = records.deployments.map(({ run }) => run?.since);
    expect(since).not.toContain(cmgAt(READY, 0).records.deployments[1]?.run?.since);
    expect(phasesOf(records)).not.toContain('Draining');
  });

  it('deletes nothing when the status is lost and what is wanted has changed', () => {
    const { records } = planIn(edited(READY, { wish: 2 }), asItIs, lost);
    expect(idsOf(records)).toEqual(expect.arrayContaining(['d1', 'd2']));
    expect(phasesOf(records)).not.toContain('Deleting');
  });

  it('counts no consent when it does not know what was wanted before', () => {
    const withWord: Change = (observed) => ({
      ...observed,
      consents: [{ kind: 'AllowClientOutage', deployment: 'd1' }],
    });
    expect(planIn(READY, withWord, lost).records.lapsed).toEqual([{ kind: 'AllowClientOutage', deployment: 'd1' }]);
  });

  it('"until then it is neither changed nor deleted", when the tags of a known record are lost', () => {
    const { records } = cmgAt(READY, 0);
    const stages: readonly DeploymentRecord['stage'][] = [
      { phase: 'Active' },
      { phase: 'Superseded' },
      { phase: 'Deleting', because: 'Retired' },
    ];
    const touched = stages.flatMap((stage) => {
      const planned = planIn(READY, seen('d1', { mark: { kind: 'Lost' } }), recorded(records, 'd1', { stage }));
      expect(planned.conditions.map(({ reason }) => reason)).toContain('OwnershipLost');
      expect(planned.records.deployments[0]?.stage).toEqual(stage);
      return planned.actions.filter(
        (action) =>
          (action.kind === 'Maintain' || action.kind === 'Delete' || action.kind === 'Stop') &&
          action.deployment === 'd1',
      );
    });
    expect(touched).toEqual([]);
  });

  it('"taken up as a deployment, served as its tag says": any doubt is yes', () => {
    const taken = (served: 'Yes' | 'No', azure: 'Whole' | 'Unknown' = 'Whole') =>
      planIn(
        READY,
        (observed) => ({
          ...observed,
          site: { kind: 'None' },
          deployments: observed.deployments.map((each) => ({
            ...each,
            azure,
            instancesServe: 'No',
            mark: each.mark.kind === 'Read' ? { kind: 'Read', mark: { ...each.mark.mark, served } } : each.mark,
          })),
        }),
        lost,
      ).records.deployments.map((each) => each.served);
    expect(taken('Yes')).toEqual(['Yes', 'Yes']);
    expect(taken('No')).toEqual(['No', 'No']);
    // Nobody has looked at it yet, and its tags may be older than its first client.
    expect(taken('No', 'Unknown')).toEqual(['Yes', 'Yes']);
  });
});

describe('the client gate', () => {
  const passes =
    (devices: number, eligible: number): Change =>
    (observed) => ({
      ...observed,
      clientPasses: observed.clientPasses.map((pass) => {
        const counts = { eligible, refreshed: 0 };
        return { ...pass, devices, asUtc: counts, anyZone: counts };
      }),
    });
  const none = recorded(cmgAt(READY, 0).records, 'd1', {});

  it('"eligible = 0 only if devices are visible at all"', () => {
    expect(phasesOf(planIn(READY, passes(100, 0), none).records)).toEqual(['Draining', 'Active']);
    const empty = { ...none, devicesAtBeginning: 0 };
    expect(phasesOf(planIn(READY, passes(0, 0), empty).records)).toEqual(['Superseded', 'Active']);
  });

  it('"visible devices ≥ 90 % of the count when the redeployment began"', () => {
    expect(phasesOf(planIn(READY, passes(90, 0), none).records)).toEqual(['Draining', 'Active']);
    const { records, conditions } = planIn(READY, passes(89, 0), none);
    expect(phasesOf(records)).toEqual(['Superseded', 'Active']);
    expect(conditions.map(({ reason }) => reason)).toEqual(['FewerDevicesVisible']);
  });

  it('"evidence: TimeOnly is needed to retire without a Site"', () => {
    const alone = (evidence: 'Site' | 'TimeOnly') => {
      const terms = { ...cmgAt(READY, 0).terms, evidence };
      return planIn(withCmg(READY, 0, { hasSite: false, terms }));
    };
    expect(phasesOf(alone('Site').records)).toEqual(['Superseded', 'Active']);
    expect(alone('Site').conditions.map(({ reason }) => reason)).toEqual(['NoClientEvidence']);
    expect(phasesOf(alone('TimeOnly').records)).toEqual(['Draining', 'Active']);
  });
});

describe('"a deployment without our mark is never deleted by us in Azure"', () => {
  it('asks the site, where the site made it', () => {
    const { records } = cmgAt(READY, 0);
    const [first, second] = records.deployments;
    if (first === undefined || second === undefined) throw new Error('The world has no two deployments.');
    const doomed: DeploymentRecord = {
      ...first,
      identity: { ...first.identity, provisioner: 'Site' },
      stage: { phase: 'Deleting', because: 'Retired' },
    };
    const away = withSite((site) => ({
      ...site,
      points: site.points.filter(({ linkedTo }) => linkedTo !== 'x.contoso.com'),
      groups: [{ name: 'group', members: ['y.contoso.com'] }],
    }));
    const { actions } = planIn(READY, away, { ...records, deployments: [doomed, second] });
    expect(actions.filter(({ kind }) => kind === 'Delete')).toEqual([{ kind: 'Delete', deployment: 'd1', by: 'Site' }]);
  });

  it('"and the planner waits for gone"', () => {
    const { records } = cmgAt(READY, 0);
    const doomed = recorded(records, 'd1', { stage: { phase: 'Deleting', because: 'Retired' } });
    const away = withSite((site) => ({
      ...site,
      points: site.points.filter(({ linkedTo }) => linkedTo !== 'x.contoso.com'),
      groups: [{ name: 'group', members: ['y.contoso.com'] }],
    }));
    const left = (azure: 'Whole' | 'Partial' | 'Unknown' | 'Absent') =>
      idsOf(planIn(READY, (observed) => seen('d1', { azure })(away(observed)), doomed).records);
    expect([left('Whole'), left('Partial'), left('Unknown')]).toEqual([
      ['d1', 'd2'],
      ['d1', 'd2'],
      ['d1', 'd2'],
    ]);
    expect(left('Absent')).toEqual(['d2']);
  });
});

test('"no write anywhere" follows from a state that is as it should be', () => {
  const { records, actions, conditions } = planIn(SETTLED);
  expect(actions).toEqual([{ kind: 'Maintain', deployment: 'd1', manner: 'AsDeclared' }]);
  expect(records).toBe(cmgAt(SETTLED, 0).records);
  expect(conditions).toEqual([]);
});
