import type { GatewayDeployment, GatewayOwner } from './deployment.ts';

/** Tag names. Azure allows no slash in a tag name, hence the underscore where Kubernetes would have a slash. */
export const OWNER_TAG = 'configmgr.io_owner';
export const CLUSTER_TAG = 'configmgr.io_cluster';
export const DEPLOYMENT_TAG = 'configmgr.io_deployment';

/** Marks a resource as part of a deployment, so that nothing else is ever changed or deleted. */
export function ownershipTags({ owner, id }: GatewayDeployment): Readonly<Record<string, string>> {
  return { [OWNER_TAG]: ownerTag(owner), [CLUSTER_TAG]: owner.clusterUid, [DEPLOYMENT_TAG]: id };
}

/** `<installation id>/<namespace>/<name>`: at most 40 + 63 + 63 characters and two slashes, of the 256 that Azure allows. */
export function ownerTag({ installationId, namespace, name }: GatewayOwner): string {
  return `${installationId}/${namespace}/${name}`;
}

/** Whether tags that were read from Azure mark a resource of this owner. Tag names compare without case, values with it. */
export function isOwnedBy(tags: unknown, owner: GatewayOwner): boolean {
  if (typeof tags !== 'object' || tags === null) {
    return false;
  }
  const found = Object.entries(tags).find(([name]) => name.toLowerCase() === OWNER_TAG);
  return found?.[1] === ownerTag(owner);
}
