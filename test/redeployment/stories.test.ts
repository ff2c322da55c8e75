import { expect, it } from 'vitest';
import { plan } from '../../src/redeployment/planner.ts';
import { type EventName, happenings } from './events.ts';
import { reconcile, settleWorld } from './execution.ts';
import { pendingProgress } from './progress.ts';
import { settle } from './settling.ts';
import { ALONE, cmgAt, SETTLED, type World } from './world.ts';

// Histories in which the exploration of the model has found the planner wrong, told step by step.

function happens(world: World, name: EventName, cmg: number): World {
  const happening = happenings(world).find((each) => each.cmg === cmg && each.names.includes(name));
  if (happening === undefined) throw new Error(`"${name}" cannot happen here.`);
  return happening.apply(world);
}

/** The operator comes to a CMG until it has nothing to do. */
function operate(world: World, cmg: number): World {
  const { world: next, violations } = reconcile(world, cmg, plan);
  expect(violations).toEqual([]);
  return next === world ? world : operate(next, cmg);
}

/** What Azure, the site and clients have begun comes to its end. */
function comesAbout(world: World): World {
  return settleWorld(pendingProgress(world).reduce((then, { apply }) => apply(then), world));
}

function leftAlone(world: World): World {
  const { world: end, violations } = settle(world, plan);
  expect(violations).toEqual([]);
  return end;
}

const standing = (world: World, cmg: number) =>
  cmgAt(world, cmg)
    .gateways.filter(({ azure, deleting }) => azure === 'Whole' && !deleting)
    .map(({ id }) => id);
const phases = (world: World, cmg: number) => cmgAt(world, cmg).records.deployments.map(({ stage }) => stage.phase);

it('a gateway without a site has been finished, and the spec changes before anybody has looked: clients may be there', () => {
  const applied = ALONE.get('just applied, without a site') ?? SETTLED;
  const built = comesAbout(operate(applied, 0));
  expect(standing(built, 0)).toEqual(['d1']);
  const changed = operate(happens(built, 'edit', 0), 0);
  // It serves on until the other one has been there for a day.
  expect(standing(changed, 0)).toEqual(['d1']);
  expect(phases(changed, 0)).toEqual(['Active', 'Provisioning']);
  const waited = operate(comesAbout(changed), 0);
  expect(standing(waited, 0)).toEqual(['d1', 'd2']);
  expect(standing(leftAlone(waited), 0)).toEqual(['d2']);
});

it('a CMG is only observed, and deleted: its gateway is left', () => {
  const deleted = happens(happens(SETTLED, 'only observe', 0), 'delete the CMG', 0);
  const end = leftAlone(deleted);
  expect(cmgAt(end, 0).gone).toBe(true);
  expect(standing(end, 0)).toEqual(['d1']);
  expect(end.points).toEqual(SETTLED.points);
});

it('a carrier is deleted and is to retain its gateway: it goes when the other one has its gateway again', () => {
  const claimed = operate(happens(SETTLED, 'same prefix', 0), 0);
  expect(claimed.claim).toEqual({ claimant: 'contoso/one', carrier: 'contoso/two' });
  const deleted = operate(happens(claimed, 'delete the CMG and retain its gateways', 1), 1);
  expect(cmgAt(deleted, 1).gone).toBe(false);
  const end = leftAlone(deleted);
  expect([end.claim, phases(end, 0)]).toEqual([undefined, ['Active']]);
  expect(cmgAt(end, 1).gone).toBe(true);
  expect(standing(end, 1)).toEqual(['d1']);
});

it('a claimant is suspended for good: its carrier, which is to be deleted, tells what to do', () => {
  const claimed = operate(happens(SETTLED, 'same prefix', 0), 0);
  const waiting = happens(happens(claimed, 'suspend', 0), 'delete the CMG', 1);
  const { plan: planned } = reconcile(waiting, 1, plan);
  expect(planned.conditions).toEqual([
    { reason: 'CarriesClientsOf', message: expect.stringMatching(/contoso\/one.*suspended or only observed/) },
  ]);
  const { violations, asked } = settle(waiting, plan);
  expect(violations).toEqual([]);
  expect(asked).toContain('CarriesClientsOf');
});
