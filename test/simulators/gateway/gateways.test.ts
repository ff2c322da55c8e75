import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceIds } from '../../../src/gateway/ids.ts';
import { isAlive } from '../../cluster/supervised-process.ts';
import { objectAt } from '../arm/json-path.ts';
import { visit } from './gateway-client.ts';
import {
  type GatewayWorld,
  MUTUAL,
  SERVICE_NAME,
  startGatewayWorld,
  until,
  untilServing,
  untilVisit,
} from './gateways.test-world.ts';
import type { SampleGateway } from './sample-gateway.ts';

let world: GatewayWorld;
let closed = false;

beforeAll(async () => {
  world = await startGatewayWorld();
}, 60_000);
afterAll(async () => {
  if (!closed) await world?.close();
});

/** A visit at a port of the public address. */
function at(gateway: SampleGateway, port: number) {
  const endpoint = world.azure.gateways.endpoint(gateway.address, port);
  return { endpoint, serviceName: SERVICE_NAME, trusted: world.authority.rootPem };
}

const ANSWERED = { kind: 'Answered', status: 401 } as const;
const UNREACHABLE = { kind: 'Unreachable' } as const;

const pidsOf = (gateway: SampleGateway) =>
  Object.fromEntries(
    [...world.azure.gateways.processes(gateway.scaleSetId)].map(([instanceId, pids]) => [instanceId, [...pids]]),
  );
const allPids = (gateway: SampleGateway) => Object.values(pidsOf(gateway)).flat();

describe('a simulated gateway with two VMs', () => {
  let gateway: SampleGateway;

  beforeAll(async () => {
    gateway = await world.serving({ changes: { instances: 2 } });
  }, 30_000);

  it('answers on 443, and on a port for each VM', async () => {
    for (const port of [443, 10_124, 10_125]) {
      await untilVisit(MUTUAL, () => at(gateway, port), ANSWERED);
    }
    expect(await visit(MUTUAL, at(gateway, 10_126))).toEqual(UNREACHABLE);
    expect(await visit('/', at(gateway, 443))).toMatchObject({ kind: 'Answered', status: 404 });
  });

  it('goes down and comes back with a VM that is stopped and started, without another setup', async () => {
    const before = pidsOf(gateway);
    gateway.act('poweroff', ['1']);
    await until(() => (before[1] ?? []).map(isAlive), [false]);
    await untilVisit(MUTUAL, () => at(gateway, 10_125), UNREACHABLE);
    await untilVisit(MUTUAL, () => at(gateway, 443), ANSWERED);
    await until(() => pidsOf(gateway), { ...before, 1: [] });

    gateway.act('start', ['1']);
    await untilServing(gateway);
    await untilVisit(MUTUAL, () => at(gateway, 10_125), ANSWERED);
    expect(pidsOf(gateway)[1]).toHaveLength(1);
    expect(pidsOf(gateway)[1]).not.toEqual(before[1]);
  });

  it('cannot be reached while a security group is closed, and can at the same place when it is open again', async () => {
    const { networkSecurityGroup } = resourceIds(gateway.deployment);
    const rule = `${networkSecurityGroup}/securityRules/https?api-version=2025-03-01`;
    const { azure } = world;
    const open = at(gateway, 443).endpoint;
    const { provisioningState: _state, ...properties } = objectAt(azure.control.call('GET', rule).body, 'properties');
    azure.control.call('DELETE', rule);
    await untilVisit(MUTUAL, () => ({ ...at(gateway, 443), endpoint: open }), UNREACHABLE);
    expect(azure.gateways.endpoint(gateway.address, 443)).toBeUndefined();
    await untilVisit(MUTUAL, () => at(gateway, 10_124), ANSWERED);

    azure.control.call('PUT', rule, { properties });
    await untilVisit(MUTUAL, () => at(gateway, 443), ANSWERED);
    expect(at(gateway, 443).endpoint).toEqual(open);
  });

  it('is not healthy while the probe is not let in, and leads nobody to such a VM', async () => {
    const { networkSecurityGroup } = resourceIds(gateway.deployment);
    const rule = `${networkSecurityGroup}/securityRules/no-probe?api-version=2025-03-01`;
    const properties = {
      priority: 4000,
      direction: 'Inbound',
      access: 'Deny',
      protocol: '*',
      sourceAddressPrefix: 'AzureLoadBalancer',
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: '*',
    };
    world.azure.control.call('PUT', rule, { properties });
    await untilVisit(MUTUAL, () => at(gateway, 443), UNREACHABLE);
    expect(JSON.stringify(gateway.views())).toContain('HealthState/unhealthy');
    world.azure.control.call('DELETE', rule);
    await untilServing(gateway);
    await untilVisit(MUTUAL, () => at(gateway, 443), ANSWERED);
  });

  it('loses a VM whose process ends, until the VM is made anew', async () => {
    const [pid = 0] = pidsOf(gateway)[0] ?? [];
    process.kill(pid, 'SIGKILL');
    await untilVisit(MUTUAL, () => at(gateway, 10_124), UNREACHABLE);
    await until(() => JSON.stringify(gateway.views()[0]?.vmHealth).includes('unhealthy'), true);
    await untilVisit(MUTUAL, () => at(gateway, 443), ANSWERED);
    gateway.act('reimage', ['0']);
    await untilServing(gateway);
    await untilVisit(MUTUAL, () => at(gateway, 10_124), ANSWERED);
  });

  it('loses the newest VM when it is scaled in, and everything when it is deleted', async () => {
    const before = pidsOf(gateway);
    await gateway.write({ instances: 1 });
    await until(() => pidsOf(gateway), { 0: before[0] });
    await until(() => (before[1] ?? []).map(isAlive), [false]);
    await untilVisit(MUTUAL, () => at(gateway, 10_125), UNREACHABLE);
    await untilVisit(MUTUAL, () => at(gateway, 443), ANSWERED);

    const last = allPids(gateway);
    world.azure.control.call('DELETE', `${gateway.scaleSetId}?api-version=2024-11-01`);
    await until(() => last.map(isAlive), [false]);
    await until(() => pidsOf(gateway), {});
    await untilVisit(MUTUAL, () => at(gateway, 443), UNREACHABLE);
  });
});

it('a gateway ends with the Azure that it is in', async () => {
  const gateway = await world.serving();
  const pids = allPids(gateway);
  expect(pids.map(isAlive)).toEqual([true]);
  world.azure.control.reset();
  await until(() => pids.map(isAlive), [false]);
  await untilVisit(MUTUAL, () => at(gateway, 443), UNREACHABLE);
});

it('a gateway ends with the simulator', async () => {
  const gateway = await world.serving();
  await untilVisit(MUTUAL, () => at(gateway, 443), ANSWERED);
  const pids = allPids(gateway);
  const open = at(gateway, 443);
  await world.close();
  closed = true;
  expect(pids.length).toBe(1);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await visit(MUTUAL, open)).toEqual(UNREACHABLE);
});
