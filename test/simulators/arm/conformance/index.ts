import type { Table } from './row.ts';
import { identities, roleAssignments } from './tables/identities-and-roles.ts';
import { nameChecks } from './tables/name-checks.ts';
import { networkSecurityGroups } from './tables/network-security-groups.ts';
import { providers } from './tables/providers.ts';
import { publicIPAddresses } from './tables/public-ip-addresses.ts';
import { requests } from './tables/requests.ts';
import { resourceGraph } from './tables/resource-graph.ts';
import { resourceGroups } from './tables/resource-groups.ts';
import { scaleSets } from './tables/scale-sets.ts';
import { blobContainers, storageAccounts } from './tables/storage.ts';
import { throttling } from './tables/throttling.ts';
import { vaults } from './tables/vaults.ts';
import { loadBalancers, virtualNetworks } from './tables/virtual-networks.ts';

/** All rows, by provider. */
export const TABLES: readonly Table[] = [
  resourceGroups,
  networkSecurityGroups,
  publicIPAddresses,
  virtualNetworks,
  loadBalancers,
  storageAccounts,
  blobContainers,
  vaults,
  identities,
  roleAssignments,
  scaleSets,
  providers,
  nameChecks,
  resourceGraph,
  requests,
  throttling,
];
