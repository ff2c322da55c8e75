import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/json.ts';
import { objectsAt, textAt, valueAt } from '../json-path.ts';
import { createSurroundings } from './gateway-fixture.ts';
import { createInProcessAzure, errorCode, type InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';
import { gatewayInstances } from './scale-set-vms.ts';

const { ids } = sample;
const profile = ['properties', 'virtualMachineProfile'] as const;
let azure: InProcessAzure;
let certificateUrl: string;

beforeEach(async () => {
  azure = createInProcessAzure();
  certificateUrl = await createSurroundings(azure);
});

/** What matters of the VMs: id, state, power, health, and whether they stand on the latest model. */
function vms(): readonly Record<string, unknown>[] {
  const list = azure.show(`${ids.scaleSet}/virtualMachines?$expand=instanceView`);
  return objectsAt(list, 'value').map((vm) => ({
    id: vm.instanceId,
    state: valueAt(vm, 'properties.provisioningState'),
    power: objectsAt(vm, 'properties.instanceView.statuses')
      .map((status) => String(status.code))
      .find((code) => code.startsWith('PowerState/')),
    health: textAt(vm, 'properties.instanceView.vmHealth.status.code'),
    latest: valueAt(vm, 'properties.latestModelApplied'),
  }));
}

const healthy = { state: 'Succeeded', power: 'PowerState/running', health: 'HealthState/healthy', latest: true };

describe('a scale set', () => {
  test('comes up in 222 seconds, with VMs, setup and health', async () => {
    const answer = azure.call('PUT', ids.scaleSet, sample.scaleSetBody(certificateUrl, 2));
    expect(answer).toMatchObject({
      status: 201,
      headers: { 'Retry-After': '10', 'Azure-AsyncNotification': 'Enabled' },
      body: { properties: { provisioningState: 'Creating' } },
    });
    expect(azure.call('GET', answer.headers['Azure-AsyncOperation'] ?? '').headers['Retry-After']).toBe('61');
    expect(vms()).toMatchObject([
      { id: '0', state: 'Creating' },
      { id: '1', state: 'Creating' },
    ]);
    await azure.clock.advance(150_000);
    expect(vms()[0]).toMatchObject({ state: 'Creating', power: 'PowerState/running', health: 'HealthState/unhealthy' });
    await azure.clock.advance(72_000);
    expect(azure.outcome(answer)).toMatchObject({ status: 'Succeeded', startTime: expect.any(String) });
    expect(vms()).toEqual([
      { id: '0', ...healthy },
      { id: '1', ...healthy },
    ]);
    expect(azure.show(`${ids.scaleSet}/instanceView`)).toMatchObject({
      virtualMachine: { statusesSummary: [{ code: 'ProvisioningState/succeeded', count: 2 }] },
      extensions: [{ name: 'setup', statusesSummary: [{ code: 'ProvisioningState/succeeded', count: 2 }] }],
    });
  });

  test('is shown with defaults and without secrets', async () => {
    const identity = azure.show(ids.identity);
    const scaleSet = await azure.create(ids.scaleSet, sample.scaleSetBody(certificateUrl));
    expect(scaleSet).toMatchObject({
      id: ids.scaleSet,
      sku: { name: 'Standard_D2ads_v6', tier: 'Standard', capacity: 1 },
      identity: {
        userAssignedIdentities: { [ids.identity]: { principalId: textAt(identity, 'properties.principalId') } },
      },
      properties: {
        provisioningState: 'Succeeded',
        uniqueId: expect.any(String),
        timeCreated: expect.any(String),
        upgradePolicy: { mode: 'Manual', rollingUpgradePolicy: { pauseTimeBetweenBatches: 'PT0S' } },
        virtualMachineProfile: {
          osProfile: { allowExtensionOperations: true, requireGuestProvisionSignal: true },
          storageProfile: { osDisk: { osType: 'Windows', diskSizeGB: 127 } },
        },
      },
    });
    const shown = JSON.stringify([scaleSet, azure.show(`${ids.scaleSet}/virtualMachines?$expand=instanceView`)]);
    expect(shown).not.toMatch(/adminPassword|protectedSettings|Correct-Horse/);
  });

  test.each([
    [
      'its subnet',
      'InvalidResourceReference',
      [
        ...profile,
        'networkProfile',
        'networkInterfaceConfigurations',
        0,
        'properties',
        'ipConfigurations',
        0,
        'properties',
        'subnet',
        'id',
      ],
      `${ids.subnet}x`,
    ],
    [
      'its security group',
      'InvalidResourceReference',
      [...profile, 'networkProfile', 'networkInterfaceConfigurations', 0, 'properties', 'networkSecurityGroup', 'id'],
      `${ids.networkSecurityGroup}x`,
    ],
    [
      'its probe',
      'InvalidResourceReference',
      [...profile, 'networkProfile', 'healthProbe', 'id'],
      `${ids.loadBalancer}/probes/x`,
    ],
    ['its identity', 'FailedIdentityOperation', ['identity', 'userAssignedIdentities'], { [`${ids.identity}x`]: {} }],
    ['a known size', 'InvalidParameter', ['sku', 'name'], 'Standard_Huge'],
    ['a password', 'InvalidParameter', [...profile, 'osProfile', 'adminPassword'], undefined],
    ['a profile', 'InvalidParameter', ['properties', 'virtualMachineProfile'], undefined],
  ] as const)('is not made without %s', (_what, code, path, value) => {
    const answer = azure.call('PUT', ids.scaleSet, sample.withValue(sample.scaleSetBody(certificateUrl), path, value));
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe(code);
    expect(azure.call('GET', ids.scaleSet).status).toBe(404);
  });

  test('is not made where its size is not to be had, or beyond the quota', () => {
    const body = sample.scaleSetBody(certificateUrl, 2);
    azure.world.settings.sizes.set('westeurope/standard_d2ads_v6', 'NotAvailableForSubscription');
    expect(azure.call('PUT', ids.scaleSet, body)).toMatchObject({
      status: 409,
      body: { error: { code: 'SkuNotAvailable' } },
    });
    azure.world.settings.sizes.clear();
    azure.world.settings.quotas.set('westeurope/cores', 3);
    expect(azure.call('PUT', ids.scaleSet, body)).toMatchObject({
      status: 409,
      body: {
        error: {
          code: 'OperationNotAllowed',
          message: expect.stringContaining('Current Limit: 3, Current Usage: 0, Additional Required: 4'),
        },
      },
    });
  });
});

describe('a certificate that cannot be installed fails the operation, not the PUT', () => {
  const version = '/secrets/cert/00000000000000000000000000000000';

  test.each([
    [
      'a version that does not exist',
      'KeyVaultSecretDoesNotExist',
      () => certificateUrl.replace(/\/secrets\/.*/, version),
      {},
    ],
    ['a URL without version', 'InvalidParameter', () => certificateUrl.replace(/\/[^/]+$/, ''), {}],
    ['a vault that does not exist', 'KeyVaultAccessForbidden', () => certificateUrl.replace('cmg-kv', 'other'), {}],
    [
      'a vault not enabled for deployment',
      'KeyVaultAccessForbidden',
      () => certificateUrl,
      { enabledForDeployment: false },
    ],
  ])('%s', async (_what, code, url, change) => {
    azure.call('PUT', ids.vault, { ...sample.vaultBody, properties: { ...sample.vaultBody.properties, ...change } });
    const answer = azure.call('PUT', ids.scaleSet, sample.scaleSetBody(url()));
    expect(answer.status).toBe(201);
    await azure.clock.advance(30_000);
    expect(azure.outcome(answer)).toMatchObject({ status: 'Failed', error: { code } });
    expect(azure.show(ids.scaleSet)).toMatchObject({ properties: { provisioningState: 'Failed' } });
    expect(vms()).toEqual([]);
  });

  test('and the next PUT with a good one makes the VMs', async () => {
    azure.call('PUT', ids.scaleSet, sample.scaleSetBody(certificateUrl.replace(/\/secrets\/.*/, version)));
    await azure.clock.advance(30_000);
    await azure.create(ids.scaleSet, sample.scaleSetBody(certificateUrl));
    expect(vms()).toEqual([{ id: '0', ...healthy }]);
  });
});

test('a setup that fails fails the operation, and a PUT tries it again', async () => {
  const failures = azure.world.settings.extensionFailures.set('setup', 'exit code 1');
  const answer = azure.call('PUT', ids.scaleSet, sample.scaleSetBody(certificateUrl));
  await azure.clock.advance(222_000);
  expect(azure.outcome(answer)).toMatchObject({ status: 'Failed', error: { code: 'VMExtensionProvisioningError' } });
  expect(vms()).toMatchObject([{ state: 'Failed', health: 'HealthState/unhealthy' }]);
  failures.clear();
  await azure.create(ids.scaleSet, sample.scaleSetBody(certificateUrl));
  expect(vms()).toEqual([{ id: '0', ...healthy }]);
});

describe('an existing scale set', () => {
  beforeEach(async () => {
    await azure.create(ids.scaleSet, sample.scaleSetBody(certificateUrl, 2));
  });

  test('keeps everything that a PUT of its size alone leaves out', async () => {
    const before = azure.show(ids.scaleSet);
    const sku = { name: 'Standard_D2ads_v6', tier: 'Standard', capacity: 3 };
    const answer = azure.call('PUT', ids.scaleSet, { location: 'westeurope', sku });
    expect(answer).toMatchObject({ status: 200, body: { properties: { provisioningState: 'Updating' } } });
    await azure.clock.advance(222_000);
    const after = azure.show(ids.scaleSet);
    expect({ ...after, etag: before.etag, sku: before.sku }).toEqual(before);
    expect(vms()).toEqual(['0', '1', '2'].map((id) => ({ id, ...healthy })));
  });

  test('keeps image and secrets that a PUT of what was read leaves out', async () => {
    const read = azure.show(ids.scaleSet);
    const body = sample.withValue(read, [...profile, 'storageProfile', 'imageReference'], undefined);
    const after = await azure.create(ids.scaleSet, { ...body, tags: { a: 'b' } });
    expect(after).toEqual({ ...read, tags: { a: 'b' }, etag: after.etag });
    expect(vms()).toMatchObject([{ latest: true }, { latest: true }]);
    expect(gatewayInstances(azure.world, ids.scaleSet)[0]?.extensions[0]).toMatchObject({
      properties: { protectedSettings: { commandToExecute: 'powershell -File setup.ps1' } },
    });
  });

  test('scales in from the newest, and never uses an id again', async () => {
    azure.call('PATCH', ids.scaleSet, { sku: { capacity: 1 } });
    expect(vms()[1]).toMatchObject({ id: '1', state: 'Deleting' });
    await azure.clock.advance(30_000);
    expect(vms()).toEqual([{ id: '0', ...healthy }]);
    azure.call('PATCH', ids.scaleSet, { sku: { capacity: 2 } });
    await azure.clock.advance(222_000);
    expect(vms().map((vm) => vm.id)).toEqual(['0', '2']);
  });

  test.each([
    ['osProfile.adminUsername', [...profile, 'osProfile', 'adminUsername'], 'another'],
    ['osProfile.computerNamePrefix', [...profile, 'osProfile', 'computerNamePrefix'], 'gw'],
    ['orchestrationMode', ['properties', 'orchestrationMode'], 'Flexible'],
  ] as const)('cannot change its %s', (target, path, value) => {
    const body = sample.withValue(sample.scaleSetBody(certificateUrl, 2), path, value);
    expect(azure.call('PUT', ids.scaleSet, body)).toMatchObject({
      status: 409,
      body: {
        error: { code: 'PropertyChangeNotAllowed', message: `Changing property '${target}' is not allowed.`, target },
      },
    });
  });

  test('takes one change at a time', () => {
    azure.call('PATCH', ids.scaleSet, { tags: { a: 'b' } });
    const second = azure.call('PATCH', ids.scaleSet, { sku: { capacity: 1 } });
    expect(second.status).toBe(409);
    expect(errorCode(second)).toBe('OperationNotAllowed');
  });

  describe('whose model changes', () => {
    const changedModel = (tag: string): JsonObject =>
      sample.withValue(
        sample.scaleSetBody(certificateUrl, 2),
        [...profile, 'extensionProfile', 'extensions', 0, 'properties', 'forceUpdateTag'],
        tag,
      );

    test('leaves its VMs on the old one until they are upgraded, one at a time', async () => {
      await azure.create(ids.scaleSet, changedModel('second'));
      expect(vms()).toMatchObject([
        { id: '0', latest: false },
        { id: '1', latest: false },
      ]);
      const answer = azure.call('POST', `${ids.scaleSet}/manualupgrade`, { instanceIds: ['1'] });
      expect(answer).toMatchObject({
        status: 202,
        headers: { 'Azure-AsyncOperation': expect.any(String), Location: expect.stringContaining('monitor=true') },
        body: {},
      });
      expect(vms()).toMatchObject([
        { id: '0', health: 'HealthState/healthy' },
        { id: '1', state: 'Updating', health: 'HealthState/unhealthy' },
      ]);
      await azure.clock.advance(60_000);
      expect(azure.outcome(answer).status).toBe('Succeeded');
      expect(vms()).toEqual([
        { id: '0', ...healthy, latest: false },
        { id: '1', ...healthy },
      ]);
    });

    test('takes no eleventh model while VMs stand on ten', async () => {
      const scaleUp = (capacity: number) =>
        azure.create(ids.scaleSet, { location: 'westeurope', sku: { name: 'Standard_D2ads_v6', capacity } });
      for (let model = 2; model <= 10; model++) {
        await azure.create(ids.scaleSet, sample.withValue(changedModel(`model ${model}`), ['sku', 'capacity'], model));
        await scaleUp(model + 1);
      }
      const answer = azure.call(
        'PUT',
        ids.scaleSet,
        sample.withValue(changedModel('model 11'), ['sku', 'capacity'], 11),
      );
      expect(answer).toMatchObject({
        status: 409,
        body: { error: { message: expect.stringContaining('has reached its limit of 10 models') } },
      });
      azure.call('POST', `${ids.scaleSet}/manualupgrade`, { instanceIds: ['*'] });
      await azure.clock.advance(60_000);
      expect(azure.call('PUT', ids.scaleSet, changedModel('model 11')).status).toBe(200);
    });

    test('refuses to upgrade VMs that it does not have', () => {
      const answer = azure.call('POST', `${ids.scaleSet}/manualupgrade`, { instanceIds: ['7'] });
      expect(answer).toMatchObject({
        status: 400,
        body: { error: { code: 'InvalidParameter', target: 'instanceIds' } },
      });
      expect(errorCode(azure.call('POST', `${ids.scaleSet}/manualupgrade`, {}))).toBe('InvalidParameter');
    });
  });

  test.each([
    ['deallocate', 'PowerState/deallocated'],
    ['poweroff', 'PowerState/stopped'],
  ])('can be stopped by %s and started', async (action, power) => {
    expect(azure.call('POST', `${ids.scaleSet}/${action}`).status).toBe(202);
    await azure.clock.advance(60_000);
    expect(vms()).toMatchObject([{ power, health: undefined }, { power }]);
    expect(azure.call('POST', `${ids.scaleSet}/start`).status).toBe(202);
    await azure.clock.advance(60_000);
    expect(vms()).toEqual([
      { id: '0', ...healthy },
      { id: '1', ...healthy },
    ]);
  });

  test('cannot start deallocated VMs without the certificate', async () => {
    azure.call('POST', `${ids.scaleSet}/virtualMachines/0/deallocate`);
    await azure.clock.advance(60_000);
    azure.call('DELETE', ids.vault);
    const answer = azure.call('POST', `${ids.scaleSet}/start`);
    await azure.clock.advance(60_000);
    expect(azure.outcome(answer)).toMatchObject({ status: 'Failed', error: { code: 'KeyVaultAccessForbidden' } });
  });

  test('loses chosen VMs, and with them capacity', async () => {
    azure.call('POST', `${ids.scaleSet}/delete`, { instanceIds: ['0'] });
    await azure.clock.advance(20_000);
    expect(vms()).toEqual([{ id: '1', ...healthy }]);
    expect(azure.show(ids.scaleSet)).toMatchObject({ sku: { capacity: 1 } });
  });

  test('is unhealthy while the network does not let clients through', async () => {
    await azure.create(ids.networkSecurityGroup, { location: 'westeurope', properties: {} });
    expect(vms()).toMatchObject([{ health: 'HealthState/unhealthy' }, { health: 'HealthState/unhealthy' }]);
    expect(gatewayInstances(azure.world, ids.scaleSet)).toMatchObject([{ serving: true, reachable: false }, {}]);
    await azure.create(ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    expect(vms()).toMatchObject([{ health: 'HealthState/healthy' }, { health: 'HealthState/healthy' }]);
  });

  test('shows who plays its VMs what they need', () => {
    expect(gatewayInstances(azure.world, ids.scaleSet)[0]).toMatchObject({
      instanceId: '0',
      serving: true,
      reachable: true,
      certificates: [{ value: sample.vaultSecretBody.properties.value, contentType: 'application/x-pkcs12' }],
    });
  });

  test('joins and leaves the pool of its load balancer, which changes the etag there', async () => {
    const before = azure.show(ids.loadBalancer);
    expect(
      objectsAt(objectsAt(before, 'properties.backendAddressPools')[0], 'properties.backendIPConfigurations'),
    ).toHaveLength(2);
    azure.call('PATCH', ids.scaleSet, { sku: { capacity: 3 } });
    expect(azure.show(ids.loadBalancer).etag).not.toBe(before.etag);
  });

  test('has extensions as children, too', async () => {
    expect(azure.show(`${ids.scaleSet}/extensions/setup`)).toMatchObject({
      name: 'setup',
      properties: { forceUpdateTag: 'first' },
    });
    const health = {
      publisher: 'Microsoft.ManagedServices',
      type: 'ApplicationHealthWindows',
      typeHandlerVersion: '1.0',
    };
    expect(azure.call('PUT', `${ids.scaleSet}/extensions/health`, { properties: health }).status).toBe(201);
    await azure.clock.advance(30_000);
    expect(vms()).toMatchObject([{ latest: false }, { latest: false }]);
    expect(
      objectsAt(azure.show(ids.scaleSet), 'properties.virtualMachineProfile.extensionProfile.extensions'),
    ).toHaveLength(2);
  });

  test('is gone 20 seconds after its deletion, and lets go of the rest', async () => {
    expect(azure.call('DELETE', ids.scaleSet)).toMatchObject({ status: 202, headers: { 'Retry-After': '10' } });
    await azure.clock.advance(20_000);
    expect(azure.call('GET', ids.scaleSet).status).toBe(404);
    expect(azure.call('DELETE', ids.loadBalancer).status).toBe(202);
  });
});
