import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CertificateAuthority, createCertificateAuthority } from '../../certificate-authority.ts';
import { type RevocationServer, startRevocationServer } from '../../simulators/gateway/revocation-server.ts';
import { certificateSecret, type Manifest } from '../../world/gateway-manifests.ts';
import { type GatewayTest, NAME, operatorSuite, SERVICE_NAME } from '../operator/suite.ts';
import {
  ADMITTED,
  ANSWERED,
  ask,
  fingerprintOf,
  MUTUAL,
  refused,
  TOKEN,
  untilAsked,
  untilPresented,
} from './visits.ts';

const suite = operatorSuite({ gateways: true });
let lists: RevocationServer;
let clients: CertificateAuthority;

beforeAll(async () => {
  lists = await startRevocationServer();
  clients = await createCertificateAuthority('Contoso Clients', { revocationLists: lists.url });
  await lists.publish(clients);
});
afterAll(() => lists?.close());

function authorities(namespace: string): Manifest {
  const data = { 'ca.crt': `${clients.intermediatePem}${clients.rootPem}` };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'client-authorities', namespace }, data };
}

const TRUSTED = [
  { name: 'contoso', type: 'ConfigMap', configMap: { name: 'client-authorities', key: 'ca.crt' } },
] as const;

async function readyGateway(spec: object): Promise<GatewayTest> {
  const test = await suite.begin();
  const { cmg, certificate, credentials } = await test.manifests({ ...spec });
  await test.apply(authorities(test.namespace), certificate, credentials, cmg);
  await test.untilReady();
  return test;
}

describe('who connects to a gateway sees that', () => {
  it('client certificates are let in by their authority, and not when they are revoked', async () => {
    const issue = (commonName: string) => clients.issue({ commonName, purpose: 'Client', key: 'ECDSA' });
    const [client, lost] = [await issue('client1.contoso.com'), await issue('lost.contoso.com')];
    await lists.publish(clients, [lost.certificatePem]);
    const test = await readyGateway({ clientAuthentication: { verifyRevocation: false } });
    await untilAsked(test, MUTUAL, { client }, refused(/trusts no authority/));

    await test.patchSpec({ clientAuthentication: { trustedCertificates: TRUSTED } });
    await untilAsked(test, MUTUAL, { client }, ADMITTED);
    expect(await ask(test, MUTUAL, { client: lost })).toMatchObject(ADMITTED);
    expect(await ask(test, MUTUAL)).toMatchObject(refused(/missing/));

    await test.untilReady();
    await test.patchSpec({ clientAuthentication: { verifyRevocation: true } });
    await untilAsked(test, MUTUAL, { client: lost }, refused(/CN=lost\.contoso\.com is revoked/));
    expect(await ask(test, MUTUAL, { client })).toMatchObject(ADMITTED);
  });

  it('TLS 1.0, another certificate and tokens are taken from when the spec says so', async () => {
    const test = await readyGateway({});
    const { authority } = suite.world();
    const first = await suite.certificateFor({ commonName: SERVICE_NAME, organization: 'Contoso' });
    await untilPresented(test, fingerprintOf(first.certificatePem), authority.rootPem);
    expect(await ask(test, '/', { tls: 'TLSv1' })).toMatchObject({
      kind: 'NoTls',
      message: expect.stringMatching(/alert protocol version/),
    });
    expect(await ask(test, '/', { tls: 'TLSv1.2' })).toMatchObject(ANSWERED);
    expect(await ask(test, TOKEN)).toMatchObject(refused(/takes no tokens/));

    const entra = {
      serverAppId: '66666666-6666-4666-8666-666666666666',
      clientAppId: '77777777-7777-4777-8777-777777777777',
    };
    await test.patchSpec({ enforceTls12: false, entra });
    await untilAsked(test, '/', { tls: 'TLSv1' }, ANSWERED);
    for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await ask(test, '/', { tls })).toMatchObject(ANSWERED);
    }
    expect(await ask(test, TOKEN)).toMatchObject(refused(/token is missing/));
    await test.untilReady();

    const renewed = await authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
    await test.apply(certificateSecret(test.namespace, `${NAME}-tls`, renewed, suite.world()));
    await untilPresented(test, fingerprintOf(renewed.certificatePem), authority.rootPem);
    await test.untilReady();
  });
});
