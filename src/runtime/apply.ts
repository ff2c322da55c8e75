import { isApplied } from './applied-fields.ts';
import type { ApplyOptions, KubernetesClient, RequestOptions } from './client.ts';
import { jsonEqual } from './json-equal.ts';
import type { KubernetesObject, ObjectIntent, ResourceKind } from './objects.ts';

/** What came of an apply. */
export interface ApplyResult<T> {
  /** Whether the stored object has changed. */
  readonly written: boolean;
  /** The object as stored now. */
  readonly object: T;
}

/**
 * Server-side apply that makes no request when there is nothing to change.
 *
 * @param live the stored object, or `undefined` if there is none. It must have the `managedFields` of the manager, as
 *   objects from the API server do, and those of an informer with `keepManagedFieldsOf`; otherwise the request is made.
 */
export async function applyIfChanged<T extends KubernetesObject>(
  client: Pick<KubernetesClient, 'apply'>,
  kind: ResourceKind,
  live: T | undefined,
  intent: ObjectIntent,
  options: ApplyOptions,
): Promise<ApplyResult<T>> {
  if (live !== undefined && isApplied(live, intent, options.fieldManager)) return { written: false, object: live };
  return resultOf(live, await client.apply<T>(kind, intent, options));
}

/** Options of a status write. */
export interface ApplyStatusOptions extends RequestOptions {
  readonly fieldManager: string;
}

/**
 * Makes `status` the status of `live`, of which the manager must be the only writer. Makes no request when it is that
 * already; only the order of keys may differ. Refused with 409 when the stored object is no longer the version of
 * `live`: the status may have been computed from what has changed since.
 */
export async function applyStatusIfChanged<T extends KubernetesObject>(
  client: Pick<KubernetesClient, 'applyStatus'>,
  kind: ResourceKind,
  live: T,
  status: NonNullable<T['status']>,
  { fieldManager, signal }: ApplyStatusOptions,
): Promise<ApplyResult<T>> {
  if (jsonEqual(live.status, status)) return { written: false, object: live };
  const { name, namespace, uid, resourceVersion } = live.metadata;
  const intent = { metadata: { name, ...(namespace && { namespace }), uid, resourceVersion }, status };
  return resultOf(live, await client.applyStatus<T>(kind, intent, { fieldManager, force: true, signal }));
}

function resultOf<T extends KubernetesObject>(before: T | undefined, after: T): ApplyResult<T> {
  return { written: before?.metadata.resourceVersion !== after.metadata.resourceVersion, object: after };
}
