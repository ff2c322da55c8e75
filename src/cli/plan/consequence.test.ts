import { describe, expect, test } from 'vitest';
import type { CMG, CMGSpec, CMGStatus, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { ManagedCmg } from '../../controllers/cmg/managed-cmg.ts';
import { recordsOf } from '../../controllers/cmg/redeployment/records.ts';
import { plan } from '../../redeployment/planner.ts';
import type { Situation } from '../../redeployment/situation.ts';
import { changedIn, cmg, deployment, FIELDS, follows, NOW, SPEC, type Stands, WITH_STANDBY } from './cmg.test-world.ts';
import type { Consequence } from './consequence.ts';
import { type KnownPoints, situationWith } from './situation.ts';

const NAMED_ANEW: CMGSpec = { ...SPEC, serviceName: 'lakeside.contoso.com' };
const THIRD: CMGSpec = { ...SPEC, serviceName: 'ridgeway.contoso.com' };
const ELSEWHERE: CMGSpec = { ...SPEC, azure: { ...SPEC.azure, region: 'northeurope' } };
const BY_SITE: CMGSpec = { ...NAMED_ANEW, provisioner: 'Site' };
const LARGER: CMGSpec = { ...SPEC, vm: { ...SPEC.vm, instances: 3 } };

const first = (rest: Partial<Stands> = {}) => deployment(SPEC, { id: 'first', ...rest });
const second = (rest: Partial<Stands> = {}) => deployment(NAMED_ANEW, { id: 'second', wantedOrder: 2, ...rest });

/** A CMG whose gateway `second` takes the place of `first`. */
const replacing = (...deployments: readonly CMGStatusDeployment[]) =>
  cmg(NAMED_ANEW, deployments.length === 0 ? [first({ phase: 'Superseded' }), second()] : deployments);

const kindOf = ({ consequence }: { readonly consequence: Consequence }) => consequence.kind;

describe('a change of one field', () => {
  test.each(FIELDS)('$field, of the class $kind, comes to that', ({ field, kind }) => {
    const { before, after } = changedIn(field);
    const live = cmg(before, [deployment(before, { id: 'first' })]);
    expect(kindOf(follows(live, after))).toBe(kind === 'Redeploy' ? 'Replaced' : 'InPlace');
    expect(kindOf(follows(live, before))).toBe('Unchanged');
  });
});

describe('another gateway', () => {
  const live = cmg(SPEC, [first()]);

  test('stands beside the old one under another prefix', () => {
    expect(follows(live, NAMED_ANEW).consequence).toMatchObject({
      kind: 'Replaced',
      manner: 'SideBySide',
      holder: undefined,
      blockedBy: undefined,
    });
  });

  test.each<readonly [string, CMGSpec]>([
    ['the same service name', ELSEWHERE],
    ['the same service name in other letters', { ...SPEC, serviceName: 'GraniteFalls.contoso.com' }],
    ['the same first label in another domain', { ...SPEC, serviceName: 'granitefalls.fabrikam.com' }],
  ])('takes the names of the old one, which is deleted first, under %s', (_what, spec) => {
    expect(follows(live, spec).consequence).toMatchObject({ manner: 'DeleteFirst', holder: { id: 'first' } });
  });

  test('waits for a connection point', () => {
    const onlyPrimary: KnownPoints = {
      kind: 'Read',
      points: [{ name: 'cp01', role: 'Primary', linkedTo: SPEC.serviceName, connected: 'Yes' }],
    };
    const blockedBy = (points: KnownPoints, spec: CMGSpec = NAMED_ANEW) =>
      follows(cmg(SPEC, [first()]), spec, points).consequence;
    expect(blockedBy(onlyPrimary)).toMatchObject({ manner: 'SideBySide', blockedBy: 'NoStandbyConnectionPoint' });
    expect(blockedBy({ kind: 'NotRead' })).toMatchObject({ blockedBy: 'SiteUnreachable' });
    const { siteRef: _site, ...withoutSite } = NAMED_ANEW;
    expect(blockedBy({ kind: 'NotRead' }, withoutSite)).toMatchObject({ blockedBy: undefined });
  });

  test('is built at once in the place of one that never served, when that is gone', () => {
    const neverServed = cmg(SPEC, [first({ phase: 'Provisioning', served: false })]);
    const unlinked: KnownPoints = { kind: 'Read', points: [{ name: 'cp01', role: 'Primary', connected: 'No' }] };
    expect(follows(neverServed, NAMED_ANEW, unlinked).consequence).toMatchObject({ manner: 'SideBySide' });
    expect(follows(neverServed, ELSEWHERE, unlinked).consequence).toMatchObject({ manner: 'AfterDeletion' });
  });

  test('counts as one that served when a connection point is linked to it, whatever the status says', () => {
    const neverServed = cmg(SPEC, [first({ phase: 'Provisioning', served: false })]);
    expect(follows(neverServed, ELSEWHERE).consequence).toMatchObject({ manner: 'DeleteFirst' });
  });

  test('is one more while a redeployment runs, and waits where it needs the names of what that retires', () => {
    expect(follows(replacing(), THIRD).consequence).toMatchObject({ manner: 'SideBySide', blockedBy: undefined });
    expect(follows(replacing(), ELSEWHERE).consequence).toMatchObject({
      manner: 'AfterEarlierRedeployment',
      holder: { id: 'first' },
    });
  });

  test('is not made where the status is full', () => {
    const many = Array.from({ length: 8 }, (_, at) =>
      deployment({ ...SPEC, serviceName: `gateway${at}.contoso.com` }, { id: `d${at}`, wantedOrder: at }),
    );
    expect(follows(cmg(SPEC, many), THIRD).consequence).toMatchObject({ blockedBy: 'TooManyDeployments' });
  });

  test('that has been asked for already is not asked for by the next change', () => {
    const asked = cmg(ELSEWHERE, [first()]);
    expect(follows(asked, { ...ELSEWHERE, vm: LARGER.vm }).consequence).toEqual({ kind: 'InPlace', running: true });
    expect(follows(asked, ELSEWHERE).consequence).toEqual({ kind: 'Unchanged', running: true });
  });
});

describe('a revert', () => {
  test.each<CMGStatusDeployment['phase']>(['Superseded', 'Draining'])('goes back to a gateway that is %s', (phase) => {
    const live = replacing(first({ phase, drainsBehind: 'second' }), second());
    expect(follows(live, SPEC).consequence).toMatchObject({ kind: 'SetBack', to: { id: 'first' } });
  });

  test('builds anew what is being deleted, once that is gone', () => {
    const live = replacing(first({ phase: 'Deleting', deletionCause: 'Retired' }), second());
    expect(follows(live, SPEC).consequence).toMatchObject({ manner: 'AfterDeletion', holder: { id: 'first' } });
  });

  test('of what has not been begun leaves the gateway that is there', () => {
    expect(follows(cmg(ELSEWHERE, [first()]), SPEC).consequence).toMatchObject({
      kind: 'SetBack',
      to: { id: 'first' },
    });
  });
});

describe('what decides before the fields do', () => {
  test('a gateway is not replaced where there is none yet', () => {
    expect(kindOf(follows(cmg(SPEC), ELSEWHERE))).toBe('Built');
  });

  test('with Observe nothing is written', () => {
    const live = cmg(SPEC, [first()]);
    expect(kindOf(follows(live, { ...ELSEWHERE, managementPolicy: 'Observe' }))).toBe('Observed');
  });

  test('a gateway of the site is replaced under Manage, and one of the operator is taken on', () => {
    const observing: CMGSpec = { ...SPEC, managementPolicy: 'Observe' };
    const ofSite = first({ identity: { ...first().identity, provisioner: 'Site' } });
    expect(follows(cmg(observing, [ofSite]), SPEC).consequence).toMatchObject({
      kind: 'Replaced',
      manner: 'DeleteFirst',
    });
    expect(kindOf(follows(cmg(observing, [ofSite]), { ...SPEC, provisioner: 'Site' }))).toBe('InPlace');
    expect(kindOf(follows(cmg(observing, [first()]), SPEC))).toBe('InPlace');
    const moved = cmg(observing, [first({ phase: 'Superseded' }), second()]);
    expect(kindOf(follows(moved, SPEC))).toBe('SetBack');
  });

  test('a deletion goes on', () => {
    const live = cmg(SPEC, [first()]);
    const deleted = { ...live, metadata: { ...live.metadata, deletionTimestamp: '2026-11-09T00:00:00Z' } };
    expect(kindOf(follows(deleted, ELSEWHERE))).toBe('BeingDeleted');
  });

  test('of a field that nobody knows, nothing is promised', () => {
    expect(kindOf(follows(cmg(SPEC, [first()]), { ...SPEC, colour: 'green' } as CMGSpec))).toBe('Unclear');
  });
});

/** What the planner does in its next round, by the ids of new deployments and by its reasons. */
function nextRound({ wish, observed, now }: Situation, live: CMG) {
  const records = recordsOf(live.status);
  const before = new Set(records.deployments.map(({ id }) => id));
  const planned = plan(wish, records, observed, now);
  return {
    isMade: planned.records.deployments.some(({ id }) => !before.has(id)),
    reasons: planned.conditions.map(({ reason }) => reason),
    phases: Object.fromEntries(planned.records.deployments.map(({ id, stage }) => [id, stage.phase])),
  };
}

describe('the planner itself', () => {
  const lives = {
    alone: cmg(SPEC, [first()]),
    unserved: cmg(SPEC, [first({ phase: 'Provisioning', served: false })]),
    replacing: replacing(),
    draining: replacing(first({ phase: 'Draining', drainsBehind: 'second' }), second()),
    deleting: replacing(first({ phase: 'Deleting', deletionCause: 'Retired' }), second()),
    asked: cmg(ELSEWHERE, [first()]),
    unmade: cmg(BY_SITE, [
      first({ phase: 'Active' }),
      deployment(BY_SITE, { id: 'second', wantedOrder: 2, phase: 'Provisioning', served: false }),
    ]),
    bySite: cmg(BY_SITE, [deployment(BY_SITE, { id: 'second' })]),
  };
  const specs = { SPEC, NAMED_ANEW, THIRD, ELSEWHERE, LARGER, BY_SITE };
  const points: Readonly<Record<string, KnownPoints>> = {
    standby: WITH_STANDBY,
    linked: { kind: 'Read', points: WITH_STANDBY.kind === 'Read' ? WITH_STANDBY.points.slice(0, 1) : [] },
    none: { kind: 'Read', points: [] },
    unread: { kind: 'NotRead' },
  };
  const rows = Object.entries(lives).flatMap(([from, live]) =>
    Object.entries(specs).flatMap(([to, spec]) =>
      Object.entries(points).map(([given, known]) => ({ from, to, given, live, spec, known })),
    ),
  );
  const REASONS = {
    DeleteFirst: 'NoOtherActiveCMG',
    AfterDeletion: 'WaitingForNames',
    AfterEarlierRedeployment: 'WaitingForEarlierRedeployment',
  } as const;

  test.each(rows)('does so from $from to $to with $given', ({ live, spec, known }) => {
    const { consequence } = follows(live, spec, known);
    const { isMade, reasons, phases } = nextRound(situationWith({ ...live, spec } as ManagedCmg, known, NOW), live);
    if (consequence.kind === 'SetBack') {
      expect([isMade, phases[consequence.to.id]]).toEqual([false, 'Active']);
    } else if (consequence.kind !== 'Replaced') {
      expect(isMade).toBe(false);
    } else if (consequence.manner === 'SideBySide') {
      expect(isMade).toBe(consequence.blockedBy === undefined);
      expect(reasons).toEqual(
        consequence.blockedBy === undefined ? expect.anything() : expect.arrayContaining([consequence.blockedBy]),
      );
    } else {
      expect([isMade, reasons]).toEqual([false, expect.arrayContaining([REASONS[consequence.manner]])]);
    }
  });
});

test('a consent that was given for an earlier change does not count for this one', () => {
  const status: CMGStatus = { planned: { identity: first().identity, generation: 1 } };
  const live = cmg(SPEC, [first()], status);
  const annotations = { 'configmgr.io/allow-client-outage': 'first' };
  const consequence = follows({ ...live, metadata: { ...live.metadata, annotations } }, ELSEWHERE).consequence;
  expect(consequence.kind === 'Replaced' && consequence.situation.consents).toEqual([]);
});
