import type { JsonObject } from '../json.ts';
import type { DesiredResource, ObservedResources, ResourceKey } from './desired-resource.ts';
import { isTerminal, provisioningState } from './operations.ts';
import { mergeForPut } from './put-body.ts';
import { type Difference, differences } from './subset-diff.ts';

/** What is known of one resource in Azure. */
export type ResourceState =
  | { readonly kind: 'Absent' }
  | { readonly kind: 'Present'; readonly resource: JsonObject; readonly etag?: string | undefined }
  /** Not read yet, or reading failed. Nothing is concluded from it. */
  | { readonly kind: 'Unobserved' };

export type ResourceStates = ReadonlyMap<ResourceKey, ResourceState>;

/** One PUT to be sent now. */
export type ResourceAction =
  | { readonly kind: 'Create'; readonly resource: DesiredResource; readonly body: JsonObject }
  | {
      readonly kind: 'Update';
      readonly resource: DesiredResource;
      readonly body: JsonObject;
      /** To be sent as `If-Match`. */
      readonly ifMatch?: string;
      /** What is not as declared. Empty when the PUT only repairs a failed resource. */
      readonly differences: readonly Difference[];
    };

/** Why a resource is left alone for now. */
export interface Waiting {
  readonly key: ResourceKey;
  /**
   * `Operation`: one runs on it. `Dependency`: it is to be written, and what it depends on is not there yet, or is about to
   * be written. `Unobserved`: its state is not known, or that of a dependency which says how it should be.
   * `ProvisioningState`: Azure is still at work on it.
   */
  readonly reason: 'Operation' | 'Dependency' | 'Unobserved' | 'ProvisioningState';
  /** The dependency, or the provisioning state. */
  readonly on?: string;
}

/** A resource that Azure shows as failed. */
export interface FailedResource {
  readonly key: ResourceKey;
  /** `Failed` or `Canceled`. */
  readonly provisioningState: string;
}

export interface ResourcePlan {
  /** All of these may be sent at the same time. */
  readonly actions: readonly ResourceAction[];
  readonly waiting: readonly Waiting[];
  /** Each has an `Update` among the actions, or waits; the caller paces the repairs. */
  readonly failed: readonly FailedResource[];
  /** Nothing to write and nothing to wait for. */
  readonly converged: boolean;
}

/**
 * What to write now so that the resources become as desired. Pure: the same arguments give the same plan. A resource is
 * written only when nothing runs on it and everything it depends on is provisioned and as desired.
 *
 * @param running keys on which an operation runs that was accepted earlier
 */
export function planResources(
  resources: readonly DesiredResource[],
  states: ResourceStates,
  running: ReadonlySet<ResourceKey>,
): ResourcePlan {
  const observed = observedResources(states);
  const verdicts = new Map(
    resources.map((resource): [ResourceKey, Verdict] => [
      resource.key,
      judge(resource, states.get(resource.key) ?? { kind: 'Unobserved' }, observed, running),
    ]),
  );
  const actions: ResourceAction[] = [];
  const waiting: Waiting[] = [];
  const failed: FailedResource[] = [];
  for (const resource of resources) {
    const { key } = resource;
    const verdict = verdicts.get(key) ?? { kind: 'Settled' };
    const state = failedState(states.get(key));
    if (state !== undefined && !running.has(key)) {
      failed.push({ key, provisioningState: state });
    }
    if (verdict.kind === 'Settled') {
      continue;
    }
    const blocker = resource.dependsOn.find((dependency) => verdicts.get(dependency)?.kind !== 'Settled');
    const unread = resource.dependsOn.find((dependency) => states.get(dependency)?.kind === 'Unobserved');
    if (verdict.kind === 'Wait') {
      waiting.push(verdict.waiting);
    } else if (verdict.kind === 'Unknown' && unread !== undefined) {
      waiting.push({ key, reason: 'Unobserved', on: unread });
    } else if (blocker !== undefined || verdict.kind === 'Unknown') {
      waiting.push({ key, reason: 'Dependency', ...(blocker === undefined ? {} : { on: blocker }) });
    } else {
      actions.push(verdict.action);
    }
  }
  return { actions, waiting, failed, converged: actions.length === 0 && waiting.length === 0 };
}

