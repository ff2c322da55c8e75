import { describe, expect, it, test } from 'vitest';
import { HOUR, MINUTE } from '../../redeployment/instant.ts';
import type { SiteFailure } from '../../site/site.ts';
import { countsWorld, deviceRow, type LedSite, type Reading, SKEW } from './client-counts.test-world.ts';

const UNREACHABLE: SiteFailure = { kind: 'Unreachable', code: 'ECONNREFUSED', message: 'Connection refused.' };

/** A site of one device that answers at once, in a world of its own. */
function quickWorld() {
  const world = countsWorld();
  const { site } = world;
  const answer = (reading: Reading) => {
    reading.page([deviceRow()]);
    reading.end(world.complete(1));
  };
  site.answer = answer;
  return { ...world, answer };
}

const begunAt = ({ readings }: LedSite) => readings.map((reading) => reading.begunAt);

describe('a pass begins', () => {
  it('never while nobody asks', async () => {
    const { clock, site, counts } = quickWorld();
    await clock.advance(48 * HOUR);
    expect(site.readings).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    expect(counts.progress('uid-a')).toBeUndefined();
  });

  it('at once for the first who asks, and once an hour as long as somebody does', async () => {
    const { clock, site, begin, ask, end } = quickWorld();
    begin('a', { site });
    for (let minutes = 0; minutes < 185; minutes += 1) {
      await clock.advance(MINUTE);
      ask('gateways/a');
    }
    expect(begunAt(site)).toEqual([0, HOUR, 2 * HOUR, 3 * HOUR]);
    end('a');
    await clock.advance(48 * HOUR);
    expect(site.readings).toHaveLength(4);
    expect(clock.pendingTimers).toBe(0);
  });

  it('once an hour for a CMG that is reconciled only when it is queued', async () => {
    const { clock, site, begin } = quickWorld();
    begin('a', { site });
    await clock.advance(2 * HOUR);
    expect(begunAt(site)).toEqual([0, HOUR, 2 * HOUR]);
  });

  it('an hour after the last began, however long that took', async () => {
    const { clock, site, begin, complete } = countsWorld();
    begin('a', { site });
    await clock.advance(10 * MINUTE);
    site.readings[0]?.end(complete(0));
    await clock.advance(2 * HOUR);
    expect(begunAt(site)).toEqual([0, HOUR]);
  });

  it('before it can be evidence once only, and again a little after it can, as a Date has whole seconds', async () => {
    const { clock, site, begin, ask, siteNow } = quickWorld();
    begin('a', { site, notBefore: siteNow() + 5 * HOUR });
    for (let hours = 0; hours < 5; hours += 1) {
      await clock.advance(HOUR - 1);
      ask('gateways/a');
      await clock.advance(1);
    }
    expect(begunAt(site)).toEqual([0]);
    await clock.advance(5000);
    expect(begunAt(site)).toEqual([0, 5 * HOUR + 5000]);
  });

  it('for at most two sites at the same time, and for the next when one is done', async () => {
    const { clock, newSite, begin, complete } = countsWorld();
    const sites = [newSite(), newSite(), newSite()] as const;
    for (const [at, each] of sites.entries()) begin(`g${at}`, { site: each, siteKey: `gateways/s${at}` });
    await clock.advance(MINUTE);
    expect(sites.map(({ readings }) => readings.length)).toEqual([1, 1, 0]);
    sites[1].readings[0]?.end(complete(0));
    await clock.advance(0);
    expect(sites.map(({ readings }) => readings.length)).toEqual([1, 1, 1]);
  });

  it('not for a site that had to wait and of which nobody wants to know any more', async () => {
    const { clock, newSite, begin, end, queued, complete } = countsWorld();
    const sites = [newSite(), newSite(), newSite()] as const;
    for (const [at, each] of sites.entries()) begin(`g${at}`, { site: each, siteKey: `gateways/s${at}` });
    end('g2');
    for (const { readings } of sites) {
      readings[0]?.end(complete(0));
      await clock.advance(MINUTE);
    }
    expect(sites[2].readings).toEqual([]);
    expect(queued.filter((key) => key === 'gateways/g2')).toHaveLength(1);
  });
});

