/**
 * How well it is known that a site does what a call expects:
 * - `Documented`: Microsoft describes the form.
 * - `SeenInPublicCode`: public code calls it so; works for its authors, no promise by Microsoft.
 * - `Inferred`: concluded from the other two, and not proven against a site.
 */
export type Standing = 'Documented' | 'SeenInPublicCode' | 'Inferred';

/** Every operation on a site. */
export type SiteOperation = SiteRead | SiteWrite;

export type SiteRead =
  | 'ReadIdentity'
  | 'ReadServiceRecords'
  | 'ReadConnectionPoints'
  | 'ReadBoundaryGroups'
  | 'ReadBoundaryGroupMembers'
  | 'ReadClientFacingRoles'
  | 'ReadClientAuthentication'
  | 'ReadClientSettings'
  | 'ReadDevices'
  | 'ReadContent';

export type SiteWrite =
  | 'RegisterService'
  | 'UnregisterService'
  | 'CreateService'
  | 'ChangeService'
  | 'StartService'
  | 'StopService'
  | 'AddConnectionPoint'
  | 'LinkConnectionPoint'
  | 'RemoveConnectionPoint'
  | 'AddBoundaryGroupMember'
  | 'RemoveBoundaryGroupMember'
  | 'SetPreferCloudSources'
  | 'SetCmgTraffic'
  | 'SetClientAuthentication'
  | 'SetClientSettings'
  | 'DistributeContent';
