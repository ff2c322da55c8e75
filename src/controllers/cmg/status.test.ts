import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import { isStalling, REASONS } from '../../api/v1alpha1/conditions.ts';
import { findCondition } from '../../runtime/conditions.ts';
import { computeKstatus } from '../../runtime/kstatus.ts';
import { leavingCmg } from '../site/site.test-world.ts';
import type { Finding } from './finding.ts';
import { failedStatus, nextStatus, reportedStatus } from './status.ts';
import { eventsOfChange } from './status-events.ts';

const START = Date.UTC(2026, 0, 1);

function finding(type: Finding['type'], status: Finding['status'], reason: Finding['reason']): Finding {
  return { type, status, reason, message: `${type} ${reason}` };
}

const statusAfter = (previous: CMGStatus | undefined, findings: readonly Finding[], generation = 1, now = START) =>
  nextStatus(previous, { generation, findings, serviceName: 'a.contoso.com', now });
const certificate = finding('CertificateValid', 'True', 'Succeeded');
const prerequisites = finding('PrerequisitesMet', 'True', 'Succeeded');
const azure = finding('AzureReady', 'True', 'Succeeded');
const healthy = finding('ServiceHealthy', 'True', 'Succeeded');
const ready = statusAfter(undefined, [certificate, prerequisites, azure, healthy]);
const summaryOf = (status: CMGStatus) =>
  ['Ready', 'Reconciling', 'Stalled'].map((type) => {
    const condition = findCondition(status.conditions, type);
    return condition === undefined ? '–' : `${condition.status} ${condition.reason}`;
  });
const kstatusOf = (status: CMGStatus, generation = 1) => computeKstatus({ metadata: { generation }, status }).state;

describe('Ready', () => {
  it.each<readonly [string, readonly Finding[], readonly string[], string]>([
    ['all holds', [certificate, prerequisites, azure, healthy], ['True Succeeded', '–', '–'], 'Current'],
    [
      'being built',
      [certificate, prerequisites, finding('AzureReady', 'False', 'Provisioning')],
      ['False Provisioning', 'True Provisioning', '–'],
      'InProgress',
    ],
    [
      'a person has to act',
      [certificate, finding('PrerequisitesMet', 'False', 'NameTaken')],
      ['False NameTaken', '–', 'True NameTaken'],
      'Failed',
    ],
    [
      'a Secret is missing',
      [finding('CertificateValid', 'False', 'SecretNotFound')],
      ['False SecretNotFound', 'True SecretNotFound', '–'],
      'InProgress',
    ],
    [
      'it takes longer than usual',
      [certificate, prerequisites, finding('AzureReady', 'False', 'ProvisioningSlow')],
      ['False ProvisioningSlow', 'True ProvisioningSlow', '–'],
      'InProgress',
    ],
    [
      'a change is being made',
      [certificate, prerequisites, finding('AzureReady', 'False', 'Updating'), healthy],
      ['Unknown Updating', 'True Updating', '–'],
      'InProgress',
    ],
    [
      'VMs get a new model',
      [certificate, prerequisites, azure, finding('ServiceHealthy', 'Unknown', 'RollingOut')],
      ['Unknown RollingOut', 'True RollingOut', '–'],
      'InProgress',
    ],
    [
      'Azure is set back to what it was',
      [
        certificate,
        prerequisites,
        finding('AzureReady', 'False', 'RepairingDrift'),
        healthy,
        finding('InSync', 'False', 'RepairingDrift'),
      ],
      ['True Succeeded', 'True RepairingDrift', '–'],
      'InProgress',
    ],
    [
      'a repair needs a right that is missing',
      [certificate, prerequisites, finding('AzureReady', 'False', 'AuthorizationFailed'), healthy],
      ['False AuthorizationFailed', '–', 'True AuthorizationFailed'],
      'Failed',
    ],
    [
      'it is not known how the VMs are, and only a person can help',
      [certificate, prerequisites, azure, finding('ServiceHealthy', 'Unknown', 'AuthorizationFailed')],
      ['False AuthorizationFailed', '–', 'True AuthorizationFailed'],
      'Failed',
    ],
    [
      'Azure does not answer',
      [certificate, prerequisites, finding('AzureReady', 'Unknown', 'AzureUnreachable'), healthy],
      ['Unknown AzureUnreachable', 'True AzureUnreachable', '–'],
      'InProgress',
    ],
    [
      'what stalls comes later than what only takes time',
      [
        finding('CertificateValid', 'False', 'SecretNotFound'),
        prerequisites,
        finding('AzureReady', 'False', 'NameTaken'),
        finding('ServiceHealthy', 'False', 'InstancesStarting'),
      ],
      ['False NameTaken', '–', 'True NameTaken'],
      'Failed',
    ],
    [
      'the certificate expires soon',
      [finding('CertificateValid', 'True', 'CertificateExpiring'), prerequisites, azure, healthy],
      ['True Succeeded', '–', '–'],
      'Current',
    ],
  ])('when %s', (_name, findings, summary, kstatus) => {
    const status = statusAfter(undefined, findings);
    expect(summaryOf(status)).toEqual(summary);
    expect(kstatusOf(status)).toBe(kstatus);
  });

  it('is of what was looked at now, not of an old problem further on', () => {
    const stalled = statusAfter(undefined, [
      certificate,
      prerequisites,
      finding('AzureReady', 'False', 'ResourceNotOwned'),
    ]);
    const edited = statusAfter(stalled, [certificate, finding('PrerequisitesMet', 'False', 'RegisteringProviders')], 2);
    expect(summaryOf(edited)).toEqual(['False RegisteringProviders', 'True RegisteringProviders', '–']);
  });

  it('is of a problem seen earlier while what was looked at now holds', () => {
    const unhealthy = statusAfter(ready, [finding('ServiceHealthy', 'False', 'InstancesUnhealthy')]);
    expect(summaryOf(statusAfter(unhealthy, [certificate, prerequisites, azure]))[0]).toBe('False InstancesUnhealthy');
  });

  it('tells of a removal, whatever kept the gateway from being ready before', () => {
    const expired = statusAfter(ready, [finding('CertificateValid', 'False', 'CertificateExpired')]);
    const removing = statusAfter(expired, [finding('AzureReady', 'False', 'Deleting')]);
    expect(summaryOf(removing)).toEqual(['False Deleting', 'True Deleting', '–']);
  });
});

