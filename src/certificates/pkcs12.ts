import { createHash, type KeyObject, webcrypto, type X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import * as pkijs from 'pkijs';

const engine = new pkijs.CryptoEngine({
  name: 'node',
  crypto: webcrypto as unknown as ConstructorParameters<typeof pkijs.CryptoEngine>[0]['crypto'],
});
pkijs.setEngine('node', engine);

/** Object identifiers of RFC 7292, section 4.2. */
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';

/** Attribute that ties a key to its certificate (RFC 2985, section 5.5.2). */
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';

/** The password is empty, so more rounds of key derivation would protect nothing. */
const MAC_ITERATIONS = 1;

/**
 * A PKCS#12 file with an empty password, as the key vault stores certificates. Secret.
 *
 * @param chain the certificate of the key first
 */
export async function writePkcs12(chain: readonly X509Certificate[], privateKey: KeyObject): Promise<Buffer> {
  // Node encrypts the key, as pkijs would write the ciphertext in pieces, which only some readers put together.
  const key = privateKey.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: '' });
  const keyBag = pkijs.PKCS8ShroudedKeyBag.fromBER(arrayBufferOf(key));
  const [leaf] = chain;
  const bagAttributes = leaf === undefined ? [] : [localKeyId(leaf)];
  const certificateBags = chain.map(
    (certificate) =>
      new pkijs.SafeBag({
        bagId: CERTIFICATE_BAG,
        bagValue: new pkijs.CertBag({ parsedValue: pkijs.Certificate.fromBER(arrayBufferOf(certificate.raw)) }),
        ...(certificate === leaf ? { bagAttributes } : {}),
      }),
  );
  const safeBags = [
    new pkijs.SafeBag({ bagId: SHROUDED_KEY_BAG, bagValue: keyBag, bagAttributes }),
    ...certificateBags,
  ];
  const authenticatedSafe = new pkijs.AuthenticatedSafe({
    parsedValue: { safeContents: [{ privacyMode: 0, value: new pkijs.SafeContents({ safeBags }) }] },
  });
  await authenticatedSafe.makeInternalValues({ safeContents: [{}] });
  const pfx = new pkijs.PFX({ parsedValue: { integrityMode: 0, authenticatedSafe } });
  await pfx.makeInternalValues({
    password: new ArrayBuffer(0),
    iterations: MAC_ITERATIONS,
    pbkdf2HashAlgorithm: 'SHA-256',
    hmacHashAlgorithm: 'SHA-256',
  });
  return Buffer.from(pfx.toSchema().toBER(false));
}

/** Readers find the certificate of a key by it; few compare the keys themselves. As is usual, the value is a SHA-1. */
function localKeyId({ raw }: X509Certificate): pkijs.Attribute {
  const { Class, Type, create, oidToDer, toDer } = forge.asn1;
  const value = createHash('sha1').update(raw).digest('binary');
  const attribute = create(Class.UNIVERSAL, Type.SEQUENCE, true, [
    create(Class.UNIVERSAL, Type.OID, false, oidToDer(LOCAL_KEY_ID).getBytes()),
    create(Class.UNIVERSAL, Type.SET, true, [create(Class.UNIVERSAL, Type.OCTETSTRING, false, value)]),
  ]);
  return pkijs.Attribute.fromBER(arrayBufferOf(Buffer.from(toDer(attribute).getBytes(), 'binary')));
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
