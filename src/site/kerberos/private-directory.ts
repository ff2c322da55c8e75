import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A directory that only this user can enter, with files that only this user can read. */
export interface PrivateDirectory {
  readonly path: string;
  /** Writes a file as a whole: whoever opens it meanwhile reads the old content or the new one. Returns its path. */
  write(name: string, content: string | Uint8Array): string;
  /** Removes a file if it is there. */
  remove(name: string): void;
  /** Removes the directory with all it holds. */
  close(): void;
}

const PREFIX = 'cmg-operator-kerberos-';

/** Directories that this process uses. */
const inUse = new Set<string>();

/**
 * Makes a directory below `parent`. What an operator left there that was killed is removed: it had the same process id, as
 * in a container that was started again, or is gone.
 *
 * @throws Error that says what to do when there is no place to write to
 */
export function makePrivateDirectory(parent: string): PrivateDirectory {
  const path = make(parent);
  inUse.add(path);
  removeLeftovers(parent);
  return {
    path,
    write: (name, content) => {
      const target = join(path, name);
      writeFileSync(`${target}.new`, content, { mode: 0o600 });
      renameSync(`${target}.new`, target);
      return target;
    },
    remove: (name) => rmSync(join(path, name), { force: true }),
    close: () => {
      inUse.delete(path);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function make(parent: string): string {
  try {
    return mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Kerberos needs a directory for its files, and none can be made in ${parent}: mount a volume that is kept in memory there, as the chart does, or name another one in TMPDIR. (${reason})`,
    );
  }
}

function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-\\w{6}$`).exec(name)?.[1];
    const path = join(parent, name);
    if (owner === undefined || inUse.has(path)) continue;
    if (Number(owner) === process.pid || !isAlive(Number(owner))) removeIfAllowed(path);
  }
}

/** What another user left there is not ours to remove, and in nobody's way. */
function removeIfAllowed(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!NOT_ALLOWED.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}

const NOT_ALLOWED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
