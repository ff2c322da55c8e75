import { Pool } from 'undici';
import type { JsonObject } from '../../json.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { TimeoutError, withTimeout } from '../../runtime/timeout.ts';
import type { AuthorizedRequest, SiteAuthentication } from '../authentication.ts';
import { SiteFailureError } from '../failure.ts';
import { failureOf, type HttpAnswer } from './answer-failure.ts';
import { createPace, type Pace } from './pace.ts';

export type SiteMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface SiteHttpRequest {
  readonly method: SiteMethod;
  /** Below the route, such as `wmi/SMS_Site`, encoded; or a whole address on this site. */
  readonly path: string;
  readonly body?: JsonObject;
  /** Write only if the instance still has this etag. */
  readonly ifMatch?: string | undefined;
  readonly signal: AbortSignal;
}

/** Told of each request when it has been answered or has failed; `code` is the HTTP status, or a code below HTTP. */
export type SiteRequestObserver = (method: SiteMethod, code: string, seconds: number) => void;

export interface AdminServiceOptions {
  /** `https://<FQDN of the SMS Provider>`; without a path, the route that fits the authentication is taken. */
  readonly url: string;
  /** PEM of the authorities that the site's certificate may come from; without it, those that Node trusts. */
  readonly caBundle?: string | undefined;
  readonly authentication: SiteAuthentication;
  /** By which the site's pauses are kept. */
  readonly clock: Clock;
  /** Called before each request other than GET is sent; throws when this process may not write (any more). */
  readonly fence?: (() => void) | undefined;
  readonly onRequest?: SiteRequestObserver | undefined;
  /** Product and version, such as `cmg-operator/0.1.0`. */
  readonly userAgent: string;
  /** Milliseconds for one request with its answer. Default 60,000. */
  readonly requestTimeoutMs?: number;
}

/** Requests to one AdminService. Failures are thrown as `SiteFailureError`; nothing is tried again. */
export interface SiteTransport {
  send(request: SiteHttpRequest): Promise<HttpAnswer>;
  /** Whether an address that the site handed out is below its route; no request goes elsewhere. */
  owns(address: string): boolean;
  close(): Promise<void>;
}

/** By which requests are timed out and spread: the network has the machine's time, whatever a clock simulates. */
export const NETWORK_CLOCK: Clock = systemClock;

const REQUEST_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
const MOST_CONNECTIONS = 4;
/** On average: half of what a site takes from one address. */
const REQUESTS_PER_SECOND = 100;
/** How often one request is sent while the site answers 401: Kerberos may need another ticket, and then another round. */
const MOST_TRIES = 3;
/** No page of what is read here comes near it. */
const LARGEST_ANSWER_BYTES = 32 * 1024 ** 2;

interface Connection {
  readonly options: AdminServiceOptions;
  readonly base: URL;
  readonly pool: Pool;
  readonly pace: Pace;
  /** Until when the site wants to be left alone, by the monotonic clock. */
  pausedUntil: number;
}

/** Opens a transport; connects when first used. @throws Error when the address is no `https:` one */
export function createSiteTransport(options: AdminServiceOptions): SiteTransport {
  const { caBundle } = options;
  const base = baseOf(options);
  const pool = new Pool(base.origin, {
    connections: MOST_CONNECTIONS,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: LARGEST_ANSWER_BYTES,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(caBundle === undefined ? {} : { ca: caBundle }) },
  });
  const pace = createPace(NETWORK_CLOCK, REQUESTS_PER_SECOND);
  const connection: Connection = { options, base, pool, pace, pausedUntil: Number.NEGATIVE_INFINITY };
  return {
    send: (request) => send(connection, request),
    owns: (address) => {
      const url = URL.canParse(address, base.href) ? new URL(address, base) : undefined;
      return url !== undefined && url.origin === base.origin && url.pathname.startsWith(base.pathname);
    },
    close: () => pool.destroy(),
  };
}

function baseOf({ url, authentication }: AdminServiceOptions): URL {
  const given = new URL(url);
  if (given.protocol !== 'https:') throw new Error(`The address of an AdminService begins with https:, not ${url}.`);
  const path = given.pathname === '/' ? `/${authentication.route}` : given.pathname;
  return new URL(`${given.origin}${path.replace(/\/*$/, '/')}`);
}

