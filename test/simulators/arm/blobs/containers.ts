import { createHash } from 'node:crypto';
import { type Agent, request } from 'node:https';
import { AZURITE_ACCOUNT } from './azurite-process.ts';

/** The containers of all simulated accounts, kept as containers of Azurite's one account. */
export interface MappedContainers {
  /** Creates the container behind one that now exists in ARM. */
  add(account: string, container: string): void;
  /** Removes it with its blobs. */
  remove(account: string, container: string): void;
  /** Resolves when all are gone, or Azurite is. */
  removeAll(): Promise<void>;
  /** Resolves to the path of the container at Azurite when what was begun with it is done; `undefined` when unknown. */
  path(account: string, container: string): Promise<string> | undefined;
}

const API_VERSION = '2024-11-04';

/** Keeps containers at the server `origin`, with tokens that `token` makes, and names that begin with `prefix`. */
export function createMappedContainers({
  origin,
  agent,
  token,
  prefix,
}: {
  readonly origin: string;
  readonly agent: Agent;
  readonly token: () => string;
  readonly prefix: string;
}): MappedContainers {
  const known = new Map<string, Promise<string>>();

  const send = (method: 'PUT' | 'DELETE', path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${token()}`, 'x-ms-version': API_VERSION, 'Content-Length': 0 };
      request(`${origin}${path}?restype=container`, { method, agent, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });

  const begin = (name: string, method: 'PUT' | 'DELETE') => {
    const path = `/${AZURITE_ACCOUNT}/${name}`;
    const before = known.get(name) ?? Promise.resolve(path);
    const work = before.then(async () => {
      const status = await send(method, path);
      if (status >= 300 && status !== 404 && status !== 409)
        throw new Error(`Azurite answered ${status} to ${method} ${path}.`);
      return path;
    });
    // Whoever streams to the container is told; nobody may be there yet.
    work.catch(() => {});
    known.set(name, work);
    return work;
  };
  const nameOf = (account: string, container: string) => mappedName(prefix, account, container);

  return {
    add: (account, container) => {
      begin(nameOf(account, container), 'PUT');
    },
    remove: (account, container) => {
      begin(nameOf(account, container), 'DELETE');
    },
    removeAll: async () => {
      await Promise.allSettled([...known.keys()].map((name) => begin(name, 'DELETE')));
    },
    path: (account, container) => known.get(nameOf(account, container)),
  };
}

/** Readable where it fits in the 63 characters that a name may have. */
function mappedName(prefix: string, account: string, container: string): string {
  const name = `${prefix}${account}-${container}`.toLowerCase();
  return name.length <= 63 ? name : createHash('sha256').update(name).digest('hex').slice(0, 63);
}
