import { describe, expect, test } from 'vitest';
import type { CMG, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Operation } from '../../../azure/operations.ts';
import { servingCmg } from '../../site/site.test-world.ts';
import type { ManagedCmg } from '../managed-cmg.ts';
import type { Operations, OperationsStore } from '../operations-secret.ts';
import { cmgOfDeployment, operationsOf, sharesGroup } from './deployment-scope.ts';

const operation = (url: string) => ({ url }) as Operation;
const { signal } = new AbortController();

describe('the operations of one deployment', () => {
  const start = (...entries: readonly (readonly [string, Operation])[]) => {
    let stored: Operations = new Map(entries);
    const whole: OperationsStore = {
      read: async () => stored,
      write: async (_cmg, _previous, next) => {
        stored = next;
      },
    };
    return { whole, stored: () => Object.fromEntries(stored) };
  };

  test('are those with its id, and those of others stay as they are', async () => {
    const { whole, stored } = start(['d1.vault', operation('a')], ['d2.vault', operation('b')]);
    const own = operationsOf(whole, 'd1');
    expect(await own.read({} as CMG, signal)).toEqual(new Map([['vault', operation('a')]]));
    await own.write({} as CMG, new Map(), new Map([['scaleSet', operation('c')]]), signal);
    expect(stored()).toEqual({ 'd1.scaleSet': operation('c'), 'd2.vault': operation('b') });
  });

  test('do not include those of a deployment whose id begins alike, or of none', async () => {
    const { whole } = start(['d12.vault', operation('a')], ['vault', operation('b')]);
    expect(await operationsOf(whole, 'd1').read({} as CMG, signal)).toEqual(new Map());
  });
});

describe('the resource group', () => {
  const deployment = (id: string, subscriptionId: string, resourceGroup: string) =>
    ({ id, identity: { subscriptionId, resourceGroup } }) as CMGStatusDeployment;
  const old = deployment('old', 's1', 'rg-cmg');

  test('is that of the deployment that was there first', () => {
    const identity = { subscriptionId: 'S1', resourceGroup: 'RG-cmg' };
    expect(sharesGroup([old, deployment('new', 's1', 'rg-cmg')], identity, 'new')).toBe(true);
    expect(sharesGroup([old, deployment('new', 's1', 'rg-cmg')], old.identity, 'old')).toBe(false);
    expect(sharesGroup([old], identity, undefined)).toBe(true);
  });

  test('of another name, or in another subscription, is nobody else’s', () => {
    expect(sharesGroup([old], { subscriptionId: 's1', resourceGroup: 'rg-other' }, undefined)).toBe(false);
    expect(sharesGroup([old], { subscriptionId: 's2', resourceGroup: 'rg-cmg' }, undefined)).toBe(false);
  });
});

describe('how the operator came by the group', () => {
  const cmg = servingCmg() as ManagedCmg;
  const [made] = cmg.status?.deployments ?? [];
  if (made === undefined) throw new Error('The CMG has no deployment.');
  const { resources: _unknown, ...bare } = made;
  const elsewhere: CMGStatusDeployment = { ...bare, identity: { ...bare.identity, resourceGroup: 'rg-elsewhere' } };
  const own = { name: 'resourceGroup', id: '/subscriptions/s/resourceGroups/rg-elsewhere' };
  const modeOf = (deployment: CMGStatusDeployment | undefined, mode: 'Create' | 'UseExisting') => {
    const azure = { ...cmg.spec.azure, resourceGroup: { ...cmg.spec.azure.resourceGroup, mode } };
    const asked = { ...cmg, spec: { ...cmg.spec, azure } };
    return cmgOfDeployment(asked, deployment, { upkeep: 'KeepServing', sharesGroup: false }).spec.azure.resourceGroup;
  };

  test.each(['Create', 'UseExisting'] as const)(
    'is what the record has of another group, with %s in the spec',
    (mode) => {
      expect(modeOf({ ...elsewhere, resources: [own] }, mode)).toEqual({ name: 'rg-elsewhere', mode: 'Create' });
      expect(modeOf({ ...elsewhere, resources: [] }, mode).mode).toBe('UseExisting');
    },
  );

  test('is by no deed of its own where nobody knows', () => {
    expect(modeOf(elsewhere, 'Create').mode).toBe('UseExisting');
  });

  test('is what the spec says of the group that it names', () => {
    const named: CMGStatusDeployment = {
      ...bare,
      identity: {
        ...bare.identity,
        subscriptionId: cmg.spec.azure.subscriptionId,
        resourceGroup: cmg.spec.azure.resourceGroup.name,
      },
    };
    expect(modeOf(named, 'UseExisting').mode).toBe('UseExisting');
    expect(modeOf({ ...named, resources: [] }, 'Create').mode).toBe('Create');
    expect(modeOf(undefined, 'Create').mode).toBe('Create');
  });
});

describe('the certificate in the status', () => {
  const cmg = servingCmg() as ManagedCmg;
  const [old] = cmg.status?.deployments ?? [];
  if (old === undefined) throw new Error('The CMG has no deployment.');
  const serviceName = 'fabrikam.contoso.com';
  const replacement: CMGStatusDeployment = { ...old, id: 'b', serviceName, identity: { ...old.identity, serviceName } };
  const certificate = {
    commonName: serviceName,
    trust: 'Private',
    notAfter: '2027-01-01T00:00:00Z',
    sha256Fingerprint: 'AB',
  } as const;
  const seenBy = (deployment: CMGStatusDeployment, wanted: CMGStatusDeployment | undefined) => {
    const planned = wanted === undefined ? {} : { planned: { identity: wanted.identity } };
    const status = { ...cmg.status, certificate, ...planned, deployments: [old, replacement] };
    return cmgOfDeployment({ ...cmg, status }, deployment, { upkeep: 'KeepServing', sharesGroup: false }).status
      ?.certificate;
  };

  test('is that of the gateway that was wanted last, and of no other', () => {
    expect(seenBy(replacement, replacement)).toEqual(certificate);
    expect(seenBy(old, replacement)).toBeUndefined();
  });

  test('is that of the only gateway where an earlier operator wrote it', () => {
    expect(seenBy(old, undefined)).toEqual(certificate);
  });
});
