import { expect, test } from 'vitest';
import {
  type AdminServiceWorld,
  GATEWAY,
  startAdminServiceWorld,
} from '../../../test/simulators/adminservice/test-world.ts';
import { countsOf, type PassQuestion } from '../../redeployment/client-gate.ts';
import { DAY } from '../../redeployment/instant.ts';
import type { Site } from '../../site/site.ts';
import { deviceRow } from './client-counts.test-world.ts';
import { readClients } from './client-pass.ts';

const SIZE = 3500;
/** Rows that are counted without a pause for other work. */
const MOST_AT_ONCE = 100;
const NOW = Date.UTC(2026, 0, 1);

const question = (serviceName: string): PassQuestion => ({
  serviceName,
  advertisedSince: NOW,
  ignoreInactiveFor: 14 * DAY,
});

async function startWithFleet(): Promise<AdminServiceWorld> {
  const world = await startAdminServiceWorld();
  world.site.control.startFleet({ size: SIZE });
  return world;
}

test('one reading of a site answers all questions, in parts that let other work in between', async () => {
  await using world = await startWithFleet();
  const steps = [0];
  const outcome = await readClients(world.adminService.facts, [question(GATEWAY), question('other.contoso.com')], {
    signal: world.signal,
    onDevices: (devices) => steps.push(devices),
  });
  if (outcome.kind !== 'Counted') expect.fail(JSON.stringify(outcome));
  expect(outcome.endedAt).toBe(NOW);
  const [through, other] = outcome.passes;
  if (through === undefined || other === undefined) expect.fail('A question has no answer.');
  const plain = { complete: true, devices: SIZE, begunAt: NOW, unreadable: 0 };
  expect(outcome.passes).toMatchObject([plain, plain]);
  expect(countsOf(through).refreshed).toBeGreaterThan(SIZE / 2);
  expect(countsOf(other)).toEqual({ eligible: countsOf(through).eligible, refreshed: 0 });
  expect(steps.at(-1)).toBe(SIZE);
  expect(Math.max(...steps.slice(1).map((devices, at) => devices - (steps[at] ?? 0)))).toBe(MOST_AT_ONCE);
});

test.each([
  ['malformedJson', 'InvalidAnswer'],
  ['htmlPage', 'InvalidAnswer'],
  ['dropConnection', 'Unreachable'],
] as const)('a reading that breaks off by %s is a failure', async (kind, failure) => {
  await using world = await startWithFleet();
  world.site.control.faults.add({ match: { urlPattern: 'skip=2999' }, action: { kind } });
  const outcome = await readClients(world.adminService.facts, [question(GATEWAY)], world);
  expect(outcome).toMatchObject({ kind: 'Failed', failure: { kind: failure } });
});

test('a list that moves while it is read is a failure', async () => {
  await using world = await startWithFleet();
  world.site.control.faults.add({
    match: { urlPattern: 'skip=1999&?' },
    action: { kind: 'removeDevices', count: 1 },
  });
  const outcome = await readClients(world.adminService.facts, [question(GATEWAY)], world);
  expect(outcome).toMatchObject({ kind: 'Failed', failure: { kind: 'Conflict', date: NOW } });
});

test.each([
  ['a page', undefined, NOW],
  ['the answer', NOW, undefined],
] as const)(
  'a reading in which %s has no Date is a failure, whatever the site makes of it',
  async (_what, page, date) => {
    const site: Pick<Site, 'readDevices'> = {
      readDevices: async (onRows) => {
        onRows([deviceRow()], page);
        return { kind: 'Answered', date, value: { kind: 'Complete', devices: 1 } };
      },
    };
    const outcome = await readClients(site, [question(GATEWAY)], { signal: new AbortController().signal });
    expect(outcome).toMatchObject({ kind: 'Failed', failure: { kind: 'InvalidAnswer' } });
  },
);

test('a reading ends as soon as it is told to, without a failure of the site', async () => {
  await using world = await startWithFleet();
  const ending = new AbortController();
  const read: number[] = [];
  const reading = readClients(world.adminService.facts, [question(GATEWAY)], {
    signal: ending.signal,
    onDevices: (devices) => {
      read.push(devices);
      if (devices === 1000) ending.abort(new Error('Told to.'));
    },
  });
  await expect(reading).rejects.toThrow('Told to.');
  expect(read.at(-1)).toBe(1000);
});
