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
  Object.fromEntries(sitePlanAfter(deployments, PLACEMENT, actions));

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

  test('goes on with what was planned before, whatever is there by now', () => {
    const before = deployment('old', { connectionPoints: [], inBoundaryGroups: false });
    expect(planOf([before, deployment('new')])).toMatchObject({
      old: { connectionPoints: [], inBoundaryGroups: false },
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
