import { type Condition, findCondition } from './conditions.ts';

/** What Flux, Argo CD's kstatus users and `kubectl wait`-like tools take an object's state to be. */
export type KstatusState = 'InProgress' | 'Current' | 'Failed' | 'Terminating';

/** The parts of a custom resource that kstatus looks at. */
export interface KstatusObject {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

/** A state and why. */
export interface KstatusResult {
  readonly state: KstatusState;
  readonly message: string;
}

/**
 * The state of a custom resource by the rules of `kstatus` (package `pkg/kstatus/status` of the cli-utils project of
 * Kubernetes), in their order: a deletion timestamp; a generation that is not the observed one; of the conditions
 * `Reconciling` and `Stalled` the one that comes first in the list; `Ready`; and otherwise `Current`, so that an object
 * without any status counts as done.
 */
export function computeKstatus(object: KstatusObject): KstatusResult {
  const { metadata, status } = object;
  if (metadata.deletionTimestamp) return { state: 'Terminating', message: 'Resource scheduled for deletion' };
  const observed = status?.observedGeneration;
  if (metadata.generation !== undefined && observed !== undefined && observed !== metadata.generation) {
    const message = `The generation is ${metadata.generation}, but the latest observed one is ${observed}`;
    return { state: 'InProgress', message };
  }
  for (const { type, status: value, message } of status?.conditions ?? []) {
    if (value !== 'True') continue;
    if (type === 'Reconciling') return { state: 'InProgress', message };
    if (type === 'Stalled') return { state: 'Failed', message };
  }
  const ready = findCondition(status?.conditions, 'Ready');
  if (ready === undefined) return { state: 'Current', message: 'Resource is current' };
  if (ready.status === 'True') return { state: 'Current', message: 'Resource is Ready' };
  return { state: 'InProgress', message: ready.message };
}
