import { createHmac } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../../src/json.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import { type ArmErrorBody, ArmFault } from './arm-fault.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import type { OperationPlan } from './provider.ts';
import { locationName } from './resource-path.ts';
import type { WorldState } from './world-state.ts';

/** A long-running operation. Times are simulated milliseconds since the epoch. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly resourceId: string;
  readonly plan: OperationPlan;
  readonly startedAt: number;
  endedAt: number | undefined;
  /** When a client was first told that it is over. */
  reportedAt: number | undefined;
  error: ArmErrorBody | undefined;
  final: Answer | undefined;
}

/** What an operation belongs to. */
export interface OperationSubject {
  readonly method: string;
  readonly resourceId: string;
  readonly subscriptionId: string;
  readonly namespace: string;
  readonly location: string;
  readonly apiVersion: string;
  readonly origin: string;
  /** The answer at the end of a `Location` operation whose plan states no body. */
  readonly defaultFinalBody: () => JsonObject | undefined;
  /** Set by a fault rule: the operation fails so instead of being carried out. */
  readonly failure: ArmErrorBody | undefined;
}

/** The operations that were begun, and the URLs under which they are asked for. */
export interface Operations {
  /** Begins an operation and returns the headers that tell the client where to ask. */
  begin(
    plan: OperationPlan,
    subject: OperationSubject,
  ): { readonly operation: Operation; readonly headers: Record<string, string> };
  /** Answers a poll. `undefined` when the path is no operation's. */
  poll(request: ArmRequest): Answer | undefined;
  /** Marks what the client has now seen to be over on the resource itself. */
  noteSeen(resourceId: string): void;
  /** All so far, oldest first. */
  readonly journal: readonly Operation[];
  readonly running: number;
}

const POLL_PATH = /\/(?:operations|asyncoperations|operationresults|operationstatuses)\/([^/]+)$/i;

/** Begins without operations. */
export function createOperations(world: WorldState, clock: Clock): Operations {
  const byId = new Map<string, Operation>();
  const unseen = new Map<string, Set<Operation>>();
  const current = new Map<string, Operation>();
  const journal: Operation[] = [];
  let running = 0;
  const signer = createSigner(world);

  const finish = (operation: Operation, subject: OperationSubject) => {
    const { plan, resourceId } = operation;
    const key = resourceId.toLowerCase();
    operation.error = subject.failure ?? runOnDone(plan, world);
    operation.endedAt = world.now();
    running -= 1;
    if (current.get(key) === operation) {
      current.delete(key);
      if (plan.whileRunning !== undefined || operation.error !== undefined) {
        world.setProvisioningState(resourceId, operation.error === undefined ? 'Succeeded' : 'Failed');
      }
    }
    if (operation.error === undefined) {
      const body = plan.finalBody === undefined ? subject.defaultFinalBody() : plan.finalBody(world);
      operation.final = { status: plan.finalStatus ?? 200, ...(body === undefined ? {} : { body }) };
    } else {
      operation.final = { status: 409, body: { error: { ...operation.error } } };
    }
  };

  return {
    begin: (plan, subject) => {
      const operation: Operation = {
        id: world.uuid(),
        method: subject.method,
        resourceId: subject.resourceId,
        plan,
        startedAt: world.now(),
        endedAt: undefined,
        reportedAt: undefined,
        error: undefined,
        final: undefined,
      };
      byId.set(operation.id, operation);
      journal.push(operation);
      running += 1;
      const key = subject.resourceId.toLowerCase();
      unseen.set(key, (unseen.get(key) ?? new Set()).add(operation));
      current.set(key, operation);
      const headers = operationHeaders(operation, subject, signer);
      if (plan.durationSeconds <= 0) {
        finish(operation, subject);
        // The answer itself shows that it is over.
        if (plan.kind === 'AsyncOperation' || plan.kind === 'ProvisioningState')
          operation.reportedAt = operation.endedAt;
      } else {
        if (plan.whileRunning !== undefined) world.setProvisioningState(subject.resourceId, plan.whileRunning);
        clock.schedule(plan.durationSeconds * 1000, () => finish(operation, subject));
      }
      return { operation, headers };
    },
    poll: (request) => {
      const match = POLL_PATH.exec(request.path);
      if (match === null) return undefined;
      const operation = byId.get(operationIdIn(match[1] ?? ''));
      if (operation === undefined || request.method !== 'GET') throw operationNotFound(match[1] ?? '');
      if (!signer.holds(operation.id, request.query)) throw badSignature();
      if (operation.endedAt !== undefined) operation.reportedAt ??= world.now();
      const viaLocation = /operationresults/i.test(request.path) || request.query.has('monitor');
      return viaLocation ? locationAnswer(operation, request) : statusAnswer(operation, request.path);
    },
    noteSeen: (resourceId) => {
      const key = resourceId.toLowerCase();
      for (const operation of unseen.get(key) ?? []) {
        if (operation.endedAt === undefined) continue;
        if (operation.plan.kind === 'ProvisioningState') operation.reportedAt ??= world.now();
        unseen.get(key)?.delete(operation);
      }
    },
    journal,
    get running() {
      return running;
    },
  };
}

function runOnDone(plan: OperationPlan, world: WorldState): ArmErrorBody | undefined {
  try {
    return plan.onDone?.(world);
  } catch (error) {
    if (error instanceof ArmFault) return error.error;
    throw error;
  }
}

/** `Retry-After` in whole seconds, at least 1: clients take 0 for missing. */
function retryAfter(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.round(seconds))) };
}

