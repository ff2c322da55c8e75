import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type JsonObject, valueAt } from '../../src/json.ts';
import { SECRET } from '../../src/runtime/objects.ts';
import type { IssuedCertificate, LeafRequest } from '../certificate-authority.ts';
import { NAMESPACE } from '../faults/stage.ts';
import { certificateSecret, secret } from '../world/gateway-manifests.ts';
import {
  anotherCluster,
  type Change,
  createRedeploymentStage,
  HOUR,
  type Lives,
  MINUTE,
  named,
  type RedeploymentStage,
  startRedeploymentLives,
} from './stage.ts';

const OLD = 'contoso.contoso.com';
const ISSUED: LeafRequest = { commonName: '*.contoso.com', organization: 'Contoso' };

let lives: Lives;
let stage: RedeploymentStage;
let forOld: IssuedCertificate;
let forNew: IssuedCertificate;
beforeAll(async () => {
  lives = await startRedeploymentLives();
  const { authority } = lives.world;
  [forOld, forNew] = await Promise.all([authority.issue(ISSUED), authority.issue({ commonName: '*.contoso.com' })]);
}, 60_000);
afterAll(() => lives?.close());
beforeEach(() => {
  stage = createRedeploymentStage(lives, { certificate: forOld });
  return () => stage.operator.kill();
});

const put = (name: string, certificate: IssuedCertificate) =>
  stage.kubernetes.put(SECRET, certificateSecret(NAMESPACE, name, certificate, lives.world));

const another: readonly Change[] = [
  named('fabrikam.contoso.com'),
  (spec) => ({
    ...spec,
    serverCertificate: { format: 'TLS', secretRef: { name: 'fabrikam-tls' }, revision: '' },
    azure: { ...spec.azure, resourceGroup: { ...spec.azure.resourceGroup, name: 'rg-fabrikam' } },
  }),
];

/** Two gateways, each with its certificate from a Secret of its own, of which nobody retires the older one. */
async function superseded(): Promise<void> {
  await stage.ready();
  put('fabrikam-tls', forNew);
  stage.change(...another);
  await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
}

const vaultSecret = () =>
  lives.world.azure.control.state().find(({ id }) => String(id).endsWith('/vaults/contoso/secrets/server-certificate'));

/** What the vault of the old gateway holds, by its tag. */
const stored = () => valueAt(vaultSecret()?.tags, 'configmgr.io_certificate');

/** The model of the VMs of the old gateway: which version of the certificate they get, and all but what tells of it. */
function scaleSet() {
  const found = stage.resource('Microsoft.Compute/virtualMachineScaleSets');
  const profile = valueAt(found, 'properties', 'virtualMachineProfile');
  const { osProfile, extensionProfile: _setup, ...others } = profile as JsonObject;
  const [group] = valueAt(osProfile, 'secrets') as readonly JsonObject[];
  const [certificate] = valueAt(group, 'vaultCertificates') as readonly JsonObject[];
  return { certificateUrl: certificate?.certificateUrl, others: { ...others, sku: found?.sku } };
}

/** How often VMs of the old gateway were brought to another model. */
const upgrades = () => stage.writes('POST').filter((write) => /\/rg-contoso\/.*\/manualupgrade/.test(write)).length;

async function renewedWith(request: LeafRequest): Promise<void> {
  put('contoso-tls', await lives.world.authority.issue(request));
  await stage.operator.runFor(15 * MINUTE);
}

