import { createHash } from 'node:crypto';
import type { DesiredResource, ObservedResources } from '../../azure/desired-resource.ts';
import type { JsonObject } from '../../json.ts';
import { API_VERSIONS } from '../api-versions.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { BACKEND_POOL, HTTPS, resourceIds } from '../ids.ts';
import { blobEndpoint, certificateUrl, identityClientId } from '../outputs.ts';
import { packageUrl } from '../service-package.ts';
import { ownershipTags } from '../tags.ts';

/** Name of the extension that installs the service package in a VM. */
export const SETUP_EXTENSION = 'setup';

/**
 * The VMs. The upgrade policy is Manual: the operator itself brings VMs to a new model, a few at a time, so that with two
 * or more one always serves.
 */
export function scaleSet(deployment: GatewayDeployment): DesiredResource {
  const ids = resourceIds(deployment);
  return {
    key: 'scaleSet',
    id: ids.scaleSet,
    apiVersion: API_VERSIONS.compute,
    dependsOn: ['virtualNetwork', 'loadBalancer', 'certificate', 'packagesContainer', 'vaultRole', 'storageRole'],
    createOnly: ['properties.virtualMachineProfile.osProfile.adminPassword'],
    writeOnly: ['properties.virtualMachineProfile.extensionProfile.extensions[].properties.protectedSettings'],
    omitUnchanged: ['properties.virtualMachineProfile'],
    desired: (observed) => {
      const virtualMachineProfile = profile(deployment, observed);
      return virtualMachineProfile === undefined
        ? undefined
        : {
            location: deployment.region,
            tags: ownershipTags(deployment),
            sku: { name: deployment.vmSku, tier: 'Standard', capacity: deployment.instances },
            identity: { type: 'UserAssigned', userAssignedIdentities: { [ids.identity]: {} } },
            properties: {
              orchestrationMode: 'Uniform',
              overprovision: false,
              singlePlacementGroup: true,
              upgradePolicy: { mode: 'Manual' },
              scaleInPolicy: { rules: ['NewestVM'] },
              virtualMachineProfile,
            },
          };
    },
  };
}

function profile(deployment: GatewayDeployment, observed: ObservedResources): JsonObject | undefined {
  const ids = resourceIds(deployment);
  const secretUrl = certificateUrl(observed);
  const extension = setupExtension(deployment, observed);
  if (secretUrl === undefined || extension === undefined) {
    return undefined;
  }
  return {
    osProfile: {
      computerNamePrefix: 'cmg',
      adminUsername: 'cmgadmin',
      adminPassword: deployment.adminPassword(),
      windowsConfiguration: { provisionVMAgent: true, enableAutomaticUpdates: true },
      secrets: [
        {
          sourceVault: { id: ids.vault },
          vaultCertificates: [{ certificateUrl: secretUrl, certificateStore: 'My' }],
        },
      ],
    },
    storageProfile: {
      imageReference: {
        publisher: 'MicrosoftWindowsServer',
        offer: 'WindowsServer',
        sku: '2022-datacenter-azure-edition',
        version: 'latest',
      },
      osDisk: {
        createOption: 'FromImage',
        caching: 'ReadWrite',
        managedDisk: { storageAccountType: 'StandardSSD_LRS' },
      },
    },
    securityProfile: {
      securityType: 'TrustedLaunch',
      uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
    },
    networkProfile: {
      healthProbe: { id: `${ids.loadBalancer}/probes/${HTTPS}` },
      networkInterfaceConfigurations: [
        {
          name: 'gateway',
          properties: {
            primary: true,
            enableAcceleratedNetworking: true,
            networkSecurityGroup: { id: ids.networkSecurityGroup },
            ipConfigurations: [
              {
                name: 'gateway',
                properties: {
                  primary: true,
                  subnet: { id: ids.subnet },
                  loadBalancerBackendAddressPools: [{ id: `${ids.loadBalancer}/backendAddressPools/${BACKEND_POOL}` }],
                },
              },
            ],
          },
        },
      ],
    },
    extensionProfile: { extensionsTimeBudget: 'PT1H30M', extensions: [extension] },
  };
}

/**
 * Downloads the service package with the VM's identity and runs its setup. What it is told stands in the protected
 * settings, which Azure never returns; the hash in `forceUpdateTag` makes a change of them visible.
 */
function setupExtension(deployment: GatewayDeployment, observed: ObservedResources): JsonObject | undefined {
  const endpoint = blobEndpoint(observed);
  const clientId = identityClientId(observed);
  if (endpoint === undefined || clientId === undefined) {
    return undefined;
  }
  const { sha256 } = deployment.servicePackage;
  const settings = {
    serviceName: deployment.serviceName,
    certificateThumbprintSha256: deployment.certificate.sha256Fingerprint,
    servicePackageSha256: sha256,
    content: { enabled: deployment.contentEnabled },
  };
  const document = JSON.stringify(settings);
  return {
    name: SETUP_EXTENSION,
    properties: {
      publisher: 'Microsoft.Compute',
      type: 'CustomScriptExtension',
      typeHandlerVersion: '1.10',
      autoUpgradeMinorVersion: true,
      forceUpdateTag: createHash('sha256').update(document).digest('hex').slice(0, 32),
      protectedSettings: {
        managedIdentity: { clientId },
        fileUris: [packageUrl(endpoint, sha256)],
        commandToExecute: setupCommand(sha256, document),
      },
    },
  };
}

/** Unpacks the package and hands its setup the settings as base64, so that no character needs quoting. */
function setupCommand(sha256: string, settings: string): string {
  const encoded = Buffer.from(settings).toString('base64');
  return `powershell -NoProfile -ExecutionPolicy Bypass -Command "Expand-Archive -Force ${sha256}.zip cmg; & ./cmg/setup.ps1 -Settings ${encoded}"`;
}
