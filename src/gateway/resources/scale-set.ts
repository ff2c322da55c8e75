import type { DesiredResource, ObservedResources } from '../../azure/desired-resource.ts';
import type { JsonObject } from '../../json.ts';
import { API_VERSIONS } from '../api-versions.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { BACKEND_POOL, HTTPS, resourceIds } from '../ids.ts';
import { certificateUrl } from '../outputs.ts';
import { settingsFile } from '../setup-files.ts';
import { MODEL_TAG, ownershipTags, SETTINGS_TAG } from '../tags.ts';
import { hasAcceleratedNetworking } from '../vm-sizes.ts';
import { setupExtension } from './setup-extension.ts';

const EXTENSIONS = 'properties.virtualMachineProfile.extensionProfile.extensions';

/**
 * The VMs. The upgrade policy is Manual: the operator itself brings VMs to a new model, a few at a time, so that with two
 * or more one always serves. Scaling in takes the newest VM, which has the highest of the ports that connection points use.
 *
 * Extensions that somebody else adds, such as the monitoring agent of a policy, are left alone: fighting over them would
 * make a new model each time, and Azure keeps ten at most.
 */
export function scaleSet(deployment: GatewayDeployment): DesiredResource {
  const ids = resourceIds(deployment);
  return {
    key: 'scaleSet',
    id: ids.scaleSet,
    apiVersion: API_VERSIONS.compute,
    // Also what stands in its model only through others, so that each goes after the VMs when the gateway is removed.
    dependsOn: [
      'identity',
      'networkSecurityGroup',
      'virtualNetwork',
      'loadBalancer',
      'vault',
      'certificate',
      'storageAccount',
      'packagesContainer',
      ...(deployment.contentEnabled ? ['contentContainer'] : []),
      'vaultRole',
      'storageRole',
    ],
    createOnly: ['properties.virtualMachineProfile.osProfile.adminPassword'],
    writeOnly: [`${EXTENSIONS}[].properties.protectedSettings`],
    keepForeignItems: [EXTENSIONS],
    omitUnchanged: ['properties.virtualMachineProfile'],
    desired: (observed) => {
      const virtualMachineProfile = profile(deployment, observed);
      return virtualMachineProfile === undefined
        ? undefined
        : {
            location: deployment.region,
            tags: {
              ...ownershipTags(deployment),
              [SETTINGS_TAG]: settingsFile(deployment).sha256,
              [MODEL_TAG]: String(deployment.vmModel.revision),
            },
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
      imageReference: deployment.vmModel.image,
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
            ...(hasAcceleratedNetworking(deployment.vmSku) ? { enableAcceleratedNetworking: true } : {}),
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