describe('the certificate of a gateway that serves while another one takes its place', () => {
  it('stays what it was made with, as that of the wanted one does', async () => {
    await superseded();
    const before = stored();
    await renewedWith({ ...ISSUED, organization: 'Fabrikam' });
    expect(stage.message('Redeploying')).toContain(
      `Of ${OLD}, which serves meanwhile: The Secret gateways/contoso-tls cannot be used. The server certificate needs a new gateway: its organization is Fabrikam in place of Contoso.`,
    );
    expect(stored()).toBe(before);
    await renewedWith({ commonName: OLD, organization: 'Contoso' });
    expect(stage.message('Redeploying')).toContain('the gateway was made with one for *.contoso.com');
    expect(stored()).toBe(before);
    await renewedWith(ISSUED);
    expect(stored()).not.toBe(before);
    expect(stage.message('Redeploying')).not.toContain('cannot be used');
    expect(stage.deployments().map(({ certificate }) => certificate?.organization)).toEqual(['Contoso', undefined]);
  });

  it('comes from its own Secret, and is judged, when the status is lost', async () => {
    await superseded();
    const before = stored();
    stage.operator.kill();
    stage = anotherCluster(lives, { clusterUid: 'c2', certificate: forOld });
    put('fabrikam-tls', forNew);
    stage.change(...another);
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    expect(stored()).toBe(before);
    await renewedWith({ ...ISSUED, organization: 'Fabrikam' });
    expect(stored()).toBe(before);
    await renewedWith(ISSUED);
    expect(stored()).not.toBe(before);
  });

  it('is brought to its VMs, and nothing else that the spec says by now', async () => {
    await superseded();
    stage.change((spec) => ({ ...spec, enforceTls12: false, vm: { ...spec.vm, size: 'Large', instances: 2 } }));
    await stage.runUntil(() => stage.isSettled(), HOUR);
    const before = scaleSet();
    expect(upgrades()).toBe(0);
    await renewedWith(ISSUED);
    await stage.runUntil(() => stage.deployments().every(({ rollout }) => rollout === undefined), HOUR);
    expect(upgrades()).toBe(1);
    const after = scaleSet();
    expect(after.certificateUrl).not.toBe(before.certificateUrl);
    expect(after.certificateUrl).toBe(valueAt(vaultSecret(), 'properties', 'secretUriWithVersion'));
    expect(after.others).toEqual(before.others);
    await stage.operator.runFor(HOUR);
    expect(upgrades()).toBe(1);
    expect(stage.deployments()[0]).toMatchObject({ serviceName: OLD, instances: { wanted: 1, ready: 1 } });
    expect(stage.message('Redeploying')).not.toContain(OLD);
  });

  it('brings authorities of client certificates with it, for which alone no VM is touched', async () => {
    await superseded();
    stage.kubernetes.put(SECRET, secret(NAMESPACE, 'corp', 'Opaque', { 'ca.crt': lives.world.authority.rootPem }));
    const trustedCertificates = [{ name: 'corp', type: 'Secret' as const, secret: { name: 'corp', key: 'ca.crt' } }];
    stage.change((spec) => ({ ...spec, clientAuthentication: { trustedCertificates, verifyRevocation: false } }));
    await stage.operator.runFor(30 * MINUTE);
    expect(upgrades()).toBe(0);
    expect(stage.message('Redeploying')).toContain(
      `Of ${OLD}, which serves meanwhile: It does not know the authority "Contoso Root CA"`,
    );
    await renewedWith(ISSUED);
    await stage.runUntil(() => upgrades() === 1, HOUR);
    await stage.operator.runFor(30 * MINUTE);
    expect(stage.message('Redeploying')).not.toContain('authority');
    expect(upgrades()).toBe(1);
  });

  it('has a message and an event of its own when it expires', async () => {
    stage.operator.kill();
    const notAfter = new Date(stage.clock.now() + 4 * HOUR);
    stage = createRedeploymentStage(lives, { certificate: await lives.world.authority.issue({ ...ISSUED, notAfter }) });
    await superseded();
    const id = stage.idOf(OLD);
    const day = notAfter.toISOString().slice(0, 10);
    const where = 'Renew it in the Secret gateways/contoso-tls';
    expect(stage.message('Redeploying')).toContain(
      `The certificate of ${OLD} (deployment ${id}), which serves meanwhile, expires on ${day}. ${where}`,
    );
    await stage.letPass(4 * HOUR);
    const expired = `The certificate of ${OLD} (deployment ${id}), which serves meanwhile, expired on ${day}, and its clients refuse it. ${where}`;
    expect(stage.message('Redeploying')).toContain(expired);
    const told = stage.operator.events.filter(({ reason }) => reason === 'CertificateExpired').map(({ note }) => note);
    expect(told).toEqual([expect.stringContaining(expired)]);
    expect(stage.condition('CertificateValid')?.status).toBe('True');
    await renewedWith(ISSUED);
    expect(stage.message('Redeploying')).not.toContain('expire');
  });
});
