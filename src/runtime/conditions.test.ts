import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Condition,
  type ConditionClaim,
  findCondition,
  isConditionTrue,
  removeCondition,
  setCondition,
  toTimestamp,
} from './conditions.ts';

const NOON = Date.UTC(2026, 0, 1, 12, 0, 0, 987);

const ready: ConditionClaim = {
  type: 'Ready',
  status: 'False',
  reason: 'Provisioning',
  message: '',
  observedGeneration: 1,
};

describe('setCondition', () => {
  it('adds a condition with the time in whole seconds', () => {
    expect(setCondition([], ready, NOON)).toEqual([{ ...ready, lastTransitionTime: '2026-01-01T12:00:00Z' }]);
  });

  it('moves lastTransitionTime with the status alone', () => {
    const first = setCondition([], ready, NOON);
    const sameStatus = setCondition(first, { ...ready, reason: 'Waiting', observedGeneration: 2 }, NOON + 60_000);
    expect(sameStatus[0]).toMatchObject({ reason: 'Waiting', lastTransitionTime: '2026-01-01T12:00:00Z' });
    const otherStatus = setCondition(sameStatus, { ...ready, status: 'True', reason: 'Ready' }, NOON + 60_000);
    expect(otherStatus[0]).toMatchObject({ status: 'True', lastTransitionTime: '2026-01-01T12:01:00Z' });
  });

  it('returns the same list when there is nothing to write', () => {
    const first = setCondition([], ready, NOON);
    expect(setCondition(first, { ...ready }, NOON + 60_000)).toBe(first);
  });

  it('keeps each type once, in its place, and never touches the others', () => {
    const claim = fc.record({
      type: fc.constantFrom('Ready', 'Stalled', 'InSync'),
      status: fc.constantFrom('True', 'False', 'Unknown'),
      reason: fc.constantFrom('One', 'Two'),
      message: fc.constantFrom('', 'text'),
    });
    fc.assert(
      fc.property(fc.array(claim), (claims) => {
        let conditions: readonly Condition[] = [];
        for (const [index, current] of claims.entries()) {
          const before = conditions;
          conditions = setCondition(before, current, NOON + index * 1_000);
          expect(findCondition(conditions, current.type)).toMatchObject(current);
          const others = (list: readonly Condition[]) => list.filter(({ type }) => type !== current.type);
          expect(others(conditions)).toEqual(others(before));
          expect(conditions.map(({ type }) => type).slice(0, before.length)).toEqual(before.map(({ type }) => type));
        }
        expect(new Set(conditions.map(({ type }) => type)).size).toBe(conditions.length);
      }),
    );
  });
});

describe('removeCondition', () => {
  it('takes out the type, and returns the same list when it is not there', () => {
    const conditions = setCondition([], ready, NOON);
    expect(removeCondition(conditions, 'Ready')).toEqual([]);
    expect(removeCondition(conditions, 'Stalled')).toBe(conditions);
  });
});

describe('isConditionTrue', () => {
  it('is false for what is absent, False or Unknown', () => {
    expect(isConditionTrue(undefined, 'Ready')).toBe(false);
    expect(isConditionTrue(setCondition([], ready, NOON), 'Ready')).toBe(false);
    expect(isConditionTrue(setCondition([], { ...ready, status: 'Unknown' }, NOON), 'Ready')).toBe(false);
    expect(isConditionTrue(setCondition([], { ...ready, status: 'True' }, NOON), 'Ready')).toBe(true);
  });
});

describe('toTimestamp', () => {
  it('has no fraction', () => {
    expect(toTimestamp(NOON)).toBe('2026-01-01T12:00:00Z');
  });
});
