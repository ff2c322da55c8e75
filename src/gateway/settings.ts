import type { JsonObject } from '../json.ts';
import type { GatewayDeployment } from './deployment.ts';
import { CLIENT_PORT, FIRST_INSTANCE_PORT } from './ports.ts';

/**
 * What the setup in a VM is told, as one JSON document. `docs/gateway-settings.md` describes it for those who make
 * service packages, `docs/gateway-settings.schema.json` for their tools.
 */
export interface GatewaySettings extends JsonObject {
  /** Name by which clients reach the gateway, as in the certificate. */
  readonly serviceName: string;
  /** SHA-256 of the server certificate, which stands in the store `LocalMachine\My`; lower-case hexadecimal digits. */
  readonly certificateThumbprintSha256: string;
  /** SHA-256 of the service package; lower-case hexadecimal digits. */
  readonly servicePackageSha256: string;
  /** Ports of the VM to listen on. */
  readonly ports: {
    /** For clients, and for connection points while there is one VM. */
    readonly clients: number;
    /** For connection points when there are two or more VMs. */
    readonly connectionPoints: number;
  };
  readonly tls: {
    /** The oldest version of TLS to accept. */
    readonly minimumVersion: '1.0' | '1.2';
  };
  readonly clientAuthentication: {
    /** Certificates of the authorities whose clients are let in, as DER in base64. */
    readonly trustedCertificates: readonly string[];
    /** Whether revoked client certificates are refused. */
    readonly verifyRevocation: boolean;
  };
  /** Whether clients may download content from the storage account. */
  readonly content: { readonly enabled: boolean };
  /** Whose tokens of Microsoft Entra ID are taken; without it, none are. */
  readonly entra?: {
    readonly tenantId: string;
    readonly serverAppId: string;
    readonly clientAppId: string;
    /** Where tokens come from and their keys are published, without the tenant. Absent: {@link PUBLIC_AUTHORITY_HOST}. */
    readonly authorityHost?: string;
  };
}

/** Microsoft Entra ID of the public cloud. It is not named in settings: gateways there have none that name it. */
const PUBLIC_AUTHORITY_HOST = 'https://login.microsoftonline.com';

/** The settings of every VM of a deployment. */
export function gatewaySettings(deployment: GatewayDeployment): GatewaySettings {
  const { authorityHost, clientAuthentication, entra, tenantId } = deployment;
  return {
    serviceName: deployment.serviceName,
    certificateThumbprintSha256: deployment.certificate.sha256Fingerprint,
    servicePackageSha256: deployment.servicePackage.sha256,
    ports: { clients: CLIENT_PORT, connectionPoints: FIRST_INSTANCE_PORT },
    tls: { minimumVersion: deployment.minimumTlsVersion },
    clientAuthentication: {
      trustedCertificates: clientAuthentication.trustedCertificates,
      verifyRevocation: clientAuthentication.verifyRevocation,
    },
    content: { enabled: deployment.contentEnabled },
    ...(entra && {
      entra: {
        tenantId,
        serverAppId: entra.serverAppId,
        clientAppId: entra.clientAppId,
        ...(authorityHost === PUBLIC_AUTHORITY_HOST ? {} : { authorityHost }),
      },
    }),
  };
}
