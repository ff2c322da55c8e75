import { describe, expect, it } from 'vitest';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { ApiError } from '../../runtime/api-error.ts';
import type { KubernetesClient } from '../../runtime/client.ts';
import type { ConfigMap, ObjectIntent } from '../../runtime/objects.ts';
import { BUDGET_CONFIG_MAP, createDeletionBudget } from './deletion-budget.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-03-02T08:00:00Z');
const signal = new AbortController().signal;

const gateway = (name: string): CMG => ({ metadata: { namespace: 'gateways', name, uid: `uid-${name}` } }) as CMG;

/** One ConfigMap, with the API server's rules for who may write it when. */
function createStore() {
  let stored: ConfigMap | undefined;
  const refusal = (status: number, reason: string) =>
    Promise.reject(new ApiError('request', { status, reason, explanation: reason }));
  const put = async (intent: ObjectIntent): Promise<ConfigMap> => {
    const resourceVersion = String(Number(stored?.metadata.resourceVersion ?? 0) + 1);
    stored = { ...intent, metadata: { ...intent.metadata, resourceVersion } } as ConfigMap;
    return stored;
  };
  const client = {
    get: async () => stored ?? refusal(404, 'NotFound'),
    create: async (_kind: unknown, intent: ObjectIntent) =>
      stored === undefined ? put(intent) : refusal(409, 'AlreadyExists'),
    replace: async (_kind: unknown, intent: ObjectIntent) =>
      intent.metadata.resourceVersion === stored?.metadata.resourceVersion ? put(intent) : refusal(409, 'Conflict'),
  } as unknown as Pick<KubernetesClient, 'get' | 'create' | 'replace'>;
  return {
    client,
    data: () => stored?.data,
    setData: (data: Record<string, string>) => put({ metadata: { name: BUDGET_CONFIG_MAP }, data }),
  };
}

const budgetOn = ({ client }: ReturnType<typeof createStore>, perHour = 2) =>
  createDeletionBudget({ client, namespace: 'cmg-system', perHour });

describe('the budget of deletions', () => {
  it('gives as many slots within any hour as it may, and says when the next one is free', async () => {
    const budget = budgetOn(createStore());
    expect(await budget.take(gateway('a'), NOW, signal)).toEqual({ kind: 'Taken' });
    expect(await budget.take(gateway('b'), NOW + 600_000, signal)).toEqual({ kind: 'Taken' });
    const none = { kind: 'None', freeAt: NOW + HOUR };
    expect(await budget.take(gateway('c'), NOW + 700_000, signal)).toEqual(none);
    expect(await budget.take(gateway('c'), NOW + HOUR - 1000, signal)).toEqual(none);
    expect(await budget.take(gateway('c'), NOW + HOUR, signal)).toEqual({ kind: 'Taken' });
    expect(await budget.take(gateway('d'), NOW + HOUR, signal)).toEqual({ kind: 'None', freeAt: NOW + HOUR + 600_000 });
  });

  it('gives a gateway one slot, however often it asks', async () => {
    const store = createStore();
    const budget = budgetOn(store);
    for (let times = 0; times < 5; times += 1) {
      expect(await budget.take(gateway('a'), NOW + times, signal)).toEqual({ kind: 'Taken' });
    }
    expect(store.data()).toEqual({ 'uid-a': '2026-03-02T08:00:00Z gateways/a' });
  });

  it('says without taking anything whether there is room', async () => {
    const store = createStore();
    const budget = budgetOn(store, 1);
    expect(await budget.look(gateway('a'), NOW, signal)).toEqual({ kind: 'Taken' });
    expect(store.data()).toBeUndefined();
    await budget.take(gateway('a'), NOW, signal);
    expect(await budget.look(gateway('a'), NOW + 1, signal)).toEqual({ kind: 'Taken' });
    expect(await budget.look(gateway('b'), NOW + 1, signal)).toEqual({ kind: 'None', freeAt: NOW + HOUR });
    expect(store.data()).toEqual({ 'uid-a': '2026-03-02T08:00:00Z gateways/a' });
  });

  it('is remembered by what is written down alone', async () => {
    const store = createStore();
    await budgetOn(store).take(gateway('a'), NOW, signal);
    await budgetOn(store).take(gateway('b'), NOW, signal);
    expect(await budgetOn(store).take(gateway('c'), NOW + 1000, signal)).toEqual({ kind: 'None', freeAt: NOW + HOUR });
    expect(await budgetOn(store).take(gateway('a'), NOW + 1000, signal)).toEqual({ kind: 'Taken' });
  });

  it('is not exceeded by gateways that ask at the same moment', async () => {
    const budget = budgetOn(createStore(), 3);
    const names = Array.from({ length: 20 }, (_, number) => `g${number}`);
    const slots = await Promise.all(names.map((name) => budget.take(gateway(name), NOW, signal)));
    expect(slots.filter(({ kind }) => kind === 'Taken')).toHaveLength(3);
  });

  it('takes no fraction of a second from the hour', async () => {
    const budget = budgetOn(createStore(), 1);
    await budget.take(gateway('a'), NOW + 1, signal);
    expect(await budget.take(gateway('b'), NOW + HOUR, signal)).toEqual({ kind: 'None', freeAt: NOW + HOUR + 1000 });
  });

  it('forgets what is older than an hour, and what it cannot read', async () => {
    const store = createStore();
    await store.setData({ old: '2026-03-02T07:00:00Z gateways/old', odd: 'yesterday', empty: '' });
    expect(await budgetOn(store, 1).take(gateway('a'), NOW, signal)).toEqual({ kind: 'Taken' });
    expect(store.data()).toEqual({ 'uid-a': '2026-03-02T08:00:00Z gateways/a' });
  });

  it('counts what another clock wrote a little ahead of this one, and not what is far ahead', async () => {
    const store = createStore();
    await store.setData({ ahead: '2026-03-02T08:30:00Z gateways/ahead' });
    expect(await budgetOn(store, 1).take(gateway('a'), NOW, signal)).toMatchObject({ kind: 'None' });
    await store.setData({ far: '2026-03-03T08:30:00Z gateways/far' });
    expect(await budgetOn(store, 1).take(gateway('a'), NOW, signal)).toEqual({ kind: 'Taken' });
  });

  it('fails where it cannot be written down, and gives nothing', async () => {
    const { client } = createStore();
    const refused = { ...client, create: () => Promise.reject(new Error('No answer.')) };
    const budget = createDeletionBudget({ client: refused, namespace: 'cmg-system', perHour: 2 });
    await expect(budget.take(gateway('a'), NOW, signal)).rejects.toThrow('No answer.');
  });
});
