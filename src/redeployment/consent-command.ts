import type { Consent, DeploymentRecord } from './record.ts';
import type { Situation } from './situation.ts';

const ANNOTATIONS: Readonly<Record<Consent['kind'], string>> = {
  AllowClientOutage: 'configmgr.io/allow-client-outage',
  ConfirmRetire: 'configmgr.io/confirm-retire',
};

/**
 * The exact line by which a person consents. An annotation that is still there has been used up, or names something else,
 * and is taken away first: set again in the same moment, nobody might see that it was gone.
 */
export function consentCommand(
  situation: Situation,
  kind: Consent['kind'],
  { id }: Pick<DeploymentRecord, 'id'>,
): string {
  const [namespace, name] = situation.wish.key.split('/');
  const target = `kubectl annotate --namespace ${namespace} cmg ${name} ${ANNOTATIONS[kind]}`;
  return situation.observed.consents.some((consent) => consent.kind === kind)
    ? `${target}- takes away the consent of before, after which this message has the next line.`
    : `${target}=${id}`;
}
