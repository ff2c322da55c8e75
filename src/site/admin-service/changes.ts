import type { DriverResult, SiteDriver } from '../driver.ts';
import { failureAsValue } from '../failure.ts';
import type { WriteOptions } from '../site.ts';
import { addBoundaryGroupMember, removeBoundaryGroupMember, setPreferCloudSources } from './group-changes.ts';
import type { ODataClient } from './odata-client.ts';
import { linkConnectionPoint, removeConnectionPoint, setClientAuthentication, setCmgTraffic } from './role-changes.ts';
import { registerService, startService, stopService, unregisterService } from './service-changes.ts';

/**
 * Changes over an AdminService. There is no form for installing a role, and none for the default client settings: Microsoft
 * says that nothing in their class should be modified.
 */
export function adminServiceDriver(client: ODataClient): SiteDriver {
  const over =
    <Target>(change: (client: ODataClient, target: Target, signal: AbortSignal) => Promise<DriverResult>) =>
    (target: Target, { signal }: WriteOptions) =>
      failureAsValue(() => change(client, target, signal));
  return {
    name: 'AdminService',
    changes: {
      registerService: over(registerService),
      unregisterService: over(unregisterService),
      startService: over(startService),
      stopService: over(stopService),
      linkConnectionPoint: over(linkConnectionPoint),
      removeConnectionPoint: over(removeConnectionPoint),
      addBoundaryGroupMember: over(addBoundaryGroupMember),
      removeBoundaryGroupMember: over(removeBoundaryGroupMember),
      setPreferCloudSources: over(setPreferCloudSources),
      setCmgTraffic: over(setCmgTraffic),
      setClientAuthentication: over(setClientAuthentication),
    },
  };
}
