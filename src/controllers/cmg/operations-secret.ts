import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { ResourceKey } from '../../azure/desired-resource.ts';
import { type Operation, parseOperation } from '../../azure/operations.ts';
import { isForbidden, isNotFound } from '../../runtime/api-error.ts';
import type { KubernetesClient } from '../../runtime/client.ts';
import { controllerReference, SECRET, type Secret } from '../../runtime/objects.ts';

export type Operations = ReadonlyMap<ResourceKey, Operation>;

/**
 * Keeps the addresses of running operations in the Secret `<name>-operations`, which belongs to the CMG and goes with it.
 * The addresses are signed and let their holder read the operation, so they stand nowhere else. Without the Secret the
 * states of the resources tell, only later.
 */
export interface OperationsStore {
  read(cmg: CMG, signal: AbortSignal): Promise<Operations>;
  /** Writes only what differs from `previous`. */
  write(cmg: CMG, previous: Operations, operations: Operations, signal: AbortSignal): Promise<void>;
}

export function createOperationsStore(client: KubernetesClient, fieldManager: string): OperationsStore {
  return {
    read: async ({ metadata }, signal) => {
      try {
        const key = { namespace: metadata.namespace, name: secretName(metadata.name) };
        const { data = {} } = await client.get<Secret>(SECRET, key, { signal });
        return new Map(Object.entries(data).flatMap(([name, value]) => decode(name, value)));
      } catch (error) {
        if (isNotFound(error)) {
          return new Map();
        }
        throw error;
      }
    },
    write: async (cmg, previous, operations, signal) => {
      if (sameOperations(previous, operations)) {
        return;
      }
      const { namespace, name } = cmg.metadata;
      const intent = {
        metadata: {
          namespace,
          name: secretName(name),
          labels: { 'app.kubernetes.io/managed-by': 'cmg-operator' },
          ownerReferences: [controllerReference(cmg)],
        },
        type: 'configmgr.io/operations',
        data: Object.fromEntries([...operations].map(([key, operation]) => [key, encode(operation)])),
      };
      try {
        await client.apply<Secret>(SECRET, intent, { fieldManager, force: true, signal });
      } catch (error) {
        // A namespace that is being deleted takes nothing new, and the removal has to go on all the same.
        if (!isForbidden(error) || cmg.metadata.deletionTimestamp === undefined) {
          throw error;
        }
      }
    },
  };
}

/** Name of the Secret of a CMG. A CMG's name has at most 63 characters, so this fits. */
function secretName(name: string): string {
  return `${name}-operations`;
}

function encode(operation: Operation): string {
  return Buffer.from(JSON.stringify(operation)).toString('base64');
}

function decode(key: string, value: string): [ResourceKey, Operation][] {
  try {
    const operation = parseOperation(JSON.parse(Buffer.from(value, 'base64').toString('utf8')));
    return operation === undefined ? [] : [[key, operation]];
  } catch {
    return [];
  }
}

function sameOperations(left: Operations, right: Operations): boolean {
  return left.size === right.size && [...left].every(([key, { url }]) => right.get(key)?.url === url);
}
