import type { JsonObject } from '../json.ts';
import type { GatewayDeployment } from './deployment.ts';

/**
 * What the setup in a VM is told, as one JSON document. `docs/gateway-settings.md` describes it for those who make
 * service packages.
 */
export interface GatewaySettings extends JsonObject {
  /** Name by which clients reach the gateway, as in the certificate. */
  readonly serviceName: string;
  /** SHA-256 of the server certificate, which stands in the store `LocalMachine\My`; lower-case hexadecimal digits. */
  readonly certificateThumbprintSha256: string;
  /** SHA-256 of the service package; lower-case hexadecimal digits. */
  readonly servicePackageSha256: string;
  /** Whether clients may download content from the storage account. */
  readonly content: { readonly enabled: boolean };
}

/** The settings of every VM of a deployment. */
export function gatewaySettings(deployment: GatewayDeployment): GatewaySettings {
  return {
    serviceName: deployment.serviceName,
    certificateThumbprintSha256: deployment.certificate.sha256Fingerprint,
    servicePackageSha256: deployment.servicePackage.sha256,
    content: { enabled: deployment.contentEnabled },
  };
}
