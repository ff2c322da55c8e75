import { isCarrier } from '../../redeployment/words.ts';
import { keyOf } from '../../runtime/objects.ts';
import type { ManagedCmg } from './managed-cmg.ts';
import { claimInCache, claimNow } from './redeployment/claim-on-site.ts';
import type { DeploymentsInput } from './redeployment/reconcile.ts';
import type { Report } from './report.ts';

/** How often it is looked whether the claim is over, besides at each change of it. */
const LOOK_MS = 60_000;

/**
 * What a CMG that is to be deleted says while it carries the clients of another one, whose gateway is away: it stays until
 * that one has its own again. `undefined`: it carries nobody's.
 */
export async function heldForClaimant(
  input: Pick<DeploymentsInput, 'scope' | 'site' | 'readSite'>,
  cmg: ManagedCmg,
): Promise<Report | undefined> {
  const deployment = cmg.status?.deployments?.find(({ phase }) => phase !== 'Deleting');
  if (deployment === undefined) {
    return undefined;
  }
  const key = keyOf(cmg);
  const cached = claimInCache(input);
  // That nothing holds it is believed to nobody but the API server.
  const claim = isCarrier({ key }, { claim: cached }) ? cached : await claimNow(input);
  if (claim === undefined || !isCarrier({ key }, { claim })) {
    return undefined;
  }
  const message = `This CMG carries the clients of ${claim.claimant}, whose gateway is being replaced. It is deleted when that one has been advertised for its wait. If that one is suspended or only observed, let it go on; if it is deleted, this one goes too.`;
  return {
    findings: [{ type: 'AzureReady', status: 'False', reason: 'CarriesClientsOf', message }],
    happenings: [],
    deployment,
    againAfterMs: LOOK_MS,
  };
}
