import type { JsonObject } from '../../../src/json.ts';

interface Place {
  /** ARM id of the resource group. */
  readonly group: string;
  readonly prefix: string;
  readonly location: string;
  readonly instances: number;
  readonly tenantId: string;
}

/** The bodies of a gateway that the site makes, with the ids that they refer to each other by. */
export function consoleGatewayBodies(place: Place) {
  const { group, prefix, location, tenantId } = place;
  const network = `${group}/providers/Microsoft.Network`;
  const ids = {
    networkSecurityGroup: `${network}/networkSecurityGroups/${prefix}-nsg`,
    virtualNetwork: `${network}/virtualNetworks/${prefix}-vnet`,
    publicIPAddress: `${network}/publicIPAddresses/${prefix}-publicip`,
    loadBalancer: `${network}/loadBalancers/${prefix}-loadbalancer`,
    vault: `${group}/providers/Microsoft.KeyVault/vaults/${prefix}`,
    storageAccount: `${group}/providers/Microsoft.Storage/storageAccounts/${prefix.replaceAll('-', '')}`,
    scaleSet: `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/${prefix}`,
  };
  const frontend = { name: 'frontend', properties: { publicIPAddress: { id: ids.publicIPAddress } } };
  return {
    ids,
    networkSecurityGroup: { location, properties: { securityRules: [inbound('clients', 100, '443')] } },
    virtualNetwork: {
      location,
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        subnets: [{ name: 'subnet', properties: { addressPrefix: '10.0.0.0/24' } }],
      },
    },
    publicIPAddress: {
      location,
      sku: { name: 'Standard', tier: 'Regional' },
      properties: { publicIPAllocationMethod: 'Static', dnsSettings: { domainNameLabel: prefix } },
    },
    loadBalancer: loadBalancer(ids.loadBalancer, location, frontend),
    vault: {
      location,
      properties: {
        tenantId,
        sku: { family: 'A', name: 'standard' },
        enableRbacAuthorization: true,
        enabledForDeployment: true,
      },
    },
    storageAccount: { location, sku: { name: 'Standard_LRS' }, kind: 'StorageV2', properties: {} },
    scaleSet: (certificateUrl: string) => scaleSet(place, ids, certificateUrl),
    cloudServiceProperties: {
      provisioningState: 'Succeeded',
      upgradeMode: 'Auto',
      roleProfile: {
        roles: [
          { name: 'CloudProxyService', sku: { name: 'Standard_A2_v2', tier: 'Standard', capacity: place.instances } },
        ],
      },
      networkProfile: {
        loadBalancerConfigurations: [{ name: 'loadbalancer', properties: { frontendIpConfigurations: [frontend] } }],
      },
    },
  };
}

function inbound(name: string, priority: number, destinationPortRange: string): JsonObject {
  return {
    name,
    properties: {
      priority,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      sourceAddressPrefix: '*',
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange,
    },
  };
}

function loadBalancer(id: string, location: string, frontend: JsonObject): JsonObject {
  return {
    location,
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [frontend],
      backendAddressPools: [{ name: 'backend' }],
      probes: [{ name: 'probe', properties: { protocol: 'Tcp', port: 443, intervalInSeconds: 15, numberOfProbes: 2 } }],
      loadBalancingRules: [
        {
          name: 'clients',
          properties: {
            protocol: 'Tcp',
            frontendPort: 443,
            backendPort: 443,
            frontendIPConfiguration: { id: `${id}/frontendIPConfigurations/frontend` },
            backendAddressPool: { id: `${id}/backendAddressPools/backend` },
            probe: { id: `${id}/probes/probe` },
          },
        },
      ],
    },
  };
}

type Ids = Readonly<Record<'networkSecurityGroup' | 'virtualNetwork' | 'loadBalancer' | 'vault', string>>;

/** With the VM size of before version 2609, a system-assigned identity, and the setup by a DSC package. */
function scaleSet({ prefix, location, instances }: Place, ids: Ids, certificateUrl: string): JsonObject {
  const ipConfiguration = {
    name: 'ip',
    properties: {
      subnet: { id: `${ids.virtualNetwork}/subnets/subnet` },
      loadBalancerBackendAddressPools: [{ id: `${ids.loadBalancer}/backendAddressPools/backend` }],
    },
  };
  const card = {
    primary: true,
    networkSecurityGroup: { id: ids.networkSecurityGroup },
    ipConfigurations: [ipConfiguration],
  };
  const extension = {
    publisher: 'Microsoft.Powershell',
    type: 'DSC',
    typeHandlerVersion: '2.77',
    autoUpgradeMinorVersion: true,
    settings: {},
  };
  return {
    location,
    sku: { name: 'Standard_A2_v2', tier: 'Standard', capacity: instances },
    identity: { type: 'SystemAssigned' },
    properties: {
      overprovision: false,
      upgradePolicy: { mode: 'Manual' },
      virtualMachineProfile: {
        osProfile: {
          computerNamePrefix: prefix.slice(0, 9),
          adminUsername: 'cmgadmin',
          adminPassword: 'Correct-Horse-7',
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
          osDisk: { createOption: 'FromImage', managedDisk: { storageAccountType: 'Standard_LRS' } },
        },
        networkProfile: {
          healthProbe: { id: `${ids.loadBalancer}/probes/probe` },
          networkInterfaceConfigurations: [{ name: 'nic', properties: card }],
        },
        extensionProfile: { extensions: [{ name: 'DSC', properties: extension }] },
      },
    },
  };
}
