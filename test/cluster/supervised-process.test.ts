import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { waitFor } from './api-client.ts';
import { isAlive, startSupervised } from './supervised-process.ts';

/** A shell that starts a program of its own and writes both process ids, one a line. */
const FAMILY = ['-c', 'sleep 600 & echo $$; echo $!; wait'];

function outputFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'supervised-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'output');
}

function untilTwoPids(path: string): Promise<number[]> {
  return waitFor('two process ids', async () => {
    const pids = readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number);
    return pids.length === 2 ? pids : undefined;
  });
}

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'a child and its own child end when the parent is ended by %s',
  async (signal) => {
    const path = outputFile();
    const module = new URL('supervised-process.ts', import.meta.url).href;
    const script = `
    import { openSync } from 'node:fs';
    import { startSupervised } from ${JSON.stringify(module)};
    startSupervised('sh', ${JSON.stringify(FAMILY)}, { output: openSync(${JSON.stringify(path)}, 'w') });`;
    openSync(path, 'w');
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    const pids = await untilTwoPids(path);
    expect(pids.map(isAlive)).toEqual([true, true]);

    parent.kill(signal);

    await waitFor('both to be gone', async () => (pids.some(isRunning) ? undefined : true));
  },
);

test('a stopped child can be killed, and what it started goes with it', async () => {
  const path = outputFile();
  const child = startSupervised('sh', FAMILY, { output: openSync(path, 'w') });
  const pids = await untilTwoPids(path);
  expect(pids[0]).toBe(child.pid);

  child.signal('SIGSTOP');
  await child.kill();

  expect(child.exit()).toEqual({ code: null, signal: 'SIGKILL' });
  await waitFor('both to be gone', async () => (pids.some(isRunning) ? undefined : true));
});

test('what a child leaves behind when it ends by itself is killed', async () => {
  const path = outputFile();
  const child = startSupervised('sh', ['-c', 'sleep 600 & echo $!; exit 3'], { output: openSync(path, 'w') });
  expect(await child.exited).toEqual({ code: 3, signal: null });
  const left = Number(readFileSync(path, 'utf8'));
  await waitFor('it to be gone', async () => (isRunning(left) ? undefined : true));
});

test('a program that does not exist exits with 127 and says so', async () => {
  const path = outputFile();
  const child = startSupervised('/no/such/program', [], { output: openSync(path, 'w') });
  expect(await child.exited).toEqual({ code: 127, signal: null });
  expect(readFileSync(path, 'utf8')).toContain('/no/such/program');
});

/** Alive and no zombie: one whose parent is gone stays in the process table until the system's first process takes note. */
function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // No /proc: not Linux, where the zombie's end has to be awaited. Or it ended just now.
    return isAlive(pid);
  }
}
