import { expect, it } from 'vitest';
import { plan } from '../../src/redeployment/planner.ts';
import { dateOf, observe, readLive, wishOf } from './observation.ts';
import { alongTheWay } from './scopes.ts';
import { cmgAt, type Point, type World } from './world.ts';

/** Worlds in which the first CMG's old gateway hands its connection points over. */
const HANDING_OVER = [...alongTheWay().values()].filter((world) => {
  const draining = cmgAt(world, 0).records.deployments.filter(({ stage }) => stage.phase === 'Draining');
  return draining.some(({ serviceName }) => world.points.some(({ linkedTo }) => linkedTo === serviceName));
});

const planIn = (world: World) =>
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
    const { actions, conditions } = planIn({ ...world, points: [...world.points, broken] });
    expect(actions.filter(({ kind }) => kind === 'LinkPoint')).toEqual([]);
    const told = conditions.find(({ reason }) => reason === 'ConnectionPointNotConnected');
    expect(told?.message).toContain(`broken does not connect to ${successor?.serviceName}`);
  }
});
