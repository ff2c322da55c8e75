// Generated from crds/configmgr.io_cmgs.yaml by `npm run generate`. Do not edit.

import type { ObjectMeta } from '../object-meta.ts';

/**
 * A cloud management gateway (CMG): the service in Azure through which Configuration Manager reaches clients on the
 * internet. The operator provisions it and keeps it as declared here.
 */
export interface CMG {
  readonly apiVersion: 'configmgr.io/v1alpha1';
  readonly kind: 'CMG';
  readonly metadata: ObjectMeta;
  readonly spec: CMGSpec;
  readonly status?: CMGStatus;
}

/** The gateway as it was last seen. */
export interface CMGStatus {
  /** Generation of the spec that this status speaks of. */
  readonly observedGeneration?: number;
  /** What is true of the gateway. Ready sums the others up. */
  readonly conditions?: readonly CMGStatusCondition[];
  /** The name by which clients reach the gateway. */
  readonly serviceName?: string;
  /** Id of the deployment that serves clients. */
  readonly activeDeployment?: string;
  /** TCP ports of the gateway that the servers with its connection points have to reach. */
  readonly connectionPorts?: readonly number[];
  /** The ways in which clients may prove who they are to this gateway, and what each of them needs. */
  readonly clientAuthentication?: readonly CMGStatusClientAuthenticationItem[];
  /**
   * Steps that a person has to take on the site for this gateway. With a siteRef, each is gone once the site shows that
   * it is done.
   */
  readonly manualSteps?: readonly CMGStatusManualStep[];
  /** The server certificate as last read; with managementPolicy Observe, as the gateway last presented it. */
  readonly certificate?: CMGStatusCertificate;
  /** The credentials for Azure as last read. Absent where nothing is known of their end. */
  readonly credentials?: CMGStatusCredentials;
  /** The redeployment that runs. Absent while there is none. */
  readonly redeployment?: CMGStatusRedeployment;
  /** The physical gateways of this CMG. */
  readonly deployments?: readonly CMGStatusDeployment[];
  /**
   * Since when the gateway of a CMG that is being deleted leaves its site: connection points and boundary groups let go
   * of it. Absent: they keep it.
   */
  readonly leavingSince?: string;
  /** What the operator has to remember from one reconcile to the next to replace gateways safely. */
  readonly planned?: CMGStatusPlanned;
}

/** What the operator has to remember from one reconcile to the next to replace gateways safely. */
export interface CMGStatusPlanned {
  /** What cannot change while the deployment lives. */
  readonly identity?: CMGStatusPlannedIdentity;
  /** Generation of the spec that was planned last. */
  readonly generation?: number;
  /** Consents by annotation that no longer count until the annotation is taken away and set anew. */
  readonly lapsedConsents?: readonly CMGStatusPlannedLapsedConsent[];
  /** Devices that the site showed when the redeployment began. */
  readonly devicesAtBeginning?: number;
  /** What gateways held that are deleted before another one takes their place, until that one holds it. */
  readonly heldContent?: readonly CMGStatusPlannedHeldContentItem[];
  /** Other CMGs of the site, while this one waits for one of them that can carry its clients. */
  readonly carriers?: readonly CMGStatusPlannedCarrier[];
}

/** One CMG. */
export interface CMGStatusPlannedCarrier {
  /** Name of the CMG. */
  readonly name: string;
  /** Id of its deployment. */
  readonly deployment: string;
  /** The time for which that one has been in reach of every client without a break. Absent: it is not. */
  readonly advertised?: CMGStatusPlannedCarrierAdvertised;
}

/** The time for which that one has been in reach of every client without a break. Absent: it is not. */
export interface CMGStatusPlannedCarrierAdvertised {
  /** When that began. */
  readonly since: string;
  /** When it was last seen so; written at most each ten minutes. */
  readonly seenAt: string;
  /** Since when it has been seen otherwise. */
  readonly otherwiseSince?: string;
}

/** One gateway. */
export interface CMGStatusPlannedHeldContentItem {
  /** Id of its deployment. */
  readonly deployment: string;
  /** Its service name. */
  readonly serviceName: string;
  /** How many packages and applications it held. */
  readonly held: number;
  /** As many of them as a status takes. */
  readonly items: readonly CMGStatusPlannedHeldContentItemItem[];
}

/** One of them. */
export interface CMGStatusPlannedHeldContentItemItem {
  /** Its package id. */
  readonly packageId: string;
  /** Its name; cut, but for an application. */
  readonly name: string;
  /** What it is to the site. */
  readonly kind: string;
}

