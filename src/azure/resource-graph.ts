import { isJsonObject, type JsonObject } from '../json.ts';
import type { ArmClient, ReadOptions } from './arm-client.ts';
import { ArmError } from './errors.ts';

const ROWS_PER_PAGE = 1000;

export interface QueryOptions extends ReadOptions {
  /** Ids of the subscriptions that are looked at, 1000 at most. Default: that of the client. */
  readonly subscriptions?: readonly string[];
  /**
   * Waits as long as Azure asks for, after which the same page is asked for again; rejects to give up. Default: a query whose
   * page is throttled fails.
   */
  readonly waitOut?: (throttled: ArmError) => Promise<void>;
}

/**
 * Runs an Azure Resource Graph query, as a rule over the client's subscription, and yields its rows page by page, so that a
 * large fleet needs no more memory than a page. The graph follows changes with a delay and leaves out what the identity may
 * not read, so a missing row proves nothing. A query has to say an order, or rows may come twice or never.
 */
export async function* queryResourceGraph(
  client: ArmClient,
  query: string,
  options?: QueryOptions,
): AsyncGenerator<readonly JsonObject[], void, void> {
  let skipToken: string | undefined;
  do {
    const { resource } = await pageOf(client, query, skipToken, options);
    yield Array.isArray(resource?.data) ? resource.data.filter(isJsonObject) : [];
    const next = resource?.$skipToken;
    skipToken = typeof next === 'string' && next !== '' && next !== skipToken ? next : undefined;
  } while (skipToken !== undefined);
}

async function pageOf(client: ArmClient, query: string, skipToken: string | undefined, options: QueryOptions = {}) {
  const { waitOut, subscriptions = [client.subscriptionId], ...rest } = options;
  for (;;) {
    try {
      return await client.post(
        '/providers/Microsoft.ResourceGraph/resources',
        '2024-04-01',
        {
          subscriptions: [...subscriptions],
          query,
          options: { resultFormat: 'objectArray', $top: ROWS_PER_PAGE, $skipToken: skipToken },
        },
        rest,
      );
    } catch (error) {
      if (waitOut === undefined || !(error instanceof ArmError) || error.class !== 'Throttled') throw error;
      await waitOut(error);
    }
  }
}

/** `text` as a string literal of the query language, so that it cannot change the query. */
export function graphString(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}