/** Whether all that is known is as desired, so that nothing but looks is left to do. */
export function isAsDesiredSoFar({ actions, waiting }: ResourcePlan): boolean {
  return actions.length === 0 && waiting.every(({ reason }) => reason === 'Unobserved');
}

/** How one resource stands, its dependencies left aside. */
type Verdict =
  | { readonly kind: 'Settled' }
  | { readonly kind: 'Wait'; readonly waiting: Waiting }
  /** Its body needs a value that has not been observed yet. */
  | { readonly kind: 'Unknown' }
  | { readonly kind: 'Write'; readonly action: ResourceAction };

function judge(
  resource: DesiredResource,
  state: ResourceState,
  observed: ObservedResources,
  running: ReadonlySet<ResourceKey>,
): Verdict {
  const { key } = resource;
  if (running.has(key)) {
    return { kind: 'Wait', waiting: { key, reason: 'Operation' } };
  }
  if (state.kind === 'Unobserved') {
    return { kind: 'Wait', waiting: { key, reason: 'Unobserved' } };
  }
  const provisioning = state.kind === 'Present' ? provisioningState(state.resource) : undefined;
  if (provisioning !== undefined && !isTerminal(provisioning)) {
    return { kind: 'Wait', waiting: { key, reason: 'ProvisioningState', on: provisioning } };
  }
  const body = resource.desired(observed);
  if (body === undefined) {
    return { kind: 'Unknown' };
  }
  if (state.kind === 'Absent') {
    return { kind: 'Write', action: { kind: 'Create', resource, body } };
  }
  const found = differences(body, state.resource, resource);
  if (found.length === 0 && failedState(state) === undefined) {
    return { kind: 'Settled' };
  }
  return {
    kind: 'Write',
    action: {
      kind: 'Update',
      resource,
      body: mergeForPut(body, state.resource, resource),
      differences: found,
      ...(resource.ifMatch === true && state.etag !== undefined ? { ifMatch: state.etag } : {}),
    },
  };
}

function failedState(state: ResourceState | undefined): string | undefined {
  const provisioning = state?.kind === 'Present' ? provisioningState(state.resource) : undefined;
  return provisioning !== undefined && /^(failed|cancell?ed)$/i.test(provisioning) ? provisioning : undefined;
}

function observedResources(states: ResourceStates): ObservedResources {
  const observed = new Map<ResourceKey, JsonObject>();
  for (const [key, state] of states) {
    if (state.kind === 'Present') {
      observed.set(key, state.resource);
    }
  }
  return observed;
}

/** What to delete now. All of it may be sent at the same time. */
export interface DeletionPlan {
  readonly deletions: readonly DesiredResource[];
  readonly waiting: readonly Waiting[];
  /** Nothing is left. */
  readonly done: boolean;
}

/**
 * What to delete now so that the resources go, each after everything that depends on it.
 *
 * @param group key of the resource group, when all in it is ours: it then takes the others with it in one call
 */
export function planDeletion(
  resources: readonly DesiredResource[],
  states: ResourceStates,
  running: ReadonlySet<ResourceKey>,
  group?: ResourceKey,
): DeletionPlan {
  const targets = group === undefined ? resources : resources.filter(({ key }) => key === group);
  const left = targets.filter(({ key }) => running.has(key) || states.get(key)?.kind !== 'Absent');
  const deletions: DesiredResource[] = [];
  const waiting: Waiting[] = [];
  for (const resource of left) {
    const { key } = resource;
    const state = states.get(key) ?? { kind: 'Unobserved' };
    const dependent = left.find((other) => other.dependsOn.includes(key));
    if (running.has(key)) {
      waiting.push({ key, reason: 'Operation' });
    } else if (dependent !== undefined) {
      waiting.push({ key, reason: 'Dependency', on: dependent.key });
    } else if (state.kind === 'Present' && /^deleting$/i.test(provisioningState(state.resource) ?? '')) {
      waiting.push({ key, reason: 'ProvisioningState', on: 'Deleting' });
    } else if (state.kind === 'Present') {
      deletions.push(resource);
    } else {
      waiting.push({ key, reason: 'Unobserved' });
    }
  }
  return { deletions, waiting, done: left.length === 0 };
}
