import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { isJsonObject, type JsonValue } from '../../../src/json.ts';

/** What this process has sent to servers that nobody else may see. */
export interface SentSecrets {
  /** By what they are, such as `access token`; the values as they were sent. */
  readonly found: ReadonlyMap<string, ReadonlySet<string>>;
  stop(): void;
}

const CHANNEL = 'http.client.request.created';
const SECRET_MEMBERS = /^(adminPassword|client_secret|client_assertion)$/;
/** The parts of a signed operation URL that let its holder read the operation. */
const SIGNATURES = ['c', 's', 'h'];

/** Listens to the HTTP requests of this process from now on: their headers, URLs and bodies. */
export function collectSentSecrets(): SentSecrets {
  const found = new Map<string, Set<string>>();
  const add = (kind: string, value: string) => {
    found.set(kind, (found.get(kind) ?? new Set()).add(value));
  };
  const listener = (message: unknown) => {
    const { request } = message as { readonly request: ClientRequest };
    const chunks: Buffer[] = [];
    const { write, end } = request;
    const keep = (chunk: unknown) => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
    };
    request.write = ((...parameters: Parameters<typeof write>) => {
      keep(parameters[0]);
      return write.apply(request, parameters);
    }) as typeof write;
    request.end = ((...parameters: Parameters<typeof end>) => {
      keep(parameters[0]);
      const token = /^Bearer (.+)/.exec(String(request.getHeader('authorization')))?.[1];
      if (token !== undefined) add('access token', token);
      const url = new URL(request.path, 'https://host');
      for (const name of SIGNATURES) {
        const value = url.searchParams.get(name);
        if (value !== null) add('signed operation URL', value);
      }
      const text = Buffer.concat(chunks).toString();
      for (const [kind, value] of secretsIn(url.pathname, text)) add(kind, value);
      return end.apply(request, parameters);
    }) as typeof end;
  };
  subscribe(CHANNEL, listener);
  return { found, stop: () => unsubscribe(CHANNEL, listener) };
}

function secretsIn(path: string, text: string): readonly (readonly [string, string])[] {
  if (path.includes('/oauth2/')) {
    return [...new URLSearchParams(text)].filter(([name]) => SECRET_MEMBERS.test(name));
  }
  if (!text.startsWith('{')) return [];
  const found: [string, string][] = [];
  const walk = (value: JsonValue | undefined, kind: string | undefined) => {
    if (typeof value === 'string') {
      if (kind !== undefined) found.push([kind, value]);
    } else if (Array.isArray(value)) {
      for (const item of value as readonly JsonValue[]) walk(item, kind);
    } else if (isJsonObject(value)) {
      for (const [name, member] of Object.entries(value)) {
        const stored = /\/vaults\/[^/]+\/secrets\//.test(path) && name === 'value';
        walk(member, stored ? 'PFX in the vault' : SECRET_MEMBERS.test(name) ? name : kind);
      }
    }
  };
  walk(JSON.parse(text) as JsonValue, undefined);
  return found;
}
