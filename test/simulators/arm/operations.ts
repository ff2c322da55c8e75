import type { JsonObject } from '../../../src/json.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import { type ArmErrorBody, ArmFault } from './arm-fault.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import { createSigner, operationHeaders, operationIdIn, retryAfter } from './operation-urls.ts';
import type { OperationPlan } from './provider.ts';
import type { WorldState } from './world-state.ts';

/** A long-running operation. Times are simulated milliseconds since the epoch. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly resourceId: string;
  readonly plan: OperationPlan;
  readonly startedAt: number;
  /** How many polls found it running. */
  polls: number;
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
  /** Operations whose time is up and which are not over, by resource. */
  const waiting = new Map<string, Set<() => void>>();
  world.onChange((id) => {
    for (const look of [...(waiting.get(id.toLowerCase()) ?? [])]) look();
  });

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
    operation.final = finalAnswer(operation, subject, world);
  };

  /** Goes on with an operation whose time is up, until it has to wait again or is over. */
  const proceed = (operation: Operation, subject: OperationSubject) => {
    const { plan } = operation;
    for (;;) {
      if (subject.failure === undefined && plan.isOver?.(world) === false) return proceedOnceOver(operation, subject);
      const more = subject.failure === undefined ? plan.proceed?.(world) : undefined;
      if (more === undefined) break;
      if (more <= 0) continue;
      clock.schedule(more * 1000, () => proceed(operation, subject));
      return;
    }
    finish(operation, subject);
  };

  const proceedOnceOver = (operation: Operation, subject: OperationSubject) => {
    const key = operation.resourceId.toLowerCase();
    const look = () => {
      if (operation.plan.isOver?.(world) === false) return;
      waiting.get(key)?.delete(look);
      proceed(operation, subject);
    };
    waiting.set(key, (waiting.get(key) ?? new Set()).add(look));
  };

  return {
    begin: (plan, subject) => {
      const operation = newOperation(plan, subject, world);
      byId.set(operation.id, operation);
      journal.push(operation);
      running += 1;
      const key = subject.resourceId.toLowerCase();
      unseen.set(key, (unseen.get(key) ?? new Set()).add(operation));
      current.set(key, operation);
      const headers = operationHeaders(operation, subject, signer);
      const lasts =
        plan.durationSeconds > 0 || plan.proceed !== undefined || (plan.isOver !== undefined && !plan.isOver(world));
      if (lasts && plan.whileRunning !== undefined) world.setProvisioningState(subject.resourceId, plan.whileRunning);
      if (plan.durationSeconds > 0) clock.schedule(plan.durationSeconds * 1000, () => proceed(operation, subject));
      else proceed(operation, subject);
      // The answer itself shows that it is over.
      if (!plan.kind.endsWith('Location')) operation.reportedAt = operation.endedAt;
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
        operation.reportedAt ??= world.now();
        unseen.get(key)?.delete(operation);
      }
    },
    journal,
    get running() {
      return running;
    },
  };
}

function newOperation(plan: OperationPlan, subject: OperationSubject, world: WorldState): Operation {
  return {
    id: world.uuid(),
    method: subject.method,
    resourceId: subject.resourceId,
    plan,
    startedAt: world.now(),
    polls: 0,
    endedAt: undefined,
    reportedAt: undefined,
    error: undefined,
    final: undefined,
  };
}

/** What the `Location` URL answers once the operation is over. */
function finalAnswer({ plan, error }: Operation, subject: OperationSubject, world: WorldState): Answer {
  if (error !== undefined) return { status: 409, body: { error: { ...error } } };
  const body = plan.finalBody === undefined ? subject.defaultFinalBody() : plan.finalBody(world);
  return { status: plan.finalStatus ?? 200, ...(body === undefined ? {} : { body }) };
}

function runOnDone(plan: OperationPlan, world: WorldState): ArmErrorBody | undefined {
  try {
    return plan.onDone?.(world);
  } catch (error) {
    if (error instanceof ArmFault) return error.error;
    throw error;
  }
}

function statusAnswer(operation: Operation, path: string): Answer {
  const { plan, endedAt, error } = operation;
  const status =
    endedAt === undefined ? (plan.runningStatus ?? 'InProgress') : error === undefined ? 'Succeeded' : 'Failed';
  const times = {
    startTime: computeTime(operation.startedAt),
    ...(endedAt === undefined ? {} : { endTime: computeTime(endedAt) }),
  };
  const compute = /microsoft\.compute/i.test(path);
  const body = {
    ...(compute ? times : {}),
    status,
    ...(compute ? { name: operation.id } : {}),
    ...(error === undefined ? {} : { error: { ...error } }),
  };
  const wait = endedAt === undefined ? nextPoll(operation) : {};
  return { status: 200, headers: wait, body };
}

function locationAnswer(operation: Operation, request: ArmRequest): Answer {
  const { endedAt, final } = operation;
  if (endedAt !== undefined) return final ?? { status: 200 };
  const url = `${request.origin}${request.path}?${request.query}`;
  return {
    status: 202,
    headers: { Location: url, ...nextPoll(operation) },
  };
}

/** When to ask again, told by a poll that found the operation running. */
function nextPoll(operation: Operation): Record<string, string> {
  const { pollRetryAfterSeconds, retryAfterSeconds } = operation.plan;
  const waits = [pollRetryAfterSeconds ?? retryAfterSeconds].flat();
  operation.polls += 1;
  return retryAfter(waits[Math.min(operation.polls, waits.length) - 1]);
}

/** As the compute provider writes times. */
function computeTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '0000+00:00');
}

function operationNotFound(id: string): ArmFault {
  return new ArmFault(404, 'NotFound', `The entity was not found. Operation '${id}'.`);
}

function badSignature(): ArmFault {
  return new ArmFault(403, 'AuthorizationFailed', 'The signature of the operation URL is missing or does not match.');
}
