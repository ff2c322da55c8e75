import { createPrivateKey, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import * as pkijs from 'pkijs';

/** What a PKCS#12 file holds. */
export interface Pkcs12Content {
  readonly certificates: readonly X509Certificate[];
  readonly privateKey: KeyObject | undefined;
}

/** `WrongPassword` where that is the reason, `Malformed` for anything else. */
export class Pkcs12Error extends Error {
  override readonly name = 'Pkcs12Error';
  readonly kind: 'WrongPassword' | 'Malformed';

  constructor(kind: 'WrongPassword' | 'Malformed') {
    super(kind === 'WrongPassword' ? 'The password does not open the file.' : 'The file is no readable PKCS#12 file.');
    this.kind = kind;
  }
}

/**
 * Opens a PKCS#12 file as Windows and OpenSSL write it, old ciphers (3DES, RC2) included.
 *
 * @throws a `Pkcs12Error`; it never repeats anything from the file
 */
export function readPkcs12(file: Uint8Array, password: string): Pkcs12Content {
  const bags = openBags(file, password);
  const certificates = bags.flatMap(({ type, cert, asn1 }) => {
    if (type !== forge.pki.oids.certBag) {
      return [];
    }
    // The library decodes RSA certificates only, and hands out the others as they stand in the file.
    const der = asn1 ?? (cert ? forge.pki.certificateToAsn1(cert) : undefined);
    return der === undefined ? [] : [new X509Certificate(derOf(der))];
  });
  const keyBag = bags.find(({ type }) => type === forge.pki.oids.pkcs8ShroudedKeyBag || type === forge.pki.oids.keyBag);
  return { certificates, privateKey: keyBag === undefined ? undefined : keyOf(keyBag) };
}

function openBags(file: Uint8Array, password: string): forge.pkcs12.Bag[] {
  let asn1: forge.asn1.Asn1;
  try {
    asn1 = forge.asn1.fromDer(Buffer.from(file).toString('binary'));
  } catch {
    throw new Pkcs12Error('Malformed');
  }
  try {
    return forge.pkcs12.pkcs12FromAsn1(asn1, false, password).safeContents.flatMap(({ safeBags }) => safeBags);
  } catch (error) {
    const wrong = error instanceof Error && /password|mac could not be verified/i.test(error.message);
    throw new Pkcs12Error(wrong ? 'WrongPassword' : 'Malformed');
  }
}

function keyOf({ key, asn1 }: forge.pkcs12.Bag): KeyObject | undefined {
  if (key) {
    const info = forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key));
    return createPrivateKey({ key: derOf(info), format: 'der', type: 'pkcs8' });
  }
  return asn1 ? createPrivateKey({ key: derOf(asn1), format: 'der', type: 'pkcs8' }) : undefined;
}

function derOf(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}

const engine = new pkijs.CryptoEngine({
  name: 'node',
  crypto: webcrypto as unknown as ConstructorParameters<typeof pkijs.CryptoEngine>[0]['crypto'],
});
pkijs.setEngine('node', engine);

/** Object identifiers of RFC 7292, section 4.2. */
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';

/** The password is empty, so more rounds of key derivation would protect nothing. */
const ITERATIONS = 1;

type Encryption = Parameters<pkijs.PKCS8ShroudedKeyBag['makeInternalValues']>[0]['contentEncryptionAlgorithm'];

/** The library's type asks for an initialisation vector, which it makes itself. */
const AES_256_CBC = { name: 'AES-CBC', length: 256 } as unknown as Encryption;

/** A PKCS#12 file without a password, as the key vault stores certificates. Secret. */
export async function writePkcs12(chain: readonly X509Certificate[], privateKey: KeyObject): Promise<Buffer> {
  const password = new ArrayBuffer(0);
  const keyInfo = privateKey.export({ format: 'der', type: 'pkcs8' });
  const keyBag = new pkijs.PKCS8ShroudedKeyBag({ parsedValue: pkijs.PrivateKeyInfo.fromBER(arrayBufferOf(keyInfo)) });
  await keyBag.makeInternalValues({
    password,
    contentEncryptionAlgorithm: AES_256_CBC,
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: ITERATIONS,
  });
  const certificateBags = chain.map(
    ({ raw }) =>
      new pkijs.SafeBag({
        bagId: CERTIFICATE_BAG,
        bagValue: new pkijs.CertBag({ parsedValue: pkijs.Certificate.fromBER(arrayBufferOf(raw)) }),
      }),
  );
  const safeBags = [new pkijs.SafeBag({ bagId: SHROUDED_KEY_BAG, bagValue: keyBag }), ...certificateBags];
  const authenticatedSafe = new pkijs.AuthenticatedSafe({
    parsedValue: { safeContents: [{ privacyMode: 0, value: new pkijs.SafeContents({ safeBags }) }] },
  });
  await authenticatedSafe.makeInternalValues({ safeContents: [{}] });
  const pfx = new pkijs.PFX({ parsedValue: { integrityMode: 0, authenticatedSafe } });
  await pfx.makeInternalValues({
    password,
    iterations: ITERATIONS,
    pbkdf2HashAlgorithm: 'SHA-256',
    hmacHashAlgorithm: 'SHA-256',
  });
  return Buffer.from(pfx.toSchema().toBER(false));
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
