import { describe, expect, it } from 'vitest';
import type { Condition, ConditionStatus } from './conditions.ts';
import { computeKstatus, type KstatusObject, type KstatusState } from './kstatus.ts';

function condition(type: string, status: ConditionStatus): Condition {
  return {
    type,
    status,
    reason: 'Because',
    message: `${type} is ${status}`,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
}

describe('computeKstatus', () => {
  it.each<{ readonly reason: string; readonly object: KstatusObject; readonly state: KstatusState }>([
    {
      reason: 'an object without status counts as done, so a controller must write one at once',
      object: { metadata: { generation: 1 } },
      state: 'Current',
    },
    {
      reason: 'deletion comes before everything',
      object: {
        metadata: { generation: 2, deletionTimestamp: '2026-01-01T00:00:00Z' },
        status: { observedGeneration: 1, conditions: [condition('Stalled', 'True')] },
      },
      state: 'Terminating',
    },
    {
      reason: 'what was said about an older spec does not count',
      object: {
        metadata: { generation: 2 },
        status: { observedGeneration: 1, conditions: [condition('Ready', 'True'), condition('Stalled', 'True')] },
      },
      state: 'InProgress',
    },
    {
      reason: 'Reconciling wins over Ready',
      object: {
        metadata: { generation: 1 },
        status: { observedGeneration: 1, conditions: [condition('Ready', 'True'), condition('Reconciling', 'True')] },
      },
      state: 'InProgress',
    },
    {
      reason: 'Stalled is the only way to say that something failed',
      object: {
        metadata: { generation: 1 },
        status: { observedGeneration: 1, conditions: [condition('Ready', 'False'), condition('Stalled', 'True')] },
      },
      state: 'Failed',
    },
    {
      reason: 'of Reconciling and Stalled the first in the list counts',
      object: {
        metadata: {},
        status: { conditions: [condition('Stalled', 'True'), condition('Reconciling', 'True')] },
      },
      state: 'Failed',
    },
    {
      reason: 'Ready=False alone is progress, not failure',
      object: {
        metadata: { generation: 1 },
        status: { observedGeneration: 1, conditions: [condition('Ready', 'False')] },
      },
      state: 'InProgress',
    },
    {
      reason: 'Ready=Unknown is progress',
      object: { metadata: {}, status: { conditions: [condition('Ready', 'Unknown')] } },
      state: 'InProgress',
    },
    {
      reason: 'Ready=True is done, and conditions that are False do not matter',
      object: {
        metadata: { generation: 1 },
        status: { observedGeneration: 1, conditions: [condition('Stalled', 'False'), condition('Ready', 'True')] },
      },
      state: 'Current',
    },
  ])('$reason', ({ object, state }) => {
    expect(computeKstatus(object).state).toBe(state);
  });
});