/** One consent. */
export interface CMGStatusPlannedLapsedConsent {
  /** What was consented to. */
  readonly kind: 'AllowClientOutage' | 'ConfirmRetire';
  /** Id of the deployment. */
  readonly deployment: string;
}

/** What cannot change while the deployment lives. */
export interface CMGStatusPlannedIdentity {
  /** Azure environment. */
  readonly environment: 'AzurePublicCloud' | 'AzureUSGovernmentCloud';
  /** Microsoft Entra tenant. */
  readonly tenantId: string;
  /** Azure subscription. */
  readonly subscriptionId: string;
  /** Azure region. */
  readonly region: string;
  /** Name of the resource group. */
  readonly resourceGroup: string;
  /** Service name. */
  readonly serviceName: string;
  /** The field revision of spec.serverCertificate of that time. Absent: empty. */
  readonly certificateRevision?: string;
  /** Who made it: the operator; or the site by its console or cmdlets, or somebody else. Absent: the operator. */
  readonly provisioner?: 'Operator' | 'Site';
  /** What it consists of. Absent: VirtualMachineScaleSet. */
  readonly deploymentModel?: 'VirtualMachineScaleSet' | 'CloudServiceClassic';
}

/** One physical gateway. */
export interface CMGStatusDeployment {
  /** Names the deployment. */
  readonly id: string;
  /** What cannot change while the deployment lives. */
  readonly identity: CMGStatusDeploymentIdentity;
  /**
   * Where the deployment stands: it is being built; it is there for clients; it serves on while another one takes its
   * place; it hands over to that one; it is being deleted.
   */
  readonly phase: 'Provisioning' | 'Active' | 'Superseded' | 'Draining' | 'Deleting';
  /** When it came into this phase. Absent: before the redeployment that runs, or ran last. */
  readonly phaseSince?: string;
  /** Whether clients may ever have depended on it. Absent: they may. */
  readonly served?: boolean;
  /** When it was last taken for what the spec asks for. */
  readonly wantedSince?: string;
  /** Of two deployments, the one with the greater number was asked for more recently. */
  readonly wantedOrder?: number;
  /** The time for which it has been in reach of every client without a break. */
  readonly advertised?: CMGStatusDeploymentAdvertised;
  /** Id of the deployment that it hands over to. */
  readonly drainsBehind?: string;
  /** When it was first seen stopped, after it had handed over. */
  readonly stoppedAt?: string;
  /**
   * Why the next reconcile will begin to delete it, if everything still speaks for it: it never served; it has handed
   * over; its names are needed; it is gone from Azure; its CMG is deleted.
   */
  readonly announcedDeletion?: 'NeverServed' | 'Retired' | 'DeleteFirst' | 'Gone' | 'CmgDeleted';
  /** Why it is being deleted. */
  readonly deletionCause?: 'NeverServed' | 'Retired' | 'DeleteFirst' | 'Gone' | 'CmgDeleted';
  /** Names of the ConnectionPoints that are to be linked to it, while the CMG has more than one deployment. */
  readonly connectionPoints?: readonly string[];
  /** Whether the boundary groups of the CMG are to reference it, while the CMG has more than one deployment. */
  readonly inBoundaryGroups?: boolean;
  /**
   * As spec.serverCertificate was when the spec last asked for this deployment, which keeps its certificate from there.
   */
  readonly serverCertificate?: CMGStatusDeploymentServerCertificate;
  /**
   * The server certificate that was last taken for it. A renewed one has to be like it in common name, organization and
   * kind of authority.
   */
  readonly certificate?: CMGStatusDeploymentCertificate;
  /** As spec.azure.credentials were when the spec last asked for this deployment, which is looked after with them. */
  readonly credentials?: CMGStatusDeploymentCredentials;
  /** Name by which clients reach it. */
  readonly serviceName: string;
  /** When it was first wanted; of one that the operator did not make, when it was first seen. */
  readonly createdAt: string;
  /** What this cluster's claim to it rests on. */
  readonly cluster?: CMGStatusDeploymentCluster;
  /** ARM id of the last adoption that a person consented to and that is done. */
  readonly adopted?: string;
  /** Name that Azure gives it; the target of the service name's CNAME. */
  readonly fqdn?: string;
  /** Public IP address. */
  readonly address?: string;
  /** Its VMs. */
  readonly instances?: CMGStatusDeploymentInstances;
  /** Revision of the VM model that it was made or last updated with. */
  readonly modelRevision?: number;
  /** A newer VM model of the operator that waits until somebody asks for it. */
  readonly modelUpdate?: CMGStatusDeploymentModelUpdate;
  /** The rollout of a new model to its VMs, from its beginning until all of them serve with it. */
  readonly rollout?: CMGStatusDeploymentRollout;
  /** Its Azure resources. */
  readonly resources?: readonly CMGStatusDeploymentResource[];
}

