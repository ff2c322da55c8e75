import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type KeptOptions, kept } from './kept.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kept-tools-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
});

const tool = (make: KeptOptions['make']): KeptOptions => ({
  folder: 'tool-1',
  name: 'tool',
  stage: 'making the tool',
  elsewhere: 'making the tool',
  environment: { XDG_CACHE_HOME: root },
  progress: () => {},
  make,
});

async function makeIn(staging: string): Promise<void> {
  writeFileSync(join(staging, 'tool'), 'made');
}

test('keeps what was made, under the name of the entry, and nothing else', async () => {
  const path = await kept(
    tool(async (staging) => {
      writeFileSync(join(staging, 'log'), 'of no further use');
      await makeIn(staging);
    }),
  );
  expect(path).toBe(join(root, 'cmg-operator', 'tools', 'tool-1', 'tool'));
  expect(readFileSync(path, 'utf8')).toBe('made');
  expect(readdirSync(dirname(path))).toEqual(['tool']);
});

test('removes what a process has left that was killed', async () => {
  const left = join(root, 'cmg-operator', 'tools', 'tool-1', '.staging-left');
  mkdirSync(left, { recursive: true });
  await kept(tool(makeIn));
  expect(existsSync(left)).toBe(false);
});

test('keeps nothing of what failed', async () => {
  const failed = kept(
    tool(async (staging) => {
      await makeIn(staging);
      throw new Error('no luck');
    }),
  );
  await expect(failed).rejects.toThrow('no luck');
  expect(readdirSync(join(root, 'cmg-operator', 'tools', 'tool-1'))).toEqual([]);
});
