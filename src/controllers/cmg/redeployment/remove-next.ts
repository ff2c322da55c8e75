import type { CMG, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { wasThereBefore } from '../../../redeployment/others.ts';
import { isManaged, type ManagedCmg } from '../managed-cmg.ts';
import type { Happening, Report } from '../report.ts';
import { cmgOfDeployment, sharesGroup } from './deployment-scope.ts';

/**
 * The deployment of a CMG that is being deleted which goes next: those that never served first. One that was there before
 * the CMG asked for it, and stays, has its turn when there is nothing else.
 */
export function nextToRemove({ status }: CMG): CMGStatusDeployment | undefined {
  const all = status?.deployments ?? [];
  const going = all.filter((deployment) => !wasThereBefore(deployment));
  const deployments = going.length > 0 ? going : all;
  return (
    deployments.find(({ phase }) => phase === 'Deleting') ??
    deployments.find(({ served }) => served === false) ??
    deployments[0]
  );
}

/** The CMG as if it had no other deployment. */
export function narrowedTo<C extends CMG>(cmg: C, deployment: CMGStatusDeployment): C {
  const { phase } = deployment;
  const known = { ...deployment, phase: phase === 'Superseded' || phase === 'Draining' ? 'Active' : phase } as const;
  const only = { ...cmg, status: { ...cmg.status, deployments: [known] } };
  return isManaged(only) ? (asMade(only, cmg, known) as C) : only;
}

function asMade(only: ManagedCmg, whole: CMG, deployment: CMGStatusDeployment): CMG {
  const shares = sharesGroup(whole.status?.deployments ?? [], deployment.identity, deployment.id);
  const upkeep = deployment.serviceName === whole.spec.serviceName ? 'AsDeclared' : 'KeepServing';
  const going = { ...deployment, phase: 'Deleting' } as const;
  const { spec } = cmgOfDeployment(only, going, { upkeep, sharesGroup: shares });
  return { ...only, spec };
}

/** The report of one removal, with the deployments whose turn has not come. */
export function withTheOthers({ status }: CMG, report: Report): Report {
  const { deployment } = report;
  const deployments = status?.deployments ?? [];
  return deployment === undefined
    ? report
    : { ...report, deployments: deployments.map((each) => (each.id === deployment.id ? deployment : each)) };
}

/** The report once nothing is left of a deployment, and others are. */
export function withoutDeployment({ status }: CMG, id: string, report: Pick<Report, 'happenings'>): Report {
  const deployments = (status?.deployments ?? []).filter((each) => each.id !== id);
  return { findings: [], happenings: report.happenings, deployments, againAfterMs: 0 };
}

/** What is told when a CMG goes and leaves all of its gateways in Azure, after what is told of the one that went first. */
export function othersStay(
  { status }: CMG,
  next: CMGStatusDeployment | undefined,
  told: Happening,
): readonly Happening[] {
  return (status?.deployments ?? [])
    .filter(({ id }) => id !== next?.id)
    .map(({ serviceName, identity: { resourceGroup, subscriptionId } }) => ({
      ...told,
      note: `The gateway ${serviceName} stays in Azure too, in the resource group ${resourceGroup} of the subscription ${subscriptionId}; nobody looks after it any more.`,
    }));
}
