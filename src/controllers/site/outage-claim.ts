import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import type { OutageClaim } from '../../redeployment/observed.ts';
import { isConflict, isNotFound } from '../../runtime/api-error.ts';
import { applyStatusIfChanged } from '../../runtime/apply.ts';
import type { KubernetesClient } from '../../runtime/client.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { SITE_KIND } from './kind.ts';

/** What a claim is written with. */
export interface ClaimWriter {
  readonly client: Pick<KubernetesClient, 'applyStatus'>;
  /** That of the Site controller, which states the whole status too: a second name would share its fields. */
  readonly fieldManager: string;
  readonly signal: AbortSignal;
}

/** What came of a change of the claim. */
export type ClaimOutcome =
  | { readonly kind: 'Written'; readonly site: SiteObject }
  /** Nothing to do: the claim is there already, or gone. */
  | { readonly kind: 'AsWanted' }
  /** Another CMG has the claim. */
  | { readonly kind: 'Taken' }
  /** The Site is no longer the one that was read. Whoever changed it may have made a claim. */
  | { readonly kind: 'Changed' };

/** The claim on a site, as the planner takes it: CMGs by `<namespace>/<name>`. */
export function outageClaimOf({ metadata, status }: SiteObject): OutageClaim | undefined {
  const claim = status?.outageClaim;
  return claim === undefined
    ? undefined
    : { claimant: `${metadata.namespace}/${claim.claimant}`, carrier: `${metadata.namespace}/${claim.carrier}` };
}

/**
 * Makes a claim on a site. Of several that claim at once, one is let through: the Site has to be the version that was read.
 *
 * @param site as read; a claim on it is never replaced
 * @param claim both CMGs by `<namespace>/<name>`, in the namespace of the Site
 * @param now time in milliseconds since the epoch
 */
export async function takeOutageClaim(
  writer: ClaimWriter,
  site: SiteObject,
  { claimant, carrier }: OutageClaim,
  now: number,
): Promise<ClaimOutcome> {
  const held = outageClaimOf(site);
  if (held !== undefined) {
    return { kind: held.claimant === claimant && held.carrier === carrier ? 'AsWanted' : 'Taken' };
  }
  const outageClaim = { claimant: nameIn(site, claimant), carrier: nameIn(site, carrier), since: toTimestamp(now) };
  return write(writer, site, { ...site.status, outageClaim });
}

/** Gives the claim of a CMG back. @param claimant `<namespace>/<name>`; the claim of another one stays */
export async function releaseOutageClaim(
  writer: ClaimWriter,
  site: SiteObject,
  claimant: string,
): Promise<ClaimOutcome> {
  const held = outageClaimOf(site);
  if (held?.claimant !== claimant) {
    return { kind: held === undefined ? 'AsWanted' : 'Taken' };
  }
  const { outageClaim: _claim, ...status } = site.status ?? {};
  return write(writer, site, status);
}

async function write(
  { client, fieldManager, signal }: ClaimWriter,
  site: SiteObject,
  status: NonNullable<SiteObject['status']>,
): Promise<ClaimOutcome> {
  try {
    const { object } = await applyStatusIfChanged(client, SITE_KIND, site, status, { fieldManager, signal });
    return { kind: 'Written', site: object };
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) {
      return { kind: 'Changed' };
    }
    throw error;
  }
}

/** A claim on a Site names CMGs of its namespace, as all references do. */
function nameIn({ metadata }: SiteObject, key: string): string {
  const prefix = `${metadata.namespace}/`;
  if (!key.startsWith(prefix)) {
    throw new Error(`The CMG ${key} is not in the namespace of the Site ${prefix}${metadata.name}.`);
  }
  return key.slice(prefix.length);
}
