import type { JsonObject, JsonValue } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { checkTypeApiVersion } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import { type Answer, requiredBody } from '../exchange.ts';
import { GRAPH_TABLES, type GraphIndex } from '../graph-index.ts';
import { objectAt, textsAt } from '../json-path.ts';
import type { Route } from '../routes.ts';
import { parseQuery, runQuery } from './graph-query.ts';
import { QueryProblem } from './graph-query-reader.ts';
import { createGraphQuota, type GraphQuota } from './graph-quota.ts';

const API_VERSIONS = ['2024-04-01', '2022-10-01', '2021-03-01', '2020-04-01-preview', '2019-04-01'];

/** Rows that one answer holds at most. */
const PAGE = 1000;

/** Azure Resource Graph over what `graph` knows. */
export function resourceGraphRoutes(graph: GraphIndex): readonly Route[] {
  const quota = createGraphQuota();
  const handle = (context: ArmContext) => answerQuery(context, graph, quota);
  return [{ method: 'POST', path: '/providers/Microsoft.ResourceGraph/resources', handle }];
}

function answerQuery(context: ArmContext, graph: GraphIndex, quota: GraphQuota): Answer {
  checkTypeApiVersion(context, 'Microsoft.ResourceGraph', 'resources', API_VERSIONS);
  const { world, caller } = context;
  const headers = quota.take(caller.objectId, world.now(), world.settings.throttling);
  const body = requiredBody(context.request);
  const subscriptions = textsAt(body, 'subscriptions').map((id) => id.toLowerCase());
  const rows = answerRows(context, graph, typeof body.query === 'string' ? body.query : '', subscriptions);
  const options = objectAt(body, 'options');
  const skip = skipFrom(options);
  const top = Math.min(typeof options.$top === 'number' ? options.$top : PAGE, PAGE);
  const data = rows.slice(skip, skip + top);
  return {
    status: 200,
    headers,
    body: {
      totalRecords: rows.length,
      count: data.length,
      data,
      facets: [],
      resultTruncated: 'false',
      ...(skip + top < rows.length ? { $skipToken: skipToken(skip + top) } : {}),
    },
  };
}

/** Rows that the caller may not read are left out without a word, as in Azure. */
function answerRows(
  { world, caller }: ArmContext,
  graph: GraphIndex,
  text: string,
  subscriptions: readonly string[],
): readonly JsonObject[] {
  try {
    return runQuery(parseQuery(text), (table) => {
      if (!GRAPH_TABLES.includes(table)) throw new QueryProblem(`Table ${table} is not known.`);
      return [...graph.rows(table)].filter(
        (row) =>
          (subscriptions.length === 0 || subscriptions.includes(String(row.subscriptionId).toLowerCase())) &&
          world.mayDo(caller, `${row.type}/read`, String(row.id)),
      );
    });
  } catch (error) {
    if (!(error instanceof QueryProblem)) throw error;
    throw new ArmFault(
      400,
      'BadRequest',
      'Please provide below info when asking for support: timestamp, correlationId.',
      {
        details: [
          {
            code: 'InvalidQuery',
            message: `Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before retrying. ${error.message}`,
          },
        ],
      },
    );
  }
}

function skipToken(skip: number): string {
  return Buffer.from(JSON.stringify({ skip })).toString('base64');
}

function skipFrom(options: JsonObject): number {
  const token: JsonValue | undefined = options.$skipToken;
  if (typeof token !== 'string') return typeof options.$skip === 'number' ? options.$skip : 0;
  try {
    const { skip } = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as { readonly skip: unknown };
    if (typeof skip === 'number') return skip;
  } catch {
    // Falls through to the refusal.
  }
  throw new ArmFault(400, 'BadRequest', 'The skip token is invalid.');
}
