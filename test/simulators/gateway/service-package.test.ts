import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayDeployment } from '../../../src/gateway/deployment.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
} from '../../certificate-authority.ts';
import { secretCredential, trust as trustSimulator } from '../arm/test-client.ts';
import { type Outcome, servedCertificate, type Visit, visit } from './gateway-client.ts';
import {
  type GatewayWorld,
  MUTUAL,
  SERVICE_NAME,
  startGatewayWorld,
  TOKEN,
  until,
  untilServing,
} from './gateways.test-world.ts';
import { type RevocationServer, startRevocationServer } from './revocation-server.ts';
import { certificateOf, type SampleGateway } from './sample-gateway.ts';

let world: GatewayWorld;
let lists: RevocationServer;
let clients: CertificateAuthority;
let client: IssuedCertificate;
let gateway: SampleGateway;

beforeAll(async () => {
  lists = await startRevocationServer();
  clients = await createCertificateAuthority('Contoso Clients', { revocationLists: lists.url });
  client = await clients.issue({ commonName: 'client1.contoso.com', purpose: 'Client', key: 'ECDSA' });
  world = await startGatewayWorld();
  trustSimulator(world.azure);
  gateway = await world.serving();
}, 60_000);
afterAll(async () => {
  await world?.close();
  await lists?.close();
});
beforeEach(() => lists.publish(clients));

const der = (pem: string) => new X509Certificate(pem).raw.toString('base64');

/** Gives the VM other settings, and waits until it serves with them. */
async function change(changes: Partial<GatewayDeployment>): Promise<void> {
  await gateway.write(changes);
  gateway.act('manualupgrade');
  await untilServing(gateway);
  await until(() => world.azure.gateways.endpoint(gateway.address, 443)?.host, '127.0.0.1');
}

const ask = (path: string, more: Partial<Visit> = {}): Promise<Outcome> =>
  visit(path, {
    endpoint: world.azure.gateways.endpoint(gateway.address, 443),
    serviceName: SERVICE_NAME,
    trusted: world.authority.rootPem,
    ...more,
  });

const refused = (why: RegExp) => ({ kind: 'Answered', status: 401, body: { error: expect.stringMatching(why) } });
const ADMITTED = { kind: 'Answered', status: 200 };
const trust = (verifyRevocation: boolean, ...pems: readonly string[]) => ({
  clientAuthentication: { trustedCertificates: pems.map(der), verifyRevocation },
});

describe('client certificates', () => {
  it('are refused while no authority is trusted, and without one at all', async () => {
    await change(trust(false));
    expect(await ask(MUTUAL, { client })).toMatchObject(refused(/trusts no authority/));
    await change(trust(false, clients.intermediatePem, clients.rootPem));
    expect(await ask(MUTUAL)).toMatchObject(refused(/missing/));
    expect(await ask(MUTUAL, { client })).toMatchObject({ ...ADMITTED, body: { client: 'CN=client1.contoso.com' } });
  });

  it('of another authority, for another purpose or out of date are refused', async () => {
    const others = await createCertificateAuthority('Fabrikam Clients');
    const yesterday = new Date(Date.now() - 86_400_000);
    const rows = [
      await others.issue({ commonName: 'stranger', purpose: 'Client', key: 'ECDSA' }),
      await clients.issue({ commonName: 'server', purpose: 'Server', key: 'ECDSA' }),
      await clients.issue({ commonName: 'late', purpose: 'Client', key: 'ECDSA', notAfter: yesterday }),
    ];
    const outcomes = await Promise.all(rows.map((stranger) => ask(MUTUAL, { client: stranger })));
    expect(outcomes).toMatchObject(rows.map(() => refused(/is not trusted/)));
  });

  it('need the intermediate, from the client or from the settings', async () => {
    const leafOnly = { ...client, chainPem: client.certificatePem };
    await change(trust(false, clients.rootPem));
    expect(await ask(MUTUAL, { client: leafOnly })).toMatchObject(refused(/is not trusted/));
    expect(await ask(MUTUAL, { client })).toMatchObject(ADMITTED);
    await change(trust(false, clients.intermediatePem, clients.rootPem));
    expect(await ask(MUTUAL, { client: leafOnly })).toMatchObject(ADMITTED);
  });

  it('that are revoked are refused where that is checked, and those of which nobody knows', async () => {
    const lost = await clients.issue({ commonName: 'lost.contoso.com', purpose: 'Client', key: 'ECDSA' });
    await lists.publish(clients, [lost.certificatePem]);
    expect(await ask(MUTUAL, { client: lost })).toMatchObject(ADMITTED);
    await change(trust(true, clients.intermediatePem, clients.rootPem));
    expect(await ask(MUTUAL, { client: lost })).toMatchObject(refused(/CN=lost\.contoso\.com is revoked/));
    expect(await ask(MUTUAL, { client })).toMatchObject(ADMITTED);

    lists.withdraw();
    expect(await ask(MUTUAL, { client })).toMatchObject(refused(/cannot be had: .* answers 404/));
    const forger = await createCertificateAuthority('Contoso Clients', { revocationLists: lists.url });
    await lists.publish(forger);
    expect(await ask(MUTUAL, { client })).toMatchObject(refused(/is not signed by/));
    await lists.publish(clients, [client.certificatePem]);
    expect(await ask(MUTUAL, { client })).toMatchObject(refused(/is revoked/));
  });

  it('do not help where a token is asked for', async () => {
    expect(await ask(TOKEN, { client })).toMatchObject(refused(/takes no tokens/));
  });
});