/** One Azure resource. */
export interface CMGStatusDeploymentResource {
  /** What the resource is to the gateway. */
  readonly name: string;
  /** ARM id. */
  readonly id: string;
  /** State in Azure's own word, or Absent. */
  readonly provisioningState?: string;
  /** The operation that runs on it. */
  readonly operation?: CMGStatusDeploymentResourceOperation;
}

/** The operation that runs on it. */
export interface CMGStatusDeploymentResourceOperation {
  /** PUT, PATCH, POST or DELETE. */
  readonly verb: string;
  /** When Azure accepted it. */
  readonly startedAt: string;
}

/** The rollout of a new model to its VMs, from its beginning until all of them serve with it. */
export interface CMGStatusDeploymentRollout {
  /** When it began. */
  readonly startedAt: string;
  /** What it brings to a gateway that is being replaced: a renewed certificate. Absent: what the spec asked for. */
  readonly brings?: 'Certificate';
}

/** A newer VM model of the operator that waits until somebody asks for it. */
export interface CMGStatusDeploymentModelUpdate {
  /** Its revision. */
  readonly revision: number;
  /** When it was first told. */
  readonly since: string;
  /** Value that configmgr.io/reconcile-requested-at had then, which asks for nothing. */
  readonly requestBefore?: string;
}

/** Its VMs. */
export interface CMGStatusDeploymentInstances {
  /** As many as declared; with managementPolicy Observe, as Azure is to run. */
  readonly wanted: number;
  /** As many as serve. */
  readonly ready: number;
}

/** What this cluster's claim to it rests on. */
export interface CMGStatusDeploymentCluster {
  /** When it was first seen with the tag of this cluster. */
  readonly takenAt?: string;
  /** When another cluster was found to have taken it all the same. */
  readonly contestedAt?: string;
}

/** As spec.azure.credentials were when the spec last asked for this deployment, which is looked after with them. */
export interface CMGStatusDeploymentCredentials {
  /** How the operator signs in. */
  readonly type: 'WorkloadIdentity' | 'ClientSecret' | 'ClientCertificate';
  /** The identity of the operator's service account. */
  readonly workloadIdentity?: CMGStatusDeploymentCredentialsWorkloadIdentity;
  /** A client secret. */
  readonly clientSecret?: CMGStatusDeploymentCredentialsClientSecret;
  /** A client certificate. */
  readonly clientCertificate?: CMGStatusDeploymentCredentialsClientCertificate;
}

/** A client certificate. */
export interface CMGStatusDeploymentCredentialsClientCertificate {
  /** Id of the application. */
  readonly clientId: string;
  /** The Secret with the certificate. */
  readonly secretRef: CMGStatusDeploymentCredentialsClientCertificateSecretRef;
  /** Key of the certificate. */
  readonly certificateKey: string;
  /** Key of its private key. */
  readonly privateKeyKey: string;
}

/** The Secret with the certificate. */
export interface CMGStatusDeploymentCredentialsClientCertificateSecretRef {
  /** Its name. */
  readonly name: string;
}

/** A client secret. */
export interface CMGStatusDeploymentCredentialsClientSecret {
  /** Id of the application. */
  readonly clientId: string;
  /** Where the client secret stands. */
  readonly secretRef: CMGStatusDeploymentCredentialsClientSecretSecretRef;
}

/** Where the client secret stands. */
export interface CMGStatusDeploymentCredentialsClientSecretSecretRef {
  /** Name of the Secret. */
  readonly name: string;
  /** Key in it. */
  readonly key: string;
}

/** The identity of the operator's service account. */
export interface CMGStatusDeploymentCredentialsWorkloadIdentity {
  /** Id of the application. */
  readonly clientId: string;
}

/**
 * The server certificate that was last taken for it. A renewed one has to be like it in common name, organization and
 * kind of authority.
 */
