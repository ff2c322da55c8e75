import { expect, test } from 'vitest';
import {
  bothServe,
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

test('a group references no gateway of which the CMG says that none may', async () => {
  const world = await bothServe();
  world.decide({ old: { ...OLD_SERVES, inBoundaryGroups: false }, new: { ...NEW_SERVES, inBoundaryGroups: false } });
  await world.settle();
  expect(world.members()).toEqual([]);
  expect(await world.reference.round()).toMatchObject({ Associated: 'False WaitingForGateway' });
});

test('while a CMG with two gateways says nothing of groups, the active one alone is in them', async () => {
  const world = await bothServe();
  world.decide({ old: { phase: 'Active' }, new: { phase: 'Active' } }, NEW_ID);
  await world.settle();
  expect(world.members()).toEqual([NEW]);
});

test('a gateway of which a CMG with several says nothing stays in its groups', async () => {
  const world = await bothServe();
  world.decide({ old: { phase: 'Active' }, new: NEW_SERVES }, NEW_ID);
  expect(await world.settle()).not.toContain('RemoveBoundaryGroupMember');
  expect(world.members()).toEqual([OLD, NEW]);
});
