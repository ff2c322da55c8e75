import { apiVersionOf, type KubernetesObject, type ResourceKind } from './objects.ts';

/** `kubectl apply` leaves a copy of the whole object here: twice the memory, and the values of a Secret in metadata. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** How objects are made fit for a cache. */
export interface FrozenObjectOptions {
  /** Keep the `managedFields` of this field manager, from which it can be told whether it must give up a field. */
  readonly keepManagedFieldsOf?: string;
}

/**
 * `object`, which the caller must own, made ready for being shared: frozen to its depth, with the `apiVersion` and `kind`
 * that items of lists lack, without `managedFields`, which are more than half of many objects, and without the copy of
 * the object that `kubectl apply` makes in an annotation.
 */
export function toFrozenObject<T extends KubernetesObject>(
  kind: ResourceKind,
  object: T,
  { keepManagedFieldsOf }: FrozenObjectOptions = {},
): T {
  const { managedFields, annotations, ...metadata } = object.metadata;
  const { [LAST_APPLIED]: _, ...otherAnnotations } = annotations ?? {};
  const kept = managedFields?.filter(({ manager }) => manager !== undefined && manager === keepManagedFieldsOf) ?? [];
  return deepFreeze({
    ...object,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: {
      ...metadata,
      ...(annotations && { annotations: otherAnnotations }),
      ...(kept.length > 0 && { managedFields: kept }),
    },
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
