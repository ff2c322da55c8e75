import type { X509Certificate } from 'node:crypto';
import type { CMG, CMGStatusDeployment, CMGStatusDeploymentIdentity } from '../../api/v1alpha1/cmg.generated.ts';
import type { ServerCertificate } from '../../certificates/server-certificate.ts';
import { type GatewayDeployment, prefixOf } from '../../gateway/deployment.ts';
import { VM_MODELS, type VmModel } from '../../gateway/vm-models.ts';
import { vmSku } from '../../gateway/vm-sizes.ts';
import { identityChanges as changedFields } from '../../redeployment/identity.ts';
import type { ManagedCmg } from './managed-cmg.ts';

/** The fields of a spec that a gateway keeps for its life. */
export function identityOf({ spec }: CMG): CMGStatusDeploymentIdentity {
  const { environment, tenantId, subscriptionId, region, resourceGroup } = spec.azure;
  return {
    environment,
    tenantId,
    subscriptionId,
    region,
    resourceGroup: resourceGroup.name,
    serviceName: spec.serviceName,
    ...(spec.serverCertificate === undefined ? {} : { certificateRevision: spec.serverCertificate.revision }),
  };
}

/** Fields in which the spec asks for another gateway than the recorded one, as `field (recorded → wanted)`. */
export function identityChanges(cmg: CMG, record: CMGStatusDeployment): readonly string[] {
  return changedFields(record.identity, identityOf(cmg)).map(
    ({ field, before, after }) => `${field} (${before} → ${after})`,
  );
}

/** What the graph is made from. The secrets are given as functions, so that they exist only where they are used. */
export function gatewayDeployment(input: {
  readonly cmg: ManagedCmg;
  readonly id: string;
  readonly installationId: string;
  readonly clusterUid: string;
  readonly operatorPrincipalId: string;
  readonly vmModel: VmModel;
  readonly authorityHost: string;
  readonly certificate: ServerCertificate;
  readonly trustedCertificates: readonly X509Certificate[];
  readonly pkcs12: () => Promise<string>;
  readonly adminPassword: () => string;
  /** What of the deployment has to be found again when the status is lost. */
  readonly mark?: GatewayDeployment['mark'];
}): GatewayDeployment {
  const { cmg, id, certificate } = input;
  const { spec, metadata } = cmg;
  return {
    id,
    owner: {
      installationId: input.installationId,
      namespace: metadata.namespace,
      name: metadata.name,
      clusterUid: input.clusterUid,
    },
    tenantId: spec.azure.tenantId,
    subscriptionId: spec.azure.subscriptionId,
    region: spec.azure.region,
    resourceGroup: spec.azure.resourceGroup,
    serviceName: spec.serviceName,
    prefix: prefixOf(spec.serviceName),
    vmSku: vmSku(spec.vm),
    vmModel: input.vmModel,
    instances: spec.vm.instances,
    contentEnabled: spec.content.enabled,
    clientAuthentication: {
      trustedCertificates: input.trustedCertificates.map(({ raw }) => raw.toString('base64')),
      verifyRevocation: spec.clientAuthentication.verifyRevocation,
    },
    minimumTlsVersion: spec.enforceTls12 ? '1.2' : '1.0',
    entra: spec.entra,
    authorityHost: input.authorityHost,
    // Without one nothing is built: what the VMs of a gateway have that is only kept up, their settings tell.
    servicePackage: { sha256: spec.servicePackage?.sha256 ?? '' },
    certificate: {
      sha256Fingerprint: certificate.sha256Fingerprint,
      chainSha256: certificate.chainSha256,
      pkcs12: input.pkcs12,
    },
    operatorPrincipalId: input.operatorPrincipalId,
    adminPassword: input.adminPassword,
    ...(input.mark === undefined ? {} : { mark: input.mark }),
  };
}

/** The deployment of a record, for its removal. It is only read and deleted, so it carries no secrets. */
export function recordedGateway(
  cmg: ManagedCmg,
  record: CMGStatusDeployment,
  { installationId, clusterUid }: { readonly installationId: string; readonly clusterUid: string },
): GatewayDeployment {
  const { tenantId, subscriptionId, region, resourceGroup, serviceName } = record.identity;
  const { metadata, spec } = cmg;
  return {
    id: record.id,
    owner: { installationId, clusterUid, namespace: metadata.namespace, name: metadata.name },
    tenantId,
    subscriptionId,
    region,
    resourceGroup: { name: resourceGroup, mode: spec.azure.resourceGroup.mode },
    serviceName,
    prefix: prefixOf(serviceName),
    vmSku: vmSku(spec.vm),
    vmModel: VM_MODELS[0],
    instances: spec.vm.instances,
    contentEnabled: spec.content.enabled,
    clientAuthentication: { trustedCertificates: [], verifyRevocation: spec.clientAuthentication.verifyRevocation },
    minimumTlsVersion: spec.enforceTls12 ? '1.2' : '1.0',
    entra: spec.entra,
    authorityHost: '',
    servicePackage: { sha256: '' },
    certificate: { sha256Fingerprint: '', chainSha256: '', pkcs12: async () => '' },
    operatorPrincipalId: '',
    adminPassword: () => '',
  };
}
