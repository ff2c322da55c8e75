import { ArmError } from '../../azure/errors.ts';
import { firstPollDelay, type Operation } from '../../azure/operations.ts';
import { API_VERSIONS } from '../../gateway/api-versions.ts';
import { type GatewayInstance, nextRolloutStep, readInstances } from '../../gateway/instances.ts';
import { describeProblem } from './azure-problem.ts';
import type { Finding } from './finding.ts';
import { type ActOutcome, type ObservedGateway, type ResourcesInput, ROLLOUT, rememberFailure } from './resources.ts';

/** How soon VMs are looked at again that do not serve yet, and how rarely those that have not for long. */
const STARTING_POLL_MS = 15_000;
const LONGEST_POLL_MS = 5 * 60_000;

/** VMs start within this time, as a rule; until then they are looked at often. */
const STARTING_MS = 30 * 60_000;

/** Key under which a rollout's operation is kept; the scale set itself is not written meanwhile. */
export const SCALE_SET = 'scaleSet';

/** The VMs after one look, and what has to happen with them. */
export interface InstancesOutcome {
  readonly finding: Finding;
  readonly instances: readonly GatewayInstance[];
  /** The operations that run now, a batch of the rollout included. */
  readonly acted: ActOutcome;
  /** When to look again, by the operator's clock. */
  readonly dueAt: number | undefined;
}

/** What the VMs are held against. */
export interface InstancesWanted {
  /** How many VMs there have to be. */
  readonly wanted: number;
  /** Milliseconds after which VMs that all serve are looked at again. */
  readonly lookEveryMs: number;
  /** Asked when Azure finds every VM healthy: whether the gateway really serves. */
  readonly confirm: () => Promise<Finding>;
}

/**
 * Looks at the VMs of a scale set that is as declared, and brings those with an older model to the newest one, a batch
 * at a time.
 */
export async function reconcileInstances(
  input: ResourcesInput,
  observed: ObservedGateway,
  acted: ActOutcome,
  { wanted, lookEveryMs, confirm }: InstancesWanted,
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
    instances = await look(input, scaleSet.id, lookEveryMs);
  } catch (error) {
    return unreadable(input, error, acted);
  }
  const step = nextRolloutStep(instances);
  if (step.kind === 'Done') {
    input.memory.failures.delete(ROLLOUT);
  }
  const operation = step.kind === 'Upgrade' ? await upgrade(input, scaleSet.id, step.instanceIds) : undefined;
  const operations = operation === undefined ? acted.operations : new Map(acted.operations).set(SCALE_SET, operation);
  const told = withRolloutFailure(healthFinding(instances, wanted, step.kind !== 'Done'), input);
  const finding = told.status === 'True' ? await confirm() : told;
  const unsettled = step.kind !== 'Done' || finding.status !== 'True';
  return { finding, instances, acted: { ...acted, operations }, dueAt: nextLook(input, unsettled) };
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

/** Brings VMs to the newest model. A refusal is remembered, and the same is not asked again before its time. */
async function upgrade(
  input: ResourcesInput,
  scaleSetId: string,
  instanceIds: readonly string[],
): Promise<Operation | undefined> {
  const { memory, arm, now, signal } = input;
  if ((memory.failures.get(ROLLOUT)?.notBefore ?? 0) > now()) {
    return undefined;
  }
  memory.instances = undefined;
  try {
    const address = `${scaleSetId}/manualupgrade`;
    const { operation } = await arm.post(address, API_VERSIONS.compute, { instanceIds }, { signal });
    if (operation !== undefined) {
      memory.pollAt.set(SCALE_SET, now() + firstPollDelay(operation));
    }
    return operation;
  } catch (error) {
    rememberFailure(input, ROLLOUT, 'Write', error);
    return undefined;
  }
}

/** A rollout that Azure refuses, or that failed, is told unless the VMs themselves say more. */
function withRolloutFailure(health: Finding, { memory }: ResourcesInput): Finding {
  const failure = memory.failures.get(ROLLOUT);
  if (failure === undefined || health.reason === 'SetupFailed') {
    return health;
  }
  const { reason, message } = describeProblem('Bringing VMs to the newest model', failure.error);
  return {
    type: 'ServiceHealthy',
    status: 'Unknown',
    reason: reason === 'Provisioning' ? 'RollingOut' : reason,
    message,
  };
}

async function look(
  input: ResourcesInput,
  scaleSetId: string,
  lookEveryMs: number,
): Promise<readonly GatewayInstance[]> {
  const { memory, now, arm, signal } = input;
  const known = memory.instances;
  const serving = known?.seen.every(({ ready, runsLatestModel }) => ready && runsLatestModel) === true;
  if (known !== undefined && serving && now() - known.at < lookEveryMs) {
    return known.seen;
  }
  const items = await arm.list(`${scaleSetId}/virtualMachines`, API_VERSIONS.compute, {
    query: { $expand: 'instanceView' },
    signal,
  });
  const seen = readInstances(items);
  memory.instances = { seen, at: now() };
  return seen;
}

function unreadable(input: ResourcesInput, error: unknown, acted: ActOutcome): InstancesOutcome {
  if (!(error instanceof ArmError)) {
    throw error;
  }
  const { reason, message } = describeProblem('Reading the VMs', error);
  return {
    finding: { type: 'ServiceHealthy', status: 'Unknown', reason, message },
    instances: input.memory.instances?.seen ?? [],
    acted,
    dueAt: input.now() + Math.max(error.retryAfterMs ?? 0, STARTING_POLL_MS),
  };
}

function healthFinding(instances: readonly GatewayInstance[], wanted: number, rollingOut: boolean): Finding {
  const problems = instances.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const messages = problems.map(({ message }) => message).join(' ');
  const failed = problems.find(({ kind }) => kind === 'SetupFailed');
  if (failed !== undefined) {
    return {
      type: 'ServiceHealthy',
      status: 'False',
      reason: 'SetupFailed',
      message: `${messages} Check the service package and its logs in the VM.`,
    };
  }
  if (rollingOut) {
    return {
      type: 'ServiceHealthy',
      status: 'Unknown',
      reason: 'RollingOut',
      message: 'VMs are being brought to the newest model, so that with two or more one always serves.',
    };
  }
  if (problems.length > 0) {
    const starting = problems.every(({ kind }) => kind === 'Starting');
    return {
      type: 'ServiceHealthy',
      status: 'False',
      reason: starting ? 'InstancesStarting' : 'InstancesUnhealthy',
      message: messages,
    };
  }
  return instances.length < wanted
    ? {
        type: 'ServiceHealthy',
        status: 'False',
        reason: 'InstancesStarting',
        message: 'Azure has not started all VMs yet.',
      }
    : { type: 'ServiceHealthy', status: 'True', reason: 'Succeeded', message: 'Every VM serves.' };
}
