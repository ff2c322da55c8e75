import { expect, test } from 'vitest';
import { createManualClock } from '../../../src/runtime/manual-clock.ts';
import { makeGateway } from '../../performance/simulated-fleet.ts';
import { startArmSimulator } from '../arm/simulator.ts';
import { gatewayServesIn } from './azure-gateways.ts';

test('a gateway serves while its address is there and one of its VMs runs', async () => {
  const azure = await startArmSimulator({ blobs: false, clock: createManualClock() });
  try {
    azure.control.settings.durationFactor = 0;
    const scaleSet = makeGateway(azure, 7, 2);
    const serves = gatewayServesIn(azure);
    await azure.control.advance(60_000);
    expect(serves('ContosoCMG7.contoso.com')).toBe(true);
    expect(serves('contosocmg.contoso.com')).toBe(false);

    azure.control.call('POST', `${scaleSet}/deallocate?api-version=2024-11-01`);
    expect(serves('contosocmg7.contoso.com')).toBe(false);
    azure.control.call('POST', `${scaleSet}/start?api-version=2024-11-01`);
    await azure.control.advance(60_000);
    expect(serves('contosocmg7.contoso.com')).toBe(true);
    azure.control.remove(scaleSet);
    expect(serves('contosocmg7.contoso.com')).toBe(false);
  } finally {
    await azure.close();
  }
});
