/**
 * Cmdlets of the ConfigurationManager module with the parameters that Microsoft's reference pages list for them
 * (*documented*); those that every cmdlet has, and those that nothing here could want, are left out.
 */
export const CMDLETS = {
  'New-CMCloudManagementGateway': [
    'CARootCert',
    'CheckClientCertRevocation',
    'Description',
    'EnableCloudDPFunction',
    'EnableStorageQuota',
    'EnableTrafficOut',
    'EnforceProtocol',
    'EnvironmentSetting',
    'Force',
    'GroupName',
    'IsUsingExistingGroup',
    'Region',
    'ServerAppClientId',
    'ServiceCertPassword',
    'ServiceCertPath',
    'ServiceName',
    'StorageCriticalPct',
    'StorageQuotaGB',
    'StorageWarningPct',
    'SubscriptionId',
    'TenantId',
    'TrafficCriticalPct',
    'TrafficOutGB',
    'TrafficOutStopService',
    'TrafficWarningPct',
    'VMInstanceCount',
  ],
  'Set-CMCloudManagementGateway': [
    'CARootCert',
    'CheckClientCertRevocation',
    'Description',
    'EnableCloudDPFunction',
    'EnableStorageQuota',
    'EnableTrafficOut',
    'EnforceProtocol',
    'Force',
    'Id',
    'InputObject',
    'Name',
    'PassThru',
    'RemoveCertThumbprints',
    'ServiceCertPassword',
    'ServiceCertPath',
    'StorageCriticalPct',
    'StorageQuotaGB',
    'StorageWarningPct',
    'TrafficCriticalPct',
    'TrafficOutGB',
    'TrafficOutStopService',
    'TrafficWarningPct',
    'VMInstanceCount',
  ],
  'Get-CMCloudManagementGateway': ['Id', 'Name'],
  'Remove-CMCloudManagementGateway': ['Force', 'Id', 'InputObject', 'Name'],
  'Start-CMCloudManagementGateway': ['Id', 'InputObject', 'Name'],
  'Stop-CMCloudManagementGateway': ['Id', 'InputObject', 'Name'],
  'Sync-CMCloudManagementGateway': ['Id', 'InputObject', 'Name'],
  'Add-CMCloudManagementGatewayConnectionPoint': [
    'CloudManagementGatewayName',
    'InputObject',
    'SiteCode',
    'SiteSystemServerName',
  ],
  'Set-CMCloudManagementGatewayConnectionPoint': [
    'CloudManagementGatewayName',
    'InputObject',
    'PassThru',
    'SiteCode',
    'SiteSystemServerName',
  ],
  'Get-CMCloudManagementGatewayConnectionPoint': ['AllSite', 'InputObject', 'SiteCode', 'SiteSystemServerName'],
  'Remove-CMCloudManagementGatewayConnectionPoint': ['Force', 'InputObject', 'SiteCode', 'SiteSystemServerName'],
  'Set-CMManagementPoint': [
    'ClientConnectionType',
    'EnableCloudGateway',
    'EnableSsl',
    'InputObject',
    'SiteCode',
    'SiteSystemServerName',
  ],
  'Set-CMSoftwareUpdatePoint': [
    'ClientConnectionType',
    'EnableCloudGateway',
    'EnableSsl',
    'HttpPort',
    'HttpsPort',
    'InputObject',
    'SiteCode',
    'SiteSystemServerName',
  ],
  'Set-CMSite': [
    'AddCertificateByPath',
    'ClientCertificateCustomStoreName',
    'ClientCertificateSelectionCriteriaType',
    'ClientCheckCertificateRevocationListForSiteSystem',
    'ClientComputerCommunicationType',
    'InputObject',
    'Name',
    'RemoveCertificateByKey',
    'SiteCode',
    'TakeActionForMultipleCertificateMatchCriteria',
    'UsePkiClientCertificate',
  ],
  'Set-CMClientSettingCloudService': [
    'AllowCloudDistributionPoint',
    'AllowCloudManagementGateway',
    'AutoAzureADJoin',
    'DefaultSetting',
    'InputObject',
    'Name',
  ],
  'Set-CMBoundaryGroup': [
    'AddSiteSystemServer',
    'AddSiteSystemServerName',
    'ClearSiteSystemServer',
    'DefaultSiteCode',
    'Description',
    'Id',
    'InputObject',
    'Name',
    'PreferCloudDPOverDP',
    'RemoveSiteSystemServer',
    'RemoveSiteSystemServerName',
  ],
  'Get-CMBoundaryGroupSiteSystem': ['GroupName', 'Id', 'InputObject'],
  'Start-CMContentDistribution': [
    'ApplicationId',
    'ApplicationName',
    'BootImageId',
    'CollectionName',
    'DeploymentPackageId',
    'DisableContentDependencyDetection',
    'DistributionPointGroupName',
    'DistributionPointName',
    'DriverPackageId',
    'InputObject',
    'OperatingSystemImageId',
    'OperatingSystemInstallerId',
    'PackageId',
    'TaskSequenceId',
  ],
  'Get-CMAADTenant': ['Id', 'Name'],
  'Set-CMDefaultBoundaryGroup': ['IncludeCloudBasedSources', 'PreferCloudBasedSources'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type CmdletName = keyof typeof CMDLETS;
export type CmdletParameter<Name extends CmdletName> = (typeof CMDLETS)[Name][number];

/** The value of a parameter that is a switch: it has none. */
export const SWITCH = Symbol('switch');

/** What a person has to put in, in words. It is shown as `<words>`, which PowerShell refuses to parse: nothing runs unchanged. */
export interface Placeholder {
  readonly placeholder: string;
}

export type CmdletValue = string | readonly string[] | boolean | number | typeof SWITCH | Placeholder;

/** The line that calls a cmdlet. Texts are quoted so that nothing in them is taken for something else. */
export function cmdletLine<Name extends CmdletName>(
  name: Name,
  parameters: Readonly<Partial<Record<CmdletParameter<Name>, CmdletValue | undefined>>>,
): string {
  const given = Object.entries<CmdletValue | undefined>(parameters).flatMap(([parameter, value]) => {
    if (value === undefined) return [];
    return value === SWITCH ? [`-${parameter}`] : [`-${parameter} ${argumentOf(value)}`];
  });
  return [name, ...given].join(' ');
}

function argumentOf(value: Exclude<CmdletValue, typeof SWITCH>): string {
  switch (typeof value) {
    case 'boolean':
      return value ? '$true' : '$false';
    case 'number':
      return String(value);
    case 'string':
      return quoted(value);
    default:
      return 'placeholder' in value ? `<${value.placeholder}>` : value.map(quoted).join(',');
  }
}

/** PowerShell also takes typographic quotes for the end of a text, and a line break would begin another command. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\r\n\0]+/g, ' ').replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}
