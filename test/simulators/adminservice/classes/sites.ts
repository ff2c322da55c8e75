import type { JsonObject } from '../../../../src/json.ts';
import { rowsOf, type SimulatedClass } from '../simulated-class.ts';
import type { SimulatedSite, SiteWorld } from '../world.ts';

/** Which site the provider belongs to. */
export function identificationClass(world: SiteWorld): SimulatedClass {
  return {
    name: 'SMS_Identification',
    key: ['ThisSiteCode'],
    rows: () =>
      rowsOf(
        world.sites.slice(0, 1).map(({ siteCode, siteName }) => ({ ThisSiteCode: siteCode, ThisSiteName: siteName })),
      ),
  };
}

/** All sites of the hierarchy. */
export function siteClass(world: SiteWorld): SimulatedClass {
  return {
    name: 'SMS_Site',
    key: ['SiteCode'],
    rows: () => rowsOf(world.sites.map((site) => rowOf(site, world.version))),
  };
}

function rowOf({ siteCode, siteName, type, reportsTo, serverName }: SimulatedSite, version: string): JsonObject {
  return {
    BuildNumber: Number(version.split('.')[2]),
    InstallDir: 'C:\\Program Files\\Microsoft Configuration Manager',
    ReportingSiteCode: reportsTo,
    ServerName: serverName,
    SiteCode: siteCode,
    SiteName: siteName,
    Status: 1,
    TimeZoneInfo: '',
    Type: type,
    Version: version,
  };
}
