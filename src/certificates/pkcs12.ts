import { type KeyObject, webcrypto, type X509Certificate } from 'node:crypto';
import * as pkijs from 'pkijs';

const engine = new pkijs.CryptoEngine({
  name: 'node',
  crypto: webcrypto as unknown as ConstructorParameters<typeof pkijs.CryptoEngine>[0]['crypto'],
});
pkijs.setEngine('node', engine);

/** Object identifiers of RFC 7292, section 4.2. */
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';

/** The password is empty, so more rounds of key derivation would protect nothing. */
const MAC_ITERATIONS = 1;

/** A PKCS#12 file with an empty password, as the key vault stores certificates. Secret. */
export async function writePkcs12(chain: readonly X509Certificate[], privateKey: KeyObject): Promise<Buffer> {
  // Node encrypts the key, as pkijs would write the ciphertext in pieces, which only some readers put together.
  const key = privateKey.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: '' });
  const keyBag = pkijs.PKCS8ShroudedKeyBag.fromBER(arrayBufferOf(key));
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
    password: new ArrayBuffer(0),
    iterations: MAC_ITERATIONS,
    pbkdf2HashAlgorithm: 'SHA-256',
    hmacHashAlgorithm: 'SHA-256',
  });
  return Buffer.from(pfx.toSchema().toBER(false));
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
