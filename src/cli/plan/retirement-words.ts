import type { CMGSpec } from '../../api/v1alpha1/cmg.generated.ts';
import { termsOf } from '../../controllers/cmg/redeployment/wish.ts';
import { HOUR, MINUTE } from '../../redeployment/instant.ts';
import { isOthers } from '../../redeployment/others.ts';
import type { DeploymentRecord } from '../../redeployment/record.ts';
import { waitOf } from '../../redeployment/retirement.ts';

/** Behind which gateway others are retired. */
export interface Successor {
  readonly serviceName: string;
  /** It stands already, so that clients are given the time from the moment at which it is wanted again. */
  readonly isSetBack: boolean;
}

/**
 * When the gateways that are replaced may go, under the terms of a spec.
 *
 * @param kept those that serve until then
 */
export function retirementInWords(
  spec: CMGSpec,
  kept: readonly DeploymentRecord[],
  { serviceName, isSetBack }: Successor,
): readonly string[] {
  if (kept.length === 0) {
    return [];
  }
  const go = `${kept.map((record) => record.serviceName).join(' and ')} ${kept.length > 1 ? 'go' : 'goes'}`;
  const wait = durationInWords(minimumWait(spec));
  return [
    isSetBack
      ? `${go} at the earliest ${wait} after the change, in which ${serviceName} has to be in reach of every client without a break.`
      : `${go} at the earliest when ${serviceName} has been in reach of every client for ${wait} without a break.`,
    evidenceInWords(spec, serviceName),
    ...(spec.content.enabled && spec.siteRef !== undefined
      ? [`It also waits until ${serviceName} holds the packages and applications that the old gateway holds.`]
      : []),
    ...goingInWords(spec, kept),
  ];
}

function evidenceInWords({ redeployment, siteRef }: CMGSpec, serviceName: string): string {
  const { evidence, requiredRefreshPercent, deadline, onDeadline } = redeployment;
  if (evidence === 'TimeOnly') {
    return 'Clients are not counted (spec.redeployment.evidence is TimeOnly): those that were away meanwhile are cut off.';
  }
  if (siteRef === undefined) {
    return `Without a Site nobody can see whether clients know ${serviceName}: it then waits for the consent of a person.`;
  }
  const atDeadline =
    onDeadline === 'Retire'
      ? 'the old gateway goes all the same, once clients have been counted'
      : 'a person has to decide';
  return `After that, ${requiredRefreshPercent} in a hundred clients have to be seen to know ${serviceName}. Where that has not come about ${deadline} after the same moment, ${atDeadline}.`;
}

function goingInWords({ redeployment }: CMGSpec, kept: readonly DeploymentRecord[]): readonly string[] {
  const own = kept.filter((record) => !isOthers(record));
  const { drainFor } = termsOf(redeployment);
  return [
    ...(own.length > 0 && drainFor > 0
      ? [`It is then stopped for ${redeployment.drainFor} before it is deleted.`]
      : []),
    ...kept.filter(isOthers).map(({ serviceName }) => `The site made ${serviceName}: a person has the site delete it.`),
  ];
}

/** The wait of a redeployment under the terms of a spec, in milliseconds: never less than a day. */
export function minimumWait({ redeployment }: CMGSpec): number {
  return waitOf(termsOf(redeployment));
}

/** A duration as a manifest has it, such as `36h` or `24h30m`. */
function durationInWords(milliseconds: number): string {
  const hours = Math.floor(milliseconds / HOUR);
  const minutes = Math.ceil((milliseconds % HOUR) / MINUTE);
  return minutes === 0 ? `${hours}h` : `${hours}h${minutes}m`;
}
