// Generated from crds/configmgr.io_sites.yaml by `npm run generate`. Do not edit.

import type { ObjectMeta } from '../object-meta.ts';

/**
 * A Configuration Manager site, as far as cloud management gateways are concerned: how the operator reaches it, and
 * what it keeps as declared there. Deleting it changes nothing on the site.
 */
export interface Site {
  readonly apiVersion: 'configmgr.io/v1alpha1';
  readonly kind: 'Site';
  readonly metadata: ObjectMeta;
  readonly spec: SiteSpec;
  readonly status?: SiteStatus;
}

/** The site as it was last seen. */
export interface SiteStatus {
  /** Generation of the spec that this status speaks of. */
  readonly observedGeneration?: number;
  /** What is true of the site. Ready sums the others up. */
  readonly conditions?: readonly SiteStatusCondition[];
  /** Site code as the site says. */
  readonly siteCode?: string;
  /** Name as the site says. */
  readonly siteName?: string;
  /** Version of the site, such as 5.00.9132.1000. */
  readonly version?: string;
  /** What kind of site it is. */
  readonly type?: string;
  /**
   * The CMG that is to be without a gateway for a while, and the one that carries its clients. One at a time for each
   * site.
   */
  readonly outageClaim?: SiteStatusOutageClaim;
  /** What on the site differs from what is declared, or is not known. */
  readonly differences?: readonly SiteStatusDifference[];
  /**
   * Steps that a person has to take on the site for it to be as declared. Each is gone once the site shows that it is
   * done.
   */
  readonly manualSteps?: readonly SiteStatusManualStep[];
}

/** One step. */
export interface SiteStatusManualStep {
  /** What it does on the site. */
  readonly operation: string;
  /** What to do, and why the operator does not. */
  readonly instruction: string;
  /** The line for a PowerShell with the ConfigurationManager module on the drive of the site. */
  readonly cmdlet?: string;
}

/** One difference. */
export interface SiteStatusDifference {
  /** Field of the spec, with the site, server or role that it is about. */
  readonly field: string;
  /** What the spec says. */
  readonly declared: string;
  /** What the site says; Unknown where that is not understood. */
  readonly actual: string;
}

/**
 * The CMG that is to be without a gateway for a while, and the one that carries its clients. One at a time for each
 * site.
 */
export interface SiteStatusOutageClaim {
  /** Name of the CMG in the same namespace whose gateway is replaced under its own name. */
  readonly claimant: string;
  /** Name of the CMG in the same namespace that its clients use meanwhile. */
  readonly carrier: string;
  /** When the claim was made. */
  readonly since: string;
}

/** One condition. */
export interface SiteStatusCondition {
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

/** How the site is reached, and what of it the operator keeps as declared. What is left out is not touched. */
export interface SiteSpec {
  /**
   * Stops all writes of the operator for this object, to the site and to the status. Connection points and boundary
   * groups on it are left alone too. Default: false.
   */
  readonly suspend: boolean;
  /** Code of the site that is reached, three letters and digits. It cannot be changed. */
  readonly siteCode: string;
  /**
   * What kind of site it is; it is compared with what the site says. A gateway belongs to a top-level site: a
   * stand-alone primary or a central administration site.
   */
  readonly type: 'StandalonePrimary' | 'CentralAdministration' | 'ChildPrimary';
  /** The administration service of the site, through which the operator reads and changes it. */
  readonly adminService: SiteSpecAdminService;
  /** How clients prove who they are, on the primary sites that this site has or is. */
  readonly clientAuthentication?: SiteSpecClientAuthentication;
  /** Roles whose switch for gateway traffic is kept as declared. Others stay as they are. */
  readonly clientFacingRoles?: readonly SiteSpecClientFacingRole[];
  /** The default client settings, as far as gateways are concerned. */
  readonly clientSettings?: SiteSpecClientSettings;
  /**
   * Lets the operator make changes whose form Microsoft does not document and nobody has been seen to use. Without it
   * they are listed as manual steps. Default: false.
   */
  readonly allowUnproven: boolean;
}

/** The default client settings, as far as gateways are concerned. */
export interface SiteSpecClientSettings {
  /** Enable clients to use a cloud management gateway. Left out, it stays as it is. */
  readonly allowCmg?: boolean;
}

/** The switch of one role on one server. */
export interface SiteSpecClientFacingRole {
  /** FQDN of the server. */
  readonly server: string;
  /** The role. */
  readonly role: 'ManagementPoint' | 'SoftwareUpdatePoint';
  /** Whether it takes traffic of gateways. The role has to use HTTPS, or the site Enhanced HTTP. */
  readonly allowCmgTraffic: boolean;
}

/** How clients prove who they are, on the primary sites that this site has or is. */
export interface SiteSpecClientAuthentication {
  /** Use a client certificate of a PKI when there is one. Left out, it stays as it is. */
  readonly usePkiCertificate?: boolean;
  /**
   * Clients check the revocation list for certificates of site systems, the gateway's among them. Left out, it stays as
   * it is.
   */
  readonly checkRevocationForSiteSystems?: boolean;
}

/** The administration service of the site, through which the operator reads and changes it. */
export interface SiteSpecAdminService {
  /**
   * Address of an SMS Provider by its full DNS name, such as https://provider.contoso.com. Without a path, the route of
   * the administration service that fits the sign-in is taken.
   */
  readonly url: string;
  /**
   * Certificates in PEM that the certificate of the administration service has to come from. It is one that the site
   * issued itself, unless somebody bound another one. Left out, it has to come from a public authority.
   */
  readonly caBundle?: string;
  /** As whom the operator signs in. The account has to be an administrative user of the site. */
  readonly auth: SiteSpecAdminServiceAuth;
}

/** As whom the operator signs in. The account has to be an administrative user of the site. */
export interface SiteSpecAdminServiceAuth {
  /** Kerberos signs in with a keytab; Bearer sends a token that somebody else keeps fresh in a Secret. */
  readonly type: 'Kerberos' | 'Bearer';
  /** Sign-in as an account of Active Directory. */
  readonly kerberos?: SiteSpecAdminServiceAuthKerberos;
  /** Sign-in with a token. */
  readonly bearer?: SiteSpecAdminServiceAuthBearer;
}

/** Sign-in with a token. */
export interface SiteSpecAdminServiceAuthBearer {
  /** The Secret in the same namespace that holds the token. It is read anew when it changes. */
  readonly secretRef: SiteSpecAdminServiceAuthBearerSecretRef;
}

/** The Secret in the same namespace that holds the token. It is read anew when it changes. */
export interface SiteSpecAdminServiceAuthBearerSecretRef {
  /** Name of the Secret. */
  readonly name: string;
  /** Key in the Secret. Default: token. */
  readonly key: string;
}

/** Sign-in as an account of Active Directory. */
export interface SiteSpecAdminServiceAuthKerberos {
  /** The account with its realm, such as svc-cmg@CONTOSO.COM. */
  readonly principal: string;
  /**
   * Domain controllers of the account's domain by their DNS names, each with a port if it is not 88. Left out, DNS
   * names them.
   */
  readonly kdcs?: readonly string[];
  /** The Secret in the same namespace that holds the keytab. */
  readonly keytabSecretRef: SiteSpecAdminServiceAuthKerberosKeytabSecretRef;
}

/** The Secret in the same namespace that holds the keytab. */
export interface SiteSpecAdminServiceAuthKerberosKeytabSecretRef {
  /** Name of the Secret. */
  readonly name: string;
  /** Key in the Secret. Default: keytab. */
  readonly key: string;
}
