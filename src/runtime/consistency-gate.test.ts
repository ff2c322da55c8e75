import { describe, expect, it } from 'vitest';
import { createConsistencyGate } from './consistency-gate.ts';
import { silentLogger } from './logger.ts';
import { createManualClock } from './manual-clock.ts';
import { createMemoryStore } from './memory-store.ts';
import type { KubernetesObject } from './objects.ts';

function setUp() {
  const clock = createManualClock();
  const gate = createConsistencyGate({ clock, logger: silentLogger, timeoutMs: 10_000 });
  const { store, partitions } = createMemoryStore<KubernetesObject>({
    namespaces: ['a'],
    logger: silentLogger,
    onSynced: () => {},
  });
  const partition = partitions.get('a') ?? expect.fail();
  partition.replace([], '99');
  return { clock, gate, store, partition };
}

function written(resourceVersion: string, namespace = 'a'): KubernetesObject {
  const metadata = { namespace, name: 'x', uid: 'x', resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

describe('the consistency gate', () => {
  it('holds a key back until the store has seen all that was written for it', () => {
    const { gate, store, partition } = setUp();
    gate.wrote('a/owner', store, written('100'));
    gate.wrote('a/owner', store, written('1000'));
    expect([gate.isReady('a/owner'), gate.isReady('a/other')]).toEqual([false, true]);
    partition.advance('999');
    expect(gate.isReady('a/owner')).toBe(false);
    partition.advance('1000');
    expect(gate.isReady('a/owner')).toBe(true);
  });

  it('compares versions as numbers of any length', () => {
    const { gate, store, partition } = setUp();
    partition.advance('9007199254740992');
    gate.wrote('a/owner', store, written('9007199254740993'));
    expect(gate.isReady('a/owner')).toBe(false);
    partition.advance('10000000000000000');
    expect(gate.isReady('a/owner')).toBe(true);
  });

  it('lets a key through when it takes too long, counted from the last write', async () => {
    const { clock, gate, store } = setUp();
    gate.wrote('a/owner', store, written('100'));
    await clock.advance(6_000);
    gate.wrote('a/owner', store, written('101'));
    await clock.advance(9_999);
    expect(gate.isReady('a/owner')).toBe(false);
    await clock.advance(1);
    expect(gate.isReady('a/owner')).toBe(true);
  });

  it('does not wait for what it cannot see, or for what is gone', () => {
    const { gate, store } = setUp();
    gate.wrote('b/owner', store, written('100', 'b'));
    expect(gate.isReady('b/owner')).toBe(true);
    gate.wrote('a/owner', store, written('100'));
    gate.forget('a/owner');
    expect(gate.isReady('a/owner')).toBe(true);
  });
});
