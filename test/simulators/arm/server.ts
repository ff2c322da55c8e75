import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, sleep } from '../../../src/runtime/clock.ts';
import { startTlsServer, type TlsServer } from '../tls-server.ts';
import { ArmFault } from './arm-fault.ts';
import { type Answer, type ArmRequest, readRequest } from './exchange.ts';
import type { FaultAction, Faults } from './faults.ts';

/** A request that was answered, for whoever listens. */
export interface Exchange {
  readonly request: ArmRequest;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Answer['body'];
}

/** What the server asks when a request comes in. */
export interface Handlers {
  readonly clock: Clock;
  readonly faults: Faults;
  /** Answers the control API. Not recorded, no faults. `undefined`: another path. */
  control(request: ArmRequest): Promise<Answer | undefined>;
  /** Answers all but blobs. `failure` is set when a rule wants the operation to fail. */
  answer(request: ArmRequest, fault: FaultAction | undefined): Answer;
  /** Whether the request is for blobs, which are streamed. */
  isBlobPath(path: string): boolean;
  /** Streams a request for a blob. Unless it is `answered`, the connection ends when it has been carried out. */
  streamBlob(incoming: IncomingMessage, response: ServerResponse, answered: boolean): Promise<void>;
  /** Told of every answer, but those of the control API and of blobs. */
  answered(exchange: Exchange): void;
}

/** Starts the server. `port` 0 takes a free one; `hostNames` are those that its certificate has beside the local ones. */
export function startHttpsServer(
  port: number,
  handlers: Handlers,
  hostNames: readonly string[] = [],
): Promise<TlsServer> {
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    serve(handlers, incoming, response).catch((error: unknown) => {
      console.error('the simulator failed:', error);
      const message = 'The simulator itself failed; its standard error says why.';
      if (response.headersSent) response.destroy();
      else send(response, { status: 500, body: { error: { code: 'InternalServerError', message } } });
    });
  };
  return startTlsServer('ARM simulator', port, listener, hostNames);
}

async function serve(handlers: Handlers, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  // Clients hang up when they are stopped; that is theirs to do.
  incoming.on('error', () => {});
  response.on('error', () => {});
  response.sendDate = false;
  response.setHeader('Date', new Date(handlers.clock.now()).toUTCString());
  const url = incoming.url ?? '';
  const isControl = /^\/+simulator(\/|$)/.test(url);
  const fault = isControl ? undefined : handlers.faults.next(incoming.method ?? 'GET', url);
  if (fault?.kind === 'dropConnection') {
    incoming.socket.destroy();
    return;
  }
  if (fault?.kind === 'delay') await sleep(handlers.clock, fault.ms);
  if (handlers.isBlobPath(url) && fault?.kind !== 'answer') {
    await handlers.streamBlob(incoming, response, !isUnanswered(fault));
    return;
  }
  let request: ArmRequest;
  try {
    request = await readRequest(incoming);
  } catch (error) {
    if (error instanceof ArmFault) send(response, { status: error.status, body: error.body });
    // The client broke off in the middle of its request.
    else response.destroy();
    return;
  }
  if (isControl) {
    send(
      response,
      (await handlers.control(request)) ?? { status: 404, body: { error: `No such path: ${request.path}` } },
    );
    return;
  }
  const answer = answerRequest(handlers, request, fault);
  if (fault?.kind === 'applyThenDrop') incoming.socket.destroy();
  else if (fault?.kind !== 'applyThenSilence') send(response, answer);
}

/** Carries a request out, or does what the rule says in its place, and tells of it. */
export function answerRequest(
  handlers: Pick<Handlers, 'answer' | 'answered'>,
  request: ArmRequest,
  fault: FaultAction | undefined,
): Answer {
  const answer = fault?.kind === 'answer' ? faultAnswer(fault) : handlers.answer(request, fault);
  const headers = { ...commonHeaders(request), ...answer.headers };
  handlers.answered({ request, status: answer.status, headers, body: answer.body });
  return { ...answer, headers };
}

/** Whether a rule keeps from the client what came of its request. */
export function isUnanswered(fault: FaultAction | undefined): boolean {
  return fault?.kind === 'applyThenDrop' || fault?.kind === 'applyThenSilence';
}

function faultAnswer(fault: FaultAction & { readonly kind: 'answer' }): Answer {
  const { status, code, message = 'This answer was asked for by a fault rule.', details, headers = {} } = fault;
  const error = { code, message, ...(details === undefined ? {} : { details }) };
  return { status, headers, ...(code === undefined ? {} : { body: { error } }) };
}

function commonHeaders({ headers }: ArmRequest): Record<string, string> {
  const id = randomUUID();
  const clientId = headers['x-ms-client-request-id'];
  const correlation = headers['x-ms-correlation-request-id'];
  return {
    'Cache-Control': 'no-cache',
    Pragma: 'no-cache',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'X-Content-Type-Options': 'nosniff',
    'x-ms-request-id': id,
    'x-ms-correlation-request-id': typeof correlation === 'string' ? correlation : id,
    'x-ms-routing-request-id': `SIMULATOR:${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z:${id}`,
    ...(typeof clientId === 'string' && headers['x-ms-return-client-request-id'] === 'true'
      ? { 'x-ms-client-request-id': clientId }
      : {}),
  };
}

function send(response: ServerResponse, answer: Answer): void {
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(text === '' ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
