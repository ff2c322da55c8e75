import { expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import type { ArmClient } from './arm-client.ts';
import { ArmError } from './errors.ts';
import { searchTaggedResources } from './tagged-resources.ts';

const TAG = { name: 'owner', value: "contoso's" };
const idOf = (subscription: string) => `/subscriptions/${subscription}/resourceGroups/rg`;

/** Azure with one tagged group in each subscription, which fails at the queries in which one of `failing` is asked for. */
function azure(listed: readonly string[] | Error, failing: Readonly<Record<string, Error>> = {}) {
  const asked: (readonly string[])[] = [];
  const queries = new Set<string>();
  const client = {
    subscriptionId: 'own',
    list: async () => {
      if (listed instanceof Error) throw listed;
      return listed.map((subscriptionId) => ({ subscriptionId }));
    },
    post: async (_path: string, _version: string, body: JsonObject) => {
      const subscriptions = body.subscriptions as readonly string[];
      const skip = Number((body.options as JsonObject).$skipToken ?? 0);
      const page = subscriptions.slice(skip, skip + 800);
      const failure = page.map((id) => failing[id]).find((error) => error !== undefined);
      if (skip === 0) asked.push(subscriptions);
      if (failure !== undefined) throw failure;
      queries.add(String(body.query));
      const data = page.map((id) => ({
        id: idOf(id),
        type: 'T',
        location: 'westeurope',
        tags: { owner: "contoso's" },
      }));
      return { resource: { data, ...(skip + 800 < subscriptions.length ? { $skipToken: String(skip + 800) } : {}) } };
    },
  } as unknown as ArmClient;
  return { client, asked, queries };
}

const throttled = new ArmError({ status: 429, code: 'RateLimiting', message: 'Slower.', class: 'Throttled' });
const many = Array.from({ length: 2001 }, (_, index) => `s${String(index).padStart(4, '0')}`);

test('a search asks in all subscriptions, a thousand at a time, by one query', async () => {
  const { client, asked, queries } = azure(many);
  const { resources, isComplete } = await searchTaggedResources(client, TAG, ['S0007']);
  expect(isComplete).toBe(true);
  expect(resources.map(({ id }) => id)).toEqual(many.map(idOf));
  expect(asked.map(({ length }) => length)).toEqual([1000, 1000, 1]);
  expect([...queries]).toEqual([
    "resources | where tags['owner'] == 'contoso\\'s' | union (resourcecontainers | where tags['owner'] == 'contoso\\'s') | project id, type, location, tags | order by id asc",
  ]);
});

test('a failure leaves the search incomplete, with everything that was found before and after', async () => {
  const { client } = azure(many, { s0900: throttled });
  const { resources, isComplete } = await searchTaggedResources(client, TAG, []);
  expect(isComplete).toBe(false);
  expect(resources.map(({ id }) => id)).toEqual([...many.slice(0, 800), ...many.slice(1000)].map(idOf));
});

test('a subscription that is expected and cannot be seen leaves it incomplete', async () => {
  const { client, asked } = azure(['one']);
  expect(await searchTaggedResources(client, TAG, ['one', 'two'])).toMatchObject({ isComplete: false });
  expect(asked).toEqual([['one']]);
});

test('without the list the expected subscriptions are asked', async () => {
  const { client, asked } = azure(throttled);
  const { resources, isComplete } = await searchTaggedResources(client, TAG, ['One', 'one', 'two']);
  expect(isComplete).toBe(false);
  expect(resources).toHaveLength(2);
  expect(asked).toEqual([['one', 'two']]);
});

test('nothing is asked of an Azure in which nothing can be seen', async () => {
  const { client, asked } = azure([]);
  expect(await searchTaggedResources(client, TAG, [])).toEqual({ resources: [], isComplete: true });
  expect(asked).toEqual([]);
});

test('what is no failure of Azure, and the end that the caller asks for, come through', async () => {
  const mistake = new TypeError('A mistake.');
  await expect(searchTaggedResources(azure(mistake).client, TAG, [])).rejects.toBe(mistake);
  await expect(searchTaggedResources(azure(['one'], { one: mistake }).client, TAG, [])).rejects.toBe(mistake);
  const signal = AbortSignal.abort(new Error('The controller ends.'));
  await expect(searchTaggedResources(azure(throttled).client, TAG, [], { signal })).rejects.toThrow(
    'The controller ends.',
  );
});
