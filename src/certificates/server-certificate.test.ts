import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  EXTENDED_KEY_USAGE,
  type Issue,
  issue,
  type Keys,
  type Party,
  party,
  privateKeyPem,
  rsaKeys,
} from './certificates.test-world.ts';
import { writePkcs12 } from './pkcs12.ts';
import { type CertificateReading, readServerCertificate, type ServerCertificate } from './server-certificate.ts';

const SERVICE_NAME = 'GraniteFalls.contoso.com';

let keys: Keys;
let keyPem: string;
let root: Party;
let intermediate: Party;
let rootCertificate: X509Certificate;
let intermediateCertificate: X509Certificate;
let leaf: X509Certificate;

beforeAll(async () => {
  keys = await rsaKeys();
  keyPem = await privateKeyPem(keys);
  root = await party('Root');
  intermediate = await party('Issuing');
  rootCertificate = await issue({ to: root });
  intermediateCertificate = await issue({ to: intermediate, by: root });
  leaf = await issueLeaf({ dnsNames: [SERVICE_NAME], usages: [EXTENDED_KEY_USAGE.serverAuth] });
});

function issueLeaf(about: Issue['leaf'] = {}, name = `CN=${SERVICE_NAME}, O=Contoso`): Promise<X509Certificate> {
  return issue({ to: { name, keys }, by: intermediate, leaf: about });
}

function pemOf(...certificates: readonly X509Certificate[]): string {
  return certificates.map(String).join('');
}

function readTls(certificatePem: string, caPem?: string, roots?: readonly X509Certificate[]): CertificateReading {
  return readServerCertificate({ format: 'TLS', certificatePem, privateKeyPem: keyPem, caPem }, roots);
}

function readable(reading: CertificateReading): ServerCertificate {
  return withKey(reading).certificate;
}

function withKey(reading: CertificateReading) {
  return reading.kind === 'Readable' ? reading : expect.fail(reading.message);
}

/** In a form that can be compared: Node's objects fill themselves in while they are used. */
function comparable(reading: CertificateReading) {
  const { certificate, privateKey } = withKey(reading);
  const { chain, ...rest } = certificate;
  return { ...rest, chain: chain.map(String), privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) };
}

describe('a kubernetes.io/tls Secret', () => {
  it('holds the facts of the certificate', () => {
    const reading = readTls(pemOf(leaf, intermediateCertificate), pemOf(rootCertificate));
    expect(comparable(reading)).toEqual({
      commonName: SERVICE_NAME,
      organization: 'Contoso',
      dnsNames: [SERVICE_NAME],
      notBefore: leaf.validFromDate.getTime(),
      notAfter: leaf.validToDate.getTime(),
      keyType: 'rsa',
      keyBits: 2048,
      forServers: true,
      sha256Fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
      chainSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      trust: 'Private',
      missingIssuer: undefined,
      chain: [leaf, intermediateCertificate, rootCertificate].map(String),
      privateKey: `${keyPem}\n`,
    });
  });

  it('lacks the root where cert-manager knows none', () => {
    expect(readable(readTls(pemOf(leaf, intermediateCertificate))).missingIssuer).toBe('CN=Root');
  });

  it('is public below a root that clients trust', () => {
    const { trust, chain } = readable(readTls(pemOf(leaf, intermediateCertificate), undefined, [rootCertificate]));
    expect({ trust, length: chain.length }).toEqual({ trust: 'Public', length: 2 });
  });

  it('may hold the certificates in any order', () => {
    const usual = readTls(pemOf(leaf, intermediateCertificate, rootCertificate));
    const reversed = readTls(pemOf(rootCertificate, intermediateCertificate, leaf));
    expect(comparable(reversed)).toEqual(comparable(usual));
  });

  it('has another chain when an issuer was replaced, though the certificate is the same', async () => {
    const before = readable(readTls(pemOf(leaf, intermediateCertificate, rootCertificate)));
    const successor = await issue({ to: intermediate, by: root });
    const after = readable(readTls(pemOf(leaf, successor, rootCertificate)));
    expect(after.sha256Fingerprint).toBe(before.sha256Fingerprint);
    expect(after.chainSha256).not.toBe(before.chainSha256);
  });

  it('may be written as people copy it', () => {
    const pem = pemOf(leaf, intermediateCertificate);
    const base64 = leaf.raw.toString('base64');
    for (const text of [
      pem.replaceAll('\n', '\r\n'),
      pem.replaceAll('\n', '\n    '),
      `subject=CN = ${SERVICE_NAME}\n\n${pem}\n\n`,
      `-----BEGIN CERTIFICATE-----\n${base64}\n\n-----END CERTIFICATE-----`,
    ]) {
      expect(readable(readTls(text)).commonName).toBe(SERVICE_NAME);
    }
  });

  it.each([
    ['PKCS#8', (pem: string) => pem],
    ['PKCS#1', (pem: string) => createPrivateKey(pem).export({ format: 'pem', type: 'pkcs1' }).toString()],
  ])('may hold the key as %s', (_, convert) => {
    const source = { format: 'TLS' as const, certificatePem: pemOf(leaf), privateKeyPem: convert(keyPem) };
    expect(readServerCertificate(source).kind).toBe('Readable');
  });

  it.each([
    { usages: [], forServers: true },
    { usages: [EXTENDED_KEY_USAGE.any], forServers: true },
    { usages: [EXTENDED_KEY_USAGE.clientAuth, EXTENDED_KEY_USAGE.serverAuth], forServers: true },
    { usages: [EXTENDED_KEY_USAGE.clientAuth], forServers: false },
  ])('is for servers with the usages $usages: $forServers', async ({ usages, forServers }) => {
    expect(readable(readTls(pemOf(await issueLeaf({ usages })))).forServers).toBe(forServers);
  });

  it('may have neither common name nor organization nor alternative names', async () => {
    const bare = readable(readTls(pemOf(await issueLeaf({}, 'OU=Gateways'))));
    expect(bare).toMatchObject({ commonName: undefined, organization: undefined, dnsNames: [] });
  });

  it('keeps letters beyond ASCII', async () => {
    const { organization } = readable(readTls(pemOf(await issueLeaf({}, `CN=${SERVICE_NAME}, O=Käse & Söhne`))));
    expect(organization).toBe('Käse & Söhne');
  });
});

