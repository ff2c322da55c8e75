import { describe, expect, it } from 'vitest';
import { type Manifest, secret } from '../../world/gateway-manifests.ts';
import { type BadInput, testBadInput } from './bad-input.ts';
import { type GatewayTest, NAME, operatorSuite } from './suite.ts';

const suite = operatorSuite();

const groupPath = (subscriptionId: string, name: string) =>
  `/subscriptions/${subscriptionId}/resourcegroups/${name}?api-version=2025-04-01`;

function withAzure(manifest: Manifest, azure: object): Manifest {
  const spec = manifest.spec as { readonly azure: object };
  return { ...manifest, spec: { ...spec, azure: { ...spec.azure, ...azure } } };
}

function withSpec(manifest: Manifest, spec: object): Manifest {
  return { ...manifest, spec: { ...(manifest.spec as object), ...spec } };
}

/** The next write of the scale set is accepted, and its operation fails. */
function failScaleSet({ control }: GatewayTest['azure'], code: string, message: string): void {
  control.faults.add({
    match: { method: 'PUT', urlPattern: 'virtualMachineScaleSets/granitefalls\\?' },
    action: { kind: 'failOperation', error: { code, message } },
  });
}

const AZURE: readonly BadInput[] = [
  {
    what: 'a missing credentials Secret',
    prepare: () => ({ credentials: undefined }),
    type: 'PrerequisitesMet',
    reason: 'SecretNotFound',
    says: /azure does not exist\. Create it with the key client-secret/,
    stalled: false,
    mend: (test, { credentials }) => test.apply(credentials),
  },
  {
    what: 'a wrong client secret',
    prepare: ({ namespace }) => ({ credentials: secret(namespace, 'azure', 'Opaque', { 'client-secret': 'wrong' }) }),
    type: 'PrerequisitesMet',
    reason: 'CredentialsInvalid',
    says: /AADSTS7000215.*spec\.azure\.credentials/s,
    stalled: true,
    mend: (test, { credentials }) => test.apply(credentials),
  },
  {
    what: 'an unknown tenant',
    prepare: (_, { cmg }) => ({ cmg: withAzure(cmg, { tenantId: '00000000-0000-4000-8000-000000000000' }) }),
    type: 'PrerequisitesMet',
    reason: 'CredentialsInvalid',
    says: /AADSTS90002/,
    stalled: true,
    mend: (test, { cmg }) => test.apply(cmg),
  },
  {
    what: 'an unknown subscription',
    prepare: (_, { cmg }) => ({ cmg: withAzure(cmg, { subscriptionId: '00000000-0000-4000-8000-000000000000' }) }),
    type: 'PrerequisitesMet',
    reason: 'SubscriptionNotFound',
    says: /spec\.azure\.subscriptionId/,
    stalled: true,
    mend: (test, { cmg }) => test.apply(cmg),
  },
  {
    what: 'a disabled subscription',
    prepare: ({ azure }) => {
      azure.control.setSubscriptionState('Disabled');
      return {};
    },
    type: 'PrerequisitesMet',
    reason: 'SubscriptionDisabled',
    says: /is Disabled.*Enable it in Azure/,
    stalled: true,
    mend: ({ azure }) => azure.control.setSubscriptionState('Enabled'),
  },
  {
    what: 'missing rights',
    prepare: ({ azure }) => {
      azure.control.deny(['Microsoft.Network/loadBalancers/write']);
      return {};
    },
    type: 'PrerequisitesMet',
    reason: 'AuthorizationFailed',
    says: /Microsoft\.Network\/loadBalancers\/write.*Assign it a role/,
    stalled: true,
    mend: ({ azure }) => azure.control.setRights([{ scope: '/', actions: ['*'], notActions: [] }]),
  },
  {
    what: 'an unregistered provider without the right to register it',
    prepare: ({ azure }) => {
      azure.control.setRegistration('Microsoft.KeyVault', 'NotRegistered');
      azure.control.deny(['*/register/action']);
      return {};
    },
    type: 'PrerequisitesMet',
    reason: 'ProviderNotRegistered',
    says: /az provider register --namespace Microsoft\.KeyVault/,
    stalled: true,
    mend: ({ azure }) => azure.control.setRegistration('Microsoft.KeyVault', 'Registered'),
  },
  {
    what: 'an unknown region',
    prepare: (_, { cmg }) => ({ cmg: withAzure(cmg, { region: 'westeuropa' }) }),
    type: 'PrerequisitesMet',
    reason: 'RegionNotFound',
    says: /no region westeuropa.*spec\.azure\.region/,
    stalled: true,
    mend: (test, { cmg }) => test.apply(cmg),
  },
  {
    what: 'an unknown VM size',
    prepare: (_, { cmg }) => ({ cmg: withSpec(cmg, { vm: { size: 'Custom', sku: 'Standard_Z99', instances: 1 } }) }),
    type: 'PrerequisitesMet',
    reason: 'SkuNotAvailable',
    says: /Standard_Z99 is not offered in westeurope/,
    stalled: true,
    mend: (test) => test.patchSpec({ vm: { size: 'Standard', sku: null } }),
  },
  {
    what: 'a quota that is too small',
    prepare: ({ azure }) => {
      azure.control.settings.quotas.set('cores', 2);
      return {};
    },
    type: 'PrerequisitesMet',
    reason: 'QuotaExceeded',
    says: /need 4 cores.*Ask for more/,
    stalled: true,
    mend: ({ azure }) => azure.control.settings.quotas.set('cores', 100),
  },
  {
    what: 'an existing group in another region',
    prepare: ({ azure }, { cmg }) => {
      azure.control.call('PUT', `/subscriptions/${azure.subscriptionId}/resourcegroups/north?api-version=2025-04-01`, {
        location: 'northeurope',
      });
      return { cmg: withAzure(cmg, { resourceGroup: { name: 'north', mode: 'UseExisting' } }) };
    },
    type: 'PrerequisitesMet',
    reason: 'ResourceGroupLocationMismatch',
    says: /lies in northeurope, but spec\.azure\.region is westeurope/,
    stalled: true,
    mend: (test, { cmg }) => test.apply(cmg),
  },
  {
    what: 'a group that is to exist and does not',
    prepare: (_, { cmg }) => ({ cmg: withAzure(cmg, { resourceGroup: { name: 'nowhere', mode: 'UseExisting' } }) }),
    type: 'PrerequisitesMet',
    reason: 'ResourceGroupNotFound',
    says: /nowhere does not exist\. Create it/,
    stalled: true,
    mend: (test, { cmg }) => test.apply(cmg),
  },
  {
    what: 'a vault name that somebody else has',
    prepare: ({ azure }) => {
      azure.control.takeName({ kind: 'vault', name: 'granitefalls' });
      return {};
    },
    type: 'PrerequisitesMet',
    reason: 'NameTaken',
    says: /key vault is not free.*choose a service name/s,
    stalled: true,
    mend: ({ azure }) => azure.control.releaseName({ kind: 'vault', name: 'granitefalls' }),
  },
  {
    what: 'a storage account name that somebody else has',
    prepare: ({ azure }) => {
      azure.control.takeName({ kind: 'storageAccount', name: 'granitefalls' });
      return {};
    },
    type: 'PrerequisitesMet',
    reason: 'NameTaken',
    says: /storage account is not free/,
    stalled: true,
    mend: ({ azure }) => azure.control.releaseName({ kind: 'storageAccount', name: 'granitefalls' }),
  },
  {
    what: 'a DNS label that somebody else has',
    prepare: ({ azure }) => {
      azure.control.takeName({ kind: 'dnsLabel', location: 'westeurope', name: 'granitefalls' });
      return {};
    },
    type: 'PrerequisitesMet',
    reason: 'NameTaken',
    says: /DNS label is not free/,
    stalled: true,
    mend: ({ azure }) => azure.control.releaseName({ kind: 'dnsLabel', location: 'westeurope', name: 'granitefalls' }),
  },
  {
    what: 'a service package that nobody serves',
    prepare: (_, { cmg }) => ({
      cmg: withSpec(cmg, {
        servicePackage: { url: 'https://127.0.0.1:1/p.zip', sha256: suite.world().packages.sha256 },
      }),
    }),
    type: 'AzureReady',
    reason: 'PackageUnavailable',
    says: /https:\/\/127\.0\.0\.1:1\/p\.zip cannot be read.*spec\.servicePackage\.url/,
    stalled: true,
    leaves: true,
    mend: (test, { cmg }) => test.apply(cmg),
  },
  {
    what: 'a service package with another hash',
    prepare: (_, { cmg }) => ({
      cmg: withSpec(cmg, { servicePackage: { url: suite.world().packages.url, sha256: '0'.repeat(64) } }),
    }),
    type: 'AzureReady',
    reason: 'PackageHashMismatch',
    says: /has the SHA-256 [0-9a-f]{64}, but spec\.servicePackage\.sha256 is 0{64}/,
    stalled: true,
    leaves: true,
    mend: (test, { cmg }) => test.apply(cmg),
  },
  {
    what: 'an operation that fails after it was accepted',
    prepare: ({ azure }) => {
      failScaleSet(azure, 'InvalidParameter', 'The value of parameter imageReference is invalid.');
      return {};
    },
    type: 'AzureReady',
    reason: 'OperationFailed',
    says: /scale set: The value of parameter imageReference is invalid\. \(InvalidParameter\)/,
    stalled: true,
    leaves: true,
    mend: (test) => test.patchSpec({ vm: { instances: 2 } }),
  },
  {
    what: 'a region without room for the VMs',
    prepare: ({ azure }) => {
      failScaleSet(azure, 'AllocationFailed', 'Allocation failed. We do not have sufficient capacity.');
      return {};
    },
    type: 'AzureReady',
    reason: 'NoCapacity',
    says: /sufficient capacity.*It is tried again/,
    stalled: false,
    leaves: true,
    mend: () => undefined,
  },
  {
    what: 'a credentials Secret without its key',
    prepare: ({ namespace }) => ({ credentials: secret(namespace, 'azure', 'Opaque', { password: 'x' }) }),
    type: 'PrerequisitesMet',
    reason: 'SecretNotFound',
    says: /azure lacks the key client-secret/,
    stalled: false,
    mend: (test, { credentials }) => test.apply(credentials),
  },
  {
    what: 'an application that Entra does not know',
    prepare: (_, { cmg }) => ({
      cmg: withAzure(cmg, {
        credentials: {
          type: 'ClientSecret',
          clientSecret: { clientId: '00000000-0000-4000-8000-000000000000', secretRef: { name: 'azure' } },
        },
      }),
    }),
    type: 'PrerequisitesMet',
    reason: 'CredentialsInvalid',
    says: /AADSTS700016/,
    stalled: true,
    mend: (test, { cmg }) => test.apply(cmg),
  },
  {
    what: 'a group that somebody else has made',
    prepare: ({ azure }) => {
      azure.control.call('PUT', groupPath(azure.subscriptionId, `cmg-${NAME}`), { location: 'westeurope' });
      return {};
    },
    type: 'AzureReady',
    reason: 'ResourceNotOwned',
    says: /cmg-gateway/,
    stalled: true,
    mend: (test) => test.patchSpec({ azure: { resourceGroup: { name: 'cmg-else' } } }),
  },
  {
    what: 'a service package that is not there',
    prepare: (_, { cmg }) => ({
      cmg: withSpec(cmg, {
        servicePackage: { url: `${suite.world().packages.url}.gone`, sha256: suite.world().packages.sha256 },
      }),
    }),
    type: 'AzureReady',
    reason: 'PackageUnavailable',
    says: /404.*spec\.servicePackage\.url/s,
    stalled: true,
    leaves: true,
    mend: (test, { cmg }) => test.apply(cmg),
  },
];

