import type { ResourceType } from '../provider.ts';
import { blobContainers, blobServices } from './blob-containers.ts';
import { classicCloudServices, cloudServices } from './cloud-services.ts';
import { loadBalancers } from './load-balancers.ts';
import { locks } from './locks.ts';
import { networkSecurityGroups, securityRules } from './network-security-groups.ts';
import { publicIPAddresses } from './public-ip-addresses.ts';
import { roleAssignments } from './role-assignments.ts';
import { scaleSetVirtualMachines } from './scale-set-vms.ts';
import { scaleSetExtensions, virtualMachineScaleSets } from './scale-sets.ts';
import { storageAccounts } from './storage-accounts.ts';
import { userAssignedIdentities } from './user-assigned-identities.ts';
import { vaultSecrets } from './vault-secrets.ts';
import { vaults } from './vaults.ts';
import { subnets, virtualNetworks } from './virtual-networks.ts';

/** Every type of resource that a gateway is made of, whoever made it. */
export const resourceTypes: readonly ResourceType[] = [
  userAssignedIdentities,
  roleAssignments,
  locks,
  networkSecurityGroups,
  securityRules,
  virtualNetworks,
  subnets,
  publicIPAddresses,
  loadBalancers,
  vaults,
  vaultSecrets,
  storageAccounts,
  blobServices,
  blobContainers,
  virtualMachineScaleSets,
  scaleSetVirtualMachines,
  scaleSetExtensions,
  classicCloudServices,
  cloudServices,
];
