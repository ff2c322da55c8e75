import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { createGatewayStep } from '../../../site/gateway-steps.ts';
import type { ManualStep } from '../../../site/manual-step.ts';
import type { SiteOperation } from '../../../site/operations.ts';
import type { ManagedCmg } from '../managed-cmg.ts';
import { type DescriptionOwner, describeForSite } from './site-description.ts';

/** The operation by which a person has the site make a gateway. */
export const CREATION_BY_PERSON: SiteOperation = 'CreateService';

/** The operation by which a person has the site change a gateway that it made. */
export const CHANGE_BY_PERSON: SiteOperation = 'ChangeService';

/** What a person does to have the site make the gateway that the CMG asks it for. */
export function creationStep(
  owner: DescriptionOwner,
  deployment: Pick<CMGStatusDeployment, 'id' | 'wantedOrder' | 'identity'>,
): ManualStep {
  const { cmg } = owner;
  const { identity } = deployment;
  const { vm, clientAuthentication, azure, entra, content, enforceTls12 } = cmg.spec;
  return createGatewayStep({
    serviceName: identity.serviceName,
    description: describeForSite(owner, deployment),
    environment: identity.environment,
    tenantId: identity.tenantId,
    subscriptionId: identity.subscriptionId,
    region: identity.region,
    resourceGroup: identity.resourceGroup,
    usesExistingGroup: azure.resourceGroup.mode === 'UseExisting',
    serverAppId: entra?.serverAppId,
    instances: vm.instances,
    vmSize: vm.size === 'Custom' ? `${vm.sku} (spec.vm.sku)` : `${vm.size} (spec.vm.size)`,
    contentEnabled: content.enabled,
    verifyRevocation: clientAuthentication.verifyRevocation,
    enforceTls12,
    certificate: certificatePlace(cmg),
    trustedCertificates: (clientAuthentication.trustedCertificates ?? []).map(({ name }) => name),
  });
}

/** Where the server certificate of a CMG is, for a person. */
export function certificatePlace({ metadata, spec }: ManagedCmg): string {
  return `the Secret ${metadata.namespace}/${spec.serverCertificate.secretRef.name}`;
}