describe('conditions', () => {
  it('are there from the first status on', () => {
    const { conditions } = statusAfter(undefined, [finding('CertificateValid', 'False', 'SecretNotFound')]);
    expect(conditions?.map(({ type, status }) => `${type} ${status}`).sort()).toEqual([
      'AzureReady Unknown',
      'CertificateValid False',
      'InSync Unknown',
      'PrerequisitesMet Unknown',
      'Ready False',
      'Reconciling True',
      'ServiceHealthy Unknown',
    ]);
  });

  it('keep the time of their last change while only reason and message change', () => {
    const building = statusAfter(undefined, [finding('AzureReady', 'False', 'Provisioning')]);
    const slow = statusAfter(building, [finding('AzureReady', 'False', 'ProvisioningSlow')], 1, START + 900_000);
    const done = statusAfter(slow, [certificate, prerequisites, azure, healthy], 1, START + 960_000);
    const times = [building, slow, done].map((status) => findCondition(status.conditions, 'Ready')?.lastTransitionTime);
    expect(times).toEqual(['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-01T00:16:00Z']);
  });

  const anyFinding = fc
    .record({
      type: fc.constantFrom<Finding['type'][]>(
        'CertificateValid',
        'PrerequisitesMet',
        'AzureReady',
        'ServiceHealthy',
        'InSync',
      ),
      status: fc.constantFrom<Finding['status'][]>('False', 'Unknown', 'True'),
      reason: fc.constantFrom(...(Object.keys(REASONS) as Finding['reason'][])),
    })
    // A condition that holds has no reason to complain.
    .map(({ type, status, reason }) => finding(type, status, status === 'True' ? 'Succeeded' : reason));
  const rounds = fc.array(fc.uniqueArray(anyFinding, { selector: ({ type }) => type, maxLength: 5 }), {
    minLength: 1,
    maxLength: 6,
  });

  it('say the same to every reader, whatever was found', () => {
    fc.assert(
      fc.property(rounds, (findings) => {
        let status: CMGStatus | undefined;
        for (const [at, found] of findings.entries()) {
          status = statusAfter(status, found, 1, START + at * 60_000);
          const [ready, reconciling, stalled] = ['Ready', 'Reconciling', 'Stalled'].map((type) =>
            findCondition(status?.conditions, type),
          );
          // Reconciling and Stalled are there only while true, and one of them whenever not all is well.
          expect([reconciling?.status ?? 'True', stalled?.status ?? 'True']).toEqual(['True', 'True']);
          expect(reconciling !== undefined && stalled !== undefined).toBe(false);
          expect(ready?.status === 'True' || reconciling !== undefined || stalled !== undefined).toBe(true);
          expect(stalled === undefined || (ready?.status === 'False' && isStalling(stalled.reason))).toBe(true);
          const state = stalled !== undefined ? 'Failed' : reconciling !== undefined ? 'InProgress' : 'Current';
          expect(kstatusOf(status)).toBe(state);
        }
      }),
    );
  });

  it('are left alone by a reconcile that finds what the last one found', () => {
    fc.assert(
      fc.property(rounds, (findings) => {
        const status = findings.reduce<CMGStatus | undefined>((before, found) => statusAfter(before, found), undefined);
        expect(statusAfter(status, findings.at(-1) ?? [], 1, START + 3_600_000)).toEqual(status);
      }),
    );
  });

  it('of an edited spec speak of its generation as far as it was looked at', () => {
    const edited = statusAfter(ready, [certificate, finding('PrerequisitesMet', 'False', 'QuotaExceeded')], 2);
    const generations = edited.conditions?.map(({ type, observedGeneration }) => `${type} ${observedGeneration}`);
    expect(generations?.sort()).toEqual([
      'AzureReady 1',
      'CertificateValid 2',
      'InSync 1',
      'PrerequisitesMet 2',
      'Ready 2',
      'ServiceHealthy 1',
      'Stalled 2',
    ]);
    expect(edited.observedGeneration).toBe(2);
  });
});

