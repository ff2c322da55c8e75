import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { isNotFound } from '../../runtime/api-error.ts';
import type { KubernetesClient } from '../../runtime/client.ts';
import { parseKey } from '../../runtime/objects.ts';
import { CMG_KIND } from '../cmg/kind.ts';

/** Reads CMGs as they are now, before a step that clients of a gateway would notice. */
export interface LiveCmgs {
  /** `undefined`: there is none. */
  read(key: string, signal: AbortSignal): Promise<CMG | undefined>;
}

export function liveCmgs(client: Pick<KubernetesClient, 'get'>): LiveCmgs {
  return {
    read: async (key, signal) => {
      try {
        return await client.get<CMG>(CMG_KIND, parseKey(key), { signal });
      } catch (error) {
        if (isNotFound(error)) {
          return undefined;
        }
        throw error;
      }
    },
  };
}
