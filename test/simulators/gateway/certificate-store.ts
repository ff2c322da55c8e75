import { readPkcs12 } from '../../../src/certificates/pkcs12-reader.ts';
import type { SecretVersion } from '../arm/providers/vault-secrets.ts';

/**
 * The files of the store `LocalMachine\My`, by the SHA-256 of their certificate in lower-case hexadecimal digits. A secret
 * that is no PFX file without a password is left out: nothing could be found in it.
 */
export function filesOfStore(secrets: readonly SecretVersion[]): ReadonlyMap<string, Uint8Array> {
  return new Map(
    secrets.flatMap(({ value }) => {
      const pfx = Buffer.from(value, 'base64');
      const sha256 = thumbprintOf(pfx);
      return sha256 === undefined ? [] : [[sha256, pfx] as const];
    }),
  );
}

function thumbprintOf(pfx: Uint8Array): string | undefined {
  try {
    const { certificates, privateKey } = readPkcs12(pfx, '');
    const leaf = certificates.find(
      (certificate) => privateKey !== undefined && certificate.checkPrivateKey(privateKey),
    );
    return leaf?.fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    return undefined;
  }
}
