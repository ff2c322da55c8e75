import type { JsonObject } from '../json.ts';
import { codeOf, listOf, messageOf, objectOf } from './instance-view.ts';
import { SETUP_EXTENSION } from './resources/setup-extension.ts';
import { readSetupReport } from './setup-report.ts';

/** One VM of the scale set, as its instance view shows it. */
export interface GatewayInstance {
  readonly id: string;
  /** Whether it serves: it runs, its setup has succeeded, and the load balancer's probe reaches it. */
  readonly ready: boolean;
  readonly runsLatestModel: boolean;
  /** What keeps it from serving; `undefined` when it serves. */
  readonly problem: InstanceProblem | undefined;
}

/** Why a VM does not serve, as a sentence for people. */
export type InstanceProblem =
  | { readonly kind: 'Starting'; readonly message: string }
  | { readonly kind: 'SetupFailed'; readonly message: string }
  /** Azure could not make the VM, for want of room in the region or of the certificate, for example. */
  | { readonly kind: 'ProvisioningFailed'; readonly message: string }
  /** Somebody has stopped it, with or without giving its hardware back. */
  | { readonly kind: 'Stopped'; readonly message: string }
  /** It is on its way to a stop, or in a state that Azure does not name yet. */
  | { readonly kind: 'NotRunning'; readonly message: string }
  | { readonly kind: 'ProbeFailing'; readonly message: string };

/** Reads the answer of `virtualMachines?$expand=instanceView`. */
export function readInstances(items: readonly JsonObject[]): readonly GatewayInstance[] {
  return items.map((item) => {
    const id = typeof item.instanceId === 'string' ? item.instanceId : '?';
    const properties = objectOf(item.properties);
    const problem = problemOf(id, properties);
    return { id, ready: problem === undefined, runsLatestModel: properties.latestModelApplied === true, problem };
  });
}

function problemOf(id: string, properties: JsonObject): InstanceProblem | undefined {
  const view = objectOf(properties.instanceView);
  const power = codeOf(view.statuses, 'PowerState/');
  const setup = listOf(view.extensions)
    .map(objectOf)
    .find(({ name }) => name === SETUP_EXTENSION);
  const setupState = codeOf(setup?.statuses, 'ProvisioningState/');
  if (power !== undefined && !['running', 'starting', 'unknown'].includes(power)) {
    const kind = ['stopped', 'deallocated'].includes(power) ? 'Stopped' : 'NotRunning';
    return { kind, message: `VM ${id} is ${power}.` };
  }
  if (setupState !== undefined && /^failed/.test(setupState)) {
    return { kind: 'SetupFailed', message: setupFailure(id, setup, setupState) };
  }
  const provisioning = codeOf(view.statuses, 'ProvisioningState/');
  if (provisioning !== undefined && /^failed/.test(provisioning)) {
    return { kind: 'ProvisioningFailed', message: `Azure could not provision VM ${id}: ${messageOf(view.statuses)}` };
  }
  if (setupState !== 'succeeded' || power !== 'running') {
    return { kind: 'Starting', message: `VM ${id} is starting.` };
  }
  const health = objectOf(objectOf(view.vmHealth).status).code;
  return health === 'HealthState/healthy'
    ? undefined
    : { kind: 'ProbeFailing', message: `VM ${id} does not answer the health probe on port 443. ${setupEnd(setup)}` };
}

/** Names VM, step and exit code, as far as they are known, and what the setup said of it. */
function setupFailure(id: string, setup: JsonObject | undefined, state: string): string {
  const code = /^failed\/(-?\d+)$/.exec(state)?.[1];
  const exit = code === undefined ? '' : ` with exit code ${code}`;
  const report = readSetupReport(setup);
  return report === undefined
    ? `The setup in VM ${id} failed${exit}: ${messageOf(setup?.statuses)}`
    : `The setup in VM ${id} failed at the step ${report.step}${exit}: ${report.message}`;
}

/** How the setup of a VM ended that should serve and does not. */
function setupEnd(setup: JsonObject | undefined): string {
  const report = readSetupReport(setup);
  return report === undefined
    ? 'Its setup ended without an error, and without a status file that would say what it did.'
    : `Its setup ended without an error at the step ${report.step}: ${report.message}`;
}

/** What a rollout of a new model does next. */
export type RolloutStep =
  | { readonly kind: 'Done' }
  /** Bring these VMs to the model now. */
  | {
      readonly kind: 'Upgrade';
      readonly instanceIds: readonly string[];
      /** Whether they serve, so that somebody may miss them meanwhile. */
      readonly serving: boolean;
    }
  /** Nothing now, so that enough VMs keep serving. */
  | { readonly kind: 'Wait'; readonly message: string };

/**
 * The next batch of VMs to bring to the newest model. VMs that do not serve go first, as they lose nothing. Of the others
 * at most half go at a time, and only while every VM that stays serves; a gateway with one VM has no choice.
 */
export function nextRolloutStep(instances: readonly GatewayInstance[]): RolloutStep {
  const outdated = instances.filter(({ runsLatestModel }) => !runsLatestModel);
  if (outdated.length === 0) {
    return { kind: 'Done' };
  }
  const broken = outdated.filter(({ ready }) => !ready);
  if (broken.length > 0) {
    return { kind: 'Upgrade', instanceIds: broken.map(({ id }) => id), serving: false };
  }
  const unready = instances.filter(({ ready }) => !ready);
  if (unready.length > 0) {
    const names = unready.map(({ id }) => id).join(', ');
    return { kind: 'Wait', message: `Waiting until VM ${names} serves with the new model.` };
  }
  const batch = Math.max(1, Math.floor(instances.length / 2));
  return { kind: 'Upgrade', instanceIds: outdated.slice(0, batch).map(({ id }) => id), serving: true };
}

/** VMs that have been stopped, and that can be started. */
export function stoppedInstances(instances: readonly GatewayInstance[]): readonly GatewayInstance[] {
  return instances.filter(({ problem }) => problem?.kind === 'Stopped');
}

/** VMs that have the newest model and do not serve with it. Those that only start, or that somebody stopped, are not among them. */
export function brokenByRollout(instances: readonly GatewayInstance[]): readonly GatewayInstance[] {
  return instances.filter(
    (instance) => instance.runsLatestModel && isInTrouble(instance) && instance.problem?.kind !== 'Stopped',
  );
}

function isInTrouble({ problem }: GatewayInstance): boolean {
  return problem !== undefined && problem.kind !== 'Starting';
}

/**
 * Whether a rollout has begun, is not at its end, and goes well. Its model is not to be replaced by another one then: Azure keeps ten models of a
 * scale set at most, and forgets one only when no VM has it any more.
 */
export function isMidway(instances: readonly GatewayInstance[]): boolean {
  const upgraded = instances.filter(({ runsLatestModel }) => runsLatestModel);
  return upgraded.length > 0 && upgraded.length < instances.length && !upgraded.some(isInTrouble);
}
