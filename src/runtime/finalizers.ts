import type { ObjectMeta } from './objects.ts';

/** One operation of a JSON patch (RFC 6902), as far as this module uses them. */
export type JsonPatchOperation =
  | { readonly op: 'test' | 'add'; readonly path: string; readonly value: string | readonly string[] }
  | { readonly op: 'remove'; readonly path: string };

/** The parts of an object's metadata that a change of its finalizers depends on. */
export type FinalizerMetadata = Pick<ObjectMeta, 'uid' | 'resourceVersion' | 'deletionTimestamp' | 'finalizers'>;

/** Whether the object carries `finalizer`. */
export function hasFinalizer(metadata: Pick<ObjectMeta, 'finalizers'>, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false;
}

/**
 * The JSON patch that adds `finalizer`, or `undefined` if there is nothing to do: the object has it, or is being deleted
 * (the API server then refuses new finalizers). The patch applies only to the very version of the object that
 * `metadata` is of; otherwise the API server answers 422 to the failed `test`, and the caller reads the object again.
 */
export function addFinalizerPatch(
  metadata: FinalizerMetadata,
  finalizer: string,
): readonly JsonPatchOperation[] | undefined {
  if (hasFinalizer(metadata, finalizer) || metadata.deletionTimestamp !== undefined) return undefined;
  const isFirst = metadata.finalizers === undefined || metadata.finalizers.length === 0;
  return [
    ...sameVersion(metadata),
    isFirst
      ? { op: 'add', path: '/metadata/finalizers', value: [finalizer] }
      : { op: 'add', path: '/metadata/finalizers/-', value: finalizer },
  ];
}

/**
 * The JSON patch that removes `finalizer` and no other, or `undefined` if the object does not have it. Applies under the
 * same conditions as {@link addFinalizerPatch}.
 */
export function removeFinalizerPatch(
  metadata: FinalizerMetadata,
  finalizer: string,
): readonly JsonPatchOperation[] | undefined {
  const index = metadata.finalizers?.indexOf(finalizer) ?? -1;
  if (index === -1) return undefined;
  const path = `/metadata/finalizers/${index}`;
  return [...sameVersion(metadata), { op: 'test', path, value: finalizer }, { op: 'remove', path }];
}

/** The uid guards against an object of the same name that took this one's place. */
function sameVersion({ uid, resourceVersion }: FinalizerMetadata): readonly JsonPatchOperation[] {
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
  ];
}
