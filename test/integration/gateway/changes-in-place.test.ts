import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { certificateSecret } from '../../world/gateway-manifests.ts';
import { offerPackage } from '../../world/simulated-world.ts';
import { type GatewayTest, NAME, operatorSuite, PATIENCE_MS, SERVICE_NAME, valueAt } from '../operator/suite.ts';
import { ANSWERED, ask, fingerprintOf, untilAsked, untilPresented } from './visits.ts';

const suite = operatorSuite({ gateways: true });

/** Between two visits: they are not to take the time that the gateway needs. */
const PAUSE_MS = 100;

/** The port of each VM. */
const PORTS = [10_124, 10_125] as const;

async function readyGateway(): Promise<GatewayTest> {
  const test = await suite.begin();
  const { cmg, certificate, credentials } = await test.manifests({ vm: { instances: 2 } });
  await test.apply(certificate, credentials, cmg);
  await test.untilReady();
  await untilAsked(test, '/', {}, ANSWERED);
  return test;
}

/** Asks again and again while something goes on, once more when there was no answer, and returns how often that failed too. */
async function unansweredDuring(test: GatewayTest, work: () => Promise<unknown>): Promise<number> {
  const state = { going: true, unanswered: 0, asked: 0 };
  const isAnswered = async () => (await ask(test, '/')).kind === 'Answered';
  const asking = (async () => {
    while (state.going) {
      await setTimeout(PAUSE_MS);
      state.asked += 1;
      if (!(await isAnswered()) && !(await isAnswered())) state.unanswered += 1;
    }
  })();
  try {
    await work();
  } finally {
    state.going = false;
    await asking;
  }
  expect(state.asked).toBeGreaterThan(0);
  return state.unanswered;
}

const gatewayWith = (gateway: object) => ({ body: { gateway } });

describe('who connects to a gateway with two VMs sees that', () => {
  it('both get another size, no content, another service package and a renewed certificate, and one answers at each moment', async () => {
    const test = await readyGateway();
    for (const port of PORTS) {
      await untilAsked(test, '/', {}, gatewayWith({ vmSize: 'Standard_D4ads_v6', version: 'reference' }), port);
    }
    expect(await ask(test, '/content')).toMatchObject({ status: 200 });

    const first = await unansweredDuring(test, async () => {
      await test.patchSpec({ vm: { size: 'Large' }, content: { enabled: false } });
      await test.untilReady();
    });
    for (const port of PORTS) {
      await untilAsked(test, '/', {}, gatewayWith({ vmSize: 'Standard_D8ads_v6', version: 'reference' }), port);
      await untilAsked(test, '/content', {}, { status: 404 }, port);
    }

    const servicePackage = await offerPackage(suite.world(), 'NextVersion');
    const second = await unansweredDuring(test, async () => {
      await test.patchSpec({ servicePackage, content: { enabled: true } });
      await test.untilReady();
    });
    for (const port of PORTS) {
      await untilAsked(test, '/content', {}, { status: 200, ...gatewayWith({ version: 'next' }) }, port);
    }

    const { authority } = suite.world();
    const renewed = await authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
    const versionInVault = () =>
      valueAt(test.resources('Microsoft.KeyVault/vaults/secrets')[0], 'properties.secretUriWithVersion');
    const before = versionInVault();
    const third = await unansweredDuring(test, async () => {
      await test.apply(certificateSecret(test.namespace, `${NAME}-tls`, renewed, suite.world()));
      for (const port of PORTS) {
        await untilPresented(test, fingerprintOf(renewed.certificatePem), authority.rootPem, port);
      }
      await test.untilReady();
    });
    expect(versionInVault()).not.toBe(before);
    expect([first, second, third]).toEqual([0, 0, 0]);
  });

  it('one goes on with the package of before when the other does not serve with a new one, until that is corrected', async () => {
    const test = await readyGateway();
    const unanswered = await unansweredDuring(test, async () => {
      await test.patchSpec({ servicePackage: await offerPackage(suite.world(), 'Idle') });
      const { message } = await test.untilReason('ServiceHealthy', 'RolloutStopped');
      expect(message).toMatch(/1 of 2 VMs have it.*does not answer the health probe on port 443.*Correct what was/);
      const told = async () => (await test.events()).map(({ reason }) => reason);
      await expect.poll(told, { timeout: PATIENCE_MS }).toContain('RolloutStopped');
      await untilAsked(test, '/', {}, gatewayWith({ version: 'reference' }));
      await test.patchSpec({ servicePackage: await offerPackage(suite.world(), 'NextVersion') });
      await test.untilReady();
    });
    expect(unanswered).toBe(0);
    for (const port of PORTS) await untilAsked(test, '/', {}, gatewayWith({ version: 'next' }), port);
  });
});