describe('tokens', () => {
  it('are taken of the tenant and the two applications, and no others', async () => {
    const { azure } = world;
    const application = azure.control.addApplication('clients');
    const stranger = azure.control.addApplication('stranger');
    application.secrets.add('known');
    stranger.secrets.add('known');
    const serverAppId = '66666666-6666-4666-8666-666666666666';
    await change({ entra: { serverAppId, clientAppId: application.principal.appId } });
    const tokenOf = async (appId: string, audience: string) =>
      (await secretCredential(azure, 'known', appId).getToken(`${audience}/.default`)).token;
    const good = await tokenOf(application.principal.appId, serverAppId);
    expect(await ask(TOKEN, { token: good })).toMatchObject(ADMITTED);
    expect(await ask(TOKEN)).toMatchObject(refused(/missing/));
    expect(await ask(TOKEN, { token: `${good.slice(0, -8)}AAAAAAAA` })).toMatchObject(refused(/not good/));
    const otherAudience = await tokenOf(application.principal.appId, 'https://management.azure.com');
    expect(await ask(TOKEN, { token: otherAudience })).toMatchObject(refused(/not good/));
    const otherApplication = await tokenOf(stranger.principal.appId, serverAppId);
    expect(await ask(TOKEN, { token: otherApplication })).toMatchObject(refused(/another application/));
    expect(await ask(MUTUAL, { token: good })).toMatchObject(refused(/certificate is missing/));
  });
});

describe('TLS', () => {
  it.each(['1.2', '1.0'] as const)('has the floor %s', async (minimumTlsVersion) => {
    await change({ minimumTlsVersion });
    for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) expect(await ask('/', { tls })).toMatchObject({ status: 404 });
    expect(await ask('/', { tls: 'TLSv1' })).toMatchObject(
      minimumTlsVersion === '1.0'
        ? { status: 404 }
        : { kind: 'NoTls', message: expect.stringMatching(/alert protocol version/) },
    );
  });

  it('shows the certificate that the vault holds, and the next one when that is put there', async () => {
    const renewed = await world.authority.issue({ commonName: SERVICE_NAME });
    expect(await ask('/')).toMatchObject({ status: 404 });
    const before = gateway.deployment.certificate.sha256Fingerprint;
    const certificate = await certificateOf(renewed);
    const served = () =>
      servedCertificate({
        endpoint: world.azure.gateways.endpoint(gateway.address, 443),
        serviceName: SERVICE_NAME,
        trusted: world.authority.rootPem,
      });
    expect(await served()).toBe(before);
    await change({ certificate });
    expect(await served()).toBe(certificate.sha256Fingerprint);
  });
});
