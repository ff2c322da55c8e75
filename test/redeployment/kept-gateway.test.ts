import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SECRET } from '../../src/runtime/objects.ts';
import type { IssuedCertificate, LeafRequest } from '../certificate-authority.ts';
import { NAMESPACE } from '../faults/stage.ts';
import { certificateSecret } from '../world/gateway-manifests.ts';
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

/** What the vault of the old gateway holds, by its tag. */
function stored(): unknown {
  const found = lives.world.azure.control
    .state()
    .find(({ id }) => String(id).endsWith('/vaults/contoso/secrets/server-certificate'));
  return (found?.tags as Record<string, string> | undefined)?.['configmgr.io_certificate'];
}

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
