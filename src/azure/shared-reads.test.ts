import { expect, it } from 'vitest';
import { createManualClock } from '../runtime/manual-clock.ts';
import { createSharedReads } from './shared-reads.ts';

it('lets callers share one request and its answer for the given time', async () => {
  const clock = createManualClock();
  const reads = createSharedReads(clock);
  let made = 0;
  const read = async () => {
    made += 1;
    return made;
  };
  expect(await Promise.all([reads.get('k', 1000, read), reads.get('k', 1000, read)])).toEqual([1, 1]);
  await clock.advance(999);
  expect(await reads.get('k', 1000, read)).toBe(1);
  await clock.advance(1);
  expect(await reads.get('k', 1000, read)).toBe(2);
  expect(await reads.get('other', 1000, read)).toBe(3);
});

it('keeps no failure', async () => {
  const reads = createSharedReads(createManualClock());
  await expect(reads.get('k', 1000, () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await reads.get('k', 1000, async () => 'up')).toBe('up');
});

it('keeps an answer for as long as the answer says', async () => {
  const reads = createSharedReads(createManualClock());
  const keep = (state: string) => (state === 'Registered' ? 1000 : 0);
  expect(await reads.get('k', keep, async () => 'Registering')).toBe('Registering');
  expect(await reads.get('k', keep, async () => 'Registered')).toBe('Registered');
  expect(await reads.get('k', keep, async () => 'NotRegistered')).toBe('Registered');
});