describe('what one reconcile says nothing of', () => {
  it('keeps what it was', () => {
    const summary = {
      commonName: 'a',
      trust: 'Public',
      notAfter: '2027-01-01T00:00:00Z',
      sha256Fingerprint: 'f',
    } as const;
    const first = nextStatus(undefined, {
      generation: 1,
      findings: [certificate],
      serviceName: 'a.contoso.com',
      now: START,
      certificate: summary,
      deployments: [],
      activeDeployment: 'd1',
    });
    const next = statusAfter(first, [finding('CertificateValid', 'False', 'SecretNotFound')]);
    expect(next).toMatchObject({ certificate: summary, deployments: [], activeDeployment: 'd1' });
  });
});

describe('since when a gateway leaves its site', () => {
  it('is kept while its CMG is being deleted, and forgotten by one that came back from a backup', () => {
    const nothing = { findings: [], happenings: [], againAfterMs: 0 };
    const { metadata, ...rest } = leavingCmg();
    const { deletionTimestamp: _deleted, ...restored } = metadata;
    expect(reportedStatus({ ...rest, metadata }, nothing, START).leavingSince).toBe(rest.status?.leavingSince);
    expect(reportedStatus({ ...rest, metadata: restored }, nothing, START)).not.toHaveProperty('leavingSince');
  });
});

describe('a reconcile that failed unexpectedly', () => {
  const failure = { generation: 2, serviceName: 'a.contoso.com', message: 'Something broke.', now: START + 60_000 };

  it('shows in Ready, and keeps what was known', () => {
    const status = failedStatus(ready, failure);
    expect(summaryOf(status)).toEqual(['Unknown ReconcileError', 'True ReconcileError', '–']);
    expect(findCondition(status.conditions, 'Ready')?.message).toBe('Something broke.');
    expect(findCondition(status.conditions, 'AzureReady')).toEqual(findCondition(ready.conditions, 'AzureReady'));
    expect(kstatusOf(status, 2)).toBe('InProgress');
  });

  it('shows on an object that has no status yet', () => {
    expect(summaryOf(failedStatus(undefined, failure))[0]).toBe('Unknown ReconcileError');
  });

  it('changes nothing more while it fails in the same way', () => {
    const status = failedStatus(ready, failure);
    expect(failedStatus(status, { ...failure, now: START + 120_000 })).toEqual(status);
    expect(eventsOfChange(ready, status).map(({ reason }) => reason)).toEqual(['ReconcileError']);
    expect(eventsOfChange(status, status)).toEqual([]);
  });

  it('is gone with the next that does not', () => {
    const status = failedStatus(ready, failure);
    expect(summaryOf(statusAfter(status, [certificate, prerequisites, azure, healthy], 2))[0]).toBe('True Succeeded');
  });
});

