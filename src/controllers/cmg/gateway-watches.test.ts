import { beforeEach, describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../redeployment/instant.ts';
import type { Finding } from './finding.ts';
import { createGatewayWatches, type GatewayWatches, IN_REACH, noteLook } from './gateway-watches.ts';

const START = Date.parse('2026-01-10T00:00:00Z');

let watches: GatewayWatches;
beforeEach(() => {
  watches = createGatewayWatches();
});

describe('the time for which a gateway has been looked at', () => {
  it('begins with the first look, and lasts while an hour never goes by without one', () => {
    expect(watches.seenSince('a', START)).toBeUndefined();
    for (const at of [0, HOUR, 2 * HOUR]) watches.saw('a', START + at);
    expect(watches.seenSince('a', START + 3 * HOUR)).toBe(START);
    expect(watches.seenSince('a', START + 3 * HOUR + 1)).toBeUndefined();
    watches.saw('a', START + 3 * HOUR + 1);
    expect(watches.seenSince('a', START + 3 * HOUR + 1)).toBe(START + 3 * HOUR + 1);
  });

  it('begins anew when it is forgotten', () => {
    watches.saw('a', START);
    watches.forget('a');
    watches.saw('a', START + MINUTE);
    expect(watches.seenSince('a', START + MINUTE)).toBe(START + MINUTE);
  });
});

describe('a round', () => {
  const findings = (change: Partial<Record<(typeof IN_REACH)[number], Finding['status']>> = {}): readonly Finding[] =>
    IN_REACH.map((type) => ({ type, status: change[type] ?? 'True', reason: 'Succeeded', message: '' }));
  /** A round in which this was found, with the operator's clock so far ahead of Azure's. */
  const round = (found: readonly Finding[], ahead = 0) =>
    noteLook(
      { watches, azure: { serverTime: { now: () => START } }, clock: { now: () => START + ahead } },
      { uid: 'a' },
      found,
    );

  it('is a look when all is in order', () => {
    round(findings());
    expect(watches.seenSince('a', START)).toBe(START);
  });

  it.each(IN_REACH.flatMap((type) => (['False', 'Unknown'] as const).map((status) => [type, status] as const)))(
    'is none when %s is %s',
    (type, status) => {
      round(findings({ [type]: status }));
      expect(watches.seenSince('a', START)).toBeUndefined();
    },
  );

  it('is none when something was not found out', () => {
    round(findings().slice(1));
    expect(watches.seenSince('a', START)).toBeUndefined();
  });

  it('ends what was seen when clocks disagree', () => {
    round(findings());
    round(findings(), 6 * MINUTE);
    expect(watches.seenSince('a', START)).toBeUndefined();
  });
});
