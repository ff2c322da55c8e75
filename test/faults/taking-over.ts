import { CMG_KIND } from '../../src/controllers/cmg/kind.ts';
import { ADOPT_ANNOTATION } from '../../src/controllers/cmg/ownership.ts';
import { SERVED_TAG } from '../../src/gateway/mark.ts';
import { CLUSTER_TAG, OWNER_TAG } from '../../src/gateway/tags.ts';
import { isAtRest, type LifeOptions, type LifeOutcome, stateOf } from './life.ts';
import { createFaultStage, type FaultStage, GATEWAY, NAMESPACE } from './stage.ts';

/** Builds the gateway from a cluster that is no more afterwards. Nothing goes wrong there. */
export async function buildElsewhere(options: LifeOptions): Promise<void> {
  const elsewhere = createFaultStage({ ...options, clusterUid: 'elsewhere' });
  try {
    elsewhere.apply(GATEWAY);
    await elsewhere.runUntil(() => isMarked(elsewhere) && isAtRest(elsewhere));
  } finally {
    elsewhere.operator.kill();
  }
}

/**
 * The same manifests on a new cluster, which takes the gateway over by its own tag; then somebody takes the tags off two
 * resources, and consents to their adoption.
 */
export async function takeOver(stage: FaultStage): Promise<LifeOutcome['states']> {
  const { control } = stage.world.azure;
  stage.apply(GATEWAY);
  await stage.runUntil(() => !valuesOf(stage, CLUSTER_TAG).has('elsewhere') && isMarked(stage) && isAtRest(stage));
  // The record of operations, once emptied, says as much as none: a lost answer to the only one leaves none to be written.
  const takeover = stateOf(stage).filter((each) => !each.startsWith('{"type":"configmgr.io/operations","data":{}'));

  const group = groupOf(stage);
  const rules = String(stage.resource('Microsoft.Network/networkSecurityGroups')?.id);
  for (const id of [group, rules]) control.mutate(id, { tags: { [OWNER_TAG]: null } });
  await stage.runUntil(() => stage.condition('AzureReady')?.reason === 'OwnershipLost');
  const spec = stage.cmg()?.spec ?? {};
  const annotations = { [ADOPT_ANNOTATION]: group };
  stage.kubernetes.put(CMG_KIND, { metadata: { namespace: NAMESPACE, name: GATEWAY, annotations }, spec });
  await stage.runUntil(() => [group, rules].every((id) => tagOf(control.resource(id), OWNER_TAG)) && isAtRest(stage));
  return { takeover, adoption: stateOf(stage) };
}

function groupOf({ world }: FaultStage): string {
  return `/subscriptions/${world.azure.subscriptionId}/resourceGroups/rg-${GATEWAY}`;
}

/** Whether Azure says, as it does a moment after the gateway serves, that it may have clients. */
function isMarked(stage: FaultStage): boolean {
  return !valuesOf(stage, SERVED_TAG).has('No') && stage.cmg()?.status?.activeDeployment !== undefined;
}

/** What a tag says on all resources that have it. */
function valuesOf({ world }: FaultStage, name: string): ReadonlySet<string> {
  const tags = world.azure.control.state().map((resource) => tagOf(resource, name));
  return new Set(tags.filter((tag) => tag !== undefined));
}

function tagOf(resource: { readonly tags?: unknown } | undefined, name: string): string | undefined {
  return (resource?.tags as Readonly<Record<string, string>> | undefined)?.[name];
}
