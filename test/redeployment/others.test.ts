import { describe, expect, it, test } from 'vitest';
import type { Action } from '../../src/redeployment/action.ts';
import type { ObservedDeployment } from '../../src/redeployment/observed.ts';
import { type Plan, plan } from '../../src/redeployment/planner.ts';
import type { Stage } from '../../src/redeployment/record.ts';
import { dateOf, observe, readLive, wishOf } from './observation.ts';
import { alongTheWay } from './scopes.ts';
import { type ChangeOfSight, type Planned, planWithSiteMade, seenAs } from './site-made.ts';
import { cmgAt, SETTLED, type World, withCmg } from './world.ts';

/** The first gateway of the first CMG, which the site made in these tests. */
const THEIRS = 'd1';

/** A plan for the first CMG in this world, were its first gateway the site's, and the spec had the operator make it. */
function planFor(world: World, planned: Planned = {}): Plan {
  return planWithSiteMade(world, { theirs: THEIRS, provisioner: 'Operator' }, planned);
}

function withTheirs(change: Partial<ObservedDeployment>, id = THEIRS): ChangeOfSight {
  return seenAs(id, change);
}

/** The worlds after a change to another name in which the first gateway is in this phase, with their names. */
function worldsIn(phase: Stage['phase']): readonly (readonly [string, World])[] {
  return [...alongTheWay()].filter(([name, world]) => {
    const found = cmgAt(world, 0).records.deployments.find(({ id }) => id === THEIRS);
    return name.endsWith('after edit of 0') && found?.stage.phase === phase;
  });
}

const onAzure = ({ kind }: Action) => kind === 'Maintain' || kind === 'Start' || kind === 'Stop';
const onSite = ({ kind }: Action) =>
  kind === 'LinkPoint' || kind === 'UnlinkPoint' || kind === 'JoinGroup' || kind === 'LeaveGroup';
const stageOf = ({ records }: Pick<Plan, 'records'>) => records.deployments.find(({ id }) => id === THEIRS)?.stage;
const askedFor = ({ actions }: Plan) => actions.filter(({ kind }) => kind === 'Delete');
const reasonsOf = ({ conditions }: Plan) => conditions.map(({ reason }) => reason);
const BY_SITE = [{ kind: 'Delete', deployment: THEIRS, by: 'Site' }];

/** The first in which it has nothing to hand over any more, and has not been stopped. */
const DRAINED: World = (() => {
  for (const [, world] of worldsIn('Draining')) {
    const { group, gateways } = cmgAt(world, 0);
    const isLinked = world.points.some(({ linkedTo }) => linkedTo === 'x.contoso.com');
    const theirs = gateways.find(({ id }) => id === THEIRS);
    if (!isLinked && !group.includes('x.contoso.com') && theirs?.running === true) return world;
  }
  throw new Error('No world has a gateway that has drained.');
})();

describe('a gateway that the site made', () => {
  it('is never written to in Azure, wherever a redeployment is', () => {
    const worlds = [...alongTheWay().values()].filter((world) =>
      cmgAt(world, 0).records.deployments.some(({ id }) => id === THEIRS),
    );
    expect(worlds.length).toBeGreaterThan(50);
    for (const world of worlds) {
      for (const power of [world, withCmg(world, 0, { stopped: true })]) {
        const { actions } = planFor(power);
        const written = actions.filter(
          (action) =>
            'deployment' in action &&
            action.deployment === THEIRS &&
            (onAzure(action) || (action.kind === 'Delete' && action.by === 'Azure')),
        );
        expect(written).toEqual([]);
      }
    }
  });

  it('gives and gets points and groups as any other', () => {
    const phases = ['Active', 'Superseded', 'Draining'] as const;
    const worlds = phases.flatMap(worldsIn);
    const moved = worlds.filter(([name, world]) => {
      const own = plan(
        wishOf(world, 0),
        cmgAt(world, 0).records,
        { ...observe(world, 0), live: readLive(world, 0) },
        dateOf(world),
      );
      const theirs = planFor(world);
      expect([name, theirs.actions.filter(onSite)]).toEqual([name, own.actions.filter(onSite)]);
      return theirs.actions.some(onSite);
    });
    expect(moved.length).toBeGreaterThan(3);
  });

  it('has served, whatever is remembered of it', () => {
    const { records } = cmgAt(SETTLED, 0);
    const deployments = records.deployments.map((record) => ({ ...record, served: 'No' as const }));
    expect(planFor(SETTLED, { records: { ...records, deployments } }).records.deployments[0]?.served).toBe('Yes');
  });

  it('is not what the spec asks for, so that another one is made', () => {
    const planned = planFor(SETTLED, { change: (observed) => ({ ...observed, carriers: [] }) });
    expect(stageOf(planned)).toEqual({ phase: 'Active' });
    expect(reasonsOf(planned)).toEqual(['NoOtherActiveCMG']);
  });

  it('stays when the CMG is deleted, if it was there before the CMG asked for any', () => {
    const { records } = cmgAt(DRAINED, 0);
    const deployments = records.deployments.map((each) => (each.id === THEIRS ? { ...each, wantedOrder: 0 } : each));
    const deleted = planFor(withCmg(DRAINED, 0, { deletion: true }), { records: { ...records, deployments } });
    expect(stageOf(deleted)).toEqual(stageOf({ records }));
    expect(askedFor(deleted).filter((action) => 'deployment' in action && action.deployment === THEIRS)).toEqual([]);
  });

  it('is deleted with the CMG by a person, if the CMG has asked for it', () => {
    const deleted = withCmg(DRAINED, 0, { deletion: true });
    const planned = planFor(deleted);
    expect(stageOf(planned)).toEqual({ phase: 'Deleting', because: 'CmgDeleted' });
    expect(planned.actions).toEqual(expect.arrayContaining(BY_SITE));
    expect(reasonsOf(planned)).toContain('ManualDeletionRequired');
    const gone = withTheirs({ azure: 'Absent', mark: { kind: 'None' }, siteRecord: 'No' });
    const { records } = planFor(deleted, { records: planned.records, change: gone });
    expect(records.deployments.map(({ id }) => id)).toEqual(['d2']);
    const retained = planFor(withCmg(deleted, 0, { retain: true }));
    expect([stageOf(retained), askedFor(retained)]).toEqual([stageOf(cmgAt(deleted, 0)), []]);
  });
});

