import type { ArmClient } from './arm-client.ts';

/** A resource in a group, as the group's own list shows it. */
export interface GroupedResource {
  readonly id: string;
  readonly type: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Lists the top-level resources in a group. Children, such as the containers of a storage account, are not listed. */
export async function listGroupContents(client: ArmClient, resourceGroup: string): Promise<readonly GroupedResource[]> {
  const resources: GroupedResource[] = [];
  for await (const { id, type, tags } of client.management.resources.listByResourceGroup(resourceGroup)) {
    resources.push({ id: id ?? '', type: type ?? '', tags: tags ?? {} });
  }
  return resources;
}
