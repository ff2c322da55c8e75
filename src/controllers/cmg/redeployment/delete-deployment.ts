import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { recordedGateway } from '../deployment.ts';
import { SHORT_RETRY_MS } from '../finding.ts';
import { takeOffSite } from '../leave-site.ts';
import { isBeingPurged } from '../purge-vault.ts';
import { removeGateway } from '../remove.ts';
import type { Happening } from '../report.ts';
import type { Scope } from '../scope.ts';
import { azureOf } from './azure-of-deployment.ts';
import { operationsOf } from './deployment-scope.ts';
import type { Round } from './observe-all.ts';
import type { DeploymentsInput } from './reconcile.ts';

/** How far the removal of a deployment has come. */
export interface DeletionOutcome {
  readonly happenings: readonly Happening[];
  /** What it waits for, in sentences. */
  readonly messages: readonly string[];
  readonly againAfterMs: number;
}

/**
 * Removes a deployment whose place another one has taken one round further: its record goes from the site, then it goes from
 * Azure. What the spec says of the deletion of the CMG does not hold for it.
 */
export async function deleteDeployment(
  { scope, store, site }: DeploymentsInput,
  { scopes }: Round,
  id: string,
): Promise<DeletionOutcome> {
  const own = scopes.get(id);
  const deployment = scope.cmg.status?.deployments?.find((each) => each.id === id);
  if (own === undefined || deployment === undefined) {
    return { happenings: [], messages: [], againAfterMs: Number.POSITIVE_INFINITY };
  }
  const { clock, signal } = scope;
  const left = await takeOffSite({ cmg: scope.cmg, site, now: clock.now(), signal }, deployment.serviceName);
  if (left.kind === 'Unknown') {
    const why = left.happenings.map(({ note }) => note).join(' ');
    const message = `${deployment.serviceName} stays in Azure until the site has let go of its record of it. ${why}`;
    return { happenings: [], messages: [message], againAfterMs: SITE_POLL_MS };
  }
  const operations = operationsOf(store, id);
  const removal = await removeGateway(own, deployment, operations);
  switch (removal.kind) {
    case 'Gone':
      if (await isNameHeld(own, deployment)) {
        const message = `Azure is purging the deleted key vault of ${deployment.serviceName}, which holds its name until then.`;
        return { happenings: [], messages: [message], againAfterMs: SHORT_RETRY_MS };
      }
      // The object stays, and with it the Secret in which they are written down.
      await operations.write(scope.cmg, new Map(), new Map(), signal);
      own.memory.isRemoved = true;
      return { happenings: [...left.happenings, ...removal.happenings], messages: [], againAfterMs: 0 };
    case 'Retained':
      return { happenings: [], messages: [removal.retention.note], againAfterMs: SITE_POLL_MS };
    case 'Remaining':
      return { happenings: [], messages: [removal.finding.message], againAfterMs: removal.againAfterMs };
    default:
      return removal satisfies never;
  }
}

/** Whether nothing is left but a vault that is being purged, under whose name no other one can be made yet. */
async function isNameHeld(own: Scope, deployment: CMGStatusDeployment): Promise<boolean> {
  const azure = await azureOf(own, deployment);
  return azure.kind === 'Continue' && isBeingPurged(own, azure.value, recordedGateway(own.cmg, deployment, own));
}

/** How soon a site that does not answer is asked again. */
const SITE_POLL_MS = 60_000;
