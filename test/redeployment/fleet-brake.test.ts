import { describe, expect, it, test } from 'vitest';
import { isWrite } from '../../src/redeployment/action.ts';
import type { Records } from '../../src/redeployment/record.ts';
import { edited, phasesOf, planIn, recorded, worldWith } from './planned-world.ts';
import { alongTheWay } from './scopes.ts';
import { cmgAt, SETTLED, type World } from './world.ts';

/** As it is planned while the hour has room for another deletion, and while it has none. */
const planned = (world: World, mayDeleteGateway: boolean, records?: Records) =>
  planIn(world, (observed) => ({ ...observed, mayDeleteGateway }), records);

const announcedIn = ({ deployments }: Records) => deployments.map(({ announced }) => announced).find(Boolean);

describe('"a fleet brake stops a bad merge": beyond the number of the hour', () => {
  it('a gateway whose CMG is deleted waits for its turn, and nothing is taken from it', () => {
    const deleted = edited(SETTLED, { deletion: true });
    expect(phasesOf(planned(deleted, true).records)).toEqual(['Deleting']);
    expect(planned(deleted, true).actions.map(({ kind }) => kind)).toEqual(['LeaveGroup', 'UnlinkPoint']);
    const waiting = planned(deleted, false);
    expect(phasesOf(waiting.records)).toEqual(['Active']);
    expect(waiting.actions).toEqual([]);
    expect(waiting.conditions.map(({ reason }) => reason)).toEqual(['DeletionBudget']);
  });

  const claimed: World = {
    ...worldWith('settled, after edit, same prefix of 0', 'Active'),
    claim: { claimant: 'contoso/one', carrier: 'contoso/two' },
  };

  test.each([
    ['is not announced', undefined],
    ['is not begun once it is announced, and nothing is taken from it', 'DeleteFirst' as const],
  ])('the deletion of one that goes first %s', (_what, before) => {
    const records = recorded(cmgAt(claimed, 0).records, 'd1', before === undefined ? {} : { announced: before });
    const waiting = planned(claimed, false, records);
    expect(phasesOf(waiting.records)).toEqual(['Active']);
    expect(announcedIn(waiting.records)).toBeUndefined();
    expect(waiting.actions.filter(isWrite)).toEqual([]);
    expect(waiting.conditions[0]).toMatchObject({ reason: 'DeletionBudget', deployment: 'd1' });
    expect(planned(claimed, true, records).records.deployments[0]).toMatchObject(
      before === undefined ? { announced: 'DeleteFirst' } : { stage: { phase: 'Deleting', because: 'DeleteFirst' } },
    );
  });

  it('one that has drained goes on draining, so that a revert brings it back', () => {
    const retired = [...alongTheWay().values()].filter(
      (world) => announcedIn(cmgAt(world, 0).records) === undefined && announcedIn(planIn(world).records) === 'Retired',
    );
    expect(retired.length).toBeGreaterThan(0);
    for (const world of retired) {
      const { records } = planned(world, true);
      expect(phasesOf(planned(world, true, records).records)).toContain('Deleting');
      for (const waiting of [planned(world, false), planned(world, false, records)]) {
        expect(announcedIn(waiting.records)).toBeUndefined();
        expect(phasesOf(waiting.records)).toEqual(phasesOf(cmgAt(world, 0).records));
        expect(waiting.conditions.map(({ reason }) => reason)).toContain('DeletionBudget');
      }
    }
  });
});