describe('a complete pass', () => {
  it('is told with the times of the site, and queues the CMG', async () => {
    const { clock, site, counts, queued, begin, siteNow, complete } = countsWorld();
    begin('a', { site });
    const first = siteNow();
    site.readings[0]?.page([deviceRow(), deviceRow({ CNAccessMP: 'old.contoso.com/CCM_Proxy_MutualAuth/1' })]);
    expect(counts.progress('uid-a')).toEqual({ counting: true, devicesSoFar: 2 });
    expect(counts.passes('uid-a')).toEqual([]);
    await clock.advance(MINUTE);
    site.readings[0]?.page([deviceRow({ IsClient: false })]);
    site.readings[0]?.end(complete(3));
    expect(queued).toEqual([]);
    await clock.advance(0);
    expect(queued).toEqual(['gateways/a']);
    expect(counts.passes('uid-a')).toMatchObject([{ complete: true, begunAt: first, devices: 3 }]);
    expect(first - clock.now()).toBe(SKEW - MINUTE);
    expect(counts.progress('uid-a')).toEqual({
      counting: false,
      devicesSoFar: 0,
      last: { eligible: 2, refreshed: 1, devices: 3, begunAt: first, endedAt: first + MINUTE },
    });
    expect(counts.gateways()).toEqual([{ namespace: 'gateways', name: 'a', eligible: 2, refreshed: 1 }]);
    expect(counts.sites()).toEqual([{ namespace: 'gateways', name: 'ps1', seconds: 60 }]);
  });

  it('answers all who asked before it began, and those who come later wait for the next', async () => {
    const { clock, site, answer, counts, begin, question } = quickWorld();
    site.answer = () => {};
    begin('a', { site });
    begin('b', { site, question: question({ serviceName: 'other.contoso.com' }) });
    const [reading] = site.readings;
    if (reading === undefined) expect.fail('Nothing is read.');
    answer(reading);
    await clock.advance(0);
    expect([counts.passes('uid-a').length, counts.passes('uid-b').length]).toEqual([1, 0]);
    site.answer = answer;
    await clock.advance(HOUR);
    expect(begunAt(site)).toEqual([0, HOUR]);
    expect(counts.progress('uid-a')?.last).toMatchObject({ refreshed: 1, begunAt: expect.any(Number) });
    expect(counts.progress('uid-b')?.last).toMatchObject({ eligible: 1, refreshed: 0 });
    expect(counts.passes('uid-a')[0]?.begunAt).toBe(counts.passes('uid-b')[0]?.begunAt);
  });

  it('answers a CMG that has asked again meanwhile', async () => {
    const { clock, site, counts, begin, ask, complete } = countsWorld();
    begin('a', { site });
    await clock.advance(MINUTE);
    ask('gateways/a');
    site.readings[0]?.page([deviceRow()]);
    expect(counts.progress('uid-a')).toMatchObject({ counting: true, devicesSoFar: 1 });
    site.readings[0]?.end(complete(1));
    await clock.advance(0);
    expect(counts.passes('uid-a')).toMatchObject([{ complete: true, devices: 1 }]);
    expect(site.readings).toHaveLength(1);
  });

  it('of a site without devices is complete too', async () => {
    const { clock, site, counts, begin, complete, siteNow } = countsWorld();
    begin('a', { site });
    site.readings[0]?.end(complete(0));
    await clock.advance(0);
    expect(counts.passes('uid-a')).toMatchObject([{ complete: true, devices: 0, begunAt: siteNow() }]);
  });
});

describe('a pass that failed', () => {
  it.each<readonly [why: string, fail: (reading: Reading, now: number) => void, failure: Partial<SiteFailure>]>([
    ['at a page', (reading) => reading.end(UNREACHABLE), UNREACHABLE],
    [
      'because the list moved',
      (reading, date) => reading.end({ kind: 'Answered', date, value: { kind: 'Changed', devices: 1 } }),
      { kind: 'Conflict' },
    ],
    [
      'that has a page without a Date',
      (reading, date) => {
        reading.page([deviceRow()], 'Undated');
        reading.page([deviceRow()]);
        reading.end({ kind: 'Answered', date, value: { kind: 'Complete', devices: 2 } });
      },
      { kind: 'InvalidAnswer' },
    ],
    [
      'without a Date',
      (reading) => reading.end({ kind: 'Answered', date: undefined, value: { kind: 'Complete', devices: 0 } }),
      { kind: 'InvalidAnswer' },
    ],
    [
      'unexpectedly',
      (reading) => reading.fail(new Error('Unheard of.')),
      { kind: 'Unreachable', code: 'PassBrokeOff' },
    ],
  ])('%s is none, and is tried again with growing pauses', async (_why, fail, failure) => {
    const { clock, site, counts, begin, ask, siteNow } = countsWorld();
    site.answer = (reading) => fail(reading, siteNow());
    begin('a', { site });
    for (let minutes = 0; minutes < 16; minutes += 1) {
      await clock.advance(MINUTE);
      ask('gateways/a');
    }
    expect(begunAt(site)).toEqual([0, MINUTE, 3 * MINUTE, 7 * MINUTE, 15 * MINUTE]);
    expect(counts.passes('uid-a')).toEqual([]);
    expect(counts.progress('uid-a')).toMatchObject({ counting: false, failure });
    await clock.advance(24 * HOUR);
    const times = begunAt(site);
    expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBe(HOUR);
  });

  it('keeps what the one before has shown, and the next success ends the failure', async () => {
    const { clock, site, answer, counts, begin } = quickWorld();
    begin('a', { site });
    await clock.advance(1);
    const passes = counts.passes('uid-a');
    site.answer = (reading) => reading.end(UNREACHABLE);
    await clock.advance(HOUR);
    expect(counts.passes('uid-a')).toEqual(passes);
    expect(counts.progress('uid-a')).toMatchObject({ failure: UNREACHABLE, last: { refreshed: 1 } });
    site.answer = answer;
    await clock.advance(MINUTE);
    expect(counts.progress('uid-a')?.failure).toBeUndefined();
    expect(counts.passes('uid-a')).not.toEqual(passes);
    site.answer = (reading) => reading.end(UNREACHABLE);
    await clock.advance(HOUR + 2 * MINUTE);
    expect(begunAt(site).slice(-2)).toEqual([2 * HOUR + MINUTE, 2 * HOUR + 2 * MINUTE]);
  });

  it('is not tried again before a site that wants fewer requests lets it', async () => {
    const { clock, site, begin } = countsWorld();
    site.answer = (reading) =>
      reading.end({ kind: 'Throttled', status: 429, message: 'Slower.', retryAfterMs: 20 * MINUTE });
    begin('a', { site });
    await clock.advance(39 * MINUTE);
    expect(begunAt(site)).toEqual([0, 20 * MINUTE]);
  });

  it('ends at the first page without a Date', async () => {
    const { clock, site, begin } = countsWorld();
    begin('a', { site });
    site.readings[0]?.page([deviceRow()]);
    expect(site.readings[0]?.signal.aborted).toBe(false);
    site.readings[0]?.page([deviceRow()], 'Undated');
    expect(site.readings[0]?.signal.aborted).toBe(true);
    await clock.advance(MINUTE);
    expect(begunAt(site)).toEqual([0, MINUTE]);
  });
});

