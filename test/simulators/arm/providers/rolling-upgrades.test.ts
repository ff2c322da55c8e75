import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/json.ts';
import { objectsAt, textAt, valueAt } from '../json-path.ts';
import { createSurroundings } from './gateway-fixture.ts';
import { createInProcessAzure, errorCode, type InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

const { ids } = sample;
const INSTANCES = 5;
let azure: InProcessAzure;
let body: JsonObject;

const policy = (changes: JsonObject = {}): JsonObject => ({
  mode: 'Rolling',
  rollingUpgradePolicy: {
    maxBatchInstancePercent: 40,
    maxUnhealthyInstancePercent: 50,
    maxUnhealthyUpgradedInstancePercent: 50,
    pauseTimeBetweenBatches: 'PT1M',
    ...changes,
  },
});
const withPolicy = (changes: JsonObject = {}) =>
  sample.withValue(body, ['properties', 'upgradePolicy'], policy(changes));
const withModel = (tag: string, of = withPolicy()) =>
  sample.withValue(
    of,
    ['properties', 'virtualMachineProfile', 'extensionProfile', 'extensions', 0, 'properties', 'forceUpdateTag'],
    tag,
  );

beforeEach(async () => {
  azure = createInProcessAzure();
  body = sample.scaleSetBody(await createSurroundings(azure), INSTANCES);
  await azure.create(ids.scaleSet, withPolicy());
});

const latest = () => azure.show(`${ids.scaleSet}/rollingUpgrades/latest`);
/** Code, and counts of VMs that are done, failed, at work and waiting. */
const progress = () => {
  const { properties } = latest();
  return [
    textAt(properties, 'runningStatus.code'),
    ...['successful', 'failed', 'inProgress', 'pending'].map((name) =>
      valueAt(properties, `progress.${name}InstanceCount`),
    ),
  ];
};
const onLatest = () =>
  objectsAt(azure.show(`${ids.scaleSet}/virtualMachines`), 'value').filter(
    (vm) => valueAt(vm, 'properties.latestModelApplied') === true,
  ).length;
const busy = () =>
  objectsAt(azure.show(`${ids.scaleSet}/virtualMachines`), 'value').filter(
    (vm) => textAt(vm, 'properties.provisioningState') === 'Updating',
  ).length;

describe('a scale set with rolling upgrades', () => {
  test('brings its VMs to a new model batch by batch, with pauses, while the write is under way', async () => {
    const answer = azure.call('PUT', ids.scaleSet, withModel('second'));
    expect(answer.status).toBe(200);
    await azure.clock.advance(30_000);
    expect(progress()).toEqual(['RollingForward', 0, 0, 2, 3]);
    expect([onLatest(), busy()]).toEqual([2, 2]);
    await azure.clock.advance(60_000);
    expect(progress()).toEqual(['RollingForward', 2, 0, 0, 3]);
    expect(busy()).toBe(0);
    await azure.clock.advance(60_000);
    expect(progress()).toEqual(['RollingForward', 2, 0, 2, 1]);
    expect(azure.outcome(answer).status).toBe('InProgress');
    expect(textAt(azure.show(ids.scaleSet), 'properties.provisioningState')).toBe('Updating');
    await azure.clock.advance(180_000);
    expect(progress()).toEqual(['Completed', 5, 0, 0, 0]);
    expect(azure.outcome(answer).status).toBe('Succeeded');
    expect(onLatest()).toBe(INSTANCES);
    expect(latest()).toMatchObject({
      type: 'Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades',
      location: 'westeurope',
      properties: {
        policy: { maxBatchInstancePercent: 40 },
        runningStatus: { lastAction: 'Start', startTime: expect.stringMatching(/Z$/) },
      },
    });
  });

  test('upgrades nothing when only its capacity changes, and new VMs begin on the new model', async () => {
    const answer = azure.call('PATCH', ids.scaleSet, { sku: { capacity: 6 } });
    await azure.clock.advance(600_000);
    expect(azure.outcome(answer).status).toBe('Succeeded');
    expect(errorCode(azure.call('GET', `${ids.scaleSet}/rollingUpgrades/latest`))).toBe('NotFound');
    expect(onLatest()).toBe(6);
  });

  test('takes no other change meanwhile', async () => {
    azure.call('PUT', ids.scaleSet, withModel('second'));
    await azure.clock.advance(60_000);
    expect(errorCode(azure.call('PUT', ids.scaleSet, withModel('third')))).toBe('OperationNotAllowed');
    expect(errorCode(azure.call('POST', `${ids.scaleSet}/osRollingUpgrade`))).toBe('OperationNotAllowed');
  });

  test('gives up when upgraded VMs are not well, and leaves the rest alone', async () => {
    azure.world.settings.extensionFailures.set('setup', 'exit code 1');
    const answer = azure.call('PUT', ids.scaleSet, withModel('second'));
    await azure.clock.advance(600_000);
    expect(azure.outcome(answer)).toMatchObject({ status: 'Failed', error: { code: 'VMExtensionProvisioningError' } });
    expect(progress()).toEqual(['Faulted', 0, 2, 0, 3]);
    expect(onLatest()).toBe(2);
    expect(textAt(azure.show(ids.scaleSet), 'properties.provisioningState')).toBe('Failed');
  });

  test('does not begin when too many VMs are not well', async () => {
    const rule = `${ids.networkSecurityGroup}/securityRules/https`;
    azure.call('DELETE', rule);
    await azure.clock.advance(60_000);
    const answer = azure.call('PUT', ids.scaleSet, withModel('second'));
    await azure.clock.advance(600_000);
    const code = 'MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade';
    expect(azure.outcome(answer)).toMatchObject({
      status: 'Failed',
      error: { code, message: expect.stringContaining('100% of instances are in an unhealthy state') },
    });
    expect(latest()).toMatchObject({ properties: { runningStatus: { code: 'Faulted' }, error: { code } } });
    expect(onLatest()).toBe(0);
  });

  test('gives up when the network breaks on the way', async () => {
    azure.call('PUT', ids.scaleSet, withModel('second'));
    await azure.clock.advance(60_000);
    azure.call('DELETE', `${ids.networkSecurityGroup}/securityRules/https`);
    await azure.clock.advance(600_000);
    expect(progress()).toEqual(['Faulted', 0, 2, 0, 3]);
    expect(textAt(latest(), 'properties.error.code')).toBe(
      'MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade',
    );
    const scaled = azure.call('PATCH', ids.scaleSet, { tags: { team: 'other' } });
    await azure.clock.advance(600_000);
    expect(azure.outcome(scaled)).toMatchObject({
      error: { code: 'MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade' },
    });
  });

  test('goes on after a cancellation with what has begun, and with nothing else', async () => {
    const put = azure.call('PUT', ids.scaleSet, withModel('second'));
    await azure.clock.advance(40_000);
    const cancel = azure.call('POST', `${ids.scaleSet}/rollingUpgrades/cancel`);
    expect(cancel.status).toBe(202);
    await azure.clock.advance(300_000);
    expect(azure.outcome(cancel).status).toBe('Succeeded');
    expect(azure.outcome(put).status).toBe('Succeeded');
    expect(progress()).toEqual(['Cancelled', 2, 0, 0, 3]);
    expect(textAt(latest(), 'properties.runningStatus.lastAction')).toBe('Cancel');
    expect(textAt(azure.show(ids.scaleSet), 'properties.provisioningState')).toBe('Succeeded');
    expect(onLatest()).toBe(2);
    azure.call('POST', `${ids.scaleSet}/manualupgrade`, { instanceIds: ['*'] });
    await azure.clock.advance(300_000);
    expect(onLatest()).toBe(INSTANCES);
  });

  test('needs something that tells whether VMs are well', () => {
    const probe = ['properties', 'virtualMachineProfile', 'networkProfile', 'healthProbe'];
    const other = `${ids.scaleSet}-2`;
    const refused = azure.call('PUT', other, sample.withValue(withPolicy(), probe, undefined));
    expect(refused).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('a health probe or health extension was not provided') } },
    });
  });
});

