import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLogger } from './logger.ts';
import { createManualClock } from './manual-clock.ts';
import { createMemoryStore } from './memory-store.ts';
import { CONFIG_MAP, type ConfigMap, keyOf } from './objects.ts';
import { seededRandom } from './random.ts';
import { type ConnectFault, FakeApiServer, type StreamFault } from './reflector.test-world.ts';
import { runReflector } from './reflector.ts';

const MINUTE = 60_000;

/** Long enough for any back-off, a silence to be noticed, and a new start. */
const CALM = 5 * MINUTE;

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const connectFault = fc.constantFrom<ConnectFault>(
  'refused',
  'expired',
  'overloaded',
  'broken',
  'noStreamedLists',
  'slowList',
);
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('put' as const), name }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('disturb' as const),
      fault: fc.constantFrom<StreamFault>('ended', 'reset', 'expired', 'garbled', 'silent', 'repeats'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('refuse' as const),
      fault: connectFault,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('bookmark' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restore' as const) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.nat({ max: 10_000 }) }) },
);

function startReflector(seed: number, faults: readonly ConnectFault[] = []) {
  const clock = createManualClock();
  const server = new FakeApiServer(seededRandom(seed));
  server.faults.push(...faults);
  const { store, partitions } = createMemoryStore<ConfigMap>({
    namespaces: [''],
    logger: silentLogger,
    onSynced: () => {},
  });
  const known = new Map<string, ConfigMap>();
  const problems: string[] = [];
  let seen = 0;
  let mayGoBack = false;
  const look = () => {
    const version = Number(store.resourceVersionOf('a'));
    if (version < seen && !mayGoBack) problems.push(`went back from ${seen} to ${version}`);
    seen = version;
  };
  store.subscribe((event) => {
    look();
    const key = keyOf(event.object);
    if ((event.type === 'added') === known.has(key)) problems.push(`${event.type} ${key}, known: ${known.has(key)}`);
    if (event.type === 'deleted') known.delete(key);
    else known.set(key, event.object);
  });
  const stopping = new AbortController();
  const options = { client: server, kind: CONFIG_MAP, clock, random: seededRandom(seed + 1), logger: silentLogger };
  const running = runReflector(options, partitions.get('') ?? expect.fail(), stopping.signal);
  const stop = async () => {
    stopping.abort(new Error('stopped'));
    await running;
  };
  /** Lets time pass in which the right versions are older ones. */
  const recover = async (ms: number) => {
    mayGoBack = true;
    await pass(ms, { clock, server });
    look();
    mayGoBack = false;
  };
  return { clock, server, store, known, problems, look, recover, stop, signal: stopping.signal };
}

/** Time in which the server does what it does by itself: a bookmark each minute. */
async function pass(ms: number, { clock, server }: Pick<ReturnType<typeof startReflector>, 'clock' | 'server'>) {
  for (let left = ms; left > 0; left -= MINUTE) {
    await clock.advance(Math.min(left, MINUTE));
    if (left >= MINUTE) server.bookmark();
  }
}

describe('a reflector, whatever happens', () => {
  it('ends up with what the server has, having reported each difference, and never goes back in time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(connectFault),
        fc.array(command, { maxLength: 60, size: 'max' }),
        async (seed, faults, commands) => {
          const world = startReflector(seed, faults);
          const { clock, server, store } = world;
          for (const each of commands) {
            switch (each.type) {
              case 'put':
                server.put(each.name);
                break;
              case 'remove':
                server.remove(each.name);
                break;
              case 'disturb':
                server.disturb(each.fault);
                break;
              case 'refuse':
                server.faults.push(each.fault);
                break;
              case 'compact':
                server.compact();
                break;
              case 'bookmark':
                server.bookmark();
                break;
              case 'restore':
                // A watch from before shows nothing until the server has caught up; a write until then is only seen later.
                server.restore();
                await world.recover(2 * CALM);
                break;
              case 'wait':
                await clock.advance(each.ms);
            }
            world.look();
          }
          server.faults = [];
          await pass(2 * CALM, world);

          const summary = (objects: Iterable<ConfigMap>) =>
            Array.from(objects, ({ metadata, data }) => ({ metadata, data })).sort((left, right) =>
              left.metadata.name < right.metadata.name ? -1 : 1,
            );
          expect(summary(store.list())).toEqual(summary(server.contents()));
          expect(summary(world.known.values())).toEqual(summary(server.contents()));
          expect(world.problems).toEqual([]);
          expect(store.resourceVersionOf('a')).toBe(String(server.version));
          expect(server.openWatches).toBe(1);
          expect(getEventListeners(world.signal, 'abort')).toHaveLength(1);

          await world.stop();
          expect(server.openWatches).toBe(0);
          expect(clock.pendingTimers).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('stops cleanly at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(connectFault), fc.nat({ max: 5 * MINUTE }), async (seed, faults, ms) => {
        const { clock, server, stop } = startReflector(seed, faults);
        await clock.advance(ms);
        await stop();
        const { requests } = server;
        await clock.advance(CALM);
        expect([server.requests, server.openWatches, clock.pendingTimers]).toEqual([requests, 0, 0]);
      }),
      { numRuns: 100 },
    );
  });

  it('asks a server that is down less and less often', async () => {
    const { clock, server, store, stop } = startReflector(
      7,
      Array.from({ length: 1_000 }, () => 'refused' as const),
    );
    await clock.advance(10 * MINUTE);
    // Full jitter around a limit of 30 s: 15 s on average.
    expect(server.requests).toBeLessThan(70);
    server.faults = [];
    await clock.advance(MINUTE);
    expect(store.hasSynced).toBe(true);
    await stop();
  });

  it('waits for as long as an overloaded server asks', async () => {
    const { clock, server, store, stop } = startReflector(7, ['overloaded']);
    await clock.advance(6_999);
    expect([server.requests, store.hasSynced]).toEqual([1, false]);
    await clock.advance(1);
    expect(store.hasSynced).toBe(true);
    await stop();
  });
});

it('tells each time that the server is heard of, also when nothing changes', async () => {
  const clock = createManualClock();
  const server = new FakeApiServer(seededRandom(1));
  const { partitions } = createMemoryStore<ConfigMap>({
    namespaces: [''],
    logger: silentLogger,
    onSynced: () => {},
  });
  const heardAt: number[] = [];
  const stopping = new AbortController();
  const running = runReflector(
    {
      client: server,
      kind: CONFIG_MAP,
      clock,
      random: seededRandom(2),
      logger: silentLogger,
      onHeard: (resource, namespace) => {
        expect([resource, namespace]).toEqual(['configmaps', '']);
        heardAt.push(clock.monotonic());
      },
    },
    partitions.get('') ?? expect.fail(),
    stopping.signal,
  );
  await clock.advance(MINUTE);
  const before = heardAt.length;
  server.bookmark();
  await clock.advance(1);
  expect(heardAt.length).toBe(before + 1);
  expect(before).toBeGreaterThan(0);
  stopping.abort(new Error('stopped'));
  await running;
});
