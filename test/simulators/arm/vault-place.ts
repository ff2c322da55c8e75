import type { ArmRequest } from './exchange.ts';
import type { StoredResource } from './world.ts';
import type { WorldState } from './world-state.ts';

/** What in which vault a request is for. */
export interface VaultPlace {
  /** `undefined` when there is none, or its name is not known in DNS yet. */
  readonly vault: StoredResource | undefined;
  /** Absent where neither the host nor the path names one. */
  readonly vaultName: string | undefined;
  readonly collection: 'secrets' | 'certificates';
  readonly name: string | undefined;
  /** Or the word `versions`. */
  readonly version: string | undefined;
}

const PATH = /^(?:\/vault\/([^/]+))?\/(secrets|certificates)(?:\/([^/]+))?(?:\/([^/]+))?$/i;

/**
 * Reads a request for a vault: of the host `<vault>.vault.azure.net`, below `/vault/<vault>`, or of the only vault that there
 * is, for clients that put nothing before `/secrets`. `undefined` for other paths.
 */
export function vaultPlace(world: WorldState, { path, headers }: ArmRequest): VaultPlace | undefined {
  const [, named, collection = '', name, version] = PATH.exec(path) ?? [];
  if (collection === '') return undefined;
  const host = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const suffix = `.${world.cloud.vaultSuffix}`;
  const vaultName = host.endsWith(suffix) ? host.slice(0, -suffix.length) : named?.toLowerCase();
  const known = [...world.ofType('Microsoft.KeyVault/vaults')].filter(
    (item) => item.provisioningState !== 'RegisteringDns',
  );
  const vault =
    vaultName === undefined
      ? known.length === 1
        ? known[0]
        : undefined
      : known.find((item) => item.name.toLowerCase() === vaultName);
  return {
    vault,
    vaultName,
    collection: collection.toLowerCase() === 'secrets' ? 'secrets' : 'certificates',
    name,
    version,
  };
}
