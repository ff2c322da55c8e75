import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { SERVED_TAG } from '../../../src/gateway/mark.ts';
import { DEPLOYMENT_TAG } from '../../../src/gateway/tags.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import { createCertificateAuthority, type IssuedCertificate } from '../../certificate-authority.ts';
import { allWrites } from '../../simulators/arm/journal.ts';
import { startPackageServer } from '../../simulators/package-server.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { trust } from '../../world/trust.ts';
import { createGatewayRounds, DRIFT_INTERVAL_MS, type GatewayRounds } from './gateway-rounds.ts';

const SERVICE_NAME = 'contoso.contoso.com';
const GROUP = 'rg-contoso';

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

const newGateway = (spec = {}) => createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME, spec });
const isReady = () => gateway.condition('Ready')?.status === 'True';
const idOf = (type: string) =>
  `/subscriptions/${world.azure.subscriptionId}/resourceGroups/${GROUP}/providers/${type}/contoso`;
const SCALE_SET = 'Microsoft.Compute/virtualMachineScaleSets';
const NSG = 'Microsoft.Network/networkSecurityGroups';
const countOf = (kind: 'PUT' | 'POST' | 'DELETE', pattern: RegExp) =>
  world.azure.control.writes.filter(({ method, path }) => method === kind && pattern.test(path)).length;

async function provision(): Promise<void> {
  await gateway.roundsUntil(isReady);
}

