import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import forge from 'node-forge';

/** What a PKCS#12 file holds. */
export interface Pkcs12Content {
  readonly certificates: readonly X509Certificate[];
  readonly privateKey: KeyObject | undefined;
}

/** `WrongPassword` and `TooSlow` where that is the reason, `Malformed` for anything else. */
export type Pkcs12Fault = 'WrongPassword' | 'TooSlow' | 'Malformed';

/** Why a PKCS#12 file cannot be read. It never repeats anything from the file. */
export class Pkcs12Error extends Error {
  override readonly name = 'Pkcs12Error';
  readonly fault: Pkcs12Fault;

  constructor(fault: Pkcs12Fault) {
    super(`PKCS#12: ${fault}`);
    this.fault = fault;
  }
}

/**
 * The most rounds of key derivation that are gone through, as nothing else runs meanwhile. Windows and OpenSSL ask for
 * about 2,000; the greediest exporter in use, Java's keytool before version 16, asked for 100,000.
 */
export const MOST_ITERATIONS = 100_000;

/**
 * Opens a PKCS#12 file as Windows, OpenSSL and Java write it, old ciphers (3DES, RC2) included.
 *
 * @throws a `Pkcs12Error`
 */
export function readPkcs12(file: Uint8Array, password: string): Pkcs12Content {
  const asn1 = parse(file);
  if (iterationCounts(asn1).some((count) => count > MOST_ITERATIONS)) {
    throw new Pkcs12Error('TooSlow');
  }
  const bags = openBags(asn1, password);
  try {
    const keyBag = bags.find(
      ({ type }) => type === forge.pki.oids.pkcs8ShroudedKeyBag || type === forge.pki.oids.keyBag,
    );
    return { certificates: bags.flatMap(certificateOf), privateKey: keyBag && keyOf(keyBag) };
  } catch {
    throw new Pkcs12Error('Malformed');
  }
}

function parse(file: Uint8Array): forge.asn1.Asn1 {
  try {
    return forge.asn1.fromDer(Buffer.from(file).toString('binary'));
  } catch {
    throw new Pkcs12Error('Malformed');
  }
}

/**
 * The numbers of rounds that the file asks for, where they can be seen without a password. In the MAC and in the
 * parameters of each cipher (RFC 7292, appendix A and C; RFC 8018, appendix A) they follow the salt.
 */
function iterationCounts(node: forge.asn1.Asn1): number[] {
  const { Type } = forge.asn1;
  if (Array.isArray(node.value)) {
    const children = node.value;
    const counts = children.flatMap((child, index) =>
      child.type === Type.INTEGER && children[index - 1]?.type === Type.OCTETSTRING ? [numberOf(child)] : [],
    );
    return [...counts, ...children.flatMap(iterationCounts)];
  }
  if (node.type !== Type.OCTETSTRING) {
    return [];
  }
  try {
    return iterationCounts(forge.asn1.fromDer(node.value));
  } catch {
    // It holds no structure.
    return [];
  }
}

function numberOf({ value }: forge.asn1.Asn1): number {
  return typeof value === 'string' ? Number.parseInt(forge.util.bytesToHex(value), 16) : 0;
}

/** A form in which a password may have been used for the file, and whether the MAC can be checked with it. */
interface Attempt {
  readonly password: string | undefined;
  readonly checksMac: boolean;
}

function attemptsOf(password: string): readonly Attempt[] {
  if (password === '') {
    // Where the password is empty, some programs derive keys from an empty text and others from nothing at all.
    return [
      { password, checksMac: true },
      { password: undefined, checksMac: true },
    ];
  }
  // The old ciphers and the MAC take the password in UTF-16, the new ones (PBES2) in UTF-8. The library passes each
  // character on as it stands, which serves the former; without the MAC, it can be given what serves the latter.
  const utf8 = forge.util.encodeUtf8(password);
  const usual = { password, checksMac: true };
  return utf8 === password ? [usual] : [usual, { password: utf8, checksMac: false }];
}

function openBags(asn1: forge.asn1.Asn1, password: string): readonly forge.pkcs12.Bag[] {
  let first: Pkcs12Error | undefined;
  for (const { password: form, checksMac } of attemptsOf(password)) {
    const opened = tryToOpen(checksMac ? asn1 : withoutMac(asn1), form);
    if (!(opened instanceof Pkcs12Error)) {
      return opened;
    }
    first ??= opened;
  }
  throw first ?? new Pkcs12Error('Malformed');
}

/** A PKCS#12 file is a version, the content and, as a rule, a MAC (RFC 7292, section 4). */
const PARTS_WITHOUT_MAC = 2;

function withoutMac(asn1: forge.asn1.Asn1): forge.asn1.Asn1 {
  return Array.isArray(asn1.value) ? { ...asn1, value: asn1.value.slice(0, PARTS_WITHOUT_MAC) } : asn1;
}

function tryToOpen(asn1: forge.asn1.Asn1, password: string | undefined): readonly forge.pkcs12.Bag[] | Pkcs12Error {
  try {
    return forge.pkcs12.pkcs12FromAsn1(asn1, false, password).safeContents.flatMap(({ safeBags }) => safeBags);
  } catch (error) {
    const named = error instanceof Error && /password|mac could not be verified|decrypt/i.test(error.message);
    // Without a MAC, a wrong password may as well show as nonsense in what was decrypted with it.
    const silent = Array.isArray(asn1.value) && asn1.value.length === PARTS_WITHOUT_MAC;
    return new Pkcs12Error(named || silent ? 'WrongPassword' : 'Malformed');
  }
}

function certificateOf({ type, cert, asn1 }: forge.pkcs12.Bag): X509Certificate[] {
  if (type !== forge.pki.oids.certBag) {
    return [];
  }
  // The library decodes RSA certificates only, and hands out the others as they stand in the file.
  const der = asn1 ?? (cert ? forge.pki.certificateToAsn1(cert) : undefined);
  return der === undefined ? [] : [new X509Certificate(derOf(der))];
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
