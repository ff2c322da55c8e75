import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/redeployment/action.ts';
import { type Plan, plan } from '../../src/redeployment/planner.ts';
import type { Records } from '../../src/redeployment/record.ts';
import { dateOf, observe, readLive, wishOf } from './observation.ts';
import { alongTheWay } from './scopes.ts';
import { type Planned, planWithSiteMade, seenAs } from './site-made.ts';
import { cmgAt, SETTLED, type World, withCmg } from './world.ts';

/** The second gateway of the first CMG, which takes the place of the operator's, and which the spec has the site make. */
const ASKED = 'd2';
const OWN = 'd1';

const planFor = (world: World, planned: Planned = {}): Plan =>
  planWithSiteMade(world, { theirs: ASKED, provisioner: 'Site' }, planned);

/** The worlds in which the second gateway is recorded, after a change to another name. */
const WORLDS = [...alongTheWay()].filter(
  ([name, world]) =>
    name.endsWith('after edit of 0') && cmgAt(world, 0).records.deployments.some(({ id }) => id === ASKED),
);

const unmade = seenAs(ASKED, { azure: 'Absent', mark: { kind: 'None' }, running: 'No', siteRecord: 'No' });
const ASK = [{ kind: 'AskForCreation', deployment: ASKED }];
const about =
  (id: string) =>
  (action: Action): boolean =>
    'deployment' in action && action.deployment === id;
const inAzure = ({ kind }: Action) => kind === 'Maintain' || kind === 'Start' || kind === 'Stop' || kind === 'Delete';
const onSite = ({ kind }: Action) =>
  kind === 'LinkPoint' || kind === 'UnlinkPoint' || kind === 'JoinGroup' || kind === 'LeaveGroup';
const recordIn = ({ deployments }: Records, id = ASKED) => deployments.find((each) => each.id === id);

/** The first world with the record of it, in which nothing of it has been made. */
const RECORDED: World = (() => {
  const [first] = WORLDS.map(([, world]) => world);
  if (first === undefined) throw new Error('No world has a second gateway.');
  return first;
})();

describe('a gateway that the site is asked for', () => {
  it('is never written to in Azure, wherever the redeployment is, and the operator’s beside it as always', () => {
    expect(WORLDS.length).toBeGreaterThan(10);
    for (const [name, world] of WORLDS) {
      const own = plan(
        wishOf(world, 0),
        cmgAt(world, 0).records,
        { ...observe(world, 0), live: readLive(world, 0) },
        dateOf(world),
      );
      const { actions } = planFor(world);
      expect([name, actions.filter(inAzure).filter(about(ASKED))]).toEqual([name, []]);
      expect([name, actions.filter(inAzure)]).toEqual([name, own.actions.filter(inAzure).filter(about(OWN))]);
      if (recordIn(cmgAt(world, 0).records)?.served === 'Yes') {
        expect([name, actions.filter(onSite)]).toEqual([name, own.actions.filter(onSite)]);
      }
    }
  });

  it('is asked for as long as nothing of it is there, and the operator’s serves on', () => {
    const planned = planFor(RECORDED, { change: unmade });
    expect(planned.actions.filter(about(ASKED))).toEqual(ASK);
    expect(planned.conditions.map(({ reason }) => reason)).toEqual(['ManualCreationRequired']);
    expect(recordIn(planned.records)).toMatchObject({ served: 'No', stage: { phase: 'Provisioning' } });
    expect(recordIn(planned.records, OWN)?.stage.phase).toBe('Active');
  });

  it.each([
    ['the site makes it', seenAs(ASKED, { azure: 'Partial', mark: { kind: 'Others' }, siteRecord: 'Yes' })],
    ['nobody knows whether it is there', seenAs(ASKED, { azure: 'Unknown', mark: { kind: 'Unknown' } })],
    [
      'its certificate cannot be read',
      (seen: Parameters<typeof unmade>[0]) => ({ ...unmade(seen), certificateReadable: false }),
    ],
  ])('is not asked for while %s', (_what, change) => {
    expect(planFor(RECORDED, { change }).actions.filter(about(ASKED))).toEqual([]);
  });

  it('may have served from the moment at which anything of it may be there', () => {
    for (const azure of ['Partial', 'Unknown', 'Whole'] as const) {
      const { records } = planFor(RECORDED, { change: seenAs(ASKED, { azure, mark: { kind: 'Unknown' } }) });
      expect(recordIn(records)?.served).toBe('Yes');
    }
  });

  it('is forgotten at once when it is not asked for any more, if nothing of it is there', () => {
    const back = withCmg(RECORDED, 0, { wish: 0 });
    const planned = planFor(back, { change: unmade });
    expect(planned.records.deployments.map(({ id }) => id)).toEqual([OWN]);
    expect(planned.actions.filter(({ kind }) => kind === 'Delete')).toEqual([]);
  });

  it('stays a person’s to delete when it is not asked for any more, and the site has a record of it', () => {
    const back = withCmg(RECORDED, 0, { wish: 0 });
    const change = seenAs(ASKED, { azure: 'Partial', mark: { kind: 'Others' }, siteRecord: 'Yes' });
    const announced = planFor(back, { change });
    const planned = planFor(back, { change, records: announced.records });
    expect(planned.actions.filter(({ kind }) => kind === 'Delete')).toEqual([
      { kind: 'Delete', deployment: ASKED, by: 'Site' },
    ]);
    expect(recordIn(planned.records, OWN)?.stage.phase).toBe('Active');
  });
});

describe('the operator’s gateway', () => {
  it('is not taken for what the site is asked for, under the same name neither', () => {
    const planned = planWithSiteMade(
      SETTLED,
      { theirs: 'nobody', provisioner: 'Site' },
      {
        change: (observed) => ({ ...observed, carriers: [] }),
      },
    );
    expect(planned.conditions.map(({ reason }) => reason)).toEqual(['NoOtherActiveCMG']);
    expect(planned.actions.filter(({ kind }) => kind === 'Delete')).toEqual([]);
  });

  it('of which no record says who made it is what the operator is asked for: nothing is done, and nothing written down', () => {
    const { records } = cmgAt(SETTLED, 0);
    expect(records.deployments[0]?.identity.provisioner).toBeUndefined();
    const planned = planWithSiteMade(SETTLED, { theirs: 'nobody', provisioner: 'Operator' });
    expect(planned.records.deployments).toEqual(records.deployments);
    expect(planned.actions.filter((action) => !inAzure(action) || action.kind === 'Delete')).toEqual([]);
  });
});
