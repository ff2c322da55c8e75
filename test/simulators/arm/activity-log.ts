import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../src/json.ts';
import type { TypeRegistry } from './context.ts';
import { nameOperation } from './operation-names.ts';
import type { Operation } from './operations.ts';
import { placeOf } from './resource-path.ts';
import type { Principal } from './world.ts';

/** A write, an action or a deletion that somebody asked for. Times are simulated milliseconds since the epoch. */
export interface Activity {
  readonly method: string;
  readonly path: string;
  /** Of the request: the answer has it in `x-ms-correlation-request-id`. */
  readonly correlationId: string;
  /** What the client called the request, if it did. */
  readonly clientRequestId: string | undefined;
  readonly caller: Principal;
  readonly at: number;
  readonly status: number;
  /** The body of a refusal. */
  readonly refusal: JsonObject | undefined;
  readonly operation: Operation | undefined;
}

/** The activity log of Azure Monitor. */
export interface ActivityLog {
  note(activity: Activity): void;
  /** The events in a span of time, the newest first. What is still under way has not ended yet. */
  events(from: number, until: number): readonly LoggedEvent[];
}

/** One event: the beginning of an activity, its acceptance, or its end. */
export interface LoggedEvent {
  readonly at: number;
  readonly status: 'Started' | 'Accepted' | 'Succeeded' | 'Failed';
  readonly caller: string;
  readonly correlationId: string;
  readonly operationName: string;
  readonly resourceId: string;
  readonly resourceType: string;
  readonly resourceProvider: string;
  readonly resourceGroup: string;
  readonly subscriptionId: string;
  /** As the API shows it, but for what depends on who asks when. */
  readonly view: JsonObject;
}

/** An empty log. */
export function createActivityLog(types: TypeRegistry, tenantId: string): ActivityLog {
  const entries: { readonly activity: Activity; readonly ids: readonly string[] }[] = [];
  return {
    note: (activity) => entries.push({ activity, ids: [randomUUID(), randomUUID(), randomUUID(), randomUUID()] }),
    events: (from, until) =>
      entries
        .flatMap(({ activity, ids }) => eventsOf(activity, ids, types, tenantId))
        .filter(({ at }) => at >= from && at <= until)
        .reverse()
        .sort((left, right) => right.at - left.at),
  };
}

interface Step {
  readonly status: LoggedEvent['status'];
  readonly at: number;
  readonly code: number;
  readonly failure?: JsonObject;
}

function stepsOf({ status, refusal, operation, at }: Activity): Step[] {
  const started: Step = { status: 'Started', at, code: 0 };
  if (status >= 400) return [started, { status: 'Failed', at, code: status, failure: refusal ?? {} }];
  if (operation === undefined) return [started, { status: 'Succeeded', at, code: status }];
  const accepted: Step = { status: 'Accepted', at, code: status };
  const { endedAt, error } = operation;
  if (endedAt === undefined) return [started, accepted];
  const end: Step =
    error === undefined
      ? { status: 'Succeeded', at: endedAt, code: 200 }
      : { status: 'Failed', at: endedAt, code: 409, failure: { error: { ...error } } };
  return [started, accepted, end];
}

function eventsOf(activity: Activity, ids: readonly string[], types: TypeRegistry, tenantId: string): LoggedEvent[] {
  const { method, path, caller, correlationId, clientRequestId } = activity;
  const named = nameOperation(types, method, path);
  const { subscriptionId = '', resourceGroup = '' } = placeOf(path);
  const [operationId = '', ...eventIds] = ids;
  return stepsOf(activity).map((step, index) => ({
    at: step.at,
    status: step.status,
    caller: caller.objectId,
    correlationId,
    operationName: named.operation,
    resourceId: named.resourceId,
    resourceType: named.resourceType,
    resourceProvider: named.namespace,
    resourceGroup,
    subscriptionId,
    view: {
      authorization: { action: named.operation, scope: named.resourceId },
      caller: caller.objectId,
      channels: 'Operation',
      claims: claimsOf(caller, tenantId),
      correlationId,
      description: '',
      eventDataId: eventIds[index] ?? '',
      eventName: step.status === 'Started' ? text('BeginRequest', 'Begin request') : text('EndRequest', 'End request'),
      category: text('Administrative'),
      eventTimestamp: new Date(step.at).toISOString(),
      id: `${named.resourceId}/events/${eventIds[index]}/ticks/${ticks(step.at)}`,
      level: step.status === 'Failed' ? 'Error' : 'Informational',
      operationId,
      operationName: text(named.operation),
      resourceGroupName: resourceGroup,
      resourceProviderName: text(named.namespace),
      resourceType: text(named.resourceType),
      resourceId: named.resourceId,
      status: text(step.status),
      subStatus: subStatus(step.code),
      subscriptionId,
      tenantId,
      httpRequest: {
        clientRequestId: clientRequestId ?? correlationId,
        clientIpAddress: '127.0.0.1',
        method,
      },
      properties: {
        entity: named.resourceId,
        message: named.operation,
        ...(step.code === 0 ? {} : { statusCode: CODE_NAMES[step.code] ?? String(step.code) }),
        ...(step.failure === undefined ? {} : { statusMessage: JSON.stringify(step.failure) }),
      },
    },
  }));
}

function claimsOf({ objectId, appId }: Principal, tenantId: string): JsonObject {
  return {
    aud: 'https://management.azure.com/',
    iss: `https://sts.windows.net/${tenantId}/`,
    appid: appId,
    'http://schemas.microsoft.com/identity/claims/objectidentifier': objectId,
    'http://schemas.microsoft.com/identity/claims/tenantid': tenantId,
    idtyp: 'app',
  };
}

const CODE_NAMES: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'NoContent',
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
};

function subStatus(code: number): JsonObject {
  if (code === 0) return text('');
  const name = CODE_NAMES[code] ?? String(code);
  return text(name, `${name} (HTTP Status Code: ${code})`);
}

function text(value: string, localizedValue = value): JsonObject {
  return { value, localizedValue };
}

/** 100 ns since the year 1, as .NET counts. */
function ticks(at: number): string {
  return (621_355_968_000_000_000n + BigInt(Math.trunc(at)) * 10_000n).toString();
}
