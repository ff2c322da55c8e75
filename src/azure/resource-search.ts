import type { ArmClient, ReadOptions } from './arm-client.ts';
import { graphString, queryResourceGraph } from './resource-graph.ts';

/** A resource as a search finds it. */
export interface FoundResource {
  readonly id: string;
  /** In lower case. */
  readonly type: string;
}

/**
 * Looks for resources of a name in the client's subscription, in whatever resource group. Azure Resource Graph follows changes
 * with a delay and leaves out what the identity may not read, so that what is not found may exist all the same.
 *
 * @param types those that are looked for, such as `Microsoft.Compute/virtualMachineScaleSets`
 */
export async function searchResources(
  client: ArmClient,
  name: string,
  types: readonly string[],
  options?: ReadOptions,
): Promise<readonly FoundResource[]> {
  const listed = types.map((type) => graphString(type.toLowerCase())).join(', ');
  const query = `resources | where name =~ ${graphString(name)} and type in~ (${listed}) | project id, type | order by id asc`;
  const found: FoundResource[] = [];
  for await (const page of queryResourceGraph(client, query, options)) {
    for (const { id, type } of page) {
      if (typeof id === 'string' && typeof type === 'string') {
        found.push({ id, type: type.toLowerCase() });
      }
    }
  }
  return found;
}
