import { describe, expect, it, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/redeployment/instant.ts';
import type { Observed, ObservedDeployment } from '../../src/redeployment/observed.ts';
import type { DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import {
  asItIs,
  BOTH_SERVE,
  type Change,
  DRAINING,
  edited,
  LACKING,
  phasesOf,
  planIn,
  READY,
  recorded,
  seen,
  withConsents,
  withContent,
  withSite,
  withSuccessor,
  worldWith,
} from './planned-world.ts';
import { cmgAt, SETTLED, type World, withCmg } from './world.ts';

// What the design says of a deployment with "never", "only" or "any doubt", by its words: identity, served, and rules 3 to 5.
// Of the rules after them: safety-of-deletion.test.ts. Of what makes a deployment advertised: advertised.test.ts.

const ofNew = ({ deployments }: Records) => deployments.find(({ id }) => id === 'd2');

describe('"a field that a record lacks is equal (a newer operator never redeploys a fleet)"', () => {
  const without = (...parts: readonly (keyof DeploymentRecord['identity'])[]) => {
    const { records } = cmgAt(SETTLED, 0);
    const identity = Object.fromEntries(
      Object.entries(records.deployments[0]?.identity ?? {}).filter(([part]) => !parts.some((each) => each === part)),
    );
    return { ...recorded(records, 'd1', { identity }), wanted: identity };
  };

  it('makes no other gateway for a field of which nothing was written down', () => {
    const { records, conditions } = planIn(SETTLED, asItIs, without('region'));
    expect(phasesOf(records)).toEqual(['Active']);
    expect(conditions).toEqual([]);
  });

  it('makes one for a field that was written down', () => {
    const { records } = planIn(edited(SETTLED, { wish: 1 }), asItIs, without('region'));
    expect(phasesOf(records)).toEqual(['Active', 'Provisioning']);
  });
});

describe('"`no` only if status and the tag written at creation say so. Any doubt is yes."', () => {
  const BUILT = worldWith('after edit of 0', 'Active', 'Provisioning');
  const reverted = edited(BUILT, { wish: 0 });
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
    ['the tag of what is half there cannot be read', { azure: 'Partial', mark: { kind: 'Unknown' } }, asItIs],
    ['it has VMs and no tag', { mark: { kind: 'None' } }, asItIs],
    ['Azure cannot be read', { azure: 'Unknown', mark: { kind: 'None' } }, asItIs],
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

  it('"the tag becomes yes before the first connection point or boundary group is pointed at it"', () => {
    const ready = { azure: 'Whole', instancesServe: 'Yes', certificatePresented: 'Yes', siteRecord: 'Yes' } as const;
    const pointedAt = (tag: 'Yes' | 'No') =>
      planIn(BUILT, withSuccessor({ ...ready, mark: { kind: 'Read', mark: mark(tag) } }), marked).actions.filter(
        ({ kind }) => kind === 'LinkPoint' || kind === 'JoinGroup',
      );
    const marked = recorded(cmgAt(BUILT, 0).records, 'd2', { served: 'Yes', stage: { phase: 'Active' } });
    expect(pointedAt('No')).toEqual([]);
    expect(pointedAt('Yes')).toHaveLength(2);
    const [, born] = planIn(BUILT, withSuccessor({ ...ready, mark: never })).records.deployments;
    expect(born?.served).toBe('Yes');
  });

  it('"one whose name a point or group already carries is born yes"', () => {
    const named = edited(SETTLED, { wish: 1, group: ['x.contoso.com', 'y.contoso.com'] });
    expect(planIn(named).records.deployments.map(({ served }) => served)).toEqual(['Yes', 'Yes']);
    expect(planIn(edited(SETTLED, { wish: 1 })).records.deployments.map(({ served }) => served)).toEqual(['Yes', 'No']);
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

  const STAYS = expect.stringMatching(/^(Active|Superseded)$/);

  test.each(missing)('and not unless %s', (_what, wrong) => {
    expect(phasesOf(planIn(READY, wrong).records)).toEqual([STAYS, 'Active']);
  });

  const { records } = cmgAt(READY, 0);
  const run = ofNew(records)?.run;
  if (run === undefined) throw new Error('The new gateway is in no run.');
  const tooLate = READY.time - DAY + 1;
  const unready: readonly (readonly [string, World, Records])[] = [
    ['S has been advertised for a day', READY, recorded(records, 'd2', { run: { ...run, since: tooLate } })],
    ['S has been wanted for a day', READY, recorded(records, 'd2', { wantedSince: tooLate })],
    ['S has been advertised for minimumWait', termsOf({ minimumWait: 2 * DAY }), records],
    [
      'a shorter minimumWait is a day',
      termsOf({ minimumWait: HOUR }),
      recorded(records, 'd2', { wantedSince: tooLate }),
    ],
    ['enough clients are seen to know S', clientsUnaware(READY), records],
    [
      'the deadline is more than a day away',
      clientsUnaware(termsOf({ onDeadline: 'Retire', deadline: 3 * DAY })),
      records,
    ],
  ];

  test.each(unready)('and not unless %s', (_what, world, remembered) => {
    expect(phasesOf(planIn(world, asItIs, remembered).records)).toEqual([STAYS, 'Active']);
  });

  it('"overridden (onDeadline: Retire after such a pass)": not without the pass', () => {
    const overdue = clientsUnaware(termsOf({ onDeadline: 'Retire', deadline: DAY }));
    expect(phasesOf(planIn(overdue).records)).toEqual(['Draining', 'Active']);
    const none: Change = (observed) => ({ ...observed, clientPasses: [] });
    expect(phasesOf(planIn(overdue, none).records)).toEqual([STAYS, 'Active']);
    const ofAnother: Change = (observed) => ({
      ...observed,
      clientPasses: observed.clientPasses.map((pass) => ({
        ...pass,
        question: { ...pass.question, serviceName: 'x.contoso.com' },
      })),
    });
    expect(phasesOf(planIn(overdue, ofAnother).records)).toEqual([STAYS, 'Active']);
  });

  it('"overridden (confirm-retire)": for the gateway that the word names, and after the wait', () => {
    const unaware = clientsUnaware(READY);
    const told = (world: World, deployment: string, remembered = records) =>
      phasesOf(
        planIn(world, (observed) => withConsents(observed, [{ kind: 'ConfirmRetire', deployment }]), remembered)
          .records,
      );
    expect(told(unaware, 'd1')).toEqual(['Draining', 'Active']);
    expect(told(unaware, 'd2')).toEqual([STAYS, 'Active']);
    expect(told(unaware, 'd1', recorded(records, 'd2', { wantedSince: tooLate }))).toEqual([STAYS, 'Active']);
  });

  it('not when one has waited and clients know another one', () => {
    // The third is advertised, and its clients know it, but for less than a day; of the second it is the other way round.
    const third = { ...ofNew(records), id: 'd3', serviceName: 'z.contoso.com', wantedOrder: 3, wantedSince: tooLate };
    const three: Records = { ...records, deployments: [...records.deployments, third as DeploymentRecord] };
    const both: Change = (observed) => {
      const [pass] = observed.clientPasses.filter(({ question }) => question.serviceName === 'y.contoso.com');
      const unaware = { eligible: 100, refreshed: 0 };
      const newest = observed.deployments.find(({ id }) => id === 'd2');
      if (pass === undefined || newest === undefined || observed.site.kind !== 'Read') return observed;
      const point = { name: 'p-third', role: 'Standby', linkedTo: 'z.contoso.com', connected: 'Yes' } as const;
      return {
        ...observed,
        deployments: [...observed.deployments.filter(({ id }) => id !== 'd3'), { ...newest, id: 'd3' }],
        clientPasses: [
          { ...pass, asUtc: unaware, anyZone: unaware },
          { ...pass, question: { ...pass.question, serviceName: 'z.contoso.com' } },
        ],
        site: {
          ...observed.site,
          points: [...observed.site.points, point],
          groups: [{ name: 'group', members: ['x.contoso.com', 'y.contoso.com', 'z.contoso.com'] }],
        },
      };
    };
    expect(phasesOf(planIn(READY, both, three).records)).not.toContain('Draining');
  });
});

/** The new gateway has waited; the CMG asks for something else. */
function termsOf(terms: Partial<World['cmgs'][number]['terms']>): World {
  return withCmg(READY, 0, { terms: { ...cmgAt(READY, 0).terms, ...terms } });
}

function clientsUnaware(world: World): World {
  return withCmg(world, 0, { gateways: cmgAt(world, 0).gateways.map((each) => ({ ...each, known: false })) });
}

describe('"wanted more recently than D (so no two ever retire behind each other)"', () => {
  it('retires the older one, and never the one that was wanted last', () => {
    const { records } = cmgAt(READY, 0);
    const swapped = {
      ...records,
      deployments: records.deployments.map((each) => ({ ...each, wantedOrder: 3 - each.wantedOrder })),
    };
    // The one that is wanted becomes the newest, from now on.
    expect(phasesOf(planIn(READY, asItIs, swapped).records)).toEqual(['Superseded', 'Active']);
  });

  it('retires the older one of two that nobody wants any more', () => {
    const elsewhere = withCmg(edited(READY, { wish: 2 }), 0, {
      gateways: cmgAt(READY, 0).gateways.map((each) => ({ ...each, known: true })),
    });
    expect(phasesOf(planIn(elsewhere).records)).toEqual(['Draining', 'Active']);
  });
});

describe('"counts as advertised only when seen so"', () => {
  const back = edited(DRAINING, { wish: 0 });

  it('a gateway that is wanted back while it drains has no successor’s place before it is seen to serve', () => {
    const settled = (change: Change) => phasesOf(planIn(back, change, planIn(back, change).records).records);
    expect(settled(seen('d1', { running: 'No', instancesServe: 'No' }))).toEqual(['Active', 'Active']);
    expect(settled(seen('d1', { running: 'Unknown' }))).toEqual(['Active', 'Active']);
    expect(settled(asItIs)).toEqual(['Active', 'Superseded']);
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

  describe('"every serving deployment keeps at least one connected connection point until it drains"', () => {
    /** The old one has its primary point and perhaps another one; there is no standby. */
    const moves = (old: Partial<ObservedDeployment>, other?: 'Yes' | 'No') => {
      const another = {
        name: 'p-other',
        role: 'Primary',
        linkedTo: 'x.contoso.com',
        connected: other ?? 'No',
      } as const;
      const points = withSite((site) => ({
        ...site,
        points: [...site.points.filter(({ role }) => role === 'Primary'), ...(other === undefined ? [] : [another])],
      }));
      return planIn(BOTH_SERVE, (observed) => seen('d1', old)(points(observed))).actions.filter(
        ({ kind }) => kind === 'LinkPoint' || kind === 'UnlinkPoint',
      );
    };
    const given = [{ kind: 'LinkPoint', point: 'p-primary', deployment: 'd2', from: 'x.contoso.com' }];

    it('gives one away that it can spare', () => {
      expect(moves({}, 'Yes')).toEqual(given);
      expect(moves({ instancesServe: 'No' }, 'No')).toEqual(given);
    });

    it('keeps its last one, and its last that is connected', () => {
      expect(moves({})).toEqual([]);
      expect(moves({}, 'No').filter((action) => 'point' in action && action.point === 'p-primary')).toEqual([]);
    });

    it('keeps it also where nobody knows whether it serves', () => {
      expect(moves({ instancesServe: 'Unknown' })).toEqual([]);
      expect(moves({ instancesServe: 'Unknown' }, 'No')).not.toEqual(given);
    });
  });
});

describe('boundary groups: "the new one is added before the old one leaves"', () => {
  const left = (members: readonly string[]) =>
    planIn(
      DRAINING,
      withSite((site) => ({ ...site, groups: [...site.groups, { name: 'other', members }] })),
    ).actions.flatMap((action) => (action.kind === 'LeaveGroup' ? [action.group] : []));

  it('leaves those groups that its successor is in, and no other', () => {
    expect(left(['x.contoso.com', 'y.contoso.com'])).toEqual(['group', 'other']);
    expect(left(['x.contoso.com'])).toEqual([]);
  });
});
