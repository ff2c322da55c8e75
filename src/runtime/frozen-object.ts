import { apiVersionOf, type KubernetesObject, type ResourceKind } from './objects.ts';

/** How objects are made fit for a cache. */
export interface FrozenObjectOptions {
  /** Keep the `managedFields` of this field manager, from which it can be told whether it must give up a field. */
  readonly keepManagedFieldsOf?: string;
}

/**
 * `object`, which the caller must own, made ready for being shared: frozen to its depth, with the `apiVersion` and `kind`
 * that items of lists lack, and without `managedFields`, which are more than half of many objects.
 */
export function toFrozenObject<T extends KubernetesObject>(
  kind: ResourceKind,
  object: T,
  { keepManagedFieldsOf }: FrozenObjectOptions = {},
): T {
  const { managedFields, ...metadata } = object.metadata;
  const kept = managedFields?.filter(({ manager }) => manager !== undefined && manager === keepManagedFieldsOf) ?? [];
  return deepFreeze({
    ...object,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { ...metadata, ...(kept.length > 0 && { managedFields: kept }) },
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
