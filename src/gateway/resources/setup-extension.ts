import { createHash } from 'node:crypto';
import type { ObservedResources } from '../../azure/desired-resource.ts';
import type { JsonObject } from '../../json.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { blobEndpoint, identityClientId } from '../outputs.ts';
import { packageBlobName, settingsFile, setupFileUrl } from '../setup-files.ts';

/** Name of the extension that installs the service package in a VM. */
export const SETUP_EXTENSION = 'setup';

/**
 * Downloads the service package and the settings with the VM's identity and runs the package's setup. What it is told stands
 * in the protected settings, which Azure never returns; their hash in `forceUpdateTag` makes a change of them visible, and
 * runs the setup again.
 *
 * `undefined` while storage account or identity have not been observed.
 */
export function setupExtension(deployment: GatewayDeployment, observed: ObservedResources): JsonObject | undefined {
  const endpoint = blobEndpoint(observed);
  const clientId = identityClientId(observed);
  if (endpoint === undefined || clientId === undefined) {
    return undefined;
  }
  const { servicePackage, vmModel } = deployment;
  const packageName = packageBlobName(servicePackage.sha256);
  const settings = settingsFile(deployment);
  const protectedSettings = {
    managedIdentity: { clientId },
    fileUris: [packageName, settings.name].map((name) => setupFileUrl(endpoint, name)),
    commandToExecute: vmModel.setupCommand({
      packageName,
      packageSha256: servicePackage.sha256,
      settingsName: settings.name,
      settingsSha256: settings.sha256,
    }),
  };
  return {
    name: SETUP_EXTENSION,
    properties: {
      ...vmModel.setupExtension,
      forceUpdateTag: createHash('sha256').update(JSON.stringify(protectedSettings)).digest('hex').slice(0, 32),
      protectedSettings,
    },
  };
}
