import { describe, expect, it, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/redeployment/instant.ts';
import type { Observed, ObservedDeployment } from '../../src/redeployment/observed.ts';
import type { DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import {
  asItIs,
  BOTH_SERVE,
  type Change,
  LACKING,
  phasesOf,
  planIn,
  READY,
  withConsents,
  withContent,
  withSite,
  withSuccessor,
  worldWith,
} from './planned-world.ts';
import { cmgAt, SETTLED, type World } from './world.ts';

/** Runs for some hours with a look every half hour; what is wrong is so in hours 1 to 23. */
function historyOf(hours: number, wrong: Change): Records {
  const begun: World = {
    ...BOTH_SERVE,
    cmgs: BOTH_SERVE.cmgs.map((cmg) => ({ ...cmg, gateways: cmg.gateways.map((each) => ({ ...each, known: true })) })),
  };
  let records = cmgAt(begun, 0).records;
  for (let passed = 0; passed <= hours * HOUR; passed += 30 * MINUTE) {
    const isWrong = passed >= HOUR && passed <= 23 * HOUR;
    records = planIn({ ...begun, time: begun.time + passed }, isWrong ? wrong : asItIs, records).records;
  }
  return records;
}

const idsOf = ({ deployments }: Records) => deployments.map(({ id }) => id);

describe('the wait of a day', () => {
  it('ends after a day in which the new gateway was advertised', () => {
    expect(phasesOf(historyOf(23.5, asItIs))).toEqual(['Superseded', 'Active']);
    expect(phasesOf(historyOf(24, asItIs))).toEqual(['Draining', 'Active']);
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

  test.each(conjuncts)('does not end after a day when only this failed in hours 1 to 23: %s', (_what, wrong) => {
    expect(phasesOf(historyOf(24.5, wrong))).toEqual(['Superseded', 'Active']);
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

describe('"It drains only when for one and the same successor S all hold"', () => {
  it('drains when all hold', () => {
    expect(phasesOf(planIn(READY).records)).toEqual(['Draining', 'Active']);
  });

  const missing: readonly (readonly [string, Change])[] = [
    ['S is advertised now', withSuccessor({ resolves: 'No' })],
    ['S is seen at all', withSuccessor({ resolves: 'Unknown' })],
    ['a pass was made', (observed) => ({ ...observed, clientPasses: [] })],
    [
      'the pass is complete',
      (observed) => ({
        ...observed,
        clientPasses: observed.clientPasses.map((each) => ({ ...each, complete: false })),
      }),
    ],
    [
      'the pass was begun after the wait',
      (observed) => ({
        ...observed,
        clientPasses: observed.clientPasses.map((each) => ({
          ...each,
          begunAt: each.question.advertisedSince + DAY - 1,
        })),
      }),
    ],
    [
      'the pass asked for this name',
      (observed) => ({
        ...observed,
        clientPasses: observed.clientPasses.filter(({ question }) => question.serviceName !== 'y.contoso.com'),
      }),
    ],
    ['its content was compared', (observed) => ({ ...observed, content: [] })],
    [
      'what S holds could be read',
      withContent({ kind: 'Unknown', failure: 'The site does not let the account read it.' }),
    ],
    ['S holds all content of it', withContent(LACKING)],
    ['what S lacks has arrived', withContent({ ...LACKING, underWay: LACKING.missing })],
    [
      'the content was compared with that of S',
      (observed) => ({
        ...observed,
        content: observed.content?.map((each) => ({ ...each, to: 'z.contoso.com' })) ?? [],
      }),
    ],
    ['the clocks agree', (observed) => ({ ...observed, localTime: observed.localTime + 6 * MINUTE })],
    ['the certificate can be read', (observed) => ({ ...observed, certificateReadable: false })],
  ];

  test.each(missing)('and not unless %s', (_what, wrong) => {
    expect(phasesOf(planIn(READY, wrong).records)).toEqual([expect.stringMatching(/^(Active|Superseded)$/), 'Active']);
  });
});

describe('"`no` only if status and the tag written at creation say so. Any doubt is yes."', () => {
  const BUILT = worldWith('edit of 0', 'Active', 'Provisioning');
  const reverted: World = {
    ...BUILT,
    cmgs: BUILT.cmgs.map((cmg, at) => (at === 0 ? { ...cmg, wish: 0, generation: cmg.generation + 1 } : cmg)),
  };
  const never = { kind: 'Read' as const, mark: mark('No') };

  function mark(served: 'Yes' | 'No') {
    const record = cmgAt(BUILT, 0).records.deployments[1];
    if (record === undefined) throw new Error('The world has no second deployment.');
    const { id, identity, serviceName, wantedSince, wantedOrder } = record;
    return { id, identity, serviceName, served, wantedSince, wantedOrder };
  }

  const phaseOfNew = (change: Partial<ObservedDeployment>, site: Change = asItIs) =>
    planIn(reverted, (observed) => site(withSuccessor({ azure: 'Whole', ...change })(observed))).records.deployments[1]
      ?.stage.phase;

  it('goes at once when both say so', () => {
    expect(phaseOfNew({ mark: never })).toBe('Deleting');
  });

  const doubts: readonly (readonly [string, Partial<ObservedDeployment>, Change])[] = [
    ['the tag says yes', { mark: { kind: 'Read', mark: mark('Yes') } }, asItIs],
    ['the tag cannot be read', { mark: { kind: 'Unknown' } }, asItIs],
    ['the tag is lost', { mark: { kind: 'Lost' } }, asItIs],
    [
      'a boundary group names it',
      { mark: never },
      withSite((site) => ({ ...site, groups: [{ name: 'group', members: ['x.contoso.com', 'Y.contoso.com'] }] })),
    ],
    [
      'a connection point names it',
      { mark: never },
      withSite((site) => ({
        ...site,
        points: site.points.map((each) => (each.role === 'Standby' ? { ...each, linkedTo: 'y.contoso.com' } : each)),
      })),
    ],
  ];

  test.each(doubts)('and stays when %s', (_what, change, site) => {
    const phase = phaseOfNew(change, site);
    expect(phase).toBeDefined();
    expect(phase).not.toBe('Deleting');
  });
});

describe('"A deployment that is not serving gives its last point up only with allow-client-outage: <its id>"', () => {
  const broken: Change = (observed) => ({
    ...observed,
    deployments: observed.deployments.map((each) => (each.id === 'd1' ? { ...each, instancesServe: 'No' } : each)),
  });
  /** The standby is gone, so that the new one can get nothing but the last point of the old one. */
  const alone = (observed: Observed) =>
    withSite((site) => ({ ...site, points: site.points.filter(({ role }) => role === 'Primary') }))(broken(observed));
  const moves = (consents: Observed['consents']) =>
    planIn(BOTH_SERVE, (observed) => withConsents(alone(observed), consents)).actions.filter(
      ({ kind }) => kind === 'LinkPoint',
    );

  it('keeps it without a word, and with a word for another one', () => {
    expect(moves([])).toEqual([]);
    expect(moves([{ kind: 'AllowClientOutage', deployment: 'd2' }])).toEqual([]);
  });

  it('gives it with a word for it, once', () => {
    const word = { kind: 'AllowClientOutage', deployment: 'd1' } as const;
    expect(moves([word])).toEqual([{ kind: 'LinkPoint', point: 'p-primary', deployment: 'd2', from: 'x.contoso.com' }]);
    const { records } = planIn(BOTH_SERVE, (observed) => withConsents(alone(observed), [word]));
    expect(records.lapsed).toEqual([word]);
  });
});

describe('"delete first … allowed only with a carrier claim or the annotation, and only after the whole preflight"', () => {
  const SAME_NAME = worldWith('edit, same prefix of 0', 'Active');
  const claimed: World = { ...SAME_NAME, claim: { claimant: 'contoso/one', carrier: 'contoso/two' } };
  const announced = (world: World, change: Change = asItIs) => planIn(world, change).records.deployments[0]?.announced;
  const word: Change = (observed) =>
    withConsents({ ...observed, carriers: [] }, [{ kind: 'AllowClientOutage', deployment: 'd1' }]);
  const seen: World = {
    ...SAME_NAME,
    cmgs: SAME_NAME.cmgs.map((cmg, at) => (at === 0 ? { ...cmg, records: planIn(SAME_NAME).records } : cmg)),
  };

  it('with a claim, or with a word', () => {
    expect(announced(claimed)).toBe('DeleteFirst');
    expect(announced(seen, word)).toBe('DeleteFirst');
  });

  const refused: readonly (readonly [string, World, Change])[] = [
    ['without either', seen, (observed) => ({ ...observed, carriers: [] })],
    [
      'with a claim of another CMG',
      { ...claimed, claim: { claimant: 'contoso/three', carrier: 'contoso/two' } },
      asItIs,
    ],
    ['with a claim whose carrier has gone', claimed, (observed) => ({ ...observed, carriers: [] })],
    ['with a word that came with the change', SAME_NAME, word],
    [
      'with a word for another deployment',
      seen,
      (observed) => withConsents({ ...observed, carriers: [] }, [{ kind: 'AllowClientOutage', deployment: 'd9' }]),
    ],
    [
      'before the whole preflight has passed',
      claimed,
      (observed) => ({ ...observed, preflight: { passed: true, wholePassed: false } }),
    ],
  ];

  test.each(refused)('not %s', (_what, world, change) => {
    expect(announced(world, change)).toBeUndefined();
  });

  const unfit: readonly (readonly [string, Partial<Observed['carriers'][number]>])[] = [
    ['is not Ready', { ready: false }],
    ['is stopped', { running: false }],
    ['has a generation that nobody observed', { current: false }],
    ['is redeploying', { redeploying: true }],
    ['has been advertised for less than its wait', { advertisedFor: DAY - 1 }],
    ['has clients that do not know it', { gateOpen: false }],
  ];

  test.each(unfit)('not behind a carrier that %s', (_what, change) => {
    const carriers: Change = (observed) => ({
      ...observed,
      carriers: observed.carriers.map((each) => ({ ...each, ...change })),
    });
    expect(announced(claimed, carriers)).toBeUndefined();
  });
});

describe('"A deployment that is not wanted is never shrunk and never rolled"', () => {
  it('is kept as it serves, and only the wanted one is made what the spec says', () => {
    const maintained = planIn(BOTH_SERVE).actions.filter(({ kind }) => kind === 'Maintain');
    expect(maintained).toEqual([
      { kind: 'Maintain', deployment: 'd1', manner: 'KeepServing' },
      { kind: 'Maintain', deployment: 'd2', manner: 'AsDeclared' },
    ]);
  });
});

describe('connection points: "the next only when the last reads back connected"', () => {
  const spare = { name: 'p-third', role: 'Primary' as const, connected: 'No' as const };
  const withState = (connected: 'Yes' | 'No' | 'Unknown') =>
    withSite((site) => ({
      ...site,
      points: [
        ...site.points.map((each) => (each.linkedTo === 'y.contoso.com' ? { ...each, connected } : each)),
        spare,
      ],
    }));
  const links = (connected: 'Yes' | 'No' | 'Unknown') =>
    planIn(BOTH_SERVE, withState(connected)).actions.filter(({ kind }) => kind === 'LinkPoint');

  it('links a free one when it is connected, and not before', () => {
    expect(links('Yes')).toEqual([{ kind: 'LinkPoint', point: 'p-third', deployment: 'd2' }]);
    expect(links('No')).toEqual([]);
    expect(links('Unknown')).toEqual([]);
  });

  it('"the standby role goes only after one of them reads back connected"', () => {
    const released = (connected: 'Yes' | 'No') =>
      planIn(
        BOTH_SERVE,
        withSite((site) => ({ ...site, points: [...site.points, { ...spare, linkedTo: 'y.contoso.com', connected }] })),
      ).actions.filter(({ kind }) => kind === 'UnlinkPoint');
    expect(released('No')).toEqual([]);
    expect(released('Yes')).toEqual([{ kind: 'UnlinkPoint', point: 'p-standby', from: 'y.contoso.com' }]);
  });
});

describe('"wanted more recently than D (so no two ever retire behind each other)"', () => {
  it('retires the older one only', () => {
    const records = cmgAt(READY, 0).records;
    const swapped = {
      ...records,
      deployments: records.deployments.map((each) => ({ ...each, wantedOrder: 3 - each.wantedOrder })),
    };
    // The one that is wanted becomes the newest, from now on.
    expect(phasesOf(planIn(READY, asItIs, swapped).records)).toEqual(['Superseded', 'Active']);
  });
});

describe('"Lost or contradictory state never shortens a wait and never enables rule 2"', () => {
  const lost: Records = { deployments: [], lapsed: [] };

  it('begins the wait anew when the status is lost', () => {
    const { records } = planIn(READY, asItIs, lost);
    expect(idsOf(records)).toEqual(['d1', 'd2']);
    const since = records.deployments.map(({ run }) => run?.since);
    expect(since).not.toContain(cmgAt(READY, 0).records.deployments[1]?.run?.since);
    expect(phasesOf(records)).not.toContain('Draining');
  });

  it('deletes nothing when the status is lost and what is wanted has changed', () => {
    const elsewhere: World = { ...READY, cmgs: READY.cmgs.map((cmg, at) => (at === 0 ? { ...cmg, wish: 2 } : cmg)) };
    const { records } = planIn(elsewhere, asItIs, lost);
    expect(idsOf(records)).toEqual(expect.arrayContaining(['d1', 'd2']));
    expect(phasesOf(records)).not.toContain('Deleting');
  });

  it('counts no consent when it does not know what was wanted before', () => {
    const withWord: Change = (observed) => ({
      ...observed,
      consents: [{ kind: 'AllowClientOutage', deployment: 'd1' }],
    });
    expect(planIn(READY, withWord, lost).records.lapsed).toEqual([{ kind: 'AllowClientOutage', deployment: 'd1' }]);
  });
});

describe('"a deployment without our mark is never deleted by us in Azure"', () => {
  it('asks the site, where the site made it', () => {
    const { records } = cmgAt(READY, 0);
    const [first, second] = records.deployments;
    if (first === undefined || second === undefined) throw new Error('The world has no two deployments.');
    const doomed: DeploymentRecord = {
      ...first,
      identity: { ...first.identity, provisioner: 'Site' },
      stage: { phase: 'Deleting', because: 'Retired' },
    };
    const away = withSite((site) => ({
      ...site,
      points: site.points.filter(({ linkedTo }) => linkedTo !== 'x.contoso.com'),
      groups: [{ name: 'group', members: ['y.contoso.com'] }],
    }));
    const { actions } = planIn(READY, away, { ...records, deployments: [doomed, second] });
    expect(actions.filter(({ kind }) => kind === 'Delete')).toEqual([{ kind: 'Delete', deployment: 'd1', by: 'Site' }]);
  });
});

test('"no write anywhere" follows from a state that is as it should be', () => {
  const { records, actions, conditions } = planIn(SETTLED);
  expect(actions).toEqual([{ kind: 'Maintain', deployment: 'd1', manner: 'AsDeclared' }]);
  expect(records).toBe(cmgAt(SETTLED, 0).records);
  expect(conditions).toEqual([]);
});
