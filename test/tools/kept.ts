import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../cluster/lock.ts';
import { type Progress, withProgress } from '../cluster/progress.ts';

const STAGING_PREFIX = '.staging-';

/** Something that is made once and kept outside the checkout. */
export interface KeptOptions {
  /** Folder of its own in `cmg-operator/tools` of `$XDG_CACHE_HOME` or `~/.cache`: what it is made from and for. */
  readonly folder: string;
  /** The file or folder in it that is made. */
  readonly name: string;
  /** What making it is called, for a person to read, with how long it usually takes if that is long. */
  readonly stage: string;
  /** What another process that makes it is doing, such as `building helm`. */
  readonly elsewhere: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
  /** A path in what is made, without which it counts as not made. Default: the whole of it. */
  readonly needs?: string;
  /** Makes it under its name in an empty folder. */
  make(staging: string): Promise<void>;
}

/**
 * Path of what is kept, made first if it is missing: beside the kept ones and then renamed, so that there is never half
 * of it. Several processes may ask at once: one makes it, the others wait.
 *
 * @throws what `make` throws
 */
export async function kept(options: KeptOptions): Promise<string> {
  const { folder, name, stage, elsewhere, environment, progress, needs = '.' } = options;
  const cache = join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cmg-operator', 'tools', folder);
  const path = join(cache, name);
  const isThere = () => existsSync(join(path, needs));
  if (isThere()) return path;
  mkdirSync(cache, { recursive: true });
  const startedAt = performance.now();
  await withLock(
    join(cache, '.lock'),
    async () => {
      // Whoever held the lock before may have made it.
      if (!isThere()) await withProgress(progress, stage, () => makeIn(cache, path, options));
    },
    (holder) =>
      progress(`waiting for process ${holder}, which is ${elsewhere}`, (performance.now() - startedAt) / 1000),
  );
  return path;
}

async function makeIn(cache: string, path: string, { name, make }: KeptOptions): Promise<void> {
  for (const entry of readdirSync(cache)) {
    // Of a process that was killed.
    if (entry.startsWith(STAGING_PREFIX)) rmSync(join(cache, entry), { recursive: true, force: true });
  }
  const staging = mkdtempSync(join(cache, STAGING_PREFIX));
  try {
    await make(staging);
    // Something that is there and does not count, or we would not have come here.
    rmSync(path, { recursive: true, force: true });
    renameSync(join(staging, name), path);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
