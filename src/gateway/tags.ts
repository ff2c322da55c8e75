import type { GatewayDeployment, GatewayOwner } from './deployment.ts';

/** Tag names. Azure allows no slash in a tag name, hence the underscore where Kubernetes would have a slash. */
export const OWNER_TAG = 'configmgr.io_owner';
export const CLUSTER_TAG = 'configmgr.io_cluster';
export const DEPLOYMENT_TAG = 'configmgr.io_deployment';

/** On the vault's secret: which certificate and chain it holds, as Azure never returns the value. */
export const CERTIFICATE_TAG = 'configmgr.io_certificate';

/** On the scale set: SHA-256 of the settings that its VMs are to have, which Azure never returns either. */
export const SETTINGS_TAG = 'configmgr.io_settings';

/** On the scale set: revision of the model that its VMs are to have. */
export const MODEL_TAG = 'configmgr.io_model';

/** Marks a resource as part of a deployment, so that nothing else is ever changed or deleted. */
export function ownershipTags({ owner, id }: GatewayDeployment): Readonly<Record<string, string>> {
  return { [OWNER_TAG]: ownerTag(owner), [CLUSTER_TAG]: owner.clusterUid, [DEPLOYMENT_TAG]: id };
}

/** `<installation id>/<namespace>/<name>`: at most 40 + 63 + 63 characters and two slashes, of the 256 that Azure allows. */
export function ownerTag({ installationId, namespace, name }: Omit<GatewayOwner, 'clusterUid'>): string {
  return `${installationId}/${namespace}/${name}`;
}

/** What the tags of a resource say about who it belongs to. */
export interface Ownership {
  /** `<installation id>/<namespace>/<name>` */
  readonly owner: string;
  readonly clusterUid: string | undefined;
  readonly deploymentId: string | undefined;
}

/**
 * Reads the tags of a resource; `undefined` when they name no owner. Azure compares tag names without case, values with
 * it, and may give names back in another case than they were written in.
 */
export function ownershipOf(tags: unknown): Ownership | undefined {
  const text = readTags(tags);
  const owner = text(OWNER_TAG);
  return owner === undefined ? undefined : { owner, clusterUid: text(CLUSTER_TAG), deploymentId: text(DEPLOYMENT_TAG) };
}

/** The revision of the model that the tags of a scale set name; `undefined` where they name none. */
export function modelRevisionOf(tags: unknown): number | undefined {
  const text = readTags(tags)(MODEL_TAG) ?? '';
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : undefined;
}

/** The values of tags that were read from Azure, by name in whatever case. */
export function readTags(tags: unknown): (name: string) => string | undefined {
  const values = new Map(Object.entries(tags ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => {
    const value: unknown = values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
}

/** Whether tags that were read from Azure mark a resource of this owner, in whatever cluster it was made. */
export function isOwnedBy(tags: unknown, owner: GatewayOwner): boolean {
  return ownershipOf(tags)?.owner === ownerTag(owner);
}

/** The other cluster that the tags of a resource of this owner name; `undefined` when they name this one, or none. */
export function clusterThatTook(tags: unknown, owner: GatewayOwner): string | undefined {
  const ownership = isOwnedBy(tags, owner) ? ownershipOf(tags) : undefined;
  return ownership?.clusterUid === owner.clusterUid ? undefined : ownership?.clusterUid;
}
