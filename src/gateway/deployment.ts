import type { CMGSpec } from '../api/v1alpha1/cmg.generated.ts';
import type { GatewayMark } from './mark.ts';
import type { VmModel } from './vm-models.ts';

/** Who a gateway belongs to, as written into the tags of its resources. */
export interface GatewayOwner {
  /** Names the installation of the operator; survives a move to another cluster. */
  readonly installationId: string;
  readonly namespace: string;
  readonly name: string;
  /** UID of the namespace `kube-system`, which stands for the cluster. */
  readonly clusterUid: string;
}

/** One physical gateway as it should be. All the graph is made from. */
export interface GatewayDeployment {
  /** Names the deployment; written into tags. */
  readonly id: string;
  readonly owner: GatewayOwner;
  /** What its tags say besides its owner. Default: nothing. */
  readonly mark?: Omit<GatewayMark, 'id'>;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly region: string;
  readonly resourceGroup: CMGSpec['azure']['resourceGroup'];
  readonly serviceName: string;
  /** First label of the service name in lower case; names the resources. */
  readonly prefix: string;
  readonly vmSku: string;
  /** What of the VMs comes from the version of the operator. */
  readonly vmModel: VmModel;
  /** Number of VMs, 1 to 16. */
  readonly instances: number;
  readonly contentEnabled: boolean;
  readonly clientAuthentication: {
    /** Certificates of the authorities whose clients are let in, as DER in base64. */
    readonly trustedCertificates: readonly string[];
    /** Whether revoked client certificates are refused. */
    readonly verifyRevocation: boolean;
  };
  /** The oldest version of TLS that the gateway accepts. */
  readonly minimumTlsVersion: '1.0' | '1.2';
  /** The applications of the site whose tokens are taken. */
  readonly entra: CMGSpec['entra'];
  /** Base URL of Microsoft Entra ID in the Azure environment of the gateway, without a trailing slash. */
  readonly authorityHost: string;
  readonly servicePackage: {
    /** SHA-256 in lower-case hexadecimal digits. */
    readonly sha256: string;
  };
  readonly certificate: {
    /** SHA-256 of the leaf in lower-case hexadecimal digits. */
    readonly sha256Fingerprint: string;
    /** SHA-256 of the leaf with its chain, in lower-case hexadecimal digits. */
    readonly chainSha256: string;
    /** Certificate, chain and key as PKCS#12 without a password, in base64. Secret. */
    readonly pkcs12: () => Promise<string>;
  };
  /** Object id of the identity that the operator uses in Azure; it uploads the service package. */
  readonly operatorPrincipalId: string;
  /** First password of the local administrator, sent once and kept nowhere. Secret. */
  readonly adminPassword: () => string;
}

/** The storage account takes the prefix without hyphens, as Azure allows none there. */
export function storageAccountName(prefix: string): string {
  return prefix.replaceAll('-', '');
}

/** The prefix of a service name: its first label in lower case. */
export function prefixOf(serviceName: string): string {
  return (serviceName.split('.')[0] ?? '').toLowerCase();
}
