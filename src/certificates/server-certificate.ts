import 'reflect-metadata';
import { createHash, createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { type CertificateChain, findChain, publicRoots } from './chain.ts';
import { certificatesOf } from './pem.ts';
import { MOST_ITERATIONS, Pkcs12Error, type Pkcs12Fault, readPkcs12 } from './pkcs12-reader.ts';

/** The values of a Secret that hold a server certificate. */
export type CertificateSource =
  | {
      readonly format: 'TLS';
      readonly certificatePem: string;
      readonly privateKeyPem: string;
      /** The issuing authority, as cert-manager writes it into `ca.crt`; completes the chain. */
      readonly caPem?: string | undefined;
    }
  | { readonly format: 'PFX'; readonly pfx: Uint8Array; readonly password: string };

/** What is known of a server certificate. Nothing in it is secret. */
export interface ServerCertificate extends CertificateChain {
  readonly commonName: string | undefined;
  readonly organization: string | undefined;
  /** DNS names of the subject alternative name, as written. */
  readonly dnsNames: readonly string[];
  /** In milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** As Node names it: `rsa`, `ec` and others. */
  readonly keyType: string;
  /** Length of an RSA key; `undefined` for other keys. */
  readonly keyBits: number | undefined;
  /** Whether it may authenticate a server: its extended key usage says so, or says nothing. */
  readonly forServers: boolean;
  /** SHA-256 of the certificate in lower-case hexadecimal digits. */
  readonly sha256Fingerprint: string;
  /** SHA-256 of the whole chain in lower-case hexadecimal digits: another one means that the gateway needs the new. */
  readonly chainSha256: string;
}

/** What reading a certificate came to. `message` says what is wrong in words for an administrator, without secrets. */
export type CertificateReading =
  | {
      readonly kind: 'Readable';
      readonly certificate: ServerCertificate;
      /** Secret. */
      readonly privateKey: KeyObject;
    }
  | UnreadableCertificate;

/** `message` tells what is wrong with what was read, and what to do. */
export interface UnreadableCertificate {
  readonly kind: 'Unreadable';
  readonly reason: 'CertificateUnreadable' | 'PrivateKeyMismatch';
  readonly message: string;
}

const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const ANY_EXTENDED_KEY_USAGE = '2.5.29.37.0';

/**
 * Reads a certificate with its key and puts its chain in order. Judges nothing yet but that both belong together.
 *
 * @param roots those that clients trust by themselves. Default: the ones that Node carries.
 */
export function readServerCertificate(source: CertificateSource, roots = publicRoots()): CertificateReading {
  const content = contentOf(source);
  if (content.kind === 'Unreadable') {
    return content;
  }
  const { certificates, privateKey, authorities } = content;
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(privateKey));
  if (leaf === undefined) {
    return {
      kind: 'Unreadable',
      reason: 'PrivateKeyMismatch',
      message:
        'The private key belongs to none of the certificates. Store the key with which the certificate was requested.',
    };
  }
  const facts = factsOf(leaf);
  if (facts === undefined) {
    return unreadable('Its certificate is not as X.509 prescribes. Request a new one.');
  }
  const found = findChain(leaf, [...certificates, ...authorities], roots);
  return { kind: 'Readable', certificate: { ...facts, ...found, chainSha256: hashOf(found.chain) }, privateKey };
}

/** The key alone, of a source that has been read as a certificate with its key before. */
export function readPrivateKey(
  source: CertificateSource,
): { readonly kind: 'Readable'; readonly privateKey: KeyObject } | UnreadableCertificate {
  const content = contentOf(source);
  return content.kind === 'Unreadable' ? content : { kind: 'Readable', privateKey: content.privateKey };
}

/**
 * What is known of a certificate that a server presents. `undefined` for one that is malformed.
 *
 * @param chain the certificate and those that the server sent with it; servers leave out the root
 * @param roots those that clients trust by themselves. Default: the ones that Node carries.
 */
export function readPresentedCertificate(
  chain: readonly X509Certificate[],
  roots = publicRoots(),
): ServerCertificate | undefined {
  const [leaf] = chain;
  const facts = leaf === undefined ? undefined : factsOf(leaf);
  if (leaf === undefined || facts === undefined) {
    return undefined;
  }
  const found = findChain(leaf, chain, roots);
  return { ...facts, ...found, chainSha256: hashOf(found.chain) };
}

