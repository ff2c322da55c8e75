import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../json.ts';
import { bodyOf, contoso, observedOutputs } from '../deployment.test-world.ts';
import type { GatewayDeployment } from '../deployment.ts';
import { settingsFile } from '../setup-files.ts';
import { scaleSet } from './scale-set.ts';
import { setupExtension } from './setup-extension.ts';

test('the scale set runs Windows with trusted launch, behind the load balancer, with the certificate from the vault', () => {
  const body = bodyOf(scaleSet(contoso), contoso);
  expect(body).toMatchInlineSnapshot(`
    {
      "identity": {
        "type": "UserAssigned",
        "userAssignedIdentities": {
          "<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/granitefalls": {},
        },
      },
      "location": "westeurope",
      "properties": {
        "orchestrationMode": "Uniform",
        "overprovision": false,
        "scaleInPolicy": {
          "rules": [
            "NewestVM",
          ],
        },
        "singlePlacementGroup": true,
        "upgradePolicy": {
          "mode": "Manual",
        },
        "virtualMachineProfile": {
          "extensionProfile": {
            "extensions": [
              {
                "name": "setup",
                "properties": {
                  "autoUpgradeMinorVersion": true,
                  "forceUpdateTag": "9507e06a9d4de28d1743e6b5e7935656",
                  "protectedSettings": {
                    "commandToExecute": "powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "$ErrorActionPreference = 'Stop'; if ((Get-FileHash a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1.zip -Algorithm SHA256).Hash -ne 'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1') { throw 'The service package is not the expected one.' }; if ((Get-FileHash settings-6abe11bb665f052881d0f0efa825463d3f8e7dc1fab5138503c2879d22d99890.json -Algorithm SHA256).Hash -ne '6abe11bb665f052881d0f0efa825463d3f8e7dc1fab5138503c2879d22d99890') { throw 'The settings are not the expected ones.' }; Expand-Archive -Force a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1.zip cmg; try { & ./cmg/setup.ps1 -SettingsFile ./settings-6abe11bb665f052881d0f0efa825463d3f8e7dc1fab5138503c2879d22d99890.json } finally { if (Test-Path ./cmg/status.json) { Get-Content ./cmg/status.json -Encoding UTF8 } }; exit $LASTEXITCODE"",
                    "fileUris": [
                      "https://granitefalls.blob.core.windows.net/packages/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1.zip",
                      "https://granitefalls.blob.core.windows.net/packages/settings-6abe11bb665f052881d0f0efa825463d3f8e7dc1fab5138503c2879d22d99890.json",
                    ],
                    "managedIdentity": {
                      "clientId": "55555555-5555-4555-8555-555555555555",
                    },
                  },
                  "publisher": "Microsoft.Compute",
                  "type": "CustomScriptExtension",
                  "typeHandlerVersion": "1.10",
                },
              },
            ],
            "extensionsTimeBudget": "PT1H30M",
          },
          "networkProfile": {
            "healthProbe": {
              "id": "<group>/providers/Microsoft.Network/loadBalancers/granitefalls/probes/https",
            },
            "networkInterfaceConfigurations": [
              {
                "name": "gateway",
                "properties": {
                  "enableAcceleratedNetworking": true,
                  "ipConfigurations": [
                    {
                      "name": "gateway",
                      "properties": {
                        "loadBalancerBackendAddressPools": [
                          {
                            "id": "<group>/providers/Microsoft.Network/loadBalancers/granitefalls/backendAddressPools/gateway",
                          },
                        ],
                        "primary": true,
                        "subnet": {
                          "id": "<group>/providers/Microsoft.Network/virtualNetworks/granitefalls/subnets/gateway",
                        },
                      },
                    },
                  ],
                  "networkSecurityGroup": {
                    "id": "<group>/providers/Microsoft.Network/networkSecurityGroups/granitefalls",
                  },
                  "primary": true,
                },
              },
            ],
          },
          "osProfile": {
            "adminPassword": "Made-up-1234567890",
            "adminUsername": "cmgadmin",
            "computerNamePrefix": "cmg",
            "secrets": [
              {
                "sourceVault": {
                  "id": "<group>/providers/Microsoft.KeyVault/vaults/granitefalls",
                },
                "vaultCertificates": [
                  {
                    "certificateStore": "My",
                    "certificateUrl": "https://granitefalls.vault.azure.net/secrets/server-certificate/c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3",
                  },
                ],
              },
            ],
            "windowsConfiguration": {
              "enableAutomaticUpdates": true,
              "provisionVMAgent": true,
            },
          },
          "securityProfile": {
            "securityType": "TrustedLaunch",
            "uefiSettings": {
              "secureBootEnabled": true,
              "vTpmEnabled": true,
            },
          },
          "storageProfile": {
            "imageReference": {
              "offer": "WindowsServer",
              "publisher": "MicrosoftWindowsServer",
              "sku": "2022-datacenter-azure-edition",
              "version": "latest",
            },
            "osDisk": {
              "caching": "ReadWrite",
              "createOption": "FromImage",
              "managedDisk": {
                "storageAccountType": "StandardSSD_LRS",
              },
            },
          },
        },
      },
      "sku": {
        "capacity": 2,
        "name": "Standard_D4ads_v6",
        "tier": "Standard",
      },
      "tags": {
        "configmgr.io_cluster": "6f8a2c1e-4d3b-4a5f-9e7d-8c6b5a4f3e2d",
        "configmgr.io_deployment": "0f1e2d3c",
        "configmgr.io_model": "1",
        "configmgr.io_owner": "contoso-prod/gateways/europe",
        "configmgr.io_settings": "6abe11bb665f052881d0f0efa825463d3f8e7dc1fab5138503c2879d22d99890",
      },
    }
  `);
});

