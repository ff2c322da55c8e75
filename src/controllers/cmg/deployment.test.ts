import { describe, expect, it } from 'vitest';
import { DEFAULT_REDEPLOYMENT } from '../../../test/world/gateway-manifests.ts';
import type { CMGStatusDeployment, CMGStatusDeploymentIdentity } from '../../api/v1alpha1/cmg.generated.ts';
import type { ServerCertificate } from '../../certificates/server-certificate.ts';
import { VM_MODELS } from '../../gateway/vm-models.ts';
import { gatewayDeployment, identityChanges, identityOf, recordedGateway } from './deployment.ts';
import type { ManagedCmg } from './managed-cmg.ts';

const TENANT = '11111111-aaaa-4111-8111-111111111111';
const SUBSCRIPTION = '22222222-bbbb-4222-8222-222222222222';

function cmg(change: (spec: ManagedCmg['spec']) => ManagedCmg['spec'] = (spec) => spec): ManagedCmg {
  const spec: ManagedCmg['spec'] = {
    managementPolicy: 'Manage',
    provisioner: 'Operator',
    deploymentModel: 'VirtualMachineScaleSet',
    suspend: false,
    deletionPolicy: 'Delete',
    deletionProtection: true,
    azure: {
      environment: 'AzurePublicCloud',
      tenantId: TENANT,
      subscriptionId: SUBSCRIPTION,
      credentials: { type: 'WorkloadIdentity', workloadIdentity: { clientId: TENANT } },
      region: 'westeurope',
      resourceGroup: { name: 'rg-cmg', mode: 'Create' },
    },
    serviceName: 'GraniteFalls.contoso.com',
    serverCertificate: { format: 'TLS', secretRef: { name: 'tls' }, revision: '' },
    vm: { size: 'Large', instances: 3, modelUpdates: 'OnRequest' },
    servicePackage: { url: 'https://packages.contoso.com/cmg.zip', sha256: 'a'.repeat(64) },
    content: { enabled: false },
    clientAuthentication: { verifyRevocation: true },
    enforceTls12: true,
    redeployment: DEFAULT_REDEPLOYMENT,
  };
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'CMG',
    metadata: {
      name: 'europe',
      namespace: 'gateways',
      uid: 'u1',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: change(spec),
  };
}

const record: CMGStatusDeployment = {
  id: '0f1e2d3c',
  identity: identityOf(cmg()),
  phase: 'Active',
  serviceName: 'GraniteFalls.contoso.com',
  createdAt: '2026-01-01T00:00:00Z',
};

const inAzure = (change: Partial<ManagedCmg['spec']['azure']>) =>
  cmg((spec) => ({ ...spec, azure: { ...spec.azure, ...change } }));

describe('what a gateway keeps for its life', () => {
  it.each<readonly [field: string, changed: ManagedCmg, words: string]>([
    [
      'environment',
      inAzure({ environment: 'AzureUSGovernmentCloud' }),
      'spec.azure.environment (AzurePublicCloud → AzureUSGovernmentCloud)',
    ],
    ['tenant', inAzure({ tenantId: SUBSCRIPTION }), `spec.azure.tenantId (${TENANT} → ${SUBSCRIPTION})`],
    ['subscription', inAzure({ subscriptionId: TENANT }), `spec.azure.subscriptionId (${SUBSCRIPTION} → ${TENANT})`],
    ['region', inAzure({ region: 'northeurope' }), 'spec.azure.region (westeurope → northeurope)'],
    [
      'resource group',
      inAzure({ resourceGroup: { name: 'rg-2', mode: 'Create' } }),
      'spec.azure.resourceGroup.name (rg-cmg → rg-2)',
    ],
    [
      'service name',
      cmg((spec) => ({ ...spec, serviceName: 'other.contoso.com' })),
      'spec.serviceName (GraniteFalls.contoso.com → other.contoso.com)',
    ],
    [
      'case of the service name, which Configuration Manager heeds',
      cmg((spec) => ({ ...spec, serviceName: 'granitefalls.contoso.com' })),
      'spec.serviceName (GraniteFalls.contoso.com → granitefalls.contoso.com)',
    ],
  ])('is its %s', (_field, changed, words) => {
    expect(identityChanges(changed, record)).toEqual([words]);
  });

  it.each<readonly [what: string, changed: ManagedCmg]>([
    ['nothing', cmg()],
    [
      'the case of what Azure compares without it',
      inAzure({ tenantId: TENANT.toUpperCase(), resourceGroup: { name: 'RG-CMG', mode: 'Create' } }),
    ],
    ['who owns the group', inAzure({ resourceGroup: { name: 'rg-cmg', mode: 'UseExisting' } })],
    [
      'the VMs, the content, the package, the certificate, what happens on deletion',
      cmg((spec) => ({
        ...spec,
        vm: { size: 'Lab', instances: 1, modelUpdates: 'OnRequest' },
        content: { enabled: true },
        servicePackage: { url: 'https://packages.contoso.com/2.zip', sha256: 'b'.repeat(64) },
        serverCertificate: { format: 'PFX', secretRef: { name: 'pfx' }, revision: '' },
        deletionPolicy: 'Retain',
        deletionProtection: false,
        suspend: true,
      })),
    ],
  ])('does not change with %s', (_what, changed) => {
    expect(identityChanges(changed, record)).toEqual([]);
  });

  it('does not change by a field that an older record lacks', () => {
    const { tenantId, ...older } = record.identity;
    const identity = older as CMGStatusDeploymentIdentity;
    expect(identityChanges(inAzure({ tenantId: SUBSCRIPTION }), { ...record, identity })).toEqual([]);
    expect(tenantId).toBe(TENANT);
  });

  it('is told of every field at once', () => {
    const changed = inAzure({ region: 'northeurope', tenantId: SUBSCRIPTION });
    expect(identityChanges(changed, record)).toHaveLength(2);
  });
});