describe('a Secret that cannot be used', () => {
  const unreadable = (certificatePem: string, privateKeyPem = keyPem) =>
    readServerCertificate({ format: 'TLS', certificatePem, privateKeyPem });

  it('has no certificate', () => {
    expect(unreadable(keyPem)).toEqual({
      kind: 'Unreadable',
      reason: 'CertificateUnreadable',
      message: expect.stringContaining('It holds no certificate in PEM form (-----BEGIN CERTIFICATE-----). Store'),
    });
  });

  it('has a block that is no certificate', () => {
    const block = '-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n';
    expect(unreadable(`${pemOf(leaf)}${block}`)).toMatchObject({
      reason: 'CertificateUnreadable',
      message: expect.stringContaining('It holds a PEM block that is no certificate. Store'),
    });
  });

  it('has an encrypted key, or none', () => {
    const encrypted = (type: 'pkcs8' | 'pkcs1') =>
      createPrivateKey(keyPem).export({ format: 'pem', type, cipher: 'aes-256-cbc', passphrase: 'word' }).toString();
    for (const key of [encrypted('pkcs8'), encrypted('pkcs1'), pemOf(leaf), '']) {
      expect(unreadable(pemOf(leaf), key)).toMatchObject({
        reason: 'CertificateUnreadable',
        message: expect.stringContaining('no unencrypted private key in PEM form'),
      });
    }
  });

  it('has the key of another certificate', async () => {
    for (const other of [await rsaKeys(), (await party('x')).keys]) {
      expect(unreadable(pemOf(leaf, intermediateCertificate), await privateKeyPem(other))).toMatchObject({
        reason: 'PrivateKeyMismatch',
        message: expect.stringContaining('Store the key with which the certificate was requested.'),
      });
    }
  });

  it.each([
    { what: 'certificate', part: () => leaf, rest: () => '' },
    { what: 'issuer', part: () => intermediateCertificate, rest: () => pemOf(leaf) },
  ])('has any byte of the $what damaged: that is said, and nothing is thrown', ({ part, rest }) => {
    const { raw } = part();
    const damaged = fc.tuple(fc.nat({ max: raw.length - 1 }), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(damaged, ([position, change]) => {
        const der = Buffer.from(raw);
        der[position] = (der[position] ?? 0) ^ change;
        const pem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----`;
        expect(['Readable', 'Unreadable']).toContain(unreadable(`${rest()}${pem}`).kind);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a PFX file', () => {
  it('says the same as the PEM files that it was made from', async () => {
    const fromPem = withKey(readTls(pemOf(leaf, intermediateCertificate, rootCertificate)));
    const pfx = await writePkcs12(fromPem.certificate.chain, fromPem.privateKey);
    const fromPfx = readServerCertificate({ format: 'PFX', pfx, password: '' });
    expect(comparable(fromPfx)).toEqual(comparable(fromPem));
  });

  it('says when the password is wrong, and never repeats it', async () => {
    const pfx = await writePkcs12([leaf], createPrivateKey(keyPem));
    const reading = readServerCertificate({ format: 'PFX', pfx, password: 'Correct Horse' });
    expect(reading).toEqual({
      kind: 'Unreadable',
      reason: 'CertificateUnreadable',
      message: expect.stringContaining('The password does not open the PKCS#12 file. Correct'),
    });
  });

  it('says when it has no certificate', async () => {
    const pfx = await writePkcs12([], createPrivateKey(keyPem));
    expect(readServerCertificate({ format: 'PFX', pfx, password: '' })).toMatchObject({
      reason: 'CertificateUnreadable',
      message: expect.stringContaining('Export it together with the private key.'),
    });
  });

  it.each([
    { what: 'empty', content: '' },
    { what: 'text', content: 'no PFX' },
    { what: 'base64 of a file', content: 'MIIKCgIBAzCCCc' },
    { what: 'another structure', content: '\x30\x03\x02\x01\x03' },
  ])('says when it is none: $what', ({ content }) => {
    const pfx = Buffer.from(content, 'latin1');
    expect(readServerCertificate({ format: 'PFX', pfx, password: 'word' })).toMatchObject({
      reason: 'CertificateUnreadable',
      message: expect.stringContaining('Its file is no readable PKCS#12 file (.pfx). Export'),
    });
  });

  it('says when the key belongs to none of its certificates', async () => {
    const pfx = await writePkcs12([intermediateCertificate], createPrivateKey(keyPem));
    expect(readServerCertificate({ format: 'PFX', pfx, password: '' })).toMatchObject({ reason: 'PrivateKeyMismatch' });
  });
});

describe('what is told of a Secret', () => {
  const PASSWORD = 'Correct-Horse-Battery';

  /** Pieces of the secrets, short enough that a part of a line would be noticed too. */
  function secrets(): readonly string[] {
    const base64 = keyPem.split('\n').slice(1, -1).join('');
    const pieces = Array.from({ length: Math.floor(base64.length / 16) }, (_, at) =>
      base64.slice(16 * at, 16 * at + 16),
    );
    // The modulus stands in the certificate as well.
    const { d = '', p: prime = '' } = createPrivateKey(keyPem).export({ format: 'jwk' });
    return [...pieces.filter((piece) => !leaf.raw.toString('base64').includes(piece)), d, prime, PASSWORD];
  }

  function expectNothingSecret(reading: CertificateReading): void {
    const told = `${JSON.stringify(reading)} ${inspect(reading, { depth: 5 })}`;
    expect(secrets().filter((secret) => told.includes(secret))).toEqual([]);
  }

  it('is nothing secret, whatever stands where', () => {
    const anyText = fc.constantFrom(
      keyPem,
      pemOf(leaf),
      keyPem.replaceAll('PRIVATE KEY', 'CERTIFICATE'),
      keyPem.replaceAll('\n', ' '),
      keyPem.slice(0, 900),
      `${keyPem}\n${pemOf(leaf, intermediateCertificate)}`,
      PASSWORD,
      '',
    );
    fc.assert(
      fc.property(anyText, anyText, anyText, (certificatePem, privateKeyPem, caPem) => {
        expectNothingSecret(readServerCertificate({ format: 'TLS', certificatePem, privateKeyPem, caPem }));
      }),
      { numRuns: 200 },
    );
  });

  it('is nothing secret of a PFX file, damaged or not', async () => {
    const pfx = await writePkcs12([leaf, intermediateCertificate], createPrivateKey(keyPem));
    const files = [pfx, pfx.subarray(0, -40), Buffer.from(keyPem), Buffer.from(PASSWORD), Buffer.alloc(0)];
    for (const file of files) {
      for (const password of ['', PASSWORD, keyPem]) {
        expectNothingSecret(readServerCertificate({ format: 'PFX', pfx: file, password }));
      }
    }
  });
});
