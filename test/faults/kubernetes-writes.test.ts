import { afterAll, beforeAll, expect, it } from 'vitest';
import { enumerateFaults } from './enumeration.ts';
import { startLives } from './life-options.ts';

/** Hundreds of lives, at a sixth of a second each on a quiet machine; on a busy one it may be ten times as long. */
const TIMEOUT_MS = 1_200_000;

let lives: Awaited<ReturnType<typeof startLives>>;
beforeAll(async () => {
  lives = await startLives();
}, TIMEOUT_MS);
afterAll(() => lives?.close());

it('whatever befalls a write to Kubernetes, the end is the same and nothing is made or deleted twice', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { writes, deviations, summary } = await enumerateFaults(lives, ({ target }) => target === 'Kubernetes');
  console.log(summary);
  expect(writes.length).toBeGreaterThan(30);
  expect(new Set(writes.map(({ method }) => method))).toEqual(new Set(['patch', 'apply', 'apply status', 'create']));
  expect(deviations).toEqual([]);
});
