import { expect, it } from 'vitest';
import { plan } from '../../src/redeployment/planner.ts';
import { settleWorld } from './effects.ts';
import { type EventName, happenings } from './events.ts';
import { reconcile } from './execution.ts';
import { pendingProgress } from './progress.ts';
import { settle } from './settling.ts';
import { ALONE, cmgAt, SETTLED, type World, withCmg } from './world.ts';

// Histories in which the exploration of the model has found the planner wrong, or what was expected of it, told step by step.

/** @param cmg `undefined`: it happens to both */
function happens(world: World, name: EventName, cmg?: number): World {
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
const reasons = (world: World, cmg: number) => reconcile(world, cmg, plan).plan.conditions.map(({ reason }) => reason);
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

it('a CMG without a site is deleted as its gateway has just been finished: the second look is heeded', () => {
  const applied = ALONE.get('just applied, without a site') ?? SETTLED;
  const deleted = happens(comesAbout(operate(applied, 0)), 'delete the CMG', 0);
  const meanwhile = (world: World) => happens(world, 'retain what is left', 0);
  const { world: retained, violations } = reconcile(deleted, 0, plan, { meanwhile });
  expect([violations, standing(retained, 0)]).toEqual([[], ['d1']]);
  const end = leftAlone(retained);
  expect([cmgAt(end, 0).gone, standing(end, 0)]).toEqual([true, ['d1']]);
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

it('nobody knows a gateway any more, and another one is asked for: it is made, and the old one keeps its connection point', () => {
  const lost = happens(happens(SETTLED, 'status lost', 1), 'tags lost', 1);
  // It has the names of what is wanted: nothing is made before somebody has taken it back or removed it.
  expect(standing(operate(lost, 1), 1)).toEqual(['d1']);
  expect(reasons(lost, 1)).toEqual(['WaitingForPreflight', 'UnknownGateway', 'UnknownGatewayInGroup']);
  const other = operate(comesAbout(operate(happens(lost, 'edit', 1), 1)), 1);
  expect(standing(other, 1)).toEqual(['d1', 'd2']);
  expect(other.points).toEqual(SETTLED.points);
  expect(reasons(other, 1)).toEqual(expect.arrayContaining(['NoStandbyConnectionPoint', 'UnknownGateway']));
  expect(phases(leftAlone(other), 1)).toEqual(['Active']);
});

it('a CMG whose status is lost is deleted, and its gateway by hand: who looks after its connection points is told of the name', () => {
  const lost = happens(happens(SETTLED, 'status lost', 0), 'delete the CMG', 0);
  const gone = operate(happens(lost, 'group deleted by hand', 0), 0);
  expect([cmgAt(gone, 0).gone, reasons(gone, 0)]).toEqual([true, ['UnknownGateway', 'UnknownGatewayInGroup']]);
  const { world: end, violations, asked } = settle(gone, plan);
  expect([violations, asked]).toEqual([[], ['UnknownGateway']]);
  expect([cmgAt(end, 0).group, end.points.filter(({ cmg, linkedTo }) => cmg === 0 && linkedTo !== undefined)]).toEqual([
    [],
    [],
  ]);
});

it('a gateway of the site is forgotten with the status, and the spec asks for another one: nothing waits for it', () => {
  const asked = operate(happens(happens(SETTLED, 'edit', 1), 'connection point added', 1), 1);
  expect(cmgAt(asked, 1).gateways.map(({ identity }) => identity)).toEqual([0, 1]);
  const made = operate(comesAbout(asked), 1);
  const lost = happens(happens(made, 'status lost', 1), 'edit', 1);
  const end = leftAlone(lost);
  expect([phases(end, 1), cmgAt(end, 1).wish]).toEqual([['Active'], 0]);
});

it('the clock is wrong while a CMG carries the clients of another one: it tells, as the wait of the other one does not count', () => {
  const claimed = operate(happens(SETTLED, 'same prefix', 0), 0);
  const replaced = operate(comesAbout(operate(comesAbout(claimed), 0)), 0);
  expect([replaced.claim?.carrier, phases(replaced, 0)]).toEqual(['contoso/two', ['Active']]);
  const skewed = happens(happens(replaced, 'edit', 1), 'local clock steps');
  expect(reasons(skewed, 1)).toEqual(expect.arrayContaining(['CarriesClientsOf', 'ClockSkew']));
  const { world: end, violations, asked } = settle(skewed, plan);
  expect([violations, end.claim]).toEqual([[], undefined]);
  expect(asked).toContain('ClockSkew');
});

it('the certificate cannot be read while the site is still to make the gateway that there is to be: it tells', () => {
  const none = withCmg(happens(SETTLED, 'status lost', 1), 1, { gateways: [], group: [] });
  const freed = happens(none, 'connection point unlinked by hand', 1);
  // The record is made, and nothing is asked for yet.
  const begun = reconcile(happens(freed, 'edit', 1), 1, plan).world;
  const unreadable = happens(begun, 'certificate unreadable');
  expect(phases(unreadable, 1)).toEqual(['Provisioning']);
  expect(reasons(unreadable, 1)).toContain('CertificateUnreadable');
  leftAlone(unreadable);
});

it('the site does not answer while a gateway is made under a name that it still has: the gateway does not count as unknown', () => {
  const gone = happens(happens(happens(SETTLED, 'site down'), 'group deleted by hand', 0), 'status lost', 0);
  const begun = operate(gone, 0);
  expect(cmgAt(begun, 0).gateways.map(({ azure }) => azure)).toEqual(['Partial']);
  const changed = operate(happens(begun, 'edit', 0), 0);
  expect(cmgAt(changed, 0).gateways.filter(({ deleting }) => deleting)).toEqual([]);
  expect(reasons(changed, 0)).toContain('SiteUnreachable');
  expect(phases(leftAlone(changed), 0)).toEqual(['Active']);
});

it('a gateway drains, and its successor is replaced under its own name: it goes when clients know the third one', () => {
  const onTheOther = leftAlone(happens(SETTLED, 'edit', 0));
  const { path } = settle(happens(onTheOther, 'edit', 0), plan);
  const draining = path.find((world) => phases(world, 0).join() === 'Draining,Active');
  if (draining === undefined) throw new Error('None drains.');
  const { path: onward } = settle(happens(draining, 'same prefix', 0), plan);
  const held = onward.find((world) => reasons(world, 0).includes('WaitingForClients'));
  if (held === undefined) throw new Error('Nobody waits for clients.');
  expect(phases(held, 0)).toEqual(['Draining', 'Active']);
  const { conditions, actions } = reconcile(held, 0, plan).plan;
  expect(conditions.find(({ reason }) => reason === 'SuccessorLost')?.message).toMatch(/known to clients first/);
  expect(actions.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['CountClients', 'CompareContent']));
  const { world: end, violations, asked } = settle(held, plan);
  expect([violations, asked, phases(end, 0)]).toEqual([[], [], ['Active']]);
});
