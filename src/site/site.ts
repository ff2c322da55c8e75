import type { SiteAnswer, SiteTime, WriteResult } from './answer.ts';
import type {
  BoundaryGroup,
  BoundaryGroupConnection,
  BoundaryGroupMember,
  ClientAuthentication,
  ClientFacingRole,
  ClientFacingRoleName,
  ClientSettings,
  ConnectionPointRole,
  ContentItem,
  ContentPass,
  DevicePass,
  DeviceRow,
  DistributedContent,
  ServiceRecord,
  SiteIdentity,
} from './facts.ts';

export type { Reported, SiteAnswer, SiteFailure, SiteTime, WriteResult } from './answer.ts';
export { isSiteFailure } from './answer.ts';
export type * from './facts.ts';
export type { ManualStep } from './manual-step.ts';
export type { SiteOperation, SiteRead, SiteWrite, Standing } from './operations.ts';

/**
 * One Configuration Manager site, whatever way leads to it. Nothing is tried again, and nothing waits for the site to
 * finish: what was accepted is read back in a later round. Every method resolves with a failure as a value; it rejects
 * only with the signal's reason, or with the error of the fence when this process may not write (any more).
 */
export interface Site extends SiteFacts, SiteChanges {}

export interface ReadOptions {
  readonly signal: AbortSignal;
  /**
   * How old the answer may be, in milliseconds, so that many objects of one site share a request. Default 0: read now,
   * as before each step that cannot be taken back.
   */
  readonly maxAgeMs?: number;
}

export interface WriteOptions {
  readonly signal: AbortSignal;
}

/** What can be read of a site. The standing of each is in `operations.ts`; reading may be inferred, it changes nothing. */
export interface SiteFacts {
  identity(options: ReadOptions): Promise<SiteAnswer<SiteIdentity>>;
  /** Records of gateways only; of what else Azure does for the site there is nothing here. */
  serviceRecords(options: ReadOptions): Promise<SiteAnswer<readonly ServiceRecord[]>>;
  /** Of the site and all below it. */
  connectionPoints(options: ReadOptions): Promise<SiteAnswer<readonly ConnectionPointRole[]>>;
  boundaryGroups(options: ReadOptions): Promise<SiteAnswer<readonly BoundaryGroup[]>>;
  /** Site systems that one group references, gateways among them. A group that does not exist has none. */
  boundaryGroupMembers(groupId: number, options: ReadOptions): Promise<SiteAnswer<readonly BoundaryGroupMember[]>>;
  /** Management points and software update points of the site and all below it. */
  clientFacingRoles(options: ReadOptions): Promise<SiteAnswer<readonly ClientFacingRole[]>>;
  /** Of a primary site; `NotFound` for others. `undefined`: the site has a value that is not understood. */
  clientAuthentication(siteCode: string, options: ReadOptions): Promise<SiteAnswer<ClientAuthentication | undefined>>;
  clientSettings(options: ReadOptions): Promise<SiteAnswer<ClientSettings>>;
  /**
   * Reads all devices once, page after page, and hands them with the time of their page to `onRows`, some at a time; it must
   * not keep them. Memory does not grow with their number. A pass that breaks off is a failure, and what was handed over before proves nothing.
   */
  readDevices(
    onRows: (devices: readonly DeviceRow[], date: SiteTime) => void,
    options: { readonly signal: AbortSignal },
  ): Promise<SiteAnswer<DevicePass>>;
  /**
   * Reads what is assigned to the distribution point of a gateway, as `readDevices` does; memory does not grow with it. What
   * the account may not see is left out by the site.
   */
  readContent(
    gateway: Pick<ServiceRecord, 'nalPath'>,
    onItems: (items: readonly ContentItem[]) => void,
    options: { readonly signal: AbortSignal },
  ): Promise<SiteAnswer<ContentPass>>;
  /** Reads likewise how the distribution of each item to it stands. */
  readDistribution(
    gateway: Pick<ServiceRecord, 'nalPath'>,
    onItems: (items: readonly DistributedContent[]) => void,
    options: { readonly signal: AbortSignal },
  ): Promise<SiteAnswer<ContentPass>>;
}

