import { describe, expect, test } from 'vitest';
import type { CMG, CMGStatus, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { DeploymentRecord, Records } from '../../../redeployment/record.ts';
import { toTimestamp } from '../../../runtime/conditions.ts';
import {
  consentsOf,
  isDecided,
  plannedOf,
  recordOf,
  recordsOf,
  watchesInStatus,
  watchesOf,
  withRecord,
} from './records.ts';

const IDENTITY = {
  environment: 'AzurePublicCloud',
  tenantId: 't',
  subscriptionId: 's',
  region: 'westeurope',
  resourceGroup: 'rg',
  serviceName: 'contoso.contoso.com',
} as const;

const DEPLOYMENT: CMGStatusDeployment = {
  id: 'd1',
  identity: IDENTITY,
  phase: 'Active',
  serviceName: 'contoso.contoso.com',
  createdAt: '2026-11-01T00:00:00Z',
};

const RECORD: DeploymentRecord = {
  id: 'd1',
  identity: IDENTITY,
  serviceName: 'contoso.contoso.com',
  served: 'Yes',
  wantedSince: Date.parse('2026-11-02T00:00:00Z'),
  wantedOrder: 3,
  stage: { phase: 'Active' },
};

describe('a deployment of an earlier operator', () => {
  test('may have served, and was wanted since it was made', () => {
    expect(recordOf(DEPLOYMENT)).toMatchObject({
      served: 'Yes',
      wantedOrder: 0,
      wantedSince: Date.parse('2026-11-01T00:00:00Z'),
      stage: { phase: 'Active' },
    });
  });

  test('that is being deleted goes with its CMG', () => {
    expect(recordOf({ ...DEPLOYMENT, phase: 'Deleting' }).stage).toEqual({ phase: 'Deleting', because: 'CmgDeleted' });
  });
});

describe('what the planner remembers comes back from the status as it was', () => {
  const at = Date.parse('2026-11-03T00:00:00Z');
  const rows: readonly DeploymentRecord[] = [
    RECORD,
    { ...RECORD, served: 'No', stage: { phase: 'Provisioning' } },
    { ...RECORD, stage: { phase: 'Superseded' }, announced: 'DeleteFirst', run: { since: at, seenAt: at } },
    { ...RECORD, run: { since: at, seenAt: at, otherwiseSince: at + 1000 } },
    { ...RECORD, stage: { phase: 'Draining', behind: 'd2' } },
    { ...RECORD, stage: { phase: 'Draining', behind: 'd2', stoppedAt: at } },
    { ...RECORD, stage: { phase: 'Deleting', because: 'Retired' } },
  ];
  test.each(rows)('$stage.phase, served $served', (record) => {
    expect(recordOf(withRecord(DEPLOYMENT, record))).toEqual(record);
  });

  test('and what was remembered before does not stay', () => {
    const before = withRecord(DEPLOYMENT, { ...RECORD, stage: { phase: 'Draining', behind: 'd2', stoppedAt: at } });
    expect(withRecord(before, RECORD)).toEqual(withRecord(DEPLOYMENT, RECORD));
  });

  test('the rest of the records too', () => {
    const records: Records = {
      deployments: [],
      wanted: IDENTITY,
      generation: 7,
      lapsed: [{ kind: 'ConfirmRetire', deployment: 'd1' }],
      devicesAtBeginning: 12,
      leavingSince: at,
      heldContent: [
        {
          deployment: 'd0',
          serviceName: 'contoso.contoso.com',
          held: 57,
          items: [{ packageId: 'PS100012', name: '7-Zip', kind: 'Application' }],
        },
      ],
    };
    const status: CMGStatus = { planned: plannedOf(records), leavingSince: toTimestamp(at) };
    expect(recordsOf(status)).toEqual(records);
    expect(recordsOf(undefined)).toEqual({ deployments: [], lapsed: [] });
  });
});

test('what is remembered of other CMGs comes back from the status as it was', () => {
  const at = Date.parse('2026-11-03T00:00:00Z');
  const watches = [
    { key: 'gateways/fabrikam', deployment: 'f1', run: { since: at, seenAt: at, otherwiseSince: at + 1000 } },
    { key: 'gateways/lakeside', deployment: 'l1' },
  ];
  const of = (planned: CMGStatus['planned']) =>
    watchesOf({ metadata: { namespace: 'gateways' }, status: { planned } } as unknown as CMG);
  expect(of(watchesInStatus(watches))).toEqual(watches);
  expect(watchesInStatus([])).toEqual({});
  expect(of(undefined)).toEqual([]);
});

describe('a decision', () => {
  const before: Records = { deployments: [{ ...RECORD, run: { since: 1, seenAt: 1 } }], lapsed: [], generation: 1 };

  test('is no other moment at which something was seen', () => {
    expect(isDecided(before, { ...before, deployments: [{ ...RECORD, run: { since: 1, seenAt: 2 } }] })).toBe(false);
  });

  test.each<readonly [string, Partial<DeploymentRecord>]>([
    ['another phase', { stage: { phase: 'Superseded' } }],
    ['that it never served', { served: 'No' }],
    ['that it was wanted more recently', { wantedOrder: 4 }],
    ['that it is about to be deleted', { announced: 'Gone' }],
  ])('is %s', (_what, change) => {
    expect(isDecided(before, { ...before, deployments: [{ ...RECORD, ...change }] })).toBe(true);
  });

  test('is another generation, a consent that has lapsed, or a deployment more or less', () => {
    expect(isDecided(before, { ...before, generation: 2 })).toBe(true);
    expect(isDecided(before, { ...before, lapsed: [{ kind: 'ConfirmRetire', deployment: 'd1' }] })).toBe(true);
    expect(isDecided(before, { ...before, deployments: [] })).toBe(true);
  });
});

test('consents stand in annotations, and an empty one says nothing', () => {
  const cmg = (annotations: Record<string, string>) => ({ metadata: { annotations } }) as unknown as CMG;
  expect(
    consentsOf(cmg({ 'configmgr.io/allow-client-outage': 'd1', 'configmgr.io/confirm-retire': 'd2', other: 'd3' })),
  ).toEqual([
    { kind: 'AllowClientOutage', deployment: 'd1' },
    { kind: 'ConfirmRetire', deployment: 'd2' },
  ]);
  expect(consentsOf(cmg({ 'configmgr.io/confirm-retire': '' }))).toEqual([]);
});
