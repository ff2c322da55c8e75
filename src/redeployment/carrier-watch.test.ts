import { describe, expect, it } from 'vitest';
import { advertisedFor, type CarrierSight, type CarrierWatch, watchCarrier } from './carrier-watch.ts';
import { DAY, HOUR, MINUTE } from './instant.ts';
import type { Seen } from './observed.ts';

const START = Date.parse('2026-01-10T00:00:00Z');
const BEFORE = START - 3 * DAY;

const sight = (advertised: Seen, change: Partial<CarrierSight> = {}): CarrierSight => ({
  key: 'gateways/fabrikam',
  deployment: 'f1',
  advertised,
  provenSince: BEFORE,
  ...change,
});

/** What is remembered after looks, each so long after the start. */
function watched(
  looks: readonly (readonly [number, Seen])[],
  change: Partial<CarrierSight> = {},
): CarrierWatch | undefined {
  return looks.reduce<CarrierWatch | undefined>(
    (watch, [at, advertised]) => watchCarrier(watch, sight(advertised, change), { now: START + at, counts: true }),
    undefined,
  );
}

/** Looks that find it advertised, one each half hour. */
const often = (from: number, to: number): readonly (readonly [number, Seen])[] =>
  Array.from({ length: (to - from) / (30 * MINUTE) + 1 }, (_, at) => [from + at * 30 * MINUTE, 'Yes'] as const);

describe('the time of a carrier', () => {
  it('is what is proven before it is first looked at, and goes on', () => {
    const watch = watched(often(0, 5 * HOUR));
    expect(watch?.run).toEqual({ since: BEFORE, seenAt: START + 5 * HOUR });
    expect(advertisedFor(watch, 'Yes', START + 5 * HOUR)).toBe(3 * DAY + 5 * HOUR);
  });

  it('begins with the first look where nothing is proven', () => {
    const watch = watched(often(0, 5 * HOUR), { provenSince: undefined });
    expect(watch?.run?.since).toBe(START);
  });

  it('is none while it is seen otherwise', () => {
    const watch = watched([...often(0, HOUR), [HOUR + MINUTE, 'No']]);
    expect(advertisedFor(watch, 'No', START + HOUR + MINUTE)).toBe(0);
    expect(advertisedFor(watch, 'Unknown', START + HOUR + MINUTE)).toBe(0);
  });

  it('outlasts a break of ten minutes', () => {
    const watch = watched([...often(0, HOUR), [HOUR + MINUTE, 'No'], [HOUR + 11 * MINUTE, 'Yes']]);
    expect(watch?.run).toEqual({ since: BEFORE, seenAt: START + HOUR + 11 * MINUTE });
  });

  it.each<readonly [string, readonly (readonly [number, Seen])[]]>([
    [
      'a longer break',
      [
        [HOUR + MINUTE, 'No'],
        [HOUR + 12 * MINUTE, 'No'],
        [2 * HOUR, 'Yes'],
      ],
    ],
    ['an hour without a look', [[2 * HOUR + MINUTE, 'Yes']]],
    [
      'an hour in which nothing could be seen',
      [
        [90 * MINUTE, 'Unknown'],
        [2 * HOUR + MINUTE, 'Unknown'],
        [3 * HOUR, 'Yes'],
      ],
    ],
  ])('begins anew after %s, whatever is proven otherwise', (_, looks) => {
    const watch = watched([...often(0, HOUR), ...looks]);
    const [end = 0] = looks.at(-1) ?? [];
    expect(watch?.run).toEqual({ since: START + end, seenAt: START + end });
  });

  it('begins with the look that finds it advertised where the first did not', () => {
    expect(watched([[0, 'No']])).toEqual({ key: 'gateways/fabrikam', deployment: 'f1' });
    expect(
      watched([
        [0, 'No'],
        [MINUTE, 'Yes'],
      ])?.run?.since,
    ).toBe(START + MINUTE);
  });

  it('is left open while nothing has been seen of it', () => {
    expect(watched([[0, 'Unknown']])).toBeUndefined();
    expect(
      watched([
        [0, 'Unknown'],
        [MINUTE, 'Yes'],
      ])?.run?.since,
    ).toBe(BEFORE);
  });

  it('begins anew when clocks disagreed', () => {
    const skewed = watchCarrier(watched(often(0, HOUR)), sight('Yes'), { now: START + HOUR, counts: false });
    expect(skewed).toEqual({ key: 'gateways/fabrikam', deployment: 'f1' });
    const later = watchCarrier(skewed, sight('Yes'), { now: START + 2 * HOUR, counts: true });
    expect(later?.run?.since).toBe(START + 2 * HOUR);
  });

  it('is that of one deployment', () => {
    const moved = watchCarrier(watched(often(0, HOUR)), sight('Yes', { deployment: 'f2', provenSince: START }), {
      now: START + HOUR,
      counts: true,
    });
    expect(moved).toEqual({
      key: 'gateways/fabrikam',
      deployment: 'f2',
      run: { since: START, seenAt: START + HOUR },
    });
  });

  it('is written anew every ten minutes at most', () => {
    const watch = watched([[0, 'Yes']]);
    expect(watchCarrier(watch, sight('Yes'), { now: START + 9 * MINUTE, counts: true })).toBe(watch);
    expect(watchCarrier(watch, sight('Yes'), { now: START + 10 * MINUTE, counts: true })).not.toBe(watch);
  });
});
