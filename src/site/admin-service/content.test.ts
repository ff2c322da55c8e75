import { expect, test } from 'vitest';
import { CONTENT_TYPE, DISTRIBUTION } from '../../../test/simulators/adminservice/content-library.ts';
import {
  type AdminServiceWorld,
  GATEWAY,
  startAdminServiceWorld,
} from '../../../test/simulators/adminservice/test-world.ts';
import type { ContentItem, DistributedContent } from '../facts.ts';

/** Its name ends with that of the gateway. */
const OTHER = `x${GATEWAY}`;

const gatewayOf = ({ site }: AdminServiceWorld, serviceName = GATEWAY) => {
  const found = site.control.services.find((service) => service.serviceName === serviceName);
  if (found === undefined) throw new Error(`There is no ${serviceName}.`);
  return found;
};

function distribute({ site: { control } }: AdminServiceWorld, serviceName: string, count: number, from = 0) {
  control.settings.distributeSeconds = 0;
  for (let number = from; number < from + count; number += 1) {
    const packageId = `PS1${String(number).padStart(5, '0')}`;
    control.addContent({ packageId, name: `Package ${number}`, type: CONTENT_TYPE.package });
    control.distributeContent(serviceName, packageId);
  }
}

async function contentOf(world: AdminServiceWorld) {
  const items: ContentItem[] = [];
  const { readContent } = world.adminService.facts;
  const answer = await readContent(gatewayOf(world), (read) => items.push(...read), world);
  return { answer, items };
}

async function distributionOf(world: AdminServiceWorld) {
  const items: DistributedContent[] = [];
  const { readDistribution } = world.adminService.facts;
  const answer = await readDistribution(gatewayOf(world), (read) => items.push(...read), world);
  return { answer, states: Object.fromEntries(items.map(({ packageId, state }) => [packageId, state])) };
}

test('what a gateway holds is read page after page, and nothing of another one whose name it is a part of', async () => {
  await using world = await startAdminServiceWorld();
  world.site.control.addService({ serviceName: OTHER });
  distribute(world, GATEWAY, 1200);
  distribute(world, OTHER, 30, 2000);
  const { answer, items } = await contentOf(world);
  expect(answer).toMatchObject({ kind: 'Answered', value: { kind: 'Complete', items: 1200 } });
  expect(new Set(items.map(({ packageId }) => packageId)).size).toBe(1200);
  expect(items[7]).toEqual({ packageId: 'PS100007', name: 'Package 7', kind: 'Package' });
  const distribution = await distributionOf(world);
  expect(distribution.answer).toMatchObject({ value: { kind: 'Complete', items: 1200 } });
});

test('a gateway that holds nothing has nothing', async () => {
  await using world = await startAdminServiceWorld();
  expect(await contentOf(world)).toMatchObject({ answer: { value: { kind: 'Complete', items: 0 } }, items: [] });
});

test.each([
  [CONTENT_TYPE.application, 'Application'],
  [CONTENT_TYPE.deploymentPackage, 'DeploymentPackage'],
  [CONTENT_TYPE.bootImage, 'BootImage'],
  [6, 'Other'],
])('content of type %i is %s', async (type, kind) => {
  await using world = await startAdminServiceWorld();
  world.site.control.addContent({ packageId: 'PS100001', name: 'It', type });
  world.site.control.distributeContent(GATEWAY, 'PS100001');
  expect((await contentOf(world)).items).toEqual([{ packageId: 'PS100001', name: 'It', kind }]);
});

test('distribution takes its time, and fails, and its state may be a number that nobody knows', async () => {
  await using world = await startAdminServiceWorld();
  const { control } = world.site;
  for (const packageId of ['PS100001', 'PS100002', 'PS100003', 'PS100004']) {
    control.addContent({ packageId, name: packageId, type: CONTENT_TYPE.package });
    control.distributeContent(GATEWAY, packageId);
  }
  control.setDistributionState(GATEWAY, 'PS100002', DISTRIBUTION.failed);
  control.setDistributionState(GATEWAY, 'PS100003', 8);
  control.setDistributionState(GATEWAY, 'PS100004', DISTRIBUTION.removing);
  const expected = { PS100001: 'Pending', PS100002: 'Failed', PS100003: 'Unknown', PS100004: 'Removing' };
  expect((await distributionOf(world)).states).toEqual(expected);
  await control.advance(control.settings.distributeSeconds * 1000);
  expect((await distributionOf(world)).states).toEqual({ ...expected, PS100001: 'Installed' });
});

test('a list that moves underneath says nothing of the whole', async () => {
  await using world = await startAdminServiceWorld();
  distribute(world, GATEWAY, 700);
  const { readContent } = world.adminService.facts;
  let removed = 0;
  const takeOneAway = () => {
    if (removed === 0) world.site.control.removeContent(GATEWAY, 'PS100003');
    removed += 1;
  };
  const answer = await readContent(gatewayOf(world), takeOneAway, world);
  expect(answer).toMatchObject({ kind: 'Answered', value: { kind: 'Changed' } });
});

test('a site without the class says so', async () => {
  await using world = await startAdminServiceWorld();
  world.site.control.faults.add({
    match: { urlPattern: 'SMS_DPContentInfo' },
    action: { kind: 'answer', status: 404, message: 'No HTTP resource was found.' },
  });
  expect((await contentOf(world)).answer).toMatchObject({ kind: 'NotFound' });
});
