import { createHash } from 'node:crypto';

/** Reads the values of one kind of object, Secrets or ConfigMaps, at the moment of use. Nothing is kept. */
export interface SecretReader {
  /** The decoded values of an object; `undefined` when it does not exist. */
  read(namespace: string, name: string, signal: AbortSignal): Promise<SecretValues | undefined>;
}

export interface SecretValues extends ReadonlyMap<string, Uint8Array> {
  /** Of the object itself. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A Secret that is not as the spec needs it. The message says what to create; it never shows a value. */
export interface MissingSecret {
  readonly kind: 'Missing';
  readonly message: string;
}

/** The asked keys of a Secret, in the order asked, and the whole of it. */
export type SecretLookup =
  | { readonly kind: 'Found'; readonly values: readonly Uint8Array[]; readonly secret: SecretValues }
  | MissingSecret;

/** Which keys of which Secret must be there. */
export interface SecretRequest {
  readonly namespace: string;
  readonly name: string;
  readonly keys: readonly string[];
  /** Those of the keys whose value may be empty, as a password may be. Default: none. */
  readonly mayBeEmpty?: readonly string[];
  /** What the Secret is for, as the spec names it, such as `spec.serverCertificate.secretRef`. */
  readonly purpose: string;
  /** What `reader` reads. Default: Secret. */
  readonly kind?: 'Secret' | 'ConfigMap';
}

/** Reads keys that must be there. */
export async function readSecretKeys(
  reader: SecretReader,
  { namespace, name, keys, mayBeEmpty = [], purpose, kind = 'Secret' }: SecretRequest,
  signal: AbortSignal,
): Promise<SecretLookup> {
  const secret = await reader.read(namespace, name, signal);
  if (secret === undefined) {
    return {
      kind: 'Missing',
      message: `The ${kind} ${namespace}/${name} does not exist. Create it with ${listed(keys)}, or correct ${purpose}.`,
    };
  }
  const values = keys.map((key) => secret.get(key) ?? new Uint8Array());
  const missing = keys.filter((key, at) => !secret.has(key) || (values[at]?.length === 0 && !mayBeEmpty.includes(key)));
  return missing.length > 0
    ? {
        kind: 'Missing',
        message: `The ${kind} ${namespace}/${name} lacks ${listed(missing)}. Add ${missing.length === 1 ? 'it' : 'them'}, or correct ${purpose}.`,
      }
    : { kind: 'Found', values, secret };
}

function listed(keys: readonly string[]): string {
  return `${keys.length === 1 ? 'the key' : 'the keys'} ${keys.join(' and ')}`;
}

/** Another one for each other content of a Secret, from which the content cannot be told. */
export function fingerprintOf(secret: SecretValues): string {
  const hash = createHash('sha256');
  for (const [key, value] of [...secret].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    hash.update(`${key}:${value.byteLength}:`).update(value);
  }
  return hash.digest('hex');
}

/** The value as text, without the line end that editors and shells add. */
export function textOf(value: Uint8Array | undefined): string {
  return Buffer.from(value ?? [])
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
