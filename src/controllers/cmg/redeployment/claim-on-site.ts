import type { Site as SiteObject } from '../../../api/v1alpha1/site.generated.ts';
import type { Action } from '../../../redeployment/action.ts';
import type { OutageClaim } from '../../../redeployment/observed.ts';
import { isCarrier } from '../../../redeployment/words.ts';
import { keyOf } from '../../../runtime/objects.ts';
import { outageClaimOf, releaseOutageClaim, takeOutageClaim } from '../../site/outage-claim.ts';
import type { ManagedCmg } from '../managed-cmg.ts';
import type { DeploymentsInput } from './reconcile.ts';

type ClaimInput = Pick<DeploymentsInput, 'site' | 'readSite'> & {
  readonly scope: Pick<DeploymentsInput['scope'], 'cmg' | 'azure' | 'signal'>;
};

/**
 * The claim that matters to a CMG, as the cache has it: one by which it carries the clients of another one, on whatever Site of
 * the namespace, as its own spec.siteRef may have changed since; or else the one on its site.
 */
export function claimInCache({ site, scope: { cmg } }: ClaimInput): OutageClaim | undefined {
  return claimFor(cmg, site.siteObjectOf(cmg), site.siteObjectsBeside(cmg));
}

/** The claim as the API server has it now. It stands also while the site itself cannot be used. */
export async function claimNow({
  site,
  scope: { cmg, signal },
  readSite,
}: ClaimInput): Promise<OutageClaim | undefined> {
  const own = site.siteObjectOf(cmg);
  const beside = await Promise.all(site.siteObjectsBeside(cmg).map(({ metadata }) => readSite(metadata, signal)));
  const known = beside.filter((each) => each !== undefined);
  return claimFor(
    cmg,
    known.find(({ metadata }) => metadata.name === own?.metadata.name),
    known,
  );
}

function claimFor(
  cmg: ManagedCmg,
  own: SiteObject | undefined,
  beside: readonly SiteObject[],
): OutageClaim | undefined {
  const key = keyOf(cmg);
  const carried = beside.map(outageClaimOf).find((claim) => isCarrier({ key }, { claim }));
  return carried ?? (own === undefined ? undefined : outageClaimOf(own));
}

/** Makes or gives back a claim. Where somebody else was first, the next round sees what became of the site. */
export async function changeClaim(
  input: ClaimInput & Pick<DeploymentsInput, 'claims'>,
  action: Extract<Action, { kind: 'TakeClaim' | 'ReleaseClaim' }>,
): Promise<void> {
  const { scope, claims } = input;
  const site = await siteNow(input);
  if (site === undefined) {
    return;
  }
  const claimant = keyOf(scope.cmg);
  const writer = { ...claims, signal: scope.signal };
  if (action.kind === 'ReleaseClaim') {
    await releaseOutageClaim(writer, site, claimant);
  } else {
    await takeOutageClaim(writer, site, { claimant, carrier: action.carrier }, scope.azure.serverTime.now());
  }
}

async function siteNow({ site, scope: { cmg, signal }, readSite }: ClaimInput) {
  const object = site.siteObjectOf(cmg);
  return object === undefined ? undefined : readSite(object.metadata, signal);
}
