import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { DesiredResource } from '../../azure/desired-resource.ts';
import { ArmError, retryDelayAfter } from '../../azure/errors.ts';
import { listGroupContents } from '../../azure/group-contents.ts';
import { firstPollDelay } from '../../azure/operations.ts';
import { planDeletion } from '../../azure/resource-plan.ts';
import { API_VERSIONS } from '../../gateway/api-versions.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { CARRIES_OWNER_TAGS, gatewayGraph } from '../../gateway/graph.ts';
import { resourceIds } from '../../gateway/ids.ts';
import { isOwnedBy } from '../../gateway/tags.ts';
import { titleOf } from './azure-findings.ts';
import { describeProblem } from './azure-problem.ts';
import { readCredentials } from './credentials.ts';
import { recordedGateway } from './deployment.ts';
import { type Finding, SHORT_RETRY_MS, SLOW_RETRY_MS } from './finding.ts';
import type { OperationsStore } from './operations-secret.ts';
import { purgeDeletedVault } from './purge-vault.ts';
import type { Happening, Report } from './report.ts';
import { type ObservedGateway, observeGateway, type ResourcesInput, settleOperations } from './resources.ts';
import type { Scope } from './scope.ts';

/** How a round of removal ends: nothing is left and the object may go, or it has to go on. */
export type Removal =
  | { readonly kind: 'Gone'; readonly happenings: readonly Happening[] }
  | { readonly kind: 'Remaining'; readonly report: Report };

/** One round of removing a deployment. */
interface Round {
  readonly scope: Scope;
  readonly record: CMGStatusDeployment;
  readonly deployment: GatewayDeployment;
  readonly input: ResourcesInput;
}

/**
 * Removes the gateway from Azure one round further: the whole resource group when it is ours and holds nothing else,
 * resource by resource otherwise. Only what carries our tags is deleted, and what hangs on it.
 */
export async function removeGateway(scope: Scope, store: OperationsStore): Promise<Removal> {
  const { cmg } = scope;
  const record = cmg.status?.deployments?.[0];
  if (record === undefined) {
    return { kind: 'Gone', happenings: [] };
  }
  if (cmg.spec.deletionPolicy === 'Retain') {
    const note = `The gateway stays in Azure, in the resource group ${record.identity.resourceGroup}; nobody looks after it any more.`;
    return { kind: 'Gone', happenings: [{ type: 'Normal', reason: 'Retained', action: 'Delete', note }] };
  }
  const credentials = await readCredentials(scope);
  if (credentials.kind === 'Halt') {
    const why = credentials.findings.map(({ message }) => message).join(' ');
    return remaining(record, blocked(why), credentials.retryAfterMs);
  }
  const { environment, subscriptionId } = record.identity;
  const { arm } = scope.azure.connect(environment, subscriptionId, credentials.value);
  const deployment = recordedGateway(cmg, record, scope);
  const input: ResourcesInput = {
    arm,
    graphOf: (observed) => gatewayGraph(deployment, observed),
    operations: await store.read(cmg, scope.signal),
    memory: scope.memory,
    // What is deleted is decided on what Azure says now.
    observeEveryMs: 0,
    now: scope.clock.now,
    random: scope.random,
    signal: scope.signal,
  };
  const round: Round = { scope, record, deployment, input };
  try {
    const operations = new Map(await settleOperations(input));
    const next = operations.has('resourceGroup')
      ? { left: ['resourceGroup'], targets: [] }
      : await nextDeletions(round, operations);
    if (next.left.length === 0) {
      return { kind: 'Gone', happenings: await purgeDeletedVault(scope, arm, deployment) };
    }
    await deleteAll(round, next.targets, operations);
    await store.write(cmg, input.operations, operations, scope.signal);
    return stillThere(round, next.left, operations);
  } catch (error) {
    return refused(round, error);
  }
}

/** What is still there, by key, and what of it can be deleted now. */
interface NextDeletions {
  readonly left: readonly string[];
  readonly targets: readonly DesiredResource[];
}

async function nextDeletions(round: Round, operations: ResourcesInput['operations']): Promise<NextDeletions> {
  const { input, deployment, scope } = round;
  if (deployment.resourceGroup.mode === 'Create') {
    const group = await input.arm.get(resourceIds(deployment).resourceGroup, API_VERSIONS.resourceGroups, scope);
    if (group.kind === 'Absent') {
      return { left: [], targets: [] };
    }
    if (isOwnedBy(group.resource.tags, deployment.owner) && (await holdsOnlyOurs(round))) {
      const targets = gatewayGraph(deployment, new Map()).filter(({ key }) => key === 'resourceGroup');
      return { left: ['resourceGroup'], targets };
    }
  }
  scope.memory.observations.clear();
  const observed = await observeGateway({ ...input, operations, observeEveryMs: Number.POSITIVE_INFINITY });
  const ours = removable(observed.graph).filter((resource) => belongsToUs(resource, observed, deployment));
  const plan = planDeletion(ours, observed.states, new Set(operations.keys()));
  return {
    left: [...plan.deletions.map(({ key }) => key), ...plan.waiting.map(({ key }) => key)],
    targets: plan.deletions,
  };
}

