import type { RoleDefinition, SizeAvailability, VirtualMachineSize } from './world.ts';

/** What Azure offers: regions, VM sizes, built-in roles. A selection of real ones. */

/** A region as `GET /subscriptions/{id}/locations` lists it. */
export interface Region {
  readonly name: string;
  readonly displayName: string;
  readonly regionalDisplayName: string;
  readonly geographyGroup: string;
  readonly pairedWith: string;
}

function region(name: string, displayName: string, geographyGroup: string, pairedWith: string): Region {
  return { name, displayName, regionalDisplayName: `(${geographyGroup}) ${displayName}`, geographyGroup, pairedWith };
}

export const PUBLIC_REGIONS: readonly Region[] = [
  region('westeurope', 'West Europe', 'Europe', 'northeurope'),
  region('northeurope', 'North Europe', 'Europe', 'westeurope'),
  region('germanywestcentral', 'Germany West Central', 'Europe', 'germanynorth'),
  region('swedencentral', 'Sweden Central', 'Europe', 'swedensouth'),
  region('uksouth', 'UK South', 'Europe', 'ukwest'),
  region('eastus', 'East US', 'US', 'westus'),
  region('eastus2', 'East US 2', 'US', 'centralus'),
  region('westus2', 'West US 2', 'US', 'westcentralus'),
  region('centralus', 'Central US', 'US', 'eastus2'),
  region('southeastasia', 'Southeast Asia', 'Asia Pacific', 'eastasia'),
];

export const US_GOVERNMENT_REGIONS: readonly Region[] = [
  region('usgovvirginia', 'USGov Virginia', 'US', 'usgovtexas'),
  region('usgovtexas', 'USGov Texas', 'US', 'usgovvirginia'),
  region('usgovarizona', 'USGov Arizona', 'US', 'usgovtexas'),
];

function size(
  name: string,
  family: string,
  vCpus: number,
  memoryGB: number,
  traits: Partial<VirtualMachineSize> = {},
): VirtualMachineSize {
  return {
    name,
    family,
    vCpus,
    memoryGB,
    premiumDisks: true,
    acceleratedNetworking: false,
    hyperVGenerations: 'V1,V2',
    ...traits,
  };
}

const A_V2 = { premiumDisks: false, hyperVGenerations: 'V1' };
const V6 = { acceleratedNetworking: true, hyperVGenerations: 'V2' };

export const VM_SIZES: readonly VirtualMachineSize[] = [
  size('Standard_B2s', 'standardBSFamily', 2, 4),
  size('Standard_B2ms', 'standardBSFamily', 2, 8),
  size('Standard_A2_v2', 'standardAv2Family', 2, 4, A_V2),
  size('Standard_A4_v2', 'standardAv2Family', 4, 8, A_V2),
  size('Standard_D2s_v5', 'standardDSv5Family', 2, 8, { acceleratedNetworking: true }),
  size('Standard_D4s_v5', 'standardDSv5Family', 4, 16, { acceleratedNetworking: true }),
  size('Standard_D2ads_v6', 'standardDadv6Family', 2, 8, V6),
  size('Standard_D4ads_v6', 'standardDadv6Family', 4, 16, V6),
  size('Standard_D8ads_v6', 'standardDadv6Family', 8, 32, V6),
];

/** Where a size is not to be had like everywhere else. */
const SIZE_EXCEPTIONS: readonly {
  readonly sizes: RegExp;
  readonly location: string;
  readonly availability: SizeAvailability;
}[] = [
  { sizes: /^Standard_D\dads_v6$/i, location: 'uksouth', availability: 'NotOffered' },
  { sizes: /^Standard_A\d_v2$/i, location: 'swedencentral', availability: 'NotOffered' },
  { sizes: /^Standard_D\dads_v6$/i, location: 'centralus', availability: 'NotAvailableForSubscription' },
];

/** How a size of {@link VM_SIZES} stands in a region. */
export function catalogueAvailability(sizeName: string, location: string): SizeAvailability {
  const exception = SIZE_EXCEPTIONS.find((entry) => entry.location === location && entry.sizes.test(sizeName));
  return exception?.availability ?? 'Available';
}

function role(
  name: string,
  roleName: string,
  description: string,
  permission: Partial<RoleDefinition['permissions'][number]>,
): RoleDefinition {
  const none = { actions: [], notActions: [], dataActions: [], notDataActions: [] };
  return { name, roleName, description, permissions: [{ ...none, ...permission }] };
}

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers';

