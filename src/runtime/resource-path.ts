import type { ResourceKind } from './objects.ts';

/** What of a kind a request is about. */
export interface ResourceLocation {
  /** Empty or absent: all namespaces, or a cluster-scoped kind. */
  readonly namespace?: string;
  /** Absent: the collection. */
  readonly name?: string;
  readonly subresource?: string;
}

/** Query parameters; those that are `undefined` are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Path and query of a request to the Kubernetes API. Throws if an object of a namespaced kind is named without one. */
export function resourcePath(
  kind: ResourceKind,
  { namespace, name, subresource }: ResourceLocation,
  query: Query = {},
) {
  if (kind.namespaced && name !== undefined && !namespace)
    throw new TypeError(`${kind.kind} ${name} needs a namespace.`);
  const segments = [
    ...(kind.group === '' ? ['api'] : ['apis', kind.group]),
    kind.version,
    ...(kind.namespaced && namespace ? ['namespaces', namespace] : []),
    kind.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, String(value));
  const path = `/${segments.map(encodeURIComponent).join('/')}`;
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}
