import { beforeEach, describe, expect, test } from 'vitest';
import type { ContentItem, DistributionState } from '../../site/site.ts';
import { type MemorySite, memorySite, serviceRecord, UNREACHABLE } from '../site/site.test-world.ts';
import { checkHeldContent, readHeldContent } from './held-content.ts';

const NAME = 'contoso.contoso.com';
const GATEWAY = serviceRecord(NAME);
const { signal } = new AbortController();

let site: MemorySite;
beforeEach(() => {
  site = memorySite();
  site.records = [GATEWAY];
});

function item(number: number, more: Partial<ContentItem & { state: DistributionState }> = {}) {
  const packageId = `PS1${String(number).padStart(5, '0')}`;
  return { packageId, name: `Package ${number}`, kind: 'Package', state: 'Installed', ...more } as const;
}

const holds = (...items: readonly ReturnType<typeof item>[]) => site.content.set(GATEWAY.nalPath, items);
const read = () => readHeldContent(site, 'Contoso.contoso.com', signal);

describe('what a gateway holds', () => {
  test('is read whole, in the order of ids', async () => {
    holds(item(2), item(1));
    const [one, two] = [item(1), item(2)].map(({ packageId, name, kind }) => ({ packageId, name, kind }));
    expect(await read()).toEqual({ kind: 'Read', held: 2, items: [one, two] });
  });

  test('is counted, and as much of it remembered as a status takes, whatever its names', async () => {
    holds(...Array.from({ length: 9000 }, (_, number) => item(9000 - number)));
    const many = await read();
    expect(many).toMatchObject({ kind: 'Read', held: 9000 });
    const ids = many.kind === 'Read' ? many.items.map(({ packageId }) => packageId) : [];
    expect(ids).toEqual(Array.from({ length: 32 }, (_, number) => item(number + 1).packageId));

    const kind = 'Application';
    holds(...Array.from({ length: 40 }, (_, number) => item(number, { kind, name: 'x'.repeat(250) })));
    const long = await read();
    expect(JSON.stringify(long).length).toBeLessThan(3100);
    expect(long.kind === 'Read' && long.items.every(({ name }) => name.length === 250)).toBe(true);
    expect(long.kind === 'Read' && long.items.length).toBeGreaterThan(5);
  });

  test('has the names that a cmdlet takes whole or not at all', async () => {
    holds(item(1, { name: 'x'.repeat(300) }), item(2, { kind: 'Application', name: 'x'.repeat(300) }));
    const answer = await read();
    expect(answer.kind === 'Read' && answer.items.map(({ name }) => name.length)).toEqual([40, 0]);
  });

  test('is not told any more where the site has no record of it, or deletes it', async () => {
    site.records = [];
    expect(await read()).toEqual({ kind: 'Gone' });
    holds(item(1));
    site.records = [{ ...GATEWAY, state: { kind: 'Deleting' } }];
    expect(await read()).toEqual({ kind: 'Gone' });
  });

  test('is not known when the site does not answer, or the list moved', async () => {
    holds(item(1));
    for (const operation of ['ReadServiceRecords', 'ReadContent'] as const) {
      site.failures.set(operation, UNREACHABLE);
      expect(await read()).toEqual({ kind: 'Unknown', failure: UNREACHABLE.message });
      site.failures.clear();
    }
    site.readContent = () => Promise.resolve({ kind: 'Answered', date: 0, value: { kind: 'Changed', items: 1 } });
    expect(await read()).toMatchObject({ kind: 'Unknown', failure: expect.stringContaining('changed') });
  });
});

describe('what the next one lacks of it', () => {
  const held = (count: number, ...numbers: readonly number[]) => ({
    deployment: 'd1',
    serviceName: NAME,
    held: count,
    items: numbers.map((number) => item(number)),
  });
  const check = (list: ReturnType<typeof held>) => checkHeldContent(site, { held: list, to: NAME }, signal);

  test('is what of the list is not installed', async () => {
    holds(item(1), item(2, { state: 'Pending' }), item(9));
    expect(await check(held(3, 1, 2, 3))).toMatchObject({
      kind: 'Missing',
      held: 3,
      missing: 2,
      underWay: 1,
      first: [{ packageId: item(3).packageId }, { packageId: item(2).packageId }],
    });
    holds(item(1), item(2));
    expect(await check(held(2, 1, 2))).toEqual({ kind: 'Complete', held: 2 });
  });

  test('counts of what the list does not name as there what else is installed', async () => {
    holds(item(1), item(7), item(8, { state: 'Failed' }));
    expect(await check(held(5, 1))).toEqual({ kind: 'Missing', held: 5, missing: 3, underWay: 0, first: [] });
    expect(await check(held(5, 1, 2))).toMatchObject({ kind: 'Missing', missing: 3 });
    expect(await check(held(2, 1))).toEqual({ kind: 'Complete', held: 2 });
  });

  test('is not known when the site does not answer, has no record of it, or the list moved', async () => {
    site.failures.set('ReadContent', UNREACHABLE);
    expect(await check(held(1, 1))).toEqual({ kind: 'Unknown', failure: UNREACHABLE.message });
    site.failures.clear();
    site.readDistribution = () => Promise.resolve({ kind: 'Answered', date: 0, value: { kind: 'Changed', items: 1 } });
    expect(await check(held(1, 1))).toMatchObject({ kind: 'Unknown' });
    site.records = [];
    expect(await check(held(1, 1))).toMatchObject({ failure: expect.stringContaining('no record') });
  });
});
