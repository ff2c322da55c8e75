import { isForbidden, isNotFound } from '../../runtime/api-error.ts';
import type { KubernetesClient } from '../../runtime/client.ts';
import type { KubernetesObject, ResourceKind } from '../../runtime/objects.ts';

const NAMESPACE: ResourceKind = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

/** Looks at the namespaces of gateways. */
export interface NamespaceReader {
  /** Whether a namespace is being deleted. `false` where the operator may not look. */
  isBeingDeleted(name: string, signal: AbortSignal): Promise<boolean>;
}

/** Reads namespaces from the API server. */
export function kubernetesNamespaces(client: Pick<KubernetesClient, 'get'>): NamespaceReader {
  return {
    isBeingDeleted: async (name, signal) => {
      try {
        const { metadata } = await client.get<KubernetesObject>(NAMESPACE, { name }, { signal });
        return metadata.deletionTimestamp !== undefined;
      } catch (error) {
        if (isNotFound(error) || isForbidden(error)) {
          return false;
        }
        throw error;
      }
    },
  };
}
