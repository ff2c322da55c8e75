import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';

/** How a manifest is to be applied, so that a field that it no longer has goes as it would go for real. */
export type Application =
  /** As `kubectl apply --server-side --force-conflicts`, Flux, and Argo CD when it is told so: by the manager of before. */
  | { readonly kind: 'ServerSide'; readonly fieldManager: string }
  /** As `kubectl apply` and Argo CD do otherwise: by what was applied last, which stands in an annotation. */
  | { readonly kind: 'Merge'; readonly patch: JsonObject };

/** As `kubectl apply --server-side` calls itself. */
const KUBECTL = 'kubectl';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * How the manifest would be applied to an object.
 *
 * @param live `undefined`: there is none yet
 * @param chosen field manager that a person names; `undefined`: found out
 */
export function applicationOf(
  live: KubernetesObject | undefined,
  manifest: JsonObject,
  chosen: string | undefined,
): Application {
  const fieldManager = chosen ?? lastApplier(live);
  if (fieldManager !== undefined) {
    return { kind: 'ServerSide', fieldManager };
  }
  const before = lastApplied(live);
  return before === undefined
    ? { kind: 'ServerSide', fieldManager: KUBECTL }
    : { kind: 'Merge', patch: { spec: withRemovals(before.spec, manifest.spec) ?? null } };
}

/** What of a manifest is sent: neither a status nor what the API server writes into `metadata`. */
export function intentOf({ status: _status, ...rest }: JsonObject, namespace: string): JsonObject {
  const { name, labels, annotations } = isJsonObject(rest.metadata) ? rest.metadata : {};
  return { ...rest, metadata: { name, namespace, labels, annotations } };
}

/** Who applied something of the spec last, by server-side apply. */
function lastApplier(live: KubernetesObject | undefined): string | undefined {
  const appliers = (live?.metadata.managedFields ?? []).filter(
    ({ operation, subresource = '', fieldsV1 = {} }) =>
      operation === 'Apply' && subresource === '' && 'f:spec' in fieldsV1,
  );
  return appliers.toSorted((left, right) => Date.parse(right.time ?? '') - Date.parse(left.time ?? ''))[0]?.manager;
}

function lastApplied(live: KubernetesObject | undefined): JsonObject | undefined {
  const text = live?.metadata.annotations?.[LAST_APPLIED];
  try {
    const parsed: unknown = JSON.parse(text ?? 'null');
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    // Somebody has changed it by hand. kubectl refuses to go on; here nothing is written.
    return undefined;
  }
}

/** A JSON merge patch (RFC 7386) that sets all that the manifest has, and removes what only the one before had. */
function withRemovals(before: JsonValue | undefined, after: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(before) || !isJsonObject(after)) {
    return after;
  }
  const removed = Object.keys(before).filter((name) => after[name] === undefined);
  return Object.fromEntries([
    ...Object.entries(after).map(([name, value]) => [name, withRemovals(before[name], value)]),
    ...removed.map((name) => [name, null]),
  ]);
}
