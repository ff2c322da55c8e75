import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CMGStatus } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { eventsOfChange } from '../../../src/controllers/cmg/status-events.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import type { BuiltSpec } from '../../world/gateway-manifests.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { accessTo, createGatewayRounds, type GatewayRounds, type GatewayRoundsOptions } from './gateway-rounds.ts';

const DAY_MS = 86_400_000;
const EXPIRES_AT = 'configmgr.io/expires-at';

let world: SimulatedWorld;
let clock: ManualClock;

beforeAll(async () => {
  clock = createManualClock(Date.now());
  world = await startSimulatedWorld({ clock });
});
afterAll(() => world?.close());
beforeEach(() => world.azure.control.reset());

const certificates = new Map<string, Promise<IssuedCertificate>>();

async function gatewayOf(label: string, options: Partial<GatewayRoundsOptions> = {}): Promise<GatewayRounds> {
  const serviceName = `${label}.contoso.com`;
  const notAfter = new Date(clock.now() + 900 * DAY_MS);
  const issued = certificates.get(label) ?? world.authority.issue({ commonName: serviceName, notAfter });
  certificates.set(label, issued);
  return createGatewayRounds({ name: label, world, clock, certificate: await issued, serviceName, ...options });
}

/** A gateway that is only observed is ready in one round, and signs in as any other. */
async function observed(label = 'contoso'): Promise<GatewayRounds> {
  world.azure.control.settings.graphLagSeconds = 0;
  world.azure.control.addConsoleGateway({ prefix: label, resourceGroup: `rg-${label}` });
  const gateway = await gatewayOf(label);
  gateway.edit((spec) => ({ ...spec, managementPolicy: 'Observe' }));
  return gateway;
}

/** How the spec says that the operator signs in with the client certificate in a Secret. */
const certificateOf = (secret: string): BuiltSpec['azure']['credentials'] => ({
  type: 'ClientCertificate',
  clientCertificate: {
    clientId: world.azure.clientId,
    secretRef: { name: secret },
    certificateKey: 'tls.crt',
    privateKeyKey: 'tls.key',
  },
});

const isReady = (gateway: GatewayRounds) => gateway.condition('Ready')?.status === 'True';
const date = (at: number) => new Date(at).toISOString().slice(0, 10);

/** Reasons of the events of so many days, a look each day. */
async function eventsIn(gateway: GatewayRounds, days: number): Promise<readonly string[]> {
  const events: string[] = [];
  for (let past = 0; past < days; past += 1) {
    const before: CMGStatus | undefined = gateway.cmg.status;
    await clock.advance(DAY_MS);
    await gateway.earlyRound();
    events.push(...eventsOfChange(before, gateway.cmg.status ?? {}).map(({ reason }) => reason));
  }
  return events;
}

describe('a client secret whose Secret says when it expires', () => {
  const expiring = async (at: string) => {
    const gateway = await observed();
    gateway.setSecret('azure', { 'client-secret': world.azure.clientSecret }, { [EXPIRES_AT]: at });
    await gateway.earlyRound();
    return gateway;
  };

  it('is announced thirty days ahead, once, while the gateway stays Ready', async () => {
    const at = date(clock.now() + 40 * DAY_MS);
    const gateway = await expiring(at);
    expect(gateway.condition('PrerequisitesMet')).toMatchObject({ status: 'True', reason: 'Succeeded' });
    expect(gateway.cmg.status?.credentials).toEqual({ expiresAt: `${at}T00:00:00Z` });
    expect(await eventsIn(gateway, 8)).toEqual([]);
    expect(await eventsIn(gateway, 20)).toEqual(['CredentialsExpiring']);
    expect(gateway.condition('PrerequisitesMet')).toMatchObject({ status: 'True', reason: 'CredentialsExpiring' });
    expect(gateway.condition('PrerequisitesMet')?.message).toContain(`gateways/azure expires on ${at}.`);
    expect(isReady(gateway)).toBe(true);
  });

  it('is not announced any more once it is rotated, without a restart', async () => {
    const gateway = await expiring(date(clock.now() + 5 * DAY_MS));
    expect(gateway.condition('PrerequisitesMet')).toMatchObject({ reason: 'CredentialsExpiring' });
    const { secrets } = world.azure.control.application();
    secrets.add('rotated');
    secrets.delete(world.azure.clientSecret);
    try {
      const at = date(clock.now() + 365 * DAY_MS);
      gateway.setSecret('azure', { 'client-secret': 'rotated' }, { [EXPIRES_AT]: at });
      await gateway.earlyRound();
      expect(isReady(gateway)).toBe(true);
      expect(gateway.condition('PrerequisitesMet')).toMatchObject({ reason: 'Succeeded' });
      expect(gateway.cmg.status?.credentials).toEqual({ expiresAt: `${at}T00:00:00Z` });
    } finally {
      secrets.add(world.azure.clientSecret);
      secrets.delete('rotated');
    }
  });

  it('is told when the sign-in fails after its end', async () => {
    const at = date(clock.now() - DAY_MS);
    const application = world.azure.control.application();
    application.expiredSecrets.add('over');
    const gateway = await observed();
    gateway.setSecret('azure', { 'client-secret': 'over' }, { [EXPIRES_AT]: at });
    await gateway.earlyRound();
    const { status, reason, message } = gateway.condition('Ready') ?? {};
    expect([status, reason]).toEqual(['False', 'CredentialsInvalid']);
    expect(message).toMatch(/expired.*AADSTS7000222/);
    expect(message).toContain(`The client secret in the Secret gateways/azure expired on ${at}.`);
  });

  it.each(['soon', '31.01.2027', '2027-13-01'])('is unknown where it says no time: %s', async (text) => {
    const gateway = await expiring(text);
    expect(gateway.condition('PrerequisitesMet')).toMatchObject({
      status: 'True',
      reason: 'CredentialsExpiryUnreadable',
    });
    expect(gateway.cmg.status).not.toHaveProperty('credentials');
    expect(isReady(gateway)).toBe(true);
  });

  it('is not known where nothing says it', async () => {
    const gateway = await observed();
    await gateway.earlyRound();
    expect(gateway.condition('PrerequisitesMet')).toMatchObject({ reason: 'Succeeded' });
    expect(gateway.cmg.status).not.toHaveProperty('credentials');
  });
});