test('accelerated networking is asked for only where it is known to be there', () => {
  const withIt = (vmSku: string) =>
    JSON.stringify(bodyOf(scaleSet({ ...contoso, vmSku }), contoso)).includes('enableAccel');
  expect(withIt('Standard_D2ads_v6')).toBe(true);
  expect(withIt('Standard_B2s')).toBe(false);
});

describe('the model of the VMs', () => {
  const modelOf = (deployment: GatewayDeployment, observed = observedOutputs(deployment)) => {
    const { properties } = scaleSet(deployment).desired(observed) as { properties: JsonObject };
    return properties.virtualMachineProfile;
  };
  const outputsWithCertificate = (version: string) =>
    observedOutputs(contoso).set('certificate', {
      properties: {
        secretUriWithVersion: `https://granitefalls.vault.azure.net/secrets/server-certificate/${version}`,
      },
    });

  test('stays as it is when the gateway grows or shrinks, or its VMs do within a series', () => {
    for (const change of [{ instances: 1 }, { instances: 16 }, { vmSku: 'Standard_D8ads_v6' }]) {
      expect(modelOf({ ...contoso, ...change })).toEqual(modelOf(contoso));
    }
  });

  test('is another one with another package, certificate or content', () => {
    const models = [
      modelOf(contoso),
      modelOf({ ...contoso, servicePackage: { sha256: 'f0'.repeat(32) } }),
      modelOf({ ...contoso, contentEnabled: false }),
      modelOf(contoso, outputsWithCertificate('f0'.repeat(16))),
    ].map((model) => JSON.stringify(model));
    expect(new Set(models).size).toBe(models.length);
  });
});

describe('the setup extension', () => {
  const propertiesOf = (deployment: GatewayDeployment, observed = observedOutputs(deployment)): JsonObject =>
    setupExtension(deployment, observed)?.properties as JsonObject;
  const tagOf = (deployment: GatewayDeployment, observed = observedOutputs(deployment)) =>
    propertiesOf(deployment, observed).forceUpdateTag;

  test('fetches the package and the settings, checks both, tells the setup where the settings are, and shows its status', () => {
    const { commandToExecute, fileUris } = propertiesOf(contoso).protectedSettings as {
      commandToExecute: string;
      fileUris: readonly string[];
    };
    const { name, sha256 } = settingsFile(contoso);
    const container = 'https://granitefalls.blob.core.windows.net/packages';
    expect(fileUris).toEqual([`${container}/${'a1'.repeat(32)}.zip`, `${container}/${name}`]);
    expect(commandToExecute).toContain(
      `try { & ./cmg/setup.ps1 -SettingsFile ./${name} } finally { if (Test-Path ./cmg/status.json) { Get-Content ./cmg/status.json`,
    );
    expect(commandToExecute).toMatch(/; exit \$LASTEXITCODE"$/);
    expect(commandToExecute).toContain(`if ((Get-FileHash ${name} -Algorithm SHA256).Hash -ne '${sha256}') { throw`);
    // cmd.exe, which starts it, takes at most 8,191 characters and would expand what stands between percent signs.
    expect(commandToExecute.length).toBeLessThan(8191);
    expect(commandToExecute).not.toContain('%');
  });

  test('has a tag that stays while nothing changes', () => {
    expect(tagOf({ ...contoso, instances: 5, vmSku: 'Standard_D8ads_v6' })).toBe(tagOf(contoso));
  });

  test.each<readonly [what: string, changed: GatewayDeployment]>([
    ['service package', { ...contoso, servicePackage: { sha256: 'f0'.repeat(32) } }],
    ['certificate', { ...contoso, certificate: { ...contoso.certificate, sha256Fingerprint: 'e1'.repeat(32) } }],
    ['content', { ...contoso, contentEnabled: false }],
    ['minimum of TLS', { ...contoso, minimumTlsVersion: '1.0' }],
    ['site', { ...contoso, entra: undefined }],
    ['authority of clients', { ...contoso, clientAuthentication: { trustedCertificates: [], verifyRevocation: true } }],
    [
      'check of revocation',
      { ...contoso, clientAuthentication: { ...contoso.clientAuthentication, verifyRevocation: false } },
    ],
    ['service name', { ...contoso, serviceName: 'granitefalls.contoso.com' }],
  ])('has another tag with another %s, as Azure never shows the settings themselves', (_what, changed) => {
    expect(tagOf(changed)).not.toBe(tagOf(contoso));
  });

  test('has another tag when the identity was made anew', () => {
    const observed = observedOutputs(contoso).set('identity', {
      properties: { clientId: 'another', principalId: 'x' },
    });
    expect(tagOf(contoso, observed)).not.toBe(tagOf(contoso));
  });
});
