import { describe, expect, it } from 'vitest';
import type { Reason } from '../../../src/api/v1alpha1/conditions.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { isAlive } from '../../cluster/supervised-process.ts';
import { FAILING_STATUS, type PackageVariant } from '../../simulators/gateway/package-variants.ts';
import { offerPackage } from '../../world/simulated-world.ts';
import { conditionOf, operatorSuite, PATIENCE_MS } from '../operator/suite.ts';
import { ANSWERED, processesOf, untilAsked } from './visits.ts';

const suite = operatorSuite({ gateways: true });

const PACKAGES: readonly (readonly [variant: PackageVariant, reason: Reason, says: RegExp])[] = [
  [
    'Failing',
    'SetupFailed',
    new RegExp(`VM 0 failed at the step ${FAILING_STATUS.step} with exit code 3: ${FAILING_STATUS.message}`),
  ],
  ['Crashing', 'SetupFailed', /VM 0 failed.* exit code 1: .*The setup has come to an end that nobody foresaw/s],
  ['Idle', 'InstancesUnhealthy', /VM 0 does not answer the health probe on port 443.*at the step listen/],
  ['OtherCertificate', 'CertificateNotServed', /presents .* the certificate CN=unexpected\.example/],
];

describe('a service package', () => {
  it.each(PACKAGES)('%s: %s, until another is declared', async (variant, reason, says) => {
    const test = await suite.begin();
    const { cmg, certificate, credentials } = await test.manifests({
      servicePackage: await offerPackage(suite.world(), variant),
    });
    await test.apply(certificate, credentials, cmg);
    const condition = await test.untilReason('ServiceHealthy', reason);
    expect(condition.message).toMatch(says);

    const { url, sha256 } = suite.world().packages;
    await test.patchSpec({ servicePackage: { url, sha256 } });
    await test.untilReady();
    await untilAsked(test, '/', {}, ANSWERED);
  });

  it('whose setup never ends, and so names no step, is given up in its VM after 90 minutes, and the next one is taken', async () => {
    const test = await suite.begin();
    const { cmg, certificate, credentials } = await test.manifests({
      servicePackage: await offerPackage(suite.world(), 'Hanging'),
    });
    await test.apply(certificate, credentials, cmg);
    await expect.poll(() => processesOf(test).length, { timeout: PATIENCE_MS }).toBe(1);
    const hanging = processesOf(test);
    await test.azure.control.advance(90 * 60_000);
    await expect.poll(() => hanging.filter(isAlive), { timeout: PATIENCE_MS }).toEqual([]);
    const tried = await test.until('the CMG to tell of the timeout', ({ status }) =>
      findCondition(status?.conditions, 'AzureReady')?.message.includes('VMExtensionProvisioningTimeout'),
    );
    expect(conditionOf(tried, 'AzureReady').message).toMatch(/scale set.*VM extension setup has timed out/s);
    const { message } = await test.untilReason('ServiceHealthy', 'InstancesUnhealthy');
    expect(message).toMatch(/VM 0: .*extension setup has timed out/);

    const { url, sha256 } = suite.world().packages;
    await test.patchSpec({ servicePackage: { url, sha256 } });
    // A try that has begun again with the old package lasts as long.
    await expect.poll(() => processesOf(test).length, { timeout: PATIENCE_MS }).toBe(1);
    await test.azure.control.advance(90 * 60_000);
    await test.untilReady();
    await untilAsked(test, '/', {}, ANSWERED);
  });
});
