import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { withoutMark } from '../../world/without-mark.ts';
import {
  createGatewayRounds,
  DRIFT_INTERVAL_MS,
  type GatewayRounds,
  type GatewayRoundsOptions,
} from './gateway-rounds.ts';

const SERVICE_NAME = 'contoso.contoso.com';
const HOUR_MS = 3_600_000;
const ADOPT = 'configmgr.io/adopt';

let world: SimulatedWorld;
let clock: ManualClock;
let certificate: IssuedCertificate;
let group: string;

beforeAll(async () => {
  clock = createManualClock(Date.now());
  world = await startSimulatedWorld({ clock });
  certificate = await world.authority.issue({ commonName: SERVICE_NAME });
  group = `/subscriptions/${world.azure.subscriptionId}/resourceGroups/rg-contoso`;
});
afterAll(() => world?.close());
beforeEach(() => world.azure.control.reset());

const gatewayIn = (clusterUid: string, options: Partial<GatewayRoundsOptions> = {}) =>
  createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME, clusterUid, ...options });
const isReady = (gateway: GatewayRounds) => gateway.condition('Ready')?.status === 'True';
const tagOf = ({ tags }: JsonObject, name: string) => (tags as Readonly<Record<string, string>> | undefined)?.[name];
const tagsNow = (name: string) =>
  new Set(world.azure.control.state().flatMap((resource) => tagOf(resource, name) ?? []));
const writes = () => world.azure.control.writes.length;

/** ETags change with every write, whatever it changes. */
function withoutEtags(properties: unknown): unknown {
  return JSON.parse(JSON.stringify(properties, (name, value) => (name === 'etag' ? undefined : value)));
}

async function readyIn(clusterUid: string, options: Partial<GatewayRoundsOptions> = {}): Promise<GatewayRounds> {
  const gateway = gatewayIn(clusterUid, options);
  await gateway.roundsUntil(() => isReady(gateway));
  return gateway;
}

/** Lets all of them look for so many hours: a few hours as often as they do, more of them each hour. */
async function live(hours: number, ...gateways: readonly GatewayRounds[]): Promise<void> {
  const end = clock.now() + hours * HOUR_MS;
  const step = hours > 5 ? HOUR_MS : DRIFT_INTERVAL_MS * 1.1;
  while (clock.now() < end) {
    for (const gateway of gateways) await gateway.earlyRound();
    await clock.advance(step);
  }
}

describe('a new cluster with the same installation id', () => {
  it('takes the gateway over as it is, and writes nothing but the tag of the cluster', async () => {
    const before = await readyIn('old');
    const left = world.azure.control.state();
    const made = writes();
    const after = gatewayIn('new');
    await after.roundsUntil(() => isReady(after) && tagsNow('configmgr.io_cluster').has('new'));
    await live(1, after);

    expect(after.cmg.status?.deployments?.[0]?.id).toBe(before.cmg.status?.deployments?.[0]?.id);
    expect(tagsNow('configmgr.io_cluster')).toEqual(new Set(['new']));
    const plain = (resources: readonly JsonObject[]) =>
      withoutMark(resources).map(({ id, properties, tags }) => ({
        id,
        properties: withoutEtags(properties),
        tags: { ...(tags as object), 'configmgr.io_cluster': '' },
      }));
    expect(plain(world.azure.control.state())).toEqual(plain(left));
    const written = world.azure.control.writes.slice(made).map(({ path }) => path.toLowerCase());
    expect(new Set(written).size).toBe(written.length);
    expect(written).toHaveLength(9);
  });
});

describe('two clusters with one installation id at the same time', () => {
  it('find each other out; nobody repairs, and after a day the older one goes on', async () => {
    const old = await readyIn('old');
    await live(25, old);
    const young = await readyIn('young');
    await live(1, old, young);
    for (const gateway of [old, young]) {
      expect(gateway.condition('Ready')).toMatchObject({ status: 'False', reason: 'OwnedByAnotherCluster' });
      expect(gateway.condition('Stalled')).toMatchObject({ reason: 'OwnedByAnotherCluster' });
    }
    expect(young.condition('Ready')?.message).toContain('has the UID old');

    const before = writes();
    world.azure.control.mutate(`${group}/providers/Microsoft.Network/networkSecurityGroups/contoso`, {
      properties: { securityRules: [] },
    });
    await live(20, old, young);
    expect(writes()).toBe(before);

    await live(5, old, young);
    expect(old.condition('Ready')).toMatchObject({ status: 'True' });
    expect(young.condition('Ready')).toMatchObject({ reason: 'OwnedByAnotherCluster' });
    expect(tagsNow('configmgr.io_cluster')).toEqual(new Set(['old']));
  });

  it('leave the gateway to the one in which a person says so', async () => {
    const old = await readyIn('old');
    await live(25, old);
    const young = await readyIn('young');
    await live(1, old, young);
    young.annotate(ADOPT, group);
    await live(2, young);
    expect(isReady(young)).toBe(true);
    expect(tagsNow('configmgr.io_cluster')).toEqual(new Set(['young']));
  });
});

