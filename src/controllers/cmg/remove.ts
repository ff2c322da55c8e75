import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../azure/arm-client.ts';
import type { DesiredResource, ResourceKey } from '../../azure/desired-resource.ts';
import { listGroupContents } from '../../azure/group-contents.ts';
import { type Operation, provisioningState } from '../../azure/operations.ts';
import { planDeletion } from '../../azure/resource-plan.ts';
import { API_VERSIONS } from '../../gateway/api-versions.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { CARRIES_OWNER_TAGS, gatewayGraph } from '../../gateway/graph.ts';
import { resourceIds } from '../../gateway/ids.ts';
import { clusterThatTook, isOwnedBy, ownershipOf } from '../../gateway/tags.ts';
import type { AzureSession } from './azure-access.ts';
import { titleOf } from './azure-findings.ts';
import { describeProblem } from './azure-problem.ts';
import { recordedGateway } from './deployment.ts';
import { type Finding, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import type { Failure } from './memory.ts';
import type { OperationsStore } from './operations-secret.ts';
import { DELETED_VAULT, purgeDeletedVault } from './purge-vault.ts';
import { sessionOf } from './redeployment/azure-of-deployment.ts';
import type { Happening } from './report.ts';
import {
  type ResourcesInput,
  rememberAccepted,
  rememberFailure,
  type SeenResources,
  seeResources,
  settleOperations,
  VMS,
} from './resources.ts';
import { blockedRemoval, type Retention } from './retain.ts';
import type { Scope } from './scope.ts';

/** How a round of removal ends: nothing is left, or what is left is given up, or it has to go on. */
export type Removal =
  | { readonly kind: 'Gone'; readonly happenings: readonly Happening[] }
  | { readonly kind: 'Retained'; readonly retention: Retention }
  | { readonly kind: 'Remaining'; readonly finding: Finding; readonly againAfterMs: number };

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
export async function removeGateway(
  scope: Scope,
  record: CMGStatusDeployment,
  store: OperationsStore,
): Promise<Removal> {
  const { cmg } = scope;
  const access = await removalAccess(scope, record);
  if (access.kind === 'Halt') {
    const why = access.findings.map(({ message }) => message).join(' ');
    return blocked(scope, record, why, access.retryAfterMs);
  }
  const { arm } = access.value;
  const deployment = recordedGateway(cmg, record, scope);
  const input: ResourcesInput = {
    arm,
    graphOf: (observed) => gatewayGraph(deployment, observed),
    operations: await store.read(cmg, scope.signal),
    memory: scope.memory,
    // What is deleted is decided on what Azure says now.
    holds: () => false,
    now: scope.clock.now,
    random: scope.random,
    signal: scope.signal,
  };
  const round: Round = { scope, record, deployment, input };
  try {
    const operations = new Map(await settleOperations(input));
    forgetWrites(input);
    const next: NextDeletions = operations.has('resourceGroup')
      ? { left: ['resourceGroup'], targets: [], deletedByOthers: false }
      : await nextDeletions(round, operations);
    if (next.otherCluster !== undefined) {
      const why = `It is looked after from another cluster, whose namespace kube-system has the UID ${next.otherCluster}.`;
      return await blocked(scope, record, why, SLOW_RETRY_MS);
    }
    scope.memory.failures.delete(LOOKING);
    if (next.left.length === 0) {
      const purge = await purgeDeletedVault(scope, input, deployment);
      return purge.kind === 'Over'
        ? { kind: 'Gone', happenings: purge.happenings }
        : await stillThere(round, { left: [DELETED_VAULT], targets: [], deletedByOthers: false }, operations);
    }
    await deleteAll(round, next.targets, operations);
    await store.write(cmg, input.operations, operations, scope.signal);
    return await stillThere(round, next, operations);
  } catch (error) {
    rememberRefusal(input, LOOKING, 'Read', error);
    return await stillThere(round, { left: [LOOKING], targets: [], deletedByOthers: false }, input.operations);
  }
}

/** What another identity was refused says nothing of this one. */
async function removalAccess(scope: Scope, record: CMGStatusDeployment): Promise<StepResult<AzureSession>> {
  const session = await sessionOf(scope, record);
  const { memory } = scope;
  if (session.kind === 'Continue' && memory.credential !== session.value.credential) {
    memory.failures.clear();
    memory.credential = session.value.credential;
  }
  return session;
}

/** Key under which it is remembered that a gateway that goes could not be looked at. */
export const LOOKING = 'gateway';

/** What becomes of writes that were begun before the removal is of no interest any more. */
function forgetWrites({ memory, operations }: ResourcesInput): void {
  memory.failures.delete(VMS);
  for (const [key, { method }] of operations) {
    if (method !== 'DELETE') {
      memory.failures.delete(key);
    }
  }
}

/** What is still there, by key, and what of it can be deleted now. */
interface NextDeletions {
  readonly left: readonly string[];
  readonly targets: readonly DesiredResource[];
  /** Whether Azure shows that something is being deleted, without an operation of ours. */
  readonly deletedByOthers: boolean;
  /** The cluster that has taken the gateway over, so that nothing of it may be deleted from here. */
  readonly otherCluster?: string;
}

async function nextDeletions(round: Round, operations: ResourcesInput['operations']): Promise<NextDeletions> {
  const { input, deployment, scope } = round;
  if (deployment.resourceGroup.mode === 'Create') {
    const group = await input.arm.get(resourceIds(deployment).resourceGroup, API_VERSIONS.resourceGroups, scope);
    if (group.kind === 'Absent') {
      return { left: [], targets: [], deletedByOthers: false };
    }
    if (/^deleting$/i.test(provisioningState(group.resource) ?? '')) {
      // By us, perhaps, when the answer to that was lost.
      return { left: ['resourceGroup'], targets: [], deletedByOthers: true };
    }
    const otherCluster = clusterThatTook(group.resource.tags, deployment.owner);
    if (otherCluster !== undefined) {
      return { left: ['resourceGroup'], targets: [], deletedByOthers: false, otherCluster };
    }
    if (isOwnedBy(group.resource.tags, deployment.owner) && (await holdsOnly(input.arm, deployment))) {
      const targets = gatewayGraph(deployment, new Map()).filter(({ key }) => key === 'resourceGroup');
      return { left: ['resourceGroup'], targets, deletedByOthers: false };
    }
  }
  scope.memory.observations.clear();
  const observed = await seeResources({ ...input, operations, holds: () => true });
  const ours = removable(observed.graph).filter((resource) => belongsToUs(resource, observed, deployment));
  const plan = planDeletion(ours, observed.states, new Set(operations.keys()));
  const otherCluster = takerOf(ours, observed, deployment);
  return {
    ...(otherCluster === undefined ? {} : { otherCluster }),
    left: [...plan.deletions.map(({ key }) => key), ...plan.waiting.map(({ key }) => key)],
    targets: plan.deletions,
    deletedByOthers: plan.waiting.some(({ reason }) => reason === 'ProvisioningState'),
  };
}

/**
 * The other cluster that has taken a gateway over, by the first of its resources, whose tags are written first. The scale set of
 * one that only had to go on serving may still name the cluster of before.
 */
function takerOf(
  ours: readonly DesiredResource[],
  { states }: SeenResources,
  { owner }: GatewayDeployment,
): string | undefined {
  const first = ours.map(({ key }) => states.get(key)).find((state) => state?.kind === 'Present');
  return first?.kind === 'Present' ? clusterThatTook(first.resource.tags, owner) : undefined;
}

/**
 * Whether nothing would be left of the resource group after the removal of a gateway.
 *
 * @throws ArmError
 */
export async function groupGoesToo(
  arm: ArmClient,
  deployment: GatewayDeployment,
  signal: AbortSignal,
): Promise<boolean> {
  if (deployment.resourceGroup.mode !== 'Create') {
    return false;
  }
  const group = await arm.get(resourceIds(deployment).resourceGroup, API_VERSIONS.resourceGroups, { signal });
  return (
    group.kind === 'Absent' || (isOwnedBy(group.resource.tags, deployment.owner) && (await holdsOnly(arm, deployment)))
  );
}

/** Whether a group holds nothing but this deployment: another one of the same CMG may be in it too. */
async function holdsOnly(arm: ArmClient, { resourceGroup, owner, id }: GatewayDeployment): Promise<boolean> {
  const contents = await listGroupContents(arm, resourceGroup.name);
  return contents.every(({ tags }) => isOwnedBy(tags, owner) && ownershipOf(tags)?.deploymentId === id);
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
function belongsToUs({ key }: DesiredResource, { states }: SeenResources, { owner }: GatewayDeployment): boolean {
  const state = states.get(key);
  return state?.kind !== 'Present' || isOwnedBy(state.resource.tags, owner);
}

async function deleteAll(
  { input, scope }: Round,
  targets: readonly DesiredResource[],
  operations: Map<ResourceKey, Operation>,
): Promise<void> {
  const { memory, clock, signal } = scope;
  await Promise.all(
    targets
      .filter(({ key }) => (memory.failures.get(key)?.notBefore ?? 0) <= clock.now())
      .map(async ({ key, id, apiVersion }) => {
        try {
          const { operation } = await input.arm.delete(id, apiVersion, { signal });
          rememberAccepted(input, key, operation);
          if (operation !== undefined) {
            operations.set(key, operation);
          }
        } catch (error) {
          rememberRefusal(input, key, 'Write', error);
        }
      }),
  );
}

/** Notes a failure. Somebody waits for the object to go, so that it is tried again sooner than a write would be. */
export function rememberRefusal(
  input: Pick<ResourcesInput, 'memory' | 'now' | 'random'>,
  key: ResourceKey,
  during: Failure['during'],
  error: unknown,
): void {
  rememberFailure(input, key, during, error);
  const { failures } = input.memory;
  const failure = failures.get(key);
  if (failure !== undefined) {
    failures.set(key, { ...failure, notBefore: Math.min(failure.notBefore, input.now() + SLOW_RETRY_MS) });
  }
}

/** How soon it is looked again where Azure names no time. */
const NEXT_LOOK_MS = 3000;

async function stillThere(
  { scope, record }: Round,
  { left, deletedByOthers }: NextDeletions,
  operations: ReadonlyMap<ResourceKey, Operation>,
): Promise<Removal> {
  const { memory, clock } = scope;
  const now = clock.now();
  const failures = left.flatMap((key) => {
    const failure = memory.failures.get(key);
    return failure === undefined || failure.retrying === true ? [] : [{ key, failure }];
  });
  const due = [
    ...left.flatMap((key) => (operations.has(key) ? [memory.pollAt.get(key) ?? now] : [])),
    ...failures.map(({ failure }) => Math.max(failure.notBefore, now + NEXT_LOOK_MS)),
    ...(deletedByOthers ? [now + NEXT_LOOK_MS] : []),
  ];
  const againAfterMs = due.length === 0 ? NEXT_LOOK_MS : Math.max(0, Math.min(...due) - now);
  const problems = failures.map(({ key, failure }) =>
    describeProblem(`Removing the ${titleOf(key)}`, failure.error, failure.attempt),
  );
  const problem = problems.find(({ passing }) => !passing) ?? problems[0];
  if (problem !== undefined) {
    return problem.passing
      ? { kind: 'Remaining', finding: deleting(problem.message), againAfterMs }
      : blocked(scope, record, problem.message, againAfterMs);
  }
  return {
    kind: 'Remaining',
    finding: deleting(`Removing from Azure: ${left.map(titleOf).join(', ')}.`),
    againAfterMs,
  };
}

export function deleting(message: string): Finding {
  return { type: 'AzureReady', status: 'False', reason: 'Deleting', message };
}

async function blocked(scope: Scope, record: CMGStatusDeployment, why: string, retryAfterMs: number): Promise<Removal> {
  const outcome = await blockedRemoval(scope, record, why, retryAfterMs);
  return outcome.kind === 'Waiting'
    ? { kind: 'Remaining', finding: outcome.finding, againAfterMs: outcome.againAfterMs }
    : { kind: 'Retained', retention: outcome.retention };
}
