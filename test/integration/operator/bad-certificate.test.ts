import { describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../../certificate-authority.ts';
import { certificateSecret, secret } from '../../world/gateway-manifests.ts';
import { type BadInput, testBadInput } from './bad-input.ts';
import { type GatewayManifests, type GatewayTest, NAME, operatorSuite, SERVICE_NAME } from './suite.ts';

const suite = operatorSuite();
const DAY_MS = 86_400_000;

const applyGood = (test: GatewayTest, { certificate }: GatewayManifests) => test.apply(certificate);

/** Stores a certificate of the suite's authority that differs from what is asked for. */
function wrongCertificate(request: Parameters<typeof suite.certificateFor>[0]) {
  return async ({ namespace }: GatewayTest) => ({
    certificate: certificateSecret(namespace, `${NAME}-tls`, await suite.certificateFor(request), suite.world()),
  });
}

/** The type of a Secret cannot be changed. */
async function replaceSecret(test: GatewayTest, manifests: GatewayManifests): Promise<void> {
  await test.api.call('DELETE', `/api/v1/namespaces/${test.namespace}/secrets/${NAME}-tls`);
  await applyGood(test, manifests);
}

const CERTIFICATES: readonly BadInput[] = [
  {
    what: 'a missing certificate Secret',
    prepare: () => ({ certificate: undefined }),
    type: 'CertificateValid',
    reason: 'SecretNotFound',
    says: /does not exist\. Create it with the keys tls\.crt and tls\.key/,
    stalled: false,
    mend: applyGood,
  },
  {
    what: 'a certificate Secret without its key',
    prepare: ({ namespace }) => ({ certificate: secret(namespace, `${NAME}-tls`, 'Opaque', { 'tls.crt': 'x' }) }),
    type: 'CertificateValid',
    reason: 'SecretNotFound',
    says: /lacks the key tls\.key/,
    stalled: false,
    mend: replaceSecret,
  },
  {
    what: 'an expired certificate',
    prepare: wrongCertificate({
      commonName: SERVICE_NAME,
      notBefore: new Date(Date.now() - 20 * DAY_MS),
      notAfter: new Date(Date.now() - DAY_MS),
    }),
    type: 'CertificateValid',
    reason: 'CertificateExpired',
    says: /expired on \d{4}-\d\d-\d\d.*Renew it in the Secret/,
    stalled: true,
    mend: applyGood,
  },
  {
    what: 'a certificate without a common name',
    prepare: wrongCertificate({ organization: 'Contoso', names: [SERVICE_NAME] }),
    type: 'CertificateValid',
    reason: 'CommonNameMissing',
    says: /no common name.*CN=granitefalls\.contoso\.com/,
    stalled: true,
    mend: applyGood,
  },
  {
    what: 'a certificate for another name',
    prepare: wrongCertificate({ commonName: 'other.contoso.com' }),
    type: 'CertificateValid',
    reason: 'NameMismatch',
    says: /is for other\.contoso\.com, not for granitefalls\.contoso\.com/,
    stalled: true,
    mend: applyGood,
  },
  {
    what: 'a certificate whose name differs in case only',
    prepare: wrongCertificate({ commonName: 'GraniteFalls.contoso.com' }),
    type: 'CertificateValid',
    reason: 'NameMismatch',
    says: /upper and lower case/i,
    stalled: true,
    mend: applyGood,
  },
  {
    what: 'an incomplete chain',
    prepare: async ({ namespace }) => {
      const other = await createCertificateAuthority('Fabrikam');
      const leaf = await other.issue({ commonName: SERVICE_NAME });
      const alone = { ...leaf, chainPem: leaf.certificatePem };
      return { certificate: certificateSecret(namespace, `${NAME}-tls`, alone, suite.world()) };
    },
    type: 'CertificateValid',
    reason: 'IncompleteChain',
    says: /CN=Fabrikam Issuing CA.*intermediate/,
    stalled: true,
    mend: applyGood,
  },
  {
    what: 'a Secret with something else than a certificate',
    prepare: ({ namespace }) => ({
      certificate: secret(namespace, `${NAME}-tls`, 'Opaque', { 'tls.crt': 'none', 'tls.key': 'none' }),
    }),
    type: 'CertificateValid',
    reason: 'CertificateUnreadable',
    says: /no certificate in PEM form.*Store the server certificate/,
    stalled: true,
    mend: replaceSecret,
  },
  {
    what: 'a private key of another certificate',
    prepare: async ({ namespace }, { certificate }) => {
      const { privateKeyPem } = await suite.certificateFor({ commonName: 'other.contoso.com' });
      const data = { ...certificate?.data, 'tls.key': Buffer.from(privateKeyPem).toString('base64') };
      return { certificate: { ...secret(namespace, `${NAME}-tls`, 'kubernetes.io/tls', {}), data } };
    },
    type: 'CertificateValid',
    reason: 'PrivateKeyMismatch',
    says: /private key/,
    stalled: true,
    mend: applyGood,
  },
];

describe('a bad certificate', () => {
  testBadInput(suite, CERTIFICATES);

  it('with another name or organization does not replace the one that a gateway was made with', async () => {
    const test = await suite.begin();
    const { certificate, credentials, cmg } = await test.manifests();
    const wildcard = await suite.certificateFor({ commonName: '*.contoso.com', organization: 'Contoso' });
    await test.apply(certificate, credentials, cmg);
    await test.untilReady();
    const before = test.resources();
    await test.apply(certificateSecret(test.namespace, `${NAME}-tls`, wildcard, suite.world()));
    const condition = await test.untilReason('CertificateValid', 'CommonNameChanged');
    expect(condition.message).toMatch(/granitefalls\.contoso\.com.*\*\.contoso\.com|\*\.contoso\.com.*granitefalls/s);
    expect(test.resources()).toEqual(before);
    const foreign = await suite.certificateFor({ commonName: SERVICE_NAME, organization: 'Fabrikam' });
    await test.apply(certificateSecret(test.namespace, `${NAME}-tls`, foreign, suite.world()));
    const other = await test.untilReason('CertificateValid', 'CertificateNeedsRedeployment');
    expect(other.message).toContain('its organization is Fabrikam in place of Contoso.');
    expect(test.resources()).toEqual(before);
    await test.apply(certificate);
    await test.untilReady();
  });
});
