import 'reflect-metadata';
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { certificatesOf } from './pem.ts';
import { Pkcs12Error, readPkcs12 } from './pkcs12.ts';

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

/** A server certificate as a gateway uses it. Plain facts besides the key. */
export interface ServerCertificate {
  readonly commonName: string | undefined;
  readonly organization: string | undefined;
  /** DNS names of the subject alternative name, as written. */
  readonly dnsNames: readonly string[];
  /** In milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly keyType: string;
  /** Length of an RSA key; `undefined` for other keys. */
  readonly keyBits: number | undefined;
  /** Whether it may authenticate a server: its extended key usage says so, or says nothing. */
  readonly forServers: boolean;
  /** SHA-256 of the certificate in lower-case hexadecimal digits. */
  readonly sha256Fingerprint: string;
  /** `Public` when the chain ends in a root that Node trusts, which are Mozilla's. */
  readonly trust: 'Public' | 'Private';
  /** From the leaf upwards, without a root that clients have anyway. */
  readonly chain: readonly X509Certificate[];
  /** Name of the issuer that is missing in the chain; `undefined` when it is complete. */
  readonly missingIssuer: string | undefined;
  /** Secret. */
  readonly privateKey: KeyObject;
}

/** What reading a certificate came to. `message` says what is wrong in words for an administrator, without secrets. */
export type CertificateReading =
  | { readonly kind: 'Readable'; readonly certificate: ServerCertificate }
  | {
      readonly kind: 'Unreadable';
      readonly reason: 'CertificateUnreadable' | 'PrivateKeyMismatch';
      readonly message: string;
    };

const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const ANY_EXTENDED_KEY_USAGE = '2.5.29.37.0';

/** Longer chains are a loop or a mistake. */
const LONGEST_CHAIN = 10;

/** Reads a certificate with its key and puts its chain in order. Judges nothing yet but that both belong together. */
export function readServerCertificate(source: CertificateSource): CertificateReading {
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
  return { kind: 'Readable', certificate: describe(leaf, [...certificates, ...authorities], privateKey) };
}

type Content =
  | {
      readonly kind: 'Content';
      readonly certificates: readonly X509Certificate[];
      readonly privateKey: KeyObject;
      readonly authorities: readonly X509Certificate[];
    }
  | Extract<CertificateReading, { kind: 'Unreadable' }>;

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
    return unreadable('It holds a PEM block that is no certificate.');
  }
  if (certificates.length === 0) {
    return unreadable('It holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).');
  }
  try {
    return { kind: 'Content', certificates, authorities, privateKey: createPrivateKey(source.privateKeyPem) };
  } catch {
    return unreadable('Its private key is no unencrypted private key in PEM form (-----BEGIN PRIVATE KEY-----).');
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
    return unreadable(
      error instanceof Pkcs12Error && error.kind === 'WrongPassword'
        ? 'The password does not open the PKCS#12 file.'
        : 'Its file is no readable PKCS#12 file (.pfx).',
    );
  }
}

function unreadable(message: string): Content {
  return { kind: 'Unreadable', reason: 'CertificateUnreadable', message };
}

function describe(
  leaf: X509Certificate,
  available: readonly X509Certificate[],
  privateKey: KeyObject,
): ServerCertificate {
  const parsed = new x509.X509Certificate(leaf.raw);
  const { chain, trust, missingIssuer } = buildChain(leaf, available);
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
    sha256Fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    trust,
    chain,
    missingIssuer,
    privateKey,
  };
}

let bundledRoots: readonly X509Certificate[] | undefined;

/** Roots that clients trust by themselves. Parsed once, when the first certificate is read. */
function publicRoots(): readonly X509Certificate[] {
  bundledRoots ??= rootCertificates.map((pem) => new X509Certificate(pem));
  return bundledRoots;
}

function buildChain(
  leaf: X509Certificate,
  available: readonly X509Certificate[],
): Pick<ServerCertificate, 'chain' | 'trust' | 'missingIssuer'> {
  const chain = [leaf];
  let last = leaf;
  while (chain.length < LONGEST_CHAIN) {
    const publicRoot = publicRoots().find((root) => root.fingerprint256 === last.fingerprint256 || issued(root, last));
    if (publicRoot !== undefined) {
      return { chain, trust: 'Public', missingIssuer: undefined };
    }
    if (issued(last, last)) {
      return { chain, trust: 'Private', missingIssuer: undefined };
    }
    const issuer = available.find((candidate) => !chain.includes(candidate) && issued(candidate, last));
    if (issuer === undefined) {
      break;
    }
    chain.push(issuer);
    last = issuer;
  }
  return { chain, trust: 'Private', missingIssuer: nameOfIssuer(last) };
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function nameOfIssuer(certificate: X509Certificate): string {
  return new x509.X509Certificate(certificate.raw).issuer;
}
