import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { prefixKey } from '../../../redeployment/identity.ts';
import { isOthers } from '../../../redeployment/others.ts';
import { type Finding, SLOW_RETRY_MS } from '../finding.ts';
import { provisionGateway } from '../provision.ts';
import type { Report } from '../report.ts';
import type { NamesHeld, Scope } from '../scope.ts';
import {
  CANDIDATE,
  cmgOfDeployment,
  isInGroupOf,
  operationsOf,
  scopeOfDeployment,
  sharesGroup,
} from './deployment-scope.ts';
import { checkNamesHolder } from './names-holder.ts';
import { proposeBySite } from './propose-by-site.ts';
import type { DeploymentsInput } from './reconcile.ts';

/**
 * The procedure for a gateway that is still to be made goes as far as its record, and writes nothing. Where another one has
 * its names, that one has to be able to give them back; beside one that the site made, it has a resource group of its own.
 *
 * @param scopes of the deployments that there are, by id
 */
export async function propose(input: DeploymentsInput, scopes: ReadonlyMap<string, Scope>): Promise<Report> {
  const { scope, store } = input;
  const { spec, status } = scope.cmg;
  const prefix = prefixKey(spec.serviceName);
  const holder = status?.deployments?.find(({ serviceName }) => prefixKey(serviceName) === prefix);
  const own = scopes.get(holder?.id ?? '');
  const operations = operationsOf(store, CANDIDATE);
  if (spec.provisioner === 'Site') {
    return proposeToSite(input, holder, own);
  }
  const group = { subscriptionId: spec.azure.subscriptionId, resourceGroup: spec.azure.resourceGroup.name };
  if (holder === undefined || own === undefined) {
    const neighbour = status?.deployments?.find((each) => isOthers(each) && isInGroupOf(each.identity, group));
    const report = await provisionGateway(candidateScope(input, undefined), operations);
    return neighbour === undefined ? report : withheld(report, [inGroupOfOthers(neighbour)], SLOW_RETRY_MS);
  }
  const isSameGroup = isInGroupOf(holder.identity, group);
  if (holder.phase === 'Deleting') {
    return provisionGateway(candidateScope(input, { group: isSameGroup ? 'Goes' : 'Stays' }), operations);
  }
  const freed = await checkNamesHolder(own, holder);
  const isGoing = freed.kind === 'Continue' && freed.value.group && isSameGroup;
  const report = await provisionGateway(candidateScope(input, { group: isGoing ? 'Goes' : 'Stays' }), operations);
  return freed.kind === 'Continue' ? report : withheld(report, freed.findings, freed.retryAfterMs);
}

/**
 * The site makes it, in a resource group of its own: what the site deletes with a gateway of it later is not documented. What
 * goes first has to be able to go.
 */
async function proposeToSite(
  input: DeploymentsInput,
  holder: CMGStatusDeployment | undefined,
  own: Scope | undefined,
): Promise<Report> {
  const { spec, status } = input.scope.cmg;
  const group = { subscriptionId: spec.azure.subscriptionId, resourceGroup: spec.azure.resourceGroup.name };
  const neighbour = status?.deployments?.find((each) => each.id !== holder?.id && isInGroupOf(each.identity, group));
  const report = await proposeBySite(candidateScope(input, undefined), holder !== undefined);
  if (neighbour !== undefined) {
    return withheld(report, [besideInGroup(neighbour)], SLOW_RETRY_MS);
  }
  if (holder === undefined || own === undefined || holder.phase === 'Deleting') {
    return report;
  }
  const freed = await checkNamesHolder(own, holder);
  return freed.kind === 'Continue' ? report : withheld(report, freed.findings, freed.retryAfterMs);
}

/** A gateway that could be made, but for this. */
function withheld(report: Report, findings: readonly Finding[], againAfterMs: number): Report {
  if (report.deployment === undefined) {
    return report;
  }
  const { deployment: _notYet, ...rest } = report;
  const others = rest.findings.filter(({ type }) => type !== 'PrerequisitesMet');
  return { ...rest, findings: [...others, ...findings], againAfterMs };
}

/** Whether the site deletes the group with its gateway is not documented. */
function inGroupOfOthers({ serviceName, identity }: CMGStatusDeployment): Finding {
  const message = `The resource group ${identity.resourceGroup} is that of the gateway ${serviceName}, which the site made and may delete with its group. Name another one in spec.azure.resourceGroup.`;
  return { type: 'PrerequisitesMet', status: 'False', reason: 'ResourceNotOwned', message };
}

function besideInGroup({ serviceName, identity }: CMGStatusDeployment): Finding {
  const message = `The resource group ${identity.resourceGroup} is that of the gateway ${serviceName}. The site may delete a group with a gateway that it made, so it is asked for none in there. Name another one in spec.azure.resourceGroup.`;
  return { type: 'PrerequisitesMet', status: 'False', reason: 'ResourceNotOwned', message };
}

function candidateScope({ scope, memories }: DeploymentsInput, held: NamesHeld | undefined): Scope {
  const { cmg } = scope;
  const { subscriptionId, resourceGroup } = cmg.spec.azure;
  const identity = { subscriptionId, resourceGroup: resourceGroup.name };
  const shares = held?.group !== 'Goes' && sharesGroup(cmg.status?.deployments ?? [], identity, undefined);
  const asked = cmgOfDeployment(cmg, undefined, { upkeep: 'AsDeclared', sharesGroup: shares });
  const own = scopeOfDeployment(scope, asked, memories, { id: CANDIDATE, upkeep: 'AsDeclared' });
  return held === undefined ? own : { ...own, namesHeld: held };
}
