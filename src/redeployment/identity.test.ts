import { describe, expect, test } from 'vitest';
import type { CMGSpec } from '../api/v1alpha1/cmg.generated.ts';
import { identityChanges, identityOf, isSameIdentity, prefixKey } from './identity.ts';

const spec = {
  serviceName: 'GraniteFalls.contoso.com',
  azure: { region: 'westeurope', resourceGroup: { name: 'rg', mode: 'Create' } },
} as unknown as CMGSpec;

describe('an identity', () => {
  const identity = identityOf(spec);

  test('is what the spec has of the redeploy class', () => {
    expect(identity).toEqual({
      serviceName: 'GraniteFalls.contoso.com',
      region: 'westeurope',
      resourceGroup: 'rg',
    });
  });

  test('differs in the fields that changed, with both values', () => {
    expect(identityChanges(identity, { ...identity, region: 'northeurope' })).toEqual([
      { field: 'spec.azure.region', before: 'westeurope', after: 'northeurope' },
    ]);
  });

  test('of a record that does not say who made the gateway is the operator’s', () => {
    expect(isSameIdentity(identity, { ...identity, provisioner: 'Operator' })).toBe(true);
    expect(identityChanges(identity, { ...identity, provisioner: 'Site' })).toEqual([
      { field: 'spec.provisioner', before: 'Operator', after: 'Site' },
    ]);
    expect(isSameIdentity({ ...identity, provisioner: 'Site' }, identity)).toBe(true);
  });

  test('is equal in a field that a record lacks', () => {
    const { region: _region, ...older } = identity;
    expect(isSameIdentity(older, identity)).toBe(true);
    expect(isSameIdentity(identity, { ...identity, certificateRevision: '1' })).toBe(true);
  });

  test('heeds the case of the service name and of the revision, and of nothing that Azure compares without it', () => {
    expect(isSameIdentity(identity, { ...identity, serviceName: 'granitefalls.contoso.com' })).toBe(false);
    expect(isSameIdentity({ certificateRevision: 'a' }, { certificateRevision: 'A' })).toBe(false);
    expect(isSameIdentity(identity, { ...identity, region: 'WestEurope', resourceGroup: 'RG' })).toBe(true);
  });
});

test('names that differ only in case or hyphens have one prefix', () => {
  expect(['Granite-Falls.contoso.com', 'granitefalls.fabrikam.com'].map(prefixKey)).toEqual([
    'granitefalls',
    'granitefalls',
  ]);
});