const STORE_AS_PEM =
  'Store the server certificate and those that issued it as PEM, or set spec.serverCertificate.format to PFX if it is a .pfx file.';

type Content =
  | {
      readonly kind: 'Content';
      readonly certificates: readonly X509Certificate[];
      readonly privateKey: KeyObject;
      readonly authorities: readonly X509Certificate[];
    }
  | UnreadableCertificate;

function contentOf(source: CertificateSource): Content {
  return source.format === 'TLS' ? contentOfPem(source) : contentOfPkcs12(source);
}

function contentOfPem(source: Extract<CertificateSource, { format: 'TLS' }>): Content {
  let certificates: readonly X509Certificate[];
  let authorities: readonly X509Certificate[];
  try {
    certificates = certificatesOf(source.certificatePem);
    authorities = certificatesOf(source.caPem ?? '');
  } catch {
    return unreadable(`It holds a PEM block that is no certificate. ${STORE_AS_PEM}`);
  }
  if (certificates.length === 0) {
    return unreadable(`It holds no certificate in PEM form (-----BEGIN CERTIFICATE-----). ${STORE_AS_PEM}`);
  }
  try {
    return { kind: 'Content', certificates, authorities, privateKey: createPrivateKey(source.privateKeyPem) };
  } catch {
    return unreadable(
      'Its private key is no unencrypted private key in PEM form (-----BEGIN PRIVATE KEY-----). Store it so, without a passphrase.',
    );
  }
}

function contentOfPkcs12({ pfx, password }: Extract<CertificateSource, { format: 'PFX' }>): Content {
  try {
    const { certificates, privateKey } = readPkcs12(pfx, password);
    return privateKey === undefined || certificates.length === 0
      ? unreadable(
          'The PKCS#12 file holds no private key with its certificate. Export it together with the private key.',
        )
      : { kind: 'Content', certificates, authorities: [], privateKey };
  } catch (error) {
    if (error instanceof Pkcs12Error) {
      return unreadable(FAULTS[error.fault]);
    }
    throw error;
  }
}

const FAULTS: Readonly<Record<Pkcs12Fault, string>> = {
  WrongPassword: 'The password does not open the PKCS#12 file. Correct the password in the Secret.',
  TooSlow: `Its PKCS#12 file asks for more than ${MOST_ITERATIONS} rounds of key derivation. Export it again with fewer, such as 2048.`,
  Malformed: 'Its file is no readable PKCS#12 file (.pfx). Export the certificate again with its private key.',
};

function unreadable(message: string): UnreadableCertificate {
  return { kind: 'Unreadable', reason: 'CertificateUnreadable', message };
}

type LeafFacts = Omit<ServerCertificate, keyof CertificateChain | 'chainSha256'>;

/** `undefined` for a certificate that OpenSSL reads and that is malformed all the same. */
function factsOf(leaf: X509Certificate): LeafFacts | undefined {
  try {
    return parse(leaf);
  } catch {
    return undefined;
  }
}

function parse(leaf: X509Certificate): LeafFacts {
  const parsed = new x509.X509Certificate(leaf.raw);
  const usages = parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String);
  const names = parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return {
    commonName: parsed.subjectName.getField('CN')[0],
    organization: parsed.subjectName.getField('O')[0],
    dnsNames: names.filter(({ type }) => type === 'dns').map(({ value }) => value),
    notBefore: parsed.notBefore.getTime(),
    notAfter: parsed.notAfter.getTime(),
    keyType: leaf.publicKey.asymmetricKeyType ?? 'unknown',
    keyBits: leaf.publicKey.asymmetricKeyDetails?.modulusLength,
    forServers:
      usages === undefined || usages.includes(SERVER_AUTHENTICATION) || usages.includes(ANY_EXTENDED_KEY_USAGE),
    sha256Fingerprint: hashOf([leaf]),
  };
}

function hashOf(certificates: readonly X509Certificate[]): string {
  const hash = createHash('sha256');
  for (const { raw } of certificates) {
    hash.update(raw);
  }
  return hash.digest('hex');
}
