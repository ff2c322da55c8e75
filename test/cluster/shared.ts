import { inject, onTestFinished } from 'vitest';
import { type ApiClient, connectionOf, createApiClient } from './api-client.ts';
import { createNamespace, deleteNamespace } from './namespaces.ts';

let shared: ApiClient | undefined;

/** Requests to the control plane that the integration tests share, as its administrator. */
export function sharedApi(): ApiClient {
  shared ??= createApiClient(connectionOf(inject('kubeconfig')));
  return shared;
}

/**
 * Makes a namespace for the test that runs now and returns its name. After the test it is deleted with the custom
 * resources, Secrets, ConfigMaps, Events and Leases in it. Stop the operator under test first, by an `onTestFinished`
 * of your own that is registered later: they run in reverse order.
 */
export async function namespaceForTest(prefix?: string): Promise<string> {
  const api = sharedApi();
  const name = await createNamespace(api, prefix);
  onTestFinished(() => deleteNamespace(api, name));
  return name;
}
