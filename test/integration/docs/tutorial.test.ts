import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stepsOf } from '../../../scripts/documentation/page.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { demoThatIsUp } from '../demo/demo-that-is-up.ts';
import { readAlong } from './reader.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PAGE = 'docs/tutorial.md';
const START = 'npm run demo\n';

test('a reader gets through the tutorial', { timeout: 420_000 }, async () => {
  const text = readFileSync(join(ROOT, PAGE), 'utf8');
  const steps = stepsOf(text);
  const start = steps.findIndex((step) => step.kind === 'Commands' && step.text === START);
  expect(start).toBeGreaterThanOrEqual(0);

  const demo = await demoThatIsUp();
  const kubeconfigPath = /export KUBECONFIG=(\S+)/.exec(demo.said)?.[1] ?? '';
  const folder = makeTemporaryDirectory();
  onTestFinished(() => removeTemporaryDirectory(folder));
  await readAlong({ folder, kubeconfigPath }, PAGE, text, steps.slice(start + 1));

  demo.process.kill('SIGINT');
  const [code] = await once(demo.process, 'exit');
  expect(code).toBe(0);
});
