/** The parts of a gateway's identity: what it is made with and keeps for its life. */
export const IDENTITY_PARTS = [
  'environment',
  'tenantId',
  'subscriptionId',
  'region',
  'resourceGroup',
  'serviceName',
  'certificateRevision',
  'provisioner',
  'deploymentModel',
] as const;

/** One part of a gateway's identity. */
export type IdentityPart = (typeof IDENTITY_PARTS)[number];

/** What a change of a field does to a gateway that exists. */
export type ChangeClass =
  /** It is carried out on the gateway. */
  | { readonly kind: 'InPlace' }
  /** It needs another gateway, which takes the place of this one. */
  | {
      readonly kind: 'Redeploy';
      readonly part: IdentityPart;
      /** Azure compares names of groups and regions, and ids, without case; Configuration Manager takes names as they are. */
      readonly letterCase: 'Counts' | 'Ignored';
    };

const IN_PLACE: ChangeClass = { kind: 'InPlace' };

function redeploy(part: IdentityPart, letterCase: 'Counts' | 'Ignored'): ChangeClass {
  return { kind: 'Redeploy', part, letterCase };
}

/** The class of every field of a CMG's spec that holds a value, by its path; `[]` stands for each item of a list. */
export const CHANGE_CLASSES: Readonly<Record<string, ChangeClass>> = {
  'spec.suspend': IN_PLACE,
  'spec.deletionPolicy': IN_PLACE,
  'spec.deletionProtection': IN_PLACE,
  'spec.azure.environment': redeploy('environment', 'Ignored'),
  'spec.azure.tenantId': redeploy('tenantId', 'Ignored'),
  'spec.azure.subscriptionId': redeploy('subscriptionId', 'Ignored'),
  'spec.azure.credentials.type': IN_PLACE,
  'spec.azure.credentials.workloadIdentity.clientId': IN_PLACE,
  'spec.azure.credentials.clientSecret.clientId': IN_PLACE,
  'spec.azure.credentials.clientSecret.secretRef.name': IN_PLACE,
  'spec.azure.credentials.clientSecret.secretRef.key': IN_PLACE,
  'spec.azure.credentials.clientCertificate.clientId': IN_PLACE,
  'spec.azure.credentials.clientCertificate.secretRef.name': IN_PLACE,
  'spec.azure.credentials.clientCertificate.certificateKey': IN_PLACE,
  'spec.azure.credentials.clientCertificate.privateKeyKey': IN_PLACE,
  'spec.azure.region': redeploy('region', 'Ignored'),
  'spec.azure.resourceGroup.name': redeploy('resourceGroup', 'Ignored'),
  'spec.azure.resourceGroup.mode': IN_PLACE,
  'spec.serviceName': redeploy('serviceName', 'Counts'),
  'spec.serverCertificate.format': IN_PLACE,
  'spec.serverCertificate.secretRef.name': IN_PLACE,
  'spec.serverCertificate.tls.certificateKey': IN_PLACE,
  'spec.serverCertificate.tls.privateKeyKey': IN_PLACE,
  'spec.serverCertificate.pfx.key': IN_PLACE,
  'spec.serverCertificate.pfx.passwordKey': IN_PLACE,
  'spec.serverCertificate.revision': redeploy('certificateRevision', 'Counts'),
  'spec.vm.size': IN_PLACE,
  'spec.vm.sku': IN_PLACE,
  'spec.vm.instances': IN_PLACE,
  'spec.vm.modelUpdates': IN_PLACE,
  'spec.servicePackage.url': IN_PLACE,
  'spec.servicePackage.sha256': IN_PLACE,
  'spec.servicePackage.credentialsSecretRef.name': IN_PLACE,
  'spec.clientAuthentication.trustedCertificates[].name': IN_PLACE,
  'spec.clientAuthentication.trustedCertificates[].type': IN_PLACE,
  'spec.clientAuthentication.trustedCertificates[].configMap.name': IN_PLACE,
  'spec.clientAuthentication.trustedCertificates[].configMap.key': IN_PLACE,
  'spec.clientAuthentication.trustedCertificates[].secret.name': IN_PLACE,
  'spec.clientAuthentication.trustedCertificates[].secret.key': IN_PLACE,
  'spec.clientAuthentication.verifyRevocation': IN_PLACE,
  'spec.entra.serverAppId': IN_PLACE,
  'spec.entra.clientAppId': IN_PLACE,
  'spec.enforceTls12': IN_PLACE,
  'spec.content.enabled': IN_PLACE,
  'spec.siteRef.name': IN_PLACE,
  // In place as a field. A gateway that was only observed is recorded as the site's: Manage with the operator as its
  // provisioner asks for another one, and with the site as its provisioner for this one.
  'spec.managementPolicy': IN_PLACE,
  'spec.provisioner': redeploy('provisioner', 'Counts'),
  'spec.description': IN_PLACE,
  'spec.deploymentModel': redeploy('deploymentModel', 'Counts'),
  'spec.alerts.traffic.enabled': IN_PLACE,
  'spec.alerts.traffic.thresholdGB': IN_PLACE,
  'spec.alerts.traffic.warningPercent': IN_PLACE,
  'spec.alerts.traffic.criticalPercent': IN_PLACE,
  'spec.alerts.traffic.stopServiceOnCritical': IN_PLACE,
  'spec.alerts.storage.enabled': IN_PLACE,
  'spec.alerts.storage.thresholdGB': IN_PLACE,
  'spec.alerts.storage.warningPercent': IN_PLACE,
  'spec.alerts.storage.criticalPercent': IN_PLACE,
  'spec.powerState': IN_PLACE,
  'spec.redeployment.minimumWait': IN_PLACE,
  'spec.redeployment.requiredRefreshPercent': IN_PLACE,
  'spec.redeployment.ignoreClientsInactiveFor': IN_PLACE,
  'spec.redeployment.deadline': IN_PLACE,
  'spec.redeployment.onDeadline': IN_PLACE,
  'spec.redeployment.drainFor': IN_PLACE,
  'spec.redeployment.evidence': IN_PLACE,
  'spec.dns': IN_PLACE,
};

/**
 * Fields of the table that the definition of the CMG is still to get. One that has arrived is taken off this list, as
 * the test of the table demands.
 */
export const COMING_FIELDS: readonly string[] = [
  'spec.description',
  // Alerts, stop and start.
  'spec.alerts.traffic.enabled',
  'spec.alerts.traffic.thresholdGB',
  'spec.alerts.traffic.warningPercent',
  'spec.alerts.traffic.criticalPercent',
  'spec.alerts.traffic.stopServiceOnCritical',
  'spec.alerts.storage.enabled',
  'spec.alerts.storage.thresholdGB',
  'spec.alerts.storage.warningPercent',
  'spec.alerts.storage.criticalPercent',
  'spec.powerState',
  'spec.dns',
];
