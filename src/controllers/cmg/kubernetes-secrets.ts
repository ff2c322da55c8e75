import { isNotFound } from '../../runtime/api-error.ts';
import type { KubernetesClient } from '../../runtime/client.ts';
import { SECRET, type Secret } from '../../runtime/objects.ts';
import type { SecretReader } from './secrets.ts';

/** Reads Secrets from the API server. */
export function kubernetesSecrets(client: Pick<KubernetesClient, 'get'>): SecretReader {
  return {
    read: async (namespace, name, signal) => {
      try {
        const { data = {} } = await client.get<Secret>(SECRET, { namespace, name }, { signal });
        return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
      } catch (error) {
        if (isNotFound(error)) {
          return undefined;
        }
        throw error;
      }
    },
  };
}
