import type { ArmClient } from '../../azure/arm-client.ts';
import type { DesiredResource, ObservedResources, ResourceKey } from '../../azure/desired-resource.ts';
import { ArmError, retryDelayAfter } from '../../azure/errors.ts';
import { firstPollDelay, isTerminal, poll, provisioningState } from '../../azure/operations.ts';
import {
  planResources,
  type ResourceAction,
  type ResourcePlan,
  type ResourceState,
} from '../../azure/resource-plan.ts';
import type { Random } from '../../runtime/random.ts';
import type { Failure, GatewayMemory } from './memory.ts';
import type { Operations } from './operations-secret.ts';

/** How soon a resource is read again that Azure is at work on without an operation that could be polled. */
const PROVISIONING_POLL_MS = 10_000;

/** What one look at Azure needs. Times are milliseconds of the operator's clock. */
export interface ResourcesInput {
  readonly arm: ArmClient;
  /** The graph, given what is known so far; some ids follow from what Azure hands out. */
  readonly graphOf: (observed: ObservedResources) => readonly DesiredResource[];
  /** Operations that were accepted earlier and have not been seen to end. */
  readonly operations: Operations;
  readonly memory: GatewayMemory;
  /** An observation older than this is made again. */
  readonly observeEveryMs: number;
  readonly now: () => number;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** The resources as they are. */
export interface ObservedGateway {
  readonly graph: readonly DesiredResource[];
  readonly states: ReadonlyMap<ResourceKey, ResourceState>;
  readonly resources: ObservedResources;
  readonly operations: Operations;
  /** What is to be written and what is waited for. */
  readonly plan: ResourcePlan;
}

/** Polls running operations, and reads the resources whose last observation is too old. Writes nothing. */
export async function observeGateway(input: ResourcesInput): Promise<ObservedGateway> {
  const operations = await settleOperations(input);
  await observeMissing(input, input.graphOf(resourcesOf(input, input.graphOf(new Map()))), operations);
  const graph = input.graphOf(resourcesOf(input, input.graphOf(new Map())));
  await observeMissing(input, graph, operations);
  const states = new Map(graph.map(({ key, id }) => [key, stateOf(input, id)]));
  const plan = planResources(graph, states, new Set(operations.keys()));
  forgetSettledFailures(input.memory, plan);
  return { graph, states, resources: resourcesOf(input, graph), operations, plan };
}

/** A refused write that is no longer wanted, or that somebody else has made, is no failure any more. */
function forgetSettledFailures({ failures }: GatewayMemory, plan: ResourcePlan): void {
  const open = new Set([...plan.actions.map(({ resource }) => resource.key), ...plan.waiting.map(({ key }) => key)]);
  for (const key of failures.keys()) {
    if (!open.has(key)) {
      failures.delete(key);
    }
  }
}

/** What a round of writes left behind. */
export interface ActOutcome {
  /** What is running now, to be written down before anything else happens. */
  readonly operations: Operations;
  /** How many writes Azure has accepted. */
  readonly accepted: number;
}

/** Makes every write of the plan that may be made now, side by side. */
export async function carryOutPlan(
  input: ResourcesInput,
  { plan, operations }: ObservedGateway,
  held: ReadonlySet<ResourceKey>,
): Promise<ActOutcome> {
  const { memory, now } = input;
  const possible = plan.actions.filter(
    ({ resource: { key } }) => !held.has(key) && (memory.failures.get(key)?.notBefore ?? 0) <= now(),
  );
  const running = new Map(operations);
  let accepted = 0;
  await Promise.all(
    possible.map(async (action) => {
      const write = await carryOut(input, action);
      accepted += write.accepted ? 1 : 0;
      if (write.operation !== undefined) {
        running.set(action.resource.key, write.operation);
      }
    }),
  );
  return { operations: running, accepted };
}

/** When there is something to do again, by the operator's clock; `undefined`: nothing before the next comparison. */
export function nextDue(
  { memory, now }: ResourcesInput,
  { plan }: ObservedGateway,
  acted: ActOutcome,
): number | undefined {
  const retries = [...memory.failures.values()].map(({ notBefore }) => notBefore);
  const polls = [...acted.operations.keys()].map((key) => memory.pollAt.get(key) ?? now());
  const waiting = plan.waiting.map(({ reason }) => reason);
  const provisioning = waiting.includes('ProvisioningState') ? [now() + PROVISIONING_POLL_MS] : [];
  // A write that is done already may have made the next ones possible.
  const progress = acted.accepted > 0 ? [now()] : [];
  const due = [...retries, ...polls, ...provisioning, ...progress];
  return due.length === 0 ? undefined : Math.min(...due);
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
      if (result.kind === 'Failed') {
        rememberFailure(input, key, 'Write', result.error);
      } else {
        memory.failures.delete(key);
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
  const { memory, now, observeEveryMs } = input;
  const known = ({ key, id }: DesiredResource) => {
    const seen = memory.observations.get(id);
    const keep = seen !== undefined && isSettled(seen.state) ? observeEveryMs : PROVISIONING_POLL_MS;
    return operations.has(key) || (seen !== undefined && now() - seen.at < keep);
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
  const { memory, now, arm, signal } = input;
  const parent = graph.find((other) => isBelow(id, other.id) && stateOf(input, other.id).kind !== 'Present');
  if (parent !== undefined) {
    if (stateOf(input, parent.id).kind === 'Absent') {
      memory.observations.set(id, { state: { kind: 'Absent' }, at: now() });
    }
    return;
  }
  try {
    const result = await arm.get(id, apiVersion, { signal });
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
  try {
    const ifMatch = action.kind === 'Update' ? action.ifMatch : undefined;
    const { resource, operation } = await arm.put(id, apiVersion, action.body, { signal, ifMatch });
    memory.failures.delete(key);
    memory.observations.delete(id);
    if (operation !== undefined) {
      memory.pollAt.set(key, now() + firstPollDelay(operation));
    } else if (resource !== undefined) {
      memory.observations.set(id, { state: { kind: 'Present', resource }, at: now() });
    }
    return { accepted: true, operation };
  } catch (error) {
    // Something that the plan took for granted may be the reason, so everything is read again before the next try.
    memory.observations.clear();
    rememberFailure(input, key, 'Write', error);
    return { accepted: false, operation: undefined };
  }
}

function rememberFailure(
  { memory, now, random }: ResourcesInput,
  key: ResourceKey,
  during: Failure['during'],
  error: unknown,
): void {
  if (!(error instanceof ArmError)) {
    throw error;
  }
  const attempt = (memory.failures.get(key)?.attempt ?? 0) + 1;
  memory.failures.set(key, { during, error, attempt, notBefore: now() + retryDelayAfter(error, attempt, random) });
}
