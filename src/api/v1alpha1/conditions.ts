/** The condition types. `Reconciling` and `Stalled` are present only while true, as kstatus asks. */
export type ConditionType =
  | 'Ready'
  | 'Reconciling'
  | 'Stalled'
  // Of a CMG.
  | 'CertificateValid'
  | 'PrerequisitesMet'
  | 'AzureReady'
  | 'ServiceHealthy'
  // Of a CMG with a site.
  | 'SiteRegistered'
  | 'ConnectionPointReady'
  // Of a CMG while it is redeployed.
  | 'Redeploying'
  // Of a CMG, and of a Site.
  | 'InSync'
  // Of a Site.
  | 'Reachable'
  // Of what is on a site.
  | 'ReferencesResolved'
  // Of a ConnectionPoint.
  | 'Linked'
  | 'Connected'
  // Of a BoundaryGroupReference.
  | 'Associated';

/** What a reason stands for. The texts are for the documentation; the message of a condition tells the case at hand. */
export interface ReasonDescription {
  /** Whether nothing moves on until a person acts. `Stalled` is then True. */
  readonly stalled: boolean;
  /** What it means. */
  readonly meaning: string;
  /** What to do. */
  readonly action: string;
}

const NOTHING = 'Nothing; it passes by itself.';

/** Every reason that a condition may carry, once. */
export const REASONS = {
  Succeeded: { stalled: false, meaning: 'The condition holds.', action: 'Nothing.' },
  Pending: {
    stalled: false,
    meaning: 'It is not checked yet, because an earlier step has not finished.',
    action: 'Look at the conditions that are False.',
  },
  Provisioning: {
    stalled: false,
    meaning: 'The gateway is being built in Azure. The message names what it waits for.',
    action: 'Nothing; it takes some minutes.',
  },
  ProvisioningSlow: {
    stalled: false,
    meaning: 'Provisioning has taken longer than 15 minutes. It goes on.',
    action: 'Look at the resource that the message names, in the activity log of the resource group.',
  },
  Updating: {
    stalled: false,
    meaning: 'A change of the spec is being carried out on a gateway that exists.',
    action: NOTHING,
  },
  RepairingDrift: {
    stalled: false,
    meaning: 'Somebody or something changed the Azure resources; the operator is setting them back.',
    action: 'Find out who changes them, if it happens again.',
  },
  Deleting: { stalled: false, meaning: 'The gateway is being removed from Azure.', action: NOTHING },
  DeletionBlocked: {
    stalled: true,
    meaning: 'The gateway cannot be removed from Azure.',
    action:
      'Correct what the message names, or set spec.deletionPolicy to Retain and remove the rest in Azure yourself.',
  },
  DeletionBudget: {
    stalled: false,
    meaning:
      'As many gateways as --max-deletions-per-hour allows have been removed within an hour. This one waits, and serves on.',
    action: 'Nothing if so many are to go: it goes on by itself. If not, set spec.deletionPolicy to Retain.',
  },
  Retained: {
    stalled: false,
    meaning: 'The CMG is being deleted, and its gateway stays in Azure. The message says why.',
    action: 'Apply the CMG again to have the gateway looked after, or delete the resource group in Azure.',
  },
  SecretNotFound: {
    stalled: false,
    meaning: 'A Secret that the spec names does not exist, or lacks a key.',
    action: 'Create it, or correct its name in the spec. Where cert-manager creates it, look at the Certificate.',
  },
  ConfigMapNotFound: {
    stalled: false,
    meaning: 'A ConfigMap that the spec names does not exist, or lacks a key.',
    action: 'Create it with the key that the message names, or correct the reference.',
  },
  CertificateUnreadable: {
    stalled: true,
    meaning: 'The Secret does not hold a certificate with its private key in the declared format.',
    action: 'Store it as the message says, or correct spec.serverCertificate.format.',
  },
  PrivateKeyMismatch: {
    stalled: true,
    meaning: 'The private key in the Secret does not belong to the certificate.',
    action: 'Store the key with which the certificate was requested.',
  },
  UnsupportedKey: {
    stalled: true,
    meaning: 'The key of the server certificate is not RSA with 2048 or 4096 bits, which a gateway needs.',
    action: 'Request a certificate with such a key.',
  },
  CertificateExpired: {
    stalled: true,
    meaning: 'The server certificate, or one that issued it, has expired.',
    action: 'Renew it in the Secret, with the same common name.',
  },
  CertificateNotYetValid: {
    stalled: true,
    meaning: 'The validity of the server certificate, or of one that issued it, begins in the future.',
    action: 'Wait until then, or store one that is valid now.',
  },
  TrustedCertificatesInvalid: {
    stalled: true,
    meaning:
      'The trusted certificates of client authentication cannot be used: not of authorities, expired, or with a gap.',
    action: 'Correct what the message names. The gateway goes on with the certificates that it has.',
  },
  RevocationListUnusable: {
    stalled: false,
    meaning: 'The condition holds, but gateways cannot use the revocation list of an authority of client certificates.',
    action: 'Have the list published by http on the internet, and kept current, or set verifyRevocation to false.',
  },
  CertificateExpiring: {
    stalled: false,
    meaning: 'The server certificate expires within 30 days. The gateway serves on until then.',
    action: 'Renew it in the Secret, with the same common name.',
  },
  CommonNameMissing: {
    stalled: true,
    meaning: 'The subject of the server certificate has no common name, which Configuration Manager needs.',
    action: 'Request a certificate whose common name is the service name.',
  },
  NameMismatch: {
    stalled: true,
    meaning: 'The server certificate is not for the service name; upper and lower case count.',
    action: 'Write spec.serviceName as the certificate has it, or request a certificate for the service name.',
  },
  CommonNameChanged: {
    stalled: true,
    meaning: 'The renewed certificate has another common name than the one that the gateway was made with.',
    action: 'Store a certificate with the same common name, upper and lower case included.',
  },
  CertificateNeedsRedeployment: {
    stalled: true,
    meaning: 'The renewed certificate is of another organization, or of another kind of authority, public or private.',
    action: 'Store a certificate that has the same, or make a second CMG with another service name.',
  },
  IncompleteChain: {
    stalled: true,
    meaning: 'A certificate that issued the server certificate is neither in the Secret nor a public root.',
    action: 'Add the intermediate certificates and the root to the Secret.',
  },
  NotForServers: {
    stalled: true,
    meaning: 'The certificate may not be used for server authentication.',
    action: 'Request one from a web server template, with the extended key usage server authentication.',
  },
  CredentialsInvalid: {
    stalled: true,
    meaning: 'Microsoft Entra ID refuses the credentials of spec.azure.credentials.',
    action: 'Correct them, or the Secret that they name.',
  },
  CredentialsExpiring: {
    stalled: false,
    meaning: 'The client secret or client certificate for Azure expires within 30 days. Azure takes it until then.',
    action: 'Renew it in Microsoft Entra ID and store it in the Secret, with the new time in its annotation.',
  },
  CredentialsExpiryUnreadable: {
    stalled: false,
    meaning: 'The annotation configmgr.io/expires-at of the Secret with the client secret says no time.',
    action: 'Write a date such as 2027-01-31, or take the annotation away.',
  },
  AuthorizationFailed: {
    stalled: true,
    meaning: 'The application lacks a right in Azure, or a policy or lock forbids what it does.',
    action: 'Assign a role with the right that the message names, or lift the policy or lock.',
  },
  SubscriptionNotFound: {
    stalled: true,
    meaning: 'The application cannot see the subscription, or there is none with that id.',
    action: 'Check spec.azure.subscriptionId and spec.azure.tenantId, and that the application has a role there.',
  },
  SubscriptionDisabled: {
    stalled: true,
    meaning: 'The subscription is disabled and takes no changes.',
    action: 'Enable it again in Azure.',
  },
  ProviderNotRegistered: {
    stalled: true,
    meaning: 'A resource provider is not registered in the subscription, and the operator may not register it.',
    action: 'Register it: az provider register --namespace NAMESPACE.',
  },
  RegisteringProviders: {
    stalled: false,
    meaning: 'The operator asked Azure to register resource providers.',
    action: 'Nothing; it takes about a minute.',
  },
  RegionNotFound: {
    stalled: true,
    meaning: 'The subscription has no region of that name.',
    action: 'Correct spec.azure.region: az account list-locations lists the names.',
  },
  SkuNotAvailable: {
    stalled: true,
    meaning: 'The VM size is not offered in the region, or not to this subscription.',
    action: 'Choose another spec.vm.size, or another region.',
  },
  QuotaExceeded: {
    stalled: true,
    meaning: 'The quota of the subscription is too small for these VMs.',
    action: 'Ask Azure for more, or choose fewer or smaller VMs.',
  },
  NoCapacity: {
    stalled: false,
    meaning: 'Azure has no room for the VMs at the moment. It is tried again.',
    action: 'Wait, or choose another VM size or region.',
  },
  ResourceGroupNotFound: {
    stalled: true,
    meaning: 'The resource group of mode UseExisting does not exist.',
    action: 'Create it, or set spec.azure.resourceGroup.mode to Create.',
  },
  ResourceGroupLocationMismatch: {
    stalled: true,
    meaning: 'The resource group lies in another region than the gateway.',
    action: 'Name another group, or choose its region in spec.azure.region.',
  },
  ResourceNotOwned: {
    stalled: true,
    meaning: 'A resource of that name exists and does not carry the tags of this CMG. The operator never touches it.',
    action: 'Remove it, or choose another service name or resource group.',
  },
  OwnershipLost: {
    stalled: true,
    meaning: 'A resource of the gateway has lost the tags of its CMG. It is neither changed nor deleted.',
    action: 'Find out who removed them; if it is the gateway’s, adopt it with the line in the message.',
  },
  OwnedByAnotherCluster: {
    stalled: true,
    meaning: 'Two clusters look after the gateway with one installation id. Neither changes anything in Azure.',
    action: 'Delete the CMG in one of them with deletionPolicy Retain; the other goes on after a day, or with adopt.',
  },
  NameTaken: {
    stalled: true,
    meaning: 'Somebody else holds a name that the gateway needs: key vault, storage account or DNS label.',
    action: 'Choose a service name with another first label.',
  },
  VaultSoftDeleted: {
    stalled: true,
    meaning: 'A deleted key vault still holds the name.',
    action: 'Purge it, or choose a service name with another first label.',
  },
  VaultPurgeProtected: {
    stalled: true,
    meaning: 'A gateway is not replaced by one with the same names: purge protection of its vault would hold the name.',
    action: 'Choose a service name with another first label.',
  },
  PackageUnavailable: {
    stalled: true,
    meaning: 'The service package cannot be downloaded.',
    action: 'Check spec.servicePackage.url, that the cluster reaches it, and the Secret of its credentials.',
  },
  PackageHashMismatch: {
    stalled: true,
    meaning: 'The downloaded service package has another SHA-256 than declared. It was not used.',
    action: 'Check the file; if it is the right one, correct spec.servicePackage.sha256.',
  },
  OperationFailed: {
    stalled: true,
    meaning: 'Azure refused a write, or an operation failed that it had accepted. The message has its reason.',
    action: 'Correct what Azure names. It is tried again at each change of the CMG, and from time to time.',
  },
  Throttled: {
    stalled: false,
    meaning: 'Azure limits the requests of the subscription; the operator waits as long as Azure asks.',
    action: NOTHING,
  },
  AzureUnreachable: {
    stalled: false,
    meaning: 'Azure does not answer, or answers with an error of its own. It is tried again with growing pauses.',
    action: 'If it lasts, check the way from the cluster to Azure, and the status page of Azure.',
  },
  RedeploymentRequired: {
    stalled: true,
    meaning: 'The gateway that exists is not what is asked for, and cannot become so in place.',
    action: 'Do as the message says. The gateway is left as it is.',
  },
  GatewayNotFound: {
    stalled: false,
    meaning:
      'A gateway that the operator does not make is not where the spec says, or may not be read, or is elsewhere.',
    action: 'Correct the fields that the message names, or give the application the role Reader on the resource group.',
  },
  SeveralGatewaysFound: {
    stalled: false,
    meaning: 'With managementPolicy Observe: several gateways fit the spec, and it is not clear which one is meant.',
    action: 'Set spec.deploymentModel, or remove in the console what is not used any more.',
  },
  DnsPointsElsewhere: {
    stalled: false,
    meaning: 'With managementPolicy Observe: the service name leads to other addresses than that of the gateway.',
    action: 'Point the CNAME of the service name to status.deployments[].fqdn.',
  },
  ObservedDiffers: {
    stalled: false,
    meaning: 'A gateway that the operator does not make is in another region, or of another model, than the spec says.',
    action: 'Correct the field that the message names.',
  },
  NotObserved: {
    stalled: false,
    meaning:
      'Of a gateway that the operator does not make: it cannot be seen, as the operator does not or cannot look.',
    action: 'Nothing, if the operator is not to connect to gateways; otherwise look at the conditions that are False.',
  },
  InstancesStarting: {
    stalled: false,
    meaning: 'VMs are starting, or the setup in them has not finished.',
    action: 'Nothing; it takes some minutes.',
  },
  InstancesUnhealthy: {
    stalled: false,
    meaning: 'A VM that served does not answer the health probe, or somebody has stopped it.',
    action: 'A VM that is stopped is started again. If it lasts, look at the VM in Azure.',
  },
  GatewayUnreachable: {
    stalled: false,
    meaning: 'Azure finds every VM healthy, but the operator cannot connect to the gateway, or gets no certificate.',
    action:
      'Look at security rules, firewalls and network policies in between. If it may not: --gateway-probe AzureOnly.',
  },
  CertificateNotServed: {
    stalled: true,
    meaning: 'The gateway presents another certificate than the declared one.',
    action: 'Check the service package: its setup has to take the certificate that its settings name.',
  },
  SetupFailed: {
    stalled: true,
    meaning: 'The setup in a VM failed. The message has what it reported.',
    action: 'Check the service package and its logs in the VM.',
  },
  RollingOut: {
    stalled: false,
    meaning: 'VMs are being brought to the newest model, a few at a time.',
    action: NOTHING,
  },
  SiteNotFound: {
    stalled: false,
    meaning: 'The Site that the spec names does not exist.',
    action: 'Create it, or correct the name. The order in which objects are created does not matter.',
  },
  CmgNotFound: {
    stalled: false,
    meaning: 'The CMG that the spec names does not exist.',
    action: 'Create it, or correct the name. The order in which objects are created does not matter.',
  },
  Conflict: {
    stalled: true,
    meaning: 'An older object claims the same thing on the site, and holds it. This one does nothing.',
    action: 'Delete one of the two. When the older one goes, this one takes over by itself.',
  },
  InUse: {
    stalled: false,
    meaning: 'The Site is being deleted, and other objects still name it. The message says which.',
    action: 'Delete them, or let them name another Site.',
  },
  SiteSuspended: {
    stalled: false,
    meaning:
      'The Site is suspended, so that nothing is done on it for an object that is new, or that is being deleted.',
    action: 'Set spec.suspend of the Site to false. A deletion goes on with spec.deletionPolicy Retain too.',
  },
  SiteUnreachable: {
    stalled: false,
    meaning: 'The administration service of the site does not answer, or with something else than an answer.',
    action: 'If it lasts, check the server and the way to it, and spec.adminService of the Site.',
  },
  SiteAccessDenied: {
    stalled: true,
    meaning: 'The site does not accept the account, or does not let it do what is needed.',
    action: 'Correct the credentials of the Site, or give the account a security role on the site.',
  },
  SiteRefused: {
    stalled: true,
    meaning: 'The site understood a request and did not carry it out. The message has its words.',
    action: 'Correct what the site names. It is tried again from time to time.',
  },
  SiteSignInFailed: {
    stalled: false,
    meaning:
      'The operator has nothing to sign in to the site with: its Secret is missing or of no use, or Kerberos failed.',
    action: 'Do what the message says. The Secret is read anew whenever it is tried again.',
  },
  SiteMismatch: {
    stalled: true,
    meaning: 'Another site answers than the declared one, or one of another type.',
    action: 'Correct spec.siteCode, spec.type or spec.adminService.url of the Site.',
  },
  SiteChanging: {
    stalled: false,
    meaning: 'The site has accepted a change, and does not show it yet.',
    action: NOTHING,
  },
  SiteStateUnknown: {
    stalled: false,
    meaning: 'The record of the gateway on the site is in a state whose meaning is not known.',
    action: 'If it lasts, look at the gateway in the console, and report the number in the message.',
  },
  SiteDiffers: {
    stalled: true,
    meaning: 'The site is not as the Site declares, and the operator cannot tell how to change it.',
    action: 'Look at status.differences of the Site, and set the fields on the site or in the spec.',
  },
  RoleNeedsHttps: {
    stalled: true,
    meaning: 'A role is to take traffic of gateways, and uses neither HTTPS nor Enhanced HTTP.',
    action: 'Switch the role to HTTPS, or Enhanced HTTP on in the properties of the site.',
  },
  ManualStepRequired: {
    stalled: true,
    meaning: 'A person has to take a step on the site that the operator does not take. status.manualSteps has it.',
    action: 'Take the step. The operator sees that it is done, and goes on.',
  },
  NotTopLevelSite: {
    stalled: true,
    meaning: 'A gateway belongs to a top-level site, and the Site is a child primary site.',
    action: 'Name the Site of the central administration site in spec.siteRef.',
  },
  SiteVersionTooOld: {
    stalled: true,
    meaning: 'The version of the site has not got what the spec asks for.',
    action: 'Update the site, or change the field that the message names.',
  },
  NotRegisteredOnSite: {
    stalled: true,
    meaning: 'The site has no record of the gateway, so that nothing on it can be linked to the gateway.',
    action: 'Take the step in status.manualSteps. The operator sees the record, and goes on.',
  },
  LeavingSite: {
    stalled: false,
    meaning: 'The gateway is to be removed; before that, what on the site refers to it is taken away.',
    action: 'Nothing; after an hour it goes on without.',
  },
  WaitingForGateway: {
    stalled: false,
    meaning: 'The gateway does not serve yet, or the site has no record of it.',
    action: 'Look at the CMG.',
  },
  WaitingForCmg: {
    stalled: false,
    meaning:
      'The CMG is suspended, waits to leave its site, or says nothing of its gateway yet; nothing is changed for it.',
    action: 'Set spec.suspend of the CMG to false; or look at its conditions for what it waits for.',
  },
  WaitingForSite: {
    stalled: false,
    meaning: 'The gateway is not built yet; its part on the site comes after that.',
    action: 'Look at the conditions that are False.',
  },
  Standby: {
    stalled: false,
    meaning: 'The server stands by: it gets the role only while a second gateway needs a connection point.',
    action: 'Nothing.',
  },
  NoConnectionPoint: {
    stalled: true,
    meaning: 'No ConnectionPoint of the role Primary names the CMG, so that no client request reaches the site.',
    action: 'Create a ConnectionPoint for a server of the site.',
  },
  TooFewConnectionPoints: {
    stalled: false,
    meaning: 'The gateway has fewer than one connection point for each four VMs. It serves all the same.',
    action: 'Add a ConnectionPoint on another server.',
  },
  Disconnected: {
    stalled: false,
    meaning: 'The connection point is linked to the gateway and not connected to it.',
    action:
      'If it lasts, check that the server reaches the ports in its status, and SMS_Cloud_ProxyConnector.log on it.',
  },
  LastConnectionPoint: {
    stalled: true,
    meaning: 'It is the last connection point of a gateway that serves clients, and stays where it is.',
    action: 'Add another ConnectionPoint to that CMG, delete the CMG, or consent with the line in the message.',
  },
  UnknownGateway: {
    stalled: true,
    meaning: 'The connection point is linked to a gateway that no CMG knows, and that may serve clients.',
    action: 'Take the step in status.manualSteps if it is to move.',
  },
  UnknownGatewayInGroup: {
    stalled: false,
    meaning: 'A boundary group of the CMG references a gateway that no CMG knows, and that may serve clients.',
    action: 'Nothing: it is left alone. Declare it as a CMG that is only observed, if it is to be known.',
  },
  BoundaryGroupNotFound: {
    stalled: false,
    meaning: 'The site has no boundary group of that name or id, or more than one of that name.',
    action: 'Create it, or correct the reference; with several of one name, use the id.',
  },
  RolloutWaiting: {
    stalled: false,
    meaning: 'A new model waits for its turn: --max-concurrent-rollouts others are getting one. The gateway serves on.',
    action: 'Nothing. If the rollout that the message names does not go on, correct that gateway, or suspend it.',
  },
  RolloutStopped: {
    stalled: true,
    meaning: 'The rollout of a new model stopped, as VMs do not serve with it. The others keep the model of before.',
    action: 'Correct what was changed last. The corrected model goes to the VMs first that do not serve.',
  },
  ModelRevisionUnknown: {
    stalled: true,
    meaning: 'A newer version of the operator made or updated the gateway. This one leaves it as it is.',
    action: 'Run that version of the operator, or a newer one.',
  },
  ReconcileError: {
    stalled: false,
    meaning: 'The operator failed unexpectedly; it tries again.',
    action: 'Report it with the line in the log of the operator.',
  },
  // Of a redeployment.
  BuildingReplacement: {
    stalled: false,
    meaning: 'The new gateway is being built; the old one serves.',
    action: 'Nothing; it takes some minutes.',
  },
  WaitingForPreflight: {
    stalled: false,
    meaning: 'A prerequisite of the new gateway is missing; the old one serves.',
    action: 'Look at the condition PrerequisitesMet.',
  },
  NotAdvertised: {
    stalled: false,
    meaning: 'The new gateway is not yet in reach of every client. The message names what it lacks.',
    action: 'Provide what the message names, if it does not come by itself.',
  },
  ConnectionPointNotConnected: {
    stalled: true,
    meaning: 'A connection point is linked to the gateway and does not connect.',
    action: 'Look at SMS_Cloud_ProxyConnector.log on its server.',
  },
  WaitingForClients: {
    stalled: false,
    meaning: 'Clients are given the time to learn the new gateway; both serve.',
    action: NOTHING,
  },
  ClientsNotRefreshed: {
    stalled: false,
    meaning: 'The time has passed, and too few clients are seen to have refreshed; both gateways serve.',
    action: 'Wait, or give the consent in the message.',
  },
  WaitingForContent: {
    stalled: false,
    meaning: 'Content of the old gateway is being read or compared, or is on its way to the new one.',
    action: 'Nothing; it passes by itself. Or give the consent in the message.',
  },
  ContentNotDistributed: {
    stalled: true,
    meaning: 'The new gateway lacks content that the old one holds or held, or whether it does cannot be seen.',
    action: 'Take the steps in status.manualSteps, or give the consent in the message.',
  },
  DeadlinePassed: {
    stalled: true,
    meaning: 'The deadline has passed and clients are still not seen to have refreshed; both gateways serve.',
    action: 'Find the clients that are missing, or give the consent in the message.',
  },
  NoClientEvidence: {
    stalled: true,
    meaning: 'Without a site nobody can tell whether clients have refreshed.',
    action: 'Set redeployment.evidence to TimeOnly, or give the consent in the message.',
  },
  FewerDevicesVisible: {
    stalled: true,
    meaning: 'The site shows clearly fewer devices than when the redeployment began, so what is seen is not all.',
    action: 'Check what the account of the operator may read on the site, or give the consent in the message.',
  },
  NoGateway: {
    stalled: false,
    meaning: 'No gateway serves: the one before is being deleted or has gone, and the next one is not there yet.',
    action: 'Nothing; it passes by itself. PrerequisitesMet and Redeploying tell what it waits for.',
  },
  Draining: { stalled: false, meaning: 'The old gateway hands over to the new one.', action: NOTHING },
  DeletionAnnounced: {
    stalled: false,
    meaning: 'The old gateway begins to be deleted within two minutes. This is the last moment to set the spec back.',
    action: 'Nothing, or set the spec back now.',
  },
  ManualCreationRequired: {
    stalled: true,
    meaning: 'The spec has the site make the gateway, and it is not there: a person has the site make it.',
    action: 'Take the step in status.manualSteps. It goes on by itself once the site makes the gateway.',
  },
  ManualDeletionRequired: {
    stalled: true,
    meaning: 'The site made a gateway that is to go. The operator does not delete it: a person has the site do it.',
    action: 'Take the step in status.manualSteps. It goes on by itself once the gateway is gone.',
  },
  DeletingDeployment: {
    stalled: false,
    meaning: 'A gateway that is no longer needed is being deleted.',
    action: NOTHING,
  },
  SuccessorLost: {
    stalled: false,
    meaning: 'The new gateway is no longer in reach of every client; the old one is left as it is.',
    action: 'Set right what the new gateway lacks, or set the spec back to the old one.',
  },
  NoStandbyConnectionPoint: {
    stalled: true,
    meaning: 'A second gateway needs a connection point of its own, and none is free.',
    action: 'Add a connection point with the role Standby on another site system.',
  },
  WaitingForEarlierRedeployment: {
    stalled: false,
    meaning: 'An earlier redeployment of this CMG has to end first.',
    action: 'Nothing, or give the consent in the message.',
  },
  WaitingForNames: {
    stalled: false,
    meaning: 'The names of the new gateway are free when an older one is deleted.',
    action: NOTHING,
  },
  NoOtherActiveCMG: {
    stalled: true,
    meaning:
      'The old gateway has to go first, no other CMG can carry its clients, and nobody has agreed that they have none.',
    action: 'Change the service name too, or give the consent in the message.',
  },
  OutageClaimTaken: {
    stalled: false,
    meaning: 'Another CMG of the site replaces its gateway under its own name; one at a time.',
    action: NOTHING,
  },
  CarriesClientsOf: {
    stalled: false,
    meaning:
      'This CMG carries the clients of another one, whose gateway is being replaced. Until then it stays as it is.',
    action: 'Nothing, or help the other CMG on.',
  },
  OldCredentialsMissing: {
    stalled: true,
    meaning: 'The credentials that a gateway was made with are gone. It is kept.',
    action: 'Restore the Secret that the message names.',
  },
  ClockSkew: {
    stalled: true,
    meaning: 'The clock of the operator and those of Azure and the site differ by more than five minutes.',
    action: 'Set the clock of the node right. No wait counts until then.',
  },
  LeftOnSite: {
    stalled: false,
    meaning: 'The site did not answer for an hour while the CMG was being deleted; what is left there is named.',
    action: 'Take it away in the console.',
  },
  TooManyDeployments: {
    stalled: true,
    meaning: 'The CMG has as many gateways as a status can hold.',
    action: 'Set the spec back to one of them, and wait until the others have gone.',
  },
} as const satisfies Record<string, ReasonDescription>;

/** A reason of a condition: one word for programs. */
export type Reason = keyof typeof REASONS;

/** Whether a condition with this reason makes the object `Stalled` while it does not hold. Unknown reasons do not. */
export function isStalling(reason: string): boolean {
  return Object.hasOwn(REASONS, reason) && REASONS[reason as Reason].stalled;
}
