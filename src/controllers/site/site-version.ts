/** A release of Configuration Manager, current branch, by year and month. */
export type SiteRelease = 1902 | 2002 | 2010 | 2107 | 2111;

/** The first build of each release ("Support for Configuration Manager current branch versions"). */
const FIRST_BUILD: Readonly<Record<SiteRelease, number>> = {
  1902: 8790,
  2002: 8968,
  2010: 9040,
  2107: 9058,
  2111: 9068,
};

/**
 * Whether a site has at least a release.
 *
 * @param version as the site gives it, such as `5.00.9132.1000`
 * @returns `undefined` when the version is not known or has another form
 */
export function hasRelease(version: string | undefined, release: SiteRelease): boolean | undefined {
  const build = /^5\.0*0\.(\d+)\./.exec(version ?? '')?.[1];
  return build === undefined ? undefined : Number(build) >= FIRST_BUILD[release];
}
