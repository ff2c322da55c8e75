import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../../azure/arm-client.ts';
import { ArmError } from '../../../azure/errors.ts';
import { provisioningState } from '../../../azure/operations.ts';
import { classicStatus, type SoughtGateway } from '../../../gateway/observed-gateway.ts';
import { ownershipOf } from '../../../gateway/tags.ts';
import type { ObservedDeployment, Seen } from '../../../redeployment/observed.ts';
import { isSameName } from '../../../site/names.ts';
import type { ServiceRecord } from '../../../site/site.ts';
import { describeProblem } from '../azure-problem.ts';
import { findGateway, type GatewaySearch } from '../find-gateway.ts';
import type { Finding } from '../finding.ts';
import { withWhatIsSeen } from '../observe.ts';
import { instancesProblem, observedFindings } from '../observed-findings.ts';
import { readGateway, type SeenGateway } from '../observed-parts.ts';
import { type SeenService, seeService } from '../observed-service.ts';
import type { Report } from '../report.ts';
import type { Scope } from '../scope.ts';
import { azureOf } from './azure-of-deployment.ts';
import { type Look, UNSEEN } from './look.ts';

/** How often a gateway is looked at that others look after. */
const LOOK_MS = 120_000;

/**
 * Looks at a gateway that the site made, as a CMG with the policy Observe does, and tells it in the words of the planner.
 * Nothing is written. In `observed`, `Absent` is what Azure says alone; see {@link presenceWithSite}.
 */
export async function lookAtOthers(scope: Scope, deployment: CMGStatusDeployment): Promise<Look> {
  return (await seeOthers(scope, deployment)).look;
}

/** A look at such a gateway, with what of it was seen where it was found. */
export interface SeenOthers {
  readonly look: Look;
  readonly gateway?: SeenGateway;
  readonly service?: SeenService;
}

/** The same with all that was seen. */
export async function seeOthers(scope: Scope, deployment: CMGStatusDeployment): Promise<SeenOthers> {
  const azure = await azureOf(scope, deployment);
  if (azure.kind === 'Halt') {
    return notSeen(deployment, azure.findings, { credentialsMissing: true });
  }
  try {
    return await seeInAzure(scope, azure.value, deployment);
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    const { reason, message } = describeProblem(`Looking at the gateway ${deployment.serviceName}`, error);
    return notSeen(deployment, [{ type: 'AzureReady', status: 'Unknown', reason, message }]);
  }
}

async function seeInAzure(scope: Scope, arm: ArmClient, deployment: CMGStatusDeployment): Promise<SeenOthers> {
  const sought = soughtOf(deployment);
  const search = await searchFor(arm, sought, scope.signal);
  switch (search.kind) {
    case 'Several':
      return notSeen(deployment, [several(deployment, search.ids)], { azure: 'Whole', mark: { kind: 'Others' } });
    case 'Missing':
      return search.elsewhere.length > 0
        ? notSeen(deployment, [elsewhere(deployment, search.elsewhere)])
        : notSeen(deployment, [missing(deployment)], { azure: 'Absent', mark: { kind: 'None' } });
    case 'Found': {
      if (ownershipOf(search.heart.tags) !== undefined) {
        return notSeen(deployment, [taken(deployment, search.id)]);
      }
      const gateway = await readGateway(arm, sought, search, scope.signal);
      const service = await seeService(scope, gateway);
      return { look: seen(scope, deployment, gateway, service), gateway, service };
    }
    default:
      return search satisfies never;
  }
}

function soughtOf({ identity }: CMGStatusDeployment): SoughtGateway {
  const { subscriptionId, resourceGroup, serviceName, deploymentModel = 'VirtualMachineScaleSet' } = identity;
  return { subscriptionId, resourceGroup, serviceName, model: deploymentModel };
}

/** The console converts a classic one to a scale set of the same name, which the search may not show yet. */
async function searchFor(arm: ArmClient, sought: SoughtGateway, signal: AbortSignal): Promise<GatewaySearch> {
  const search = await findGateway(arm, sought, signal);
  return search.kind === 'Missing' && sought.model !== 'VirtualMachineScaleSet'
    ? findGateway(arm, { ...sought, model: 'VirtualMachineScaleSet' }, signal)
    : search;
}

function seen(scope: Scope, deployment: CMGStatusDeployment, gateway: SeenGateway, service: SeenService): Look {
  const { region, deploymentModel } = deployment.identity;
  const sought = { ...soughtOf(deployment), model: deploymentModel ?? gateway.type.model, region };
  const isLeaving = /^deleting$/i.test(provisioningState(gateway.heart) ?? '');
  const { serves, presents } = servingOf(scope, gateway, service);
  return {
    report: {
      // What the spec asks for is another gateway, with which this one is not compared.
      findings: observedFindings(sought, gateway, service).filter(({ type }) => type !== 'InSync'),
      happenings: [],
      deployment: withWhatIsSeen(deployment, gateway, service),
      againAfterMs: LOOK_MS,
    },
    observed: {
      id: deployment.id,
      azure: isLeaving ? 'Partial' : 'Whole',
      mark: { kind: 'Others' },
      running: serves === 'Yes' ? 'Yes' : runningOf(gateway),
      instancesServe: serves,
      certificatePresented: presents,
      credentialsMissing: false,
    },
  };
}

