import type { ObjectMeta } from './objects.ts';

/** The parts of an object that predicates look at. */
export interface PredicateObject {
  readonly metadata: Pick<ObjectMeta, 'generation' | 'deletionTimestamp' | 'annotations' | 'finalizers'>;
}

/**
 * Whether a change is worth a reconcile. `old` is `undefined` for an object that is new to the cache, and `current` for
 * one that is gone. As in controller-runtime, the predicates here only filter updates: what comes or goes passes them.
 */
export type Predicate<T> = (old: T | undefined, current: T | undefined) => boolean;

function onUpdate(isRelevant: (old: PredicateObject, current: PredicateObject) => boolean): Predicate<PredicateObject> {
  return (old, current) => old === undefined || current === undefined || isRelevant(old, current);
}

/** The spec changed. Status and metadata changes do not move the generation. */
export const generationChanged: Predicate<PredicateObject> = onUpdate(
  (old, current) => old.metadata.generation !== current.metadata.generation,
);

/** Somebody asked for the object's deletion. */
export const deletionStarted: Predicate<PredicateObject> = onUpdate(
  (old, current) => old.metadata.deletionTimestamp === undefined && current.metadata.deletionTimestamp !== undefined,
);

/** A finalizer was added or removed, by whomever. */
export const finalizersChanged: Predicate<PredicateObject> = onUpdate(
  (old, current) => finalizerList(old) !== finalizerList(current),
);

/** The annotation `name` was set, changed or removed. */
export function annotationChanged(name: string): Predicate<PredicateObject> {
  return onUpdate((old, current) => old.metadata.annotations?.[name] !== current.metadata.annotations?.[name]);
}

/** At least one of `predicates` holds. */
export function or<T>(...predicates: readonly Predicate<T>[]): Predicate<T> {
  return (old, current) => predicates.some((predicate) => predicate(old, current));
}

function finalizerList({ metadata }: PredicateObject): string {
  return JSON.stringify(metadata.finalizers ?? []);
}
