import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { accessTo, createGatewayRounds, DRIFT_INTERVAL_MS, type GatewayRounds } from './gateway-rounds.ts';

const SERVICE_NAME = 'contoso.contoso.com';
const NSG = 'Microsoft.Network/networkSecurityGroups';
const LOAD_BALANCER = 'Microsoft.Network/loadBalancers';
const SCALE_SET = 'Microsoft.Compute/virtualMachineScaleSets';

let world: SimulatedWorld;
let clock: ManualClock;
let certificate: IssuedCertificate;
let gateway: GatewayRounds;

beforeAll(async () => {
  clock = createManualClock(Date.now());
  world = await startSimulatedWorld({ clock });
  certificate = await world.authority.issue({ commonName: SERVICE_NAME });
});
afterAll(() => world?.close());
beforeEach(async () => {
  world.azure.control.reset();
  gateway = createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME });
  await gateway.roundsUntil(isReady);
});

const isReady = () => gateway.condition('Ready')?.status === 'True';
const idOf = (type: string) =>
  `/subscriptions/${world.azure.subscriptionId}/resourceGroups/rg-contoso/providers/${type}/contoso`;

/** Has Azure refuse requests as too many until the rules are cleared. */
function throttle(urlPattern: string, method = 'GET'): void {
  world.azure.control.faults.add({
    match: { method, urlPattern },
    times: 'always',
    action: {
      kind: 'answer',
      status: 429,
      code: 'SubscriptionRequestsThrottled',
      message: 'Please try again after some seconds.',
      headers: { 'Retry-After': '20' },
    },
  });
}

/** Paths of what one round after a restart reads. */
async function readings(): Promise<readonly string[]> {
  const paths: string[] = [];
  const end = world.azure.control.faults.watch((method, url) => {
    if (method === 'GET' && url.startsWith('/subscriptions/')) paths.push(url.replace(/\?.*/, ''));
  });
  gateway.restart();
  await gateway.round();
  end();
  return paths;
}

const EVERYTHING = '^/subscriptions/';

describe('a gateway that was as declared, and that Azure lets nobody look at', () => {
  it('is shown as it was after a restart, for a drift interval, and then as unknown', async () => {
    const before = gateway.cmg.status;
    throttle(EVERYTHING);
    gateway.restart();
    const begun = clock.now();
    await gateway.roundsUntil(() => clock.now() - begun >= DRIFT_INTERVAL_MS / 2);
    expect(gateway.cmg.status).toEqual(before);
    await gateway.roundsUntil(() => clock.now() - begun >= DRIFT_INTERVAL_MS);
    expect(gateway.cmg.status).toEqual(before);
    await gateway.round();
    expect(gateway.condition('AzureReady')).toMatchObject({ status: 'Unknown', reason: 'Throttled' });
    expect(gateway.condition('Ready')).toMatchObject({ status: 'Unknown', reason: 'Throttled' });
    expect(gateway.cmg.status?.deployments).toEqual(before?.deployments);
    world.azure.control.faults.clear();
    await gateway.roundsUntil(isReady);
    expect(gateway.cmg.status?.deployments).toEqual(before?.deployments);
  });

  it('is shown as it was whichever single reading is throttled', async () => {
    const paths = await readings();
    expect(paths.length).toBeGreaterThan(15);
    const before = gateway.cmg.status;
    for (const path of paths) {
      throttle(`${path}\\?`);
      gateway.restart();
      await gateway.round();
      expect(gateway.cmg.status, path).toEqual(before);
      expect(world.azure.control.faults.rules[0]?.applied, path).toBeGreaterThan(0);
      world.azure.control.faults.clear();
      await gateway.round();
      expect(gateway.cmg.status, path).toEqual(before);
    }
  });

  it('begins a new drift interval once it has been looked at', async () => {
    const before = gateway.cmg.status;
    for (const _time of ['first', 'second', 'third']) {
      throttle('/virtualMachines\\?');
      const begun = clock.now();
      await gateway.roundsUntil(() => clock.now() - begun >= 0.9 * DRIFT_INTERVAL_MS);
      world.azure.control.faults.clear();
      await gateway.round();
      expect(gateway.cmg.status).toEqual(before);
    }
  });

  it('is not asked why its readings fail', async () => {
    throttle('/networkSecurityGroups/');
    gateway.restart();
    const paths: string[] = [];
    const end = world.azure.control.faults.watch((_method, url) => void paths.push(url));
    await gateway.round();
    end();
    expect(paths.filter((path) => /permissions|\/providers\/[^/]+\?|skus|usages/i.test(path))).toEqual([]);
  });
});

