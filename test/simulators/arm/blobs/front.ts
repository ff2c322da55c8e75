import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { IssuedCertificate } from '../../../certificate-authority.ts';
import { type Entra, STORAGE_AUDIENCES } from '../entra.ts';
import { originOf } from '../exchange.ts';
import { lastName, ownerOf } from '../resource-path.ts';
import type { WorldState } from '../world-state.ts';
import { dataActionFor, mayUseData } from './access.ts';
import { startAzuriteProcess } from './azurite-process.ts';
import { createMappedContainers } from './containers.ts';

/**
 * Blob storage at `/blob/<account>/<container>/<blob>`: Azurite, behind what only Azure knows: which accounts and
 * containers exist, and who has a role for their data. Bodies are streamed through.
 */
export interface BlobFront {
  /** Takes the accounts and containers of this world from now on. */
  follow(world: WorldState): void;
  /** Whether a blob was uploaded. */
  exists(url: string): boolean;
  stream(incoming: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

/** An error as blob storage answers it. */
interface BlobError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts Azurite and what stands before it. */
export async function createBlobFront(parts: {
  readonly entra: Entra;
  readonly certificate: IssuedCertificate;
  readonly caPem: string;
}): Promise<BlobFront> {
  const azurite = await startAzuriteProcess(parts.certificate);
  const agent = new Agent({ keepAlive: true, ca: parts.caPem, maxSockets: 64 });
  const containers = createMappedContainers(azurite.origin, agent, () =>
    parts.entra.serviceToken('https://storage.azure.com'),
  );
  const uploaded = new Set<string>();
  let world: WorldState | undefined;

  const forget = (prefix: string) => {
    for (const path of uploaded) if (path.startsWith(prefix)) uploaded.delete(path);
  };

  const stream = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (world === undefined) return refuse(incoming, response, unavailable());
    const url = new URL(`${originOf(incoming)}/${(incoming.url ?? '').replace(/^\/+/, '')}`);
    const place = placeIn(url.pathname);
    const refusal = refusalOf(world, parts.entra, incoming, place);
    if (refusal !== undefined) return refuse(incoming, response, refusal);
    const path = await containers.path(place.account, place.container);
    if (path === undefined) return refuse(incoming, response, containerNotFound());
    const target = `${azurite.origin}${path}${place.blob === '' ? '' : `/${place.blob}`}${url.search}`;
    let status: number;
    try {
      status = await forward(incoming, response, target, agent);
    } catch {
      // The client hung up, or Azurite did; either way there is nobody to answer properly.
      response.destroy();
      return undefined;
    }
    const key = `${place.account}/${place.container}/${place.blob}`;
    const comp = url.searchParams.get('comp');
    if (incoming.method === 'PUT' && status === 201 && (comp === null || comp === 'blocklist')) uploaded.add(key);
    if (incoming.method === 'DELETE' && status === 202) uploaded.delete(key);
    return undefined;
  };

  return {
    follow: (next) => {
      if (world !== undefined) {
        containers.removeAll();
        uploaded.clear();
      }
      world = next;
      next.onChange((id, resource) => {
        if (next !== world || !isContainer(id)) return;
        const [account, container] = [lastName(ownerOf(ownerOf(id))).toLowerCase(), lastName(id).toLowerCase()];
        if (resource === undefined) {
          containers.remove(account, container);
          forget(`${account}/${container}/`);
        } else if (resource.createdAt === resource.changedAt) {
          containers.add(account, container);
        }
      });
    },
    exists: (url) => {
      const { account, container, blob } = placeIn(new URL(url).pathname);
      return uploaded.has(`${account}/${container}/${blob}`);
    },
    stream,
    close: async () => {
      agent.destroy();
      await azurite.close();
    },
  };
}

interface BlobPlace {
  readonly account: string;
  readonly container: string;
  /** Still percent-encoded. */
  readonly blob: string;
}

function placeIn(pathname: string): BlobPlace {
  const [account = '', container = '', ...blob] = pathname.replace(/^\/+blob\/+/i, '').split('/');
  return { account: account.toLowerCase(), container: decodeURIComponent(container), blob: blob.join('/') };
}

function isContainer(id: string): boolean {
  return /\/blobservices\/default\/containers\/[^/]+$/i.test(id) && id.toLowerCase().includes('/microsoft.storage/');
}

/** Why blob storage does not serve the request; `undefined` when it does. */
function refusalOf(
  world: WorldState,
  entra: Entra,
  incoming: IncomingMessage,
  { account, container }: BlobPlace,
): BlobError | undefined {
  const holder = world.nameHolder({ kind: 'storageAccount', name: account });
  if (holder?.kind !== 'Resource') {
    return { status: 404, code: 'ResourceNotFound', message: `The storage account ${account} does not exist.` };
  }
  const { authorization } = incoming.headers;
  if (authorization !== undefined && /^SharedKey/i.test(authorization)) {
    return {
      status: 403,
      code: 'KeyBasedAuthenticationNotPermitted',
      message: 'Key based authentication is not permitted on this storage account.',
    };
  }
  const caller = entra.authenticate(authorization, STORAGE_AUDIENCES);
  if (caller.kind !== 'Known') return unauthenticated(originOf(incoming), world.tenantId, caller.kind);
  const containerId = `${holder.id}/blobServices/default/containers/${container}`;
  if (!mayUseData(world, caller.principal, dataActionFor(incoming.method ?? 'GET'), containerId)) {
    return {
      status: 403,
      code: 'AuthorizationPermissionMismatch',
      message: 'This request is not authorized to perform this operation using this permission.',
    };
  }
  return world.get(containerId) === undefined ? containerNotFound() : undefined;
}

function unauthenticated(origin: string, tenantId: string, kind: 'Missing' | 'Refused'): BlobError {
  const challenge = `Bearer authorization_uri=${origin}/${tenantId}/oauth2/authorize resource_id=https://storage.azure.com`;
  return {
    status: 401,
    code: kind === 'Missing' ? 'NoAuthenticationInformation' : 'InvalidAuthenticationInfo',
    message:
      'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
    headers: { 'WWW-Authenticate': challenge },
  };
}

function containerNotFound(): BlobError {
  return { status: 404, code: 'ContainerNotFound', message: 'The specified container does not exist.' };
}

function unavailable(): BlobError {
  return { status: 503, code: 'ServerBusy', message: 'The server is currently unable to receive requests.' };
}

function refuse(incoming: IncomingMessage, response: ServerResponse, error: BlobError): undefined {
  // What the client still sends is of no interest, but has to be taken before it reads the answer.
  incoming.resume();
  const text = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${error.code}</Code><Message>${error.message}</Message></Error>`;
  response.writeHead(error.status, {
    ...error.headers,
    'Content-Type': 'application/xml',
    'Content-Length': Buffer.byteLength(text),
    'x-ms-error-code': error.code,
    'x-ms-request-id': randomUUID(),
  });
  response.end(incoming.method === 'HEAD' ? undefined : text);
  return undefined;
}

/** Headers that belong to one connection, or that the simulator sets itself. */
const OWN_HEADERS = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding']);

/** Streams a request to Azurite and its answer back; resolves to the status. */
function forward(incoming: IncomingMessage, response: ServerResponse, target: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const onward = request(target, { method: incoming.method, headers, agent }, (answer) => {
      const own = Object.entries(answer.headers).filter(([name]) => !OWN_HEADERS.has(name));
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(own));
      pipeline(answer, response).then(() => resolve(answer.statusCode ?? 502), reject);
    });
    onward.on('error', reject);
    pipeline(incoming, onward).catch(reject);
  });
}
