import type { ResourceKey } from '../../azure/desired-resource.ts';
import { retryDelay } from '../../azure/errors.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { gatewayGraph } from '../../gateway/graph.ts';
import type { AzureSession } from './azure-access.ts';
import { azureFindings } from './azure-findings.ts';
import { goOn, halt, SHORT_RETRY_MS, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import { type PreflightProblem, preflight } from './preflight.ts';
import type { ObservedGateway } from './resources.ts';
import type { NamesHeld, Scope } from './scope.ts';

/** How soon providers that are being registered are looked at again; it takes about a minute. */
const REGISTRATION_POLL_MS = 10_000;

export interface PrerequisitesInput {
  readonly scope: Scope;
  readonly session: AzureSession;
  readonly deployment: GatewayDeployment;
  readonly observed: ObservedGateway;
  /** Whether nothing has ever been written for this gateway. */
  readonly first: boolean;
  /** Whether a person has consented to take over what exists under the gateway's names. */
  readonly adopting: boolean;
}

/**
 * Step 4: everything is in order for what is missing to be made. Checked once for each time that something is missing, and once
 * more for each write that finds a name taken.
 */
export async function checkPrerequisites(input: PrerequisitesInput): Promise<StepResult<undefined>> {
  const { scope, observed, first } = input;
  const { memory, cmg } = scope;
  const running = new Set(observed.operations.keys());
  const inState = (kind: 'Absent' | 'Unobserved') =>
    observed.graph.map(({ key }) => key).filter((key) => observed.states.get(key)?.kind === kind && !running.has(key));
  const missing = new Set(inState('Absent'));
  const unreadable = inState('Unobserved').filter((key) => memory.failures.get(key)?.during === 'Read');
  // Why Azure throttles a reading is known, and more readings would have it throttle more.
  const unexplained = unreadable.filter((key) => first || memory.failures.get(key)?.error.class !== 'Throttled');
  if (missing.size === 0 && unreadable.length === 0 && running.size === 0) {
    memory.preflightPassed = undefined;
  } else if (memory.preflightPassed !== cmg.metadata.generation && (missing.size > 0 || unexplained.length > 0)) {
    const problems = await preflight({ ...input, missing, group: observed.states.get('resourceGroup') });
    if (problems.length > 0) {
      forgetTakenNames(memory, missing);
      return notMet(scope, problems);
    }
    if (unreadable.length > 0 && first) {
      return unknownState(input, unreadable);
    }
    memory.preflightPassed = cmg.metadata.generation;
  }
  memory.accessAttempts = 0;
  return goOn(undefined, { type: 'PrerequisitesMet', status: 'True', reason: 'Succeeded', message: IN_ORDER });
}

/** What the preflight explains is tried at once when the preflight passes. */
function forgetTakenNames({ failures }: Scope['memory'], missing: ReadonlySet<ResourceKey>): void {
  for (const key of missing) {
    if (failures.get(key)?.error.class === 'NameTaken') {
      failures.delete(key);
    }
  }
}

const IN_ORDER = 'Subscription, permissions, providers, region, VM size, quota, resource group and names are in order.';

/** Keys of resources whose names are taken by the gateway that is replaced, under the same names. */
const NAMED: ReadonlySet<ResourceKey> = new Set(['vault', 'storageAccount', 'publicIpAddress']);

/**
 * The same for a gateway that is made when another one has gone: whether the names are free is not asked, nor where a group
 * is that goes too.
 */
export async function checkBeforehand(
  scope: Scope,
  session: AzureSession,
  deployment: GatewayDeployment,
  { group }: NamesHeld,
): Promise<StepResult<undefined>> {
  const keys = gatewayGraph(deployment, new Map()).map(({ key }) => key);
  const missing = new Set(keys.filter((key) => !NAMED.has(key)));
  const problems = await preflight({
    scope,
    session,
    deployment,
    missing,
    group: group === 'Goes' ? { kind: 'Absent' } : undefined,
    first: true,
    adopting: false,
  });
  return problems.length > 0
    ? notMet(scope, problems)
    : goOn(undefined, { type: 'PrerequisitesMet', status: 'True', reason: 'Succeeded', message: IN_ORDER });
}

/** Ends a round with what stands in the way of a gateway. */
export function notMet({ memory, random }: Scope, problems: readonly PreflightProblem[]): StepResult<never> {
  const [worst] = problems.toSorted((left, right) => Number(left.passing) - Number(right.passing));
  const reason = worst?.reason ?? 'Pending';
  const unknown = reason === 'AzureUnreachable' || reason === 'Throttled';
  memory.accessAttempts = unknown ? memory.accessAttempts + 1 : 0;
  const pause = unknown ? retryDelay('Server', memory.accessAttempts, random) : 0;
  const asked = problems.map(({ retryAfterMs }) => retryAfterMs ?? 0);
  return halt(
    problems.every(({ passing }) => passing) ? Math.max(REGISTRATION_POLL_MS, pause, ...asked) : SLOW_RETRY_MS,
    {
      type: 'PrerequisitesMet',
      status: unknown ? 'Unknown' : 'False',
      reason,
      message: problems.map((problem) => problem.message).join(' '),
    },
  );
}

/** Nothing is begun before it is known what exists. */
function unknownState(
  { scope, observed }: PrerequisitesInput,
  unreadable: readonly ResourceKey[],
): StepResult<undefined> {
  const { memory, clock } = scope;
  const due = unreadable.map((key) => memory.failures.get(key)?.notBefore ?? 0);
  const findings = azureFindings({ observed, memory, occasion: 'Provisioning', slow: false });
  return halt(Math.max(Math.min(...due) - clock.now(), SHORT_RETRY_MS), ...findings);
}
