import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './supervised-process.ts';

/** Containers may share a directory and not their process ids, so the machine's name is part of it. */
const PREFIX = `cmg-control-plane-${hostname()}-`;
/** Process id, and the six characters that `mkdtemp` adds. */
const OWNER = /^(\d+)-\w{6}$/;

/**
 * Makes an empty directory for one control plane, readable by this user only. Its name holds our process id: what a
 * process left behind that was killed without warning is removed here, by the next one.
 */
export function makeTemporaryDirectory(root = tmpdir()): string {
  for (const name of readdirSync(root)) {
    const owner = name.startsWith(PREFIX) ? OWNER.exec(name.slice(PREFIX.length))?.[1] : undefined;
    if (owner !== undefined && !isAlive(Number(owner))) removeTemporaryDirectory(join(root, name));
  }
  return mkdtempSync(join(root, `${PREFIX}${process.pid}-`));
}

/** Removes it with all it holds. One that is gone already, or is another user's, is left as it is. */
export function removeTemporaryDirectory(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'EACCES') throw error;
  }
}
