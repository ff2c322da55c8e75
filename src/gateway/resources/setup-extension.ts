import { createHash } from 'node:crypto';
import type { ObservedResources } from '../../azure/desired-resource.ts';
import type { JsonObject } from '../../json.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { blobEndpoint, identityClientId } from '../outputs.ts';
import { packageBlobName, packageUrl } from '../service-package.ts';
import { gatewaySettings } from '../settings.ts';

/** Name of the extension that installs the service package in a VM. */
export const SETUP_EXTENSION = 'setup';

/**
 * Downloads the service package with the VM's identity and runs its setup; the Custom Script Extension, because the DSC
 * extension that older gateways use retires on 31 March 2028. What it is told stands in the protected settings, which
 * Azure never returns; their hash in `forceUpdateTag` makes a change of them visible, and runs the setup again.
 *
 * `undefined` while storage account or identity have not been observed.
 */
export function setupExtension(deployment: GatewayDeployment, observed: ObservedResources): JsonObject | undefined {
  const endpoint = blobEndpoint(observed);
  const clientId = identityClientId(observed);
  if (endpoint === undefined || clientId === undefined) {
    return undefined;
  }
  const { sha256 } = deployment.servicePackage;
  const protectedSettings = {
    managedIdentity: { clientId },
    fileUris: [packageUrl(endpoint, sha256)],
    commandToExecute: setupCommand(sha256, JSON.stringify(gatewaySettings(deployment))),
  };
  return {
    name: SETUP_EXTENSION,
    properties: {
      publisher: 'Microsoft.Compute',
      type: 'CustomScriptExtension',
      typeHandlerVersion: '1.10',
      autoUpgradeMinorVersion: true,
      forceUpdateTag: createHash('sha256').update(JSON.stringify(protectedSettings)).digest('hex').slice(0, 32),
      protectedSettings,
    },
  };
}

/**
 * Checks the package once more, as it runs with all rights in the VM, unpacks it and hands its setup the settings as
 * base64, so that no character needs quoting. The setup's exit code becomes the extension's.
 */
function setupCommand(sha256: string, settings: string): string {
  const file = packageBlobName(sha256);
  const script = [
    "$ErrorActionPreference = 'Stop'",
    `if ((Get-FileHash ${file} -Algorithm SHA256).Hash -ne '${sha256}') { throw 'The service package is not the expected one.' }`,
    `Expand-Archive -Force ${file} cmg`,
    `& ./cmg/setup.ps1 -Settings ${Buffer.from(settings).toString('base64')}`,
    'exit $LASTEXITCODE',
  ];
  return `powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "${script.join('; ')}"`;
}
