/**
 * The type of resource that a request is about, for metrics: `microsoft.network/loadbalancers`. Names never appear, so the
 * number of values is bounded. What is no resource is named by its last fixed part, such as `subscriptions`.
 *
 * @param path path of the request, without its query
 */
export function requestType(path: string): string {
  const segments = path
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '');
  const at = segments.lastIndexOf('providers');
  const namespace = at === -1 ? undefined : segments[at + 1];
  if (namespace === undefined) {
    return segments.includes('resourcegroups') ? 'microsoft.resources/resourcegroups' : (segments[0] ?? '');
  }
  const types = segments.slice(at + 2).filter((_, index) => index % 2 === 0);
  return [namespace, ...types].join('/');
}
