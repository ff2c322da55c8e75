import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { createGateway, gatewayIds } from './gateway-fixture.ts';
import { createInProcessAzure, type InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

/** A judge of recorded traffic by Microsoft's API definitions, which may lie beside the checkout. */
const judge = resolve(import.meta.dirname, '../../../../../shared/arm-definitions/validate.py');

test.skipIf(!existsSync(judge))(
  'the judge of Microsoft’s definitions finds nothing in requests and answers (left out when it is not beside the checkout)',
  async () => {
    const azure = createInProcessAzure();
    await createGateway(azure, 2);
    for (const id of [...Object.values(sample.ids), ...Object.values(gatewayIds)]) azure.show(id);
    const { scaleSet, networkSecurityGroup, virtualNetwork, storageAccount } = sample.ids;
    azure.show(`${scaleSet}/virtualMachines?$expand=instanceView`);
    azure.show(`${scaleSet}/instanceView`);
    azure.show(`${scaleSet}/extensions/setup`);
    azure.show(`${networkSecurityGroup}/securityRules/https`);
    azure.show(`${virtualNetwork}/subnets`);
    azure.call('POST', `${storageAccount}/listKeys`);
    for (const action of ['manualupgrade', 'deallocate', 'start', 'delete']) {
      azure.call('POST', `${scaleSet}/${action}`, { instanceIds: ['1'] });
      await azure.clock.advance(300_000);
      azure.show(`${scaleSet}/virtualMachines?$expand=instanceView`);
    }
    azure.call('PATCH', scaleSet, { sku: { capacity: 2 } });
    await azure.clock.advance(300_000);
    await lookAround(azure);
    for (const id of [
      scaleSet,
      sample.ids.loadBalancer,
      sample.ids.publicIPAddress,
      storageAccount,
      sample.ids.vault,
    ]) {
      azure.call('DELETE', id);
      await azure.clock.advance(60_000);
    }
    expect(findings(azure.exchanges)).toBe('');
  },
);

/** What a person asks, and does behind the operator's back. */
async function lookAround(azure: InProcessAzure): Promise<void> {
  const { scaleSet, storageAccount, networkSecurityGroup } = sample.ids;
  const lock = `${networkSecurityGroup}/providers/Microsoft.Authorization/locks/keep`;
  azure.call('PUT', lock, { properties: { level: 'ReadOnly', notes: 'for now' } });
  azure.show(lock);
  azure.call('DELETE', networkSecurityGroup);
  azure.call('DELETE', lock);
  const rolling = {
    mode: 'Rolling',
    rollingUpgradePolicy: { maxBatchInstancePercent: 50, pauseTimeBetweenBatches: 'PT5S' },
  };
  azure.call('PATCH', scaleSet, { properties: { upgradePolicy: rolling }, sku: { name: 'Standard_D4ads_v6' } });
  await azure.clock.advance(60_000);
  azure.show(`${scaleSet}/rollingUpgrades/latest`);
  azure.call('POST', `${scaleSet}/rollingUpgrades/cancel`);
  await azure.clock.advance(300_000);
  azure.call('POST', `${scaleSet}/osRollingUpgrade`);
  await azure.clock.advance(300_000);
  azure.show(`${scaleSet}/rollingUpgrades/latest`);
  for (const [id, metrics] of [
    [scaleSet, 'Network Out Total'],
    [storageAccount, 'UsedCapacity'],
  ]) {
    azure.show(
      `${id}/providers/Microsoft.Insights/metrics?api-version=2024-02-01&metricnames=${metrics}&interval=PT1H`,
    );
  }
  azure.call('GET', `${storageAccount}/providers/Microsoft.Insights/metrics?api-version=2024-02-01&metricnames=x`);
  azure.call('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01', {
    subscriptions: [sample.SUBSCRIPTION],
    query: 'resourcechanges',
  });
}

/** What the judge says, or nothing when it is content. */
function findings(exchanges: readonly unknown[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'recording-'));
  try {
    const recording = join(folder, 'recording.jsonl');
    writeFileSync(recording, exchanges.map((exchange) => JSON.stringify(exchange)).join('\n'));
    execFileSync('python3', [judge, recording], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
