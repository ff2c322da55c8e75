import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import { isAlive } from './supervised-process.ts';

const POLL_MS = 500;
/** The holder touches its lock this often, so that an old one whose process id was given to another is seen through. */
const TOUCH_EVERY_MS = 10_000;
const STALE_AFTER_MS = 60_000;

/**
 * Runs `work` while this process holds the lock file at `path`. Waits while another live process holds it; one that
 * ended without removing its lock is replaced.
 *
 * In the instant when two processes replace the same dead one, both may get in: what the lock guards must stay right
 * then (each writes files of its own and renames them), and only costs time.
 *
 * @param onWait called on each poll with the id of the process that holds the lock
 */
export async function withLock<Result>(
  path: string,
  work: () => Promise<Result>,
  onWait: (holder: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Result> {
  const mine = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(mine, `${process.pid}\n`);
  try {
    for (let holder = take(mine, path); holder !== undefined; holder = take(mine, path)) {
      onWait(holder);
      await sleep(systemClock, POLL_MS, signal);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  const touch = setInterval(() => touchFile(path), TOUCH_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    if (holderOf(path) === process.pid) rmSync(path, { force: true });
  }
}

/** Takes the lock and returns undefined, or returns the live process that holds it. */
function take(mine: string, path: string): number | undefined {
  try {
    // Unlike a file that is made and then filled, a link is never seen empty.
    linkSync(mine, path);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = holderOf(path);
  if (holder !== undefined && isAlive(holder) && !isStale(path)) return holder;
  writeFileSync(mine, `${process.pid}\n`);
  renameSync(mine, path);
  return undefined;
}

function holderOf(path: string): number | undefined {
  const pid = Number(contentOf(path));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function isStale(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && systemClock.now() - stat.mtimeMs > STALE_AFTER_MS;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function touchFile(path: string): void {
  const now = new Date(systemClock.now());
  try {
    utimesSync(path, now, now);
  } catch {
    // Somebody took the lock over; see the note above.
  }
}
