import { describe, expect, test } from 'vitest';
import { createMemoryKubernetes } from '../../test/world/memory-kubernetes.ts';
import { findCondition } from '../runtime/conditions.ts';
import { silentLogger } from '../runtime/logger.ts';
import { createManualClock } from '../runtime/manual-clock.ts';
import { keyOf } from '../runtime/objects.ts';
import { TimeoutError } from '../runtime/timeout.ts';
import { CONNECTION_POINT_FINALIZER, CONNECTION_POINT_KIND } from './connectionpoint/kind.ts';
import { type ManagedObject, type ObjectProcedure, objectReconcile } from './object-reconcile.ts';

const KEY = { namespace: 'gateways', name: 'cp01' };
const CONTEXT = { signal: new AbortController().signal, logger: silentLogger, reconcileId: 'test' };

/** One object under a procedure that does nothing but tell that it was asked. */
function start(spec: { readonly suspend: boolean }, change: Partial<ObjectProcedure<ManagedObject>> = {}) {
  const clock = createManualClock();
  const kubernetes = createMemoryKubernetes(clock.now);
  const asked: string[] = [];
  const events: string[] = [];
  kubernetes.put(CONNECTION_POINT_KIND, { metadata: KEY, spec });
  const object = () => kubernetes.objects(CONNECTION_POINT_KIND.plural)[0] as ManagedObject | undefined;
  const procedure: ObjectProcedure<ManagedObject> = {
    kind: CONNECTION_POINT_KIND,
    finalizer: CONNECTION_POINT_FINALIZER,
    rules: { summarised: ['Linked'], readyMessage: 'Linked.' },
    needsFinalizer: () => true,
    reconcile: async () => {
      asked.push('reconcile');
      const finding = { type: 'Linked', status: 'True', reason: 'Succeeded', message: 'Linked.' } as const;
      return { findings: [finding], status: {} };
    },
    remove: async () => {
      asked.push('remove');
      const note = 'The role was left.';
      return { kind: 'Gone', happenings: [{ type: 'Warning', reason: 'LeftOnSite', action: 'Delete', note }] };
    },
    forget: () => void asked.push('forget'),
    ...change,
  };
  const reconcile = objectReconcile<ManagedObject>(
    {
      client: kubernetes.client,
      // The store is the API server itself.
      store: { get: object } as never,
      gate: { wrote: () => {}, forget: () => {}, isReady: () => true },
      events: { record: (_regarding, { note }) => void events.push(note), stop: async () => {} },
      clock,
      fieldManager: 'test',
    },
    procedure,
  );
  const rounds = async (count: number, signal = CONTEXT.signal) => {
    for (let left = count; left > 0; left -= 1) {
      await reconcile(keyOf({ metadata: KEY }), { ...CONTEXT, signal });
    }
  };
  return { kubernetes, object, asked, events, rounds };
}

describe('an object', () => {
  test('gets its finalizer before anything is done for it, and then its status', async () => {
    const { object, asked, rounds } = start({ suspend: false });
    await rounds(1);
    expect(object()?.metadata.finalizers).toEqual([CONNECTION_POINT_FINALIZER]);
    expect(asked).toEqual([]);
    await rounds(1);
    expect(asked).toEqual(['reconcile']);
    expect(object()?.status).toMatchObject({ observedGeneration: 1 });
    expect(findCondition(object()?.status?.conditions, 'Ready')?.status).toBe('True');
  });

  test('loses its finalizer when nothing stands for it elsewhere any more', async () => {
    let needed = true;
    const { object, rounds } = start({ suspend: false }, { needsFinalizer: () => needed });
    await rounds(2);
    needed = false;
    await rounds(1);
    expect(object()?.metadata.finalizers ?? []).toEqual([]);
  });

  test('that fails unexpectedly says so, and is tried again', async () => {
    const reconcile = () => Promise.reject(new Error('No such thing.'));
    const { object, rounds } = start({ suspend: false }, { reconcile });
    await rounds(1);
    await expect(rounds(1)).rejects.toThrow('No such thing.');
    expect(findCondition(object()?.status?.conditions, 'Ready')).toMatchObject({
      reason: 'ReconcileError',
      message: expect.stringContaining('No such thing.'),
    });
  });
});

describe('an object whose round was broken off', () => {
  const brokenOff = (reason: Error) => {
    const ending = new AbortController();
    const reconcile = () => {
      ending.abort(reason);
      return Promise.reject(reason);
    };
    return { ...start({ suspend: false }, { reconcile }), signal: ending.signal };
  };

  test('says so where it took too long', async () => {
    const { object, rounds, signal } = brokenOff(new TimeoutError('It took too long.'));
    await rounds(1);
    await expect(rounds(1, signal)).rejects.toThrow('too long');
    expect(findCondition(object()?.status?.conditions, 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'ReconcileError',
      message: expect.stringContaining('A site that answers slowly'),
    });
  });

  test('says nothing where the operator ends', async () => {
    const { object, rounds, signal } = brokenOff(new Error('The operator ends.'));
    await rounds(1);
    await expect(rounds(1, signal)).rejects.toThrow('ends');
    expect(object()?.status).toBeUndefined();
  });
});

describe('a suspended object', () => {
  test('is not looked at, and its status stays as it is, until it is not suspended any more', async () => {
    const { kubernetes, object, asked, rounds } = start({ suspend: false });
    await rounds(2);
    const before = object();
    kubernetes.put(CONNECTION_POINT_KIND, { ...before, metadata: before?.metadata ?? KEY, spec: { suspend: true } });
    await rounds(3);
    expect(asked).toEqual(['reconcile']);
    expect(object()?.status).toEqual(before?.status);
    const suspended = object();
    kubernetes.put(CONNECTION_POINT_KIND, {
      ...suspended,
      metadata: suspended?.metadata ?? KEY,
      spec: { suspend: false },
    });
    await rounds(1);
    expect(asked).toEqual(['reconcile', 'reconcile']);
    expect(object()?.status?.observedGeneration).toBe(3);
  });

  test('is removed all the same when it is deleted', async () => {
    const { kubernetes, object, asked, events, rounds } = start({ suspend: true });
    await rounds(1);
    kubernetes.remove(CONNECTION_POINT_KIND, KEY);
    await rounds(1);
    expect(asked).toEqual(['remove', 'forget']);
    expect(object()).toBeUndefined();
    expect(events).toEqual(['The role was left.']);
  });
});
