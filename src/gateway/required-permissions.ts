/**
 * An action in Azure that the operator's application must be allowed, and what for. `docs/azure-permissions.md` lists
 * them all; a test keeps it so.
 */
export interface RequiredPermission {
  readonly action: string;
  readonly why: string;
  /** Needed at the subscription itself; the others, with a group that exists already, only there. */
  readonly atSubscription?: boolean;
  /** Only needed when the operator makes the resource group. */
  readonly onlyWithOwnGroup?: boolean;
}

const AT_GROUP = {
  'Microsoft.ManagedIdentity/userAssignedIdentities/write': 'makes the identity of the VMs',
  'Microsoft.ManagedIdentity/userAssignedIdentities/delete': 'removes it with the gateway',
  'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action': 'gives it to the VMs',
  'Microsoft.Network/networkSecurityGroups/write': 'states which ports are open',
  'Microsoft.Network/networkSecurityGroups/join/action': 'applies that to the subnet and the VMs',
  'Microsoft.Network/networkSecurityGroups/delete': 'removes it with the gateway',
  'Microsoft.Network/virtualNetworks/write': 'makes the network of the VMs',
  'Microsoft.Network/virtualNetworks/subnets/join/action': 'puts the VMs into it',
  'Microsoft.Network/virtualNetworks/delete': 'removes it with the gateway',
  'Microsoft.Network/publicIPAddresses/write': 'takes the public address and its DNS label',
  'Microsoft.Network/publicIPAddresses/join/action': 'gives it to the load balancer',
  'Microsoft.Network/publicIPAddresses/delete': 'removes it with the gateway',
  'Microsoft.Network/loadBalancers/write': 'spreads clients over the VMs',
  'Microsoft.Network/loadBalancers/backendAddressPools/join/action': 'puts the VMs behind it',
  'Microsoft.Network/loadBalancers/probes/join/action': 'lets the scale set use its health probe',
  'Microsoft.Network/loadBalancers/delete': 'removes it with the gateway',
  'Microsoft.KeyVault/vaults/write': 'makes the vault for the server certificate',
  'Microsoft.KeyVault/vaults/secrets/write': 'stores the server certificate',
  'Microsoft.KeyVault/vaults/deploy/action': 'lets Azure install the certificate in the VMs',
  'Microsoft.KeyVault/vaults/delete': 'removes it with the gateway',
  'Microsoft.Storage/storageAccounts/write': 'makes the account for the service package and content',
  'Microsoft.Storage/storageAccounts/blobServices/containers/write': 'makes the containers in it',
  'Microsoft.Storage/storageAccounts/delete': 'removes it with the gateway',
  'Microsoft.Authorization/roleAssignments/write':
    'lets the VMs read certificate and package, and the operator upload the package',
  'Microsoft.Compute/virtualMachineScaleSets/write': 'makes and changes the VMs',
  'Microsoft.Compute/virtualMachineScaleSets/manualUpgrade/action': 'brings VMs to a new model, a few at a time',
  'Microsoft.Compute/virtualMachineScaleSets/start/action': 'starts VMs that somebody has stopped',
  'Microsoft.Compute/virtualMachineScaleSets/deallocate/action':
    'stops a gateway that has been replaced, for `redeployment.drainFor`',
  'Microsoft.Compute/virtualMachineScaleSets/delete': 'removes them with the gateway',
} as const;

/** Everything that a gateway takes, for the preflight and for the documentation. Reading is asked for as a whole. */
export const REQUIRED_PERMISSIONS: readonly RequiredPermission[] = [
  { action: '*/read', why: 'reads the state of the gateway and its surroundings', atSubscription: true },
  {
    action: 'Microsoft.Resources/subscriptions/resourceGroups/write',
    why: 'makes the resource group',
    onlyWithOwnGroup: true,
  },
  {
    action: 'Microsoft.Resources/subscriptions/resourceGroups/delete',
    why: 'removes it with the gateway',
    onlyWithOwnGroup: true,
  },
  ...Object.entries(AT_GROUP).map(([action, why]) => ({ action, why })),
];

/** Needed, too, where a gateway is replaced by one with the same names, which its deleted vault would hold for days. */
export const PURGE_VAULT = 'Microsoft.KeyVault/locations/deletedVaults/purge/action';

/** Helpful but not required: without them the operator says what a person has to do instead. */
export const OPTIONAL_PERMISSIONS: readonly RequiredPermission[] = [
  {
    action: '*/register/action',
    why: 'registers missing resource providers in the subscription',
    atSubscription: true,
  },
  {
    action: PURGE_VAULT,
    why: 'frees the name of the vault when a gateway is removed',
    atSubscription: true,
  },
];

/** Resource providers that must be registered in the subscription; registering one takes about a minute. */
export const REQUIRED_PROVIDERS = [
  'Microsoft.Compute',
  'Microsoft.KeyVault',
  'Microsoft.ManagedIdentity',
  'Microsoft.Network',
  'Microsoft.Storage',
] as const;