describe('a client certificate', () => {
  async function signingWith(notBefore: number, notAfter: number): Promise<GatewayRounds> {
    const own = await world.authority.issue({
      commonName: 'cmg-operator',
      notBefore: new Date(notBefore),
      notAfter: new Date(notAfter),
    });
    world.azure.control.application().certificates.add(own.certificatePem);
    const gateway = await observed();
    gateway.setSecret('azure', { 'tls.crt': own.certificatePem, 'tls.key': own.privateKeyPem });
    gateway.edit((spec) => ({
      ...spec,
      azure: {
        ...spec.azure,
        credentials: certificateOf('azure'),
      },
    }));
    await gateway.earlyRound();
    return gateway;
  }

  it('is announced by its own end', async () => {
    const notAfter = Math.floor((clock.now() + 20 * DAY_MS) / 1000) * 1000;
    const gateway = await signingWith(Date.now() - DAY_MS, notAfter);
    expect(gateway.condition('PrerequisitesMet')).toMatchObject({ status: 'True', reason: 'CredentialsExpiring' });
    expect(gateway.cmg.status?.credentials?.expiresAt).toBe(new Date(notAfter).toISOString().replace('.000', ''));
  });

  it('that has expired is told when the sign-in fails', async () => {
    const gateway = await signingWith(Date.now() - 9 * DAY_MS, Date.now() - DAY_MS);
    expect(gateway.condition('Ready')).toMatchObject({ status: 'False', reason: 'CredentialsInvalid' });
    expect(gateway.condition('Ready')?.message).toMatch(
      /AADSTS700027.*The client certificate in the Secret gateways\/azure expired on /,
    );
  });
});

it('a client certificate takes the place of a client secret without a gap, and without a write to Azure', async () => {
  const own = await world.authority.issue({ commonName: 'cmg-operator' });
  const { secrets, certificates: accepted } = world.azure.control.application();
  const gateway = await gatewayOf('changing');
  await gateway.roundsUntil(() => isReady(gateway));
  const { writes } = world.azure.control.counts;
  accepted.add(own.certificatePem);
  gateway.setSecret('signing', { 'tls.crt': own.certificatePem, 'tls.key': own.privateKeyPem });
  gateway.edit((spec) => ({ ...spec, azure: { ...spec.azure, credentials: certificateOf('signing') } }));
  // From now on only the certificate leads in.
  secrets.delete(world.azure.clientSecret);
  try {
    for (let rounds = 0; rounds < 3; rounds += 1) {
      const { reads } = world.azure.control.counts;
      await gateway.round();
      expect(isReady(gateway)).toBe(true);
      expect(world.azure.control.counts.reads).toBeGreaterThan(reads);
    }
    expect(gateway.cmg.status?.credentials?.expiresAt).toBeDefined();
    expect(world.azure.control.counts.writes).toBe(writes);
  } finally {
    secrets.add(world.azure.clientSecret);
  }
});

it('credentials that fail touch only the gateways that use them', async () => {
  const access = accessTo(world, clock);
  const { control } = world.azure;
  const other = control.addApplication('other');
  other.secrets.add('other');
  control.setRights([{ scope: '/', actions: ['*'], notActions: [] }], other.principal.appId);
  const clientOf = (spec: BuiltSpec, clientId: string): BuiltSpec => ({
    ...spec,
    azure: {
      ...spec.azure,
      credentials: {
        type: 'ClientSecret',
        clientSecret: { clientId, secretRef: { name: 'azure', key: 'client-secret' } },
      },
    },
  });
  const [failing, well] = [await gatewayOf('failing', { access }), await gatewayOf('well', { access })];
  failing.edit((spec) => clientOf(spec, other.principal.appId));
  failing.setSecret('azure', { 'client-secret': 'other' });
  for (const gateway of [failing, well]) await gateway.roundsUntil(() => isReady(gateway));

  failing.setSecret('azure', { 'client-secret': 'wrong' });
  const drift = (label: string) => {
    const id = `/subscriptions/${world.azure.subscriptionId}/resourceGroups/rg-${label}/providers/Microsoft.Network/networkSecurityGroups/${label}`;
    control.mutate(id, { properties: { securityRules: [] } });
    return () => JSON.stringify(control.resource(id)).includes('10124-10139');
  };
  const repaired = { failing: drift('failing'), well: drift('well') };
  await failing.earlyRound();
  await well.roundsUntil(() => repaired.well() && isReady(well));
  await failing.earlyRound();
  expect(failing.condition('Ready')).toMatchObject({ status: 'False', reason: 'CredentialsInvalid' });
  expect(repaired.failing()).toBe(false);

  failing.setSecret('azure', { 'client-secret': 'other' });
  await failing.roundsUntil(() => repaired.failing() && isReady(failing));
});
