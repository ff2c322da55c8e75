import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Action } from '../../../redeployment/action.ts';
import { prefixKey } from '../../../redeployment/identity.ts';
import { OPERATION } from '../../../site/driver.ts';
import { manualStep } from '../../../site/manual-steps.ts';
import { isSameName } from '../../../site/names.ts';
import type { ServiceRecord } from '../../../site/site.ts';
import type { SiteStep } from '../site-requirements.ts';
import type { Round } from './observe-all.ts';
import type { DeploymentsInput } from './reconcile.ts';
import { creationStep } from './site-gateway-steps.ts';

/** The operation of these steps, by which they are told from others in a status. */
export const DELETION_BY_PERSON = OPERATION.unregisterService;

/** What a person does on the site, as far as the plan has come to it: have it make a gateway, or delete one that it made. */
export function stepsForPerson(
  { scope }: DeploymentsInput,
  { siteFacts }: Round,
  actions: readonly Action[],
): readonly SiteStep[] {
  const { cmg } = scope;
  const recorded = (id: string) => cmg.status?.deployments?.find((deployment) => deployment.id === id);
  return actions.flatMap((action): readonly SiteStep[] => {
    const deployment =
      action.kind === 'AskForCreation' || (action.kind === 'Delete' && action.by === 'Site')
        ? recorded(action.deployment)
        : undefined;
    if (deployment === undefined) {
      return [];
    }
    return action.kind === 'AskForCreation'
      ? [creationStep(scope, deployment)]
      : [deletionStep(deployment, whyToGo(deployment, cmg.spec.serviceName), siteFacts.records)];
  });
}

function whyToGo({ serviceName }: CMGStatusDeployment, wanted: string): string {
  return prefixKey(serviceName) === prefixKey(wanted)
    ? 'The new gateway needs its names, and is built once they are free. Its clients have no gateway until then.'
    : `${wanted} has taken its place.`;
}

/**
 * What a person does to have a gateway go that the site made.
 *
 * @param why it is to go, in sentences
 * @param records of the site; `undefined`: it did not say
 */
export function deletionStep(
  { serviceName, identity }: CMGStatusDeployment,
  why: string,
  records: readonly ServiceRecord[] | undefined,
): SiteStep {
  const record = records?.find((each) => isSameName(each.serviceName, serviceName));
  const reason = `${why} The operator deletes nothing that it did not make.`;
  if (records !== undefined && record === undefined) {
    const where = `the resource group ${identity.resourceGroup} of the subscription ${identity.subscriptionId}`;
    const instruction = `Delete the gateway ${serviceName} in Azure, in ${where}: the site has no record of it. ${reason}`;
    return { operation: DELETION_BY_PERSON, instruction };
  }
  return manualStep('unregisterService', { id: record?.id ?? 0, name: record?.name ?? serviceName }, reason);
}
