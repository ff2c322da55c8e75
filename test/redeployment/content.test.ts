import { describe, expect, it } from 'vitest';
import { DAY } from '../../src/redeployment/instant.ts';
import {
  asItIs,
  BOTH_SERVE,
  type Change,
  LACKING,
  phasesOf,
  planIn,
  READY,
  sightedAt,
  withConsents,
  withContent,
  withoutContent,
} from './planned-world.ts';
import { SETTLED, type World } from './world.ts';

describe('"a replacement is an empty distribution point: retiring waits for what the old one held, or shows it"', () => {
  const conditions = (change: Change, world = READY) => planIn(world, change).conditions;

  it('says what is missing, where the steps are, and by which line it retires all the same', () => {
    expect(conditions(withContent(LACKING))).toEqual([
      {
        reason: 'ContentNotDistributed',
        deployment: 'd1',
        message:
          'x.contoso.com is kept for its content. y.contoso.com lacks 4 of the 5 packages and applications that x.contoso.com holds: One, Two, Three and others. status.manualSteps says how to distribute them. To retire it all the same: kubectl annotate --namespace contoso cmg one configmgr.io/confirm-retire=d1',
      },
    ]);
  });

  it('waits for no person while all of it is on its way, or is being read', () => {
    const [underWay] = conditions(withContent({ ...LACKING, underWay: 4 }));
    expect(underWay).toMatchObject({ reason: 'WaitingForContent', message: expect.stringContaining('on their way') });
    const [unread] = conditions((observed) => ({ ...observed, content: [] }));
    expect(unread).toMatchObject({ reason: 'WaitingForContent', message: expect.stringContaining('being compared') });
  });

  it('waits for one when some of it is not, and when it cannot be read', () => {
    expect(conditions(withContent({ ...LACKING, underWay: 3 }))[0]?.reason).toBe('ContentNotDistributed');
    const [unreadable] = conditions(withContent({ kind: 'Unknown', failure: 'The site says no.' }));
    expect(unreadable).toMatchObject({
      reason: 'ContentNotDistributed',
      message: expect.stringContaining('is not known: The site says no.'),
    });
  });

  it('tells of it from the beginning, and asks for a person only when nothing else is waited for', () => {
    expect(conditions(withContent(LACKING), BOTH_SERVE)).toEqual([
      {
        reason: 'WaitingForClients',
        deployment: 'd2',
        message: expect.stringContaining('y.contoso.com lacks 4 of the 5 packages and applications'),
      },
    ]);
    const uncounted: Change = (observed) => withContent(LACKING)({ ...observed, clientPasses: [] });
    expect(conditions(uncounted)).toEqual([
      {
        reason: 'ClientsNotRefreshed',
        deployment: 'd1',
        message: expect.stringContaining('y.contoso.com lacks 4 of the 5 packages and applications'),
      },
    ]);
  });

  it('has them compared as long as both serve, where content is served and a site can be asked', () => {
    const compared = (change: Change, world = BOTH_SERVE) =>
      planIn(world, change).actions.filter(({ kind }) => kind === 'CompareContent');
    expect(compared(asItIs)).toEqual([{ kind: 'CompareContent', from: ['x.contoso.com'], to: 'y.contoso.com' }]);
    expect(compared(withoutContent)).toEqual([]);
    expect(compared(asItIs, SETTLED)).toEqual([]);
  });

  it('is not waited for where no content is served, nor with a word for this deployment', () => {
    expect(phasesOf(planIn(READY, withoutContent).records)).toEqual(['Draining', 'Active']);
    const consented = (deployment: string) =>
      planIn(READY, (observed) =>
        withConsents(withContent(LACKING)(observed), [{ kind: 'ConfirmRetire', deployment }]),
      );
    expect(phasesOf(consented('d1').records)).toEqual(['Draining', 'Active']);
    expect(phasesOf(consented('d2').records)).toEqual(['Superseded', 'Active']);
  });

  it('is not waited for after the deadline, where that ends the waiting', () => {
    const later: World = {
      ...READY,
      time: READY.time + 2 * DAY,
      cmgs: READY.cmgs.map((cmg) => sightedAt(cmg, READY.time + 2 * DAY)),
    };
    const afterDeadline = (onDeadline: 'Hold' | 'Retire') =>
      planIn(later, withContent(LACKING), undefined, { onDeadline });
    expect(phasesOf(afterDeadline('Hold').records)).toEqual(['Superseded', 'Active']);
    expect(phasesOf(afterDeadline('Retire').records)).toEqual(['Draining', 'Active']);
  });

  it('does not turn back what has begun to hand over', () => {
    const { records } = planIn(READY);
    expect(phasesOf(planIn(READY, withContent(LACKING), records).records)).toEqual(['Draining', 'Active']);
  });
});
