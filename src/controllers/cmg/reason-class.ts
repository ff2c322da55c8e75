import { REASONS, type Reason } from '../../api/v1alpha1/conditions.ts';

/** What kind of matter a reason is, for metrics: who has to act, not on what. */
export type ReasonClass =
  /** The gateway is as it should be. */
  | 'Succeeded'
  /** Work that ends by itself. */
  | 'InProgress'
  /** The server certificate. */
  | 'Certificate'
  /** A field of the spec, or something that it names. */
  | 'Configuration'
  /** Sign-in, rights, and the state of the subscription. */
  | 'Access'
  /** Quota of the subscription, or room in the region. */
  | 'Capacity'
  /** Azure does not answer, asks for patience, or refused a write. */
  | 'Azure'
  /** The VMs. */
  | 'Instances'
  /** The Configuration Manager site, and what of the gateway is on it. */
  | 'Site'
  /** The operator itself. */
  | 'Operator';

/** Every reason has a class, so that a new one cannot be forgotten. */
const CLASSES: Readonly<Record<Reason, ReasonClass>> = {
  Succeeded: 'Succeeded',
  Pending: 'InProgress',
  Provisioning: 'InProgress',
  ProvisioningSlow: 'InProgress',
  Updating: 'InProgress',
  RepairingDrift: 'InProgress',
  Deleting: 'InProgress',
  DeletionBudget: 'InProgress',
  Retained: 'InProgress',
  DeletionBlocked: 'Azure',
  SecretNotFound: 'Configuration',
  ConfigMapNotFound: 'Configuration',
  CertificateUnreadable: 'Certificate',
  PrivateKeyMismatch: 'Certificate',
  UnsupportedKey: 'Certificate',
  CertificateExpired: 'Certificate',
  CertificateNotYetValid: 'Certificate',
  CertificateExpiring: 'Certificate',
  TrustedCertificatesInvalid: 'Certificate',
  RevocationListUnusable: 'Certificate',
  CommonNameMissing: 'Certificate',
  NameMismatch: 'Certificate',
  CommonNameChanged: 'Certificate',
  CertificateNeedsRedeployment: 'Certificate',
  IncompleteChain: 'Certificate',
  NotForServers: 'Certificate',
  CredentialsInvalid: 'Access',
  CredentialsExpiring: 'Access',
  CredentialsExpiryUnreadable: 'Access',
  AuthorizationFailed: 'Access',
  SubscriptionNotFound: 'Access',
  SubscriptionDisabled: 'Access',
  ProviderNotRegistered: 'Access',
  RegisteringProviders: 'InProgress',
  RegionNotFound: 'Configuration',
  SkuNotAvailable: 'Capacity',
  QuotaExceeded: 'Capacity',
  NoCapacity: 'Capacity',
  ResourceGroupNotFound: 'Configuration',
  ResourceGroupLocationMismatch: 'Configuration',
  ResourceNotOwned: 'Configuration',
  OwnershipLost: 'Configuration',
  OwnedByAnotherCluster: 'Configuration',
  NameTaken: 'Configuration',
  VaultSoftDeleted: 'Configuration',
  VaultPurgeProtected: 'Configuration',
  PackageUnavailable: 'Configuration',
  PackageHashMismatch: 'Configuration',
  OperationFailed: 'Azure',
  Throttled: 'Azure',
  AzureUnreachable: 'Azure',
  RedeploymentRequired: 'Configuration',
  GatewayNotFound: 'Configuration',
  SeveralGatewaysFound: 'Configuration',
  DnsPointsElsewhere: 'Instances',
  ObservedDiffers: 'Configuration',
  NotObserved: 'InProgress',
  InstancesStarting: 'InProgress',
  InstancesUnhealthy: 'Instances',
  GatewayUnreachable: 'Instances',
  CertificateNotServed: 'Instances',
  SetupFailed: 'Instances',
  RollingOut: 'InProgress',
  RolloutWaiting: 'InProgress',
  RolloutStopped: 'Instances',
  ModelRevisionUnknown: 'Operator',
  SiteNotFound: 'Site',
  CmgNotFound: 'Site',
  Conflict: 'Configuration',
  InUse: 'Site',
  SiteSuspended: 'Site',
  SiteUnreachable: 'Site',
  SiteAccessDenied: 'Site',
  SiteRefused: 'Site',
  SiteSignInFailed: 'Site',
  SiteMismatch: 'Site',
  SiteChanging: 'InProgress',
  SiteStateUnknown: 'Site',
  SiteDiffers: 'Site',
  RoleNeedsHttps: 'Site',
  ManualStepRequired: 'Site',
  NotTopLevelSite: 'Site',
  SiteVersionTooOld: 'Site',
  NotRegisteredOnSite: 'Site',
  LeavingSite: 'InProgress',
  WaitingForGateway: 'InProgress',
  WaitingForCmg: 'InProgress',
  WaitingForSite: 'InProgress',
  Standby: 'Succeeded',
  NoConnectionPoint: 'Site',
  TooFewConnectionPoints: 'Succeeded',
  Disconnected: 'Site',
  LastConnectionPoint: 'Site',
  UnknownGateway: 'Site',
  UnknownGatewayInGroup: 'Site',
  BoundaryGroupNotFound: 'Site',
  BuildingReplacement: 'InProgress',
  WaitingForPreflight: 'InProgress',
  NotAdvertised: 'InProgress',
  ConnectionPointNotConnected: 'Site',
  WaitingForClients: 'InProgress',
  ClientsNotRefreshed: 'Site',
  WaitingForContent: 'InProgress',
  ContentNotDistributed: 'Site',
  DeadlinePassed: 'Site',
  NoClientEvidence: 'Configuration',
  FewerDevicesVisible: 'Site',
  NoGateway: 'InProgress',
  Draining: 'InProgress',
  DeletionAnnounced: 'InProgress',
  DeletingDeployment: 'InProgress',
  ManualCreationRequired: 'Site',
  ManualDeletionRequired: 'Site',
  SuccessorLost: 'InProgress',
  NoStandbyConnectionPoint: 'Site',
  WaitingForEarlierRedeployment: 'InProgress',
  WaitingForNames: 'InProgress',
  NoOtherActiveCMG: 'Configuration',
  OutageClaimTaken: 'InProgress',
  CarriesClientsOf: 'InProgress',
  OldCredentialsMissing: 'Access',
  ClockSkew: 'Operator',
  LeftOnSite: 'Site',
  TooManyDeployments: 'Configuration',
  ReconcileError: 'Operator',
};

/** The class of a reason; of one that this version does not know, `Operator`. */
export function reasonClass(reason: string): ReasonClass {
  return Object.hasOwn(REASONS, reason) ? CLASSES[reason as Reason] : 'Operator';
}