async function holdsOnlyOurs({ input, deployment }: Round): Promise<boolean> {
  const contents = await listGroupContents(input.arm, deployment.resourceGroup.name);
  return contents.every(({ tags }) => isOwnedBy(tags, deployment.owner));
}

/**
 * The resources that are deleted one by one. Secrets, containers and role assignments go with what they belong to, and
 * Azure does not even let a vault's secret be deleted by itself; what waited for them waits for their carrier instead.
 */
function removable(graph: readonly DesiredResource[]): readonly DesiredResource[] {
  const byKey = new Map(graph.map((resource) => [resource.key, resource]));
  const needs = (key: string): readonly string[] =>
    (byKey.get(key)?.dependsOn ?? []).flatMap((dependency) => [dependency, ...needs(dependency)]);
  return graph
    .filter(({ key }) => CARRIES_OWNER_TAGS.has(key) && key !== 'resourceGroup')
    .map((resource) => ({ ...resource, dependsOn: [...new Set(needs(resource.key))] }));
}

/** Whether a resource carries our tags. What does not exist belongs to nobody, and is nothing to delete. */
function belongsToUs({ key }: DesiredResource, { states }: ObservedGateway, { owner }: GatewayDeployment): boolean {
  const state = states.get(key);
  return state?.kind !== 'Present' || isOwnedBy(state.resource.tags, owner);
}

async function deleteAll(
  { input, scope }: Round,
  targets: readonly DesiredResource[],
  operations: Map<string, NonNullable<ReturnType<ResourcesInput['operations']['get']>>>,
): Promise<void> {
  const { memory, clock, signal } = scope;
  await Promise.all(
    targets
      .filter(({ key }) => (memory.failures.get(key)?.notBefore ?? 0) <= clock.now())
      .map(async ({ key, id, apiVersion }) => {
        const { operation } = await input.arm.delete(id, apiVersion, { signal });
        memory.failures.delete(key);
        if (operation !== undefined) {
          operations.set(key, operation);
          memory.pollAt.set(key, clock.now() + firstPollDelay(operation));
        }
      }),
  );
}

function stillThere(
  { scope, record }: Round,
  left: readonly string[],
  operations: ResourcesInput['operations'],
): Removal {
  const { memory, clock } = scope;
  const failures = [...memory.failures.values()];
  const [failure] = failures;
  const polls = [...operations.keys()].map((key) => memory.pollAt.get(key) ?? clock.now());
  const due = [...polls, ...failures.map(({ notBefore }) => notBefore)];
  const againAfterMs = due.length === 0 ? SHORT_RETRY_MS / 5 : Math.max(0, Math.min(...due) - clock.now());
  if (failure !== undefined) {
    const { message, passing } = describeProblem('Removing the gateway', failure.error);
    return remaining(record, passing ? deleting(message) : blocked(message), againAfterMs);
  }
  return remaining(record, deleting(`Removing from Azure: ${left.map(titleOf).join(', ')}.`), againAfterMs);
}

function refused({ scope, record }: Round, error: unknown): Removal {
  if (!(error instanceof ArmError)) {
    throw error;
  }
  const { message, passing } = describeProblem('Removing the gateway', error);
  return passing
    ? remaining(record, deleting(message), retryDelayAfter(error, 1, scope.random))
    : remaining(record, blocked(message), SLOW_RETRY_MS);
}

function deleting(message: string): Finding {
  return { type: 'AzureReady', status: 'False', reason: 'Deleting', message };
}

function blocked(why: string): Finding {
  return {
    type: 'AzureReady',
    status: 'False',
    reason: 'DeletionBlocked',
    message: `The gateway cannot be removed from Azure. ${why} Or set spec.deletionPolicy to Retain, which leaves it in Azure.`,
  };
}

function remaining(record: CMGStatusDeployment, finding: Finding, againAfterMs: number): Removal {
  return {
    kind: 'Remaining',
    report: { findings: [finding], happenings: [], deployment: { ...record, phase: 'Deleting' }, againAfterMs },
  };
}
