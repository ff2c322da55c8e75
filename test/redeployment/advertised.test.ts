import { describe, expect, it, test } from 'vitest';
import { DAY, MINUTE } from '../../src/redeployment/instant.ts';
import type { Records } from '../../src/redeployment/record.ts';
import {
  asItIs,
  BOTH_SERVE,
  type Change,
  edited,
  historyOf,
  phasesOf,
  planIn,
  type Wrong,
  withSite,
  withSuccessor,
  worldWith,
} from './planned-world.ts';
import { type Cmg, cmgAt, type World, withCmg } from './world.ts';

/** The old gateway serves on. */
const NOT_GOING = expect.stringMatching(/^(Active|Superseded)$/);

/** Clients are taken to know the new gateway, so that nothing but time is waited for. */
const BEGUN = withCmg(BOTH_SERVE, 0, {
  gateways: cmgAt(BOTH_SERVE, 0).gateways.map((each) => ({ ...each, known: true })),
});

describe('the wait of a day', () => {
  it('ends after a day in which the new gateway was advertised', () => {
    expect(phasesOf(historyOf(BEGUN, 23.5, {}))).toEqual(['Superseded', 'Active']);
    expect(phasesOf(historyOf(BEGUN, 24, {}))).toEqual(['Draining', 'Active']);
  });

  const conjuncts: readonly (readonly [string, Change])[] = [
    ['it is not stopped', withSuccessor({ running: 'No' })],
    ['every VM serves', withSuccessor({ instancesServe: 'No' })],
    ['its address presents its certificate', withSuccessor({ certificatePresented: 'No' })],
    ['the service name resolves to it', withSuccessor({ resolves: 'No' })],
    ['the site has its record', withSuccessor({ siteRecord: 'No' })],
    [
      'a connection point is connected',
      withSite((site) => ({
        ...site,
        points: site.points.map((each) => (each.name === 'p-standby' ? { ...each, connected: 'No' } : each)),
      })),
    ],
    [
      'it is in every boundary group',
      withSite((site) => ({ ...site, groups: [...site.groups, { name: 'other', members: ['x.contoso.com'] }] })),
    ],
    ['the site answers', withSite(() => ({ kind: 'Unreachable' }))],
  ];

  test.each(conjuncts)('does not end after a day when only this failed in hours 1 to 23: %s', (_what, seen) => {
    expect(phasesOf(historyOf(BEGUN, 24.5, { seen }))).toEqual(['Superseded', 'Active']);
  });

  const unknown: readonly (readonly [string, Change])[] = [
    ['whether it runs', withSuccessor({ running: 'Unknown' })],
    ['whether every VM serves', withSuccessor({ instancesServe: 'Unknown' })],
    ['whether its address presents its certificate', withSuccessor({ certificatePresented: 'Unknown' })],
    ['whether the service name resolves to it', withSuccessor({ resolves: 'Unknown' })],
    ['whether the site has its record', withSuccessor({ siteRecord: 'Unknown' })],
    [
      'whether a connection point is connected',
      withSite((site) => ({ ...site, points: site.points.map((each) => ({ ...each, connected: 'Unknown' })) })),
    ],
  ];

  test.each(unknown)('does not end after a day when this was not known in hours 1 to 23: %s', (_what, seen) => {
    expect(phasesOf(historyOf(BEGUN, 24.5, { seen }))).toEqual(['Superseded', 'Active']);
  });

  it('takes the word of Azure where the gateway is not connected to, and no less', () => {
    const unprobed = (change: Parameters<typeof withSuccessor>[0]) =>
      historyOf(BEGUN, 24, { seen: withSuccessor({ ...change, certificatePresented: 'NotProbed' }) });
    expect(phasesOf(unprobed({}))).toEqual(['Draining', 'Active']);
    expect(phasesOf(unprobed({ instancesServe: 'No' }))).toEqual(['Superseded', 'Active']);
  });

  it('is not broken by ten minutes in which something else was seen', () => {
    const run = cmgAt(BOTH_SERVE, 0).records.deployments[1]?.run;
    const doubted = planIn(BOTH_SERVE, withSuccessor({ resolves: 'No' })).records;
    const later = planIn({ ...BOTH_SERVE, time: BOTH_SERVE.time + 10 * MINUTE }, asItIs, doubted).records;
    expect(later.deployments[1]?.run?.since).toBe(run?.since);
    const tooLate = planIn({ ...BOTH_SERVE, time: BOTH_SERVE.time + 10 * MINUTE + 1 }, asItIs, doubted).records;
    expect(tooLate.deployments[1]?.run?.since).toBe(BOTH_SERVE.time + 10 * MINUTE + 1);
  });
});

