import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { ApiConnectionError } from './api-error.ts';
import type { Clock } from './clock.ts';
import type { KubeConfig } from './kube-config.ts';

/** How long credentials are used before they are asked for again: a service account's token changes on disk. */
const REFRESH_MS = 60_000;

/** What shows the API server who asks, and shows us that it is the API server. Secret. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<
    RequestOptions,
    'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'servername' | 'rejectUnauthorized'
  >;
  /** Differs when `tls` does. */
  readonly tlsFingerprint: string;
}

/** Credentials of a kubeconfig, in whatever way it gives them. */
export interface CredentialSource {
  /** Asks the kubeconfig at most once a minute, and once for all who wait. Rejects with `ApiConnectionError`. */
  current(): Promise<Credentials>;
  /** The credentials were refused: asks again at the next call. */
  expire(): void;
}

/** The credentials of the current context of `kubeConfig`. */
export function createCredentialSource(kubeConfig: KubeConfig, clock: Clock): CredentialSource {
  let cached: { readonly credentials: Promise<Credentials>; readonly at: number } | undefined;
  return {
    current: () => {
      if (cached === undefined || clock.monotonic() - cached.at >= REFRESH_MS) {
        const asked = { credentials: read(kubeConfig).catch(explain), at: clock.monotonic() };
        cached = asked;
        asked.credentials.catch(() => {
          if (cached === asked) cached = undefined;
        });
      }
      return cached.credentials;
    },
    expire: () => {
      cached = undefined;
    },
  };
}

async function read(kubeConfig: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(options);
  const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(pfx !== undefined && { pfx }),
    ...(passphrase !== undefined && { passphrase }),
    ...(servername !== undefined && { servername }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
  };
  return {
    headers: { ...plainHeaders(options), ...basicAuthorization(options.auth) },
    tls,
    tlsFingerprint: createHash('sha256').update(JSON.stringify(tls)).digest('hex'),
  };
}

function explain(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  throw new ApiConnectionError(`The kubeconfig gives no credentials: ${message}`, { cause: error });
}

/** Token files end in a line break, which no header may. */
function plainHeaders({ headers }: RequestOptions): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value).trim()]));
}

function basicAuthorization(auth: string | null | undefined): Record<string, string> {
  return auth ? { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
}
