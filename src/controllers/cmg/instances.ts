import { ArmError, retryDelayAfter } from '../../azure/errors.ts';
import { firstPollDelay, type Operation } from '../../azure/operations.ts';
import { API_VERSIONS } from '../../gateway/api-versions.ts';
import {
  brokenByRollout,
  type GatewayInstance,
  nextRolloutStep,
  type RolloutStep,
  readInstances,
  stoppedInstances,
} from '../../gateway/instances.ts';
import { describeProblem } from './azure-problem.ts';
import type { Finding } from './finding.ts';
import { rollingOutFinding, stoppedFinding, unsettledFinding, waitingFinding } from './instance-findings.ts';
import {
  type ActOutcome,
  mayWriteAt,
  type ObservedGateway,
  type ResourcesInput,
  rememberFailure,
  rememberWrite,
  VMS,
} from './resources.ts';

/** How soon VMs are looked at again that do not serve yet, and how rarely those that have not for long. */
const STARTING_POLL_MS = 15_000;
const LONGEST_POLL_MS = 5 * 60_000;

/** How soon a gateway looks again whether it is its turn. */
const TURN_POLL_MS = 30_000;

/** VMs start within this time, as a rule; until then they are looked at often. */
const STARTING_MS = 30 * 60_000;

/** For so long a VM with a new model may be without an answer to the health probe before its rollout counts as stopped. */
const ROLLOUT_PATIENCE_MS = 5 * 60_000;

/** Key under which a rollout's operation is kept; the scale set itself is not written meanwhile. */
export const SCALE_SET = 'scaleSet';

/** The VMs after one look, and what has to happen with them. */
export interface InstancesOutcome {
  readonly finding: Finding;
  /** `undefined`: they have not been seen. */
  readonly instances: readonly GatewayInstance[] | undefined;
  /** Whether Azure throttled the look, so that the finding says nothing of the VMs. */
  readonly isThrottled: boolean;
  /** The operations that run now, a batch of the rollout included. */
  readonly acted: ActOutcome;
  /** The VMs that were found stopped, and that Azure has accepted to start. */
  readonly started: readonly GatewayInstance[];
  /** Whether a rollout is under way from now on; `Unchanged`: as before, nothing is known of it now. */
  readonly rollout: 'UnderWay' | 'Over' | 'Unchanged';
  /** When to look again, by the operator's clock. */
  readonly dueAt: number | undefined;
}

/** Whether VMs that serve may be brought to a new model now. */
export type RolloutTurn =
  | { readonly kind: 'Now' }
  /** It may begin once it is written down, so that a new process knows of it. */
  | { readonly kind: 'OnceRecorded' }
  /** Not before the rollouts of these gateways are over. */
  | { readonly kind: 'Later'; readonly holders: readonly string[] };

/** What the VMs are held against. */
export interface InstancesWanted {
  /** How many VMs there have to be. */
  readonly wanted: number;
  /** Milliseconds after which VMs that all serve are looked at again. */
  readonly lookEveryMs: number;
  /** Asked when Azure finds every VM healthy: whether the gateway really serves. */
  readonly confirm: () => Promise<Finding>;
  /** Asked before VMs that serve are brought to a new model. */
  readonly turn: () => RolloutTurn;
  /** Whether a rollout was under way before. */
  readonly rollingOut: boolean;
}

/**
 * Looks at the VMs of a scale set that is as declared, starts those that somebody has stopped, and brings those with an older
 * model to the newest one, a batch at a time.
 */
export async function reconcileInstances(
  input: ResourcesInput,
  observed: ObservedGateway,
  acted: ActOutcome,
  wanted: InstancesWanted,
): Promise<InstancesOutcome | undefined> {
  if (!observed.plan.converged || acted.accepted > 0) {
    // What is being changed may change the VMs, so what was seen of them before says nothing.
    input.memory.instances = undefined;
  }
  const scaleSet = observed.graph.find(({ key }) => key === SCALE_SET);
  const settled = !observed.plan.waiting.some(({ key }) => key === SCALE_SET) && !acted.operations.has(SCALE_SET);
  if (scaleSet === undefined || !settled || observed.states.get(SCALE_SET)?.kind !== 'Present') {
    return undefined;
  }
  let instances: readonly GatewayInstance[];
  try {
    instances = await lookAtInstances(input, scaleSet.id, wanted.lookEveryMs);
  } catch (error) {
    return unreadable(input, error, acted);
  }
  return follow(input, scaleSet.id, acted, instances, wanted);
}

