import { describe, expect, it } from 'vitest';
import type { CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import { computeKstatus } from '../../runtime/kstatus.ts';
import type { Finding } from './finding.ts';
import { failedStatus, nextStatus } from './status.ts';
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
