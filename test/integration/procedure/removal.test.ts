import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CMGSpec } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { OWNER_TAG } from '../../../src/gateway/tags.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { createGatewayRounds, type GatewayRounds, type RemovalOfGateway } from './gateway-rounds.ts';

const SERVICE_NAME = 'contoso.contoso.com';
const GROUP = 'rg-contoso';
const HOUR_MS = 3_600_000;

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
beforeEach(() => {
  world.azure.control.reset();
  gateway = newGateway();
});

const newGateway = (spec: Partial<CMGSpec> = {}) =>
  createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME, spec });
const isReady = () => gateway.condition('Ready')?.status === 'True';
const groupId = () => `/subscriptions/${world.azure.subscriptionId}/resourceGroups/${GROUP}`;
const idsInAzure = () => world.azure.control.state().map(({ id }) => String(id));

async function removed(most = 80): Promise<Exclude<RemovalOfGateway, { kind: 'Remaining' }>> {
  for (let rounds = 0; rounds < most; rounds += 1) {
    const removal = await gateway.removalRound();
    if (removal.kind !== 'Remaining') return removal;
  }
  throw new Error(`Not gone after ${most} rounds: ${JSON.stringify(gateway.cmg.status?.conditions, null, 1)}`);
}

describe('a deletion in the midst of provisioning', () => {
  it.each([
    // Every other round of each: what differs between the two is not how far they have got.
    { mode: 'Create', first: 0 },
    { mode: 'UseExisting', first: 1 },
  ] as const)('leaves nothing of ours, after whatever round: $mode', async ({ mode, first }) => {
    const begin = () => {
      world.azure.control.reset();
      if (mode === 'UseExisting') {
        world.azure.control.call('PUT', `${groupId()}?api-version=2025-04-01`, { location: 'westeurope' });
      }
      gateway = newGateway();
      gateway.edit((spec) => ({ ...spec, azure: { ...spec.azure, resourceGroup: { name: GROUP, mode } } }));
    };
    begin();
    await gateway.roundsUntil(isReady);
    const all = gateway.reports.length;
    expect(all).toBeGreaterThan(5);
    for (let after = first; after < all; after += 2) {
      begin();
      for (let rounds = 0; rounds < after; rounds += 1) {
        await gateway.round();
      }
      // As after a crash in the last of them, every other time.
      if (after % 4 >= 2) {
        gateway.restart();
        gateway.forgetOperations();
      }
      gateway.beginDeletion('CMG');
      await removed();
      await clock.advance(HOUR_MS);
      expect([after, idsInAzure()]).toEqual([after, mode === 'UseExisting' ? [groupId()] : []]);
    }
  });

  it('needs no slot while nobody can have come to it, and takes one from then on', async () => {
    let asked = 0;
    const take = async () => {
      asked += 1;
      return { kind: 'Taken' } as const;
    };
    const deletionBudget = { perHour: 1, take };
    gateway = createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME, deletionBudget });
    await gateway.roundsUntil(() => gateway.cmg.status?.deployments?.length === 1);
    expect(idsInAzure()).toEqual([]);
    gateway.beginDeletion('CMG');
    await removed();
    expect(asked).toBe(0);

    gateway = createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME, deletionBudget });
    await gateway.roundsUntil(isReady);
    gateway.beginDeletion('CMG');
    await removed();
    expect(asked).toBe(1);
  });
});