test('VMs left behind under the mode Manual follow when the mode becomes Rolling', async () => {
  azure.call('PUT', ids.scaleSet, withModel('second', body));
  await azure.clock.advance(60_000);
  expect(onLatest()).toBe(0);
  azure.call('PATCH', ids.scaleSet, { properties: { upgradePolicy: policy() } });
  await azure.clock.advance(600_000);
  expect(onLatest()).toBe(INSTANCES);
});

test('an upgrade of the operating system finds nothing to do, which takes two minutes', async () => {
  const answer = azure.call('POST', `${ids.scaleSet}/osRollingUpgrade`);
  expect(answer).toMatchObject({
    status: 202,
    headers: { 'Azure-AsyncOperation': expect.any(String), Location: expect.stringContaining('monitor=true') },
  });
  await azure.clock.advance(119_000);
  expect(azure.outcome(answer).status).toBe('InProgress');
  expect(progress()).toEqual(['RollingForward', 0, 0, 0, 0]);
  await azure.clock.advance(1000);
  expect(azure.outcome(answer).status).toBe('Succeeded');
  expect(progress()).toEqual(['Completed', 0, 0, 0, 0]);
  expect(azure.call('GET', answer.headers.Location ?? '').status).toBe(200);
});

test('there is nothing to cancel, and nothing to see, where there was no upgrade', async () => {
  const other = `${ids.scaleSet}-2`;
  await azure.create(other, sample.withValue(body, ['sku', 'capacity'], 1));
  expect(azure.call('POST', `${other}/rollingUpgrades/cancel`)).toMatchObject({
    status: 409,
    body: { error: { code: 'OperationNotAllowed', message: 'There is no ongoing Rolling Upgrade to cancel.' } },
  });
  expect(errorCode(azure.call('GET', `${other}/rollingUpgrades/latest`))).toBe('NotFound');
});

test('with durations switched off an upgrade is over with the answer', () => {
  azure.world.settings.durationFactor = 0;
  azure.call('PUT', ids.scaleSet, withModel('second', withPolicy({ pauseTimeBetweenBatches: 'PT0S' })));
  expect(progress()).toEqual(['Completed', 5, 0, 0, 0]);
});