export interface CMGStatusDeploymentCertificate {
  /** Common name of the subject. */
  readonly commonName: string;
  /** Organization of the subject. */
  readonly organization?: string;
  /** Public when the chain ends in a root that every client knows. */
  readonly trust: 'Public' | 'Private';
  /** When it expires. Absent: not known. */
  readonly notAfter?: string;
  /** SHA-256 of the certificate in lower-case hexadecimal digits. Absent: not known. */
  readonly sha256Fingerprint?: string;
  /** Expiring in the last 30 days before its end. Absent: it has longer, or its end is not known. */
  readonly expiry?: 'Expiring' | 'Expired';
}

/**
 * As spec.serverCertificate was when the spec last asked for this deployment, which keeps its certificate from there.
 */
export interface CMGStatusDeploymentServerCertificate {
  /** How the certificate is stored. */
  readonly format: 'TLS' | 'PFX';
  /** The Secret. */
  readonly secretRef: CMGStatusDeploymentServerCertificateSecretRef;
  /** Where in the Secret the certificate and its private key stand. */
  readonly tls?: CMGStatusDeploymentServerCertificateTls;
  /** Where in the Secret the PKCS#12 file and its password stand. */
  readonly pfx?: CMGStatusDeploymentServerCertificatePfx;
  /** The revision of that time. */
  readonly revision: string;
}

/** Where in the Secret the PKCS#12 file and its password stand. */
export interface CMGStatusDeploymentServerCertificatePfx {
  /** Key of the PKCS#12 file. */
  readonly key: string;
  /** Key of its password. */
  readonly passwordKey: string;
}

/** Where in the Secret the certificate and its private key stand. */
export interface CMGStatusDeploymentServerCertificateTls {
  /** Key of the certificate with its chain. */
  readonly certificateKey: string;
  /** Key of the private key. */
  readonly privateKeyKey: string;
}

/** The Secret. */
export interface CMGStatusDeploymentServerCertificateSecretRef {
  /** Its name. */
  readonly name: string;
}

/** The time for which it has been in reach of every client without a break. */
export interface CMGStatusDeploymentAdvertised {
  /** When that began. */
  readonly since: string;
  /** When it was last seen so; written at most each ten minutes. */
  readonly seenAt: string;
  /** Since when it has been seen otherwise. */
  readonly otherwiseSince?: string;
}

/** What cannot change while the deployment lives. */
export interface CMGStatusDeploymentIdentity {
  /** Azure environment. */
  readonly environment: 'AzurePublicCloud' | 'AzureUSGovernmentCloud';
  /** Microsoft Entra tenant. */
  readonly tenantId: string;
  /** Azure subscription. */
  readonly subscriptionId: string;
  /** Azure region. */
  readonly region: string;
  /** Name of the resource group. */
  readonly resourceGroup: string;
  /** Service name. */
  readonly serviceName: string;
  /** The field revision of spec.serverCertificate of that time. Absent: empty. */
  readonly certificateRevision?: string;
  /** Who made it: the operator; or the site by its console or cmdlets, or somebody else. Absent: the operator. */
  readonly provisioner?: 'Operator' | 'Site';
  /** What it consists of. Absent: VirtualMachineScaleSet. */
  readonly deploymentModel?: 'VirtualMachineScaleSet' | 'CloudServiceClassic';
}

/** The redeployment that runs. Absent while there is none. */
export interface CMGStatusRedeployment {
  /** The fields of the spec whose change asked for another gateway. */
  readonly fields?: readonly string[];
  /** Service name of the gateway that is replaced. */
  readonly from?: string;
  /** Service name of the gateway that takes its place. */
  readonly to?: string;
  /** When the new gateway was asked for. */
  readonly since: string;
  /** What it waits for, and what to do. */
  readonly waitsFor?: string;
  /**
   * When the old gateway may go at the earliest, as far as that is known: the end of the wait; after it, while clients
   * or content are waited for, the deadline; while the old one is stopped, the end of drainFor.
   */
  readonly until?: string;
  /**
   * What it takes to go back by setting the spec back. Free: the old gateway serves and clients know it. NeedsWait: it
   * gets its connection points and boundary groups back, and clients need the time to learn it. Rebuild: it is being
   * deleted, and is built anew.
   */
  readonly rollback: 'Free' | 'NeedsWait' | 'Rebuild';
  /** The clients as counted last. Written at most each five minutes. */
  readonly clients?: CMGStatusRedeploymentClients;
  /** Packages and applications of the old gateway as compared last, once an hour. */
  readonly content?: CMGStatusRedeploymentContent;
}

/** Packages and applications of the old gateway as compared last, once an hour. */
export interface CMGStatusRedeploymentContent {
  /** Those that the old gateway holds, or held. */
  readonly held: number;
  /** Those of them that the new gateway does not hold. */
  readonly missing: number;
}