/** What follows from the VMs as they are. */
async function follow(
  input: ResourcesInput,
  scaleSetId: string,
  acted: ActOutcome,
  instances: readonly GatewayInstance[],
  wanted: InstancesWanted,
): Promise<InstancesOutcome> {
  const { memory, now } = input;
  const stopped = stoppedInstances(instances);
  const step = nextRolloutStep(instances);
  if (stopped.length === 0) {
    memory.written.delete(VMS);
    if (step.kind === 'Done') {
      memory.failures.delete(VMS);
    }
  }
  // What is stopped is started first: with a new model alone it would serve as little as before.
  const upgrades = step.kind === 'Upgrade' && stopped.length === 0 ? step : undefined;
  const turn = upgrades?.serving === true ? wanted.turn() : NOW;
  const { accepted, operation } =
    stopped.length > 0
      ? await start(input, scaleSetId, stopped)
      : upgrades !== undefined && turn.kind === 'Now'
        ? await act(input, scaleSetId, 'manualupgrade', upgrades.instanceIds)
        : NOTHING;
  const operations = operation === undefined ? acted.operations : new Map(acted.operations).set(SCALE_SET, operation);
  const told = withFailure(healthFinding(input, instances, step, turn, wanted), input, stopped);
  const finding = told.reason === 'Succeeded' ? await wanted.confirm() : told;
  const over = step.kind === 'Done' && finding.status === 'True';
  return {
    finding,
    instances,
    isThrottled: false,
    acted: { ...acted, operations },
    started: accepted ? stopped : [],
    rollout: over ? 'Over' : turn.kind === 'OnceRecorded' ? 'UnderWay' : 'Unchanged',
    dueAt: turn.kind === 'Later' ? now() + TURN_POLL_MS : turn.kind === 'OnceRecorded' ? now() : nextLook(input, !over),
  };
}

const NOW: RolloutTurn = { kind: 'Now' };

function healthFinding(
  { memory, now }: ResourcesInput,
  instances: readonly GatewayInstance[],
  step: RolloutStep,
  turn: RolloutTurn,
  { wanted, rollingOut }: InstancesWanted,
): Finding {
  const broken = rollingOut || step.kind !== 'Done' ? brokenByRollout(instances) : [];
  memory.rolloutBrokenSince = broken.length === 0 ? undefined : (memory.rolloutBrokenSince ?? now());
  const since = memory.rolloutBrokenSince;
  const lasts = since !== undefined && now() - since >= ROLLOUT_PATIENCE_MS;
  // What has failed stays so; that a probe is not answered may pass by itself.
  if (lasts || broken.some(({ problem }) => problem?.kind === 'SetupFailed')) {
    return stoppedFinding(instances, broken);
  }
  if (turn.kind === 'Later') {
    return waitingFinding(turn.holders);
  }
  return step.kind === 'Done' || stoppedInstances(instances).length > 0
    ? unsettledFinding(instances, wanted)
    : rollingOutFinding(instances);
}

function nextLook({ memory, now }: ResourcesInput, unsettled: boolean): number | undefined {
  if (!unsettled) {
    memory.unsettledSince = undefined;
    return undefined;
  }
  memory.unsettledSince ??= now();
  const age = now() - memory.unsettledSince;
  return now() + (age < STARTING_MS ? STARTING_POLL_MS : LONGEST_POLL_MS);
}

/** What became of a request to do something to VMs. */
interface Action {
  readonly accepted: boolean;
  readonly operation: Operation | undefined;
}

const NOTHING: Action = { accepted: false, operation: undefined };

