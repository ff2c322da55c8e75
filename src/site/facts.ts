/** What kind of site it is; a CMG belongs to a top-level one. */
export type SiteType = 'StandalonePrimary' | 'CentralAdministration' | 'ChildPrimary' | 'Secondary';

/** Which site answers. */
export interface SiteIdentity {
  /** Three characters. */
  readonly siteCode: string;
  readonly siteName: string;
  /** Such as `5.00.9132.1000`. */
  readonly version: string;
  readonly type: SiteType;
  /** Codes of the sites that the answering one has below it, itself not among them. */
  readonly childSiteCodes: readonly string[];
}

/** What a gateway does, as its record says. */
export type ServiceState =
  | { readonly kind: 'Ready' | 'Provisioning' | 'Starting' | 'Stopping' | 'Stopped' | 'Deleting' }
  /** A number whose meaning is not known: neither an error nor ready. Ask again later. */
  | { readonly kind: 'Unknown'; readonly value: number | undefined };

/** The site's own record of a gateway: `SMS_AzureService`. Its certificates and serialized secrets are never read. */
export interface ServiceRecord {
  readonly id: number;
  /** As the console shows it, and as the cmdlets take it. */
  readonly name: string;
  /** What clients and connection points connect to, byte for byte. */
  readonly serviceName: string;
  /** Such as `contoso.westeurope.cloudapp.azure.com`; empty while the site does not know it. */
  readonly deploymentName: string;
  /** How boundary groups name it; not to be put together by hand. */
  readonly nalPath: string;
  readonly description: string;
  /** As the console shows it. */
  readonly region: string;
  readonly siteCode: string;
  readonly subscriptionId: string;
  readonly state: ServiceState;
  /** SHA-1 of the server certificate, upper-case hexadecimal digits; empty while the site does not know it. */
  readonly certificateThumbprint: string;
  readonly instances: number;
}

/** How a connection point stands to its gateway. */
export type Connectedness =
  | 'Connected'
  /** Some of its connections are up, and some are not. */
  | 'PartlyConnected'
  | 'Disconnected'
  /** The site does not say, or not yet. */
  | 'Unknown';

/** The site role of a CMG connection point. */
export interface ConnectionPointRole {
  /** FQDN of the server. */
  readonly siteSystem: string;
  readonly siteCode: string;
  /** Service name of the gateway it is linked to; `undefined`: none, or one that the site does not name yet. */
  readonly serviceName: string | undefined;
  readonly connectedness: Connectedness;
}

export interface BoundaryGroup {
  readonly id: number;
  readonly name: string;
  /** Clients in it prefer cloud sources: bit 0x10 of its flags. */
  readonly preferCloudSources: boolean;
}

/** Whether clients take the way to a member for fast or for slow. */
export type BoundaryGroupConnection = 'Fast' | 'Slow';

/** A site system that a boundary group references. */
export interface BoundaryGroupMember {
  readonly nalPath: string;
  readonly connection: BoundaryGroupConnection;
}

export type ClientFacingRoleName = 'ManagementPoint' | 'SoftwareUpdatePoint';

/** How clients reach a role: CMG traffic needs `Https`, or `Http` with Enhanced HTTP on the site. */
export type ClientProtocol = 'Http' | 'Https' | 'Unknown';

/** A management point or software update point. */
export interface ClientFacingRole {
  /** FQDN of the server. */
  readonly server: string;
  readonly siteCode: string;
  readonly role: ClientFacingRoleName;
  readonly allowCmgTraffic: boolean;
  readonly protocol: ClientProtocol;
}

/** How a primary site wants its clients to prove who they are. */
export interface ClientAuthentication {
  readonly usePkiCertificate: boolean;
  /** Whether clients check the revocation of site systems' certificates. */
  readonly checkRevocationForSiteSystems: boolean;
  /** Plain HTTP with site-issued certificates and tokens. */
  readonly enhancedHttp: boolean;
  readonly httpsOnly: boolean;
}

/** The client settings for all devices, as far as gateways are concerned. */
export interface ClientSettings {
  readonly allowCmg: boolean;
}

/**
 * One device as the site's answer has it, with the names of `SMS_CombinedDeviceResources`: what the client gate reads. Only
 * `ResourceID` is checked; whoever judges a row has to expect other types than these.
 */
export interface DeviceRow {
  readonly ResourceID: number;
  readonly IsClient: boolean | null;
  readonly IsObsolete: boolean | null;
  /** Its notification channel came in from the internet. */
  readonly CNIsOnInternet: boolean | null;
  readonly IsAlwaysInternet: boolean | null;
  /** Where its notification channel comes in: a management point, or `<service name>/CCM_Proxy_…`. */
  readonly CNAccessMP: string | null;
  /** ISO 8601. Whether it is in UTC is not proven, whatever zone it states. */
  readonly LastPolicyRequest: string | null;
  /** As `LastPolicyRequest`. */
  readonly LastActiveTime: string | null;
}

/** How reading all devices ended. Only a complete pass is evidence. */
export type DevicePass =
  | { readonly kind: 'Complete'; readonly devices: number }
  /** The list changed underneath: a device may have been read twice or not at all. */
  | { readonly kind: 'Changed'; readonly devices: number };

/** What kind of content something is, which says by which parameter a cmdlet takes it. */
export type ContentKind =
  | 'Application'
  | 'Package'
  | 'DriverPackage'
  | 'TaskSequence'
  | 'DeploymentPackage'
  | 'OperatingSystemImage'
  | 'BootImage'
  | 'OperatingSystemInstaller'
  /** Another number, known or not. */
  | 'Other';

/** Something that is assigned to the distribution point of a gateway: `SMS_DPContentInfo`. */
export interface ContentItem {
  /** Of the package in which the content of an application is too; such as `PS100012`. */
  readonly packageId: string;
  /** As the console shows it; empty where the site does not say. */
  readonly name: string;
  readonly kind: ContentKind;
}

/** How the distribution of content to a distribution point stands: `SMS_PackageStatusDistPointsSummarizer.State`. */
export type DistributionState =
  | 'Installed'
  /** On its way, or tried again. */
  | 'Pending'
  | 'Failed'
  /** Being taken away, or that failed. */
  | 'Removing'
  /** A number whose meaning is not documented: neither there nor lost. */
  | 'Unknown';

/** How one item stands on a distribution point. */
export interface DistributedContent {
  readonly packageId: string;
  readonly state: DistributionState;
}

/** How reading what is on a distribution point ended. Only a complete pass says that there is nothing else. */
export type ContentPass =
  | { readonly kind: 'Complete'; readonly items: number }
  /** The list changed underneath: an item may have been read twice or not at all. */
  | { readonly kind: 'Changed'; readonly items: number };