const certificate: ServerCertificate = {
  commonName: 'GraniteFalls.contoso.com',
  organization: undefined,
  dnsNames: [],
  notBefore: 0,
  notAfter: 1,
  keyType: 'rsa',
  keyBits: 2048,
  forServers: true,
  sha256Fingerprint: 'b'.repeat(64),
  chainSha256: 'c'.repeat(64),
  trust: 'Private',
  chain: [],
  missingIssuer: undefined,
};

describe('the deployment of a spec', () => {
  const deployment = gatewayDeployment({
    cmg: cmg(),
    id: '0f1e2d3c',
    installationId: 'prod',
    clusterUid: 'cluster',
    operatorPrincipalId: 'principal',
    vmModel: VM_MODELS[0],
    authorityHost: 'https://login.microsoftonline.com',
    certificate,
    trustedCertificates: [],
    pkcs12: async () => 'Secret-PFX',
    adminPassword: () => 'Secret-Password',
  });

  it('has the names and sizes that Azure needs', () => {
    expect(deployment).toMatchObject({
      id: '0f1e2d3c',
      owner: { installationId: 'prod', namespace: 'gateways', name: 'europe', clusterUid: 'cluster' },
      serviceName: 'GraniteFalls.contoso.com',
      prefix: 'granitefalls',
      vmSku: 'Standard_D8ads_v6',
      instances: 3,
      contentEnabled: false,
      servicePackage: { sha256: 'a'.repeat(64) },
      certificate: { sha256Fingerprint: 'b'.repeat(64), chainSha256: 'c'.repeat(64) },
    });
  });

  it('shows no secret to whoever prints it', async () => {
    expect(JSON.stringify(deployment)).not.toMatch(/Secret-/);
    expect([await deployment.certificate.pkcs12(), deployment.adminPassword()]).toEqual([
      'Secret-PFX',
      'Secret-Password',
    ]);
  });
});

describe('the deployment of a record', () => {
  it('is where the gateway was made, wherever the spec wants it now', () => {
    const moved = inAzure({
      region: 'northeurope',
      tenantId: SUBSCRIPTION,
      resourceGroup: { name: 'rg-2', mode: 'Create' },
    });
    const renamed = { ...moved, spec: { ...moved.spec, serviceName: 'other.contoso.com' } };
    expect(recordedGateway(renamed, record, { installationId: 'prod', clusterUid: 'cluster' })).toMatchObject({
      id: '0f1e2d3c',
      owner: { installationId: 'prod', namespace: 'gateways', name: 'europe', clusterUid: 'cluster' },
      tenantId: TENANT,
      subscriptionId: SUBSCRIPTION,
      region: 'westeurope',
      resourceGroup: { name: 'rg-cmg' },
      serviceName: 'GraniteFalls.contoso.com',
      prefix: 'granitefalls',
    });
  });

  it('has no secrets', async () => {
    const { certificate: empty, adminPassword } = recordedGateway(cmg(), record, {
      installationId: 'p',
      clusterUid: 'c',
    });
    expect([await empty.pkcs12(), adminPassword()]).toEqual(['', '']);
  });
});
