import type { JsonObject } from '../../../../src/json.ts';

/** Request bodies that Azure accepts, one for each resource of a gateway; tests change one thing in them. */

export const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';
export const TENANT = '99999999-8888-7777-6666-555555555555';
export const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/cmg-rg`;

/** Ids of the resources whose bodies stand here. */
export const ids = {
  identity: `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cmg-id`,
  networkSecurityGroup: `${GROUP}/providers/Microsoft.Network/networkSecurityGroups/cmg-nsg`,
  virtualNetwork: `${GROUP}/providers/Microsoft.Network/virtualNetworks/cmg-net`,
  subnet: `${GROUP}/providers/Microsoft.Network/virtualNetworks/cmg-net/subnets/cmg`,
  publicIPAddress: `${GROUP}/providers/Microsoft.Network/publicIPAddresses/cmg-ip`,
  loadBalancer: `${GROUP}/providers/Microsoft.Network/loadBalancers/cmg-lb`,
  vault: `${GROUP}/providers/Microsoft.KeyVault/vaults/cmg-kv`,
  storageAccount: `${GROUP}/providers/Microsoft.Storage/storageAccounts/cmgstore`,
  scaleSet: `${GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/cmg`,
} as const;

export const identityBody = { location: 'westeurope', tags: { team: 'sccm' } } as const satisfies JsonObject;

export const networkSecurityGroupBody = {
  location: 'westeurope',
  properties: {
    securityRules: [
      {
        name: 'https',
        properties: {
          priority: 100,
          direction: 'Inbound',
          access: 'Allow',
          protocol: 'Tcp',
          sourceAddressPrefix: 'Internet',
          sourcePortRange: '*',
          destinationAddressPrefix: '*',
          destinationPortRange: '443',
        },
      },
      {
        name: 'instances',
        properties: {
          priority: 110,
          direction: 'Inbound',
          access: 'Allow',
          protocol: 'Tcp',
          sourceAddressPrefix: 'Internet',
          sourcePortRange: '*',
          destinationAddressPrefix: '*',
          destinationPortRange: '10124-10139',
        },
      },
    ],
  },
} as const satisfies JsonObject;

export const virtualNetworkBody = {
  location: 'westeurope',
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/24'] },
    subnets: [
      {
        name: 'cmg',
        properties: {
          addressPrefix: '10.0.0.0/26',
          networkSecurityGroup: { id: ids.networkSecurityGroup },
          privateEndpointNetworkPolicies: 'Disabled',
        },
      },
    ],
  },
} as const satisfies JsonObject;

export const publicIPAddressBody = {
  location: 'westeurope',
  sku: { name: 'Standard', tier: 'Regional' },
  properties: {
    publicIPAllocationMethod: 'Static',
    publicIPAddressVersion: 'IPv4',
    idleTimeoutInMinutes: 4,
    dnsSettings: { domainNameLabel: 'contosocmg' },
  },
} as const satisfies JsonObject;

export const loadBalancerBody = {
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: {
    frontendIPConfigurations: [{ name: 'fe', properties: { publicIPAddress: { id: ids.publicIPAddress } } }],
    backendAddressPools: [{ name: 'be' }],
    probes: [{ name: 'https', properties: { protocol: 'Tcp', port: 443, intervalInSeconds: 15, numberOfProbes: 2 } }],
    loadBalancingRules: [
      {
        name: 'https',
        properties: {
          protocol: 'Tcp',
          frontendPort: 443,
          backendPort: 443,
          frontendIPConfiguration: { id: `${ids.loadBalancer}/frontendIPConfigurations/fe` },
          backendAddressPool: { id: `${ids.loadBalancer}/backendAddressPools/be` },
          probe: { id: `${ids.loadBalancer}/probes/https` },
          idleTimeoutInMinutes: 4,
          disableOutboundSnat: false,
        },
      },
    ],
    inboundNatRules: [
      {
        name: 'inst',
        properties: {
          protocol: 'Tcp',
          frontendPortRangeStart: 10124,
          frontendPortRangeEnd: 10139,
          backendPort: 10124,
          frontendIPConfiguration: { id: `${ids.loadBalancer}/frontendIPConfigurations/fe` },
          backendAddressPool: { id: `${ids.loadBalancer}/backendAddressPools/be` },
        },
      },
    ],
  },
} as const satisfies JsonObject;

export const vaultBody = {
  location: 'westeurope',
  tags: {},
  properties: {
    tenantId: TENANT,
    sku: { family: 'A', name: 'standard' },
    enableRbacAuthorization: true,
    enabledForDeployment: true,
    enabledForTemplateDeployment: true,
    softDeleteRetentionInDays: 7,
    publicNetworkAccess: 'Enabled',
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' },
  },
} as const satisfies JsonObject;

export const vaultSecretBody = {
  properties: { contentType: 'application/x-pkcs12', value: 'bm90IGEgcmVhbCBwZng=', attributes: { enabled: true } },
} as const satisfies JsonObject;

export const storageAccountBody = {
  location: 'westeurope',
  sku: { name: 'Standard_LRS' },
  kind: 'StorageV2',
  tags: {},
  properties: {
    minimumTlsVersion: 'TLS1_2',
    supportsHttpsTrafficOnly: true,
    allowBlobPublicAccess: false,
    allowSharedKeyAccess: false,
    publicNetworkAccess: 'Enabled',
    accessTier: 'Hot',
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' },
  },
} as const satisfies JsonObject;

/** Key Vault Secrets User. */
export const SECRETS_USER_ROLE = '4633458b-17de-408a-b874-0445c86b69e6';

/** Gives a principal the role {@link SECRETS_USER_ROLE}. */
export function roleAssignmentBody(principalId: string): JsonObject {
  return {
    properties: {
      roleDefinitionId: `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${SECRETS_USER_ROLE}`,
      principalId,
      principalType: 'ServicePrincipal',
    },
  };
}

/** A scale set of one VM whose certificate is the given version of a secret in {@link ids.vault}. */
export function scaleSetBody(certificateUrl: string, capacity = 1): JsonObject {
  return {
    location: 'westeurope',
    tags: { team: 'sccm' },
    sku: { name: 'Standard_D2ads_v6', tier: 'Standard', capacity },
    identity: { type: 'UserAssigned', userAssignedIdentities: { [ids.identity]: {} } },
    properties: {
      orchestrationMode: 'Uniform',
      overprovision: false,
      singlePlacementGroup: true,
      upgradePolicy: { mode: 'Manual' },
      scaleInPolicy: { rules: ['NewestVM'] },
      virtualMachineProfile: {
        osProfile: {
          computerNamePrefix: 'cmg',
          adminUsername: 'cmgadmin',
          adminPassword: 'Correct-Horse-7',
          windowsConfiguration: { provisionVMAgent: true, enableAutomaticUpdates: true },
          secrets: [
            { sourceVault: { id: ids.vault }, vaultCertificates: [{ certificateUrl, certificateStore: 'My' }] },
          ],
        },
        storageProfile: {
          imageReference: {
            publisher: 'MicrosoftWindowsServer',
            offer: 'WindowsServer',
            sku: '2022-datacenter-azure-edition',
            version: 'latest',
          },
          osDisk: {
            createOption: 'FromImage',
            caching: 'ReadWrite',
            managedDisk: { storageAccountType: 'StandardSSD_LRS' },
          },
        },
        securityProfile: {
          securityType: 'TrustedLaunch',
          uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
        },
        networkProfile: {
          healthProbe: { id: `${ids.loadBalancer}/probes/https` },
          networkInterfaceConfigurations: [
            {
              name: 'nic',
              properties: {
                primary: true,
                enableAcceleratedNetworking: true,
                networkSecurityGroup: { id: ids.networkSecurityGroup },
                ipConfigurations: [
                  {
                    name: 'ip',
                    properties: {
                      primary: true,
                      subnet: { id: ids.subnet },
                      loadBalancerBackendAddressPools: [{ id: `${ids.loadBalancer}/backendAddressPools/be` }],
                    },
                  },
                ],
              },
            },
          ],
        },
        extensionProfile: {
          extensionsTimeBudget: 'PT1H30M',
          extensions: [
            {
              name: 'setup',
              properties: {
                publisher: 'Microsoft.Compute',
                type: 'CustomScriptExtension',
                typeHandlerVersion: '1.10',
                autoUpgradeMinorVersion: true,
                forceUpdateTag: 'first',
                protectedSettings: { commandToExecute: 'powershell -File setup.ps1' },
              },
            },
          ],
        },
      },
    },
  };
}

/**
 * A copy of `body` with one value changed.
 *
 * @param path member names and list places, such as `['properties', 'subnets', 0, 'name']`
 * @param value `undefined` leaves the member out
 */
export function withValue(body: JsonObject, path: readonly (string | number)[], value: unknown): JsonObject {
  const copy = structuredClone(body);
  const last = path.at(-1);
  if (last === undefined) return copy;
  let target: unknown = copy;
  for (const part of path.slice(0, -1)) {
    const owner = target as Record<string | number, unknown>;
    owner[part] ??= {};
    target = owner[part];
  }
  (target as Record<string | number, unknown>)[last] = value;
  return JSON.parse(JSON.stringify(copy)) as JsonObject;
}
