import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { type GatewayMark, isServiceName } from '../../../gateway/mark.ts';
import { ownerTag } from '../../../gateway/tags.ts';
import type { ServiceRecord } from '../../../site/site.ts';
import type { Scope } from '../scope.ts';

/** Whose gateway it is. */
export type DescriptionOwner = Pick<Scope, 'cmg' | 'installationId'>;

/**
 * What the site's record of a gateway says of it in its description, for the day on which the status of the CMG is lost: the
 * operator writes no tags on what the site makes. A person reads it in the console, and gives it with the line that makes the
 * gateway. How much the site takes is not documented; as a rule these are some 150 characters.
 *
 * Such as `Kubernetes CMG prod/gateways/granitefalls, deployment 3f9c21ab/2, rg-cmg in westeurope, tenant 3f2504e0-…`: the
 * owner as in the tags of Azure, the id of the deployment and as which of all it was wanted, and its place. Where the
 * certificate has a revision, it stands before the tenant.
 */
export function describeForSite(
  { cmg: { metadata }, installationId }: DescriptionOwner,
  { id, wantedOrder, identity }: Pick<CMGStatusDeployment, 'id' | 'wantedOrder' | 'identity'>,
): string {
  const { namespace, name } = metadata;
  const { resourceGroup, region, certificateRevision = '', tenantId } = identity;
  const revision = certificateRevision === '' ? '' : `revision ${certificateRevision}, `;
  const owner = ownerTag({ installationId, namespace, name });
  return `Kubernetes CMG ${owner}, deployment ${id}/${wantedOrder ?? 1}, ${resourceGroup} in ${region}, ${revision}tenant ${tenantId}`;
}

const DESCRIPTION =
  /^Kubernetes CMG (\S+), deployment ([0-9a-f]{1,63})\/([1-9]\d{0,8}), (\S{1,90}) in (\S{1,50}), (?:revision (.{1,63}), )?tenant ([0-9a-f-]{36})$/i;

/**
 * What a record of the site tells of a gateway that the CMG has asked it for; `undefined`: it is not such a one, or somebody has
 * changed its description. It may have served, as nobody has written down whether it has.
 */
export function markInDescription(
  { cmg: { metadata }, installationId }: DescriptionOwner,
  { description, serviceName, subscriptionId }: Pick<ServiceRecord, 'description' | 'serviceName' | 'subscriptionId'>,
): GatewayMark | undefined {
  const [, owner, id = '', order = '', resourceGroup = '', region = '', certificateRevision = '', tenantId = ''] =
    DESCRIPTION.exec(description) ?? [];
  const { namespace, name } = metadata;
  if (owner !== ownerTag({ installationId, namespace, name }) || !isServiceName(serviceName)) {
    return undefined;
  }
  return {
    id,
    serviceName,
    identity: {
      provisioner: 'Site',
      serviceName,
      ...(/^[0-9a-f-]{36}$/i.test(subscriptionId) ? { subscriptionId } : {}),
      resourceGroup,
      region,
      tenantId,
      certificateRevision,
    },
    served: 'Yes',
    wantedSince: 0,
    wantedOrder: Number(order),
  };
}
