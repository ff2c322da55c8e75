import { isJsonObject, type JsonObject } from '../json.ts';
import type { ArmClient, ReadOptions } from './arm-client.ts';

const ROWS_PER_PAGE = 1000;

/**
 * Runs an Azure Resource Graph query over the client's subscription and yields its rows page by page, so that a large fleet
 * needs no more memory than a page. The graph follows changes with a delay and leaves out what the identity may not read, so
 * a missing row proves nothing. A query has to say an order, or rows may come twice or never.
 */
export async function* queryResourceGraph(
  client: ArmClient,
  query: string,
  options?: ReadOptions,
): AsyncGenerator<readonly JsonObject[], void, void> {
  let skipToken: string | undefined;
  do {
    const { resource } = await client.post(
      '/providers/Microsoft.ResourceGraph/resources',
      '2024-04-01',
      {
        subscriptions: [client.subscriptionId],
        query,
        options: { resultFormat: 'objectArray', $top: ROWS_PER_PAGE, $skipToken: skipToken },
      },
      options,
    );
    yield Array.isArray(resource?.data) ? resource.data.filter(isJsonObject) : [];
    const next = resource?.$skipToken;
    skipToken = typeof next === 'string' && next !== '' && next !== skipToken ? next : undefined;
  } while (skipToken !== undefined);
}

/** `text` as a string literal of the query language, so that it cannot change the query. */
export function graphString(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}
