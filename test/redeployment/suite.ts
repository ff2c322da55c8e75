import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createRedeploymentStage, type Lives, type RedeploymentStage, startRedeploymentLives } from './stage.ts';

/**
 * Sets the tests of one file up: one Azure for all of them, and before each an empty one and an empty cluster. The operator of
 * a stage is killed after its test.
 *
 * @param begin is given them before each test
 */
export function beginEachWithStage(begin: (stage: RedeploymentStage, lives: Lives) => void | Promise<void>): void {
  let lives: Lives | undefined;
  beforeAll(async () => {
    lives = await startRedeploymentLives();
  }, 60_000);
  afterAll(() => lives?.close());
  beforeEach(async () => {
    if (lives === undefined) throw new Error('Azure has not been started.');
    const stage = createRedeploymentStage(lives);
    await begin(stage, lives);
    return () => stage.operator.kill();
  });
}