describe('a CMG whose gateway another cluster has taken over', () => {
  it('deletes nothing of it, and says so', async () => {
    const old = await readyIn('old');
    const young = await readyIn('young');
    await live(1, young);
    const before = writes();
    old.edit((spec) => ({ ...spec, deletionProtection: false }));
    const removal = await old.removalRound();
    expect(removal.kind).toBe('Remaining');
    expect(old.condition('AzureReady')).toMatchObject({ reason: 'DeletionBlocked' });
    expect(old.condition('AzureReady')?.message).toContain('the UID young');
    expect(writes()).toBe(before);

    old.edit((spec) => ({ ...spec, deletionPolicy: 'Retain' }));
    expect(await old.removalRound()).toMatchObject({ kind: 'Retained' });
    expect(world.azure.control.resource(group)).toBeDefined();
  });
});

describe('two installations with different ids', () => {
  it('never fight: the second touches nothing, and names the first', async () => {
    await readyIn('here', { installationId: 'first' });
    const before = writes();
    const second = gatewayIn('here', { installationId: 'second' });
    await live(5, second);
    expect(writes()).toBe(before);
    expect(second.condition('Ready')).toMatchObject({ reason: 'ResourceNotOwned' });
    expect(second.condition('Ready')?.message).toContain('first/gateways/contoso');
    expect(tagsNow('configmgr.io_owner')).toEqual(new Set(['first/gateways/contoso']));
  });
});

describe('what exists under the name of the gateway and is not its own', () => {
  const foreign = () =>
    world.azure.control.call('PUT', `${group}?api-version=2025-04-01`, { location: 'westeurope', tags: { team: 'x' } });

  it('is taken over when a person names it, with what others have written there', async () => {
    foreign();
    const gateway = gatewayIn('here');
    await live(1, gateway);
    const { message = '' } = gateway.condition('Ready') ?? {};
    expect(message).toContain(`kubectl annotate --namespace gateways cmg contoso ${ADOPT}=${group}`);
    expect(writes()).toBe(1);

    gateway.annotate(ADOPT, group);
    await gateway.roundsUntil(() => isReady(gateway));
    const adopted = world.azure.control.resource(group) ?? {};
    expect([tagOf(adopted, 'team'), tagOf(adopted, 'configmgr.io_owner')]).toEqual(['x', 'test/gateways/contoso']);
  });

  it('is not taken over by a consent to something else', async () => {
    foreign();
    const gateway = gatewayIn('here');
    gateway.annotate(ADOPT, group.replace('rg-contoso', 'rg-other'));
    await live(1, gateway);
    expect(gateway.condition('Ready')).toMatchObject({ reason: 'ResourceNotOwned' });
    expect(writes()).toBe(1);
  });

  it('and has lost its tags is left alone, whatever a consent of before said, until a new one is given', async () => {
    foreign();
    const gateway = gatewayIn('here');
    gateway.annotate(ADOPT, group);
    await gateway.roundsUntil(() => isReady(gateway));
    await live(1, gateway);
    world.azure.control.mutate(group, { tags: { 'configmgr.io_owner': null } });
    const before = writes();
    await live(2, gateway);
    expect(gateway.condition('Ready')).toMatchObject({ status: 'False', reason: 'OwnershipLost' });
    expect(writes()).toBe(before);

    gateway.annotate(ADOPT, undefined);
    await live(1, gateway);
    gateway.annotate(ADOPT, group);
    await live(1, gateway);
    expect(gateway.condition('Ready')).toMatchObject({ status: 'True' });
    expect(tagsNow('configmgr.io_owner')).toEqual(new Set(['test/gateways/contoso']));
  });
});
