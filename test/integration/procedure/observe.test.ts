import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ownershipOf } from '../../../src/gateway/tags.ts';
import type { JsonObject } from '../../../src/json.ts';
import type { TlsProbe } from '../../../src/probe/tls-probe.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import type { ConsoleGateway } from '../../simulators/arm/console-gateway.ts';
import { allWrites } from '../../simulators/arm/journal.ts';
import type { BuiltSpec } from '../../world/gateway-manifests.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { createGatewayRounds, type GatewayRounds, type GatewayRoundsOptions } from './gateway-rounds.ts';

const SERVICE_NAME = 'contoso.contoso.com';
const GROUP = 'rg-contoso';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longer than in use, so that a month takes the tests some seconds. */
const INTERVAL_MS = 4 * HOUR_MS;

let world: SimulatedWorld;
let clock: ManualClock;
let certificate: IssuedCertificate;
let fingerprint: string;

beforeAll(async () => {
  clock = createManualClock(Date.now());
  world = await startSimulatedWorld({ clock });
  certificate = await world.authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
  fingerprint = new X509Certificate(certificate.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase();
});
afterAll(() => world?.close());
beforeEach(() => {
  world.azure.control.reset();
  world.azure.control.settings.graphLagSeconds = 0;
});

const seed = (gateway: Partial<ConsoleGateway> = {}) =>
  world.azure.control.addConsoleGateway({ prefix: 'contoso', resourceGroup: GROUP, ...gateway });

/** What answers at the gateway's address: a process of the console's gateway is nowhere. */
const presents =
  (served: IssuedCertificate): TlsProbe =>
  async () => ({
    kind: 'Presented',
    sha256Fingerprint: fingerprint,
    subject: `CN=${SERVICE_NAME}`,
    chain: [new X509Certificate(served.certificatePem)],
  });
const leadsTo = (addressOf: () => string | undefined) => async () => {
  const address = addressOf();
  return address === undefined
    ? ({ kind: 'NoAddress' } as const)
    : ({ kind: 'Addresses', addresses: [address] } as const);
};
const ownAddress = () => world.azure.control.addressOf('contoso.westeurope.cloudapp.azure.com');

const rounds = (options: Partial<GatewayRoundsOptions> = {}) =>
  createGatewayRounds({
    world,
    clock,
    certificate,
    serviceName: SERVICE_NAME,
    driftIntervalMs: INTERVAL_MS,
    ...options,
  });

/** A CMG as it is written for a gateway of the console: without certificate and service package. */
function observed(options: Partial<GatewayRoundsOptions> = {}): GatewayRounds {
  const gateway = rounds(options);
  gateway.edit(({ serverCertificate: _certificate, servicePackage: _package, ...spec }) => asObserved(spec));
  gateway.setSecret('tls', undefined);
  return gateway;
}

function asObserved(spec: object): BuiltSpec {
  return { ...spec, managementPolicy: 'Observe' } as BuiltSpec;
}

/** All that exists, to the byte. */
const azureNow = () => JSON.stringify(world.azure.control.state());
const written = () => allWrites(world.azure.control.counts);
const deploymentOf = ({ cmg }: GatewayRounds) => cmg.status?.deployments?.[0];

async function live(gateway: GatewayRounds, days: number): Promise<void> {
  const end = clock.now() + days * DAY_MS;
  await gateway.roundsUntil(() => clock.now() > end, 500);
}

/** Runs `look`, and proves that the operator sent nothing that writes and that nothing in Azure is different. */
async function withoutWrites(look: () => Promise<void>): Promise<void> {
  const [before, writes, accepted] = [azureNow(), written(), world.azure.control.writes.length];
  await look();
  expect(written()).toBe(writes);
  expect(world.azure.control.writes).toHaveLength(accepted);
  expect(azureNow()).toBe(before);
}

describe('a gateway that the console made', () => {
  it('is found by its service name, and reported with what a client sees of it', async () => {
    const id = seed({ instances: 2 });
    const gateway = observed({ probe: presents(certificate), resolveName: leadsTo(ownAddress) });
    await withoutWrites(() => live(gateway, 0.1));
    expect(gateway.condition('Ready')).toMatchObject({ status: 'True', reason: 'Succeeded' });
    for (const type of ['CertificateValid', 'PrerequisitesMet', 'AzureReady', 'ServiceHealthy', 'InSync']) {
      expect(gateway.condition(type)).toMatchObject({ status: 'True' });
    }
    expect(gateway.cmg.status?.certificate).toMatchObject({
      commonName: SERVICE_NAME,
      organization: 'Contoso',
      sha256Fingerprint: fingerprint,
    });
    expect(gateway.cmg.status?.activeDeployment).toBe('observed');
    expect(deploymentOf(gateway)).toMatchObject({
      phase: 'Active',
      identity: { provisioner: 'Site', deploymentModel: 'VirtualMachineScaleSet', serviceName: SERVICE_NAME },
      fqdn: 'contoso.westeurope.cloudapp.azure.com',
      address: ownAddress(),
      instances: { wanted: 2, ready: 2 },
    });
    const resources = new Map(deploymentOf(gateway)?.resources?.map((resource) => [resource.name, resource]));
    expect(resources.get('scaleSet')).toMatchObject({ id, provisioningState: 'Succeeded' });
    expect([...resources.keys()]).toEqual([
      'loadBalancer',
      'networkSecurityGroup',
      'publicIpAddress',
      'scaleSet',
      'storageAccount',
      'vault',
      'virtualNetwork',
    ]);
  });

  it('is never written to: not in a month, whatever people change in Azure, and whatever the spec says', async () => {
    const id = seed({ instances: 2 });
    const gateway = observed();
    await withoutWrites(() => live(gateway, 15));
    world.azure.control.mutate(id, { tags: { changed: 'by hand' } });
    world.azure.control.call('PATCH', `${id}?api-version=2024-11-01`, { sku: { capacity: 3 } });
    await clock.advance(HOUR_MS);
    world.azure.control.remove(
      `/subscriptions/${world.azure.subscriptionId}/resourceGroups/${GROUP}/providers/Microsoft.KeyVault/vaults/contoso`,
    );
    gateway.edit((spec) => ({ ...spec, vm: { ...spec.vm, size: 'Large', instances: 5 }, enforceTls12: false }));
    await withoutWrites(() => live(gateway, 15));
    gateway.restart();
    await withoutWrites(() => live(gateway, 1));
    expect(gateway.happenings).toEqual([]);
    expect(deploymentOf(gateway)?.instances?.wanted).toBe(3);
    for (const type of ['Reconciling', 'Stalled']) {
      expect(gateway.condition(type)).toBeUndefined();
    }
  });

  it('asks for little while nothing happens', async () => {
    seed();
    const gateway = observed();
    await live(gateway, 0.1);
    const before = { reads: world.azure.control.counts.reads, rounds: gateway.reports.length };
    await live(gateway, 1);
    const perRound = (world.azure.control.counts.reads - before.reads) / (gateway.reports.length - before.rounds);
    expect(perRound).toBeLessThanOrEqual(10);
    expect(gateway.reports.length - before.rounds).toBeLessThanOrEqual(DAY_MS / INTERVAL_MS + 1);
  });

  it('needs no right but to read', async () => {
    seed();
    const group = `/subscriptions/${world.azure.subscriptionId}/resourceGroups/${GROUP}`;
    world.azure.control.setRights([{ scope: group, actions: ['*/read'], notActions: [] }]);
    const gateway = observed();
    await gateway.round();
    expect(gateway.condition('Ready')).toMatchObject({ status: 'True' });
  });
});

describe('a classic gateway', () => {
  it.each(['Classic', 'ExtendedSupport'] as const)('is recognised as such: %s', async (model) => {
    const id = seed({ model, instances: 2 });
    const gateway = observed({ spec: { deploymentModel: 'CloudServiceClassic' }, probe: presents(certificate) });
    await withoutWrites(() => live(gateway, 1));
    expect(deploymentOf(gateway)).toMatchObject({
      phase: 'Active',
      identity: { deploymentModel: 'CloudServiceClassic' },
    });
    expect(deploymentOf(gateway)?.resources?.map((resource) => resource.id)).toContain(id);
    expect(deploymentOf(gateway)?.fqdn).toMatch(/^contoso\..*cloudapp/);
    expect(gateway.condition('AzureReady')?.message).toMatch(/does not support since version 2403/);
    expect(gateway.condition('Ready')).toMatchObject({ status: 'True', reason: 'Succeeded' });
  });

  it('that the spec takes for a scale set is reported all the same, and the difference is told', async () => {
    seed({ model: 'Classic' });
    const gateway = observed();
    await gateway.round();
    expect(deploymentOf(gateway)).toMatchObject({ identity: { deploymentModel: 'CloudServiceClassic' } });
    expect(gateway.condition('InSync')).toMatchObject({ status: 'False', reason: 'ObservedDiffers' });
    expect(gateway.condition('InSync')?.message).toMatch(/spec.deploymentModel/);
  });
});

describe('what cannot be observed is told', () => {
  const findings = async (gateway: GatewayRounds) => {
    await withoutWrites(async () => void (await gateway.round()));
    expect(gateway.condition('Stalled')).toBeUndefined();
    return gateway.condition('Ready');
  };

  it('no gateway at all, and later one', async () => {
    const gateway = observed();
    expect(await findings(gateway)).toMatchObject({ status: 'False', reason: 'GatewayNotFound' });
    expect(gateway.condition('Ready')?.message).toMatch(/no resource group rg-contoso/);
    seed();
    await gateway.round();
    expect(gateway.condition('Ready')).toMatchObject({ status: 'True' });
    world.azure.control.remove(`/subscriptions/${world.azure.subscriptionId}/resourceGroups/${GROUP}`);
    expect(await findings(gateway)).toMatchObject({ reason: 'GatewayNotFound' });
    expect(gateway.cmg.status).toMatchObject({ deployments: [] });
    expect(gateway.cmg.status).not.toHaveProperty('activeDeployment');
  });

  it('one in another resource group', async () => {
    const id = seed({ resourceGroup: 'rg-other' });
    const ready = await findings(observed());
    expect(ready).toMatchObject({ status: 'False', reason: 'GatewayNotFound' });
    expect(ready?.message).toContain(id);
  });

  it('several', async () => {
    const ids = [seed({ model: 'Classic' }), seed({ model: 'ExtendedSupport' })];
    const ready = await findings(observed());
    expect(ready).toMatchObject({ status: 'False', reason: 'SeveralGatewaysFound' });
    for (const id of ids) expect(ready?.message).toContain(id);
    seed();
    expect(await findings(observed())).toMatchObject({ status: 'True' });
  });

  it('one that the graph does not know yet', async () => {
    world.azure.control.settings.graphLagSeconds = 3600;
    seed();
    expect(await findings(observed())).toMatchObject({ status: 'True' });
  });

  it('no permission', async () => {
    seed();
    world.azure.control.setRights([]);
    expect(await findings(observed())).toMatchObject({ status: 'False', reason: 'AuthorizationFailed' });
  });

  it('a part that may not be read', async () => {
    seed();
    world.azure.control.deny(['Microsoft.KeyVault/*']);
    const gateway = observed();
    expect(await findings(gateway)).toMatchObject({ status: 'Unknown', reason: 'AuthorizationFailed' });
    expect(gateway.condition('Ready')?.message).toMatch(/^Reading the key vault/);
    expect(deploymentOf(gateway)).toMatchObject({ instances: { wanted: 1, ready: 1 } });
  });

  it('credentials that Entra refuses', async () => {
    seed();
    const gateway = observed();
    gateway.setSecret('azure', { 'client-secret': 'wrong' });
    expect(await findings(gateway)).toMatchObject({ status: 'False', reason: 'CredentialsInvalid' });
  });

  it('a service name that leads elsewhere', async () => {
    seed();
    let address: string | undefined = '198.51.100.7';
    const gateway = observed({ probe: presents(certificate), resolveName: leadsTo(() => address) });
    const ready = await findings(gateway);
    expect(ready).toMatchObject({ status: 'False', reason: 'DnsPointsElsewhere' });
    expect(ready?.message).toMatch(/198\.51\.100\.7.*Point its CNAME to contoso\.westeurope/);
    address = undefined;
    expect(await findings(gateway)).toMatchObject({ status: 'True' });
  });

  it('a gateway that does not answer, and VMs that are stopped', async () => {
    const id = seed();
    const probe: TlsProbe = async () => ({ kind: 'NoConnection', message: 'no answer in time' });
    const gateway = observed({ probe });
    expect(await findings(gateway)).toMatchObject({ status: 'False', reason: 'GatewayUnreachable' });
    world.azure.control.call('POST', `${id}/deallocate?api-version=2024-11-01`);
    await clock.advance(600_000);
    expect(await findings(gateway)).toMatchObject({ status: 'False', reason: 'InstancesUnhealthy' });
    expect(gateway.condition('Ready')?.message).toMatch(/deallocated/);
    expect(deploymentOf(gateway)?.instances).toEqual({ wanted: 1, ready: 0 });
  });

  it('a certificate that expires soon, and one for another name', async () => {
    seed();
    const soon = await world.authority.issue({
      commonName: SERVICE_NAME,
      notAfter: new Date(clock.now() + 10 * DAY_MS),
    });
    const expiring = observed({ probe: presents(soon) });
    expect(await findings(expiring)).toMatchObject({ status: 'True' });
    expect(expiring.condition('CertificateValid')).toMatchObject({ status: 'True', reason: 'CertificateExpiring' });
    const other = await world.authority.issue({ commonName: 'other.contoso.com' });
    expect(await findings(observed({ probe: presents(other) }))).toMatchObject({
      status: 'False',
      reason: 'NameMismatch',
    });
  });
});

describe('a change of the management policy', () => {
  it('to Manage leaves the gateway that the console made in Azure when the CMG is deleted', async () => {
    seed();
    const gateway = observed();
    await gateway.round();
    gateway.setCertificate(certificate);
    const { packages } = world;
    gateway.edit((spec) => ({
      ...spec,
      managementPolicy: 'Manage',
      serverCertificate: { format: 'TLS', secretRef: { name: 'tls' }, revision: '' },
      servicePackage: { url: packages.url, sha256: packages.sha256 },
    }));
    gateway.beginDeletion('CMG');
    await withoutWrites(async () => {
      expect(await gateway.removalRound()).toMatchObject({ kind: 'Retained', happenings: [{ reason: 'Retained' }] });
    });
    gateway.edit(asObserved);
  });

  it('to Observe of a gateway that the operator made stops all writes; back, it is repaired again', async () => {
    const gateway = rounds();
    await gateway.roundsUntil(() => gateway.condition('Ready')?.status === 'True');
    const { id, identity, createdAt } = deploymentOf(gateway) ?? {};
    gateway.edit(asObserved);
    const changed = { tags: { 'configmgr.io_deployment': 'other' } } satisfies JsonObject;
    const nsg = `/subscriptions/${world.azure.subscriptionId}/resourceGroups/${GROUP}/providers/Microsoft.Network/networkSecurityGroups/contoso`;
    world.azure.control.mutate(nsg, changed);
    await withoutWrites(() => live(gateway, 2));
    expect(gateway.condition('Stalled')).toBeUndefined();
    expect(deploymentOf(gateway)).toMatchObject({ id, identity, createdAt, phase: 'Active' });
    expect(deploymentOf(gateway)?.identity).not.toHaveProperty('provisioner');

    gateway.edit((spec) => ({ ...spec, managementPolicy: 'Manage' }));
    await gateway.roundsUntil(() => ownershipOf(world.azure.control.resource(nsg)?.tags)?.deploymentId === id);
    await gateway.roundsUntil(() => gateway.condition('Ready')?.status === 'True');
    expect(deploymentOf(gateway)).toMatchObject({ id, createdAt });
  });

  it('to Observe while the gateway is being made leaves off, and back goes on', async () => {
    const gateway = rounds();
    await gateway.roundsUntil(() => world.azure.control.state().length > 3);
    gateway.edit(asObserved);
    await clock.advance(DAY_MS);
    await withoutWrites(() => live(gateway, 1));
    expect(gateway.condition('Ready')).toMatchObject({ status: 'False', reason: 'GatewayNotFound' });
    expect(deploymentOf(gateway)).toBeDefined();
    gateway.edit((spec) => ({ ...spec, managementPolicy: 'Manage' }));
    await gateway.roundsUntil(() => gateway.condition('Ready')?.status === 'True');
  });
});
