import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { refusalOfBody } from './body-errors.ts';
import { type BodyFaultKind, type BodyType, loadBodyJudge } from './body-judge.ts';
import * as sample from './providers/sample-bodies.ts';

const judge = await loadBodyJudge();
const certificate = 'https://cmg-kv.vault.azure.net/secrets/cert/0123456789abcdef0123456789abcdef';

const good: readonly (readonly [BodyType, JsonObject])[] = [
  ['identity', sample.identityBody],
  ['networkSecurityGroup', sample.networkSecurityGroupBody],
  ['securityRule', { properties: sample.networkSecurityGroupBody.properties.securityRules[0].properties }],
  ['virtualNetwork', sample.virtualNetworkBody],
  ['subnet', sample.virtualNetworkBody.properties.subnets[0]],
  ['publicIPAddress', sample.publicIPAddressBody],
  ['loadBalancer', sample.loadBalancerBody],
  ['vault', sample.vaultBody],
  ['vaultSecret', sample.vaultSecretBody],
  ['storageAccount', sample.storageAccountBody],
  ['blobService', { properties: { deleteRetentionPolicy: { enabled: false } } }],
  ['blobContainer', { properties: { publicAccess: 'None' } }],
  ['roleAssignment', sample.roleAssignmentBody('aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee')],
  ['scaleSet', sample.scaleSetBody(certificate)],
  ['scaleSetUpdate', { sku: { capacity: 3 } }],
  ['scaleSetUpdate', { identity: { type: 'UserAssigned', userAssignedIdentities: { [sample.ids.identity]: null } } }],
  ['scaleSetRequiredInstanceIds', { instanceIds: ['0'] }],
  ['networkTags', { tags: { team: 'sccm' } }],
];

test.each(good)('finds nothing in a good %s', (type, body) => {
  expect(judge(type, body)).toEqual([]);
});

const nsg = sample.networkSecurityGroupBody;
const vmss = sample.scaleSetBody(certificate);
const rule = ['properties', 'securityRules', 0, 'properties'] as const;
const osProfile = ['properties', 'virtualMachineProfile', 'osProfile'] as const;

type BadBody = readonly [
  title: string,
  type: BodyType,
  body: JsonObject,
  path: readonly (string | number)[],
  value: unknown,
  kind: BodyFaultKind,
];

const bad: readonly BadBody[] = [
  ['unknown member', 'networkSecurityGroup', nsg, [...rule, 'colour'], 'red', 'unknown'],
  ['member outside properties', 'publicIPAddress', sample.publicIPAddressBody, ['dnsSettings'], {}, 'unknown'],
  ['number as text', 'networkSecurityGroup', nsg, [...rule, 'priority'], '100', 'type'],
  ['list instead of object', 'vault', sample.vaultBody, ['properties', 'sku'], [], 'type'],
  ['object instead of list', 'virtualNetwork', sample.virtualNetworkBody, ['properties', 'subnets'], {}, 'type'],
  ['number as tag', 'storageAccount', sample.storageAccountBody, ['tags', 'cost'], 7, 'type'],
  [
    'text as boolean',
    'storageAccount',
    sample.storageAccountBody,
    ['properties', 'allowSharedKeyAccess'],
    'no',
    'type',
  ],
  ['tenant that is no UUID', 'vault', sample.vaultBody, ['properties', 'tenantId'], 'contoso', 'type'],
  ['read-only member', 'networkSecurityGroup', nsg, ['properties', 'resourceGuid'], 'x', 'readOnly'],
  [
    'read-only identity values',
    'identity',
    sample.identityBody,
    ['properties'],
    { clientId: sample.TENANT },
    'readOnly',
  ],
  ['scale set etag', 'scaleSet', vmss, ['etag'], '"1"', 'readOnly'],
  ['no location', 'vault', sample.vaultBody, ['location'], undefined, 'missing'],
  ['no kind', 'storageAccount', sample.storageAccountBody, ['kind'], undefined, 'missing'],
  ['no direction', 'networkSecurityGroup', nsg, [...rule, 'direction'], undefined, 'missing'],
  ['no properties', 'roleAssignment', sample.roleAssignmentBody(sample.TENANT), ['properties'], undefined, 'missing'],
  ['misspelt protocol', 'networkSecurityGroup', nsg, [...rule, 'protocol'], 'TCP', 'value'],
  ['priority of 99', 'networkSecurityGroup', nsg, [...rule, 'priority'], 99, 'value'],
  ['priority twice', 'networkSecurityGroup', nsg, [...rule, 'priority'], 110, 'value'],
  ['name twice', 'networkSecurityGroup', nsg, ['properties', 'securityRules', 0, 'name'], 'instances', 'value'],
  ['backward ports', 'networkSecurityGroup', nsg, [...rule, 'destinationPortRange'], '20-10', 'value'],
  ['port 65536', 'networkSecurityGroup', nsg, [...rule, 'destinationPortRange'], '65536', 'value'],
  [
    'half a NAT range',
    'loadBalancer',
    sample.loadBalancerBody,
    ['properties', 'inboundNatRules', 0, 'properties', 'frontendPortRangeEnd'],
    undefined,
    'value',
  ],
  [
    'idle timeout of 31 minutes',
    'loadBalancer',
    sample.loadBalancerBody,
    ['properties', 'loadBalancingRules', 0, 'properties', 'idleTimeoutInMinutes'],
    31,
    'value',
  ],
  [
    'probe every 4 seconds',
    'loadBalancer',
    sample.loadBalancerBody,
    ['properties', 'probes', 0, 'properties', 'intervalInSeconds'],
    4,
    'value',
  ],
  [
    'path on a Tcp probe',
    'loadBalancer',
    sample.loadBalancerBody,
    ['properties', 'probes', 0, 'properties', 'requestPath'],
    '/',
    'value',
  ],
  [
    'label with capitals',
    'publicIPAddress',
    sample.publicIPAddressBody,
    ['properties', 'dnsSettings', 'domainNameLabel'],
    'ContosoCMG',
    'value',
  ],
  ['purge protection off', 'vault', sample.vaultBody, ['properties', 'enablePurgeProtection'], false, 'value'],
  ['retention of 5 days', 'vault', sample.vaultBody, ['properties', 'softDeleteRetentionInDays'], 5, 'value'],
  ['TLS 1.3', 'storageAccount', sample.storageAccountBody, ['properties', 'minimumTlsVersion'], 'TLS1_3', 'value'],
  [
    'network rules without default',
    'storageAccount',
    sample.storageAccountBody,
    ['properties', 'networkAcls'],
    {},
    'missing',
  ],
  ['prefix of 10 letters', 'scaleSet', vmss, [...osProfile, 'computerNamePrefix'], 'cmgcmgcmgc', 'value'],
  ['administrator called admin', 'scaleSet', vmss, [...osProfile, 'adminUsername'], 'Admin', 'value'],
  ['weak password', 'scaleSet', vmss, [...osProfile, 'adminPassword'], 'lowercase1', 'value'],
  [
    'extensions budget of 10 minutes',
    'scaleSet',
    vmss,
    ['properties', 'virtualMachineProfile', 'extensionProfile', 'extensionsTimeBudget'],
    'PT10M',
    'value',
  ],
  ['upgrade mode misspelt', 'scaleSet', vmss, ['properties', 'upgradePolicy', 'mode'], 'Rollin', 'value'],
  ['fault domains by PATCH', 'scaleSetUpdate', {}, ['properties', 'platformFaultDomainCount'], 5, 'unknown'],
  ['no instance ids', 'scaleSetRequiredInstanceIds', {}, ['instanceIds'], undefined, 'missing'],
];