describe('a redeployment', () => {
  const working = [certificate, prerequisites, azure, healthy];
  const redeploying = (reason: Finding['reason']) =>
    statusAfter(ready, [...working, finding('Redeploying', 'True', reason)]);

  it('is an event when it waits for a person, and only then', () => {
    const building = redeploying('BuildingReplacement');
    const stuck = redeploying('NoStandbyConnectionPoint');
    expect(eventsOfChange(ready, building)).toEqual([]);
    expect(eventsOfChange(building, stuck)).toEqual([
      {
        type: 'Warning',
        reason: 'NoStandbyConnectionPoint',
        action: 'Reconcile',
        note: 'Redeploying NoStandbyConnectionPoint',
      },
    ]);
    expect(eventsOfChange(stuck, stuck)).toEqual([]);
    expect(eventsOfChange(stuck, redeploying('WaitingForClients')).map(({ reason }) => reason)).toEqual(['Ready']);
  });

  it('forgets the certificate of the one gateway when the other, of which none is known, is wanted', () => {
    const known = { commonName: 'a.contoso.com', trust: 'Private', notAfter: '2027-01-01T00:00:00Z' } as const;
    const update = { generation: 1, findings: working, serviceName: 'a.contoso.com', now: START };
    const before = nextStatus(ready, { ...update, certificate: { ...known, sha256Fingerprint: 'AB' } });
    expect(nextStatus(before, update).certificate?.commonName).toBe('a.contoso.com');
    expect(nextStatus(before, { ...update, certificate: 'None' })).not.toHaveProperty('certificate');
  });
});

describe('since when a deployment is in its phase', () => {
  const deployment = (id: string, phase: 'Provisioning' | 'Active' | 'Superseded') => ({
    id,
    phase,
    serviceName: `${id}.contoso.com`,
    createdAt: '2026-01-01T00:00:00Z',
    identity: {
      environment: 'AzurePublicCloud' as const,
      tenantId: 't',
      subscriptionId: 's',
      region: 'westeurope',
      resourceGroup: 'g',
      serviceName: `${id}.contoso.com`,
    },
  });
  const redeployment = { since: '2026-01-01T00:00:00Z', rollback: 'Free' as const };
  const reached = (
    previous: CMGStatus | undefined,
    minutes: number,
    deployments: NonNullable<CMGStatus['deployments']>,
    running: CMGStatus['redeployment'] | 'None' = redeployment,
  ) =>
    nextStatus(previous, {
      generation: 1,
      findings: [],
      serviceName: 'new.contoso.com',
      now: START + minutes * 60_000,
      deployments,
      redeployment: running,
    });
  const since = (status: CMGStatus) => status.deployments?.map(({ id, phaseSince }) => [id, phaseSince]);

  it('is told of each that comes or changes while a redeployment runs, and stays until it changes again', () => {
    const alone = reached(undefined, 0, [deployment('old', 'Active')], 'None');
    expect(since(alone)).toEqual([['old', undefined]]);
    const built = reached(alone, 1, [deployment('old', 'Active'), deployment('new', 'Provisioning')]);
    expect(since(built)).toEqual([
      ['old', undefined],
      ['new', '2026-01-01T00:01:00Z'],
    ]);
    const same = reached(built, 2, [deployment('old', 'Active'), deployment('new', 'Provisioning')]);
    expect(since(same)).toEqual(since(built));
    const serves = reached(same, 3, [deployment('old', 'Superseded'), deployment('new', 'Active')]);
    expect(since(serves)).toEqual([
      ['old', '2026-01-01T00:03:00Z'],
      ['new', '2026-01-01T00:03:00Z'],
    ]);
  });
});
