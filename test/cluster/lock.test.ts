import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { withLock } from './lock.ts';
import { startSupervised } from './supervised-process.ts';

let directory = '';
let lock = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
  lock = join(directory, '.lock');
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

/** A process other than this one, which runs until the test ends. */
function otherProcess(): number {
  const other = startSupervised('sleep', ['600'], { output: 1 });
  onTestFinished(other.kill);
  return other.pid;
}

test('holds the lock during the work and leaves nothing behind', async () => {
  const during = await withLock(lock, async () => readFileSync(lock, 'utf8'));
  expect(during).toBe(`${process.pid}\n`);
  expect(readdirSync(directory)).toEqual([]);
});

test('gives the lock back when the work fails', async () => {
  const failing = withLock(lock, () => Promise.reject(new Error('no disk')));
  await expect(failing).rejects.toThrow('no disk');
  expect(existsSync(lock)).toBe(false);
});

test('waits for a live holder, and tells who it is', async () => {
  const holder = otherProcess();
  writeFileSync(lock, `${holder}\n`);
  const waitedFor: number[] = [];
  const result = await withLock(
    lock,
    async () => 'done',
    (pid) => {
      waitedFor.push(pid);
      rmSync(lock);
    },
  );
  expect(result).toBe('done');
  expect(waitedFor).toEqual([holder]);
});

test('takes over at once from a holder that is dead', async () => {
  const dead = startSupervised('true', [], { output: 1 });
  await dead.exited;
  writeFileSync(lock, `${dead.pid}\n`);
  const content = await withLock(
    lock,
    async () => readFileSync(lock, 'utf8'),
    () => expect.unreachable('waited for a dead process'),
  );
  expect(content).toBe(`${process.pid}\n`);
});

test('takes over from a process id that lives but has not touched its lock for a minute', async () => {
  writeFileSync(lock, `${otherProcess()}\n`);
  const longAgo = new Date(Date.now() - 61_000);
  utimesSync(lock, longAgo, longAgo);
  const content = await withLock(
    lock,
    async () => readFileSync(lock, 'utf8'),
    () => expect.unreachable('waited for a stale lock'),
  );
  expect(content).toBe(`${process.pid}\n`);
});

test('stops waiting when it is aborted, and leaves the lock to its holder', async () => {
  const holder = otherProcess();
  writeFileSync(lock, `${holder}\n`);
  const abort = new AbortController();
  const waiting = withLock(
    lock,
    async () => expect.unreachable('got a lock that another holds'),
    () => abort.abort(new Error('Ctrl-C')),
    abort.signal,
  );
  await expect(waiting).rejects.toThrow('Ctrl-C');
  expect(readFileSync(lock, 'utf8')).toBe(`${holder}\n`);
  expect(readdirSync(directory)).toEqual(['.lock']);
});
