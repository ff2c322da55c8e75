/** What stands in the place of a secret. */
export const REDACTED = '[redacted]';

/** Names, in lower case and without `-` and `_`, of fields whose whole value is secret. */
const SECRET_FIELDS = new Set([
  'accesstoken',
  'accountkey',
  'adminpassword',
  'authorization',
  'clientassertion',
  'clientsecret',
  'connectionstring',
  'cookie',
  'idtoken',
  'passphrase',
  'password',
  'pfx',
  'privatekey',
  'protectedsettings',
  'proxyauthorization',
  'refreshtoken',
  'sastoken',
  'secret',
  'setcookie',
  'tls.key',
  'token',
  'xmsauthorizationauxiliary',
]);

/**
 * Query parameters that make a URL a capability: `sig` of a shared access signature; `t`, `c`, `s`, `h` of the signed
 * operation URLs that Azure Resource Manager returns; and the codes and tokens of OAuth.
 */
const SIGNED_PARAMETER = /([?&](?:sig|signature|t|c|s|h|code|token|access_token|client_secret)=)[^&#\s"'<>]+/gi;

const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [SIGNED_PARAMETER, `$1${REDACTED}`],
  [/\b(Bearer|Basic|SharedKey|Negotiate)\s+[\w\-.~+/:=]{8,}/gi, `$1 ${REDACTED}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, REDACTED],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/(\/\/[^/\s:@]*:)[^/\s@]+@/g, `$1${REDACTED}@`],
];

/** How deep a log line's data may be nested before the rest is left out. */
const MAX_DEPTH = 8;

/** `text` without tokens, private keys, passwords in URLs and the signed parts of URLs. */
export function redactText(text: string): string {
  return SECRET_TEXT.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text);
}

/** A copy of `fields` that is safe to log: secret fields masked by their name at any depth, and text by what it holds. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactNested(fields, MAX_DEPTH, new Set()) as Record<string, unknown>;
}

function redactNested(value: unknown, depth: number, ancestors: ReadonlySet<object>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (ancestors.has(value)) return '[circular]';
  if (depth === 0) return '[…]';
  if (value instanceof Date) return value.toJSON();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  const within = new Set([...ancestors, value]);
  const nested = (inner: unknown) => redactNested(inner, depth - 1, within);
  if (Array.isArray(value)) return value.map(nested);
  if (value instanceof URL) return redactText(value.href);
  if (value instanceof Error) return redactEntries(errorFields(value), nested);
  const entries = Object.entries(value);
  if ('kind' in value && value.kind === 'Secret') {
    return redactEntries(
      entries.filter(([name]) => name !== 'data' && name !== 'stringData'),
      nested,
    );
  }
  return redactEntries(entries, nested);
}

function redactEntries(entries: readonly [string, unknown][], nested: (value: unknown) => unknown) {
  return Object.fromEntries(entries.map(([name, value]) => [name, isSecret(name) ? REDACTED : nested(value)]));
}

/**
 * Of an error only what tells a person what happened. HTTP clients hang whole requests and responses, with their
 * headers, on their errors, so other fields are left out.
 */
function errorFields(error: Error): [string, unknown][] {
  const { name, message, stack, cause } = error;
  const details = ['code', 'status', 'statusCode', 'kind', 'reason'].map((field): [string, unknown] => [
    field,
    Reflect.get(error, field),
  ]);
  const known: [string, unknown][] = [
    ['type', name],
    ['message', message],
    ...details,
    ['stack', stack],
    ['cause', cause],
  ];
  if (error instanceof AggregateError) known.push(['errors', error.errors]);
  return known.filter(([, value]) => value !== undefined);
}

function isSecret(name: string): boolean {
  return SECRET_FIELDS.has(name.toLowerCase().replaceAll(/[-_]/g, ''));
}