describe('its deletion by a person', () => {
  it('is asked for when it has drained, without a stop, as long as it is there', () => {
    const planned = planFor(DRAINED);
    expect(askedFor(planned)).toEqual(BY_SITE);
    expect(reasonsOf(planned)).toEqual(['ManualDeletionRequired']);
    expect(stageOf(planned)?.phase).toBe('Draining');
    const { records } = planned;
    expect(planFor(DRAINED, { records }).records.deployments[0]?.announced).toBeUndefined();
  });

  it('is not asked for before it has drained', () => {
    const others = [...worldsIn('Active'), ...worldsIn('Superseded')];
    expect(others.flatMap(([, world]) => askedFor(planFor(world)))).toEqual([]);
  });

  it.each<[string, Planned, string]>([
    ['its successor is lost', { change: withTheirs({ resolves: 'No' }, 'd2') }, 'SuccessorLost'],
    [
      'the certificate cannot be read',
      { change: (seen) => ({ ...seen, certificateReadable: false }) },
      'CertificateUnreadable',
    ],
    ['the site does not answer', { change: (seen) => ({ ...seen, site: { kind: 'Unreachable' } }) }, 'SiteUnreachable'],
    ['Azure does not show it', { change: withTheirs({ azure: 'Unknown', mark: { kind: 'Unknown' } }) }, 'Draining'],
  ])('is not asked for while %s', (_what, planned, reason) => {
    const made = planFor(DRAINED, planned);
    expect(askedFor(made)).toEqual([]);
    expect(reasonsOf(made)).toContain(reason);
    expect(reasonsOf(made)).not.toContain('ManualDeletionRequired');
  });

  it('is not asked for on facts that are not so any more', () => {
    expect(askedFor(planFor(DRAINED, { differs: true }))).toEqual([]);
  });

  it('is asked for where its names are needed, by a person’s word and while the new one could be built at once', () => {
    const consented = withCmg(SETTLED, 0, { consents: [{ kind: 'AllowClientOutage', deployment: THEIRS }] });
    const { records } = planFor(SETTLED);
    const planned = planFor(consented, { records });
    expect(askedFor(planned)).toEqual(BY_SITE);
    expect(reasonsOf(planned)).toEqual(['ManualDeletionRequired', 'WaitingForNames']);
    expect(stageOf(planned)).toEqual({ phase: 'Active' });
    expect(planned.actions.filter(onSite)).toEqual([]);
    expect(askedFor(planFor(withCmg(consented, 0, { quota: false }), { records }))).toEqual([]);
  });

  it('is asked for by a person’s word also when its names are needed again while it hands over, and its successor is lost', () => {
    const change = withTheirs({ resolves: 'No' }, 'd2');
    const again = withCmg(DRAINED, 0, { wish: 2 });
    const { records } = planFor(again, { change });
    expect(askedFor(planFor(again, { change, records }))).toEqual([]);
    const consented = withCmg(again, 0, { consents: [{ kind: 'AllowClientOutage', deployment: THEIRS }] });
    expect(askedFor(planFor(consented, { change, records }))).toEqual(BY_SITE);
  });
});

describe('once it is gone', () => {
  const gone = withTheirs({ azure: 'Absent', mark: { kind: 'None' }, siteRecord: 'No' });

  it('it is forgotten, after one round in which that is said', () => {
    const announced = planFor(DRAINED, { change: gone });
    expect(announced.records.deployments[0]?.announced).toBe('Gone');
    expect(announced.conditions[0]?.message).toContain('is gone');
    const forgotten = planFor(DRAINED, { change: gone, records: announced.records });
    expect(forgotten.records.deployments.map(({ id }) => id)).toEqual(['d2']);
  });

  const half = withTheirs({ azure: 'Partial', mark: { kind: 'Others' }, siteRecord: 'Yes' });
  const leaving = withTheirs({ azure: 'Partial', mark: { kind: 'Others' }, siteRecord: 'No' });

  test('but for the site’s record, that is still to be deleted', () => {
    const announced = planFor(DRAINED, { change: half });
    const planned = planFor(DRAINED, { change: half, records: announced.records });
    expect(stageOf(planned)).toEqual({ phase: 'Deleting', because: 'Gone' });
    expect(askedFor(planned)).toEqual(BY_SITE);
    expect(reasonsOf(planned)).toEqual(['ManualDeletionRequired']);
    const { records } = planned;
    expect(reasonsOf(planFor(DRAINED, { change: leaving, records }))).toEqual(['DeletingDeployment']);
    expect(askedFor(planFor(DRAINED, { change: leaving, records }))).toEqual([]);
  });

  test('and it is back after all, it is there as before', () => {
    const announced = planFor(DRAINED, { change: half });
    const { records } = planFor(DRAINED, { change: half, records: announced.records });
    expect(stageOf(planFor(DRAINED, { records }))).toEqual({ phase: 'Active' });
  });
});