/** The clients as counted last. Written at most each five minutes. */
export interface CMGStatusRedeploymentClients {
  /** Clients on the internet that count. */
  readonly eligible: number;
  /** Those of them that are seen to know the new gateway. */
  readonly refreshed: number;
}

/** The credentials for Azure as last read. Absent where nothing is known of their end. */
export interface CMGStatusCredentials {
  /**
   * When they expire: the end of the client certificate, or what the annotation configmgr.io/expires-at of the Secret
   * says of a client secret. Absent where it is not known, and with WorkloadIdentity, which does not expire.
   */
  readonly expiresAt?: string;
}

/** The server certificate as last read; with managementPolicy Observe, as the gateway last presented it. */
export interface CMGStatusCertificate {
  /** Common name of the subject. */
  readonly commonName: string;
  /** Organization of the subject. */
  readonly organization?: string;
  /** Public when the chain ends in a root that every client knows. */
  readonly trust: 'Public' | 'Private';
  /** When it expires. */
  readonly notAfter: string;
  /** SHA-256 of the certificate in lower-case hexadecimal digits. */
  readonly sha256Fingerprint: string;
}

/** One step. */
export interface CMGStatusManualStep {
  /** What it does on the site. */
  readonly operation: string;
  /** What to do, and why the operator does not. */
  readonly instruction: string;
  /** The line for a PowerShell with the ConfigurationManager module on the drive of the site. */
  readonly cmdlet?: string;
}

/** One way. */
export interface CMGStatusClientAuthenticationItem {
  /** The way. */
  readonly method: 'ClientCertificate' | 'EntraId' | 'SiteToken';
  /** What it needs. */
  readonly needs: readonly CMGStatusClientAuthenticationItemNeed[];
}

/** One thing that is needed. */
export interface CMGStatusClientAuthenticationItemNeed {
  /** What is needed. */
  readonly need: string;
  /** Whether it is there; Unknown where the operator cannot see it. */
  readonly met: 'True' | 'False' | 'Unknown';
  /** What was found, and what to do. */
  readonly message: string;
}

/** One condition. */
export interface CMGStatusCondition {
  /** Name of the condition. */
  readonly type: string;
  /** Whether it holds. */
  readonly status: 'True' | 'False' | 'Unknown';
  /** Generation of the spec that it speaks of. */
  readonly observedGeneration?: number;
  /** When the status last changed. */
  readonly lastTransitionTime: string;
  /** One word that says why. */
  readonly reason: string;
  /** What is the matter, and what to do next. */
  readonly message: string;
}

