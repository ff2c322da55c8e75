import { describe, expect, test } from 'vitest';
import type { KubernetesObject, ManagedFieldsEntry } from '../../runtime/objects.ts';
import { applicationOf, intentOf } from './application.ts';

const MANIFEST = { kind: 'CMG', spec: { vm: { size: 'Lab' }, serviceName: 'a' } };
const applied = (manager: string, time: string, field = 'f:spec'): ManagedFieldsEntry => ({
  manager,
  operation: 'Apply',
  time,
  fieldsV1: { [field]: {} },
});
const live = (managedFields: readonly ManagedFieldsEntry[], lastApplied?: string): KubernetesObject => ({
  apiVersion: 'configmgr.io/v1alpha1',
  kind: 'CMG',
  metadata: {
    name: 'a',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields,
    ...(lastApplied === undefined
      ? {}
      : { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': lastApplied } }),
  },
});

describe('a manifest is applied', () => {
  test('as kubectl would, where nobody has applied it before', () => {
    const byKubectl = { kind: 'ServerSide', fieldManager: 'kubectl' };
    expect(applicationOf(undefined, MANIFEST, undefined)).toEqual(byKubectl);
    expect(applicationOf(live([]), MANIFEST, undefined)).toEqual(byKubectl);
    const ofOthers = [
      applied('labeller', '2026-03-01T00:00:00Z', 'f:metadata'),
      { ...applied('cmg-operator', '2026-03-01T00:00:00Z'), subresource: 'status' },
      { ...applied('editor', '2026-03-01T00:00:00Z'), operation: 'Update' as const },
    ];
    expect(applicationOf(live(ofOthers), MANIFEST, undefined)).toEqual(byKubectl);
  });

  test('by whoever applied its spec last, or whom a person names', () => {
    const both = [applied('argocd-controller', '2026-01-01T00:00:00Z'), applied('flux', '2026-02-01T00:00:00Z')];
    expect(applicationOf(live(both, '{}'), MANIFEST, undefined)).toEqual({ kind: 'ServerSide', fieldManager: 'flux' });
    expect(applicationOf(live(both, '{}'), MANIFEST, 'me')).toEqual({ kind: 'ServerSide', fieldManager: 'me' });
  });

  test('over what the annotation has: what only that has goes', () => {
    const before = JSON.stringify({ spec: { vm: { size: 'Lab', instances: 2 }, siteRef: { name: 'ps1' } } });
    expect(applicationOf(live([], before), MANIFEST, undefined)).toEqual({
      kind: 'Merge',
      patch: { spec: { vm: { size: 'Lab', instances: null }, serviceName: 'a', siteRef: null } },
    });
  });

  test('over what the annotation has, with nothing left where the manifest has nothing', () => {
    const before = JSON.stringify({ spec: { serviceName: 'a' } });
    expect(applicationOf(live([], before), { kind: 'CMG' }, undefined)).toEqual({
      kind: 'Merge',
      patch: { spec: null },
    });
  });

  test('as if there were no annotation, where somebody has spoilt it', () => {
    for (const text of ['{', '7']) {
      expect(applicationOf(live([], text), MANIFEST, undefined)).toMatchObject({ kind: 'ServerSide' });
    }
  });
});

test('what the API server writes itself is not sent', () => {
  const metadata = { name: 'a', uid: 'u', resourceVersion: '7', managedFields: [], labels: { team: 'cm' } };
  expect(intentOf({ kind: 'CMG', metadata, spec: {}, status: {} }, 'gateways')).toEqual({
    kind: 'CMG',
    metadata: { name: 'a', namespace: 'gateways', labels: { team: 'cm' } },
    spec: {},
  });
});
