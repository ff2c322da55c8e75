import { X509Certificate } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCertificateAuthority } from '../../certificate-authority.ts';
import { startRevocationServer } from '../../simulators/gateway/revocation-server.ts';
import { type Manifest, secret } from '../../world/gateway-manifests.ts';
import { type BadInput, testBadInput } from './bad-input.ts';
import { settingsInAzure } from './settings-in-azure.ts';
import { type GatewayTest, operatorSuite, PATIENCE_MS } from './suite.ts';

const suite = operatorSuite();
const contoso = await createCertificateAuthority('Contoso Clients');
const fabrikam = await createCertificateAuthority('Fabrikam Clients');

const derOf = (pem: string) => new X509Certificate(pem).raw.toString('base64');
const bundleOf = ({ rootPem, intermediatePem }: typeof contoso) => `${intermediatePem}${rootPem}`;

function authorities(namespace: string, pem: string, name = 'client-authorities'): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { 'ca.crt': pem } };
}

const FROM_CONFIG_MAP = {
  name: 'contoso',
  type: 'ConfigMap',
  configMap: { name: 'client-authorities', key: 'ca.crt' },
};
const FROM_SECRET = { name: 'fabrikam', type: 'Secret', secret: { name: 'fabrikam', key: 'authorities.pem' } };

async function readyGateway(clientAuthentication: object, ...objects: readonly ((namespace: string) => Manifest)[]) {
  const test = await suite.begin();
  const { certificate, credentials, cmg } = await test.manifests({ clientAuthentication });
  await test.apply(...objects.map((object) => object(test.namespace)), certificate, credentials, cmg);
  await test.untilReady();
  return test;
}

async function untilTrusted(test: GatewayTest, ...pems: readonly string[]): Promise<void> {
  const trusted = async () => (await settingsInAzure(test)).clientAuthentication.trustedCertificates;
  await expect.poll(trusted, { timeout: PATIENCE_MS }).toEqual(pems.map(derOf));
}

describe('the authorities of client certificates', () => {
  it('reach the VMs from ConfigMaps and Secrets, and again when one of them changes, which is no drift', async () => {
    const test = await readyGateway(
      { trustedCertificates: [FROM_CONFIG_MAP, FROM_SECRET] },
      (namespace) => authorities(namespace, bundleOf(contoso)),
      (namespace) => secret(namespace, 'fabrikam', 'Opaque', { 'authorities.pem': fabrikam.rootPem }),
    );
    await untilTrusted(test, contoso.intermediatePem, contoso.rootPem, fabrikam.rootPem);

    const renewed = await contoso.renewIntermediate();
    await test.apply(authorities(test.namespace, `${bundleOf(contoso)}${renewed}`));
    await untilTrusted(test, contoso.intermediatePem, contoso.rootPem, renewed, fabrikam.rootPem);
    await test.untilReady();

    await test.apply(secret(test.namespace, 'fabrikam', 'Opaque', { 'authorities.pem': bundleOf(fabrikam) }));
    await untilTrusted(
      test,
      ...[contoso.intermediatePem, contoso.rootPem, renewed],
      ...[fabrikam.intermediatePem, fabrikam.rootPem],
    );
    await test.untilReady();
    expect((await test.events()).map(({ reason }) => reason)).not.toContain('DriftRepaired');
  });

  it('stay as they are in Azure while what the spec names cannot be used', async () => {
    const test = await readyGateway({ trustedCertificates: [FROM_CONFIG_MAP] }, (namespace) =>
      authorities(namespace, bundleOf(contoso)),
    );
    await untilTrusted(test, contoso.intermediatePem, contoso.rootPem);
    const writes = test.azure.control.writes.length;
    await test.apply(authorities(test.namespace, contoso.intermediatePem));
    await test.untilReason('CertificateValid', 'TrustedCertificatesInvalid');
    expect(test.azure.control.writes.length).toBe(writes);
    await untilTrusted(test, contoso.intermediatePem, contoso.rootPem);
    await test.apply(authorities(test.namespace, bundleOf(contoso)));
    await test.untilReady();
  });

  it('are told when gateways get no revocation list of theirs, as long as revocation is verified', async () => {
    const lists = await startRevocationServer();
    onTestFinished(() => lists.close());
    const authority = await createCertificateAuthority('Contoso Clients', { revocationLists: lists.url });
    const test = await readyGateway({ trustedCertificates: [FROM_CONFIG_MAP] }, (namespace) =>
      authorities(namespace, bundleOf(authority)),
    );
    const condition = await test.untilReason('CertificateValid', 'RevocationListUnusable');
    expect(condition).toMatchObject({
      status: 'True',
      message: expect.stringContaining(`is not at ${lists.url}/root.crl: the server answers with the status 404.`),
    });
    await expect
      .poll(async () => (await test.events()).map(({ reason }) => reason), { timeout: PATIENCE_MS })
      .toContain('RevocationListUnusable');
    await test.patchSpec({ clientAuthentication: { verifyRevocation: false } });
    await test.untilReason('CertificateValid', 'Succeeded');
    await test.untilReady();
  });

  it('and the other settings of security reach the VMs', async () => {
    const test = await readyGateway({});
    expect(await settingsInAzure(test)).toMatchObject({
      tls: { minimumVersion: '1.2' },
      clientAuthentication: { trustedCertificates: [], verifyRevocation: true },
    });
    expect(await settingsInAzure(test)).not.toHaveProperty('entra');
    const applications = {
      serverAppId: '66666666-6666-4666-8666-666666666666',
      clientAppId: '77777777-7777-4777-8777-777777777777',
    };
    await test.patchSpec({
      enforceTls12: false,
      clientAuthentication: { verifyRevocation: false },
      entra: applications,
    });
    await test.untilReady();
    expect(await settingsInAzure(test)).toMatchObject({
      tls: { minimumVersion: '1.0' },
      clientAuthentication: { trustedCertificates: [], verifyRevocation: false },
      entra: { tenantId: test.azure.tenantId, ...applications, authorityHost: test.azure.url },
    });
  });
});

