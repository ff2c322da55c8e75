import { provisioningState } from '../../azure/operations.ts';
import { normaliseLocation } from '../../azure/resource-id.ts';
import type { GatewayInstance } from '../../gateway/instances.ts';
import { classicStatus, type SoughtGateway, wantedInstances } from '../../gateway/observed-gateway.ts';
import { titleOf } from './azure-findings.ts';
import type { GatewaySearch } from './find-gateway.ts';
import type { Finding } from './finding.ts';
import type { SeenGateway } from './observed-parts.ts';
import { type SeenService, serviceProblem } from './observed-service.ts';

/** What it means that no gateway can be observed. What was seen of one before does not hold any more. */
export function notFoundFindings(
  { resourceGroup, serviceName, subscriptionId }: SoughtGateway,
  search: Exclude<GatewaySearch, { kind: 'Found' }>,
): readonly Finding[] {
  const unseen = { status: 'Unknown', reason: 'NotObserved', message: 'There is no gateway to look at.' } as const;
  const azure: Pick<Finding, 'reason' | 'message'> =
    search.kind === 'Several'
      ? {
          reason: 'SeveralGatewaysFound',
          message: `Several gateways for ${serviceName} are in the resource group: ${search.ids.join(', ')}. Set spec.deploymentModel to the one that is meant, or remove those in the console that are not used any more.`,
        }
      : { reason: 'GatewayNotFound', message: missingMessage() };
  function missingMessage(): string {
    const { elsewhere = [], groupExists = true } = search.kind === 'Missing' ? search : {};
    const where = groupExists
      ? `The resource group ${resourceGroup} has no gateway for ${serviceName}, or the application may not read it.`
      : `The subscription ${subscriptionId} has no resource group ${resourceGroup}.`;
    return elsewhere.length === 0
      ? `${where} Check spec.serviceName, spec.azure.subscriptionId and spec.azure.resourceGroup.name.`
      : `${where} One of that name is elsewhere: ${elsewhere.join(', ')}. Correct spec.azure.resourceGroup.name.`;
  }
  return [
    { type: 'AzureReady', status: 'False', ...azure },
    { type: 'CertificateValid', ...unseen },
    { type: 'ServiceHealthy', ...unseen },
    { type: 'InSync', ...unseen },
  ];
}

/** What one look at a gateway came to, but for its certificate. */
export function observedFindings(
  sought: SoughtGateway & { readonly region: string },
  gateway: SeenGateway,
  service: SeenService,
): readonly Finding[] {
  return [azureFinding(gateway), inSyncFinding(sought, gateway), healthFinding(sought, gateway, service)];
}

function azureFinding({ parts, problems, type, id }: SeenGateway): Finding {
  const [problem] = problems;
  if (problem !== undefined) {
    const { reason, message } = problem;
    return { type: 'AzureReady', status: 'Unknown', reason, message };
  }
  const failed = [...parts].find(([, { resource }]) => provisioningState(resource) === 'Failed');
  if (failed !== undefined) {
    const [key, part] = failed;
    const message = `The ${titleOf(key)} ${part.id} is in the state Failed. Look at its activity log in Azure.`;
    return { type: 'AzureReady', status: 'False', reason: 'OperationFailed', message };
  }
  const retired =
    type.model === 'CloudServiceClassic'
      ? ' It is a classic one, which Configuration Manager does not support since version 2403: make a new one beside it, and move the clients.'
      : '';
  return {
    type: 'AzureReady',
    status: 'True',
    reason: 'Succeeded',
    message: `The gateway was found: the ${titleOf(type.key)} ${id}. Nothing of it is changed.${retired}`,
  };
}

/** Only what tells one gateway from another is compared: nothing else of the spec is meant for one that is only observed. */
function inSyncFinding(
  { model, region }: SoughtGateway & { readonly region: string },
  { type, heart }: SeenGateway,
): Finding {
  const location = typeof heart.location === 'string' ? normaliseLocation(heart.location) : undefined;
  const differences = [
    ...(type.model === model ? [] : [`spec.deploymentModel is ${model}, but the gateway is a ${type.model}`]),
    ...(location === undefined || location === normaliseLocation(region)
      ? []
      : [`spec.azure.region is ${region}, but the gateway is in ${location}`]),
  ];
  return differences.length === 0
    ? {
        type: 'InSync',
        status: 'True',
        reason: 'Succeeded',
        message: 'The gateway that was found is the one that the spec names. Nothing else is compared, or changed.',
      }
    : {
        type: 'InSync',
        status: 'False',
        reason: 'ObservedDiffers',
        message: `${differences.join('; ')}. Correct the spec.`,
      };
}

function healthFinding(sought: SoughtGateway, gateway: SeenGateway, service: SeenService): Finding {
  const problem = instancesProblem(gateway) ?? serviceProblem(sought.serviceName, service);
  if (problem !== undefined) {
    return { type: 'ServiceHealthy', status: 'False', ...problem };
  }
  const unseen = service.presented === undefined;
  if (unseen && gateway.instances === undefined && classicStatus(gateway.heart) === undefined) {
    const message = 'Azure does not tell whether the gateway serves, and the operator does not connect to it.';
    return { type: 'ServiceHealthy', status: 'Unknown', reason: 'NotObserved', message };
  }
  const message = unseen
    ? 'The gateway serves, as far as Azure tells. The operator does not connect to it.'
    : 'The gateway serves.';
  return { type: 'ServiceHealthy', status: 'True', reason: 'Succeeded', message };
}

/** What is wrong with the VMs of a gateway; `undefined`: nothing, as far as Azure tells. */
export function instancesProblem({ instances, heart }: SeenGateway): Pick<Finding, 'reason' | 'message'> | undefined {
  const status = classicStatus(heart);
  if (status !== undefined && !/^(running|created)$/i.test(status)) {
    return { reason: 'InstancesUnhealthy', message: `The cloud service is ${status}.` };
  }
  return instances === undefined ? undefined : scaleSetProblem(instances, wantedInstances(heart) ?? 0);
}

function scaleSetProblem(instances: readonly GatewayInstance[], wanted: number) {
  const problems = instances.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const message = problems.map((problem) => problem.message).join(' ');
  if (problems.length > 0) {
    const starting = problems.every(({ kind }) => kind === 'Starting');
    return { reason: starting ? 'InstancesStarting' : 'InstancesUnhealthy', message } as const;
  }
  return instances.length < Math.max(wanted, 1)
    ? ({ reason: 'InstancesUnhealthy', message: `Azure runs ${instances.length} of ${wanted} VMs.` } as const)
    : undefined;
}
