import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import type { ObjectStore } from '../../runtime/store.ts';
import type { Site } from '../../site/site.ts';
import type { Finding } from '../cmg/finding.ts';
import type { SiteAccess } from './site-access.ts';
import type { SiteProblem } from './site-problem.ts';

/** The site of an object that names one. */
export type UsableSite =
  | { readonly kind: 'Usable'; readonly object: SiteObject; readonly site: Site }
  /** Nothing is done, and nothing said of what is on it, until the Site changes: it is suspended, or has just been changed. */
  | { readonly kind: 'Wait'; readonly why: 'Suspended' | 'JustChanged' }
  | (Omit<SiteProblem, 'retryAfterMs'> & { readonly kind: 'NotUsable' });

/** A reading may be this old where nothing is decided that cannot be taken back, in milliseconds. */
export const SHARED_AGE_MS = 20_000;

/**
 * The site that an object names, if it can be used. Whether a site answers is found out by the controller of its Site alone;
 * what is on it waits for that, so that a site that is down is not asked by everybody.
 */
export function usableSite(
  sites: Pick<ObjectStore<SiteObject>, 'get'>,
  access: SiteAccess,
  namespace: string,
  name: string,
): UsableSite {
  const object = sites.get(`${namespace}/${name}`);
  if (object === undefined) {
    const message = `The Site ${name} does not exist in the namespace ${namespace}. Create it, or correct spec.siteRef.`;
    return { kind: 'NotUsable', status: 'False', reason: 'SiteNotFound', message };
  }
  if (object.spec.suspend) {
    return { kind: 'Wait', why: 'Suspended' };
  }
  const reachable = findCondition(object.status?.conditions, 'Reachable');
  if (reachable?.status !== 'True') {
    const why = reachable === undefined ? 'It has not been reached yet.' : reachable.message;
    const message = `The Site ${name} cannot be used at the moment. ${why}`;
    return { kind: 'NotUsable', status: 'Unknown', reason: 'SiteUnreachable', message };
  }
  if (reachable.observedGeneration !== object.metadata.generation) {
    return { kind: 'Wait', why: 'JustChanged' };
  }
  return { kind: 'Usable', object, site: access.open(object) };
}

/** What an object says that is new under a suspended Site: without a status it would look as if it were done. */
export function suspendedFinding(siteName: string): Finding {
  return {
    type: 'ReferencesResolved',
    status: 'Unknown',
    reason: 'SiteSuspended',
    message: `The Site ${siteName} is suspended. Nothing is looked at or done on it until it is not any more.`,
  };
}
