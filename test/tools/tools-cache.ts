import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../cluster/lock.ts';

const STAGING_PREFIX = '.staging-';

/** Something that the tests use and that is made once, outside the checkout. */
export interface CachedTool {
  /** Its folder in the cache, which names all that would make it another: version or hash, and platform. */
  readonly folder: string;
  /** The file or folder in there that is made. */
  readonly entry: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Told while another process makes it, with the id of that process. */
  readonly onWait?: (holder: number) => void;
}

/**
 * Path of the entry, in `cmg-operator/tools` of `$XDG_CACHE_HOME` or `~/.cache`. Several processes may ask at once: one makes
 * it, the others wait.
 *
 * @param make returns the path of what it has made, inside of the empty folder that it is given; the cache never has half of it
 */
export async function fromToolsCache(tool: CachedTool, make: (staging: string) => Promise<string>): Promise<string> {
  const { folder, entry, environment, onWait } = tool;
  const cache = join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cmg-operator', 'tools', folder);
  const path = join(cache, entry);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  await withLock(
    join(cache, '.lock'),
    async () => {
      // Whoever held the lock before may have made it.
      if (!existsSync(path)) await makeBeside(cache, path, make);
    },
    onWait,
  );
  return path;
}

async function makeBeside(cache: string, path: string, make: (staging: string) => Promise<string>): Promise<void> {
  for (const name of readdirSync(cache)) {
    // Of a process that was killed.
    if (name.startsWith(STAGING_PREFIX)) rmSync(join(cache, name), { recursive: true, force: true });
  }
  const staging = mkdtempSync(join(cache, STAGING_PREFIX));
  try {
    renameSync(await make(staging), path);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
