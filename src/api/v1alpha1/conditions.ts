/** The condition types of a CMG. `Reconciling` and `Stalled` are present only while true, as kstatus asks. */
export type ConditionType =
  | 'Ready'
  | 'Reconciling'
  | 'Stalled'
  | 'CertificateValid'
  | 'PrerequisitesMet'
  | 'AzureReady'
  | 'ServiceHealthy'
  | 'InSync';

interface ReasonDescription {
  /** Whether nothing moves on until a person acts. `Stalled` is then True. */
  readonly stalled: boolean;
  /** What it means and what to do, for the documentation. */
  readonly meaning: string;
}

/** Every reason that a condition may carry, once. */
export const REASONS = {
  Succeeded: { stalled: false, meaning: 'The condition holds; nothing has to be done.' },
  Pending: { stalled: false, meaning: 'Not checked yet, because an earlier step has not finished.' },
  Provisioning: {
    stalled: false,
    meaning: 'The gateway is being built in Azure. The message names what it waits for.',
  },
  ProvisioningSlow: {
    stalled: false,
    meaning: 'Provisioning has taken longer than 15 minutes. It goes on; look at the resource that the message names.',
  },
  Updating: { stalled: false, meaning: 'A change of the spec is being carried out on a gateway that exists.' },
  RepairingDrift: {
    stalled: false,
    meaning: 'Somebody or something changed the Azure resources; the operator is setting them back.',
  },
  Deleting: { stalled: false, meaning: 'The gateway is being removed from Azure.' },
  DeletionBlocked: {
    stalled: true,
    meaning: 'The gateway cannot be removed from Azure. Mend what the message says, or set deletionPolicy to Retain.',
  },
  SecretNotFound: {
    stalled: false,
    meaning: 'A Secret that the spec names does not exist, or lacks a key. Create it.',
  },
  CertificateUnreadable: {
    stalled: true,
    meaning: 'The Secret does not hold a certificate with its private key in the declared format.',
  },
  PrivateKeyMismatch: { stalled: true, meaning: 'The private key does not belong to the certificate.' },
  UnsupportedKey: { stalled: true, meaning: 'The key is not RSA with 2048 or 4096 bits, which the gateway needs.' },
  CertificateExpired: { stalled: true, meaning: 'The server certificate has expired. Renew it in the Secret.' },
  CertificateNotYetValid: { stalled: true, meaning: 'The validity of the server certificate begins in the future.' },
  CertificateExpiring: {
    stalled: false,
    meaning: 'The server certificate expires within 30 days. Renew it in the Secret.',
  },
  CommonNameMissing: { stalled: true, meaning: 'The subject of the server certificate has no common name.' },
  NameMismatch: {
    stalled: true,
    meaning: 'The server certificate is not for the service name; upper and lower case count.',
  },
  CommonNameChanged: {
    stalled: true,
    meaning: 'The renewed certificate has another common name than the one the gateway was made with.',
  },
  IncompleteChain: {
    stalled: true,
    meaning: 'An issuer of the server certificate is neither in the Secret nor a public root. Add the intermediates.',
  },
  NotForServers: { stalled: true, meaning: 'The certificate may not be used for server authentication.' },
  CredentialsInvalid: {
    stalled: true,
    meaning: 'Microsoft Entra ID refuses the credentials of spec.azure.credentials.',
  },
  AuthorizationFailed: {
    stalled: true,
    meaning: 'The application lacks a right in Azure, or a policy or lock forbids it.',
  },
  SubscriptionNotFound: {
    stalled: true,
    meaning: 'The application cannot see the subscription, or it does not exist.',
  },
  SubscriptionDisabled: { stalled: true, meaning: 'The subscription is disabled and takes no changes.' },
  ProviderNotRegistered: {
    stalled: true,
    meaning: 'A resource provider is not registered in the subscription and the operator may not register it.',
  },
  RegisteringProviders: {
    stalled: false,
    meaning: 'The operator asked Azure to register resource providers; it takes about a minute.',
  },
  RegionNotFound: { stalled: true, meaning: 'The subscription has no region of that name.' },
  SkuNotAvailable: { stalled: true, meaning: 'The VM size is not offered in the region, or not to this subscription.' },
  QuotaExceeded: { stalled: true, meaning: 'The quota of the subscription is too small for these VMs.' },
  ResourceGroupNotFound: { stalled: true, meaning: 'The resource group of mode UseExisting does not exist.' },
  ResourceGroupLocationMismatch: {
    stalled: true,
    meaning: 'The resource group lies in another region than the gateway.',
  },
  ResourceNotOwned: {
    stalled: true,
    meaning: 'A resource of that name exists and does not carry the tags of this CMG. The operator never touches it.',
  },
  NameTaken: {
    stalled: true,
    meaning: 'Somebody else holds a name that the gateway needs: key vault, storage account or DNS label.',
  },
  VaultSoftDeleted: {
    stalled: true,
    meaning: 'A deleted key vault still holds the name. Purge or recover it, or choose another service name.',
  },
  PackageUnavailable: { stalled: true, meaning: 'The service package cannot be downloaded.' },
  PackageHashMismatch: { stalled: true, meaning: 'The downloaded service package has another SHA-256 than declared.' },
  OperationFailed: {
    stalled: true,
    meaning: 'Azure refused a write, or an accepted operation failed. The message has its reason.',
  },
  Throttled: {
    stalled: false,
    meaning: 'Azure limits the requests of the subscription; the operator waits as long as Azure asks.',
  },
  AzureUnreachable: { stalled: false, meaning: 'Azure does not answer, or answers with an error of its own.' },
  RedeploymentRequired: {
    stalled: true,
    meaning:
      'The spec changed in a field that cannot change in place. Set it back, or delete the CMG and create it anew.',
  },
  InstancesStarting: { stalled: false, meaning: 'VMs are starting, or the setup in them has not finished.' },
  InstancesUnhealthy: { stalled: false, meaning: 'A VM that served does not answer the health probe.' },
  SetupFailed: { stalled: true, meaning: 'The setup in a VM failed. The message has what it reported.' },
  RollingOut: { stalled: false, meaning: 'VMs are being brought to the newest model, a few at a time.' },
  ReconcileError: {
    stalled: false,
    meaning: 'The operator failed unexpectedly; it tries again. Report it with the log line.',
  },
} as const satisfies Record<string, ReasonDescription>;

export type Reason = keyof typeof REASONS;

/** Whether a condition with this reason makes the object `Stalled` while it does not hold. Unknown reasons do not. */
export function isStalling(reason: string): boolean {
  return Object.hasOwn(REASONS, reason) && REASONS[reason as Reason].stalled;
}
