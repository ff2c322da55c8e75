import type { JsonObject } from '../../../../src/json.ts';
import type { ActivityLog, LoggedEvent } from '../activity-log.ts';
import { checkRights, checkTypeApiVersion, subscriptionOf } from '../checks.ts';
import type { ArmContext } from '../context.ts';
import type { Answer } from '../exchange.ts';
import { groupId } from '../resource-path.ts';
import { parameter, type Route } from '../routes.ts';

const API_VERSIONS = ['2017-03-01-preview', '2015-04-01', '2014-04-01'];
const RIGHT = 'Microsoft.Insights/eventtypes/values/read';
const DAY = 86_400_000;

/** How long events are kept. */
const KEPT = 90 * DAY;

/** Rows that one answer holds at most. */
const PAGE = 200;

/** What was done in a subscription, and by whom. */
export function activityLogRoutes(log: ActivityLog): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values',
      handle: (context, parameters) => list(context, log, parameter(parameters, 'subscription')),
    },
  ];
}

function list(context: ArmContext, log: ActivityLog, asked: string): Answer {
  const { subscriptionId } = subscriptionOf(context, asked);
  checkTypeApiVersion(context, 'Microsoft.Insights', 'eventtypes', API_VERSIONS);
  const { world, request } = context;
  const filter = readFilter(request.query.get('$filter') ?? '');
  if (typeof filter === 'string') return badRequest(filter);
  const group = filter.fields.get('resourcegroupname');
  checkRights(
    context,
    RIGHT,
    group === undefined ? `/subscriptions/${subscriptionId}` : groupId(subscriptionId, group),
  );
  if (filter.from < world.now() - KEPT) {
    return badRequest('The start time cannot be more than 90 days in the past.');
  }
  const lag = world.settings.activityLogLagSeconds * 1000;
  const events = log
    .events(filter.from, Math.min(filter.until, world.now() - lag))
    .filter((event) => event.subscriptionId.toLowerCase() === subscriptionId && matches(event, filter.fields));
  const skip = Number(request.query.get('$skiptoken') ?? 0);
  const page = events.slice(skip, skip + PAGE).map((event) => shown(event, lag, request.query.get('$select')));
  return { status: 200, body: { value: page, ...nextLink(context, skip + PAGE, events.length) } };
}

interface Filter {
  readonly from: number;
  readonly until: number;
  /** Values by field in lower case. */
  readonly fields: ReadonlyMap<string, string>;
}

const FIELDS: Readonly<Record<string, (event: LoggedEvent) => string>> = {
  caller: (event) => event.caller,
  correlationid: (event) => event.correlationId,
  resourcegroupname: (event) => event.resourceGroup,
  resourceuri: (event) => event.resourceId,
  resourceid: (event) => event.resourceId,
  resourceprovider: (event) => event.resourceProvider,
  resourcetype: (event) => event.resourceType,
  operationname: (event) => event.operationName,
  status: (event) => event.status,
};

/** Fields that do not choose among the events that there are. */
const IGNORED = ['eventchannels', 'levels'];

/** Reads a filter: terms joined by `and`; dates with or without quotes. A text says what is wrong. */
function readFilter(text: string): Filter | string {
  const fields = new Map<string, string>();
  let from: number | undefined;
  let until = Number.POSITIVE_INFINITY;
  for (const term of text.split(/\s+and\s+/i)) {
    const [, name = '', operator = '', quoted, plain] =
      /^\s*(\w+)\s+(eq|ge|le)\s+(?:'([^']*)'|(\S+))\s*$/i.exec(term) ?? [];
    const value = quoted ?? plain ?? '';
    const field = name.toLowerCase();
    if (field === 'eventtimestamp') {
      const time = Date.parse(value);
      if (Number.isNaN(time)) return `The time '${value}' of the filter is not valid.`;
      if (operator.toLowerCase() === 'ge') from = time;
      else until = time;
    } else if (FIELDS[field] !== undefined && operator.toLowerCase() === 'eq') {
      fields.set(field, value);
    } else if (!IGNORED.includes(field)) {
      return `The filter '${text}' is not valid.`;
    }
  }
  return from === undefined ? 'The filter needs a start time: eventTimestamp ge.' : { from, until, fields };
}

function matches(event: LoggedEvent, fields: ReadonlyMap<string, string>): boolean {
  return [...fields].every(([field, value]) => FIELDS[field]?.(event).toLowerCase() === value.toLowerCase());
}

function shown(event: LoggedEvent, lag: number, select: string | null): JsonObject {
  const view: JsonObject = { ...event.view, submissionTimestamp: new Date(event.at + lag).toISOString() };
  if (select === null) return view;
  const wanted = select.split(',').map((name) => name.trim().toLowerCase());
  return Object.fromEntries(Object.entries(view).filter(([name]) => wanted.includes(name.toLowerCase())));
}

function nextLink({ request }: ArmContext, skip: number, count: number): JsonObject {
  if (skip >= count) return {};
  const query = new URLSearchParams(request.query);
  query.set('$skiptoken', String(skip));
  return { nextLink: `${request.origin}${request.path}?${query}` };
}

/** As recorded: the service writes its members with capitals, and without `error`. */
function badRequest(message: string): Answer {
  return { status: 400, body: { Code: 'BadRequest', Message: message } };
}
