import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enumerateFaults } from './enumeration.ts';
import { startLives } from './life-options.ts';

/** Hundreds of lives, at a sixth of a second each on a quiet machine; on a busy one it may be ten times as long. */
const TIMEOUT_MS = 1_200_000;

let lives: Awaited<ReturnType<typeof startLives>>;
beforeAll(async () => {
  lives = await startLives();
}, TIMEOUT_MS);
afterAll(() => lives?.close());

describe('whatever befalls a write to Azure, the end is the same and nothing is made or deleted twice', () => {
  it('in the life of a gateway with a resource group of its own', { timeout: TIMEOUT_MS }, async () => {
    const { writes, deviations, summary } = await enumerateFaults(lives, ({ target }) => target !== 'Kubernetes');
    console.log(summary);
    expect(writes.length).toBeGreaterThan(25);
    expect(writes.filter(({ path }) => path.endsWith('/register'))).not.toEqual([]);
    expect(deviations).toEqual([]);
  });

  it('in the taking over of a gateway that another cluster made, and of one that lost its tags', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const options = { ...lives, takenOver: true };
    const { writes, deviations, summary } = await enumerateFaults(options, ({ target }) => target !== 'Kubernetes');
    console.log(summary);
    expect(writes.length).toBeGreaterThan(9);
    expect(deviations).toEqual([]);
  });

  it('in the removal from a group of somebody else, piece by piece', { timeout: TIMEOUT_MS }, async () => {
    const options = { ...lives, inForeignGroup: true };
    const { writes, deviations, summary } = await enumerateFaults(options, ({ method }) => method === 'DELETE');
    console.log(summary);
    expect(writes.length).toBeGreaterThan(7);
    expect(deviations).toEqual([]);
  });
});
