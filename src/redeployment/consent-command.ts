import type { Consent, DeploymentRecord } from './record.ts';
import type { Situation } from './situation.ts';

/** The annotation of the CMG that a person sets to the id of a deployment. */
export const CONSENT_ANNOTATIONS = {
  /** Its clients may be without a gateway for a while. */
  AllowClientOutage: 'configmgr.io/allow-client-outage',
  /** It may go, although clients are not seen to have refreshed. */
  ConfirmRetire: 'configmgr.io/confirm-retire',
} as const satisfies Readonly<Record<Consent['kind'], string>>;

/** The exact line by which a person consents. */
export function consentCommand(
  situation: Situation,
  kind: Consent['kind'],
  { id }: Pick<DeploymentRecord, 'id'>,
): string {
  const isGiven = situation.observed.consents.some((consent) => consent.kind === kind);
  return consentLine(situation.wish.key, kind, id, isGiven);
}

/**
 * The exact line by which a person consents. An annotation that is still there has been used up, or names something else,
 * and is taken away first: set again in the same moment, nobody might see that it was gone.
 *
 * @param key `namespace/name` of the CMG
 * @param isGiven whether there is such an annotation already
 */
export function consentLine(key: string, kind: Consent['kind'], deployment: string, isGiven: boolean): string {
  const [namespace, name] = key.split('/');
  const target = `kubectl annotate --namespace ${namespace} cmg ${name} ${CONSENT_ANNOTATIONS[kind]}`;
  return isGiven
    ? `${target}- takes away the consent of before, after which this message has the next line.`
    : `${target}=${deployment}`;
}
