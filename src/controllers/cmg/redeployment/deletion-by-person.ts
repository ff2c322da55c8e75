import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { Action } from '../../../redeployment/action.ts';
import { prefixKey } from '../../../redeployment/identity.ts';
import { OPERATION } from '../../../site/driver.ts';
import { manualStep } from '../../../site/manual-steps.ts';
import { isSameName } from '../../../site/names.ts';
import type { SiteStep } from '../site-requirements.ts';
import type { Round } from './observe-all.ts';
import type { DeploymentsInput } from './reconcile.ts';

/** The operation of these steps, by which they are told from others in a status. */
export const DELETION_BY_PERSON = OPERATION.unregisterService;

/** What a person does to have the gateways go that the site made, as far as the plan has come to it. */
export function deletionStepsForPerson(
  { scope: { cmg } }: DeploymentsInput,
  { siteFacts }: Round,
  actions: readonly Action[],
): readonly SiteStep[] {
  return actions.flatMap((action): readonly SiteStep[] => {
    const deployment = cmg.status?.deployments?.find(({ id }) => action.kind === 'Delete' && id === action.deployment);
    return action.kind === 'Delete' && action.by === 'Site' && deployment !== undefined
      ? [stepFor(deployment, cmg.spec.serviceName, siteFacts)]
      : [];
  });
}

function stepFor(deployment: CMGStatusDeployment, wanted: string, { records }: Round['siteFacts']): SiteStep {
  const { serviceName, identity } = deployment;
  const record = records?.find((each) => isSameName(each.serviceName, serviceName));
  const why =
    prefixKey(serviceName) === prefixKey(wanted)
      ? 'The new gateway needs its names, and is built once they are free. Its clients have no gateway until then.'
      : `${wanted} has taken its place.`;
  const reason = `${why} The operator deletes nothing that it did not make.`;
  if (records !== undefined && record === undefined) {
    const where = `the resource group ${identity.resourceGroup} of the subscription ${identity.subscriptionId}`;
    const instruction = `Delete the gateway ${serviceName} in Azure, in ${where}: the site has no record of it. ${reason}`;
    return { operation: DELETION_BY_PERSON, instruction };
  }
  return manualStep('unregisterService', { id: record?.id ?? 0, name: record?.name ?? serviceName }, reason);
}
