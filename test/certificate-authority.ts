import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const RSA_2048 = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;
const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;

const DAY_MS = 86_400_000;
const EXTENDED_KEY_USAGES = { Server: '1.3.6.1.5.5.7.3.1', Client: '1.3.6.1.5.5.7.3.2' } as const;

/** A certificate and its key in PEM; `chainPem` holds the leaf and the intermediate, as cert-manager writes `tls.crt`. */
export interface IssuedCertificate {
  readonly certificatePem: string;
  readonly chainPem: string;
  readonly privateKeyPem: string;
}

export interface LeafRequest {
  /** Left out: a certificate without a common name. */
  readonly commonName?: string;
  readonly organization?: string;
  /** DNS names and IP addresses of the subject alternative name. Default: the common name. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /**
   * `RSA` (2048 bit) as a gateway needs, or the much faster `ECDSA` for servers of the test itself. Default `RSA`. Of certificates
   * with RSA that are issued in a row, so many as `RSA_KEYS` have keys that differ.
   */
  readonly key?: 'RSA' | 'ECDSA';
  /** What it is good for. Default `Server`. */
  readonly purpose?: 'Server' | 'Client';
}

export interface CertificateAuthorityOptions {
  /** Where its revocation lists are: `<url>/root.crl` and `<url>/issuing.crl`. Left out: its certificates name none. */
  readonly revocationLists?: string;
}

/** How many RSA keys this process makes. Making one takes longer than all else that a test of a gateway begins with. */
const RSA_KEYS = 5;
const rsaKeys: Promise<webcrypto.CryptoKeyPair>[] = [];
let turn = 0;

/** A root with one intermediate, made fresh for a test or the demo. */
export interface CertificateAuthority {
  readonly rootPem: string;
  readonly intermediatePem: string;
  issue(request: LeafRequest): Promise<IssuedCertificate>;
  /** Another certificate of the intermediate for the same name and key, in PEM. What it issued hangs on either. */
  renewIntermediate(): Promise<string>;
  /**
   * The revocation list of the root or of the intermediate, in DER, good for a day.
   *
   * @param revoked certificates in PEM
   */
  revocationList(by: 'Root' | 'Intermediate', revoked: readonly string[]): Promise<Uint8Array>;
}

/** Makes a new private certificate authority called `name`. */
export async function createCertificateAuthority(
  name = 'Contoso',
  { revocationLists }: CertificateAuthorityOptions = {},
): Promise<CertificateAuthority> {
  const rootKeys = await webcrypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify']);
  const intermediateKeys = await webcrypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify']);
  const notBefore = new Date(Date.now() - DAY_MS);
  const notAfter = new Date(Date.now() + 3650 * DAY_MS);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name} Root CA`,
    notBefore,
    notAfter,
    keys: rootKeys,
    signingAlgorithm: SIGNING,
    extensions: await authorityExtensions(rootKeys.publicKey, rootKeys.publicKey),
  });
  const issueIntermediate = async () =>
    x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: `CN=${name} Issuing CA`,
      issuer: root.subject,
      notBefore,
      notAfter,
      publicKey: intermediateKeys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: SIGNING,
      extensions: [
        ...(await authorityExtensions(intermediateKeys.publicKey, rootKeys.publicKey)),
        ...distributionPoint(revocationLists, 'root.crl'),
      ],
    });
  const intermediate = await issueIntermediate();
  const rootPem = pem(root);
  const intermediatePem = pem(intermediate);
  return {
    rootPem,
    intermediatePem,
    renewIntermediate: async () => pem(await issueIntermediate()),
    revocationList: async (by, revoked) => {
      const list = await x509.X509CrlGenerator.create({
        issuer: by === 'Root' ? root.subject : intermediate.subject,
        thisUpdate: notBefore,
        nextUpdate: new Date(Date.now() + DAY_MS),
        entries: revoked.map((certificate) => ({
          serialNumber: new x509.X509Certificate(certificate).serialNumber,
          revocationDate: new Date(),
        })),
        signingKey: (by === 'Root' ? rootKeys : intermediateKeys).privateKey,
        signingAlgorithm: SIGNING,
      });
      return new Uint8Array(list.rawData);
    },
    issue: async (request) => {
      const keys = await (request.key === 'ECDSA'
        ? webcrypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify'])
        : nextRsaKeys());
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: subjectOf(request),
        issuer: intermediate.subject,
        notBefore: request.notBefore ?? notBefore,
        notAfter: request.notAfter ?? new Date(Date.now() + 365 * DAY_MS),
        publicKey: keys.publicKey,
        signingKey: intermediateKeys.privateKey,
        signingAlgorithm: SIGNING,
        extensions: [
          ...(await leafExtensions(request, keys.publicKey, intermediateKeys.publicKey)),
          ...distributionPoint(revocationLists, 'issuing.crl'),
        ],
      });
      const certificatePem = pem(leaf);
      const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
      return {
        certificatePem,
        chainPem: `${certificatePem}${intermediatePem}`,
        privateKeyPem: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
      };
    },
  };
}

/** By turns, so that a certificate has another key than the one before. */
function nextRsaKeys(): Promise<webcrypto.CryptoKeyPair> {
  const place = turn;
  turn = (turn + 1) % RSA_KEYS;
  rsaKeys[place] ??= webcrypto.subtle.generateKey(RSA_2048, true, ['sign', 'verify']);
  return rsaKeys[place];
}

function distributionPoint(lists: string | undefined, name: string): x509.Extension[] {
  return lists === undefined ? [] : [new x509.CRLDistributionPointsExtension([`${lists}/${name}`])];
}

function subjectOf(request: LeafRequest): x509.JsonName {
  return [
    ...(request.commonName === undefined ? [] : [{ CN: [request.commonName] }]),
    ...(request.organization === undefined ? [] : [{ O: [request.organization] }]),
  ];
}

async function leafExtensions(request: LeafRequest, publicKey: webcrypto.CryptoKey, issuerKey: webcrypto.CryptoKey) {
  const names = request.names ?? (request.commonName === undefined ? [] : [request.commonName]);
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.ExtendedKeyUsageExtension([EXTENDED_KEY_USAGES[request.purpose ?? 'Server']]),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
    ...(names.length === 0
      ? []
      : [
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[0-9.]+$/.test(value) ? ('ip' as const) : ('dns' as const), value })),
          ),
        ]),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(issuerKey),
  ];
}

async function authorityExtensions(publicKey: webcrypto.CryptoKey, issuerKey: webcrypto.CryptoKey) {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(issuerKey),
  ];
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes.toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
