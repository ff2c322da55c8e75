import type { ArmClient } from '../../azure/arm-client.ts';
import type { DesiredResource, ObservedResources, ResourceKey } from '../../azure/desired-resource.ts';
import { ArmError, retryDelayAfter } from '../../azure/errors.ts';
import { firstPollDelay, isTerminal, type Operation, poll, provisioningState } from '../../azure/operations.ts';
import { registerRefused } from '../../azure/provider-registration.ts';
import {
  planResources,
  type ResourceAction,
  type ResourcePlan,
  type ResourceState,
} from '../../azure/resource-plan.ts';
import { jitter, type Random } from '../../runtime/random.ts';
import { failedLater } from './azure-problem.ts';
import type { Failure, GatewayMemory } from './memory.ts';
import type { Operations } from './operations-secret.ts';
import { isThrottledLook } from './throttled-looks.ts';

/**
 * How soon a resource is read again that Azure is at work on without an operation that could be polled. A key vault takes
 * about half a minute.
 */
const PROVISIONING_POLL_MS = 10_000;

/** Before something is created, it is looked whether it is still missing if that was seen longer ago than this. */
const MISSING_IS_CERTAIN_MS = 60_000;

/** Pauses between writes that Azure accepts and that change nothing: somebody undoes them, or Azure keeps another form. */
const FIRST_REPEAT_MS = 5000;
const LONGEST_REPEAT_MS = 3_600_000;

/** Pauses before an operation that Azure accepted and that failed is begun again: it costs more than a refusal. */
const FIRST_OPERATION_RETRY_MS = 30_000;
const LONGEST_OPERATION_RETRY_MS = 1_800_000;

/**
 * Key under which it is remembered what was done to the VMs, by a rollout or to start them: it is no write of the scale set,
 * which is as declared.
 */
export const VMS = 'vms';

