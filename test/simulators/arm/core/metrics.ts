import type { JsonObject, JsonValue } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { checkRights, checkTypeApiVersion, subscriptionOf } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import type { Answer } from '../exchange.ts';
import { textAt } from '../json-path.ts';
import { type MetricDefinition, type MetricPoint, measure, metricsOf } from '../metrics.ts';
import { placeOf } from '../resource-path.ts';
import { resourceNotFound } from '../resource-target.ts';
import { parameter, type Route } from '../routes.ts';
import type { StoredResource } from '../world.ts';

const API_VERSIONS = ['2024-02-01', '2023-10-01', '2021-05-01', '2019-07-01', '2018-01-01'];

/** The platform metrics of Azure Monitor. */
export const metricRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '{+scope}/providers/Microsoft.Insights/metrics',
    handle: (context, parameters) => {
      try {
        return list(context, parameter(parameters, 'scope'));
      } catch (error) {
        if (!(error instanceof ArmFault) || error.status !== 400 || !isOld(context)) throw error;
        // Until 2019, the service wrote its own errors without `error` around them.
        return { status: 400, body: { code: error.error.code, message: error.error.message } };
      }
    },
  },
  {
    method: 'GET',
    path: '{+scope}/providers/Microsoft.Insights/metricDefinitions',
    handle: (context, parameters) => {
      const resource = measuredResource(context, parameter(parameters, 'scope'), 'metricDefinitions');
      return { status: 200, body: { value: metricsOf(resource.type).map((item) => definitionView(resource, item)) } };
    },
  },
];

function isOld({ request }: ArmContext): boolean {
  return request.query.get('api-version') === '2018-01-01';
}

function measuredResource(context: ArmContext, scope: string, kind: 'metrics' | 'metricDefinitions'): StoredResource {
  checkTypeApiVersion(context, 'Microsoft.Insights', kind, API_VERSIONS);
  subscriptionOf(context, placeOf(scope).subscriptionId ?? '');
  checkRights(context, `Microsoft.Insights/${kind}/read`, scope);
  const resource = context.world.get(scope);
  if (resource === undefined) throw resourceNotFound(scope);
  return resource;
}

function list(context: ArmContext, scope: string): Answer {
  const { world, request } = context;
  const resource = measuredResource(context, scope, 'metrics');
  const definitions = askedMetrics(resource, request.query.get('metricnames'));
  const interval = intervalOf(request.query, definitions);
  const span = spanOf(request.query.get('timespan'), world.now());
  const intervalMs = interval === 'FULL' ? span.until - span.from : (INTERVALS[interval] ?? 60) * 1000;
  const aggregations = askedAggregations(request.query.get('aggregation'));
  const value = definitions.map((definition) =>
    metricView(resource, definition, measure(world, resource, definition, { ...span, intervalMs }), aggregations),
  );
  return {
    status: 200,
    body: {
      cost: value.length * Math.ceil((span.until - span.from) / 60_000) * 2,
      timespan: `${instant(span.from)}/${instant(span.until)}`,
      interval,
      value,
      namespace: resource.type,
      resourceregion: textAt(resource.document, 'location') ?? '',
    },
  };
}

function askedMetrics({ type }: StoredResource, names: string | null): readonly MetricDefinition[] {
  const known = metricsOf(type);
  const [first] = known;
  if (names === null && first !== undefined) return [first];
  return (names ?? '').split(',').map((name) => {
    const found = known.find((item) => item.name.toLowerCase() === name.trim().toLowerCase());
    if (found !== undefined) return found;
    const [namespace, ...shortType] = type.split('/');
    throw badRequest(
      `Failed to find metric configuration for provider: ${namespace}, resource Type: ${shortType.join('/')}, metric: ${name}, Valid metrics: ${known.map((item) => item.name).join(',')}`,
    );
  });
}

/** Seconds of the intervals that can be asked for. */
const INTERVALS: Readonly<Record<string, number>> = {
  PT1M: 60,
  PT5M: 300,
  PT15M: 900,
  PT30M: 1800,
  PT1H: 3600,
  PT6H: 21_600,
  PT12H: 43_200,
  P1D: 86_400,
};