/** The gateway as it should be. */
export interface CMGSpec {
  /**
   * Manage has the gateway made in Azure, by whom provisioner says, and keeps it as declared. Observe looks for a
   * gateway that exists, such as one that the Configuration Manager console made, reports it in the status, and writes
   * nothing to Azure: a Reader role is enough. Deleting this object then changes nothing in Azure. Default: Manage.
   */
  readonly managementPolicy: 'Manage' | 'Observe';
  /**
   * Who makes the gateway in Azure. Operator: this operator does, with the service package. Site: the Configuration
   * Manager site does, by its cmdlets, and nothing of the gateway is written to Azure by the operator, which lists the
   * lines for a PowerShell of the site in status.manualSteps, and looks after everything else. A change makes another
   * gateway take the place of the one that there is. With managementPolicy Observe it has no meaning. Default:
   * Operator.
   */
  readonly provisioner: 'Operator' | 'Site';
  /**
   * What the gateway consists of. CloudServiceClassic is a gateway of before 2022 on a cloud service, classic or with
   * extended support; it can only be observed. Default: VirtualMachineScaleSet.
   */
  readonly deploymentModel: 'VirtualMachineScaleSet' | 'CloudServiceClassic';
  /** Stops all writes, to Azure, to the site and to the status. What runs in Azure goes on running. Default: false. */
  readonly suspend: boolean;
  /**
   * What happens in Azure when this object is deleted. Delete removes the gateway; Retain leaves it as it is, with
   * nobody looking after it. Default: Delete.
   */
  readonly deletionPolicy: 'Delete' | 'Retain';
  /**
   * While it is true, the gateway in Azure is not deleted: where the admission policy of the operator is installed, the
   * API server refuses to delete this object, and an object that is deleted all the same, as with its namespace, leaves
   * its gateway in Azure as with deletionPolicy Retain. Set it to false before you delete the gateway. With
   * managementPolicy Observe nothing is ever deleted in Azure, and the object may go. Default: true.
   */
  readonly deletionProtection: boolean;
  /**
   * The Site in the same namespace that the gateway belongs to, a top-level one. Without it the operator looks after
   * Azure alone, and lists the steps on the site as manual ones.
   */
  readonly siteRef?: CMGSpecSiteRef;
  /** Where in Azure the gateway runs, and as whom the operator signs in. */
  readonly azure: CMGSpecAzure;
  /**
   * The name by which clients reach the gateway, for example granitefalls.contoso.com. It must equal the common name of
   * the server certificate, upper and lower case included, or match its wildcard. Its first label, in lower case, names
   * the Azure resources.
   */
  readonly serviceName: string;
  /**
   * The server authentication certificate of the gateway, with its private key and chain. Required with
   * managementPolicy Manage; with Observe it is not read, as the certificate is seen by connecting.
   */
  readonly serverCertificate?: CMGSpecServerCertificate;
  /** The virtual machines of the gateway. */
  readonly vm: CMGSpecVm;
  /**
   * The gateway's service package: Microsoft's software that runs in the VMs. It comes from your own Configuration
   * Manager site and is never shipped with the operator. Required with managementPolicy Manage and provisioner
   * Operator; with provisioner Site nothing new is built with it.
   */
  readonly servicePackage?: CMGSpecServicePackage;
  /** How the gateway judges certificates that clients present. */
  readonly clientAuthentication: CMGSpecClientAuthentication;
  /**
   * The applications of the site in Microsoft Entra ID. With them, clients may sign in with a token of Microsoft Entra
   * ID.
   */
  readonly entra?: CMGSpecEntra;
  /** Refuse clients that offer only TLS 1.0 or 1.1. Default: true. */
  readonly enforceTls12: boolean;
  /**
   * How a gateway is replaced when a field is changed that it keeps for its life. The new gateway is built beside the
   * old one, which serves on until clients know the new one.
   */
  readonly redeployment: CMGSpecRedeployment;
  /** Whether the gateway also serves content to clients. */
  readonly content: CMGSpecContent;
}

/** Whether the gateway also serves content to clients. */
export interface CMGSpecContent {
  /** Serve content from Azure storage, as a cloud distribution point. Default: true. */
  readonly enabled: boolean;
}

/**
 * How a gateway is replaced when a field is changed that it keeps for its life. The new gateway is built beside the old
 * one, which serves on until clients know the new one.
 */
export interface CMGSpecRedeployment {
  /**
   * How long the new gateway has to be in reach of every client, without a break, before the old one may go. In hours,
   * minutes and seconds, such as 36h. Default: 24h.
   */
  readonly minimumWait: string;
  /** How many in a hundred clients on the internet have to be seen to know the new gateway. Default: 95. */
  readonly requiredRefreshPercent: number;
  /** Clients that the site has not heard of for longer do not count. Default: 336h. That is 14 days. */
  readonly ignoreClientsInactiveFor: string;
  /**
   * From the same moment as minimumWait: after this time onDeadline says what happens when too few clients are seen to
   * know the new gateway. Default: 720h. That is 30 days.
   */
  readonly deadline: string;
  /**
   * Hold keeps both gateways until a person decides; Retire lets the old one go, once the clients have been counted to
   * the end. Default: Hold.
   */
  readonly onDeadline: 'Hold' | 'Retire';
  /**
   * How long the old gateway stays stopped, without being deleted, after everything has been handed over. With 0s it is
   * deleted without being stopped. Default: 0s.
   */
  readonly drainFor: string;
  /**
   * Site takes what the site says of its clients as the evidence that they know the new gateway; TimeOnly takes the
   * time alone, which cuts off clients that were away meanwhile. Default: Site.
   */
  readonly evidence: 'Site' | 'TimeOnly';
}

/**
 * The applications of the site in Microsoft Entra ID. With them, clients may sign in with a token of Microsoft Entra
 * ID.
 */
export interface CMGSpecEntra {
  /** Application (client) id of the site's server application, a GUID. */
  readonly serverAppId: string;
  /** Application (client) id of the site's client application, a GUID. */
  readonly clientAppId: string;
}

/** How the gateway judges certificates that clients present. */
export interface CMGSpecClientAuthentication {
  /**
   * The roots and all intermediates of the authorities that issue client certificates. Clients that sign in with
   * Microsoft Entra ID or a site token need none.
   */
  readonly trustedCertificates?: readonly CMGSpecClientAuthenticationTrustedCertificate[];
  /**
   * Refuse client certificates that their authority has revoked. The gateway must reach its published revocation list
   * on the internet. Default: true.
   */
  readonly verifyRevocation: boolean;
}

