import { expect, test } from 'vitest';
import {
  type AdminServiceWorld,
  GATEWAY,
  startAdminServiceWorld,
} from '../../../test/simulators/adminservice/test-world.ts';

const SIZE = 3500;

async function startWithFleet(): Promise<AdminServiceWorld> {
  const world = await startAdminServiceWorld();
  world.site.control.startFleet({ size: SIZE });
  return world;
}

async function pass(world: AdminServiceWorld) {
  const ids: number[] = [];
  let through = 0;
  const answer = await world.adminService.facts.readDevices((rows) => {
    ids.push(...rows.map(({ ResourceID }) => ResourceID));
    through += rows.filter(({ CNAccessMP }) => CNAccessMP?.startsWith(`${GATEWAY}/CCM_Proxy_`)).length;
  }, world);
  return { answer, ids, through };
}

test('all devices are read once, with what the gate counts', async () => {
  await using world = await startWithFleet();
  const { answer, ids, through } = await pass(world);
  expect(answer).toEqual({
    kind: 'Answered',
    date: Date.UTC(2026, 0, 1),
    value: { kind: 'Complete', devices: SIZE },
  });
  expect(new Set(ids).size).toBe(SIZE);
  expect(through).toBeGreaterThan(SIZE / 2);
});

test('a site that cuts pages short is read to the end all the same', async () => {
  await using world = await startWithFleet();
  world.site.control.settings.pageSize = 400;
  const { answer, ids } = await pass(world);
  expect(answer).toMatchObject({ value: { kind: 'Complete', devices: SIZE } });
  expect(new Set(ids).size).toBe(SIZE);
});

test('a list that moves while it is read is no complete pass', async () => {
  await using world = await startWithFleet();
  world.site.control.faults.add({
    match: { urlPattern: 'skip=1999&?' },
    action: { kind: 'removeDevices', count: 1 },
  });
  expect((await pass(world)).answer).toMatchObject({ value: { kind: 'Changed', devices: 2000 } });
  expect((await pass(world)).answer).toMatchObject({ value: { kind: 'Complete', devices: SIZE - 1 } });
});

test.each(['malformedJson', 'htmlPage', 'dropConnection'] as const)(
  'a pass that breaks off by %s is a failure',
  async (kind) => {
    await using world = await startWithFleet();
    world.site.control.faults.add({ match: { urlPattern: 'skip=2999' }, action: { kind } });
    const { answer, ids } = await pass(world);
    expect(answer.kind).toBe(kind === 'dropConnection' ? 'Unreachable' : 'InvalidAnswer');
    expect(ids).toHaveLength(3000);
  },
);

test('a site without devices is a complete pass of none', async () => {
  await using world = await startAdminServiceWorld();
  expect((await pass(world)).answer).toMatchObject({ value: { kind: 'Complete', devices: 0 } });
});
