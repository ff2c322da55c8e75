import { describe, expect, it } from 'vitest';
import { asItIs, type Change, edited, phasesOf, planIn, recorded, seen, worldWith } from './planned-world.ts';
import { cmgAt, type World, withCmg } from './world.ts';

describe('"Deleting is the point of no return", once something has been done', () => {
  const SAME_NAME = worldWith('settled, after edit, same prefix of 0', 'Active');
  const claimed: World = { ...SAME_NAME, claim: { claimant: 'contoso/one', carrier: 'contoso/two' } };
  const begun = withCmg(claimed, 0, {
    records: recorded(cmgAt(claimed, 0).records, 'd1', { stage: { phase: 'Deleting', because: 'DeleteFirst' } }),
  });
  const setBack = (change: Change) => planIn(edited(begun, { wish: 0 }), change);

  it('a gateway that is wanted again stays, as long as every client reaches it', () => {
    const { records, actions } = setBack(asItIs);
    expect(phasesOf(records)).toEqual(['Active']);
    expect(actions.map(({ kind }) => kind)).toEqual(['Maintain']);
  });

  it('and goes when it is in reach no longer', () => {
    const { records, actions } = setBack(seen('d1', { azure: 'Partial', instancesServe: 'No' }));
    expect(phasesOf(records)).toEqual(['Deleting']);
    expect(actions.map(({ kind }) => kind)).toContain('UnlinkPoint');
  });
});
