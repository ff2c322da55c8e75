import { isStalling } from '../../api/v1alpha1/conditions.ts';
import type { ResourceKey } from '../../azure/desired-resource.ts';
import { isAsDesiredSoFar } from '../../azure/resource-plan.ts';
import { type AzureProblem, describeProblem } from './azure-problem.ts';
import type { Finding } from './finding.ts';
import type { GatewayMemory } from './memory.ts';
import { type ObservedGateway, VMS } from './resources.ts';
import { isThrottledLook } from './throttled-looks.ts';

/** How a reader calls each resource of the graph. */
const TITLES: Readonly<Record<string, string>> = {
  resourceGroup: 'resource group',
  identity: 'managed identity',
  networkSecurityGroup: 'network security group',
  publicIpAddress: 'public IP address',
  storageAccount: 'storage account',
  vault: 'key vault',
  virtualNetwork: 'virtual network',
  loadBalancer: 'load balancer',
  packagesContainer: 'container for the service package',
  contentContainer: 'container for content',
  certificate: 'certificate in the key vault',
  operatorStorageRole: "operator's role on the storage account",
  vaultRole: "gateway's role on the key vault",
  storageRole: "gateway's role on the storage account",
  scaleSet: 'scale set',
  deletedVault: 'deleted key vault',
  classicCloudService: 'classic cloud service',
  cloudService: 'cloud service (extended support)',
};

export function titleOf(key: ResourceKey): string {
  return TITLES[key] ?? key;
}

/** Why Azure is being written: the gateway is made, its spec has changed, or somebody changed Azure. */
export type Occasion = 'Provisioning' | 'Updating' | 'RepairingDrift';

export interface AzureFindingsInput {
  readonly observed: ObservedGateway;
  readonly memory: GatewayMemory;
  readonly occasion: Occasion;
  /** Whether this gateway has been in the making for longer than it should take. */
  readonly slow: boolean;
  /** Why the service package is not in the storage account. */
  readonly packageProblem?: AzureProblem | undefined;
  /** What is said of VMs that somebody has stopped, and that are being started; empty where there are none. */
  readonly stopped?: string;
  /** Whether `AzureReady` keeps what it said although Azure throttled a look. Default: no. */
  readonly standsUnseen?: boolean;
  /** What else is to be said of a gateway that is as declared. */
  readonly note?: string;
}

/** What the state of the resources means for `AzureReady` and `InSync`. */
export function azureFindings(input: AzureFindingsInput): readonly Finding[] {
  const { observed, memory, packageProblem, standsUnseen = false } = input;
  const failures = [...memory.failures].filter(
    ([key, failure]) => key !== VMS && failure.retrying !== true && !(standsUnseen && isThrottledLook(failure)),
  );
  const problems = [
    ...failures.map(([key, { during, error, attempt }]) =>
      describeProblem(
        during === 'Read' ? `Reading the ${titleOf(key)}` : `Writing the ${titleOf(key)}`,
        error,
        attempt,
      ),
    ),
    ...(packageProblem === undefined ? [] : [packageProblem]),
  ];
  const worst =
    problems.find(({ reason }) => isStalling(reason)) ?? problems.find(({ passing }) => !passing) ?? problems[0];
  const inSync = inSyncFinding(input);
  if (worst !== undefined) {
    return [problemFinding(input, worst), ...inSync];
  }
  if (observed.plan.converged && observed.operations.size === 0) {
    return [
      { type: 'AzureReady', status: 'True', reason: 'Succeeded', message: 'All Azure resources are as declared.' },
      ...inSync,
    ];
  }
  if (standsUnseen && observed.operations.size === 0 && isAsDesiredSoFar(observed.plan)) {
    return inSync;
  }
  return [{ type: 'AzureReady', status: 'False', ...progress(input) }, ...inSync];
}

function problemFinding({ occasion, slow }: AzureFindingsInput, { reason, message }: AzureProblem): Finding {
  if (reason === 'AzureUnreachable' || reason === 'Throttled') {
    // Another status than that of work that goes on, so that the time of its transition says since when.
    return { type: 'AzureReady', status: 'Unknown', reason, message };
  }
  // What passes by itself is part of the work that is going on.
  const shown = reason === 'Provisioning' ? (slow ? 'ProvisioningSlow' : occasion) : reason;
  return { type: 'AzureReady', status: 'False', reason: shown, message };
}

function progress({ observed, memory, occasion, slow }: AzureFindingsInput): Pick<Finding, 'reason' | 'message'> {
  const { actions, waiting } = observed.plan;
  const busy = waiting.filter(({ reason }) => reason !== 'Dependency').map(({ key }) => key);
  const names = [...new Set([...actions.map(({ resource }) => resource.key), ...busy])].map(titleOf);
  const before = lastTry(memory);
  const waitingFor = `Waiting for Azure: ${names.length === 0 ? 'the next step' : names.join(', ')}.${before}`;
  return slow
    ? {
        reason: 'ProvisioningSlow',
        message: `Provisioning has taken longer than 15 minutes, which is unusual. It goes on. ${waitingFor} Look at the activity log of the resource group in Azure.`,
      }
    : { reason: occasion, message: waitingFor };
}

/** A try that takes Azure an hour would otherwise hide for as long why it is made. */
function lastTry({ failures }: GatewayMemory): string {
  const [again] = [...failures].filter(([key, { retrying }]) => key !== VMS && retrying === true);
  if (again === undefined) {
    return '';
  }
  const [key, { error }] = again;
  return ` It is a new try, as the last one failed: ${describeProblem(`Writing the ${titleOf(key)}`, error).message}`;
}

/** Whether what exists in Azure is what the spec says. */
function inSyncFinding({ observed, occasion, stopped = '', note = '' }: AzureFindingsInput): readonly Finding[] {
  if (stopped !== '' && occasion !== 'Provisioning') {
    const message = `Being set right: ${[describeDifferences(observed), stopped].filter((each) => each !== '').join('; ')}`;
    return [{ type: 'InSync', status: 'False', reason: 'RepairingDrift', message }];
  }
  if (observed.plan.converged) {
    const message = `Azure is as declared. ${note}`.trimEnd();
    return [{ type: 'InSync', status: 'True', reason: 'Succeeded', message }];
  }
  if (occasion === 'Provisioning') {
    return [{ type: 'InSync', status: 'Unknown', reason: 'Pending', message: 'The gateway is being built.' }];
  }
  const differences = describeDifferences(observed);
  return differences === ''
    ? []
    : [{ type: 'InSync', status: 'False', reason: occasion, message: `Being set right: ${differences}.` }];
}

/** At most so many differences are named; one is enough to know where to look. */
const SHOWN_DIFFERENCES = 5;

/** What is not as declared, such as `network security group: properties.securityRules[https] is missing`. */
export function describeDifferences({ plan }: ObservedGateway): string {
  const all = plan.actions.flatMap((action) => {
    const title = titleOf(action.resource.key);
    if (action.kind === 'Create') {
      return [`${title} is missing`];
    }
    return action.differences.length === 0
      ? [`${title} has failed`]
      : action.differences.map(
          ({ path, desired, observed }) =>
            `${title}: ${path} ${observed === undefined ? 'is missing' : desired === undefined ? 'is not declared' : 'differs'}`,
        );
  });
  return [...all.slice(0, SHOWN_DIFFERENCES), ...(all.length > SHOWN_DIFFERENCES ? ['and more'] : [])].join('; ');
}
