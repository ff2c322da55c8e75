import 'reflect-metadata';
import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]) } as const;
const DAY_MS = 86_400_000;

/** Extended key usages, by the names that RFC 5280 gives them. */
export const EXTENDED_KEY_USAGE = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  any: '2.5.29.37.0',
};

export type Keys = webcrypto.CryptoKeyPair;

/** A name with its keys, which certificates are issued to and by. */
export interface Party {
  readonly name: string;
  readonly keys: Keys;
}

/** A party called `CN=<name>`, with a key that is made in no time. */
export async function party(name: string): Promise<Party> {
  return { name: `CN=${name}`, keys: await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']) };
}

/** An RSA key. Slow: make one for a whole file. */
export function rsaKeys(bits = 2048): Promise<Keys> {
  return webcrypto.subtle.generateKey({ ...RSA, modulusLength: bits }, true, ['sign', 'verify']);
}

export interface Issue {
  readonly to: Party;
  /** Default: the party itself. */
  readonly by?: Party;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Left out: the certificate of an authority. */
  readonly leaf?: { readonly dnsNames?: readonly string[]; readonly usages?: readonly string[] };
}

/** Issues a certificate. All signatures are ECDSA, so the issuer must be a `party`. */
export async function issue({ to, by = to, notBefore, notAfter, leaf }: Issue): Promise<X509Certificate> {
  const { dnsNames = [], usages = [] } = leaf ?? {};
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    subject: to.name,
    issuer: by.name,
    notBefore: notBefore ?? new Date(Date.now() - DAY_MS),
    notAfter: notAfter ?? new Date(Date.now() + 365 * DAY_MS),
    publicKey: to.keys.publicKey,
    signingKey: by.keys.privateKey,
    signingAlgorithm: ECDSA,
    extensions: [
      new x509.BasicConstraintsExtension(leaf === undefined, undefined, true),
      ...(dnsNames.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns' as const, value })))]),
      ...(usages.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...usages])]),
    ],
  });
  return new X509Certificate(Buffer.from(certificate.rawData));
}

/** The private key in PEM, as PKCS#8. */
export async function privateKeyPem({ privateKey }: Keys): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
}