describe('a gateway that is ready', () => {
  beforeEach(async () => {
    await provision();
  });

  it('shows that Azure is as declared, without another look', () => {
    expect(gateway.condition('InSync')).toMatchObject({ status: 'True' });
  });

  it('took few requests to make: at most 20 writes and 40 reads', () => {
    expect(allWrites(world.azure.control.counts)).toBeLessThanOrEqual(20);
    expect(world.azure.control.counts.reads).toBeLessThanOrEqual(40);
  });

  it('is looked at again after the drift interval, spread so that a fleet does not come at once', () => {
    const { againAfterMs = 0 } = gateway.reports.at(-1) ?? {};
    expect(againAfterMs).toBeGreaterThan(DRIFT_INTERVAL_MS);
    expect(againAfterMs).toBeLessThan(DRIFT_INTERVAL_MS * 1.11);
  });

  it('is scaled at the pace of Azure, not of the drift interval', async () => {
    gateway.edit((spec) => ({ ...spec, vm: { ...spec.vm, instances: 2 } }));
    const begun = clock.now();
    await gateway.round();
    await gateway.roundsUntil(isReady);
    expect(clock.now() - begun - (gateway.reports.at(-1)?.againAfterMs ?? 0)).toBeLessThan(DRIFT_INTERVAL_MS / 2);
    expect(gateway.cmg.status?.deployments?.[0]?.instances).toEqual({ wanted: 2, ready: 2 });
    gateway.edit((spec) => ({ ...spec, vm: { ...spec.vm, instances: 1 } }));
    await gateway.round();
    await gateway.roundsUntil(isReady);
    expect(gateway.cmg.status?.deployments?.[0]?.instances).toEqual({ wanted: 1, ready: 1 });
  });

  it('takes a renewed certificate as a change of its own, and brings it to the VMs', async () => {
    gateway.setCertificate(await world.authority.issue({ commonName: SERVICE_NAME }));
    await gateway.round();
    expect(gateway.condition('AzureReady')).toMatchObject({ reason: 'Updating' });
    const begun = clock.now();
    await gateway.roundsUntil(isReady);
    expect(gateway.happenings.map(({ reason }) => reason)).not.toContain('DriftRepaired');
    expect(countOf('POST', /manualupgrade/i)).toBe(1);
    expect(clock.now() - begun - (gateway.reports.at(-1)?.againAfterMs ?? 0)).toBeLessThan(DRIFT_INTERVAL_MS);
  });

  it('takes a renewed issuer of the same certificate as a change too, not as one by somebody else', async () => {
    const chainPem = `${certificate.certificatePem}${await world.authority.renewIntermediate()}`;
    gateway.setCertificate({ ...certificate, chainPem });
    await gateway.round();
    expect(gateway.condition('AzureReady')).toMatchObject({ reason: 'Updating' });
    await gateway.roundsUntil(isReady);
    expect(gateway.happenings.map(({ reason }) => reason)).not.toContain('DriftRepaired');
  });

  it('takes a renewed certificate as a change also when something else held it up first', async () => {
    gateway.setCertificate(await world.authority.issue({ commonName: SERVICE_NAME }));
    gateway.setSecret('azure', undefined);
    await gateway.round();
    expect(gateway.condition('PrerequisitesMet')).toMatchObject({ reason: 'SecretNotFound' });
    gateway.setSecret('azure', { 'client-secret': world.azure.clientSecret });
    await gateway.round();
    await gateway.roundsUntil(isReady);
    expect(gateway.happenings.map(({ reason }) => reason)).not.toContain('DriftRepaired');
  });

  it('keeps the common name that it was made with', async () => {
    const written = world.azure.control.writes.length;
    gateway.setCertificate(await world.authority.issue({ commonName: '*.contoso.com' }));
    await gateway.round();
    expect(gateway.condition('Stalled')).toMatchObject({ reason: 'CommonNameChanged' });
    expect(gateway.condition('CertificateValid')).toMatchObject({
      status: 'False',
      message: expect.stringContaining(`Store a certificate for ${SERVICE_NAME}.`),
    });
    expect(world.azure.control.writes.length).toBe(written);
    expect(gateway.cmg.status?.certificate?.commonName).toBe(SERVICE_NAME);
    gateway.setCertificate(await world.authority.issue({ commonName: SERVICE_NAME }));
    await gateway.round();
    await gateway.roundsUntil(isReady);
  });

  it('is not ready while its scale set is gone, and is when the new one serves', async () => {
    world.azure.control.remove(idOf(SCALE_SET));
    await gateway.round();
    expect(gateway.condition('Ready')).toMatchObject({ status: 'False' });
    await gateway.roundsUntil(isReady);
    expect(world.azure.control.resource(idOf(SCALE_SET))).toBeDefined();
    expect(gateway.happenings.map(({ reason }) => reason)).toContain('DriftRepaired');
  });

  it('tells of a mark that somebody else has changed, and of what has changed beside it', async () => {
    const identity = idOf('Microsoft.ManagedIdentity/userAssignedIdentities');
    const tags = world.azure.control.resource(identity)?.tags as Readonly<Record<string, string>>;
    const told = () => gateway.happenings.filter(({ reason }) => reason === 'DriftRepaired').map(({ note }) => note);
    const tagsNow = () => world.azure.control.resource(identity)?.tags;
    const before = told().length;

    world.azure.control.mutate(identity, { tags: { ...tags, [SERVED_TAG]: 'other' } });
    await gateway.roundsUntil(() => told().length > before);
    expect(tagsNow()).toEqual(tags);

    world.azure.control.mutate(identity, { tags: { ...tags, [SERVED_TAG]: 'other', [DEPLOYMENT_TAG]: 'other' } });
    await gateway.roundsUntil(() => told().length > before + 1);
    expect(tagsNow()).toEqual(tags);
    expect(told().slice(before)).toEqual([
      expect.stringContaining(SERVED_TAG),
      expect.stringContaining(DEPLOYMENT_TAG),
    ]);
  });

  it('shows why a rollout is refused, and does not ask all the time', async () => {
    world.azure.control.faults.add({
      match: { method: 'POST', urlPattern: 'manualupgrade' },
      times: 'always',
      action: { kind: 'answer', status: 409, code: 'OperationNotAllowed', message: 'Makes no sense now.' },
    });
    gateway.setCertificate(await world.authority.issue({ commonName: SERVICE_NAME }));
    const begun = clock.now();
    await gateway.round();
    await gateway.roundsUntil(() => clock.now() - begun > 3 * 3_600_000, 300);
    expect(gateway.condition('ServiceHealthy')?.message).toContain('Makes no sense now.');
    expect(world.azure.control.faults.rules[0]?.applied).toBeLessThan(10);
  });

  it('does not write without end where Azure keeps another value than it was given', async () => {
    const stubborn = { properties: { securityRules: [] } };
    world.azure.control.mutate(idOf(NSG), stubborn);
    const begun = clock.now();
    const before = countOf('PUT', /networkSecurityGroups/i);
    await gateway.roundsUntil(() => {
      if (world.azure.control.runningOperations === 0) {
        world.azure.control.mutate(idOf(NSG), stubborn);
      }
      return clock.now() - begun > 3_600_000;
    }, 300);
    expect(countOf('PUT', /networkSecurityGroups/i) - before).toBeLessThan(20);
    expect(gateway.condition('InSync')).toMatchObject({ status: 'False' });
  });

  it('needs the Secret of the package only to download it', async () => {
    gateway.edit((spec) => ({
      ...spec,
      servicePackage: { ...spec.servicePackage, credentialsSecretRef: { name: 'not-there' } },
    }));
    gateway.restart();
    await gateway.round();
    expect(isReady()).toBe(true);
  });

  it('keeps the time of a problem that lasts', async () => {
    world.azure.control.faults.add({
      match: { method: 'HEAD', urlPattern: 'packages' },
      times: 'always',
      action: { kind: 'answer', status: 403, code: 'AuthorizationPermissionMismatch' },
    });
    gateway.restart();
    await gateway.round();
    const before = gateway.condition('AzureReady');
    expect(before).toMatchObject({ status: 'False' });
    await gateway.round();
    expect(gateway.condition('AzureReady')).toEqual(before);
  });

  it('is left alone when it cannot be read after a restart', async () => {
    world.azure.control.faults.add({
      match: { method: 'GET', urlPattern: 'providers/Microsoft.(KeyVault|Storage)' },
      times: 30,
      action: { kind: 'answer', status: 503, code: 'ServerBusy', message: 'Later.' },
    });
    gateway.restart();
    const writes = world.azure.control.writes.length;
    await gateway.round();
    expect(gateway.condition('Ready')?.reason).toBe('AzureUnreachable');
    await gateway.roundsUntil(isReady);
    expect(world.azure.control.writes.slice(writes).filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  it('tells of a deleted vault that holds the name, not of a taken name', async () => {
    world.azure.control.call('DELETE', `${idOf('Microsoft.KeyVault/vaults')}?api-version=2026-02-01`);
    await gateway.round();
    expect(gateway.condition('Ready')).toMatchObject({ reason: 'VaultSoftDeleted' });
  });

  it('tells of a deleted vault too that was deleted after the name was asked for, and goes on once it is purged', async () => {
    world.azure.control.call('DELETE', `${idOf('Microsoft.KeyVault/vaults')}?api-version=2026-02-01`);
    world.azure.control.faults.add({
      match: { method: 'GET', urlPattern: 'deletedVaults' },
      times: 1,
      action: { kind: 'answer', status: 404, code: 'DeletedVaultNotFound', message: 'There is none.' },
    });
    const begun = clock.now();
    await gateway.round();
    expect(gateway.condition('AzureReady')).toMatchObject({ reason: 'NameTaken' });
    await gateway.round();
    expect(gateway.condition('Ready')).toMatchObject({ reason: 'VaultSoftDeleted' });
    const paused = gateway.reports.at(-1)?.againAfterMs ?? 0;
    expect(clock.now() - begun - paused).toBeLessThan(60_000);
    const purge = `/subscriptions/${world.azure.subscriptionId}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/contoso/purge`;
    world.azure.control.call('POST', `${purge}?api-version=2026-02-01`);
    const purged = clock.now();
    await gateway.roundsUntil(isReady);
    expect(clock.now() - purged).toBeLessThan(1_800_000);
  });

  it('goes, with its group in one call', async () => {
    await removed();
    expect(countOf('DELETE', /./)).toBe(1);
    expect(world.azure.control.resource(idOf(SCALE_SET))).toBeUndefined();
  });
});

async function removed(most = 60): Promise<void> {
  for (let rounds = 0; rounds < most; rounds += 1) {
    if ((await gateway.removalRound()).kind === 'Gone') return;
  }
  throw new Error(`Not gone after ${most} rounds: ${JSON.stringify(gateway.cmg.status?.conditions, null, 1)}`);
}

describe('a removal', () => {
  it('in the midst of provisioning does not spin, and does not tell of what is being removed', async () => {
    await gateway.roundsUntil(() => countOf('PUT', /virtualMachineScaleSets/i) > 0);
    await removed();
    const reasons = new Set(gateway.reports.flatMap(({ findings }) => findings.map(({ reason }) => reason)));
    expect(reasons).not.toContain('DeletionBlocked');
  });

  it('from a group of somebody else takes what is ours, and leaves the rest', async () => {
    const group = `/subscriptions/${world.azure.subscriptionId}/resourceGroups/${GROUP}`;
    world.azure.control.call('PUT', `${group}?api-version=2025-04-01`, { location: 'westeurope' });
    gateway = newGateway({ azure: { ...gateway.cmg.spec.azure, resourceGroup: { name: GROUP, mode: 'UseExisting' } } });
    await provision();
    await removed();
    const left = world.azure.control.state().map(({ id }) => String(id));
    expect(left.filter((id) => id.toLowerCase().includes('contoso/') || id.endsWith('/contoso'))).toEqual([]);
    expect(world.azure.control.resource(group)).toBeDefined();
  });

  it('signs in to the tenant that the gateway was made in', async () => {
    await provision();
    gateway.edit((spec) => ({ ...spec, azure: { ...spec.azure, tenantId: '00000000-0000-0000-0000-00000000000b' } }));
    await removed();
  });

  it('is tried with growing pauses while Azure refuses it', async () => {
    await provision();
    world.azure.control.faults.add({
      match: { method: 'DELETE', urlPattern: 'resourceGroups' },
      times: 'always',
      action: { kind: 'answer', status: 500, code: 'InternalServerError', message: 'Something broke.' },
    });
    const begun = clock.now();
    while (clock.now() - begun < 3_600_000) {
      await gateway.removalRound();
    }
    expect(world.azure.control.faults.rules[0]?.applied).toBeLessThan(40);
    expect(gateway.condition('Ready')).toMatchObject({ status: 'False', reason: 'Deleting' });
    world.azure.control.faults.clear();
    await removed();
  });
});

describe('a provisioning', () => {
  it('goes on when the operations that ran are forgotten at any moment', async () => {
    for (let rounds = 0; rounds < 400 && !isReady(); rounds += 1) {
      await gateway.round();
      gateway.restart();
      gateway.forgetOperations();
    }
    expect(isReady()).toBe(true);
    const reasons = new Set(gateway.reports.flatMap(({ findings }) => findings.map(({ reason }) => reason)));
    expect(reasons).not.toContain('NameTaken');
  });

  it('backs off while an accepted operation fails again and again, and shows its reason', async () => {
    world.azure.control.faults.add({
      match: { method: 'PUT', urlPattern: '/virtualMachineScaleSets/' },
      times: 'always',
      action: {
        kind: 'failOperation',
        error: { code: 'VMExtensionProvisioningError', message: 'The setup ended with exit code 1.' },
      },
    });
    await gateway.roundsUntil(() => gateway.condition('AzureReady')?.reason === 'OperationFailed');
    expect(gateway.condition('AzureReady')?.message).toContain('exit code 1');
    const begun = clock.now();
    await gateway.roundsUntil(() => clock.now() - begun > 12 * 3_600_000, 800);
    expect(world.azure.control.faults.rules[0]?.applied).toBeLessThan(60);
  });

  it('takes nothing over that appeared since the first look', async () => {
    world.azure.control.setRegistration('Microsoft.Network', 'NotRegistered');
    const group = `/subscriptions/${world.azure.subscriptionId}/resourceGroups/${GROUP}`;
    world.azure.control.call('PUT', `${group}?api-version=2025-04-01`, { location: 'westeurope' });
    gateway = newGateway({ azure: { ...gateway.cmg.spec.azure, resourceGroup: { name: GROUP, mode: 'UseExisting' } } });
    await gateway.round();
    await clock.advance(300_000);
    world.azure.control.call('PUT', `${idOf(NSG)}?api-version=2025-03-01`, { location: 'westeurope' });
    await clock.advance(60_000);
    for (let rounds = 0; rounds < 40; rounds += 1) await gateway.round();
    expect(world.azure.control.resource(idOf(NSG))).not.toHaveProperty('tags');
    expect(gateway.condition('Ready')).toMatchObject({ reason: 'ResourceNotOwned' });
  });

  it('does not download a package with the wrong hash again whenever something else is to be done', async () => {
    gateway.edit((spec) => ({ ...spec, servicePackage: { ...spec.servicePackage, sha256: '0'.repeat(64) } }));
    await gateway.roundsUntil(() => gateway.condition('AzureReady')?.reason === 'PackageHashMismatch');
    const [begun, downloads, rounds] = [clock.now(), world.packages.downloads(), gateway.reports.length];
    gateway.restart();
    await gateway.roundsUntil(() => {
      world.azure.control.mutate(idOf(NSG), { properties: { securityRules: [] } });
      return clock.now() - begun > 300_000;
    });
    expect(gateway.reports.length - rounds).toBeGreaterThan(5);
    // One after the restart, which forgot the first; the next would come after ten minutes.
    expect(world.packages.downloads() - downloads).toBe(1);
    expect(gateway.condition('AzureReady')?.reason).toBe('PackageHashMismatch');
  });

  it('tries a package again as soon as the Secret of its download has been corrected', async () => {
    const authority = await createCertificateAuthority('Guarded');
    trust(authority.rootPem);
    const guarded = await startPackageServer({
      certificate: await authority.issue({ names: ['127.0.0.1'], key: 'ECDSA' }),
      content: randomBytes(1000),
      authorization: 'Bearer right',
    });
    onTestFinished(() => guarded.close());
    gateway.setSecret('download', { token: 'wrong' });
    gateway.edit((spec) => ({
      ...spec,
      servicePackage: { url: guarded.url, sha256: guarded.sha256, credentialsSecretRef: { name: 'download' } },
    }));
    await gateway.roundsUntil(() => gateway.condition('AzureReady')?.reason === 'PackageUnavailable');
    expect(gateway.condition('AzureReady')?.message).toContain('401');
    gateway.setSecret('download', { token: 'still-wrong' });
    await gateway.earlyRound();
    gateway.setSecret('download', { token: 'right' });
    await gateway.earlyRound();
    expect(guarded.downloads()).toBe(1);
  });

  it('never shows the query of the package address', async () => {
    gateway.edit((spec) => ({
      ...spec,
      servicePackage: { ...spec.servicePackage, url: `${world.packages.url}-none?sig=top-secret` },
    }));
    await gateway.roundsUntil(() => gateway.condition('AzureReady')?.reason === 'PackageUnavailable');
    expect(JSON.stringify(gateway.cmg.status)).not.toContain('top-secret');
  });
});
