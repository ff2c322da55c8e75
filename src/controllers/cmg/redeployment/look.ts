import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../../azure/arm-client.ts';
import { ArmError } from '../../../azure/errors.ts';
import { API_VERSIONS } from '../../../gateway/api-versions.ts';
import type { GatewayDeployment } from '../../../gateway/deployment.ts';
import { resourceIds } from '../../../gateway/ids.ts';
import { type GatewayInstance, readInstances } from '../../../gateway/instances.ts';
import type { ObservedDeployment, ObservedMark, Seen } from '../../../redeployment/observed.ts';
import { recordedGateway } from '../deployment.ts';
import type { Finding } from '../finding.ts';
import type { OperationsStore } from '../operations-secret.ts';
import { adoptCommand } from '../ownership.ts';
import { provisionGateway } from '../provision.ts';
import type { Report } from '../report.ts';
import type { Scope } from '../scope.ts';
import { adoptLeaving } from './adopt-leaving.ts';
import { azureOf } from './azure-of-deployment.ts';
import type { SiteWork } from './look-at-site-gateway.ts';
import { markInAzure, readOwner } from './mark.ts';

/** One deployment as it was found in this round. */
export interface Look {
  readonly observed: Omit<ObservedDeployment, 'siteRecord' | 'resolves'>;
  /** What the procedure for one gateway came to, where it was followed. */
  readonly report?: Report;
  /** What the site has to do about it, where the CMG asks the site for it. */
  readonly work?: SiteWork;
  /** The consent to its adoption that has been used up in this round. */
  readonly adopted?: string;
  /** The other cluster that has taken it over, by the UID of its namespace `kube-system`, where that was looked for. */
  readonly otherCluster?: string;
}

/** A deployment of which nothing has been seen. */
export const UNSEEN: Look['observed'] = {
  id: '',
  azure: 'Unknown',
  mark: { kind: 'Unknown' },
  running: 'Unknown',
  instancesServe: 'Unknown',
  certificatePresented: 'Unknown',
  credentialsMissing: false,
};

/** Follows the procedure for a gateway that stands, and tells what came of it in the words of the planner. */
export async function keepUp(scope: Scope, store: OperationsStore, deployment: CMGStatusDeployment): Promise<Look> {
  const report = await provisionGateway(scope, store);
  const healthy = report.findings.find(({ type }) => type === 'ServiceHealthy');
  const serves = healthy === undefined ? 'Unknown' : SEEN[healthy.status];
  const mark = markInAzure(scope, deployment);
  return {
    report,
    observed: {
      id: deployment.id,
      azure: presenceOf(scope, report, deployment),
      mark,
      ...adoptionOf(scope, deployment, mark),
      running: runningOf(scope.memory.instances?.seen, serves),
      instancesServe: serves,
      // Every VM serves only for whom the certificate has been seen too.
      certificatePresented: scope.probe === undefined ? 'NotProbed' : serves,
      credentialsMissing: report.findings.some(isMissingCredential),
    },
  };
}

const SEEN: Readonly<Record<Finding['status'], Seen>> = { True: 'Yes', False: 'No', Unknown: 'Unknown' };

function isMissingCredential({ type, reason }: Finding): boolean {
  return type === 'PrerequisitesMet' && reason === 'SecretNotFound';
}

/** Whether there is a gateway, by what the procedure saw of its resources. What it did not read is not known. */
function presenceOf(
  scope: Scope,
  { deployment: seen }: Report,
  deployment: CMGStatusDeployment,
): ObservedDeployment['azure'] {
  const { scaleSet } = resourceIds(recordedGateway(scope.cmg, deployment, scope));
  const state = scope.memory.observations.get(scaleSet)?.state;
  if (state?.kind !== 'Absent') {
    return state?.kind === 'Present' ? 'Whole' : 'Unknown';
  }
  const resources = seen?.resources ?? [];
  return resources.length > 0 && resources.every(({ provisioningState }) => provisioningState === 'Absent')
    ? 'Absent'
    : 'Partial';
}

function runningOf(instances: readonly GatewayInstance[] | undefined, serves: Seen): Seen {
  if (serves === 'Yes') {
    return 'Yes';
  }
  if (instances === undefined || instances.length === 0) {
    return 'Unknown';
  }
  return instances.every(({ problem }) => problem?.kind === 'Stopped') ? 'No' : 'Yes';
}

/** How a gateway is taken back that has lost its tags. */
function adoptionOf(
  scope: Scope,
  deployment: CMGStatusDeployment,
  { kind }: ObservedMark,
): Pick<ObservedDeployment, 'adoption'> {
  const { resourceGroup } = resourceIds(recordedGateway(scope.cmg, deployment, scope));
  return kind === 'Lost' ? { adoption: adoptCommand(scope.cmg, resourceGroup) } : {};
}

/** Looks at a gateway that hands over or is being deleted, and leaves it as it is, but for tags that it has lost. */
export async function lookOnly(scope: Scope, deployment: CMGStatusDeployment): Promise<Look> {
  const unknown = { ...UNSEEN, id: deployment.id };
  const azure = await azureOf(scope, deployment);
  if (azure.kind === 'Halt') {
    return { observed: { ...unknown, credentialsMissing: true } };
  }
  try {
    return await lookInAzure(scope, azure.value, deployment);
  } catch (error) {
    if (error instanceof ArmError) {
      return { observed: unknown };
    }
    throw error;
  }
}

/** The same, as this user of Azure. @throws ArmError */
export async function lookInAzure(scope: Scope, arm: ArmClient, deployment: CMGStatusDeployment): Promise<Look> {
  const gateway = recordedGateway(scope.cmg, deployment, scope);
  const found = await readOwner(scope, arm, deployment);
  const scaleSet = await arm.get(resourceIds(gateway).scaleSet, API_VERSIONS.compute, { signal: scope.signal });
  if (found.mark.kind === 'Lost') {
    // Should it be kept up again, what was seen of its other resources before may be as wrong.
    scope.memory.observations.clear();
  }
  const adopted = found.mark.kind === 'Lost' ? await adoptLeaving(scope, arm, deployment) : undefined;
  const { mark, otherCluster } = adopted === undefined ? found : await readOwner(scope, arm, deployment);
  const instances = scaleSet.kind === 'Absent' ? [] : await instancesOf(scope, arm, gateway);
  const serves = seenOf(instances);
  return {
    ...(adopted === undefined ? {} : { adopted }),
    ...(otherCluster === undefined ? {} : { otherCluster }),
    observed: {
      ...UNSEEN,
      id: deployment.id,
      ...adoptionOf(scope, deployment, mark),
      azure: scaleSet.kind === 'Present' ? 'Whole' : 'Partial',
      mark,
      running: runningOf(instances, serves),
      instancesServe: serves,
      certificatePresented: 'NotProbed',
    },
  };
}

async function instancesOf({ signal }: Scope, arm: ArmClient, gateway: GatewayDeployment) {
  const query = { $expand: 'instanceView' };
  const address = `${resourceIds(gateway).scaleSet}/virtualMachines`;
  return readInstances(await arm.list(address, API_VERSIONS.compute, { query, signal }));
}

function seenOf(instances: readonly GatewayInstance[]): Seen {
  return instances.length > 0 && instances.every(({ ready }) => ready) ? 'Yes' : 'No';
}
