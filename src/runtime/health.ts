import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Clock } from './clock.ts';

/** One named question about the state of the process. */
export interface HealthCheck {
  /** Lower-case, for `?verbose`: `informer-sync`. */
  readonly name: string;
  /** What is wrong, in one line that tells no secret; `undefined` if nothing is. */
  problem(): string | undefined;
}

/** What the server answers from. */
export interface HealthServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly registry: Registry;
  /** Checks of `/livez`: if one fails for long, only a restart helps. */
  readonly liveness: readonly HealthCheck[];
  /** Checks of `/readyz`: whether the process can do its work. Not whether it leads: a follower is ready too. */
  readonly readiness: readonly HealthCheck[];
}

/** A started server. */
export interface HealthServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Serves `/livez` and `/readyz` as Kubernetes components do (200 `ok` or 500 with the failed checks; `?verbose` lists
 * all), and `/metrics` for Prometheus. Rejects if it cannot listen.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch(() => send(response, 500, 'internal error\n'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: HealthServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    send(response, 405, 'method not allowed\n');
    return;
  }
  const isVerbose = url.searchParams.has('verbose');
  switch (url.pathname) {
    case '/livez':
      sendChecks(response, 'livez', options.liveness, isVerbose);
      break;
    case '/readyz':
      sendChecks(response, 'readyz', options.readiness, isVerbose);
      break;
    case '/metrics':
      send(response, 200, await options.registry.metrics(), options.registry.contentType);
      break;
    default:
      send(response, 404, 'not found\n');
  }
}

function sendChecks(
  response: ServerResponse,
  endpoint: string,
  checks: readonly HealthCheck[],
  isVerbose: boolean,
): void {
  const results = checks.map((check) => ({ name: check.name, problem: check.problem() }));
  const isHealthy = results.every(({ problem }) => problem === undefined);
  if (isHealthy && !isVerbose) {
    send(response, 200, 'ok');
    return;
  }
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
  );
  lines.push(`${endpoint} check ${isHealthy ? 'passed' : 'failed'}`, '');
  send(response, isHealthy ? 200 : 500, lines.join('\n'));
}

function send(response: ServerResponse, status: number, body: string, contentType = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'Content-Type': contentType, 'X-Content-Type-Options': 'nosniff' });
  response.end(body);
}

/** Tells whether the event loop runs: it fails while the loop is more than `limitMs` late, and just after. */
export interface EventLoopCheck extends HealthCheck {
  stop(): void;
}

const HEARTBEAT_MS = 1_000;

/**
 * Starts a heartbeat on `clock` and judges by how late it comes.
 *
 * @param limitMs lateness that fails the check; 5,000 by default, since only a loop that stays blocked needs a restart
 */
export function startEventLoopCheck(clock: Clock, limitMs = 5_000): EventLoopCheck {
  let expectedAt = 0;
  let lastLateMs = 0;
  let cancel = () => {};
  const beat = () => {
    lastLateMs = Math.max(0, clock.monotonic() - expectedAt);
    schedule();
  };
  const schedule = () => {
    expectedAt = clock.monotonic() + HEARTBEAT_MS;
    cancel = clock.schedule(HEARTBEAT_MS, beat);
  };
  schedule();
  return {
    name: 'event-loop',
    problem: () => {
      const lateMs = Math.max(lastLateMs, clock.monotonic() - expectedAt);
      return lateMs > limitMs ? `the event loop was blocked for ${Math.round(lateMs)} ms` : undefined;
    },
    stop: () => cancel(),
  };
}

/**
 * Tells whether workers make progress: it fails while a reconcile runs for longer than `limitMs`, which must be well
 * above the reconcile timeout, since a worker whose reconcile does not heed its signal never takes another key.
 */
export function workerProgressCheck(
  controllers: readonly { readonly name: string; oldestReconcileMs(): number }[],
  limitMs: number,
): HealthCheck {
  return {
    name: 'worker-progress',
    problem: () => {
      const stuck = controllers.find((controller) => controller.oldestReconcileMs() > limitMs);
      return stuck && `a reconcile of the controller ${stuck.name} does not end`;
    },
  };
}

/** Tells whether every cache holds a complete state of the world. */
export function cacheSyncCheck(
  informers: readonly { readonly name: string; readonly store: { readonly hasSynced: boolean } }[],
): HealthCheck {
  return {
    name: 'informer-sync',
    problem: () => {
      const missing = informers.filter(({ store }) => !store.hasSynced).map(({ name }) => name);
      return missing.length === 0 ? undefined : `waiting for ${missing.join(', ')}`;
    },
  };
}
