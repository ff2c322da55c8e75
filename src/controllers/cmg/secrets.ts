/** Reads Secrets at the moment of use. Nothing is kept. */
export interface SecretReader {
  /** The decoded values of a Secret; `undefined` when it does not exist. */
  read(namespace: string, name: string, signal: AbortSignal): Promise<SecretValues | undefined>;
}

export type SecretValues = ReadonlyMap<string, Uint8Array>;

/** A Secret that is not as the spec needs it. The message says what to create; it never shows a value. */
export interface MissingSecret {
  readonly kind: 'Missing';
  readonly message: string;
}

/** The asked keys of a Secret, in the order asked. */
export type SecretLookup = { readonly kind: 'Found'; readonly values: readonly Uint8Array[] } | MissingSecret;

/**
 * Reads keys that must be there.
 *
 * @param purpose what the Secret is for, as the spec names it, such as `spec.serverCertificate.secretRef`
 */
export async function readSecretKeys(
  reader: SecretReader,
  namespace: string,
  name: string,
  keys: readonly string[],
  purpose: string,
  signal: AbortSignal,
): Promise<SecretLookup> {
  const secret = await reader.read(namespace, name, signal);
  if (secret === undefined) {
    return {
      kind: 'Missing',
      message: `The Secret ${namespace}/${name} does not exist. Create it with ${listed(keys)}, or correct ${purpose}.`,
    };
  }
  const missing = keys.filter((key) => (secret.get(key)?.length ?? 0) === 0);
  return missing.length > 0
    ? {
        kind: 'Missing',
        message: `The Secret ${namespace}/${name} lacks ${listed(missing)}. Add it, or correct ${purpose}.`,
      }
    : { kind: 'Found', values: keys.map((key) => secret.get(key) ?? new Uint8Array()) };
}

function listed(keys: readonly string[]): string {
  return `${keys.length === 1 ? 'the key' : 'the keys'} ${keys.join(' and ')}`;
}

/** The value as text, without the line end that editors and shells add. */
export function textOf(value: Uint8Array | undefined): string {
  return Buffer.from(value ?? [])
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
