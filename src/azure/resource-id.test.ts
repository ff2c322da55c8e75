import { describe, expect, it } from 'vitest';
import {
  formatResourceId,
  normaliseLocation,
  parentId,
  parseResourceId,
  resourceGroupId,
  resourceName,
  resourceType,
  roleAssignmentName,
  sameResourceId,
} from './resource-id.ts';

const SUBSCRIPTION = '0b1f6471-1bf0-4dda-aec3-cb9272f09590';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-cmg`;
const VAULT = `${GROUP}/providers/Microsoft.KeyVault/vaults/contoso`;
const SUBNET = `${GROUP}/providers/Microsoft.Network/virtualNetworks/net/subnets/gateway`;
const ASSIGNMENT = `${VAULT}/providers/Microsoft.Authorization/roleAssignments/5e2b0c2e-0000-0000-0000-000000000000`;

describe('parseResourceId', () => {
  it('takes a child resource apart', () => {
    expect(parseResourceId(SUBNET)).toEqual({
      subscriptionId: SUBSCRIPTION,
      resourceGroup: 'rg-cmg',
      namespace: 'Microsoft.Network',
      path: [
        { type: 'virtualNetworks', name: 'net' },
        { type: 'subnets', name: 'gateway' },
      ],
    });
  });

  it('reads the fixed words in any case', () => {
    expect(parseResourceId(GROUP.toUpperCase())).toMatchObject({ resourceGroup: 'RG-CMG' });
  });

  it.each([
    '',
    '/',
    'contoso',
    '/subscriptions',
    `${GROUP}/providers/Microsoft.KeyVault`,
    `${GROUP}/providers/Microsoft.KeyVault/vaults`,
    `${GROUP}//providers/Microsoft.KeyVault/vaults/x`,
    '/somewhere/else',
  ])('refuses %j', (id) => {
    expect(() => parseResourceId(id)).toThrow(/Not an Azure resource id/);
  });
});

describe('resourceType, resourceName and parentId', () => {
  it.each([
    [`/subscriptions/${SUBSCRIPTION}`, 'Microsoft.Resources/subscriptions', SUBSCRIPTION, undefined],
    [GROUP, 'Microsoft.Resources/resourceGroups', 'rg-cmg', `/subscriptions/${SUBSCRIPTION}`],
    [VAULT, 'Microsoft.KeyVault/vaults', 'contoso', GROUP],
    [SUBNET, 'Microsoft.Network/virtualNetworks/subnets', 'gateway', SUBNET.replace('/subnets/gateway', '')],
    [ASSIGNMENT, 'Microsoft.Authorization/roleAssignments', '5e2b0c2e-0000-0000-0000-000000000000', VAULT],
  ])('%s', (id, type, name, parent) => {
    expect([resourceType(id), resourceName(id), parentId(id)]).toEqual([type, name, parent]);
  });
});

describe('formatResourceId', () => {
  it('writes what parseResourceId reads', () => {
    expect(
      formatResourceId(SUBSCRIPTION, 'rg-cmg', 'Microsoft.Network/virtualNetworks/subnets', 'net', 'gateway'),
    ).toBe(SUBNET);
    expect(resourceGroupId(SUBSCRIPTION, 'rg-cmg')).toBe(GROUP);
  });

  it('refuses a wrong number of names', () => {
    expect(() => formatResourceId(SUBSCRIPTION, 'rg', 'Microsoft.Network/virtualNetworks/subnets', 'net')).toThrow(
      /2 names/,
    );
  });
});

describe('sameResourceId', () => {
  it('ignores case and a trailing slash, nothing else', () => {
    expect(sameResourceId(GROUP, `${GROUP.replace('resourceGroups', 'resourcegroups')}/`)).toBe(true);
    expect(sameResourceId(GROUP, `${GROUP}2`)).toBe(false);
  });
});

describe('roleAssignmentName', () => {
  it('is a version 5 UUID that depends on each argument and not on their case', () => {
    const name = roleAssignmentName(VAULT, 'principal', 'role');
    expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(roleAssignmentName(VAULT.toUpperCase(), 'Principal', 'ROLE')).toBe(name);
    const others = [
      roleAssignmentName(GROUP, 'principal', 'role'),
      roleAssignmentName(VAULT, 'principal2', 'role'),
      roleAssignmentName(VAULT, 'principal', 'role2'),
    ];
    expect(new Set([name, ...others]).size).toBe(4);
  });

  it('stays what it was: another name for the same assignment would be refused by Azure', () => {
    expect(roleAssignmentName('/subscriptions/s', 'p', 'r')).toBe('30fbda38-32f8-5210-bc6a-1eb968b137e5');
  });
});

describe('normaliseLocation', () => {
  it('writes regions as Azure does in ids', () => {
    expect(['West Europe', 'westeurope', 'North Central US'].map(normaliseLocation)).toEqual([
      'westeurope',
      'westeurope',
      'northcentralus',
    ]);
  });
});
