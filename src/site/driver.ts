import type { SiteFailure, SiteTime } from './answer.ts';
import type { SiteWrite } from './operations.ts';
import type { SiteChanges, WriteOptions } from './site.ts';

/** Name of a method that changes the site. */
export type Change = keyof SiteChanges;

/** What a change is told. */
export type ChangeTarget<Name extends Change> = Parameters<SiteChanges[Name]>[0];

export type DriverName = 'AdminService' | 'Cmdlets';

/** What a driver made of a change. */
export type DriverResult =
  | { readonly kind: 'Accepted'; readonly date: SiteTime }
  /** This driver cannot do it here; nothing was changed. `reason` is a sentence. */
  | { readonly kind: 'NotPossible'; readonly reason: string }
  | SiteFailure;

/** A way to change a site. What it has no form for, it leaves out. */
export interface SiteDriver {
  readonly name: DriverName;
  readonly changes: {
    readonly [Name in Change]?: (target: ChangeTarget<Name>, options: WriteOptions) => Promise<DriverResult>;
  };
}

/** The operation that a change is, by its method. */
export const OPERATION: { readonly [Name in Change]: SiteWrite } = {
  registerService: 'RegisterService',
  unregisterService: 'UnregisterService',
  startService: 'StartService',
  stopService: 'StopService',
  addConnectionPoint: 'AddConnectionPoint',
  linkConnectionPoint: 'LinkConnectionPoint',
  removeConnectionPoint: 'RemoveConnectionPoint',
  addBoundaryGroupMember: 'AddBoundaryGroupMember',
  removeBoundaryGroupMember: 'RemoveBoundaryGroupMember',
  setPreferCloudSources: 'SetPreferCloudSources',
  setCmgTraffic: 'SetCmgTraffic',
  setClientAuthentication: 'SetClientAuthentication',
  setClientSettings: 'SetClientSettings',
};
