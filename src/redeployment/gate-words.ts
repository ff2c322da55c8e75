import type { DeploymentRecord } from './record.ts';
import { gateOf, isPastDeadline } from './retirement.ts';
import type { Situation } from './situation.ts';

/** Why a gateway is kept that has waited behind its successor. */
export type GateReason = 'NoClientEvidence' | 'DeadlinePassed' | 'FewerDevicesVisible' | 'ClientsNotRefreshed';

/** Past its deadline a redeployment waits for a person, whether clients are missing or could not be counted. */
export function gateReason(situation: Situation, successor: DeploymentRecord): GateReason {
  if (situation.observed.site.kind === 'None') {
    return 'NoClientEvidence';
  }
  if (isPastDeadline(situation, successor)) {
    return 'DeadlinePassed';
  }
  const gate = gateOf(situation, successor);
  return gate.kind === 'Shut' && gate.because === 'FewerDevicesVisible' ? 'FewerDevicesVisible' : 'ClientsNotRefreshed';
}

/** The same in words, as the end of a sentence. */
export function gateMessage(situation: Situation, successor: DeploymentRecord, reason: GateReason): string {
  switch (reason) {
    case 'NoClientEvidence':
      return 'without a site nobody can tell whether clients have refreshed';
    case 'DeadlinePassed':
      return `the deadline has passed, and ${whyShut(situation, successor)}`;
    default:
      return whyShut(situation, successor);
  }
}

function whyShut(situation: Situation, successor: DeploymentRecord): string {
  const gate = gateOf(situation, successor);
  switch (gate.kind === 'Shut' ? gate.because : undefined) {
    case 'FewerDevicesVisible':
      return 'the site shows clearly fewer devices than when the redeployment began';
    case 'DevicesUnreadable':
      return 'what the site shows of its devices cannot be read';
    case 'NoDevicesVisible':
      return 'the site shows no devices';
    case 'TooFewRefreshed': {
      const { requiredRefreshPercent } = situation.wish.terms;
      return `${gate.refreshed} of ${gate.eligible} clients are seen to have refreshed, and ${requiredRefreshPercent}% have to be`;
    }
    default:
      return 'its clients have not been counted to the end since the wait was over';
  }
}
