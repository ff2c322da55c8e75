import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isJsonObject, type JsonObject } from '../../../src/json.ts';

/** A program that starts with its VM. */
export interface Service {
  readonly name: string;
  /** Path of a program for Node. */
  readonly program: string;
  readonly args: readonly string[];
}

/** What the programs of a VM may ask of it. */
export interface MachineInside {
  /** Azure's name of the VM's size. */
  size(): string;
  /** A token of an identity of the VM, or why there is none. */
  token(request: TokenRequest): TokenAnswer;
  /** Installs and starts a service; rejects with the reason when it ends before it has announced `ports`. */
  startService(service: Service, ports: readonly number[]): Promise<void>;
  /** A program of the VM answers at this port of 127.0.0.1 in place of one of the VM's. */
  announcePort(port: number, localPort: number): void;
}

export interface TokenRequest {
  readonly resource: string;
  readonly clientId: string | undefined;
}

export type TokenAnswer =
  | { readonly kind: 'Issued'; readonly token: string; readonly clientId: string; readonly lifetimeSeconds: number }
  | { readonly kind: 'Refused'; readonly why: string };

/**
 * One server on 127.0.0.1 for the programs of all VMs, in place of the Instance Metadata Service and of the service control
 * manager. Who asks is told by the address, which each VM has of its own from one start to the next.
 */
export interface MachineEndpoint {
  /** Opens an address for a VM that starts. */
  open(inside: MachineInside): OpenAddress;
  close(): Promise<void>;
}

export interface OpenAddress {
  /** Without a slash at the end. */
  readonly url: string;
  /** What programs of the VM still ask is refused from now on. */
  close(): void;
}

/** Starts the server. */
export async function startMachineEndpoint(): Promise<MachineEndpoint> {
  const open = new Map<string, MachineInside>();
  const server = createServer((request, response) => {
    const [, address = '', ...path] = (request.url ?? '').split('/');
    const inside = open.get(address);
    if (inside === undefined) {
      response.writeHead(404).end();
      return;
    }
    answer(inside, `/${path.join('/')}`, request, response).catch((error: unknown) => {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    open: (inside) => {
      const address = randomUUID();
      open.set(address, inside);
      return { url: `http://127.0.0.1:${port}/${address}`, close: () => void open.delete(address) };
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  inside: MachineInside,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(path, 'http://machine');
  const [, collection, name = ''] = url.pathname.split('/');
  switch (`${request.method} ${collection}`) {
    case 'GET metadata': {
      if (url.pathname === '/metadata/instance/compute/vmSize' && request.headers.metadata === 'true') {
        response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(inside.size());
        return;
      }
      const [status, body] = tokenAnswer(inside, url, request.headers.metadata === 'true');
      response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
      return;
    }
    case 'PUT services': {
      const { program, args, ports } = await bodyOf(request);
      await inside.startService({ name, program: String(program), args: listOf(args) }, listOf(ports).map(Number));
      response.writeHead(204).end();
      return;
    }
    case 'PUT ports':
      inside.announcePort(Number(name), Number((await bodyOf(request)).localPort));
      response.writeHead(204).end();
      return;
    default:
      response.writeHead(404).end();
  }
}

/** As the Instance Metadata Service answers ("How to use managed identities … to acquire an access token"). */
function tokenAnswer(inside: MachineInside, url: URL, hasHeader: boolean): readonly [status: number, body: JsonObject] {
  const refused = (why: string) => [400, { error: 'invalid_request', error_description: why }] as const;
  if (url.pathname !== '/metadata/identity/oauth2/token') return [404, { error: 'Not found' }];
  if (!hasHeader) return refused('Required metadata header not specified');
  const resource = url.searchParams.get('resource');
  if (resource === null) return refused('Required query variable "resource" is missing');
  const result = inside.token({ resource, clientId: url.searchParams.get('client_id') ?? undefined });
  if (result.kind === 'Refused') return refused(result.why);
  const { token, clientId, lifetimeSeconds } = result;
  const now = Math.floor(Date.now() / 1000);
  return [
    200,
    {
      access_token: token,
      client_id: clientId,
      expires_in: String(lifetimeSeconds),
      expires_on: String(now + lifetimeSeconds),
      not_before: String(now),
      resource,
      token_type: 'Bearer',
    },
  ];
}

async function bodyOf(request: IncomingMessage): Promise<JsonObject> {
  let text = '';
  for await (const part of request) text += String(part);
  const body: unknown = JSON.parse(text);
  if (!isJsonObject(body)) throw new Error('The body must be a JSON object.');
  return body;
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
