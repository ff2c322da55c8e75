import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stepsOf } from '../../../scripts/documentation/page.ts';
import { waitFor } from '../../cluster/api-client.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { readAlong } from './reader.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PAGE = 'docs/tutorial.md';
const START = 'npm run demo\n';

/** Faster than for people, who want to see what happens. */
const SPEED = '120';

/** Starts what `npm run demo` starts, and waits for it to say that everything is up. */
async function startDemo(): Promise<{ readonly process: ChildProcess; readonly said: string }> {
  const demo = spawn(process.execPath, [join(ROOT, 'test/demo/main.ts'), '--speed', SPEED], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
    240_000,
  );
  return { process: demo, said };
}

test('a reader gets through the tutorial', { timeout: 420_000 }, async () => {
  const text = readFileSync(join(ROOT, PAGE), 'utf8');
  const steps = stepsOf(text);
  const start = steps.findIndex((step) => step.kind === 'Commands' && step.text === START);
  expect(start).toBeGreaterThanOrEqual(0);

  const demo = await startDemo();
  const kubeconfigPath = /export KUBECONFIG=(\S+)/.exec(demo.said)?.[1] ?? '';
  const folder = makeTemporaryDirectory();
  onTestFinished(() => removeTemporaryDirectory(folder));
  await readAlong({ folder, kubeconfigPath }, PAGE, text, steps.slice(start + 1));

  demo.process.kill('SIGINT');
  const [code] = await once(demo.process, 'exit');
  expect(code).toBe(0);
});
