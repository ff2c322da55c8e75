import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent } from 'node:https';
import type { IssuedCertificate } from '../../../certificate-authority.ts';
import type { Entra } from '../entra.ts';
import { originOf } from '../exchange.ts';
import { lastName, ownerOf } from '../resource-path.ts';
import type { WorldState } from '../world-state.ts';
import { azuriteOfRun, containerPrefix } from './azurite-of-run.ts';
import { startAzuriteProcess } from './azurite-process.ts';
import { createMappedContainers } from './containers.ts';
import { containerNotFound, refuse, unavailable } from './errors.ts';
import { forward } from './forward.ts';
import { isContainer, placeIn, refusalOf } from './place.ts';

/**
 * Blob storage at `/blob/<account>/<container>/<blob>`: Azurite, behind what only Azure knows: which accounts and
 * containers exist, and who has a role for their data. Bodies are streamed through.
 */
export interface BlobFront {
  /** Takes the accounts and containers of this world from now on. */
  follow(world: WorldState): void;
  /** Whether a blob was uploaded. */
  exists(url: string): boolean;
  /** @param answered whether the client learns what came of it; otherwise the connection ends when it is done */
  stream(incoming: IncomingMessage, response: ServerResponse, answered?: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts Azurite, unless the test run has one, and what stands before it. */
export async function createBlobFront(parts: {
  readonly entra: Entra;
  readonly certificate: IssuedCertificate;
  readonly caPem: string;
}): Promise<BlobFront> {
  const shared = azuriteOfRun();
  const own = shared === undefined ? await startAzuriteProcess(parts.certificate) : undefined;
  const { origin, caPem } = shared ?? { origin: own?.origin ?? '', caPem: parts.caPem };
  // No connection is used twice: Azurite ends those that idle, and may do so while the next request is on its way.
  const agent = new Agent({ keepAlive: false, ca: caPem, maxSockets: 64 });
  const containers = createMappedContainers({
    origin,
    agent,
    token: () => parts.entra.serviceToken('https://storage.azure.com'),
    prefix: shared === undefined ? '' : containerPrefix(),
  });
  const uploaded = new Set<string>();
  let world: WorldState | undefined;

  const forget = (prefix: string) => {
    for (const path of uploaded) if (path.startsWith(prefix)) uploaded.delete(path);
  };

  const stream: BlobFront['stream'] = async (incoming, response, answered = true) => {
    if (world === undefined) return refuse(incoming, response, unavailable());
    const url = new URL(`${originOf(incoming)}/${(incoming.url ?? '').replace(/^\/+/, '')}`);
    const place = placeIn(url.pathname);
    const refusal = refusalOf(world, parts.entra, incoming, place);
    if (refusal !== undefined) return refuse(incoming, response, refusal);
    const path = await containers.path(place.account, place.container);
    if (path === undefined) return refuse(incoming, response, containerNotFound());
    const target = `${origin}${path}${place.blob === '' ? '' : `/${place.blob}`}${url.search}`;
    const key = `${place.account}/${place.container}/${place.blob}`;
    const comp = url.searchParams.get('comp');
    const note = (status: number) => {
      if (incoming.method === 'PUT' && status === 201 && (comp === null || comp === 'blocklist')) uploaded.add(key);
      if (incoming.method === 'DELETE' && status === 202) uploaded.delete(key);
      return answered;
    };
    try {
      await forward(incoming, response, target, agent, note);
    } catch {
      // The client hung up, or Azurite did; either way there is nobody to answer properly.
      response.destroy();
    }
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
      if (own === undefined) await containers.removeAll();
      agent.destroy();
      await own?.close();
    },
  };
}
