import { describe, expect, it } from 'vitest';
import { createManualClock } from './manual-clock.ts';
import { LOW_PRIORITY } from './queue.ts';
import { seededRandom } from './random.ts';
import { type Change, changeSource, resyncSource } from './sources.ts';

interface Owned {
  readonly owner: string;
  readonly version: number;
}

describe('changeSource', () => {
  function setUp() {
    let publish: (change: Change<Owned>) => void = () => {};
    let isOpen = true;
    const queued: [string, number | undefined][] = [];
    const source = changeSource<Owned>({
      subscribe: (listener) => {
        publish = listener;
        return () => {
          isOpen = false;
        };
      },
      when: (old, current) => old?.version !== current?.version,
      keysOf: ({ owner }) => [owner],
    });
    const close = source((key, options) => queued.push([key, options?.priority]));
    return { publish: (change: Change<Owned>) => publish(change), queued, close, isOpen: () => isOpen };
  }

  it('queues both owners of an object that moved, and one owner once', () => {
    const { publish, queued } = setUp();
    publish({ old: { owner: 'a', version: 1 }, current: { owner: 'b', version: 2 }, isInitial: false });
    publish({ old: { owner: 'c', version: 1 }, current: { owner: 'c', version: 2 }, isInitial: false });
    expect(queued).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 0],
    ]);
  });

  it('puts what was there before behind what changes, and leaves out what does not matter', () => {
    const { publish, queued } = setUp();
    publish({ old: undefined, current: { owner: 'a', version: 1 }, isInitial: true });
    publish({ old: { owner: 'b', version: 1 }, current: { owner: 'b', version: 1 }, isInitial: false });
    publish({ old: { owner: 'c', version: 1 }, current: undefined, isInitial: false });
    expect(queued).toEqual([
      ['a', LOW_PRIORITY],
      ['c', 0],
    ]);
  });

  it('ends with its subscription', () => {
    const { close, isOpen } = setUp();
    close();
    expect(isOpen()).toBe(false);
  });
});

describe('resyncSource', () => {
  it('queues the keys of the moment about once a period, with low priority', async () => {
    const clock = createManualClock();
    const keys = ['a', 'b'];
    const rounds: [string, number | undefined, number][] = [];
    const close = resyncSource({ clock, random: seededRandom(2), keys: () => keys, periodMs: 1_000 })((key, options) =>
      rounds.push([key, options?.priority, clock.monotonic()]),
    );
    await clock.advance(899);
    expect(rounds).toEqual([]);
    await clock.advance(100_000);
    const times = rounds.filter(([key]) => key === 'a').map(([, , at]) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(900);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1_100);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(100);
    expect(rounds.every(([, priority]) => priority === LOW_PRIORITY)).toBe(true);
    close();
    expect(clock.pendingTimers).toBe(0);
  });
});