describe('bad input', () => {
  testBadInput(suite, AZURE);
});

describe('bad input that mends itself or is told only', () => {
  it('registers a missing provider when it may', async () => {
    const test = await suite.begin();
    test.azure.control.setRegistration('Microsoft.Storage', 'NotRegistered');
    const { certificate, credentials, cmg } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    await test.untilReason('PrerequisitesMet', 'RegisteringProviders');
    await test.untilReady();
  });

  it('tells after 15 minutes that provisioning is slow, and goes on', async () => {
    const test = await suite.begin();
    test.azure.control.settings.durationFactor = 1;
    test.azure.control.settings.durations.set('virtualMachineScaleSets/put', 1200);
    const { certificate, credentials, cmg } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    const slow = await test.untilReason('AzureReady', 'ProvisioningSlow');
    expect(slow.message).toContain('Waiting for Azure: scale set');
    await test.untilReady();
    expect(await test.events()).toContainEqual(
      expect.objectContaining({ type: 'Warning', reason: 'ProvisioningSlow' }),
    );
  });

  it('never touches a group that it did not make', async () => {
    const test = await suite.begin();
    const { azure } = test;
    const path = `/subscriptions/${azure.subscriptionId}/resourcegroups/cmg-${NAME}?api-version=2025-04-01`;
    azure.control.call('PUT', path, { location: 'westeurope', tags: { team: 'other' } });
    const { certificate, credentials, cmg } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    await test.untilReason('AzureReady', 'ResourceNotOwned');
    expect(test.resources().map(({ tags }) => tags)).toEqual([{ team: 'other' }]);
    await test.deleteCmg();
    expect(test.resources()).toHaveLength(1);
  });

  it('tells of a deleted vault that holds the name', async () => {
    const test = await suite.begin();
    const { azure } = test;
    const group = `/subscriptions/${azure.subscriptionId}/resourcegroups/old`;
    const vault = `${group}/providers/Microsoft.KeyVault/vaults/granitefalls?api-version=2026-02-01`;
    azure.control.call('PUT', `${group}?api-version=2025-04-01`, { location: 'westeurope' });
    azure.control.call('PUT', vault, {
      location: 'westeurope',
      properties: { tenantId: azure.tenantId, sku: { family: 'A', name: 'standard' }, enableRbacAuthorization: true },
    });
    azure.control.call('DELETE', vault);
    const { certificate, credentials, cmg } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    const condition = await test.untilReason('PrerequisitesMet', 'VaultSoftDeleted');
    expect(condition.message).toContain('az keyvault purge --name granitefalls --location westeurope');
  });
});
