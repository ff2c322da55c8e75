import { randomUUID } from 'node:crypto';
import { isJsonObject } from '../../../src/json.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import { type Activity, createActivityLog } from './activity-log.ts';
import { ArmFault } from './arm-fault.ts';
import { CLOUDS, type SimulatedCloud } from './clouds.ts';
import { type ArmContext, createTypeRegistry, type TypeRegistry } from './context.ts';
import { type Arm, createArm } from './core/index.ts';
import { GROUP_TYPE } from './core/resource-groups.ts';
import { viewOf } from './dispatcher.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import type { FaultAction } from './faults.ts';
import { type Attribution, createChangeLog } from './graph-changes.ts';
import { createGraphIndex } from './graph-index.ts';
import { createJournal, isWrite, type Journal } from './journal.ts';
import { nameOperation } from './operation-names.ts';
import { createOperations, type Operation, type Operations } from './operations.ts';
import { resourceTypes } from './providers/index.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';
import { defaultSettings, type Settings } from './settings.ts';
import type { Machines, Principal } from './world.ts';
import { createWorld, type Subscription, type WorldState } from './world-state.ts';

/** One simulated Azure without its network and its directory. */
export interface Azure {
  readonly world: WorldState;
  readonly types: TypeRegistry;
  readonly operations: Operations;
  readonly journal: Journal;
  addSubscription(subscription: NewSubscription): void;
  /** Carries out a request of a caller who is known. */
  carryOut(request: ArmRequest, caller: Principal, fault?: FaultAction): Answer;
}

/** A subscription to add. */
export interface NewSubscription {
  /** In lower case. */
  readonly subscriptionId: string;
  readonly displayName: string;
  /** Whether all resource providers are registered. */
  readonly registered: boolean;
}

/** What an Azure is made of. */
export interface AzureParts {
  /** Default: the public one. */
  readonly cloud?: SimulatedCloud;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly blobEndpoint: (account: string) => string;
  readonly blobExists: (url: string) => boolean;
  readonly settings?: Settings;
  /** Present where processes run behind VMs. */
  readonly machines?: Machines;
}

/** An Azure with one subscription, all providers registered, and nothing in it. */
export function createAzure(parts: AzureParts): Azure {
  const { clock } = parts;
  const settings = parts.settings ?? defaultSettings();
  const cloud = parts.cloud ?? CLOUDS.AzurePublicCloud;
  const world = createWorld({ ...parts, cloud, now: () => clock.now(), settings });
  const types = createTypeRegistry(resourceTypes);
  const addSubscription: Azure['addSubscription'] = ({ subscriptionId, displayName, registered }) => {
    const registrations = new Map(
      types.namespaces.map((namespace) => [namespace.toLowerCase(), registered ? 'Registered' : 'NotRegistered']),
    ) satisfies Subscription['registrations'];
    world.subscriptions.set(subscriptionId, { subscriptionId, displayName, state: 'Enabled', registrations });
  };
  addSubscription({ ...parts, displayName: 'Simulated subscription', registered: true });
  const operations = createOperations(world, clock);
  const attribution: Attribution = { current: undefined };
  const isTracked = (type: string) => types.get(type)?.tracked === true;
  const changes = createChangeLog(world, attribution, (type) => isTracked(type) || type === GROUP_TYPE);
  const graph = createGraphIndex(
    world,
    (resource) => viewOf(types.get(resource.type), resource, world),
    isTracked,
    changes,
  );
  const log = createActivityLog(types, parts.tenantId);
  const arm: Arm = createArm(graph, log);
  const journal = createJournal();
  const rateLimits = createRateLimits();

  const carryOut: Azure['carryOut'] = (request, caller, fault) => {
    const limits = withinLimits(rateLimits, request, caller, world);
    if ('refusal' in limits) return limits.refusal;
    const begunBefore = operations.journal.length;
    const correlationId = correlationIdOf(request);
    const context: ArmContext = {
      world,
      types,
      operations,
      schedule: (seconds, callback) => clock.schedule(seconds * 1000, callback),
      request,
      caller,
      operationFailure: fault?.kind === 'failOperation' ? fault.error : undefined,
    };
    if (!isWrite(request.method, request.path)) return withHeaders(arm(context), limits.headers);
    attribution.current = { caller, correlationId, ...nameOperation(types, request.method, request.path) };
    const answer = arm(context);
    attribution.current = undefined;
    const written: Written = { request, caller, answer, at: world.now(), operation: operations.journal[begunBefore] };
    log.note(activityOf(written, correlationId));
    if (answer.status < 300) journal.accept(acceptedWriteOf(written), written.operation);
    return withHeaders(answer, { ...limits.headers, [CORRELATION]: correlationId });
  };
  return { world, types, operations, journal, addSubscription, carryOut };
}

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

function withinLimits(
  rateLimits: RateLimits,
  { method, path }: ArmRequest,
  caller: Principal,
  world: WorldState,
): { readonly headers: Readonly<Record<string, string>> } | { readonly refusal: Answer } {
  try {
    const enforce = world.settings.throttling;
    return { headers: rateLimits.take({ method, path, caller: caller.appId, now: world.now(), enforce }) };
  } catch (error) {
    if (!(error instanceof ArmFault)) throw error;
    return { refusal: { status: error.status, headers: error.headers, body: error.body } };
  }
}

const CORRELATION = 'x-ms-correlation-request-id';

/** The id under which a client, or else Azure, keeps together what belongs to one request. */
function correlationIdOf({ headers }: ArmRequest): string {
  const given = headers[CORRELATION];
  return typeof given === 'string' ? given : randomUUID();
}

/** A request that was meant to change something, and what came of it. */
interface Written {
  readonly request: ArmRequest;
  readonly caller: Principal;
  readonly answer: Answer;
  readonly at: number;
  readonly operation: Operation | undefined;
}

function activityOf({ request, caller, answer, at, operation }: Written, correlationId: string): Activity {
  const clientRequestId = request.headers['x-ms-client-request-id'];
  return {
    method: request.method,
    path: request.path,
    correlationId,
    clientRequestId: typeof clientRequestId === 'string' ? clientRequestId : undefined,
    caller,
    at,
    status: answer.status,
    refusal: answer.status >= 400 && isJsonObject(answer.body) ? answer.body : undefined,
    operation,
  };
}

function acceptedWriteOf({ request, caller, answer, at }: Written) {
  const { method, path } = request;
  return { method, path, status: answer.status, callerObjectId: caller.objectId, acceptedAt: at };
}
