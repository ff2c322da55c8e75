import { PUBLIC_REGIONS, type Region, US_GOVERNMENT_REGIONS } from './catalogue.ts';

/** The clouds that can be simulated. */
export type SimulatedCloudName = 'AzurePublicCloud' | 'AzureUSGovernmentCloud';

/** In what one cloud of Azure differs from another. Written down here anew: the operator's own table is what is tested. */
export interface SimulatedCloud {
  readonly name: SimulatedCloudName;
  readonly regions: readonly Region[];
  /** Follows the name of a vault. */
  readonly vaultSuffix: string;
  /** Follows label and region of a public IP address. */
  readonly publicDnsSuffix: string;
  /** Follows the name of a classic cloud service. */
  readonly classicDnsSuffix: string;
  /** Follows the name of an account and of its service. */
  readonly storageSuffix: string;
  /** For which tokens Resource Manager is meant; both forms work. Without a slash at the end. */
  readonly audiences: readonly string[];
  /** For which tokens vaults are meant. */
  readonly vaultAudience: string;
  readonly microsoftGraphHost: string;
  /** As the OpenID configuration of a tenant states it. */
  readonly tenantRegionScope: string;
}

export const CLOUDS: Readonly<Record<SimulatedCloudName, SimulatedCloud>> = {
  AzurePublicCloud: {
    name: 'AzurePublicCloud',
    regions: PUBLIC_REGIONS,
    vaultSuffix: 'vault.azure.net',
    publicDnsSuffix: 'cloudapp.azure.com',
    classicDnsSuffix: 'cloudapp.net',
    storageSuffix: 'core.windows.net',
    audiences: ['https://management.azure.com', 'https://management.core.windows.net'],
    vaultAudience: 'https://vault.azure.net',
    microsoftGraphHost: 'graph.microsoft.com',
    tenantRegionScope: 'EU',
  },
  AzureUSGovernmentCloud: {
    name: 'AzureUSGovernmentCloud',
    regions: US_GOVERNMENT_REGIONS,
    vaultSuffix: 'vault.usgovcloudapi.net',
    publicDnsSuffix: 'cloudapp.usgovcloudapi.net',
    classicDnsSuffix: 'usgovcloudapp.net',
    storageSuffix: 'core.usgovcloudapi.net',
    audiences: ['https://management.usgovcloudapi.net', 'https://management.core.usgovcloudapi.net'],
    vaultAudience: 'https://vault.usgovcloudapi.net',
    microsoftGraphHost: 'graph.microsoft.us',
    tenantRegionScope: 'USGov',
  },
};
