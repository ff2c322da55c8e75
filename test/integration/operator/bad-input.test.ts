import { describe, expect, it } from 'vitest';
import type { ConditionType, Reason } from '../../../src/api/v1alpha1/conditions.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { createCertificateAuthority } from '../../certificate-authority.ts';
import { certificateSecret, type Manifest, secret } from '../../world/gateway-manifests.ts';
import { type GatewayManifests, type GatewayTest, NAME, operatorSuite, SERVICE_NAME } from './suite.ts';

const suite = operatorSuite();
const DAY_MS = 86_400_000;

/** One mistake or fault: how it comes about, what the CMG says, and what mends it. */
interface BadInput {
  readonly what: string;
  /** Changes the world or the manifests before they are applied. */
  readonly prepare: (test: GatewayTest, manifests: GatewayManifests) => Promise<Partial<Applied>> | Partial<Applied>;
  readonly type: ConditionType;
  readonly reason: Reason;
  /** What the message must tell: what is wrong, and what to do. */
  readonly says: RegExp;
  /** Whether a person has to act; then nothing was made in Azure either, unless `leaves` says so. */
  readonly stalled: boolean;
  /** Whether something may have been made before the mistake showed. */
  readonly leaves?: boolean;
  readonly mend: (test: GatewayTest, manifests: GatewayManifests) => Promise<unknown> | unknown;
}

interface Applied {
  readonly certificate: Manifest | undefined;
  readonly credentials: Manifest | undefined;
  readonly cmg: Manifest;
}

const applyGood = (test: GatewayTest, { certificate }: GatewayManifests) => test.apply(certificate);

/** Stores a certificate of the suite's authority that differs from what is asked for. */
function wrongCertificate(request: Parameters<typeof suite.certificateFor>[0]) {
  return async ({ namespace }: GatewayTest) => ({
    certificate: certificateSecret(namespace, `${NAME}-tls`, await suite.certificateFor(request), suite.world()),
  });
}

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

const CERTIFICATES: readonly BadInput[] = [
  {
    what: 'a missing certificate Secret',
    prepare: () => ({ certificate: undefined }),
    type: 'CertificateValid',
    reason: 'SecretNotFound',
    says: /does not exist\. Create it with the keys tls\.crt and tls\.key/,
    stalled: false,
    mend: applyGood,
  },
  {
    what: 'a certificate Secret without its key',
    prepare: ({ namespace }) => ({ certificate: secret(namespace, `${NAME}-tls`, 'Opaque', { 'tls.crt': 'x' }) }),
    type: 'CertificateValid',
    reason: 'SecretNotFound',
    says: /lacks the key tls\.key/,
    stalled: false,
    mend: async (test, manifests) => {
      // The type of a Secret cannot be changed.
      await test.api.call('DELETE', `/api/v1/namespaces/${test.namespace}/secrets/${NAME}-tls`);
      await applyGood(test, manifests);
    },
  },
  {
    what: 'an expired certificate',
    prepare: wrongCertificate({
      commonName: SERVICE_NAME,
      notBefore: new Date(Date.now() - 20 * DAY_MS),
      notAfter: new Date(Date.now() - DAY_MS),
    }),
    type: 'CertificateValid',
    reason: 'CertificateExpired',
    says: /expired on \d{4}-\d\d-\d\d.*Renew it in the Secret/,
    stalled: true,
    mend: applyGood,
  },
  {
    what: 'a certificate without a common name',
    prepare: wrongCertificate({ organization: 'Contoso', names: [SERVICE_NAME] }),
    type: 'CertificateValid',
    reason: 'CommonNameMissing',
    says: /no common name.*CN=granitefalls\.contoso\.com/,
    stalled: true,
    mend: applyGood,
  },
  {
    what: 'a certificate for another name',
    prepare: wrongCertificate({ commonName: 'other.contoso.com' }),
    type: 'CertificateValid',
    reason: 'NameMismatch',
    says: /is for other\.contoso\.com, not for granitefalls\.contoso\.com/,
    stalled: true,
    mend: applyGood,
  },
  {
    what: 'a certificate whose name differs in case only',
    prepare: wrongCertificate({ commonName: 'GraniteFalls.contoso.com' }),
    type: 'CertificateValid',
    reason: 'NameMismatch',
    says: /upper and lower case/i,
    stalled: true,
    mend: applyGood,
  },
  {
    what: 'an incomplete chain',
    prepare: async ({ namespace }) => {
      const other = await createCertificateAuthority('Fabrikam');
      const leaf = await other.issue({ commonName: SERVICE_NAME });
      const alone = { ...leaf, chainPem: leaf.certificatePem };
      return { certificate: certificateSecret(namespace, `${NAME}-tls`, alone, suite.world()) };
    },
    type: 'CertificateValid',
    reason: 'IncompleteChain',
    says: /CN=Fabrikam Issuing CA.*intermediate/,
    stalled: true,
    mend: applyGood,
  },
];

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
    leaves: true,
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
];

describe.each([
  ['certificate', CERTIFICATES],
  ['Azure', AZURE],
])('bad input: %s', (_, rows) => {
  it.each(rows)('$what: $reason, and it recovers', async (row) => {
    const test = await suite.begin();
    const manifests = await test.manifests();
    const applied = { ...manifests, ...(await row.prepare(test, manifests)) };
    await test.apply(applied.certificate, applied.credentials, applied.cmg);

    const condition = await test.untilReason(row.type, row.reason);
    expect(condition.status).not.toBe('True');
    expect(condition.message).toMatch(row.says);
    const { status } = await test.cmg();
    expect(findCondition(status?.conditions, 'Ready')?.reason).toBe(row.reason);
    expect(findCondition(status?.conditions, 'Stalled')?.status).toBe(row.stalled ? 'True' : undefined);
    expect(findCondition(status?.conditions, 'Reconciling')?.status).toBe(row.stalled ? undefined : 'True');
    await expect
      .poll(async () => (await test.events()).map(({ reason }) => reason), { timeout: 10_000 })
      .toContain(row.reason);
    if (row.leaves !== true) {
      expect(test.resources()).toEqual([]);
    }

    await row.mend(test, manifests);
    await test.untilReady();
    expect(test.resources('Microsoft.Compute/virtualMachineScaleSets')).toHaveLength(1);
  });
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
