import { Agent, request } from 'undici';
import { parse } from 'yaml';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import type { PemPair } from './certificates.ts';

/** Where the API server is and who asks. */
export interface ApiConnection {
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  readonly caPem: string;
  readonly credentials: ApiCredentials;
}

/**
 * A bearer token, or a client certificate. Of the second the API server checks the chain with each request, which is a twentieth
 * of the processor time that it takes in a run of the tests.
 */
export type ApiCredentials = { readonly token: string } | PemPair;

/** What identifies a client in its requests, by their headers or by the connection. */
export function presenting(credentials: ApiCredentials): {
  readonly headers: Readonly<Record<string, string>>;
  readonly connect: { readonly cert?: string; readonly key?: string };
} {
  return 'token' in credentials
    ? { headers: { authorization: `Bearer ${credentials.token}` }, connect: {} }
    : { headers: {}, connect: { cert: credentials.certPem, key: credentials.keyPem } };
}

/** A JSON answer of the API server. `body` is what it sent, unchecked. */
export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

/**
 * A few plain requests to the API server, for setting tests up and cleaning up after them. Tests that judge what the
 * operator did use it too, so that they do not depend on the operator's own client.
 */
export interface ApiClient {
  /**
   * Sends one request and returns the answer, whatever its status.
   *
   * @param path path and query, such as `/api/v1/namespaces?limit=1`
   * @param body sent as JSON; a string is sent as it is
   * @param contentType default `application/json`; a patch names its kind here
   */
  send(method: Method, path: string, body?: unknown, contentType?: string): Promise<ApiResponse>;
  /** As `send`, and throws with the API server's message unless the status is 2xx. Returns the body. */
  call(method: Method, path: string, body?: unknown, contentType?: string): Promise<unknown>;
  /** Closes the connections. */
  close(): Promise<void>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The media type of a server-side apply. */
export const APPLY_PATCH = 'application/apply-patch+yaml';
/** The media type of a JSON merge patch. */
export const MERGE_PATCH = 'application/merge-patch+json';

/** Opens a client; no request is sent yet. */
export function createApiClient(connection: ApiConnection): ApiClient {
  const { headers, connect } = presenting(connection.credentials);
  const dispatcher = new Agent({ connect: { ca: connection.caPem, ...connect } });
  const send: ApiClient['send'] = async (method, path, body, contentType = 'application/json') => {
    const response = await request(`${connection.server}${path}`, {
      dispatcher,
      method,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: parsed(text) };
  };
  return {
    send,
    call: async (method, path, body, contentType) => {
      const response = await send(method, path, body, contentType);
      if (response.status >= 300) {
        throw new Error(`${method} ${path} answered ${response.status}: ${messageOf(response.body)}`);
      }
      return response.body;
    },
    close: () => dispatcher.destroy(),
  };
}

/** The connection that a kubeconfig of `kubeconfigOf` describes. */
export function connectionOf(kubeconfig: string): ApiConnection {
  const { clusters, users } = parse(kubeconfig) as Kubeconfig;
  const cluster = clusters[0]?.cluster;
  const user = users[0]?.user;
  if (cluster === undefined || user === undefined) throw new Error('the kubeconfig names no cluster or no user');
  return {
    server: cluster.server,
    caPem: decode(cluster['certificate-authority-data']),
    credentials:
      'token' in user
        ? { token: user.token }
        : { certPem: decode(user['client-certificate-data']), keyPem: decode(user['client-key-data']) },
  };
}

/** Most and least time between two looks, in milliseconds, and which part of the time waited so far goes by between. */
const LOOKS = { least: 25, most: 150, part: 1 / 8 } as const;

/**
 * Calls `condition` until it resolves to something else than undefined: at first often, for what comes at once, and after a
 * second every 150 ms, for each look takes processor time from what is waited for.
 */
export async function waitFor<Result>(
  what: string,
  condition: () => Promise<Result | undefined>,
  timeoutMs = 20_000,
): Promise<Result> {
  const begun = systemClock.monotonic();
  for (;;) {
    const result = await condition();
    if (result !== undefined) return result;
    const waited = systemClock.monotonic() - begun;
    if (waited > timeoutMs) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
    await sleep(systemClock, Math.min(Math.max(waited * LOOKS.part, LOOKS.least), LOOKS.most));
  }
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly {
    readonly user:
      | { readonly token: string }
      | { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

/** The health endpoints answer with plain text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function messageOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message);
  return String(body);
}
