import type { Action } from '../../../redeployment/action.ts';
import type { OutageClaim } from '../../../redeployment/observed.ts';
import { keyOf } from '../../../runtime/objects.ts';
import { outageClaimOf, releaseOutageClaim, takeOutageClaim } from '../../site/outage-claim.ts';
import type { DeploymentsInput } from './reconcile.ts';

type ClaimInput = Pick<DeploymentsInput, 'site' | 'readSite'> & {
  readonly scope: Pick<DeploymentsInput['scope'], 'cmg' | 'azure' | 'signal'>;
};

/** The claim on the site of a CMG, as the cache has it. */
export function claimInCache({ site, scope: { cmg } }: ClaimInput): OutageClaim | undefined {
  const object = site.siteObjectOf(cmg);
  return object === undefined ? undefined : outageClaimOf(object);
}

/** The claim as the API server has it now. It stands also while the site itself cannot be used. */
export async function claimNow(input: ClaimInput): Promise<OutageClaim | undefined> {
  const site = await siteNow(input);
  return site === undefined ? undefined : outageClaimOf(site);
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
