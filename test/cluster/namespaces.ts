import { randomBytes } from 'node:crypto';
import { type ApiClient, type ApiResponse, MERGE_PATCH } from './api-client.ts';

const GROUP_VERSION = '/apis/configmgr.io/v1alpha1';
/** What the operator and its tests make beside the custom resources. */
const ALSO_REMOVED = [
  ['/api/v1', 'secrets'],
  ['/api/v1', 'configmaps'],
  ['/apis/events.k8s.io/v1', 'events'],
  ['/apis/coordination.k8s.io/v1', 'leases'],
] as const;

/**
 * Makes a namespace whose name nobody else uses, and returns the name.
 *
 * @param prefix a DNS label, at most 50 characters. Default `test`.
 */
export async function createNamespace(api: ApiClient, prefix = 'test'): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

/**
 * Deletes a namespace and what a test of the operator leaves in it. Finalizers are taken off: the operator that would
 * have answered them is gone. This does what kube-controller-manager, if there is one, does as well.
 */
export async function deleteNamespace(api: ApiClient, name: string): Promise<void> {
  await api.call('DELETE', `/api/v1/namespaces/${name}`);
  for (const plural of await customResources(api)) await removeAll(api, GROUP_VERSION, plural, name);
  await Promise.all(ALSO_REMOVED.map(([group, plural]) => removeAll(api, group, plural, name)));
  const finalized = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
  refuseUnlessGone(await api.send('PUT', `/api/v1/namespaces/${name}/finalize`, finalized));
}

async function removeAll(api: ApiClient, group: string, plural: string, namespace: string): Promise<void> {
  const collection = `${group}/namespaces/${namespace}/${plural}`;
  const { items } = (await api.call('DELETE', collection)) as { items: readonly Deleted[] };
  for (const { metadata } of items) {
    if (metadata.finalizers === undefined) continue;
    const withoutFinalizers = { metadata: { finalizers: null } };
    refuseUnlessGone(await api.send('PATCH', `${collection}/${metadata.name}`, withoutFinalizers, MERGE_PATCH));
  }
}

/** An object as it is when it has been asked to go: with finalizers it stays. */
interface Deleted {
  readonly metadata: { readonly name: string; readonly finalizers?: readonly string[] };
}

/** Plural names of our namespaced kinds; empty while none is installed. */
async function customResources(api: ApiClient): Promise<string[]> {
  const { status, body } = await api.send('GET', GROUP_VERSION);
  if (status === 404) return [];
  const { resources } = body as { resources: readonly { name: string; namespaced: boolean }[] };
  return resources.filter(({ name, namespaced }) => namespaced && !name.includes('/')).map(({ name }) => name);
}

function refuseUnlessGone({ status, body }: ApiResponse): void {
  if (status >= 300 && status !== 404) throw new Error(`the API server answered ${status}: ${JSON.stringify(body)}`);
}