/** Built-in roles, under the GUIDs that Microsoft publishes. */
export const BUILT_IN_ROLES: readonly RoleDefinition[] = [
  role('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner', 'Grants full access to manage all resources.', {
    actions: ['*'],
  }),
  role('b24988ac-6180-42a0-ab88-20f7382dd24c', 'Contributor', 'Grants full access, but no role assignments.', {
    actions: ['*'],
    notActions: [
      'Microsoft.Authorization/*/Delete',
      'Microsoft.Authorization/*/Write',
      'Microsoft.Authorization/elevateAccess/Action',
    ],
  }),
  role('acdd72a7-3385-48ef-bd42-f606fba81ae7', 'Reader', 'View all resources.', { actions: ['*/read'] }),
  role('18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', 'User Access Administrator', 'Manage user access.', {
    actions: ['*/read', 'Microsoft.Authorization/*', 'Microsoft.Support/*'],
  }),
  role('f58310d9-a9f6-439a-9e8d-f62e7b41a168', 'Role Based Access Control Administrator', 'Manage role assignments.', {
    actions: [
      'Microsoft.Authorization/roleAssignments/write',
      'Microsoft.Authorization/roleAssignments/delete',
      '*/read',
    ],
  }),
  role('4633458b-17de-408a-b874-0445c86b69e6', 'Key Vault Secrets User', 'Read secret contents.', {
    dataActions: [
      'Microsoft.KeyVault/vaults/secrets/getSecret/action',
      'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
    ],
  }),
  role('b86a8fe4-44ce-4948-aee5-eccb2c155cd7', 'Key Vault Secrets Officer', 'Perform any action on secrets.', {
    actions: ['Microsoft.KeyVault/checkNameAvailability/read', 'Microsoft.KeyVault/deletedVaults/read'],
    dataActions: ['Microsoft.KeyVault/vaults/secrets/*'],
  }),
  role(
    'a4417e6f-fecd-4de8-b567-7b0420556985',
    'Key Vault Certificates Officer',
    'Perform any action on certificates.',
    {
      actions: ['Microsoft.KeyVault/checkNameAvailability/read', 'Microsoft.KeyVault/deletedVaults/read'],
      dataActions: ['Microsoft.KeyVault/vaults/certificates/*'],
    },
  ),
  role('2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', 'Storage Blob Data Reader', 'Read blobs.', {
    actions: [`${BLOBS}/read`],
    dataActions: [`${BLOBS}/blobs/read`],
  }),
  role('ba92f5b4-2d11-453d-a403-e99cb0f9b4cb', 'Storage Blob Data Contributor', 'Read, write and delete blobs.', {
    actions: [`${BLOBS}/read`, `${BLOBS}/write`, `${BLOBS}/delete`],
    dataActions: [`${BLOBS}/blobs/read`, `${BLOBS}/blobs/write`, `${BLOBS}/blobs/delete`, `${BLOBS}/blobs/add/action`],
  }),
  role('b7e6dc6d-f1e8-4753-8033-0f276bb0955b', 'Storage Blob Data Owner', 'Full access to blobs.', {
    actions: [`${BLOBS}/*`],
    dataActions: [`${BLOBS}/blobs/*`],
  }),
];

/** Namespaces of resource providers that a subscription can use without registering them. */
export const REGISTRATION_FREE: readonly string[] = [
  'Microsoft.Resources',
  'Microsoft.Authorization',
  'Microsoft.ResourceGraph',
];

/** The versions of Microsoft.Resources (groups, providers, tags, lists) that Azure serves, newest first. */
export const RESOURCES_API_VERSIONS: readonly string[] = [
  '2025-04-01',
  '2025-03-01',
  '2024-11-01',
  '2024-08-01',
  '2024-07-01',
  '2024-03-01',
  '2023-07-01',
  '2022-12-01',
  '2022-09-01',
  '2022-06-01',
  '2022-01-01',
  '2021-04-01',
  '2021-01-01',
  '2020-10-01',
  '2020-08-01',
  '2020-06-01',
  '2020-05-01',
  '2020-01-01',
  '2019-10-01',
  '2019-08-01',
  '2019-07-01',
  '2019-06-01',
  '2019-05-10',
  '2019-05-01',
  '2019-03-01',
  '2018-11-01',
  '2018-09-01',
  '2018-08-01',
  '2018-07-01',
  '2018-06-01',
  '2018-05-01',
  '2018-02-01',
  '2018-01-01',
  '2017-08-01',
  '2017-06-01',
  '2017-05-10',
  '2017-05-01',
  '2017-03-01',
  '2016-09-01',
  '2016-07-01',
  '2016-06-01',
  '2016-02-01',
  '2015-11-01',
  '2015-01-01',
];
