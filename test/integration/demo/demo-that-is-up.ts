import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { waitFor } from '../../cluster/api-client.ts';

const ENTRY = join(import.meta.dirname, '../../demo/main.ts');

/** Faster than for people, who want to see what happens. */
const SPEED = '120';

/**
 * Starts what `npm run demo` starts, and waits for it to say that everything is up. It ends with the test.
 *
 * @param options further ones of its command line
 */
export async function demoThatIsUp(
  ...options: readonly string[]
): Promise<{ readonly process: ChildProcess; readonly said: string }> {
  const args = [ENTRY, '--keep', '--speed', SPEED, ...options];
  const demo = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void demo.kill('SIGKILL'));
  let said = '';
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  await waitFor(
    'the demo to be up',
    async () => {
      expect(demo.exitCode, said).toBeNull();
      return said.includes('Ctrl-C takes everything down.') || undefined;
    },
    480_000,
  );
  return { process: demo, said };
}
