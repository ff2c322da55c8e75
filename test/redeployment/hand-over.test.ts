import { describe, expect, it, test } from 'vitest';
import { MINUTE } from '../../src/redeployment/instant.ts';
import { plan } from '../../src/redeployment/planner.ts';
import { dateOf, observe, readLive, wishOf } from './observation.ts';
import { asItIs, type Change, DRAINING, edited, planIn, seen, withSuccessor } from './planned-world.ts';
import { alongTheWay } from './scopes.ts';
import { cmgAt, type Point, type World } from './world.ts';

/** Worlds in which the first CMG's old gateway hands its connection points over. */
const HANDING_OVER = [...alongTheWay().values()].filter((world) => {
  const draining = cmgAt(world, 0).records.deployments.filter(({ stage }) => stage.phase === 'Draining');
  return draining.some(({ serviceName }) => world.points.some(({ linkedTo }) => linkedTo === serviceName));
});

const planAsItIs = (world: World) =>
  plan(wishOf(world, 0), cmgAt(world, 0).records, { ...observe(world, 0), live: readLive(world, 0) }, dateOf(world));

it('tells of a connection point of the new gateway that does not connect, for which the others of the old one wait', () => {
  expect(HANDING_OVER.length).toBeGreaterThan(0);
  for (const world of HANDING_OVER) {
    const successor = cmgAt(world, 0).records.deployments.find(({ stage }) => stage.phase === 'Active');
    const broken: Point = {
      name: 'broken',
      cmg: 0,
      role: 'Primary',
      linkedTo: successor?.serviceName,
      connected: false,
      broken: true,
    };
    const { actions, conditions } = planAsItIs({ ...world, points: [...world.points, broken] });
    expect(actions.filter(({ kind }) => kind === 'LinkPoint')).toEqual([]);
    const told = conditions.find(({ reason }) => reason === 'ConnectionPointNotConnected');
    expect(told?.message).toContain(`broken does not connect to ${successor?.serviceName}`);
  }
});

describe('"While it drains, the successor is looked at again before each step: lost, it holds"', () => {
  const handingOver = (change: Change) => planIn(DRAINING, change).handingOver;

  it('hands over while its successor is in reach of every client', () => {
    expect(handingOver(asItIs)).toEqual(['d1']);
  });

  const holds: readonly (readonly [string, Change])[] = [
    ['its successor is lost', withSuccessor({ resolves: 'No' })],
    ['nobody knows of its successor', withSuccessor({ instancesServe: 'Unknown' })],
    ['its tags are lost', seen('d1', { mark: { kind: 'Lost' } })],
    ['the certificate cannot be read', (observed) => ({ ...observed, certificateReadable: false })],
    ['clocks disagree', (observed) => ({ ...observed, localTime: observed.localTime + 6 * MINUTE })],
  ];

  test.each(holds)('holds while %s', (_what, change) => {
    expect(handingOver(change)).toEqual([]);
  });

  it('hands over nothing more once the spec is set back', () => {
    expect(planIn(edited(DRAINING, { wish: 0 })).handingOver).toEqual([]);
  });
});
