import { Resolver } from 'node:dns/promises';

/** What looking up the addresses of a name came to. */
export type NameResolution =
  | { readonly kind: 'Addresses'; readonly addresses: readonly string[] }
  /** The name does not exist, or has no IPv4 address. */
  | { readonly kind: 'NoAddress' }
  /** Nobody answered, or with a failure, so that nothing is known. */
  | { readonly kind: 'Unknown' };

/** Looks up the IPv4 addresses of a name, aliases followed. Gateways have no others. Rejects only when `signal` is aborted. */
export type ResolveName = (name: string, signal: AbortSignal) => Promise<NameResolution>;

const NO_ADDRESS: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Looks names up at the servers that the machine is configured with.
 *
 * @param servers those to ask instead, as `127.0.0.1:53`
 */
export function createResolveName(servers?: readonly string[]): ResolveName {
  return async (name, signal) => {
    signal.throwIfAborted();
    const resolver = new Resolver({ timeout: 3000, tries: 2 });
    if (servers !== undefined) {
      resolver.setServers(servers);
    }
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return { kind: 'Addresses', addresses: await resolver.resolve4(name) };
    } catch (error) {
      signal.throwIfAborted();
      const { code } = error as NodeJS.ErrnoException;
      return NO_ADDRESS.has(code) ? { kind: 'NoAddress' } : { kind: 'Unknown' };
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}
