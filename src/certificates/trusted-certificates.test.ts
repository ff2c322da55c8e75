import type { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { issue, party } from './certificates.test-world.ts';
import { readTrustedCertificates } from './trusted-certificates.ts';

const NOW = Date.now();
const root = await party('Contoso Root');
const intermediate = await party('Contoso Issuing');
const client = await party('PC0815');
const stranger = await party('Fabrikam Root');
const rootCertificate = await issue({ to: root });
const intermediateCertificate = await issue({ to: intermediate, by: root });
const clientCertificate = await issue({ to: client, by: intermediate, leaf: {} });
const strangerCertificate = await issue({ to: stranger });

const source = (name: string, ...certificates: readonly X509Certificate[]) => ({
  name,
  pem: certificates.map((certificate) => certificate.toString()).join(''),
});
const fingerprints = (certificates: readonly X509Certificate[]) =>
  certificates.map(({ fingerprint256 }) => fingerprint256);

describe('trusted certificates', () => {
  test('are taken from all sources in their order, each once', () => {
    const read = readTrustedCertificates(
      [
        source('bundle', intermediateCertificate, rootCertificate),
        source('root', rootCertificate, strangerCertificate),
      ],
      NOW,
    );
    expect(read.kind === 'Usable' && fingerprints(read.certificates)).toEqual(
      fingerprints([intermediateCertificate, rootCertificate, strangerCertificate]),
    );
  });

  test('are none where none are named', () => {
    expect(readTrustedCertificates([], NOW)).toEqual({ kind: 'Usable', certificates: [] });
  });

  test.each([
    [
      'an intermediate without its root',
      [source('issuing', intermediateCertificate)],
      '"CN=Contoso Issuing" in the trusted certificate "issuing" was issued by "CN=Contoso Root", which is not among the trusted certificates. Add it: the gateway needs the whole chain up to the root.',
    ],
    [
      'a client',
      [source('root', rootCertificate, intermediateCertificate), source('mine', clientCertificate)],
      '"CN=PC0815" in the trusted certificate "mine" is no certificate of an authority. Name the authority that issued it, not the client.',
    ],
    [
      'what is no PEM',
      [{ name: 'der', pem: '0\u0082\u0003' }],
      'The trusted certificate "der" holds no certificate in PEM. Store the certificates of the authority in PEM, each between BEGIN CERTIFICATE and END CERTIFICATE.',
    ],
    [
      'a block that is broken',
      [{ name: 'cut', pem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }],
      'The trusted certificate "cut" holds what is no certificate. Store the certificates of the authority in PEM, each between BEGIN CERTIFICATE and END CERTIFICATE.',
    ],
  ])('are refused: %s', (_what, sources, message) => {
    expect(readTrustedCertificates(sources, NOW)).toEqual({
      kind: 'Unusable',
      reason: 'TrustedCertificatesInvalid',
      message,
    });
  });

  test('are refused when one has expired', async () => {
    const old = await issue({ to: stranger, notBefore: new Date(0), notAfter: new Date('2020-01-01T00:00:00Z') });
    expect(readTrustedCertificates([source('fabrikam', old)], NOW)).toEqual({
      kind: 'Unusable',
      reason: 'TrustedCertificatesInvalid',
      message:
        '"CN=Fabrikam Root" in the trusted certificate "fabrikam" expired on 2020-01-01. Replace it, or take it out.',
    });
  });

  test('are refused when one of the same name did not sign', async () => {
    const impostor = await party('Contoso Root');
    const read = readTrustedCertificates(
      [source('issuing', intermediateCertificate), source('root', await issue({ to: impostor }))],
      NOW,
    );
    expect(read).toMatchObject({
      kind: 'Unusable',
      message: expect.stringContaining('was issued by "CN=Contoso Root"'),
    });
  });

  test('are refused when they are too many', async () => {
    const many = await Promise.all(
      Array.from({ length: 65 }, async (_, at) => issue({ to: await party(`Authority ${at}`) })),
    );
    expect(readTrustedCertificates([source('many', ...many)], NOW)).toMatchObject({
      message: expect.stringContaining('are 65, and a gateway takes 64'),
    });
  });
});
