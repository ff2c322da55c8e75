import { isJsonObject } from '../json.ts';
import type { ArmClient, ReadOptions } from './arm-client.ts';
import { ArmError } from './errors.ts';
import { graphString, queryResourceGraph } from './resource-graph.ts';
import { listSubscriptions } from './subscriptions.ts';

/** A resource or resource group with its tags, as Azure Resource Graph shows it. */
export interface TaggedResource {
  readonly id: string;
  /** In lower case. */
  readonly type: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What a search for a tag came to. */
export interface TagSearch {
  /** In the order of their ids, subscription by subscription where there are very many of them. */
  readonly resources: readonly TaggedResource[];
  /** Whether everything was asked. Otherwise what is not among the resources says even less. */
  readonly isComplete: boolean;
}

/** A tag with its value. Azure compares names without case, values with it. */
export interface SoughtTag {
  readonly name: string;
  readonly value: string;
}

/** As many subscriptions as one query takes ("Troubleshoot errors using Azure Resource Graph"). */
const SUBSCRIPTIONS_AT_ONCE = 1000;

/**
 * Finds what carries a tag in all subscriptions that the client's identity can read, by a list of these and one query for
 * each thousand of them. A failure of Azure, throttling among them, makes the search incomplete; what was found until then is
 * there all the same.
 *
 * What is found did exist a moment ago. What is not found may exist, even after a complete search: the graph follows changes
 * with a delay for which Azure names no bound, and leaves out without a word what the identity may not read, so that it shows
 * a part of a subscription in which the identity may read one group only. Who wants to know whether a resource is there
 * reads it.
 *
 * @param expected ids of subscriptions without which the search is not complete; asked too where the list cannot be read
 */
export async function searchTaggedResources(
  client: ArmClient,
  tag: SoughtTag,
  expected: readonly string[],
  options: ReadOptions = {},
): Promise<TagSearch> {
  const wanted = [...new Set(expected.map((id) => id.toLowerCase()))];
  const listed = await unlessAzureFails(() => listSubscriptions(client, options), options);
  const subscriptions = listed ?? wanted;
  const resources: TaggedResource[] = [];
  let isComplete = listed !== undefined && wanted.every((id) => listed.includes(id));
  for (let at = 0; at < subscriptions.length; at += SUBSCRIPTIONS_AT_ONCE) {
    const batch = subscriptions.slice(at, at + SUBSCRIPTIONS_AT_ONCE);
    const done = await unlessAzureFails(() => searchBatch(client, tag, batch, resources, options), options);
    isComplete &&= done !== undefined;
  }
  return { resources, isComplete };
}

/** Adds what it finds to `resources` page by page, so that a page that fails loses none before it. */
async function searchBatch(
  client: ArmClient,
  tag: SoughtTag,
  subscriptions: readonly string[],
  resources: TaggedResource[],
  options: ReadOptions,
): Promise<true> {
  for await (const page of queryResourceGraph(client, queryFor(tag), { ...options, subscriptions })) {
    for (const { id, type, location, tags } of page) {
      if (typeof id === 'string' && typeof type === 'string') {
        resources.push({
          id,
          type: type.toLowerCase(),
          location: typeof location === 'string' ? location : '',
          tags: textsOf(tags),
        });
      }
    }
  }
  return true;
}

function queryFor({ name, value }: SoughtTag): string {
  const tagged = `where tags[${graphString(name)}] == ${graphString(value)}`;
  return `resources | ${tagged} | union (resourcecontainers | ${tagged}) | project id, type, location, tags | order by id asc`;
}

function textsOf(tags: unknown): Readonly<Record<string, string>> {
  const entries = isJsonObject(tags) ? Object.entries(tags) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** `undefined` where Azure refuses or does not answer. An end that the caller asked for is no failure of Azure. */
async function unlessAzureFails<T>(ask: () => Promise<T>, { signal }: ReadOptions): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ArmError) {
      return undefined;
    }
    throw error;
  }
}
