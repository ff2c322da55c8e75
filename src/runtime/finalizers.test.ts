import { describe, expect, it } from 'vitest';
import { addFinalizerPatch, hasFinalizer, removeFinalizerPatch } from './finalizers.ts';

const OURS = 'configmgr.io/cleanup';
const THEIRS = 'example.com/theirs';
const identity = { uid: 'u-1', resourceVersion: '42' };
const guards = [
  { op: 'test', path: '/metadata/uid', value: 'u-1' },
  { op: 'test', path: '/metadata/resourceVersion', value: '42' },
];

describe('addFinalizerPatch', () => {
  it('makes the list when there is none', () => {
    const patch = [...guards, { op: 'add', path: '/metadata/finalizers', value: [OURS] }];
    expect(addFinalizerPatch(identity, OURS)).toEqual(patch);
    expect(addFinalizerPatch({ ...identity, finalizers: [] }, OURS)).toEqual(patch);
  });

  it("appends to others' without naming them", () => {
    expect(addFinalizerPatch({ ...identity, finalizers: [THEIRS] }, OURS)).toEqual([
      ...guards,
      { op: 'add', path: '/metadata/finalizers/-', value: OURS },
    ]);
  });

  it('does nothing when it is there, or when the object is being deleted', () => {
    expect(addFinalizerPatch({ ...identity, finalizers: [OURS] }, OURS)).toBeUndefined();
    expect(addFinalizerPatch({ ...identity, deletionTimestamp: '2026-01-01T00:00:00Z' }, OURS)).toBeUndefined();
  });
});

describe('removeFinalizerPatch', () => {
  it('removes its own place in the list, having tested what stands there', () => {
    expect(removeFinalizerPatch({ ...identity, finalizers: [THEIRS, OURS] }, OURS)).toEqual([
      ...guards,
      { op: 'test', path: '/metadata/finalizers/1', value: OURS },
      { op: 'remove', path: '/metadata/finalizers/1' },
    ]);
  });

  it('does nothing when it is not there', () => {
    expect(removeFinalizerPatch({ ...identity, finalizers: [THEIRS] }, OURS)).toBeUndefined();
    expect(removeFinalizerPatch(identity, OURS)).toBeUndefined();
  });
});

describe('hasFinalizer', () => {
  it('looks for the exact name', () => {
    expect(hasFinalizer({ finalizers: [THEIRS] }, OURS)).toBe(false);
    expect(hasFinalizer({ finalizers: [THEIRS, OURS] }, OURS)).toBe(true);
    expect(hasFinalizer({}, OURS)).toBe(false);
  });
});
