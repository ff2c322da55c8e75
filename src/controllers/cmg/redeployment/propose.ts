import { prefixKey } from '../../../redeployment/identity.ts';
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
import type { DeploymentsInput } from './reconcile.ts';

/**
 * The procedure for a gateway that is still to be made goes as far as its record, and writes nothing. Where another one has
 * its names, that one has to be able to give them back.
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
  if (holder === undefined || own === undefined) {
    return provisionGateway(candidateScope(input, undefined), operations);
  }
  const group = { subscriptionId: spec.azure.subscriptionId, resourceGroup: spec.azure.resourceGroup.name };
  const isSameGroup = isInGroupOf(holder.identity, group);
  if (holder.phase === 'Deleting') {
    return provisionGateway(candidateScope(input, { group: isSameGroup ? 'Goes' : 'Stays' }), operations);
  }
  const freed = await checkNamesHolder(own, holder);
  const isGoing = freed.kind === 'Continue' && freed.value.group && isSameGroup;
  const report = await provisionGateway(candidateScope(input, { group: isGoing ? 'Goes' : 'Stays' }), operations);
  if (freed.kind === 'Continue' || report.deployment === undefined) {
    return report;
  }
  const { deployment: _notYet, ...rest } = report;
  const others = rest.findings.filter(({ type }) => type !== 'PrerequisitesMet');
  return { ...rest, findings: [...others, ...freed.findings], againAfterMs: freed.retryAfterMs };
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
