import { expect, test } from 'vitest';
import {
  bothServe,
  cmgWith,
  type Decision,
  DRAINING,
  handOverWorld,
  NEW,
  NEW_ID,
  NEW_SERVES,
  nobodyIsCutOff,
  OLD,
  OLD_SERVES,
  served,
} from '../site/hand-over.test-world.ts';
import { serviceRecord } from '../site/site.test-world.ts';

test('a group keeps the old gateway until the site has the record of the new one', async () => {
  const world = await served();
  world.decide({ old: DRAINING, new: NEW_SERVES }, NEW_ID);
  expect(await world.settle()).toEqual([]);
  expect(world.reference.message('Associated')).toContain(`no usable record of the gateway ${NEW}`);
  world.site.records.push(serviceRecord(NEW, 2));
  await world.settle(nobodyIsCutOff(world));
  expect(world.members()).toEqual([NEW]);
});

test('a group lets go of a draining gateway that was in it before the operator, and of none that is not of the CMG', async () => {
  const world = handOverWorld();
  const theirs = serviceRecord('theirs.contoso.com', 9);
  world.site.groups[0]?.members.push({ nalPath: serviceRecord(OLD).nalPath, connection: 'Fast' });
  world.site.groups[0]?.members.push({ nalPath: theirs.nalPath, connection: 'Fast' });
  await world.settle();
  expect(world.reference.object.status?.members).toMatchObject([{ serviceName: OLD, adopted: true }]);
  world.site.records.push(serviceRecord(NEW, 2));
  world.decide({ old: DRAINING, new: NEW_SERVES }, NEW_ID);
  await world.settle();
  expect(world.members()).toEqual([NEW]);
  expect(world.site.groups[0]?.members.map(({ nalPath }) => nalPath)).toContain(theirs.nalPath);
});

test.each<[string, Decision, Decision]>([
  ['no other one is to be in it', DRAINING, { ...NEW_SERVES, inBoundaryGroups: false }],
  ['it serves on', { ...OLD_SERVES, inBoundaryGroups: false }, NEW_SERVES],
  ['its way out is given up', { ...DRAINING, phase: 'Active' }, NEW_SERVES],
])('a gateway that is not to be in a group stays there while %s', async (_why, old, replacement) => {
  const world = await bothServe();
  world.decide({ old, new: replacement }, NEW_ID);
  expect(await world.settle(nobodyIsCutOff(world))).toEqual([]);
  expect(world.members()).toEqual([OLD, NEW]);
});

test('a group lets go of a gateway that never served as soon as it may not be there', async () => {
  const world = await bothServe();
  world.decide({ old: OLD_SERVES, new: { ...NEW_SERVES, served: false, inBoundaryGroups: false } });
  await world.settle();
  expect(world.members()).toEqual([OLD]);
});

test('a group lets go of a gateway that is being deleted, although there is no other one', async () => {
  const world = await served();
  const cmg = cmgWith({ old: { phase: 'Deleting' } });
  const { activeDeployment: _none, ...status } = cmg.status ?? {};
  world.cluster.cmgs = [{ ...cmg, status }];
  expect((await world.settle()).toSorted()).toEqual([
    'RemoveBoundaryGroupMember',
    'RemoveConnectionPoint',
    'RemoveConnectionPoint',
  ]);
  expect(world.members()).toEqual([]);
  expect(await world.reference.round()).toMatchObject({ Associated: 'False WaitingForGateway' });
});

test('while a CMG with two gateways says nothing of what they have on the site, they keep it', async () => {
  const world = await bothServe();
  const before = { links: world.links(), members: world.members() };
  world.decide({ old: { phase: 'Active' }, new: { phase: 'Active' } }, NEW_ID);
  expect(await world.settle()).toEqual([]);
  expect({ links: world.links(), members: world.members() }).toEqual(before);
  expect(await world.reference.round()).toMatchObject({ Associated: 'False WaitingForCmg' });
  expect(world.reference.message('Associated')).toContain('does not say yet what each of them is to have');
});

test('what is deleted while a CMG with two gateways says nothing of them waits for a silent site for an hour, as always', async () => {
  const world = await bothServe();
  world.decide({ old: { phase: 'Active' }, new: { phase: 'Active' } }, NEW_ID);
  const failure = { kind: 'Unreachable', code: 'ECONNREFUSED', message: 'Connection refused.' } as const;
  for (const operation of ['ReadConnectionPoints', 'ReadBoundaryGroups'] as const) {
    world.site.failures.set(operation, failure);
  }
  const objects = [world.points.cp01, world.reference];
  const removals = () => Promise.all(objects.map((each) => each.removal()));
  expect(await removals()).toEqual(['Remaining', 'Remaining']);
  for (const each of objects) each.now += 3_600_000;
  expect(await removals()).toEqual(['Gone', 'Gone']);
  expect({ links: world.links(), members: world.members() }).toMatchObject({ members: [OLD, NEW] });
});

test('a gateway of which a CMG with several says nothing stays in its groups', async () => {
  const world = await bothServe();
  world.decide({ old: { phase: 'Active' }, new: NEW_SERVES }, NEW_ID);
  expect(await world.settle()).not.toContain('RemoveBoundaryGroupMember');
  expect(world.members()).toEqual([OLD, NEW]);
});