describe('what was counted', () => {
  it('is forgotten when the question is another one, which waits for its turn', async () => {
    const { clock, site, counts, begin, question, siteNow } = quickWorld();
    begin('a', { site });
    await clock.advance(MINUTE);
    const advertisedSince = siteNow();
    begin('a', { site, question: question({ advertisedSince }), notBefore: siteNow() + 24 * HOUR });
    expect(counts.passes('uid-a')).toEqual([]);
    await clock.advance(24 * HOUR - MINUTE);
    expect(begunAt(site)).toEqual([0, HOUR]);
    expect(counts.passes('uid-a')).toMatchObject([{ question: { advertisedSince } }]);
  });

  it('is kept for another successor of the same CMG', async () => {
    const { clock, site, counts, begin, question } = quickWorld();
    begin('a', { site });
    await clock.advance(MINUTE);
    begin('a', { site, question: question({ serviceName: 'newer.contoso.com' }) });
    await clock.advance(HOUR);
    expect(counts.passes('uid-a').map((pass) => pass.question.serviceName)).toEqual([
      'new.contoso.com',
      'newer.contoso.com',
    ]);
  });

  it('is forgotten with the CMG, and a pass that only it waits for ends', async () => {
    const { clock, site, counts, queued, begin, end } = countsWorld();
    begin('a', { site });
    begin('b', { site });
    end('a');
    counts.forget('uid-a');
    expect(site.readings[0]?.signal.aborted).toBe(true);
    await clock.advance(MINUTE);
    expect(counts.progress('uid-a')).toBeUndefined();
    expect(queued).not.toContain('gateways/a');
    expect(begunAt(site)).toEqual([0, MINUTE]);
  });

  it('is forgotten when nobody has asked for a while', async () => {
    const { clock, site, counts, begin, end } = quickWorld();
    begin('a', { site });
    end('a');
    await clock.advance(3 * HOUR - 1);
    expect(counts.gateways()).toHaveLength(1);
    await clock.advance(1);
    expect([counts.gateways(), counts.sites(), counts.passes('uid-a')]).toEqual([[], [], []]);
  });

  it('is forgotten when the way leads elsewhere: the devices may be those of another site', async () => {
    const { clock, counts, begin, site, newSite, answer, question } = quickWorld();
    const same = question();
    begin('a', { site, question: same });
    await clock.advance(1);
    site.answer = (reading) => reading.end(UNREACHABLE);
    await clock.advance(HOUR);
    const other = newSite();
    other.answer = answer;
    begin('a', { site: other, question: same });
    expect(counts.passes('uid-a')).toEqual([]);
    expect(counts.progress('uid-a')).toEqual({ counting: false, devicesSoFar: 0 });
    await clock.advance(MINUTE);
    expect(begunAt(other)).toEqual([HOUR + MINUTE]);
    expect(counts.passes('uid-a')).toHaveLength(1);
  });

  it('is forgotten when the CMG names another Site', async () => {
    const { clock, counts, begin, site, newSite, question } = quickWorld();
    const same = question();
    begin('a', { site, question: same });
    await clock.advance(1);
    begin('a', { site: newSite(), siteKey: 'gateways/ps2', question: same });
    expect(counts.passes('uid-a')).toEqual([]);
    expect(counts.progress('uid-a')).toEqual({ counting: true, devicesSoFar: 0 });
  });
});

test('everything ends at once with the controller', async () => {
  const { clock, site, counts, queued, begin, stop } = countsWorld();
  begin('a', { site });
  stop();
  expect(site.readings[0]?.signal.aborted).toBe(true);
  await clock.advance(0);
  begin('a', { site });
  await clock.advance(24 * HOUR);
  expect(site.readings).toHaveLength(1);
  expect(queued).toEqual([]);
  expect(counts.passes('uid-a')).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});