/** Starts VMs that somebody has stopped: with growing pauses where that does not make them run. */
async function start(input: ResourcesInput, scaleSetId: string, stopped: readonly GatewayInstance[]): Promise<Action> {
  const ids = stopped.map(({ id }) => id);
  const purpose = `start ${ids.join(' ')}`;
  if (mayWriteAt(input.memory, VMS, purpose) > input.now()) {
    return NOTHING;
  }
  const action = await act(input, scaleSetId, 'start', ids);
  if (action.accepted) {
    rememberWrite(input, VMS, purpose);
  }
  return action;
}

/** A refusal is remembered, and nothing is asked again before its time. */
async function act(
  input: ResourcesInput,
  scaleSetId: string,
  action: 'manualupgrade' | 'start',
  instanceIds: readonly string[],
): Promise<Action> {
  const { memory, arm, now, signal } = input;
  if ((memory.failures.get(VMS)?.notBefore ?? 0) > now()) {
    return NOTHING;
  }
  memory.instances = undefined;
  try {
    const address = `${scaleSetId}/${action}`;
    const { operation } = await arm.post(address, API_VERSIONS.compute, { instanceIds }, { signal });
    if (operation !== undefined) {
      memory.pollAt.set(SCALE_SET, now() + firstPollDelay(operation));
    }
    return { accepted: true, operation };
  } catch (error) {
    rememberFailure(input, VMS, 'Write', error);
    return NOTHING;
  }
}

/** What Azure refuses to do to the VMs, or what failed, is told unless the VMs themselves say more. */
function withFailure(health: Finding, { memory }: ResourcesInput, stopped: readonly GatewayInstance[]): Finding {
  const failure = memory.failures.get(VMS);
  if (failure === undefined || health.reason === 'SetupFailed' || health.reason === 'RolloutStopped') {
    return health;
  }
  if (stopped.length > 0) {
    const { reason, message } = describeProblem('Starting them', failure.error, failure.attempt);
    const shown = reason === 'Provisioning' ? health.reason : reason;
    return { type: 'ServiceHealthy', status: 'False', reason: shown, message: `${health.message} ${message}` };
  }
  const { reason, message } = describeProblem('Bringing VMs to the newest model', failure.error, failure.attempt);
  return {
    type: 'ServiceHealthy',
    status: 'Unknown',
    reason: reason === 'Provisioning' ? 'RollingOut' : reason,
    message,
  };
}

/** The VMs: as remembered, where all of them served not long ago. */
export async function lookAtInstances(
  input: ResourcesInput,
  scaleSetId: string,
  lookEveryMs: number,
): Promise<readonly GatewayInstance[]> {
  const { memory, now, arm, signal, yields } = input;
  const known = memory.instances;
  const serving = known?.seen.every(({ ready, runsLatestModel }) => ready && runsLatestModel) === true;
  if (known !== undefined && serving && now() - known.at < lookEveryMs) {
    return known.seen;
  }
  const unread = memory.instancesUnread;
  if (unread !== undefined && unread.notBefore > now()) {
    throw unread.error;
  }
  const query = { $expand: 'instanceView' };
  const options = { query, signal, yields };
  const items = await arm.list(`${scaleSetId}/virtualMachines`, API_VERSIONS.compute, options);
  memory.instancesUnread = undefined;
  const seen = readInstances(items);
  memory.instances = { seen, at: now() };
  return seen;
}

function unreadable(input: ResourcesInput, error: unknown, acted: ActOutcome): InstancesOutcome {
  if (!(error instanceof ArmError)) {
    throw error;
  }
  const { memory, now, random } = input;
  const { reason, message } = describeProblem('Reading the VMs', error);
  if (memory.instancesUnread?.error !== error) {
    const attempt = (memory.instancesUnread?.attempt ?? 0) + 1;
    const pause = Math.max(error.retryAfterMs ?? 0, STARTING_POLL_MS, retryDelayAfter(error, attempt, random));
    memory.instancesUnread = { error, attempt, notBefore: now() + pause };
  }
  return {
    finding: { type: 'ServiceHealthy', status: 'Unknown', reason, message },
    instances: memory.instances?.seen,
    isThrottled: error.class === 'Throttled',
    acted,
    started: [],
    rollout: 'Unchanged',
    dueAt: memory.instancesUnread.notBefore,
  };
}