/** What a gateway's record is made from. */
export interface ServiceRegistration {
  readonly serviceName: string;
  readonly deploymentName: string;
  readonly description: string;
  readonly region: string;
  readonly siteCode: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly certificateThumbprint: string;
  readonly instances: number;
}

export interface ConnectionPointTarget {
  /** FQDN of the server. */
  readonly siteSystem: string;
  /** Of the primary site that the server belongs to. */
  readonly siteCode: string;
  /** The record of the gateway, as read. */
  readonly service: Pick<ServiceRecord, 'name' | 'serviceName'>;
}

export interface BoundaryGroupTarget {
  readonly group: Pick<BoundaryGroup, 'id' | 'name'>;
  /** The record of the gateway, as read. */
  readonly service: Pick<ServiceRecord, 'name' | 'serviceName' | 'nalPath'>;
}

/**
 * What can be changed. A write whose form is only inferred is made only where the Site says `allowUnproven`; otherwise,
 * and where no driver can do it, it comes back as a manual step.
 */
export interface SiteChanges {
  /** Makes the site's record of a gateway that the operator built. */
  registerService(registration: ServiceRegistration, options: WriteOptions): Promise<WriteResult>;
  /** Has the site delete a gateway and its record. Of a gateway that the site built, it deletes what is in Azure too. */
  unregisterService(service: Pick<ServiceRecord, 'id' | 'name'>, options: WriteOptions): Promise<WriteResult>;
  startService(service: Pick<ServiceRecord, 'id' | 'name'>, options: WriteOptions): Promise<WriteResult>;
  stopService(service: Pick<ServiceRecord, 'id' | 'name'>, options: WriteOptions): Promise<WriteResult>;
  /** Installs the role on a server that has none, linked to the gateway. */
  addConnectionPoint(target: ConnectionPointTarget, options: WriteOptions): Promise<WriteResult>;
  /** Links the role that a server has to another gateway. */
  linkConnectionPoint(target: ConnectionPointTarget, options: WriteOptions): Promise<WriteResult>;
  /** Uninstalls the role. */
  removeConnectionPoint(
    target: Pick<ConnectionPointTarget, 'siteSystem' | 'siteCode'>,
    options: WriteOptions,
  ): Promise<WriteResult>;
  /** One that is a member with the other connection is changed to this one. */
  addBoundaryGroupMember(
    target: BoundaryGroupTarget & { readonly connection: BoundaryGroupConnection },
    options: WriteOptions,
  ): Promise<WriteResult>;
  removeBoundaryGroupMember(
    /** The NAL path is enough for a gateway whose record is gone. */
    target: { readonly group: BoundaryGroupTarget['group']; readonly member: Pick<BoundaryGroupMember, 'nalPath'> },
    options: WriteOptions,
  ): Promise<WriteResult>;
  /** Changes this one flag of a group and keeps the others. */
  setPreferCloudSources(
    target: { readonly group: BoundaryGroupTarget['group']; readonly preferCloudSources: boolean },
    options: WriteOptions,
  ): Promise<WriteResult>;
  /** Changes this one property of a role and keeps every other, known or not. */
  setCmgTraffic(
    target: {
      readonly server: string;
      readonly siteCode: string;
      readonly role: ClientFacingRoleName;
      readonly allowCmgTraffic: boolean;
    },
    options: WriteOptions,
  ): Promise<WriteResult>;
  /** What is left out stays as it is. */
  setClientAuthentication(
    target: {
      readonly siteCode: string;
      readonly usePkiCertificate?: boolean | undefined;
      readonly checkRevocationForSiteSystems?: boolean | undefined;
    },
    options: WriteOptions,
  ): Promise<WriteResult>;
  setClientSettings(target: ClientSettings, options: WriteOptions): Promise<WriteResult>;
}