describe('"No wait is credited while suspended, Observe, Stopped, skewed, or unobserved for more than 1 h"', () => {
  /** Of what it is set back to, the generation is another one. */
  const spec = (change: Partial<Cmg>): Wrong => ({
    world: (world) => edited(world, change),
    after: (world) => edited(edited(world, {}), {}),
  });
  const times: readonly (readonly [string, Wrong])[] = [
    ['suspended', spec({ suspended: true })],
    ['Observe', spec({ onlyObserved: true })],
    ['Stopped', spec({ stopped: true })],
    ['skewed', { seen: (observed) => ({ ...observed, localTime: observed.localTime + 6 * MINUTE }) }],
    ['unobserved', { world: (world) => ({ ...world, azureUp: false }) }],
  ];

  test.each(times)('%s in hours 1 to 23', (_what, wrong) => {
    expect(phasesOf(historyOf(BEGUN, 24.5, wrong))).toEqual([NOT_GOING, 'Active']);
  });

  it('suspended for so short a time that nobody missed a look', () => {
    const sinceAfter = (changes: number) => {
      const later = { ...BEGUN, time: BEGUN.time + 50 * MINUTE };
      const world = Array.from({ length: changes }).reduce<World>((then) => edited(then, {}), later);
      return planIn(world).records.deployments[1]?.run?.since;
    };
    expect(sinceAfter(1)).toBe(cmgAt(BEGUN, 0).records.deployments[1]?.run?.since);
    // A generation that nobody has planned may have been a suspended one.
    expect(sinceAfter(2)).toBeUndefined();
  });

  test.each([
    ['61 minutes', 61, NOT_GOING],
    ['an hour', 60, 'Draining'],
  ])('nobody looks for %s', (_what, minutes, phase) => {
    const lookAfter = (time: number, before: Records) =>
      planIn({ ...BEGUN, time: BEGUN.time + time }, asItIs, before).records;
    let records = lookAfter(0, cmgAt(BEGUN, 0).records);
    for (let time = minutes * MINUTE; time < DAY; time += 30 * MINUTE) records = lookAfter(time, records);
    expect(phasesOf(lookAfter(DAY, records))).toEqual([phase, 'Active']);
  });
});

describe('the wait of a day of a CMG without a site, by time only', () => {
  const alone = worldWith('settled, without a site, by time only, after edit of 0', 'Superseded', 'Active');

  it('ends after a day in which the new gateway was advertised', () => {
    expect(phasesOf(historyOf(alone, 23.5, {}))).toEqual(['Superseded', 'Active']);
    expect(phasesOf(historyOf(alone, 24, {}))).toEqual(['Draining', 'Active']);
  });

  test.each([
    ['it is not stopped', withSuccessor({ running: 'No' })],
    ['every VM serves', withSuccessor({ instancesServe: 'No' })],
    ['its address presents its certificate', withSuccessor({ certificatePresented: 'No' })],
    ['the service name resolves to it', withSuccessor({ resolves: 'No' })],
  ])('does not end after a day when only this failed in hours 1 to 23: %s', (_what, seen) => {
    expect(phasesOf(historyOf(alone, 24.5, { seen }))).toEqual([NOT_GOING, 'Active']);
  });
});
