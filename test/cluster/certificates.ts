import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';
const HOUR_MS = 3_600_000;
const LIFETIME_MS = 7 * 24 * HOUR_MS;

/** A certificate or a public key, and its private key, both in PEM. */
export interface PemPair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** The one authority of a test control plane: it signs the servers' certificates and the clients'. */
export interface ClusterAuthority {
  readonly caPem: string;
  /** A certificate for servers on 127.0.0.1 and localhost. */
  issueServer(): Promise<PemPair>;
  /** A certificate that the API server takes for user `user` (its CN) in `groups` (its Os). */
  issueClient(user: string, groups: readonly string[]): Promise<PemPair>;
}

/** Makes a new authority. What it issues is valid for a week. */
export async function createClusterAuthority(): Promise<ClusterAuthority> {
  const keys = await generateKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=test control plane',
    ...validity(),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const issue = async (subject: x509.JsonName, usage: string, names: readonly x509.JsonGeneralName[]) => {
    const leafKeys = await generateKeys();
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: ca.subject,
      ...validity(),
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...names])]),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { certPem: `${leaf.toString('pem')}\n`, keyPem: await privateKeyPem(leafKeys) };
  };
  return {
    caPem: `${ca.toString('pem')}\n`,
    issueServer: () =>
      issue([{ CN: ['localhost'] }], SERVER_AUTHENTICATION, [
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    issueClient: (user, groups) =>
      issue([...groups.map((group) => ({ O: [group] })), { CN: [user] }], CLIENT_AUTHENTICATION, []),
  };
}

/** A new key pair as the API server takes it for signing service-account tokens; `certPem` is the bare public key. */
export async function createSigningKey(): Promise<PemPair> {
  const keys = await generateKeys();
  const spki = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  return {
    certPem: `${x509.PemConverter.encode(spki, 'PUBLIC KEY')}\n`,
    keyPem: await privateKeyPem(keys),
  };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`;
}

/** From the machine's clock, for it is other programs, with no clock of ours, that judge these certificates. */
function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - HOUR_MS), notAfter: new Date(now + LIFETIME_MS) };
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes.toString('hex');
}