/** What one look at Azure needs. Times are milliseconds of the operator's clock. */
export interface ResourcesInput {
  readonly arm: ArmClient;
  /** The graph, given what is known so far; some ids follow from what Azure hands out. */
  readonly graphOf: (observed: ObservedResources) => readonly DesiredResource[];
  /** Operations that were accepted earlier and have not been seen to end. */
  readonly operations: Operations;
  readonly memory: GatewayMemory;
  /** Whether what was read of a resource on which nothing runs, at a time of the operator's clock, still holds. */
  readonly holds: (id: string, readAt: number) => boolean;
  /** Whether the readings can wait while Azure leaves few. Default: no. */
  readonly yields?: boolean;
  readonly now: () => number;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** The resources as they are. */
export interface SeenResources {
  readonly graph: readonly DesiredResource[];
  readonly states: ReadonlyMap<ResourceKey, ResourceState>;
  readonly operations: Operations;
}

/** The resources as they are, and what follows from it. */
export interface ObservedGateway extends SeenResources {
  readonly resources: ObservedResources;
  /** What is to be written and what is waited for. */
  readonly plan: ResourcePlan;
}

/** Polls running operations, and reads the resources whose last observation is too old. Writes nothing. */
export async function observeGateway(input: ResourcesInput): Promise<ObservedGateway> {
  const seen = await seeResources(input);
  const plan = planResources(seen.graph, seen.states, new Set(seen.operations.keys()));
  forgetSettled(input.memory, plan);
  return { ...seen, resources: resourcesOf(input, seen.graph), plan };
}

/** As `observeGateway`, without a thought about what should be. */
export async function seeResources(input: ResourcesInput): Promise<SeenResources> {
  const operations = await settleOperations(input);
  const ids = input.graphOf(new Map());
  await observeMissing(input, input.graphOf(resourcesOf(input, ids)), operations);
  const graph = input.graphOf(resourcesOf(input, ids));
  await observeMissing(input, graph, operations);
  const states = new Map(graph.map(({ key, id }) => [key, stateOf(input, id)]));
  return { graph, states, operations };
}

/** A refused write that is no longer wanted, or that somebody else has made, is no failure any more. */
function forgetSettled({ failures, written }: GatewayMemory, plan: ResourcePlan): void {
  const open = new Set([...plan.actions.map(({ resource }) => resource.key), ...plan.waiting.map(({ key }) => key)]);
  const settled = (key: ResourceKey) => key !== VMS && !open.has(key);
  for (const memory of [failures, written]) {
    for (const key of [...memory.keys()].filter(settled)) {
      memory.delete(key);
    }
  }
}

/** What a round of writes left behind. */
export interface ActOutcome {
  /** What is running now, to be written down before anything else happens. */
  readonly operations: Operations;
  /** How many writes Azure has accepted. */
  readonly accepted: number;
  /** Whether something was left out only because it has to be looked at again first. */
  readonly unsure: boolean;
}

/** Makes every write of the plan that may be made now, side by side, after those that take names which others could take. */
export async function carryOutPlan(
  input: ResourcesInput,
  { plan, operations }: ObservedGateway,
  held: ReadonlySet<ResourceKey>,
): Promise<ActOutcome> {
  const { memory, now } = input;
  const due = plan.actions.filter((action) => !held.has(action.resource.key) && dueAt(memory, action) <= now());
  const unsure = due.filter((action) => action.kind === 'Create' && !isCertainlyMissing(input, action));
  for (const { resource } of unsure) {
    memory.observations.delete(resource.id);
  }
  const running = new Map(operations);
  let accepted = 0;
  const carryOutAll = (actions: readonly ResourceAction[]) =>
    Promise.all(
      actions.map(async (action) => {
        const write = await carryOut(input, action);
        accepted += write.accepted ? 1 : 0;
        if (write.operation !== undefined) {
          running.set(action.resource.key, write.operation);
        }
      }),
    );
  const sure = due.filter((action) => !unsure.includes(action));
  await carryOutAll(sure.filter(isTakingName));
  await carryOutAll(sure.filter((action) => !isTakingName(action)));
  return { operations: running, accepted, unsure: unsure.length > 0 };
}

function isTakingName({ kind, resource }: ResourceAction): boolean {
  return kind === 'Create' && resource.takesName === true;
}

/** When a write may be made: not before what stood in its way the last time had time to pass. */
export function mayWriteAt(memory: GatewayMemory, key: ResourceKey, purpose: string): number {
  const last = memory.written.get(key);
  const repeats = last?.purpose === purpose ? last.notBefore : 0;
  return Math.max(memory.failures.get(key)?.notBefore ?? 0, repeats);
}

function dueAt(memory: GatewayMemory, action: ResourceAction): number {
  return mayWriteAt(memory, action.resource.key, purposeOf(action));
}

function purposeOf(action: ResourceAction): string {
  return action.kind === 'Create' ? 'create' : JSON.stringify(action.differences.map(({ path }) => path));
}

function isCertainlyMissing({ memory, now }: ResourcesInput, { resource }: ResourceAction): boolean {
  const seen = memory.observations.get(resource.id);
  return seen !== undefined && now() - seen.at < MISSING_IS_CERTAIN_MS;
}

/** When there is something to do again, by the operator's clock; `undefined`: nothing before the next comparison. */
export function nextDue(
  { memory, now }: ResourcesInput,
  { graph, plan }: ObservedGateway,
  acted: ActOutcome,
  held: ReadonlySet<ResourceKey>,
): number | undefined {
  const writes = plan.actions
    .filter(({ resource: { key } }) => !held.has(key) && !acted.operations.has(key))
    .map((action) => Math.max(dueAt(memory, action), now()));
  // A reading that was not tried although it may be waits for another resource.
  const whenTried = (at: number) => (at > now() ? at : now() + PROVISIONING_POLL_MS);
  const failedReads = [...memory.failures.values()].filter(({ during }) => during === 'Read');
  // What was throttled is read together again: a round for each resource would be many.
  const throttled = failedReads.filter(isThrottledLook).map(({ notBefore }) => notBefore);
  const reads = [
    ...failedReads.filter((failure) => !isThrottledLook(failure)).map(({ notBefore }) => whenTried(notBefore)),
    ...(throttled.length === 0 ? [] : [whenTried(Math.max(...throttled))]),
  ];
  const polls = [...acted.operations.keys()].map((key) => memory.pollAt.get(key) ?? now());
  const provisioning = graph
    .filter(({ key }) => plan.waiting.some((waiting) => waiting.key === key && waiting.reason === 'ProvisioningState'))
    .map(({ id }) => whenTried((memory.observations.get(id)?.at ?? 0) + PROVISIONING_POLL_MS));
  // A write that is done already may have made the next ones possible.
  const progress = acted.accepted > 0 || acted.unsure || isNameToBeExplained(memory, plan) ? [now()] : [];
  const due = [...writes, ...reads, ...polls, ...provisioning, ...progress];
  return due.length === 0 ? undefined : Math.min(...due);
}

/** Whether a name that is taken has not been asked about since a write was refused for it. */
function isNameToBeExplained({ failures, preflightPassed }: GatewayMemory, { actions }: ResourcePlan): boolean {
  const isTaken = ({ kind, resource }: ResourceAction) =>
    kind === 'Create' && failures.get(resource.key)?.error.class === 'NameTaken';
  return preflightPassed === undefined && actions.some(isTaken);
}

function stateOf({ memory }: ResourcesInput, id: string): ResourceState {
  return memory.observations.get(id)?.state ?? { kind: 'Unobserved' };
}

function resourcesOf(input: ResourcesInput, graph: readonly DesiredResource[]): ObservedResources {
  return new Map(
    graph.flatMap(({ key, id }) => {
      const state = stateOf(input, id);
      return state.kind === 'Present' ? [[key, state.resource] as const] : [];
    }),
  );
}

/** Polls the operations that may be polled now; those that have ended are gone from the answer. */
export async function settleOperations(input: ResourcesInput): Promise<Operations> {
  const { memory, now, arm, signal } = input;
  const running = new Map(input.operations);
  await Promise.all(
    [...input.operations].map(async ([key, operation]) => {
      if ((memory.pollAt.get(key) ?? 0) > now()) {
        return;
      }
      const result = await poll(arm, operation, { signal });
      if (result.kind === 'Running') {
        memory.pollAt.set(key, now() + Math.max(result.retryAfterMs, 1));
        return;
      }
      running.delete(key);
      memory.pollAt.delete(key);
      memory.observations.delete(operation.resourceId);
      const subject = operation.method === 'POST' ? VMS : key;
      if (result.kind === 'Failed') {
        memory.written.delete(key);
        rememberFailure(input, subject, 'Write', result.error);
      } else {
        memory.failures.delete(subject);
      }
    }),
  );
  return running;
}

/** Reads what is not known well enough, parents before children: nothing exists below what does not exist. */
async function observeMissing(
  input: ResourcesInput,
  graph: readonly DesiredResource[],
  operations: Operations,
): Promise<void> {
  const { memory, now, holds } = input;
  const known = ({ key, id }: DesiredResource) => {
    const seen = memory.observations.get(id);
    if (operations.has(key) || seen === undefined) {
      return operations.has(key);
    }
    return isSettled(seen.state) ? holds(id, seen.at) : now() - seen.at < PROVISIONING_POLL_MS;
  };
  const mayRead = ({ key }: DesiredResource) => {
    const failure = memory.failures.get(key);
    return failure?.during !== 'Read' || failure.notBefore <= now();
  };
  let left = graph.filter((resource) => !known(resource) && mayRead(resource));
  while (left.length > 0) {
    const outermost = left.filter(({ id }) => !left.some((other) => isBelow(id, other.id)));
    await Promise.all(outermost.map((resource) => observe(input, graph, resource)));
    left = left.filter((resource) => !outermost.includes(resource));
  }
}

function isSettled(state: ResourceState): boolean {
  return state.kind !== 'Present' || isTerminal(provisioningState(state.resource));
}

function isBelow(id: string, ancestor: string): boolean {
  return id.length > ancestor.length && id.toLowerCase().startsWith(`${ancestor.toLowerCase()}/`);
}

async function observe(
  input: ResourcesInput,
  graph: readonly DesiredResource[],
  { key, id, apiVersion }: DesiredResource,
): Promise<void> {
  const { memory, now, arm, signal, yields } = input;
  const parent = graph.find((other) => isBelow(id, other.id) && stateOf(input, other.id).kind !== 'Present');
  if (parent !== undefined) {
    if (stateOf(input, parent.id).kind === 'Absent') {
      memory.observations.set(id, { state: { kind: 'Absent' }, at: now() });
    }
    return;
  }
  if (!memory.made.has(id) && graph.some((other) => memory.made.has(other.id) && isBelow(id, other.id))) {
    memory.made.add(id);
    memory.observations.set(id, { state: { kind: 'Absent' }, at: now() });
    return;
  }
  try {
    const result = await arm.get(id, apiVersion, { signal, yields });
    const state: ResourceState =
      result.kind === 'Absent' ? result : { kind: 'Present', resource: result.resource, etag: result.etag };
    memory.observations.set(id, { state, at: now() });
    if (memory.failures.get(key)?.during === 'Read') {
      memory.failures.delete(key);
    }
  } catch (error) {
    memory.observations.delete(id);
    rememberFailure(input, key, 'Read', error);
  }
}

async function carryOut(input: ResourcesInput, action: ResourceAction) {
  const { memory, now, arm, signal } = input;
  const { key, id, apiVersion } = action.resource;
  if (action.kind === 'Create') {
    // Also where the answer is lost: whether it was made is then read.
    memory.made.add(id);
  }
  try {
    const ifMatch = action.kind === 'Update' ? action.ifMatch : undefined;
    const body = (await action.resource.withSecrets?.(action.body)) ?? action.body;
    const { resource, operation } = await arm.put(id, apiVersion, body, { signal, ifMatch });
    rememberWrite(input, key, purposeOf(action));
    memory.observations.delete(id);
    // Where only the state of the resource tells when Azure is done, there is nothing to poll but the resource itself.
    const polled = operation?.kind === 'ProvisioningState' ? undefined : operation;
    rememberAccepted(input, key, polled);
    if (polled === undefined && resource !== undefined) {
      memory.observations.set(id, { state: { kind: 'Present', resource }, at: now() });
    }
    return { accepted: true, operation: polled };
  } catch (error) {
    if (!(error instanceof ArmError && error.class === 'Throttled')) {
      // Something that the plan took for granted may be the reason, so everything is read again before the next try.
      memory.observations.clear();
    }
    rememberFailure(input, key, 'Write', error);
    if (error instanceof ArmError && error.class === 'ProviderNotRegistered') {
      await registerRefused(arm, id, error, memory.failures.get(key)?.attempt ?? 1, { signal });
    }
    return { accepted: false, operation: undefined };
  }
}

/** Notes that Azure took a request. Whether it was of use shows only when its operation has ended. */
export function rememberAccepted(
  { memory, now }: Pick<ResourcesInput, 'memory' | 'now'>,
  key: ResourceKey,
  operation: Operation | undefined,
): void {
  const failure = memory.failures.get(key);
  if (operation === undefined) {
    memory.failures.delete(key);
    return;
  }
  memory.pollAt.set(key, now() + firstPollDelay(operation));
  if (failure !== undefined) {
    memory.failures.set(key, { ...failure, retrying: true, notBefore: 0 });
  }
}

/** Notes that Azure accepted a write: the next one for the same purpose has to wait, as this one may come to nothing. */
export function rememberWrite({ memory, now, random }: ResourcesInput, key: ResourceKey, purpose: string): void {
  const last = memory.written.get(key);
  const count = last?.purpose === purpose ? last.count + 1 : 1;
  const pause = growingPause(FIRST_REPEAT_MS, LONGEST_REPEAT_MS, count);
  memory.written.set(key, { purpose, count, notBefore: now() + jitter(pause, 0.2, random) });
}

/**
 * Notes a request that Azure refused, or an operation that failed, and when it may be tried again.
 *
 * @throws whatever is no error of Azure
 */
export function rememberFailure(
  { memory, now, random }: Pick<ResourcesInput, 'memory' | 'now' | 'random'>,
  key: ResourceKey,
  during: Failure['during'],
  error: unknown,
): void {
  if (!(error instanceof ArmError)) {
    throw error;
  }
  const attempt = (memory.failures.get(key)?.attempt ?? 0) + 1;
  const pause = retryDelayAfter(error, attempt, random);
  if (during === 'Write' && error.class === 'NameTaken') {
    // The name was free before, or nobody asked, so that there may be more to say by now.
    memory.preflightPassed = undefined;
  }
  const longer = failedLater(error) ? growingPause(FIRST_OPERATION_RETRY_MS, LONGEST_OPERATION_RETRY_MS, attempt) : 0;
  memory.failures.set(key, { during, error, attempt, notBefore: now() + Math.max(pause, jitter(longer, 0.2, random)) });
}

/** `first`, doubled with each attempt after the first, and at most `longest`. */
function growingPause(first: number, longest: number, attempt: number): number {
  return Math.min(first * 2 ** Math.min(attempt - 1, 20), longest);
}
