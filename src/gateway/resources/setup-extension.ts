import { createHash } from 'node:crypto';
import type { ObservedResources } from '../../azure/desired-resource.ts';
import type { JsonObject } from '../../json.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { blobEndpoint, identityClientId } from '../outputs.ts';
import { packageBlobName, type SettingsFile, settingsFile, setupFileUrl } from '../setup-files.ts';

/** Name of the extension that installs the service package in a VM. */
export const SETUP_EXTENSION = 'setup';

/**
 * Downloads the service package and the settings with the VM's identity and runs the package's setup; the Custom Script
 * Extension, because the DSC extension that older gateways use retires on 31 March 2028. What it is told stands in the
 * protected settings, which Azure never returns; their hash in `forceUpdateTag` makes a change of them visible, and runs
 * the setup again.
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
  const settings = settingsFile(deployment);
  const protectedSettings = {
    managedIdentity: { clientId },
    fileUris: [packageBlobName(sha256), settings.name].map((name) => setupFileUrl(endpoint, name)),
    commandToExecute: setupCommand(sha256, settings),
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
 * Checks both files once more, as the package runs with all rights in the VM, unpacks it and tells its setup where the
 * settings are. What the setup says about itself in its status file becomes the last line of the output, where Azure
 * shows it, even when the setup throws; its exit code becomes the extension's.
 */
function setupCommand(sha256: string, settings: SettingsFile): string {
  const file = packageBlobName(sha256);
  const script = [
    "$ErrorActionPreference = 'Stop'",
    throwUnless(file, sha256, 'The service package is not the expected one.'),
    throwUnless(settings.name, settings.sha256, 'The settings are not the expected ones.'),
    `Expand-Archive -Force ${file} cmg`,
    `try { & ./cmg/setup.ps1 -SettingsFile ./${settings.name} } finally { ${SHOW_STATUS} }`,
    'exit $LASTEXITCODE',
  ];
  return `powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "${script.join('; ')}"`;
}

const SHOW_STATUS = 'if (Test-Path ./cmg/status.json) { Get-Content ./cmg/status.json -Encoding UTF8 }';

function throwUnless(file: string, sha256: string, message: string): string {
  return `if ((Get-FileHash ${file} -Algorithm SHA256).Hash -ne '${sha256}') { throw '${message}' }`;
}
