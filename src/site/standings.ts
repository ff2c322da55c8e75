import type { DriverName } from './driver.ts';
import type { SiteOperation, Standing } from './operations.ts';

/** One way to carry out an operation. */
export interface OperationForm {
  readonly operation: SiteOperation;
  readonly driver: DriverName;
  /** The request, or the cmdlet. */
  readonly form: string;
  readonly standing: Standing;
  /** What the standing rests on, and what is not known. */
  readonly because: string;
}

/** Every form in use, and how well it is known. The drivers are chosen by it, and the documentation is made from it. */
export const OPERATION_FORMS: readonly OperationForm[] = [
  http(
    'ReadIdentity',
    'GET wmi/SMS_Identification, GET wmi/SMS_Site',
    'SeenInPublicCode',
    'SMS_Site and its properties are documented; that SMS_Identification names the site of the provider is seen.',
  ),
  http(
    'ReadServiceRecords',
    'GET wmi/SMS_AzureService',
    'SeenInPublicCode',
    'The class is documented; that gateways have the type CloudProxyService, and what six values of State mean, is seen.',
  ),
  http(
    'ReadConnectionPoints',
    'GET wmi/SMS_SCI_SysResUse, GET wmi/SMS_CloudProxyConnector',
    'Inferred',
    'The role is documented. The class with the connection is named in scripts, its columns are those of its database view.',
  ),
  http(
    'ReadBoundaryGroups',
    'GET wmi/SMS_BoundaryGroup',
    'SeenInPublicCode',
    'The class and the route are documented; the bit of Flags for cloud sources is seen.',
  ),
  http(
    'ReadBoundaryGroupMembers',
    'GET wmi/SMS_BoundaryGroupSiteSystems?$filter=GroupID eq …',
    'Inferred',
    'The class is documented; reading it over HTTP is concluded from other classes.',
  ),
  http(
    'ReadClientFacingRoles',
    'GET wmi/SMS_SCI_SysResUse, then each role by its key',
    'SeenInPublicCode',
    'AllowProxyTraffic and SSLWSUS are seen, SslState is documented; the form of a key with four properties is inferred.',
  ),
  http(
    'ReadClientAuthentication',
    'GET wmi/SMS_SCI_Component?$filter=ComponentName eq …, then the component by its key',
    'SeenInPublicCode',
    'IISSSLState and the meaning of ten of its values are seen, one is inferred; any other value is not interpreted.',
  ),
  http(
    'ReadClientSettings',
    'GET wmi/SMS_ClientSettingsDefault, then the settings by their key',
    'Inferred',
    'Agent 22 is documented and AllowCMG is seen; that this class shows the settings of agents is inferred.',
  ),
  http(
    'ReadDevices',
    'GET wmi/SMS_CombinedDeviceResources?$select=…&$top=…&$skip=…',
    'SeenInPublicCode',
    'Paging and the columns that begin with CN are seen. Whether times are in UTC is not known.',
  ),
  http(
    'ReadContent',
    'GET wmi/SMS_DPContentInfo, GET wmi/SMS_PackageStatusDistPointsSummarizer, both with $filter=contains(…)&$top=…&$skip=…',
    'Inferred',
    "The classes, and seven values of State, are documented; that they have a gateway under its record's NAL path is inferred.",
  ),
  http('RegisterService', 'POST wmi/SMS_AzureService', 'Inferred', 'Nothing public makes such a record over HTTP.'),
  http('UnregisterService', 'DELETE wmi/SMS_AzureService(…)', 'Inferred', 'Deleting is seen of another class only.'),
  http('StartService', 'POST wmi/SMS_AzureService.Start', 'Inferred', staticMethod()),
  http('StopService', 'POST wmi/SMS_AzureService.Stop', 'Inferred', staticMethod()),
  http(
    'LinkConnectionPoint',
    'PUT wmi/SMS_SCI_SysResUse(…) with all Props',
    'Inferred',
    'The property with the link has no public name: the value that names the gateway it is linked to is replaced.',
  ),
  http(
    'RemoveConnectionPoint',
    'DELETE wmi/SMS_SCI_SysResUse(…)',
    'Inferred',
    'Deleting is seen of another class only.',
  ),
  http('AddBoundaryGroupMember', 'POST wmi/SMS_BoundaryGroup(…)/AdminService.AddSiteSystem', 'Inferred', groupMethod()),
  http(
    'RemoveBoundaryGroupMember',
    'POST wmi/SMS_BoundaryGroup(…)/AdminService.RemoveSiteSystem',
    'Inferred',
    groupMethod(),
  ),
  http(
    'SetPreferCloudSources',
    'PUT wmi/SMS_BoundaryGroup(…) with Flags',
    'Inferred',
    'The bit is seen; PUT with some properties is seen of another class.',
  ),
  http('SetCmgTraffic', 'PUT wmi/SMS_SCI_SysResUse(…) with all Props', 'Inferred', embeddedProperties()),
  http('SetClientAuthentication', 'PUT wmi/SMS_SCI_Component(…) with all Props', 'Inferred', embeddedProperties()),
  cmdlet('CreateService', 'New-CMCloudManagementGateway'),
  cmdlet('ChangeService', 'Set-CMCloudManagementGateway'),
  cmdlet('UnregisterService', 'Remove-CMCloudManagementGateway'),
  cmdlet('StartService', 'Start-CMCloudManagementGateway'),
  cmdlet('StopService', 'Stop-CMCloudManagementGateway'),
  cmdlet('AddConnectionPoint', 'Add-CMCloudManagementGatewayConnectionPoint'),
  cmdlet('LinkConnectionPoint', 'Set-CMCloudManagementGatewayConnectionPoint'),
  cmdlet('RemoveConnectionPoint', 'Remove-CMCloudManagementGatewayConnectionPoint'),
  cmdlet('AddBoundaryGroupMember', 'Set-CMBoundaryGroup', 'With a fast connection only, as the page says.'),
  cmdlet('RemoveBoundaryGroupMember', 'Set-CMBoundaryGroup'),
  cmdlet('SetPreferCloudSources', 'Set-CMBoundaryGroup'),
  cmdlet('SetCmgTraffic', 'Set-CMManagementPoint, Set-CMSoftwareUpdatePoint'),
  cmdlet('SetClientAuthentication', 'Set-CMSite'),
  cmdlet('SetClientSettings', 'Set-CMClientSettingCloudService'),
  cmdlet(
    'DistributeContent',
    'Start-CMContentDistribution',
    "Microsoft's page of the cmdlet; that it takes the name of a gateway for that of a distribution point is inferred.",
  ),
];

function http(operation: SiteOperation, form: string, standing: Standing, because: string): OperationForm {
  return { operation, driver: 'AdminService', form, standing, because };
}

function cmdlet(operation: SiteOperation, form: string, because = "Microsoft's page of the cmdlet."): OperationForm {
  return { operation, driver: 'Cmdlets', form, standing: 'Documented', because };
}

function staticMethod(): string {
  return 'The method is documented, and the form of static methods too; nobody is seen to call this one so.';
}

function groupMethod(): string {
  return 'The method is documented; calling one of an instance over HTTP is seen of another class.';
}

function embeddedProperties(): string {
  return 'Scripts change the property through WMI; writing embedded properties over HTTP is not seen.';
}

/** How well the way of a driver to carry out an operation is known; `undefined` when it has none. */
export function standingOf(operation: SiteOperation, driver: DriverName): Standing | undefined {
  return OPERATION_FORMS.find((form) => form.operation === operation && form.driver === driver)?.standing;
}
