import { isNotFound } from '../../runtime/api-error.ts';
import type { KubernetesClient } from '../../runtime/client.ts';
import { CONFIG_MAP, type ConfigMap, SECRET, type Secret } from '../../runtime/objects.ts';
import type { SecretReader } from './secrets.ts';

type Client = Pick<KubernetesClient, 'get'>;

/** Reads Secrets from the API server. */
export function kubernetesSecrets(client: Client): SecretReader {
  return {
    read: async (namespace, name, signal) => {
      const secret = await unlessMissing(client.get<Secret>(SECRET, { namespace, name }, { signal }));
      return secret && Object.assign(decoded(secret.data ?? {}), { annotations: { ...secret.metadata.annotations } });
    },
  };
}

/** Reads ConfigMaps from the API server; their text as the bytes that it is in UTF-8. */
export function kubernetesConfigMaps(client: Client): SecretReader {
  return {
    read: async (namespace, name, signal) => {
      const map = await unlessMissing(client.get<ConfigMap>(CONFIG_MAP, { namespace, name }, { signal }));
      const texts = Object.entries(map?.data ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const);
      return map && new Map([...texts, ...decoded(map.binaryData ?? {})]);
    },
  };
}

function decoded(data: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}
