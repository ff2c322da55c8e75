import { sleep, systemClock } from '../../src/runtime/clock.ts';

/** Looks every `everyMs` milliseconds whether something has happened, and fails when it has not after `patienceMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  everyMs: number,
  signal: AbortSignal,
  patienceMs: number,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${patienceMs / 1000} s until ${what}.`);
    await sleep(systemClock, everyMs, signal);
  }
}
