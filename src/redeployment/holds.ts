import type { RedeploymentReason } from './finding.ts';
import type { Situation } from './situation.ts';
import { isSkewed } from './time-credit.ts';
import { isCarrier } from './words.ts';

/** Why no gateway of the CMG may be retired at the moment, if there is a reason. */
export function retirementHold(situation: Situation): RedeploymentReason | 'Stopped' | undefined {
  const { wish, observed } = situation;
  if (isCarrier(wish, observed)) {
    return 'CarriesClientsOf';
  }
  if (!observed.certificateReadable) {
    return 'CertificateUnreadable';
  }
  if (isSkewed(situation)) {
    return 'ClockSkew';
  }
  return wish.power === 'Stopped' ? 'Stopped' : undefined;
}

/** Why no gateway may be made for the CMG at the moment, if there is a reason. */
export function creationHold(situation: Situation): RedeploymentReason | 'Stopped' | undefined {
  const hold = retirementHold(situation);
  // A skewed clock credits no wait, which hinders nobody from building.
  return hold === 'ClockSkew' ? undefined : hold;
}