describe('a resource group whose mode changes while the gateway is there', () => {
  const setMode = (mode: 'Create' | 'UseExisting') =>
    gateway.edit((spec) => ({ ...spec, azure: { ...spec.azure, resourceGroup: { name: GROUP, mode } } }));

  it.each([
    ['to UseExisting survives the gateway', ['UseExisting'], true],
    ['to UseExisting and back goes with it', ['UseExisting', 'Create'], false],
  ] as const)('%s', async (_what, modes, survives) => {
    await gateway.roundsUntil(isReady);
    const { writes } = world.azure.control.counts;
    for (const mode of modes) {
      setMode(mode);
      await gateway.earlyRound();
      expect(isReady()).toBe(true);
    }
    expect(world.azure.control.counts.writes).toBe(writes);
    gateway.beginDeletion('CMG');
    expect((await removed()).kind).toBe('Gone');
    expect(idsInAzure()).toEqual(survives ? [groupId()] : []);
  });

  it.each([
    ['nobody', {}],
    ['another CMG', { [OWNER_TAG]: 'test/others/theirs' }],
  ])('to Create is refused for one of %s, without a write, and nothing of it is deleted', async (_whose, tags) => {
    world.azure.control.call('PUT', `${groupId()}?api-version=2025-04-01`, { location: 'westeurope', tags });
    setMode('UseExisting');
    await gateway.roundsUntil(isReady);
    const { writes } = world.azure.control.counts;
    setMode('Create');
    await gateway.earlyRound();
    expect(gateway.condition('AzureReady')).toMatchObject({ status: 'False', reason: 'ResourceNotOwned' });
    expect(gateway.condition('AzureReady')?.message).toContain(groupId());
    expect(gateway.condition('AzureReady')?.message).toContain('Set spec.azure.resourceGroup.mode back to UseExisting');
    expect(world.azure.control.counts.writes).toBe(writes);
    gateway.beginDeletion('CMG');
    expect((await removed()).kind).toBe('Gone');
    expect(idsInAzure()).toEqual([groupId()]);
  });
});

describe('a deletion without a slot', () => {
  it('waits with an absolute time, deletes nothing, and goes on when there is one', async () => {
    const freeAt = clock.now() + 40 * HOUR_MS;
    const deletionBudget = {
      perHour: 3,
      take: async () => (clock.now() < freeAt ? ({ kind: 'None', freeAt } as const) : ({ kind: 'Taken' } as const)),
    };
    gateway = createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME, deletionBudget });
    await gateway.roundsUntil(isReady);
    const before = idsInAzure();
    const { writes } = world.azure.control.counts;
    gateway.beginDeletion('CMG');
    await gateway.removalRound();
    const [report] = gateway.reports.slice(-1);
    const time = new Date(freeAt).toISOString().slice(0, 19);
    expect(report?.findings).toMatchObject([{ type: 'AzureReady', status: 'False', reason: 'DeletionBudget' }]);
    expect(report?.findings[0]?.message).toContain(`--max-deletions-per-hour allows (3)`);
    expect(report?.findings[0]?.message).toContain(`at ${time}Z at the earliest`);
    expect(gateway.cmg.status?.deployments?.[0]?.phase).toBe('Active');
    expect(idsInAzure()).toEqual(before);
    expect(world.azure.control.counts.writes).toBe(writes);
    // That one round asked for the next one at the right time.
    expect(clock.now()).toBeGreaterThanOrEqual(freeAt);
    expect(clock.now()).toBeLessThanOrEqual(freeAt + 60_000);
    await removed();
    expect(idsInAzure()).toEqual([]);
  });

  it('may still be called off, by Retain or by the protection', async () => {
    const deletionBudget = { perHour: 3, take: async () => ({ kind: 'None', freeAt: clock.now() + 1000 }) as const };
    for (const change of [{ deletionPolicy: 'Retain' }, { deletionProtection: true }] as const) {
      gateway = createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME, deletionBudget });
      await gateway.roundsUntil(isReady);
      gateway.beginDeletion('CMG');
      expect((await gateway.removalRound()).kind).toBe('Remaining');
      const before = idsInAzure();
      gateway.edit((spec) => ({ ...spec, ...change }));
      expect((await gateway.removalRound()).kind).toBe('Retained');
      expect(idsInAzure()).toEqual(before);
    }
  });
});