/** The interval asked for, by default the shortest that all metrics have. */
function intervalOf(query: URLSearchParams, definitions: readonly MetricDefinition[]): string {
  const asked = query.get('interval') ?? '';
  const finest = Math.max(...definitions.map((definition) => definition.finestSeconds));
  const possible = Object.keys(INTERVALS).filter((name) => (INTERVALS[name] ?? 0) >= finest);
  const adjusted = /^true$/i.test(query.get('AutoAdjustTimegrain') ?? '') && INTERVALS[asked] !== undefined;
  if (asked === 'FULL' || possible.includes(asked)) return asked;
  if (asked === '' || adjusted) return possible[0] ?? 'PT1H';
  throw badRequest(`Detected invalid time grain input '${asked}'. Valid time grains are: ${possible.join(',')}`);
}

const DAY = 86_400_000;

/** The longest span that is looked at; of a longer one, the end. */
const LONGEST = 31 * DAY;

/** The span asked for, by default the last hour. */
function spanOf(given: string | null, now: number): { readonly from: number; readonly until: number } {
  if (given === null) return { from: minute(now - 3_600_000), until: minute(now) };
  const [from = Number.NaN, until = Number.NaN] = decoded(given).split('/').map(timeOf);
  if (Number.isNaN(from) || Number.isNaN(until) || from >= until) {
    throw badRequest(`The timespan '${given}' is invalid: a start, a slash and a later end are expected.`);
  }
  return { from: minute(Math.max(from, until - LONGEST)), until: minute(until) };
}

/** The Azure CLI encodes its timespan twice. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Without a zone, times are in UTC. */
function timeOf(text: string): number {
  // A `+` that was not encoded has become a space.
  const plain = text.trim().replace(' ', '+');
  return Date.parse(/(z|[+-]\d{2}:?\d{2})$/i.test(plain) ? plain : `${plain}Z`);
}

function minute(at: number): number {
  return Math.floor(at / 60_000) * 60_000;
}

const AGGREGATIONS = ['total', 'average', 'minimum', 'maximum', 'count'] as const;
type Aggregation = (typeof AGGREGATIONS)[number];

/** Those that are asked for; none means the one that fits each metric best. */
function askedAggregations(given: string | null): readonly Aggregation[] {
  if (given === null || given === '') return [];
  return given.split(',').map((name) => {
    const found = AGGREGATIONS.find((known) => known === name.trim().toLowerCase());
    if (found === undefined) throw badRequest(`The aggregation '${name}' is not supported.`);
    return found;
  });
}

function metricView(
  { id }: StoredResource,
  definition: MetricDefinition,
  points: readonly MetricPoint[],
  asked: readonly Aggregation[],
): JsonObject {
  const aggregations: readonly Aggregation[] =
    asked.length > 0 ? asked : [definition.primary === 'Total' ? 'total' : 'average'];
  const data = points.map(({ at, measured }): JsonValue => {
    const values = aggregations.flatMap((name) => (measured === undefined ? [] : [[name, measured[name]] as const]));
    return { timeStamp: instant(at), ...Object.fromEntries(values) };
  });
  const anything = points.some(({ measured }) => measured !== undefined);
  return {
    id: `${id}/providers/Microsoft.Insights/metrics/${definition.name}`,
    type: 'Microsoft.Insights/metrics',
    name: { value: definition.name, localizedValue: definition.localizedName },
    displayDescription: definition.description,
    unit: definition.unit,
    timeseries: anything ? [{ metadatavalues: [], data }] : [],
    errorCode: 'Success',
  };
}

function definitionView({ id, type }: StoredResource, definition: MetricDefinition): JsonObject {
  const { name, localizedName, description, unit, primary, finestSeconds } = definition;
  return {
    id: `${id}/providers/microsoft.insights/metricdefinitions/${name}`,
    resourceId: id,
    namespace: type.toLowerCase(),
    name: { value: name, localizedValue: localizedName },
    displayDescription: description,
    isDimensionRequired: false,
    unit,
    primaryAggregationType: primary,
    supportedAggregationTypes: ['Total', 'Average', 'Minimum', 'Maximum', 'Count'],
    metricAvailabilities: Object.entries(INTERVALS)
      .filter(([, seconds]) => seconds >= finestSeconds)
      .map(([timeGrain]) => ({ timeGrain, retention: 'P93D' })),
  };
}

/** As the service writes times: without fractions of seconds. */
function instant(at: number): string {
  return new Date(at).toISOString().replace('.000', '');
}

function badRequest(message: string): ArmFault {
  return new ArmFault(400, 'BadRequest', message);
}