describe('what is known of a gateway in spite of throttling', () => {
  it('a changed spec is shown at once', async () => {
    throttle(EVERYTHING);
    gateway.restart();
    await gateway.round();
    gateway.edit((spec) => ({ ...spec, vm: { ...spec.vm, instances: 2 } }));
    await gateway.round();
    expect(gateway.condition('AzureReady')).toMatchObject({ status: 'Unknown', reason: 'Throttled' });
  });

  it('drift is shown, and set right', async () => {
    world.azure.control.mutate(idOf(NSG), { properties: { securityRules: [] } });
    throttle('/virtualMachines\\?');
    gateway.restart();
    await gateway.earlyRound();
    expect(gateway.condition('InSync')).toMatchObject({ status: 'False', reason: 'RepairingDrift' });
    expect(gateway.condition('AzureReady')).toMatchObject({ status: 'False', reason: 'RepairingDrift' });
    world.azure.control.faults.clear();
    await gateway.roundsUntil(() => isReady() && gateway.condition('InSync')?.status === 'True');
    expect(gateway.happenings.map(({ reason }) => reason)).toContain('DriftRepaired');
  });

  it('drift is shown of what cannot be written before something else has been read', async () => {
    world.azure.control.mutate(idOf(SCALE_SET), { sku: { capacity: 3 } });
    throttle('/roleAssignments/');
    gateway.restart();
    await gateway.earlyRound();
    expect(gateway.condition('AzureReady')).toMatchObject({ status: 'False', reason: 'RepairingDrift' });
  });

  it('that VMs do not serve is not forgotten', async () => {
    const { control } = world.azure;
    control.call('POST', `${idOf(SCALE_SET)}/poweroff?api-version=2024-11-01`, { instanceIds: ['0'] });
    while (control.runningOperations > 0) await clock.advance(10_000);
    await gateway.round();
    expect(gateway.condition('ServiceHealthy')).toMatchObject({ status: 'False', message: 'VM 0 is stopped.' });
    throttle(EVERYTHING);
    gateway.restart();
    await gateway.round();
    expect(gateway.condition('Ready')?.status).not.toBe('True');
  });

  it('a refused write is shown', async () => {
    world.azure.control.mutate(idOf(NSG), { properties: { securityRules: [] } });
    throttle(EVERYTHING, 'PUT');
    gateway.restart();
    await gateway.earlyRound();
    expect(gateway.condition('AzureReady')).toMatchObject({
      status: 'Unknown',
      reason: 'Throttled',
      message: expect.stringMatching(/^Writing the network security group: /),
    });
  });

  it('a write that was throttled is tried again without reading everything before', async () => {
    world.azure.control.mutate(idOf(NSG), { properties: { securityRules: [] } });
    throttle(EVERYTHING, 'PUT');
    await gateway.round();
    expect(world.azure.control.faults.rules[0]?.applied).toBe(1);
    world.azure.control.faults.clear();
    const { reads } = world.azure.control.counts;
    await gateway.roundsUntil(() => gateway.happenings.some(({ reason }) => reason === 'DriftRepaired'));
    expect(world.azure.control.counts.reads - reads).toBeLessThan(4);
  });

  it('what Azure refuses for another reason is shown', async () => {
    world.azure.control.faults.add({
      match: { method: 'GET', urlPattern: '/loadBalancers/' },
      action: { kind: 'answer', status: 503, code: 'ServiceUnavailable', message: 'Sorry.' },
    });
    gateway.restart();
    await gateway.earlyRound();
    expect(gateway.condition('AzureReady')).toMatchObject({ status: 'Unknown', reason: 'AzureUnreachable' });
  });
});

describe('while Azure leaves few reads', () => {
  /** A gateway after a restart of an operator that has so many of the 250 reads left; fifty are kept for changes. */
  async function restartWith(left: number): Promise<void> {
    const { control, subscriptionId, tenantId, clientId, clientSecret } = world.azure;
    const access = accessTo(world, clock);
    gateway = createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME, access });
    await gateway.roundsUntil(isReady);
    // Until Azure has forgotten what that took.
    await clock.advance(60_000);
    control.settings.throttling = true;
    const credentials = { type: 'ClientSecret', tenantId, clientId, clientSecret } as const;
    const { arm } = access.connect('AzurePublicCloud', subscriptionId, credentials);
    for (let taken = 250; taken > left; taken -= 1) await arm.get(idOf(NSG), '2024-05-01');
    gateway.restart();
  }

  it('a gateway at rest leaves them alone, is shown as it was, and is read when there are more', async () => {
    await restartWith(40);
    const before = gateway.cmg.status;
    const { reads } = world.azure.control.counts;
    await gateway.earlyRound();
    expect(world.azure.control.counts.reads).toBe(reads);
    expect(gateway.cmg.status).toEqual(before);
    const begun = clock.now();
    await gateway.roundsUntil(() => world.azure.control.counts.reads - reads > 15);
    expect(clock.now() - begun - (gateway.reports.at(-1)?.againAfterMs ?? 0)).toBeLessThan(60_000);
    expect(gateway.cmg.status).toEqual(before);
  });

  it('what was refused to a gateway is read in one go', async () => {
    await restartWith(53);
    const { reads } = world.azure.control.counts;
    await gateway.earlyRound();
    expect(world.azure.control.counts.reads - reads).toBe(3);
    const rounds = gateway.reports.length;
    await gateway.roundsUntil(() => world.azure.control.counts.reads - reads > 15);
    expect(gateway.reports.length - rounds).toBeLessThan(4);
  });

  it('a changed gateway takes them, and is changed at once', async () => {
    await restartWith(40);
    await gateway.earlyRound();
    gateway.edit((spec) => ({ ...spec, vm: { ...spec.vm, instances: 2 } }));
    await gateway.earlyRound();
    const { method, path, acceptedAt } = world.azure.control.writes.at(-1) ?? {};
    expect({ method, path, acceptedAt }).toEqual({ method: 'PUT', path: idOf(LOAD_BALANCER), acceptedAt: clock.now() });
  });
});
