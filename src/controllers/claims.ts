import type { ObjectMeta } from '../api/object-meta.ts';
import { keyOf } from '../runtime/objects.ts';

/** An object that may claim something outside the cluster. */
export interface Claimant {
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'creationTimestamp'>;
}

/**
 * Which of several objects that claim one thing holds it: the oldest, as long as it exists. Objects of one second are taken
 * in the order of their names.
 *
 * @returns `undefined` when nobody claims it
 */
function claimHolder<T extends Claimant>(claimants: readonly T[]): T | undefined {
  return claimants.toSorted(byAge)[0];
}

/** The object that holds what `object` claims too; `undefined` when `object` holds it itself. */
export function otherHolder<T extends Claimant>(object: T, claimants: readonly T[]): T | undefined {
  const holder = claimHolder(claimants);
  return holder === undefined || holder.metadata.uid === object.metadata.uid ? undefined : holder;
}

function byAge(left: Claimant, right: Claimant): number {
  const [older, newer] = [left, right].map(({ metadata }) => `${metadata.creationTimestamp} ${keyOf({ metadata })}`);
  return (older ?? '') < (newer ?? '') ? -1 : 1;
}
