import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { sleep } from '../../../src/runtime/clock.ts';
import { startTlsServer, type TlsServer } from '../tls-server.ts';
import type { Authenticator, Negotiator, Rights } from './authentication.ts';
import { dispatch } from './dispatcher.ts';
import { errorBody, readRequest, SiteFault, type SiteReply, type SiteRequest } from './exchange.ts';
import type { FaultAction, Faults } from './faults.ts';
import type { RequestLimit } from './request-limit.ts';
import type { SimulatedClass } from './simulated-class.ts';
import type { SiteWorld } from './world.ts';

/** A request that was answered. Bodies of requests are kept for writes only. */
export interface Journal {
  readonly reads: number;
  readonly writes: readonly { readonly method: string; readonly path: string; readonly text: string }[];
}

export interface ServerParts {
  readonly world: SiteWorld;
  classes(): readonly SimulatedClass[];
  readonly faults: Faults;
  readonly limit: RequestLimit;
  readonly authenticator: Authenticator;
  /** What an account may do. */
  rightsOf(account: string): Rights;
  /** Begins to accept SPNEGO tokens on a new connection. Absent: nobody can. */
  readonly newNegotiator: (() => Negotiator) | undefined;
  control(request: SiteRequest): Promise<SiteReply | undefined>;
  /** Told of each request that was carried out. */
  carriedOut(request: SiteRequest): void;
}

/** Starts the server of a simulated SMS Provider. */
export function startServer(port: number, parts: ServerParts, hostNames: readonly string[]): Promise<TlsServer> {
  const negotiators = new WeakMap<Socket, Negotiator>();
  return startTlsServer(
    'AdminService simulator',
    port,
    (incoming, response) => {
      serve(parts, negotiators, incoming, response).catch((error: unknown) => {
        console.error('the simulator failed:', error);
        if (response.headersSent) response.destroy();
        else send(response, { status: 500, body: errorBody(500, 'The simulator itself failed.') });
      });
    },
    hostNames,
  );
}

async function serve(
  parts: ServerParts,
  negotiators: WeakMap<Socket, Negotiator>,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Clients hang up when they are stopped; that is theirs to do.
  incoming.on('error', () => {});
  response.on('error', () => {});
  response.sendDate = false;
  const url = incoming.url ?? '';
  const isControl = /^\/+simulator(\/|$)/.test(url);
  const fault = isControl ? undefined : parts.faults.next(incoming.method ?? 'GET', url);
  if (fault?.kind === 'dropConnection') {
    incoming.socket.destroy();
    return;
  }
  if (fault?.kind === 'delay') await sleep(parts.world.clock, fault.ms);
  const request = await readRequest(incoming).catch(() => undefined);
  if (request === undefined) {
    response.destroy();
    return;
  }
  const reply = isControl
    ? ((await parts.control(request)) ?? { status: 404, body: { error: `No such path: ${request.path}` } })
    : await answer(parts, request, fault, incoming.socket, negotiators);
  response.setHeader('Date', new Date(parts.world.clock.now()).toUTCString());
  if (fault?.kind === 'applyThenDrop') incoming.socket.destroy();
  else if (fault?.kind === 'htmlPage') sendPage(response, fault.status ?? 200);
  else send(response, reply, fault?.kind === 'malformedJson');
}

async function answer(
  parts: ServerParts,
  request: SiteRequest,
  fault: FaultAction | undefined,
  socket: Socket,
  negotiators: WeakMap<Socket, Negotiator>,
): Promise<SiteReply> {
  if (fault?.kind === 'answer') {
    const { status, message = 'This answer was asked for by a fault rule.', headers = {} } = fault;
    return { status, headers, body: errorBody(status, message) };
  }
  if (fault?.kind === 'htmlPage') return { status: fault.status ?? 200 };
  if (fault?.kind === 'removeDevices') for (let n = 0; n < fault.count; n += 1) parts.world.fleet.remove(0);
  if (!parts.limit.takes(socket.remoteAddress ?? '')) {
    return { status: 429, headers: { 'Retry-After': '1' }, body: errorBody(429, 'Too many requests.') };
  }
  const target = /^\/+AdminService(_TokenAuth)?\/+(.*)$/i.exec(request.path);
  if (target === null) return { status: 404 };
  const [, tokenRoute, path = ''] = target;
  const negotiator = negotiators.get(socket) ?? parts.newNegotiator?.();
  if (negotiator !== undefined) negotiators.set(socket, negotiator);
  const caller = await parts.authenticator.authenticate(
    request.headers.authorization,
    tokenRoute !== undefined,
    negotiator,
  );
  if (caller.kind === 'Refused') return caller.reply;
  const reply = authorizedAnswer(parts, request, path, parts.rightsOf(caller.name));
  return { ...reply, headers: { ...caller.headers, ...reply.headers } };
}

function authorizedAnswer(parts: ServerParts, request: SiteRequest, path: string, rights: Rights): SiteReply {
  if (rights === 'None' || (rights === 'ReadOnly' && request.method !== 'GET')) {
    return { status: 403, body: errorBody(403, 'The account is not authorized to do this in Configuration Manager.') };
  }
  try {
    const reply = dispatch({ classes: parts.classes(), pageSize: () => parts.world.settings.pageSize }, request, path);
    parts.carriedOut(request);
    return reply;
  } catch (error) {
    if (error instanceof SiteFault) return error.reply;
    throw error;
  }
}

function send(response: ServerResponse, { status, headers, body }: SiteReply, malformed = false): void {
  const whole = body === undefined ? '' : JSON.stringify(body);
  const text = malformed ? whole.slice(0, whole.length / 2) : whole;
  response.writeHead(status, {
    ...headers,
    ...(text === '' ? {} : { 'Content-Type': 'application/json; odata.metadata=minimal' }),
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

function sendPage(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/html' });
  response.end(
    '<!DOCTYPE html><html><head><title>Error</title></head><body>The proxy could not connect.</body></html>',
  );
}
