import { describe, expect, it } from 'vitest';
import type { CMG } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ServiceRecord } from '../../../site/site.ts';
import { serviceRecord } from '../../site/site.test-world.ts';
import type { ManagedCmg } from '../managed-cmg.ts';
import { foundOnSite } from './found-on-site.ts';
import { type DescriptionOwner, describeForSite, markInDescription } from './site-description.ts';

const ownerNamed = (name: string, installationId = 'contoso-prod'): DescriptionOwner => ({
  installationId,
  cmg: { metadata: { namespace: 'gateways', name } } as CMG as ManagedCmg,
});
const OWNER = ownerNamed('granitefalls');
const SERVICE_NAME = 'granitefalls.contoso.com';
const [SUBSCRIPTION, TENANT] = ['8a0b1c2d-3e4f-4a5b-8c7d-9e0f1a2b3c4d', '3F2504E0-4F89-41D3-9A0C-0305E82C3301'];
const DEPLOYMENT = {
  id: '3f9c21ab',
  wantedOrder: 2,
  identity: {
    environment: 'AzurePublicCloud',
    tenantId: TENANT,
    subscriptionId: SUBSCRIPTION,
    region: 'westeurope',
    resourceGroup: 'rg-cmg.(granitefalls)',
    serviceName: SERVICE_NAME,
    provisioner: 'Site',
  },
} as const;
const DESCRIPTION = describeForSite(OWNER, DEPLOYMENT);

function recordWith(description: string, more: Partial<ServiceRecord> = {}): ServiceRecord {
  return { ...serviceRecord(SERVICE_NAME), subscriptionId: SUBSCRIPTION, description, ...more };
}

describe('the description of a gateway that the site makes', () => {
  it('can be read by a person', () => {
    expect(DESCRIPTION).toBe(
      `Kubernetes CMG contoso-prod/gateways/granitefalls, deployment 3f9c21ab/2, rg-cmg.(granitefalls) in westeurope, tenant ${TENANT}`,
    );
  });

  it.each(['', '2', 'since May, with a comma', 'x, tenant y'])(
    'tells again what it was made with, with the revision "%s" of its certificate',
    (certificateRevision) => {
      const identity = { ...DEPLOYMENT.identity, certificateRevision };
      const description = describeForSite(OWNER, { ...DEPLOYMENT, identity });
      const { environment: _, ...told } = identity;
      expect(markInDescription(OWNER, recordWith(description))).toEqual({
        id: '3f9c21ab',
        serviceName: SERVICE_NAME,
        identity: told,
        served: 'Yes',
        wantedSince: 0,
        wantedOrder: 2,
      });
    },
  );

  it.each([
    ['another CMG', ownerNamed('granitefalls2'), DESCRIPTION],
    ['another installation', ownerNamed('granitefalls', 'other'), DESCRIPTION],
    ['nobody, when it was cut', OWNER, DESCRIPTION.slice(0, -1)],
    ['nobody, when something was written behind it', OWNER, `${DESCRIPTION}.`],
    ['nobody, when it was there before the CMG asked for one', OWNER, DESCRIPTION.replace('/2, ', '/0, ')],
    ['nobody, when it is empty', OWNER, ''],
  ])('tells of %s', (_, owner, description) => {
    expect(markInDescription(owner, recordWith(description))).toBeUndefined();
  });
});

describe('gateways that are found on the site', () => {
  const idsIn = (records: readonly ServiceRecord[] | undefined, known: Parameters<typeof foundOnSite>[2] = []) =>
    foundOnSite(OWNER, records, known).map(({ id }) => id);

  it('are those of which neither a record nor Azure tells', () => {
    expect(idsIn([recordWith(DESCRIPTION)])).toEqual(['3f9c21ab']);
    expect(idsIn([recordWith(DESCRIPTION)], [{ id: '3f9c21ab', serviceName: 'other.contoso.com' }])).toEqual([]);
    expect(idsIn([recordWith(DESCRIPTION)], [{ id: '11111111', serviceName: 'GraniteFalls.contoso.com' }])).toEqual([]);
  });

  it('are none while the site says nothing, and none that it is deleting', () => {
    expect(idsIn(undefined)).toEqual([]);
    expect(idsIn([recordWith(DESCRIPTION, { state: { kind: 'Deleting' } })])).toEqual([]);
  });

  it('are neither of two that were made by the same line', () => {
    const other = recordWith(DESCRIPTION, { serviceName: 'elmhurst.contoso.com' });
    expect(idsIn([recordWith(DESCRIPTION), other])).toEqual([]);
  });
});
