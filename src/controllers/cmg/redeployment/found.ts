import { ArmError } from '../../../azure/errors.ts';
import { parseResourceId } from '../../../azure/resource-id.ts';
import { API_VERSIONS } from '../../../gateway/api-versions.ts';
import type { GatewayOwner } from '../../../gateway/deployment.ts';
import { type GatewayMark, markOf } from '../../../gateway/mark.ts';
import { isOwnedBy } from '../../../gateway/tags.ts';
import type { Observed, ObservedDeployment } from '../../../redeployment/observed.ts';
import { readCredentials } from '../credentials.ts';
import { type FoundDeployment, takeInventory } from '../inventory.ts';
import type { Scope } from '../scope.ts';
import { foundOnSite } from './found-on-site.ts';
import { UNSEEN } from './look.ts';
import type { SiteFacts } from './site-facts.ts';

/** What was found of a CMG in Azure and on its site. */
export interface Search extends Pick<Observed, 'inventory'> {
  /** Deployments that no record tells of. */
  readonly found: readonly ObservedDeployment[];
  /** What Azure tells of them, by their ids. */
  readonly facts: ReadonlyMap<string, FoundFacts>;
  /** Why it could not be searched at all, in sentences. */
  readonly failure?: string;
}

/** What Azure tells of a deployment that no record tells of. */
export interface FoundFacts {
  readonly mark: GatewayMark;
  /** The ARM id of its resource group where that carries the tags of the CMG, so that the operator has made it. */
  readonly ownGroup: string | undefined;
}

/** Before nothing is made there is nothing to be found that could stand in its way. */
export const NOT_SEARCHED: Search = { found: [], facts: new Map(), inventory: 'Complete' };

/**
 * Looks for the gateways of a CMG that its records do not tell of, as they may have been lost: in Azure by its tags, and on its site
 * by the descriptions of what the site made.
 */
export async function search(scope: Scope, { records }: Pick<SiteFacts, 'records'>): Promise<Search> {
  const known = scope.cmg.status?.deployments ?? [];
  const inAzure = await searchAzure(scope, new Set(known.map(({ id }) => id)));
  const onSite = foundOnSite(scope, records, [...known, ...[...inAzure.facts.values()].map(({ mark }) => mark)]);
  return { ...inAzure, found: [...inAzure.found, ...onSite.map(asFound)] };
}

/** Of what no record tells nothing is looked at but its mark. */
function asFound(mark: GatewayMark): ObservedDeployment {
  return { ...UNSEEN, id: mark.id, resolves: 'Unknown', siteRecord: 'Unknown', mark: { kind: 'Read', mark } };
}

/**
 * Looks for everything that carries the tag of this CMG, wherever it is. The search may be behind, and what it says of a gateway that
 * has begun to serve meanwhile would have it deleted. So the tags are read anew.
 *
 * @param known ids of the deployments in the records
 */
async function searchAzure(scope: Scope, known: ReadonlySet<string>): Promise<Search> {
  const { cmg, azure, installationId, clusterUid, signal } = scope;
  const { metadata, spec, status } = cmg;
  const credentials = await readCredentials(scope);
  if (credentials.kind === 'Halt') {
    const failure = credentials.findings.map(({ message }) => message).join(' ');
    return { found: [], facts: new Map(), inventory: 'Partial', failure };
  }
  const { environment, subscriptionId } = spec.azure;
  const connect = (subscription: string) => azure.connect(environment, subscription, credentials.value.credentials).arm;
  const recorded = (status?.deployments ?? []).map(({ identity }) => identity.subscriptionId);
  const owner = { installationId, clusterUid, namespace: metadata.namespace, name: metadata.name };
  const { deployments, inventory } = await takeInventory({
    arm: connect(subscriptionId),
    owner,
    serviceName: spec.serviceName,
    subscriptions: [...new Set([subscriptionId, ...recorded])],
    signal,
  });
  const unknown = deployments.filter(({ id }) => !known.has(id));
  const looked = await Promise.all(
    unknown.map((each) => {
      const arm = connect(parseResourceId(each.resource.id).subscriptionId ?? subscriptionId);
      return lookAgain(each, { arm, owner, serviceName: spec.serviceName, signal });
    }),
  );
  const facts = looked.filter((each) => each !== 'NotRead');
  return {
    found: facts.map(({ mark }) => asFound(mark)),
    facts: new Map(facts.map((each) => [each.mark.id, each])),
    inventory: facts.length < looked.length ? 'Partial' : inventory,
  };
}

interface Sought {
  readonly arm: ReturnType<Scope['azure']['connect']>['arm'];
  readonly owner: GatewayOwner;
  readonly serviceName: string;
  readonly signal: AbortSignal;
}

/** What Azure itself says of it now. */
async function lookAgain(found: FoundDeployment, sought: Sought): Promise<FoundFacts | 'NotRead'> {
  try {
    return { mark: await markNow(found, sought), ownGroup: await ownGroupOf(found, sought) };
  } catch (error) {
    if (error instanceof ArmError) {
      return 'NotRead';
    }
    throw error;
  }
}

/** Where its identity is not found, or has gone since, it may have served. */
async function markNow(
  { id, resource, isAnchor, mark }: FoundDeployment,
  { arm, owner, serviceName, signal }: Sought,
): Promise<GatewayMark> {
  if (!isAnchor) {
    return mark;
  }
  const now = await arm.get(resource.id, API_VERSIONS.managedIdentity, { signal });
  const { location, tags } = now.kind === 'Present' ? now.resource : {};
  const read =
    now.kind === 'Present'
      ? markOf({ id: resource.id, location, tags }, { owner, deploymentId: id, serviceName })
      : undefined;
  return read?.kind === 'Read' ? read.mark : { ...mark, served: 'Yes' };
}

/** What may not be read is not taken for the operator's. */
async function ownGroupOf({ resource }: FoundDeployment, { arm, owner, signal }: Sought): Promise<string | undefined> {
  const { subscriptionId, resourceGroup } = parseResourceId(resource.id);
  const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
  try {
    const group = await arm.get(id, API_VERSIONS.resourceGroups, { signal });
    return group.kind === 'Present' && isOwnedBy(group.resource.tags, owner) ? id : undefined;
  } catch (error) {
    if (error instanceof ArmError && error.class === 'NeedsAdministrator') {
      return undefined;
    }
    throw error;
  }
}
