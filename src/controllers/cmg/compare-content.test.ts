import { beforeEach, describe, expect, test } from 'vitest';
import type { ContentItem, ContentKind, DistributedContent, DistributionState } from '../../site/site.ts';
import { type MemorySite, memorySite, serviceRecord, UNREACHABLE } from '../site/site.test-world.ts';
import { compareContent } from './compare-content.ts';

const OLD = serviceRecord('old.contoso.com', 1);
const NEW = serviceRecord('new.contoso.com', 2);

let site: MemorySite;
beforeEach(() => {
  site = memorySite();
  site.records = [OLD, NEW];
});

function item(number: number, state: DistributionState = 'Installed', kind: ContentKind = 'Package') {
  return { packageId: `PS1${String(number).padStart(5, '0')}`, name: `Package ${number}`, kind, state };
}

function holds(on: typeof OLD, ...items: readonly (ContentItem & DistributedContent)[]) {
  site.content.set(on.nalPath, items);
}

const compare = (from = 'Old.contoso.com', to = 'NEW.contoso.com') =>
  compareContent(site, { from, to }, new AbortController().signal);

describe('what one gateway holds and another one lacks', () => {
  test('is nothing when all of it is installed there, whatever else is', async () => {
    holds(OLD, item(1), item(2));
    holds(NEW, item(1), item(2), item(3, 'Failed'));
    expect(await compare()).toEqual({ kind: 'Complete', held: 2 });
  });

  test('is nothing when the old one holds nothing', async () => {
    holds(NEW, item(1));
    expect(await compare()).toEqual({ kind: 'Complete', held: 0 });
  });

  test('is what was never distributed, what failed, what is taken away and what is on its way', async () => {
    holds(OLD, item(1), item(2), item(3), item(4), item(5), item(6));
    holds(NEW, item(1), item(2, 'Pending'), item(3, 'Failed'), item(4, 'Removing'), item(5, 'Unknown'));
    expect(await compare()).toEqual({
      kind: 'Missing',
      held: 6,
      missing: 5,
      underWay: 1,
      first: [
        item(3, 'Failed'),
        item(4, 'Removing'),
        item(5, 'Unknown'),
        { ...item(6), state: undefined },
        item(2, 'Pending'),
      ],
    });
  });

  test('is counted, and the first of it named, however much it is', async () => {
    holds(OLD, ...Array.from({ length: 9000 }, (_, number) => item(number)));
    const compared = await compare();
    expect(compared).toMatchObject({ kind: 'Missing', held: 9000, missing: 9000, underWay: 0 });
    expect(compared.kind === 'Missing' && compared.first).toHaveLength(20);
  });
});

describe('nothing is known of it', () => {
  test('when the site does not answer, or does not let it be read', async () => {
    holds(OLD, item(1));
    for (const operation of ['ReadServiceRecords', 'ReadContent'] as const) {
      site.failures.set(operation, UNREACHABLE);
      expect(await compare()).toEqual({ kind: 'Unknown', failure: UNREACHABLE.message });
      site.failures.clear();
    }
  });

  test('when the site has no record of one of them', async () => {
    expect(await compare('other.contoso.com')).toEqual({
      kind: 'Unknown',
      failure: 'The site has no record of other.contoso.com.',
    });
    expect(await compare(undefined, 'other.contoso.com')).toEqual({
      kind: 'Unknown',
      failure: 'The site has no record of other.contoso.com.',
    });
  });

  test.each(['readContent', 'readDistribution'] as const)('when the list moved in %s', async (read) => {
    holds(OLD, item(1));
    holds(NEW, item(1));
    site[read] = () => Promise.resolve({ kind: 'Answered', date: 0, value: { kind: 'Changed', items: 1 } });
    expect(await compare()).toMatchObject({ kind: 'Unknown', failure: expect.stringContaining('changed') });
  });
});
