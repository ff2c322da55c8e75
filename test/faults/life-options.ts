import { createManualClock } from '../../src/runtime/manual-clock.ts';
import { startSimulatedWorld } from '../world/simulated-world.ts';
import type { LifeOptions } from './life.ts';
import { GATEWAY } from './stage.ts';

/** Starts what the lives of one file share; its end is for `afterAll`. */
export async function startLives(): Promise<LifeOptions & { readonly close: () => Promise<void> }> {
  const clock = createManualClock(Date.now());
  const world = await startSimulatedWorld({ clock, blobs: 'memory' });
  const [certificate, renewed] = await Promise.all(
    [1, 2].map(() => world.authority.issue({ commonName: `${GATEWAY}.contoso.com` })),
  );
  if (certificate === undefined || renewed === undefined) throw new Error('No certificates were issued.');
  return { world, clock, certificate, renewed, close: world.close };
}
