import { type Dispatcher, Pool } from 'undici';
import { ApiConnectionError } from './api-error.ts';
import type { Clock } from './clock.ts';
import { type Credentials, createCredentialSource } from './credentials.ts';
import type { KubeConfig } from './kube-config.ts';
import type { RestClientMetrics } from './metrics.ts';

/** How long a TCP and TLS handshake may take. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Verbs of the Kubernetes API. */
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One HTTP request to the API server. */
export interface TransportRequest {
  readonly method: HttpMethod;
  /** Path and query, from the root of the API. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
  /** Ends the request at any time, and the reading of its answer. */
  readonly signal: AbortSignal;
  /** Called before each time that the request leaves; what it throws is thrown instead of sending. */
  readonly beforeSend?: () => void;
}

/** An answer whose body is still to be read, to its end, or the connection stays taken until `signal` is aborted. */
export interface TransportResponse {
  readonly status: number;
  /** The header `Retry-After`. */
  readonly retryAfter: string | undefined;
  readonly body: Dispatcher.ResponseData['body'];
}

/** What a transport needs. */
export interface TransportOptions {
  readonly kubeConfig: KubeConfig;
  readonly clock: Clock;
  /** Product and version, such as `cmg-operator/0.1.0`, for the API server's audit log. */
  readonly userAgent: string;
  /** Connections for requests; more requests wait. Watches have connections of their own. 25 by default. */
  readonly maxConnections?: number;
  readonly metrics?: RestClientMetrics;
}

/** HTTP/1.1 to one API server over connections that are kept and shared. */
export interface Transport {
  /**
   * Sends a request and resolves with the answer, whatever its status. Refreshes the credentials and tries once more on
   * 401, which promises that nothing was done. Rejects with {@link ApiConnectionError} if there is no answer, and with
   * the reason of the signal once that is aborted.
   *
   * @param lane `watch` for answers that stay open: they must not take the connections of requests
   */
  send(request: TransportRequest, lane: 'request' | 'watch'): Promise<TransportResponse>;
  /** Breaks off what is under way and closes all connections. */
  close(): Promise<void>;
}

/** Connections with one set of TLS material. */
interface Pools {
  readonly tlsFingerprint: string;
  readonly request: Pool;
  readonly watch: Pool;
}

/** Opens a {@link Transport}; connects when first used. Throws if the kubeconfig names no usable cluster. */
export function createTransport(options: TransportOptions): Transport {
  const { clock, metrics, userAgent, maxConnections = 25 } = options;
  const server = serverUrl(options.kubeConfig);
  const basePath = server.pathname.replace(/\/$/, '');
  const credentials = createCredentialSource(options.kubeConfig, clock);
  const retired = new Set<Pool>();
  let pools: Pools | undefined;
  let isClosed = false;

  /** New TLS material needs new connections; the old ones end with what is under way on them. */
  function poolsFor({ tls, tlsFingerprint }: Credentials): Pools {
    if (isClosed) throw new ApiConnectionError('The connection to the API server has been closed.');
    if (pools?.tlsFingerprint === tlsFingerprint) return pools;
    for (const pool of pools ? [pools.request, pools.watch] : []) retire(pool);
    // The caller limits the time of its request, by its clock. But a request that is given up does not give up the
    // connection that is being made for it.
    const connect = { ...tls, timeout: CONNECT_TIMEOUT_MS };
    const common = { connect, allowH2: false, headersTimeout: 0, bodyTimeout: 0 };
    pools = {
      tlsFingerprint,
      request: new Pool(server.origin, { ...common, connections: maxConnections }),
      watch: new Pool(server.origin, common),
    };
    return pools;
  }

  function retire(pool: Pool): void {
    retired.add(pool);
    void pool.close().finally(() => retired.delete(pool));
  }

  async function sendOnce(request: TransportRequest, lane: 'request' | 'watch'): Promise<TransportResponse> {
    const current = await credentials.current();
    const pool = poolsFor(current)[lane];
    request.signal.throwIfAborted();
    request.beforeSend?.();
    const startedAt = clock.monotonic();
    const observe = (code: string) =>
      metrics?.requested(code, request.method, server.host, (clock.monotonic() - startedAt) / 1_000);
    try {
      const response = await pool.request({
        method: request.method,
        path: basePath + request.path,
        headers: { 'user-agent': userAgent, ...current.headers, ...request.headers },
        ...(request.body !== undefined && { body: request.body }),
        signal: request.signal,
      });
      observe(String(response.statusCode));
      const retryAfter = response.headers['retry-after'];
      return {
        status: response.statusCode,
        retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
        body: response.body,
      };
    } catch (error) {
      observe('<error>');
      throw connectionError(error, request, server.host);
    }
  }

  return {
    send: async (request, lane) => {
      const response = await sendOnce(request, lane);
      if (response.status !== 401) return response;
      await response.body.dump();
      credentials.expire();
      return sendOnce(request, lane);
    },
    close: async () => {
      isClosed = true;
      const open = [...retired, ...(pools ? [pools.request, pools.watch] : [])];
      pools = undefined;
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
}

/** The error for a request without an answer. Node's messages hold addresses and codes, never headers. */
export function connectionError(
  error: unknown,
  request: Pick<TransportRequest, 'method' | 'path' | 'signal'>,
  host: string,
) {
  if (request.signal.aborted) return request.signal.reason;
  const path = request.path.split('?', 1)[0];
  const cause =
    error instanceof Error ? error.message || ('code' in error ? String(error.code) : error.name) : 'unknown';
  return new ApiConnectionError(`${request.method} ${path}: no answer from ${host}: ${cause}`, { cause: error });
}

function serverUrl(kubeConfig: KubeConfig): URL {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error('The kubeconfig has no cluster for its current context.');
  if (cluster.proxyUrl) throw new Error(`The kubeconfig's cluster ${cluster.name} has a proxy-url; none is supported.`);
  return new URL(cluster.server);
}
