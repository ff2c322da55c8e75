import { expect, it } from 'vitest';
import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { RedeploymentReason } from '../../../redeployment/finding.ts';
import type { RedeploymentTerms } from '../../../redeployment/observed.ts';
import { type WaitParts, waitEnd } from './wait-end.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGUN = Date.parse('2026-03-02T08:00:00Z');
const TERMS = { minimumWait: 2 * DAY, deadline: 5 * DAY, drainFor: 6 * HOUR } as RedeploymentTerms;

const advertised = { since: '2026-03-02T08:00:00Z', seenAt: '2026-03-02T08:00:00Z' };
const deployment = (parts: Partial<CMGStatusDeployment>) => ({ phase: 'Active', ...parts }) as CMGStatusDeployment;
const OLD = deployment({ id: 'old', phase: 'Superseded' });
const NEW = deployment({ id: 'new', advertised, wantedSince: '2026-03-02T07:00:00Z' });

const endAt = (days: number, parts: Partial<WaitParts> = {}, reason?: RedeploymentReason, terms = TERMS) =>
  waitEnd(terms, {
    wanted: NEW,
    deployments: [OLD, NEW],
    conditions: reason === undefined ? [] : [{ reason }],
    now: BEGUN + days * DAY,
    ...parts,
  });

it('is the end of the wait, from when the new gateway was in reach or was wanted again', () => {
  expect(endAt(1, {}, 'WaitingForClients')).toBe('2026-03-04T08:00:00Z');
  const again = deployment({ ...NEW, wantedSince: '2026-03-03T08:00:00Z' });
  expect(endAt(1, { wanted: again }, 'WaitingForClients')).toBe('2026-03-05T08:00:00Z');
  expect(endAt(3, {}, 'Draining')).toBe('2026-03-04T08:00:00Z');
});

it('is not known while the new gateway is out of reach', () => {
  expect(endAt(1, { wanted: undefined })).toBeUndefined();
  expect(endAt(1, { wanted: deployment({ id: 'new' }) })).toBeUndefined();
});

it.each(['ClientsNotRefreshed', 'FewerDevicesVisible', 'WaitingForContent', 'DeadlinePassed'] as const)(
  'is the deadline while %s is what it waits for after the wait',
  (reason) => {
    expect(endAt(2, {}, reason)).toBe('2026-03-07T08:00:00Z');
    // Before, nobody is waited for.
    expect(endAt(1.9, {}, reason)).toBe('2026-03-04T08:00:00Z');
    expect(endAt(2, {}, reason, { ...TERMS, deadline: DAY })).toBe('2026-03-04T08:00:00Z');
  },
);

it('is the end of the time for which the old gateway is stopped', () => {
  const old = deployment({ id: 'old', phase: 'Draining', stoppedAt: '2026-03-04T09:00:00Z' });
  expect(endAt(2.1, { deployments: [old, NEW] }, 'Draining')).toBe('2026-03-04T15:00:00Z');
  const running = deployment({ id: 'old', phase: 'Draining' });
  expect(endAt(2.1, { deployments: [running, NEW] }, 'Draining')).toBe('2026-03-04T08:00:00Z');
});

it('is over with the wait where no other gateway is left, of which content may still be missing', () => {
  expect(endAt(1, { deployments: [NEW] })).toBe('2026-03-04T08:00:00Z');
  expect(endAt(2, { deployments: [NEW] }, 'WaitingForContent')).toBeUndefined();
});