const withAuthorities = ({ spec, ...cmg }: Manifest): Manifest => ({
  ...cmg,
  metadata: cmg.metadata,
  apiVersion: cmg.apiVersion,
  kind: cmg.kind,
  spec: { ...(spec as object), clientAuthentication: { trustedCertificates: [FROM_CONFIG_MAP] } },
});

const MISTAKES: readonly BadInput[] = [
  {
    what: 'a missing ConfigMap of authorities',
    prepare: (_, { cmg }) => ({ cmg: withAuthorities(cmg) }),
    type: 'CertificateValid',
    reason: 'ConfigMapNotFound',
    says: /The ConfigMap \S+\/client-authorities does not exist\. Create it with the key ca\.crt, or correct spec\.clientAuthentication\.trustedCertificates\./,
    stalled: false,
    mend: (test) => test.apply(authorities(test.namespace, bundleOf(contoso))),
  },
  {
    what: 'an authority without the one that issued it',
    prepare: async (test, { cmg }) => {
      await test.apply(authorities(test.namespace, contoso.intermediatePem));
      return { cmg: withAuthorities(cmg) };
    },
    type: 'CertificateValid',
    reason: 'TrustedCertificatesInvalid',
    says: /"CN=Contoso Clients Issuing CA" in the trusted certificate "contoso" was issued by "CN=Contoso Clients Root CA".*Add it/,
    stalled: true,
    mend: (test) => test.apply(authorities(test.namespace, bundleOf(contoso))),
  },
  {
    what: 'a private key instead of an authority',
    prepare: async (test, { cmg, certificate }) => {
      const key = Buffer.from(certificate?.data['tls.key'] ?? '', 'base64').toString('utf8');
      await test.apply(authorities(test.namespace, key));
      return { cmg: withAuthorities(cmg) };
    },
    type: 'CertificateValid',
    reason: 'TrustedCertificatesInvalid',
    says: /The trusted certificate "contoso" holds no certificate in PEM\./,
    stalled: true,
    mend: (test) => test.apply(authorities(test.namespace, bundleOf(contoso))),
  },
];

testBadInput(suite, MISTAKES);
