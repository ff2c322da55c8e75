import type { SiteIdentity } from '../../site/site.ts';

/** Codes of the primary sites that an answering site speaks for. A central administration site has no clients of its own. */
export function primariesOf({ siteCode, type, childSiteCodes }: SiteIdentity): readonly string[] {
  return type === 'CentralAdministration' ? childSiteCodes : [siteCode];
}