describe('a protected gateway whose CMG goes all the same', () => {
  it.each([
    ['CMG', 'DeletionProtected', /The CMG was deleted although spec\.deletionProtection is true/],
    ['Namespace', 'DeletionProtected', /The namespace gateways is being deleted, but spec\.deletionProtection is true/],
  ] as const)('stays in Azure, without a look at it: %s', async (of, reason, says) => {
    gateway = newGateway({ deletionProtection: true });
    await gateway.roundsUntil(isReady);
    const [before, requests] = [idsInAzure(), { ...world.azure.control.counts }];
    gateway.beginDeletion(of);
    const removal = await removed();
    expect(removal).toMatchObject({ kind: 'Retained', happenings: [{ type: 'Warning', reason }] });
    expect(removal.happenings[0]?.note).toMatch(says);
    expect(removal.happenings[0]?.note).toContain(
      `in the resource group ${GROUP} of the subscription ${world.azure.subscriptionId}`,
    );
    expect(gateway.condition('AzureReady')).toMatchObject({ status: 'Unknown', reason: 'Retained' });
    expect(idsInAzure()).toEqual(before);
    expect(world.azure.control.counts).toEqual(requests);
  });
});

describe('a namespace that is deleted with its Secrets', () => {
  it('has its gateway removed as whom Azure was used last', async () => {
    await gateway.roundsUntil(isReady);
    gateway.beginDeletion('Namespace');
    expect((await removed()).kind).toBe('Gone');
    expect(idsInAzure()).toEqual([]);
  });

  it('lets go of it after an hour where that is not known any more, and not sooner', async () => {
    await gateway.roundsUntil(isReady);
    const before = idsInAzure();
    gateway.restart();
    gateway.beginDeletion('Namespace');
    const begun = clock.now();
    await gateway.removalRound();
    const promised = gateway.condition('AzureReady')?.message;
    expect(gateway.condition('Stalled')).toMatchObject({ status: 'True', reason: 'DeletionBlocked' });
    const until = new Date(begun + HOUR_MS).toISOString().slice(0, 19);
    expect(promised).toContain(`from ${until}Z on the gateway is left in Azure.`);
    gateway.restart();
    const removal = await removed();
    expect(removal).toMatchObject({ kind: 'Retained', happenings: [{ type: 'Warning', reason: 'DeletionGivenUp' }] });
    expect(removal.happenings[0]?.note).toContain(`in the resource group ${GROUP}`);
    expect(clock.now() - begun).toBeGreaterThan(HOUR_MS - 1000);
    expect(clock.now() - begun).toBeLessThan(HOUR_MS + 15 * 60_000);
    expect(new Set(gateway.reports.slice(-3, -1).map(({ findings }) => findings[0]?.message))).toEqual(
      new Set([promised]),
    );
    // The CMG is not gone yet, as somebody else has a finalizer on it: it stays so.
    expect((await gateway.removalRound()).kind).toBe('Retained');
    expect(idsInAzure()).toEqual(before);
  });

  it('waits for longer where a problem passes by itself', async () => {
    await gateway.roundsUntil(isReady);
    gateway.beginDeletion('Namespace');
    const down = { kind: 'answer', status: 503, code: 'ServiceUnavailable', message: 'Later.' } as const;
    world.azure.control.faults.add({ match: { urlPattern: '.' }, times: 'always', action: down });
    const begun = clock.now();
    while (clock.now() - begun < 6 * HOUR_MS) {
      expect((await gateway.removalRound()).kind).toBe('Remaining');
    }
    expect(world.azure.control.faults.rules[0]?.applied).toBeLessThan(200);
    world.azure.control.faults.clear();
    expect((await removed()).kind).toBe('Gone');
    expect(idsInAzure()).toEqual([]);
  });

  it('waits for a person in any other namespace, for as long as it takes', async () => {
    await gateway.roundsUntil(isReady);
    gateway.beginDeletion('CMG');
    gateway.setSecret('azure', undefined);
    const begun = clock.now();
    while (clock.now() - begun < 24 * HOUR_MS) {
      expect((await gateway.removalRound()).kind).toBe('Remaining');
    }
    expect(gateway.condition('Stalled')?.reason).toBe('DeletionBlocked');
    expect(gateway.cmg.status?.deployments?.[0]?.phase).toBe('Active');
    gateway.setSecret('azure', { 'client-secret': world.azure.clientSecret });
    expect((await removed()).kind).toBe('Gone');
    expect(idsInAzure()).toEqual([]);
  });
});
