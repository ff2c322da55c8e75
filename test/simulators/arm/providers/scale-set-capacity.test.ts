import { beforeEach, describe, expect, test } from 'vitest';
import { objectsAt, textAt, valueAt } from '../json-path.ts';
import type { AllocationFailure } from '../world.ts';
import { createGateway, createSurroundings } from './gateway-fixture.ts';
import { createInProcessAzure, type InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

const { ids } = sample;
const SIZE = 'westeurope/standard_d2ads_v6';
let azure: InProcessAzure;

beforeEach(() => {
  azure = createInProcessAzure();
});

const limit = (vms: number, code: AllocationFailure = 'AllocationFailed') =>
  azure.world.settings.capacity.set(SIZE, { vms, code });
const state = () => textAt(azure.show(ids.scaleSet), 'properties.provisioningState');
const power = () =>
  objectsAt(azure.show(`${ids.scaleSet}/virtualMachines?$expand=instanceView`), 'value').map((vm) =>
    objectsAt(vm, 'properties.instanceView.statuses')
      .map((status) => String(status.code))
      .find((code) => code.startsWith('PowerState/')),
  );
const running = 'PowerState/running';

describe('a region without hardware', () => {
  test.each<[AllocationFailure, string]>([
    ['AllocationFailed', 'sufficient capacity for the requested VM size in this region'],
    ['ZonalAllocationFailed', 'in this zone'],
    ['OverconstrainedAllocationRequest', 'the condition is too restrictive'],
  ])('takes a new scale set, whose operation then fails with %s', async (code, message) => {
    const certificateUrl = await createSurroundings(azure);
    limit(0, code);
    const answer = azure.call('PUT', ids.scaleSet, sample.scaleSetBody(certificateUrl, 2));
    expect(answer.status).toBe(201);
    await azure.clock.advance(60_000);
    expect(azure.outcome(answer)).toMatchObject({
      status: 'Failed',
      error: { code, message: expect.stringContaining(message) },
    });
    expect(state()).toBe('Failed');
    expect(power()).toEqual([]);
    azure.world.settings.capacity.clear();
    await azure.create(ids.scaleSet, sample.scaleSetBody(certificateUrl, 2));
    expect(power()).toEqual([running, running]);
  });

  test('makes the VMs for which there is room, and no more', async () => {
    await createGateway(azure, 2);
    limit(3);
    const answer = azure.call('PATCH', ids.scaleSet, { sku: { capacity: 4 } });
    await azure.clock.advance(600_000);
    expect(azure.outcome(answer)).toMatchObject({ status: 'Failed', error: { code: 'AllocationFailed' } });
    expect(power()).toEqual([running, running, running]);
    expect(valueAt(azure.show(ids.scaleSet), 'sku.capacity')).toBe(4);
  });

  test('cannot start VMs that gave their hardware back, but those that were only powered off', async () => {
    await createGateway(azure, 2);
    limit(1);
    azure.call('POST', `${ids.scaleSet}/poweroff`, { instanceIds: ['0'] });
    await azure.clock.advance(60_000);
    azure.call('POST', `${ids.scaleSet}/deallocate`, { instanceIds: ['1'] });
    await azure.clock.advance(60_000);
    const poweredOff = azure.call('POST', `${ids.scaleSet}/start`, { instanceIds: ['0'] });
    await azure.clock.advance(60_000);
    expect(azure.outcome(poweredOff).status).toBe('Succeeded');
    const deallocated = azure.call('POST', `${ids.scaleSet}/start`, { instanceIds: ['1'] });
    await azure.clock.advance(60_000);
    expect(azure.outcome(deallocated)).toMatchObject({ status: 'Failed', error: { code: 'AllocationFailed' } });
    expect(power()).toEqual([running, 'PowerState/deallocated']);
  });

  test('cannot give a VM another size', async () => {
    await createGateway(azure, 1);
    azure.world.settings.capacity.set('westeurope/standard_d4ads_v6', { vms: 0, code: 'AllocationFailed' });
    azure.call('PATCH', ids.scaleSet, { sku: { name: 'Standard_D4ads_v6' } });
    await azure.clock.advance(60_000);
    const upgrade = azure.call('POST', `${ids.scaleSet}/manualupgrade`, { instanceIds: ['0'] });
    await azure.clock.advance(60_000);
    expect(azure.outcome(upgrade)).toMatchObject({ status: 'Failed', error: { code: 'AllocationFailed' } });
    const [vm] = objectsAt(azure.show(`${ids.scaleSet}/virtualMachines`), 'value');
    expect(textAt(vm, 'sku.name')).toBe('Standard_D2ads_v6');
  });

  test('says nothing of other regions and sizes', async () => {
    azure.world.settings.capacity.set('northeurope/standard_d2ads_v6', { vms: 0, code: 'AllocationFailed' });
    await createGateway(azure, 1);
    expect(power()).toEqual([running]);
  });
});
