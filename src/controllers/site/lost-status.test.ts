import { expect, test } from 'vitest';
import { bothServe, cmgWith, NEW, OLD, serverOf } from './hand-over.test-world.ts';
import { leavingCmg, serviceRecord } from './site.test-world.ts';

const ALL_SERVE = {
  links: { [serverOf('cp01')]: OLD, [serverOf('cp02')]: OLD, [serverOf('spare')]: NEW },
  members: [OLD, NEW],
};

test('a gateway that the status of its CMG has lost keeps its connection point and its group', async () => {
  const world = await bothServe();
  world.decide({ old: { phase: 'Active' } });
  expect(await world.settle()).toEqual([]);
  expect({ links: world.links(), members: world.members() }).toEqual(ALL_SERVE);
  // When the site has it no more, nobody depends on it.
  world.site.records = [serviceRecord(OLD)];
  await world.settle();
  expect(world.members()).toEqual([OLD]);
});

test('while the status of a CMG says nothing, the gateway that it wants keeps its last connection point and its group', async () => {
  const world = await bothServe();
  const { status: _lost, ...cmg } = cmgWith({ new: {} });
  world.cluster.cmgs = [cmg];
  expect(await world.settle()).toEqual([]);
  expect({ links: world.links(), members: world.members() }).toEqual(ALL_SERVE);
  expect(world.points.spare.message('Linked')).toContain('says nothing yet');
});

test('a gateway that the status of its CMG has lost keeps them when the CMG is deleted', async () => {
  const world = await bothServe();
  const { spec, ...cmg } = cmgWith({ old: { phase: 'Active' } });
  const unprotected = { ...spec, deletionPolicy: 'Delete' as const, deletionProtection: false };
  world.cluster.cmgs = [leavingCmg({ ...cmg, spec: unprotected })];
  await world.settle();
  expect({ links: world.links(), members: world.members() }).toEqual({
    links: { [serverOf('spare')]: NEW },
    members: [NEW],
  });
  expect(await world.points.spare.round()).toMatchObject({ Linked: 'False UnknownGateway' });
});
