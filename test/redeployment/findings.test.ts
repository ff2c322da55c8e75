import { describe, expect, it, test } from 'vitest';
import { isStalling } from '../../src/api/v1alpha1/conditions.ts';
import { DAY, HOUR, MINUTE } from '../../src/redeployment/instant.ts';
import type { RedeploymentTerms } from '../../src/redeployment/observed.ts';
import type { Plan } from '../../src/redeployment/planner.ts';
import {
  asItIs,
  BOTH_SERVE,
  type Change,
  DRAINING,
  edited,
  phasesOf,
  planIn,
  READY,
  recorded,
  seen,
  sightedAt,
  withSite,
  withSuccessor,
} from './planned-world.ts';
import { cmgAt, type World, withCmg } from './world.ts';

const reasons = ({ conditions }: Plan) => conditions.map(({ reason }) => reason);
const messageOf = ({ conditions }: Plan, reason: string) =>
  conditions.find((each) => each.reason === reason)?.message ?? '';

describe('a gateway that no CMG knows', () => {
  const STRANGER = 'stranger.contoso.com';
  const inGroup = withSite((site) => ({
    ...site,
    groups: site.groups.map((each) => ({ ...each, members: [...each.members, STRANGER] })),
  }));
  const byPoint = withSite((site) => ({
    ...site,
    points: [...site.points, { name: 'theirs', role: 'Primary', linkedTo: STRANGER, connected: 'Yes' }],
  }));

  it('in a boundary group is told of, left alone, and stalls nothing', () => {
    const plan = planIn(BOTH_SERVE, inGroup);
    expect(reasons(plan)).toEqual(['WaitingForClients', 'UnknownGatewayInGroup']);
    expect(reasons(plan).filter(isStalling)).toEqual([]);
    const message = messageOf(plan, 'UnknownGatewayInGroup');
    expect(message).toContain(STRANGER);
    expect(message).toContain('left alone');
    expect(message).toContain('managementPolicy Observe');
    expect(plan.actions).toEqual(planIn(BOTH_SERVE).actions);
  });

  it('that a connection point is linked to is told of, and left alone', () => {
    const plan = planIn(BOTH_SERVE, byPoint);
    expect(reasons(plan)).toEqual(['WaitingForClients', 'UnknownGateway']);
    const message = messageOf(plan, 'UnknownGateway');
    expect(message).toContain(`theirs is linked to the gateway ${STRANGER}`);
    expect(message).toContain('left alone');
  });

  it.each([inGroup, byPoint])('is none once a CMG is known to have it', (change) => {
    const plan = planIn(BOTH_SERVE, (observed) => ({ ...change(observed), otherGateways: [STRANGER.toUpperCase()] }));
    expect(reasons(plan)).toEqual(['WaitingForClients']);
  });
});

describe('a gateway that drains and holds', () => {
  const { records } = cmgAt(DRAINING, 0);
  /** The new one was lost, and has been back for an hour. */
  const back = recorded(records, 'd2', { run: { since: DRAINING.time - HOUR, seenAt: DRAINING.time - MINUTE } });

  it('says so while its successor is lost', () => {
    const plan = planIn(DRAINING, withSuccessor({ resolves: 'No' }));
    expect(reasons(plan)).toContain('SuccessorLost');
    expect(reasons(plan)).not.toContain('WaitingForClients');
  });

  it('says that clients are given the time anew when its successor is back', () => {
    const plan = planIn(DRAINING, asItIs, back);
    expect(new Set(reasons(plan))).toEqual(new Set(['WaitingForClients']));
    expect(messageOf(plan, 'WaitingForClients')).toContain('y.contoso.com is in reach of every client again');
    expect(plan.handingOver).toEqual([]);
    expect(phasesOf(plan.records)).toEqual(['Draining', 'Active']);
  });

  it('goes on after that time', () => {
    const later = { ...DRAINING, time: DRAINING.time + DAY };
    const waited = sightedAt({ ...cmgAt(DRAINING, 0), records: back }, later.time).records;
    expect(planIn(later, asItIs, waited).handingOver).toEqual(['d1']);
  });
});

describe('a deadline that has passed', () => {
  const at = (days: number): World => {
    const time = READY.time + days * DAY;
    return withCmg({ ...READY, time }, 0, sightedAt(cmgAt(READY, 0), time));
  };
  const never: Change = (observed) => ({ ...observed, clientPasses: [] });
  const incomplete: Change = (observed) => ({
    ...observed,
    clientPasses: observed.clientPasses.map((pass) => ({ ...pass, complete: false })),
  });
  const planAt = (days: number, change: Change, onDeadline: RedeploymentTerms['onDeadline'] = 'Hold') =>
    planIn(at(days), change, cmgAt(at(days), 0).records, { deadline: 2 * DAY, onDeadline });

  test.each([
    ['never', never],
    ['never to the end', incomplete],
  ])('stalls where clients have been counted %s, and retires nothing', (_what, change) => {
    for (const onDeadline of ['Hold', 'Retire'] as const) {
      const plan = planAt(4, change, onDeadline);
      expect(reasons(plan)).toEqual(['DeadlinePassed']);
      expect(reasons(plan).some(isStalling)).toBe(true);
      expect(messageOf(plan, 'DeadlinePassed')).toContain('have not been counted to the end');
      expect(messageOf(plan, 'DeadlinePassed')).toContain('configmgr.io/confirm-retire=d1');
      expect(phasesOf(plan.records)).toEqual(['Superseded', 'Active']);
    }
  });

  it('does not stall before', () => {
    expect(reasons(planAt(0, never))).toEqual(['ClientsNotRefreshed']);
  });
});

describe('a gateway that drains and has lost its tags', () => {
  const line = 'kubectl annotate …';
  const lost = seen('d1', { mark: { kind: 'Lost' }, adoption: line });

  it('is told of with the line by which it is taken back, and stays where it is', () => {
    const plan = planIn(DRAINING, lost);
    expect(messageOf(plan, 'OwnershipLost')).toContain(`have it taken back: ${line}`);
    expect(phasesOf(plan.records)).toEqual(['Draining', 'Active']);
    expect(plan.handingOver).toEqual([]);
  });

  it('is wanted again with a revert, and is neither started nor given anything before its tags are back', () => {
    const plan = planIn(edited(DRAINING, { wish: 0 }), lost);
    expect(phasesOf(plan.records)[0]).toBe('Active');
    expect(plan.actions.filter((action) => 'deployment' in action && action.deployment === 'd1')).toEqual([]);
  });
});