function statusAnswer(operation: Operation, path: string): Answer {
  const { plan, endedAt, error } = operation;
  const status =
    endedAt === undefined ? (plan.runningStatus ?? 'InProgress') : error === undefined ? 'Succeeded' : 'Failed';
  const times = {
    startTime: new Date(operation.startedAt).toISOString(),
    ...(endedAt === undefined ? {} : { endTime: new Date(endedAt).toISOString() }),
  };
  const compute = /microsoft\.compute/i.test(path);
  const body = {
    ...(compute ? times : {}),
    status,
    ...(compute ? { name: operation.id } : {}),
    ...(error === undefined ? {} : { error: { ...error } }),
  };
  const wait = endedAt === undefined ? retryAfter(plan.pollRetryAfterSeconds ?? plan.retryAfterSeconds) : {};
  return { status: 200, headers: wait, body };
}

function locationAnswer(operation: Operation, request: ArmRequest): Answer {
  const { plan, endedAt, final } = operation;
  if (endedAt !== undefined) return final ?? { status: 200 };
  const url = `${request.origin}${request.path}?${request.query}`;
  return {
    status: 202,
    headers: { Location: url, ...retryAfter(plan.pollRetryAfterSeconds ?? plan.retryAfterSeconds) },
  };
}

function operationHeaders(operation: Operation, subject: OperationSubject, signer: Signer): Record<string, string> {
  const { plan } = operation;
  const query = `api-version=${subject.apiVersion}&${signer.query(operation.id)}`;
  const status = `${statusUrl(operation, subject)}?${query}`;
  const result = resultUrl(operation, subject, query);
  const wait = retryAfter(plan.retryAfterSeconds);
  const notification = /compute$/i.test(subject.namespace) ? { 'Azure-AsyncNotification': 'Enabled' } : {};
  switch (plan.kind) {
    case 'AsyncOperation':
      return { 'Azure-AsyncOperation': status, ...notification, ...wait };
    case 'AsyncOperationAndLocation':
      return { 'Azure-AsyncOperation': status, Location: result, ...notification, ...wait };
    case 'Location':
      return { Location: result, ...wait };
    case 'ProvisioningState':
      return wait;
    default:
      return plan.kind satisfies never;
  }
}

function regionalBase({ origin, subscriptionId, namespace, location }: OperationSubject): string {
  return `${origin}/subscriptions/${subscriptionId}/providers/${namespace}/locations/${locationName(location) || 'global'}`;
}

function statusUrl(operation: Operation, subject: OperationSubject): string {
  return `${regionalBase(subject)}/operations/${operation.id}`;
}

/** Each provider has a form of its own for the URL that ends with the result. */
function resultUrl(operation: Operation, subject: OperationSubject, query: string): string {
  switch (subject.namespace.toLowerCase()) {
    case 'microsoft.resources':
      return `${subject.origin}/subscriptions/${subject.subscriptionId}/operationresults/${jobName(operation.id)}?${query}`;
    case 'microsoft.storage':
      return `${regionalBase(subject)}/asyncoperations/${operation.id}?monitor=true&${query}`;
    case 'microsoft.compute':
      return `${statusUrl(operation, subject)}?monitor=true&${query}`;
    default:
      return `${regionalBase(subject)}/operationResults/${operation.id}?${query}`;
  }
}

function jobName(id: string): string {
  return Buffer.from(JSON.stringify({ jobId: `RESOURCEGROUPDELETIONJOB-${id}`, jobLocation: 'westeurope' })).toString(
    'base64url',
  );
}

function operationIdIn(segment: string): string {
  try {
    const job: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
    const name = isJsonObject(job) ? job.jobId : undefined;
    return typeof name === 'string' ? name.replace('RESOURCEGROUPDELETIONJOB-', '') : segment;
  } catch {
    return segment.toLowerCase();
  }
}

/** Signs the URLs of operations: about 3.3 kB of query in four parameters, as Azure does. */
interface Signer {
  query(operationId: string): string;
  holds(operationId: string, query: URLSearchParams): boolean;
}

function createSigner(world: WorldState): Signer {
  const secret = world.uuid();
  const certificate = Array.from({ length: 14 }, (_, part) => digest(secret, `certificate ${part}`, 'sha512'))
    .join('')
    .concat(digest(secret, 'serial', 'sha512').repeat(24))
    .slice(0, 2900);
  const signature = (id: string) =>
    Array.from({ length: 4 }, (_, part) => digest(secret, `${id} ${part}`, 'sha512'))
      .join('')
      .slice(0, 342);
  const ticks = () => (621_355_968_000_000_000n + BigInt(Math.trunc(world.now())) * 10_000n).toString();
  return {
    query: (id) => `t=${ticks()}&c=${certificate}&s=${signature(id)}&h=${digest(secret, id, 'sha256')}`,
    holds: (id, query) =>
      query.has('t') &&
      query.get('c') === certificate &&
      query.get('s') === signature(id) &&
      query.get('h') === digest(secret, id, 'sha256'),
  };
}

function digest(secret: string, text: string, algorithm: 'sha256' | 'sha512'): string {
  return createHmac(algorithm, secret).update(text).digest('base64url');
}

function operationNotFound(id: string): ArmFault {
  return new ArmFault(404, 'NotFound', `The entity was not found. Operation '${id}'.`);
}

function badSignature(): ArmFault {
  return new ArmFault(403, 'AuthorizationFailed', 'The signature of the operation URL is missing or does not match.');
}