test.each(bad)('finds: %s in %s', (_title, type, body, path, value, kind) => {
  const faults = judge(type, sample.withValue(body, path, value));
  expect(faults.map((fault) => fault.kind)).toEqual([kind]);
});

describe('a body that was read, changed and written back', () => {
  const current = {
    id: sample.ids.networkSecurityGroup,
    name: 'cmg-nsg',
    etag: 'W/"1"',
    ...nsg,
    properties: {
      ...nsg.properties,
      provisioningState: 'Updating',
      resourceGuid: sample.TENANT,
      defaultSecurityRules: [],
    },
  };

  test('may repeat what only the service sets, though etag and state have moved on', () => {
    const body = { ...current, etag: 'W/"0"', properties: { ...current.properties, provisioningState: 'Succeeded' } };
    expect(judge('networkSecurityGroup', body, current)).toEqual([]);
  });

  test('may not change what only the service sets', () => {
    const body = sample.withValue(current, ['properties', 'resourceGuid'], 'other');
    expect(judge('networkSecurityGroup', body, current)).toEqual([
      expect.objectContaining({ kind: 'readOnly', path: 'properties.resourceGuid' }),
    ]);
  });
});

describe('the answer to a bad body', () => {
  const refusal = (type: BodyType, body: JsonObject, source: Parameters<typeof refusalOfBody>[0]) =>
    refusalOfBody(source, judge(type, body));

  test('of the network provider lists what it could not parse', () => {
    expect(refusal('networkSecurityGroup', sample.withValue(nsg, [...rule, 'colour'], 'red'), 'network')).toEqual({
      status: 400,
      code: 'InvalidRequestFormat',
      message: 'Cannot parse the request.',
      target: 'properties.securityRules[0].properties.colour',
      details: [
        {
          code: 'InvalidJson',
          message:
            "Could not find member 'colour' on object of type 'SecurityRulePropertiesFormat'. Path 'properties.securityRules[0].properties.colour'.",
        },
      ],
    });
  });

  test('of the network provider names the rule that was broken', () => {
    expect(refusal('networkSecurityGroup', sample.withValue(nsg, [...rule, 'priority'], 110), 'network')).toMatchObject(
      {
        code: 'SecurityRuleConflict',
      },
    );
  });

  test('of the compute provider points at the member', () => {
    const body = sample.withValue(vmss, ['properties', 'colour'], 'red');
    expect(refusal('scaleSet', body, 'compute')).toEqual({
      status: 400,
      code: 'BadRequest',
      message: "Could not find member 'colour' on object of type 'Properties'. Path 'properties.colour'.",
      target: 'vmss.properties.colour',
    });
  });

  test('never shows a password', () => {
    const body = sample.withValue(vmss, [...osProfile, 'adminPassword'], 'lowercase1');
    expect(JSON.stringify(refusal('scaleSet', body, 'compute'))).not.toContain('lowercase1');
  });

  test.each([
    [
      'storage',
      'storageAccount',
      sample.withValue(sample.storageAccountBody, ['kind'], 'StorageV3'),
      'InvalidValuesForRequestParameters',
    ],
    [
      'storage',
      'storageAccount',
      sample.withValue(sample.storageAccountBody, ['colour'], 'red'),
      'InvalidRequestContent',
    ],
    ['keyVault', 'vault', sample.withValue(sample.vaultBody, ['properties', 'sku'], undefined), 'BadRequest'],
    ['identity', 'identity', {}, 'BadRequest'],
    ['authorization', 'roleAssignment', {}, 'BadRequestFormat'],
  ] as const)('of %s has the code that provider uses', (source, type, body, code) => {
    expect(refusal(type, body, source)).toMatchObject({ status: 400, code });
  });

  test('is none for a good body', () => {
    expect(refusalOfBody('network', [])).toBeUndefined();
  });
});