/** One or more certificates of authorities, in PEM. */
export interface CMGSpecClientAuthenticationTrustedCertificate {
  /** A name of your choice, which messages use. */
  readonly name: string;
  /** The kind of object that holds them. Certificates are public, so a ConfigMap will do. */
  readonly type: 'ConfigMap' | 'Secret';
  /** A key of a ConfigMap in the same namespace. */
  readonly configMap?: CMGSpecClientAuthenticationTrustedCertificateConfigMap;
  /** A key of a Secret in the same namespace. */
  readonly secret?: CMGSpecClientAuthenticationTrustedCertificateSecret;
}

/** A key of a Secret in the same namespace. */
export interface CMGSpecClientAuthenticationTrustedCertificateSecret {
  /** Name of the Secret. */
  readonly name: string;
  /** Key of the certificates, such as ca.crt. */
  readonly key: string;
}

/** A key of a ConfigMap in the same namespace. */
export interface CMGSpecClientAuthenticationTrustedCertificateConfigMap {
  /** Name of the ConfigMap. */
  readonly name: string;
  /** Key of the certificates, such as ca.crt. */
  readonly key: string;
}

/**
 * The gateway's service package: Microsoft's software that runs in the VMs. It comes from your own Configuration
 * Manager site and is never shipped with the operator. Required with managementPolicy Manage and provisioner Operator;
 * with provisioner Site nothing new is built with it.
 */
export interface CMGSpecServicePackage {
  /** Where the operator downloads the package, an https URL without query and user info. */
  readonly url: string;
  /** SHA-256 of the package, 64 hexadecimal digits in lower case (sha256sum FILE). */
  readonly sha256: string;
  /**
   * A Secret in the same namespace for the download, with the key token (sent as bearer token), or with the keys
   * username and password.
   */
  readonly credentialsSecretRef?: CMGSpecServicePackageCredentialsSecretRef;
}

/**
 * A Secret in the same namespace for the download, with the key token (sent as bearer token), or with the keys username
 * and password.
 */
export interface CMGSpecServicePackageCredentialsSecretRef {
  /** Name of the Secret. */
  readonly name: string;
}

/** The virtual machines of the gateway. */
export interface CMGSpecVm {
  /** Lab is for tests only; Standard and Large serve clients; Custom takes the size named in sku. Default: Standard. */
  readonly size: 'Lab' | 'Standard' | 'Large' | 'Custom';
  /** Azure VM size, for example Standard_D4ads_v6. Required with size Custom, and only there. */
  readonly sku?: string;
  /** Number of VMs, 1 to 16. With two or more, maintenance of one does not interrupt the service. Default: 1. */
  readonly instances: number;
  /**
   * When a new version of the operator brings a newer model of the VMs (image, extension). Automatic rolls it out;
   * OnRequest keeps the model that the gateway has, and says so, until somebody sets the annotation
   * configmgr.io/reconcile-requested-at to a new value. Default: OnRequest.
   */
  readonly modelUpdates: 'Automatic' | 'OnRequest';
}

/**
 * The server authentication certificate of the gateway, with its private key and chain. Required with managementPolicy
 * Manage; with Observe it is not read, as the certificate is seen by connecting.
 */
export interface CMGSpecServerCertificate {
  /**
   * TLS reads a kubernetes.io/tls Secret as cert-manager writes it (tls.crt, tls.key and, if there, ca.crt); PFX reads
   * a PKCS#12 file and its password. Default: TLS.
   */
  readonly format: 'TLS' | 'PFX';
  /** The Secret in the same namespace. */
  readonly secretRef: CMGSpecServerCertificateSecretRef;
  /** Where in the Secret the certificate and its private key stand, both in PEM. */
  readonly tls?: CMGSpecServerCertificateTls;
  /** Where in the Secret the PKCS#12 file and its password stand. */
  readonly pfx?: CMGSpecServerCertificatePfx;
  /**
   * Any text. Another text lets the gateway be replaced by one with the certificate that the Secret holds now: for a
   * certificate of another organization or kind of authority, which the gateway that exists cannot take. Default:
   * empty.
   */
  readonly revision: string;
}

