import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Entra } from '../entra.ts';
import type { WorldState } from '../world-state.ts';
import { refuse, unavailable } from './errors.ts';
import type { BlobFront } from './front.ts';
import { type BlobPlace, isContainer, placeIn, refusalOf } from './place.ts';

interface StoredBlob {
  readonly content: Buffer;
  /** Headers that an answer repeats: type and metadata. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Blob storage in this process, for tests that make hundreds of gateways: whole block blobs alone, written by one request. The
 * rules of who may use what are those of the other; so is the way to it.
 */
export function createMemoryBlobFront({ entra }: { readonly entra: Entra }): BlobFront {
  const blobs = new Map<string, StoredBlob>();
  let world: WorldState | undefined;

  const stream: BlobFront['stream'] = async (incoming, response, answered = true) => {
    if (world === undefined) return refuse(incoming, response, unavailable());
    const { pathname, search } = new URL(incoming.url ?? '', 'https://blobs.invalid');
    const place = placeIn(pathname);
    const refusal = search === '' ? refusalOf(world, entra, incoming, place) : NOT_SERVED;
    if (refusal !== undefined) return refuse(incoming, response, refusal);
    await serve(blobs, incoming, response, place, answered);
    return undefined;
  };

  return {
    follow: (next) => {
      blobs.clear();
      world = next;
      next.onChange((id, resource) => {
        if (next !== world || resource !== undefined || !isContainer(id)) return;
        const [, account = '', container = ''] = CONTAINER.exec(id.toLowerCase()) ?? [];
        for (const key of blobs.keys()) if (key.startsWith(`${account}/${container}/`)) blobs.delete(key);
      });
    },
    exists: (url) => blobs.has(keyOf(placeIn(new URL(url).pathname))),
    stream,
    close: async () => {},
  };
}

const CONTAINER = /\/storageaccounts\/([^/]+)\/blobservices\/default\/containers\/([^/]+)$/;

const NOT_SERVED = { status: 400, code: 'InvalidQueryParameterValue', message: 'Only whole blobs are served.' };

function keyOf({ account, container, blob }: BlobPlace): string {
  return `${account}/${container}/${blob}`;
}

async function serve(
  blobs: Map<string, StoredBlob>,
  incoming: IncomingMessage,
  response: ServerResponse,
  place: BlobPlace,
  answered: boolean,
): Promise<void> {
  const key = keyOf(place);
  if (incoming.method === 'PUT') {
    const content = await buffer(incoming);
    blobs.set(key, { content, headers: keptHeaders(incoming) });
    if (answered) response.writeHead(201, { ...describe(content), 'Content-Length': 0 }).end();
    else incoming.socket.destroy();
    return;
  }
  const blob = blobs.get(key);
  if (blob === undefined) {
    refuse(incoming, response, { status: 404, code: 'BlobNotFound', message: 'The specified blob does not exist.' });
    return;
  }
  const { content, headers } = blob;
  response.writeHead(200, { ...headers, ...describe(content), 'Content-Length': content.byteLength });
  response.end(incoming.method === 'HEAD' ? undefined : content);
}

function keptHeaders({ headers }: IncomingMessage): Record<string, string> {
  const type = headers['x-ms-blob-content-type'];
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-ms-meta-'));
  return Object.fromEntries([
    ['x-ms-blob-type', 'BlockBlob'],
    ...(typeof type === 'string' ? [['Content-Type', type]] : []),
    ...metadata.map(([name, value]) => [name, String(value)]),
  ]);
}

function describe(content: Buffer): Record<string, string> {
  return {
    ETag: `"0x${createHash('sha256').update(content).digest('hex').slice(0, 15).toUpperCase()}"`,
    'Last-Modified': new Date(0).toUTCString(),
    'x-ms-version': '2024-11-04',
  };
}
