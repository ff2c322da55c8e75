import { describe, expect, it } from 'vitest';
import { isAlive } from '../../cluster/supervised-process.ts';
import { type GatewayTest, operatorSuite, PATIENCE_MS } from '../operator/suite.ts';
import { ANSWERED, ask, processesOf, UNREACHABLE, untilAsked } from './visits.ts';

const suite = operatorSuite({ gateways: true });

const SECOND_PORT = 10_125;
const POLL = { timeout: PATIENCE_MS, interval: 50 };

async function readyGateway(): Promise<GatewayTest> {
  const test = await suite.begin({ flags: ['--drift-interval', '5m', '--full-read-interval', '5m'] });
  const { cmg, certificate, credentials } = await test.manifests();
  await test.apply(certificate, credentials, cmg);
  await test.untilReady();
  return test;
}

const idOf = (test: GatewayTest, type: string) => String(test.resources(type)[0]?.id);

describe('a gateway is reached', () => {
  it('on 443 with one VM, on a port for each with two, and nowhere when it is deleted', async () => {
    const test = await readyGateway();
    await untilAsked(test, '/', {}, ANSWERED);
    expect(await ask(test, '/', {}, 10_124)).toEqual(UNREACHABLE);

    await test.patchSpec({ vm: { instances: 2 } });
    await test.untilReady();
    for (const port of [443, 10_124, SECOND_PORT]) await untilAsked(test, '/', {}, ANSWERED, port);
    const both = processesOf(test);
    expect(both.map(isAlive)).toEqual([true, true]);

    await test.patchSpec({ vm: { instances: 1 } });
    await test.untilReady();
    await untilAsked(test, '/', {}, UNREACHABLE, SECOND_PORT);
    await untilAsked(test, '/', {}, UNREACHABLE, 10_124);
    await untilAsked(test, '/', {}, ANSWERED);
    await expect.poll(() => both.filter(isAlive).length, POLL).toBe(1);

    await test.deleteCmg();
    expect(await ask(test, '/')).toEqual(UNREACHABLE);
    await expect.poll(() => both.filter(isAlive), POLL).toEqual([]);
  });

  it('again after somebody has closed the way to it', async () => {
    const test = await readyGateway();
    await untilAsked(test, '/', {}, ANSWERED);
    const group = idOf(test, 'Microsoft.Network/networkSecurityGroups');
    const { faults } = test.azure.control;
    // The operator would be done sooner than a slow machine comes to look.
    faults.add({
      match: { method: 'PUT', urlPattern: '/networkSecurityGroups/' },
      times: 'always',
      action: { kind: 'answer', status: 500, code: 'InternalServerError' },
    });
    test.azure.control.call('DELETE', `${group}/securityRules/https?api-version=2025-03-01`);
    await untilAsked(test, '/', {}, UNREACHABLE);
    faults.clear();
    await untilAsked(test, '/', {}, ANSWERED);
    await test.untilReady();
  });
});
