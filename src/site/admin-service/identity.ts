import type { JsonObject } from '../../json.ts';
import type { SiteIdentity, SiteType } from '../facts.ts';
import { invalidAnswer } from '../failure.ts';
import { numberIn, optionalTextIn, textIn } from './fields.ts';
import type { ODataClient, Read } from './odata-client.ts';

/** Values of `SMS_Site.Type` (*documented*). */
const TYPE = { secondary: 1, primary: 2, centralAdministration: 4 } as const;

/**
 * Which site answers. *Documented*: `SMS_Site` lists all sites of the hierarchy. *Seen in public code*:
 * `SMS_Identification` says which of them the provider belongs to.
 */
export async function readIdentity(client: ODataClient, signal: AbortSignal): Promise<Read<SiteIdentity>> {
  const own = await client.list('SMS_Identification', {}, signal);
  const siteCode = own.value[0] && textIn(own.value[0], 'ThisSiteCode');
  const { value: sites } = await client.list('SMS_Site', {}, signal);
  const site = sites.find((row) => optionalTextIn(row, 'SiteCode') === siteCode);
  if (siteCode === undefined || site === undefined) throw invalidAnswer('The site does not say which one it is.');
  const children = sites.filter((row) => optionalTextIn(row, 'ReportingSiteCode') === siteCode);
  return {
    value: {
      siteCode,
      siteName: textIn(site, 'SiteName'),
      version: textIn(site, 'Version'),
      type: typeOf(site),
      childSiteCodes: children.map((row) => textIn(row, 'SiteCode')),
    },
    date: own.date,
  };
}

function typeOf(site: JsonObject): SiteType {
  const type = numberIn(site, 'Type');
  switch (type) {
    case TYPE.secondary:
      return 'Secondary';
    case TYPE.centralAdministration:
      return 'CentralAdministration';
    case TYPE.primary:
      return optionalTextIn(site, 'ReportingSiteCode') === '' ? 'StandalonePrimary' : 'ChildPrimary';
    default:
      throw invalidAnswer(`The site has the type ${type}, which is not known.`);
  }
}
