import { describe, expect, it } from 'vitest';
import { changeGatewayStep, createGatewayStep, type GatewayToMake } from './gateway-steps.ts';

const GATEWAY: GatewayToMake = {
  serviceName: 'GraniteFalls.contoso.com',
  description: 'Kubernetes CMG gateways/granitefalls',
  environment: 'AzureUSGovernmentCloud',
  tenantId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  subscriptionId: '8a0b1c2d-3e4f-4a5b-8c7d-9e0f1a2b3c4d',
  region: 'usgovvirginia',
  resourceGroup: "rg-o'hare",
  usesExistingGroup: true,
  serverAppId: undefined,
  instances: 3,
  vmSize: 'Standard (spec.vm.size)',
  contentEnabled: false,
  verifyRevocation: false,
  enforceTls12: true,
  certificate: 'the Secret gateways/granitefalls-tls',
  trustedCertificates: ['root', 'issuing'],
};

describe('the step by which the site makes a gateway', () => {
  it('has every parameter that carries something of the spec, and tells what none carries', () => {
    const { operation, instruction, cmdlet } = createGatewayStep(GATEWAY);
    expect(operation).toBe('CreateService');
    expect(cmdlet).toBe(
      [
        "New-CMCloudManagementGateway -EnvironmentSetting 'AzureUSGovernmentCloud'",
        "-TenantId '3f2504e0-4f89-41d3-9a0c-0305e82c3301' -SubscriptionId '8a0b1c2d-3e4f-4a5b-8c7d-9e0f1a2b3c4d'",
        "-ServerAppClientId <client id of the site's server application> -Region 'usgovvirginia'",
        "-GroupName 'rg-o''hare' -IsUsingExistingGroup $true -ServiceName 'GraniteFalls.contoso.com'",
        '-ServiceCertPath <path of the PFX file> -ServiceCertPassword <its password as a SecureString>',
        '-VMInstanceCount 3 -EnableCloudDPFunction $false -CheckClientCertRevocation $false -EnforceProtocol $true',
        '-CARootCert <hashtable of the path and the store of each trusted certificate>',
        "-Description 'Kubernetes CMG gateways/granitefalls'",
      ].join(' '),
    );
    expect(instruction).toContain('the Secret gateways/granitefalls-tls');
    expect(instruction).toContain('Standard (spec.vm.size)');
    expect(instruction).toContain(
      'spec.clientAuthentication.trustedCertificates to a file, and name it with its store, RootCA or IntermediateCA: root, issuing.',
    );
    expect(instruction).toContain('Before version 2603');
  });

  it('says nothing of what the spec does not ask for', () => {
    const { instruction, cmdlet } = createGatewayStep({
      ...GATEWAY,
      usesExistingGroup: false,
      trustedCertificates: [],
    });
    expect(cmdlet).not.toMatch(/IsUsingExistingGroup|CARootCert/);
    expect(instruction).not.toMatch(/trustedCertificates|2603/);
  });

  it('fits into a status, however many authorities there are', () => {
    const longest: GatewayToMake = {
      ...GATEWAY,
      serviceName: 'g'.repeat(253),
      certificate: `the Secret ${'n'.repeat(63)}/${'s'.repeat(253)}`,
      trustedCertificates: Array.from({ length: 16 }, (_, at) => `${'a'.repeat(61)}${at}`),
    };
    const { instruction, cmdlet } = createGatewayStep(longest);
    expect(instruction.length).toBeLessThanOrEqual(2048);
    expect(cmdlet?.length).toBeLessThanOrEqual(4096);
    expect(instruction).toContain(' and 8 more.');
  });
});

describe('the step by which the site changes a gateway', () => {
  it.each([
    [{ instances: 2, certificate: undefined }, "Set-CMCloudManagementGateway -Name 'Contoso' -VMInstanceCount 2"],
    [
      { instances: undefined, certificate: 'the Secret gateways/tls' },
      "Set-CMCloudManagementGateway -Name 'Contoso' -ServiceCertPath <path of the PFX file> -ServiceCertPassword <its password as a SecureString>",
    ],
  ])('names what is to be changed, and nothing else: %o', (change, line) => {
    const { operation, cmdlet } = changeGatewayStep('Contoso', change);
    expect([operation, cmdlet]).toEqual(['ChangeService', line]);
  });
});