/** What presents a certificate serves, where Azure does not tell. */
function servingOf(
  { probe }: Scope,
  gateway: SeenGateway,
  { presented }: SeenService,
): { readonly serves: Seen; readonly presents: ObservedDeployment['certificatePresented'] } {
  const isPresented = presented === undefined ? 'Unknown' : presented.kind === 'Presented' ? 'Yes' : 'No';
  const isTold = gateway.instances !== undefined || classicStatus(gateway.heart) !== undefined;
  const told = instancesProblem(gateway) === undefined ? 'Yes' : 'No';
  return { serves: isTold ? told : isPresented, presents: probe === undefined ? 'NotProbed' : isPresented };
}

/** A gateway of which not every VM serves may run all the same. */
function runningOf({ instances, heart }: SeenGateway): Seen {
  const status = classicStatus(heart);
  if (status !== undefined) {
    return /^(suspended|stopped)/i.test(status) ? 'No' : 'Unknown';
  }
  if (instances === undefined || instances.length === 0) {
    return 'Unknown';
  }
  return instances.every(({ problem }) => problem?.kind === 'NotRunning') ? 'No' : 'Yes';
}

function notSeen(
  deployment: CMGStatusDeployment,
  findings: readonly Finding[],
  known: Partial<Look['observed']> = {},
): SeenOthers {
  const report: Report = { findings, happenings: [], deployment, againAfterMs: LOOK_MS };
  return { look: { report, observed: { ...UNSEEN, id: deployment.id, ...known } } };
}

function missing({ serviceName, identity }: CMGStatusDeployment): Finding {
  const message = `The gateway ${serviceName}, which the site made, is not in the resource group ${identity.resourceGroup} any more.`;
  return { type: 'AzureReady', status: 'False', reason: 'GatewayNotFound', message };
}

function elsewhere({ serviceName, identity }: CMGStatusDeployment, ids: readonly string[]): Finding {
  const message = `The gateway ${serviceName} is not in the resource group ${identity.resourceGroup} any more, and one of its name is elsewhere: ${ids.join(', ')}. Whether it is the same nobody knows, so nothing is concluded. Set spec.managementPolicy to Observe for the place where it is now.`;
  return { type: 'AzureReady', status: 'False', reason: 'GatewayNotFound', message };
}

function several({ serviceName }: CMGStatusDeployment, ids: readonly string[]): Finding {
  const message = `Several gateways for ${serviceName} are in its resource group: ${ids.join(', ')}. Remove those in the console that are not used any more.`;
  return { type: 'AzureReady', status: 'False', reason: 'SeveralGatewaysFound', message };
}

function taken({ serviceName }: CMGStatusDeployment, id: string): Finding {
  const message = `The status says that the site made the gateway ${serviceName}, and ${id} carries the tags of the operator. Nothing is concluded. Set spec.managementPolicy to Observe until the status says otherwise.`;
  return { type: 'AzureReady', status: 'False', reason: 'OwnershipLost', message };
}

/** What is seen of a gateway that the site made, by Azure and the site together. */
export type PresenceWithSite = Pick<ObservedDeployment, 'azure' | 'siteRecord'>;

/**
 * A gateway that the site made is gone when Azure says so and the site has no record of it; and on its way out when one of the
 * two says so.
 *
 * @param hasSite whether the CMG names a site
 * @param records of the site; `undefined`: it did not say
 */
export function presenceWithSite(
  azure: ObservedDeployment['azure'],
  serviceName: string,
  hasSite: boolean,
  records: readonly ServiceRecord[] | undefined,
): PresenceWithSite {
  if (!hasSite) {
    return { azure, siteRecord: 'Unknown' };
  }
  if (records === undefined) {
    return { azure: azure === 'Absent' ? 'Partial' : azure, siteRecord: 'Unknown' };
  }
  const record = records.find((each) => isSameName(each.serviceName, serviceName));
  if (record === undefined) {
    return { azure, siteRecord: 'No' };
  }
  const isLeaving = record.state.kind === 'Deleting';
  const isOnItsWayOut = azure === 'Absent' || (azure === 'Whole' && isLeaving);
  return { azure: isOnItsWayOut ? 'Partial' : azure, siteRecord: isLeaving ? 'No' : 'Yes' };
}