async function send(connection: Connection, request: SiteHttpRequest): Promise<HttpAnswer> {
  const { options, base, pace } = connection;
  refuseWhilePaused(connection);
  const authorized: AuthorizedRequest = { origin: base.origin, signal: request.signal };
  await pace.next(request.signal);
  let answer = await sendOnce(connection, request, await authorizationOf(options, authorized));
  for (let tries = 1; answer.status === 401 && tries < MOST_TRIES; tries += 1) {
    const again = await reAuthorizationOf(options, answer, authorized);
    if (again === undefined) break;
    answer = await sendOnce(connection, request, again);
  }
  if (answer.status < 300) {
    await verifyServer(options, answer, authorized);
    return answer;
  }
  const failure = failureOf(answer);
  if (failure.kind === 'Throttled') connection.pausedUntil = options.clock.monotonic() + failure.retryAfterMs;
  throw new SiteFailureError(failure);
}

function refuseWhilePaused({ options, pausedUntil }: Connection): void {
  const left = pausedUntil - options.clock.monotonic();
  if (left <= 0) return;
  const message = 'The site asked for fewer requests; they are paused.';
  throw new SiteFailureError({ kind: 'Throttled', status: 0, message, retryAfterMs: left });
}

async function authorizationOf({ authentication }: AdminServiceOptions, request: AuthorizedRequest): Promise<string> {
  try {
    return await authentication.authorization(request);
  } catch (error) {
    throw unauthorized(error, request);
  }
}

async function reAuthorizationOf(
  { authentication }: AdminServiceOptions,
  answer: HttpAnswer,
  request: AuthorizedRequest,
): Promise<string | undefined> {
  try {
    return await authentication.answerChallenge(challengesIn(answer), request);
  } catch (error) {
    throw unauthorized(error, request);
  }
}

async function verifyServer(
  { authentication }: AdminServiceOptions,
  answer: HttpAnswer,
  request: AuthorizedRequest,
): Promise<void> {
  try {
    await authentication.verify?.(challengesIn(answer), request);
  } catch (error) {
    throw unauthorized(error, request);
  }
}

function challengesIn({ header }: HttpAnswer): readonly string[] {
  return (header('www-authenticate') ?? '').split(/,\s*/).filter((challenge) => challenge !== '');
}

function unauthorized(error: unknown, { signal }: AuthorizedRequest): unknown {
  if (signal.aborted) return signal.reason;
  const message = error instanceof Error ? error.message : String(error);
  return new SiteFailureError({ kind: 'Unauthorized', status: 0, message });
}

async function sendOnce(connection: Connection, request: SiteHttpRequest, authorization: string): Promise<HttpAnswer> {
  const { options, base } = connection;
  const { fence, onRequest, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const startedAt = NETWORK_CLOCK.monotonic();
  const observe = (code: string) => onRequest?.(request.method, code, (NETWORK_CLOCK.monotonic() - startedAt) / 1000);
  if (request.method !== 'GET') fence?.();
  try {
    const answer = await withTimeout(NETWORK_CLOCK, requestTimeoutMs, request.signal, (signal) =>
      exchange(connection, request, authorization, signal),
    );
    observe(String(answer.status));
    return answer;
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    const code = codeOf(error);
    observe(code);
    const reason = (error instanceof Error ? error.message : String(error)) || code;
    throw new SiteFailureError({ kind: 'Unreachable', code, message: `No answer from ${base.host}: ${reason}` });
  }
}

async function exchange(
  { base, options, pool }: Connection,
  { method, path, body, ifMatch }: SiteHttpRequest,
  authorization: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const address = new URL(path, base);
  const response = await pool.request({
    method,
    path: `${address.pathname}${address.search}`,
    headers: {
      authorization,
      accept: 'application/json',
      'user-agent': options.userAgent,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
  });
  const header = (name: string) => {
    const value = response.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  const date = Date.parse(header('date') ?? '');
  return {
    status: response.statusCode,
    header,
    text: await response.body.text(),
    date: Number.isNaN(date) ? undefined : date,
  };
}

function codeOf(error: unknown): string {
  if (error instanceof TimeoutError) return 'Timeout';
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string') return each.code;
  }
  return 'NoAnswer';
}