/** Where in the Secret the PKCS#12 file and its password stand. */
export interface CMGSpecServerCertificatePfx {
  /** Key of the PKCS#12 file. Default: pfx. */
  readonly key: string;
  /** Key of its password. Default: password. */
  readonly passwordKey: string;
}

/** Where in the Secret the certificate and its private key stand, both in PEM. */
export interface CMGSpecServerCertificateTls {
  /** Key of the certificate with its chain. Default: tls.crt. */
  readonly certificateKey: string;
  /** Key of the private key. Default: tls.key. */
  readonly privateKeyKey: string;
}

/** The Secret in the same namespace. */
export interface CMGSpecServerCertificateSecretRef {
  /** Name of the Secret. */
  readonly name: string;
}

/** Where in Azure the gateway runs, and as whom the operator signs in. */
export interface CMGSpecAzure {
  /** The Azure environment. Default: AzurePublicCloud. */
  readonly environment: 'AzurePublicCloud' | 'AzureUSGovernmentCloud';
  /** Id of the Microsoft Entra tenant, a GUID. */
  readonly tenantId: string;
  /** Id of the Azure subscription, a GUID. */
  readonly subscriptionId: string;
  /** How the operator signs in to Azure for this gateway. */
  readonly credentials: CMGSpecAzureCredentials;
  /** Name of the Azure region in lower case and without blanks, for example westeurope. */
  readonly region: string;
  /** The resource group that holds the gateway. */
  readonly resourceGroup: CMGSpecAzureResourceGroup;
}

/** The resource group that holds the gateway. */
export interface CMGSpecAzureResourceGroup {
  /** Name of the resource group, at most 90 characters. */
  readonly name: string;
  /**
   * Create makes the group and deletes it with the gateway; UseExisting needs a group that exists in the same region,
   * and never changes or deletes the group itself. Default: Create.
   */
  readonly mode: 'Create' | 'UseExisting';
}

/** How the operator signs in to Azure for this gateway. */
export interface CMGSpecAzureCredentials {
  /**
   * WorkloadIdentity uses the service account token of the operator's pod and needs no secret; ClientSecret and
   * ClientCertificate read one from a Secret.
   */
  readonly type: 'WorkloadIdentity' | 'ClientSecret' | 'ClientCertificate';
  /** Sign-in with the operator's federated service account token. */
  readonly workloadIdentity?: CMGSpecAzureCredentialsWorkloadIdentity;
  /** Sign-in with a client secret. */
  readonly clientSecret?: CMGSpecAzureCredentialsClientSecret;
  /** Sign-in with a client certificate. */
  readonly clientCertificate?: CMGSpecAzureCredentialsClientCertificate;
}

/** Sign-in with a client certificate. */
export interface CMGSpecAzureCredentialsClientCertificate {
  /** Application (client) id of the Microsoft Entra application or managed identity, a GUID. */
  readonly clientId: string;
  /** The Secret in the same namespace that holds certificate and key in PEM, usually of type kubernetes.io/tls. */
  readonly secretRef: CMGSpecAzureCredentialsClientCertificateSecretRef;
  /** Key of the certificate. Default: tls.crt. */
  readonly certificateKey: string;
  /** Key of the private key. Default: tls.key. */
  readonly privateKeyKey: string;
}

/** The Secret in the same namespace that holds certificate and key in PEM, usually of type kubernetes.io/tls. */
export interface CMGSpecAzureCredentialsClientCertificateSecretRef {
  /** Name of the Secret. */
  readonly name: string;
}

/** Sign-in with a client secret. */
export interface CMGSpecAzureCredentialsClientSecret {
  /** Application (client) id of the Microsoft Entra application or managed identity, a GUID. */
  readonly clientId: string;
  /** The Secret in the same namespace that holds the client secret. */
  readonly secretRef: CMGSpecAzureCredentialsClientSecretSecretRef;
}

/** The Secret in the same namespace that holds the client secret. */
export interface CMGSpecAzureCredentialsClientSecretSecretRef {
  /** Name of the Secret. */
  readonly name: string;
  /** Key in the Secret. Default: client-secret. */
  readonly key: string;
}

/** Sign-in with the operator's federated service account token. */
export interface CMGSpecAzureCredentialsWorkloadIdentity {
  /** Application (client) id of the Microsoft Entra application or managed identity, a GUID. */
  readonly clientId: string;
}

/**
 * The Site in the same namespace that the gateway belongs to, a top-level one. Without it the operator looks after
 * Azure alone, and lists the steps on the site as manual ones.
 */
export interface CMGSpecSiteRef {
  /** Name of the Site. */
  readonly name: string;
}
