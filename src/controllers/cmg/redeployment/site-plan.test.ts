import { describe, expect, test } from 'vitest';
import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Action } from '../../../redeployment/action.ts';
import { type SitePlacement, sitePlanAfter } from './site-plan.ts';

const deployment = (id: string, rest: Partial<CMGStatusDeployment> = {}) =>
  ({ id, serviceName: `${id}.contoso.com`, ...rest }) as CMGStatusDeployment;

const PLACEMENT: SitePlacement = {
  pointsOf: (serviceName) => (serviceName === 'old.contoso.com' ? ['primary'] : []),
  isInGroups: (serviceName) => serviceName === 'old.contoso.com',
};

const planOf = (deployments: readonly CMGStatusDeployment[], ...actions: readonly Action[]) =>
  Object.fromEntries(sitePlanAfter(deployments, PLACEMENT, { actions, handingOver: [] }));

describe('the plan for the site', () => {
  test('is none while there is one deployment: points and groups follow it', () => {
    expect(planOf([deployment('old', { connectionPoints: ['primary'] })])).toEqual({});
  });

  test('begins with what is there', () => {
    expect(planOf([deployment('old'), deployment('new')])).toEqual({
      old: { connectionPoints: ['primary'], inBoundaryGroups: true },
      new: { connectionPoints: [], inBoundaryGroups: false },
    });
  });

  test('has each point with one deployment', () => {
    expect(
      planOf([deployment('old'), deployment('new')], { kind: 'LinkPoint', point: 'primary', deployment: 'new' }),
    ).toMatchObject({ old: { connectionPoints: [] }, new: { connectionPoints: ['primary'] } });
    expect(
      planOf([deployment('old'), deployment('new')], {
        kind: 'UnlinkPoint',
        point: 'primary',
        from: 'old.contoso.com',
      }),
    ).toMatchObject({ old: { connectionPoints: [] }, new: { connectionPoints: [] } });
  });

  test('has deployments join the groups and leave them', () => {
    const both = [deployment('old'), deployment('new')];
    expect(planOf(both, { kind: 'JoinGroup', group: 'g', deployment: 'new' })).toMatchObject({
      old: { inBoundaryGroups: true },
      new: { inBoundaryGroups: true },
    });
    expect(planOf(both, { kind: 'LeaveGroup', group: 'g', deployment: 'old' })).toMatchObject({
      old: { inBoundaryGroups: false },
    });
  });
});

describe('a step that the site does not show yet', () => {
  const taken = { connectionPoints: [], inBoundaryGroups: false } as const;
  const given = { phase: 'Active', connectionPoints: ['primary', 'spare'], inBoundaryGroups: true } as const;
  const planWith = (
    phase: CMGStatusDeployment['phase'],
    handingOver: readonly string[] = [],
    actions: readonly Action[] = [],
  ) =>
    Object.fromEntries(
      sitePlanAfter([deployment('old', { phase, ...taken }), deployment('new', given)], PLACEMENT, {
        actions,
        handingOver,
      }),
    );

  const GOES_ON = {
    old: { connectionPoints: [], inBoundaryGroups: false },
    new: { connectionPoints: ['primary', 'spare'], inBoundaryGroups: true },
  };
  const GOES_BACK = {
    old: { connectionPoints: ['primary'], inBoundaryGroups: true },
    new: { connectionPoints: ['spare'], inBoundaryGroups: true },
  };

  test('goes on from a gateway that hands over, and from one that is being deleted', () => {
    expect(planWith('Draining', ['old'])).toEqual(GOES_ON);
    expect(planWith('Deleting')).toEqual(GOES_ON);
  });

  test('is taken back when the gateway that drains has to hold, and when it serves on', () => {
    expect(planWith('Draining')).toEqual(GOES_BACK);
    expect(planWith('Draining', ['another'])).toEqual(GOES_BACK);
    expect(planWith('Active')).toEqual(GOES_BACK);
    expect(planWith('Superseded')).toEqual(GOES_BACK);
  });

  test('goes on where this round decides on it anew', () => {
    const link: Action = { kind: 'LinkPoint', point: 'primary', deployment: 'new', from: 'old.contoso.com' };
    expect(planWith('Active', [], [link])).toEqual({
      ...GOES_ON,
      old: { connectionPoints: [], inBoundaryGroups: true },
    });
    const leave: Action = { kind: 'LeaveGroup', group: 'g', deployment: 'old' };
    expect(planWith('Draining', [], [leave]).old).toEqual({ connectionPoints: ['primary'], inBoundaryGroups: false });
  });

  test('goes on where it gives something that is with no gateway', () => {
    const plan = sitePlanAfter(
      [deployment('old', { phase: 'Active' }), deployment('new', { ...given, connectionPoints: ['spare'] })],
      PLACEMENT,
      { actions: [], handingOver: [] },
    );
    expect(plan.get('new')).toEqual({ connectionPoints: ['spare'], inBoundaryGroups: true });
  });
});

describe('a point that somebody has linked to another gateway of the CMG', () => {
  const linkedTo = (...newer: readonly string[]): SitePlacement => ({
    pointsOf: (serviceName) => (serviceName === 'new.contoso.com' ? newer : []),
    isInGroups: () => true,
  });
  const old = deployment('old', { phase: 'Superseded', wantedOrder: 1, connectionPoints: ['primary'] });
  const replacement = deployment('new', { phase: 'Active', wantedOrder: 2, connectionPoints: ['spare'] });
  const pointsIn = (placement: SitePlacement, handingOver: readonly string[], first = old) =>
    [...sitePlanAfter([first, replacement], placement, { actions: [], handingOver }).values()].map(
      ({ connectionPoints }) => connectionPoints,
    );

  test('goes back if it was the only one of a gateway that serves on, and the newer one can spare it', () => {
    expect(pointsIn(linkedTo('primary', 'spare'), [])).toEqual([['primary'], ['spare']]);
  });

  test('stays if the newer one has no other', () => {
    expect(pointsIn(linkedTo('primary'), [])).toEqual([[], ['primary', 'spare']]);
  });

  test('stays if the other one drains', () => {
    const draining = { ...old, phase: 'Draining' } as const;
    expect(pointsIn(linkedTo('primary', 'spare'), ['old'], draining)).toEqual([[], ['primary', 'spare']]);
  });
});
