import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CMGSpec } from '../../src/api/v1alpha1/cmg.generated.ts';
import { prefixOf, storageAccountName } from '../../src/gateway/deployment.ts';
import { DEFAULT_REDEPLOYMENT } from '../world/gateway-manifests.ts';
import {
  type Change,
  GUID,
  type Manifest,
  manifest,
  minimalSpec,
  type SpecManifest,
  submit,
  submitChanged,
} from './crd-manifest.ts';

function expectedSpec(): CMGSpec {
  return {
    managementPolicy: 'Manage',
    provisioner: 'Operator',
    deploymentModel: 'VirtualMachineScaleSet',
    suspend: false,
    deletionPolicy: 'Delete',
    deletionProtection: true,
    azure: {
      environment: 'AzurePublicCloud',
      tenantId: GUID,
      subscriptionId: GUID,
      credentials: { type: 'WorkloadIdentity', workloadIdentity: { clientId: GUID } },
      region: 'westeurope',
      resourceGroup: { name: 'rg-cmg', mode: 'Create' },
    },
    serviceName: 'granitefalls.contoso.com',
    serverCertificate: { format: 'TLS', secretRef: { name: 'granitefalls-tls' }, revision: '' },
    vm: { size: 'Standard', instances: 1, modelUpdates: 'OnRequest' },
    servicePackage: { url: 'https://packages.contoso.com/cmg.zip', sha256: 'a'.repeat(64) },
    content: { enabled: true },
    clientAuthentication: { verifyRevocation: true },
    enforceTls12: true,
    redeployment: DEFAULT_REDEPLOYMENT,
  };
}

describe('defaults', () => {
  test('make a minimal manifest whole', async () => {
    const { message, object } = await submit(manifest(minimalSpec()));
    expect(message).toBe('');
    expect(object.spec).toEqual(expectedSpec());
  });

  test('complete objects that the manifest gives in part, or as null', async () => {
    const { message, object } = await submitChanged((spec) => {
      spec.vm = { instances: 3 };
      spec.content = null;
      spec.serverCertificate = { format: 'PFX', secretRef: { name: 'pfx' }, pfx: {} };
      spec.azure.credentials = { type: 'ClientSecret', clientSecret: { clientId: GUID, secretRef: { name: 'azure' } } };
    });
    expect(message).toBe('');
    expect(object.spec.vm).toEqual({ size: 'Standard', instances: 3, modelUpdates: 'OnRequest' });
    expect(object.spec.content).toEqual({ enabled: true });
    expect(object.spec.serverCertificate?.pfx).toEqual({ key: 'pfx', passwordKey: 'password' });
    expect(object.spec.azure.credentials.clientSecret?.secretRef).toEqual({ name: 'azure', key: 'client-secret' });
  });

  test('name the keys as a kubernetes.io/tls Secret has them', async () => {
    const { message, object } = await submitChanged((spec) => {
      Object.assign(spec.serverCertificate, { tls: { certificateKey: 'chain.pem' } });
      spec.azure.credentials = {
        type: 'ClientCertificate',
        clientCertificate: { clientId: GUID, secretRef: { name: 'azure' } },
      };
    });
    expect(message).toBe('');
    expect(object.spec.serverCertificate?.tls).toEqual({ certificateKey: 'chain.pem', privateKeyKey: 'tls.key' });
    expect(object.spec.azure.credentials.clientCertificate).toMatchObject({
      certificateKey: 'tls.crt',
      privateKeyKey: 'tls.key',
    });
  });

  test('keep the service name as it is written', async () => {
    const { object } = await submitChanged((spec) => {
      spec.serviceName = 'GraniteFalls.Contoso.com';
    });
    expect(object.spec.serviceName).toBe('GraniteFalls.Contoso.com');
  });
});

const withAuthorities = (...trustedCertificates: readonly object[]) => ({
  clientAuthentication: { trustedCertificates },
});

const ACCEPTED: readonly { readonly what: string; readonly change: Change }[] = [
  { what: 'the shortest prefix', change: (spec) => Object.assign(spec, { serviceName: 'abc.contoso.com' }) },
  {
    what: 'the longest prefix',
    change: (spec) => Object.assign(spec, { serviceName: `${'a'.repeat(24)}.contoso.com` }),
  },
  { what: 'two labels', change: (spec) => Object.assign(spec, { serviceName: 'granitefalls.com' }) },
  {
    what: "an Azure deployment's own name",
    change: (spec) => Object.assign(spec, { serviceName: 'GraniteFalls.WestEurope.CloudApp.Azure.Com' }),
  },
  {
    what: 'a prefix with a hyphen without content',
    change: (spec) => Object.assign(spec, { serviceName: 'contoso-cmg.contoso.com', content: { enabled: false } }),
  },
  {
    what: 'hyphens in other labels',
    change: (spec) => Object.assign(spec, { serviceName: 'granitefalls.my-contoso--x.com' }),
  },
  {
    what: 'a client certificate',
    change: (spec) => {
      spec.azure.credentials = {
        type: 'ClientCertificate',
        clientCertificate: { clientId: GUID, secretRef: { name: 'azure.client' } },
      };
    },
  },
  {
    what: 'a GUID in capitals',
    change: (spec) => Object.assign(spec.azure, { tenantId: GUID.toUpperCase() }),
  },
  {
    what: 'a VM size of its own',
    change: (spec) => Object.assign(spec, { vm: { size: 'Custom', sku: 'Standard_D2s_v5' } }),
  },
  { what: 'sixteen VMs', change: (spec) => Object.assign(spec, { vm: { instances: 16 } }) },
  {
    what: 'every character that a resource group name may have',
    change: (spec) => Object.assign(spec.azure.resourceGroup, { name: 'RG_cmg-(eu).1', mode: 'UseExisting' }),
  },
  {
    what: 'a port and an @ in the path of the package',
    change: (spec) => Object.assign(spec.servicePackage, { url: 'https://127.0.0.1:8443/npm/@contoso/cmg%20v1.zip' }),
  },
  {
    what: 'a download with credentials',
    change: (spec) => Object.assign(spec.servicePackage, { credentialsSecretRef: { name: 'download' } }),
  },
  {
    what: 'authorities of clients from a ConfigMap and a Secret, and applications in Microsoft Entra ID',
    change: (spec) =>
      Object.assign(spec, {
        ...withAuthorities(
          { name: 'contoso', type: 'ConfigMap', configMap: { name: 'authorities', key: 'ca.crt' } },
          { name: 'fabrikam', type: 'Secret', secret: { name: 'fabrikam', key: 'tls.crt' } },
        ),
        entra: { serverAppId: GUID, clientAppId: GUID },
        enforceTls12: false,
      }),
  },
  {
    what: 'a gateway that is only observed, without certificate and package, and with a hyphen in its prefix',
    change: (spec) => {
      Object.assign(spec, { managementPolicy: 'Observe', serviceName: 'contoso-cmg.contoso.com' });
      Object.assign(spec, { serverCertificate: undefined, servicePackage: undefined });
    },
  },
  {
    what: 'a classic gateway that is only observed',
    change: (spec) => Object.assign(spec, { managementPolicy: 'Observe', deploymentModel: 'CloudServiceClassic' }),
  },
  {
    what: 'a gateway that the site is to make, without a service package',
    change: (spec) => Object.assign(spec, { provisioner: 'Site', siteRef: { name: 'ps1' }, servicePackage: undefined }),
  },
  {
    what: 'every other choice',
    change: (spec) => {
      Object.assign(spec, { suspend: true, deletionPolicy: 'Retain', deletionProtection: false });
      Object.assign(spec.azure, { environment: 'AzureUSGovernmentCloud' });
    },
  },
];

test.each(ACCEPTED)('accepts $what', async ({ change }) => {
  expect(await submitChanged(change)).toMatchObject({ accepted: true, message: '' });
});

const clientSecret = { clientId: GUID, secretRef: { name: 'azure' } };

/** Each manifest is refused for one reason; `says` is what the API server tells the user of it, with the field. */
const REFUSED: readonly { readonly what: string; readonly change: Change; readonly says: readonly string[] }[] = [
  {
    what: 'a gateway to manage without a certificate',
    change: (spec) => Object.assign(spec, { serverCertificate: undefined }),
    says: [
      'spec.serverCertificate: Invalid value',
      'serverCertificate is required; only with managementPolicy Observe may it be left out.',
    ],
  },
  {
    what: 'a gateway to manage without a service package',
    change: (spec) => Object.assign(spec, { servicePackage: undefined }),
    says: [
      'spec.servicePackage: Invalid value',
      'servicePackage is required; only with managementPolicy Observe or provisioner Site may it be left out.',
    ],
  },
  {
    what: 'a gateway that the site is to make, without a site',
    change: (spec) => Object.assign(spec, { provisioner: 'Site' }),
    says: ['spec.siteRef: Invalid value', 'siteRef is required with provisioner Site, as that site makes the gateway'],
  },
  {
    what: 'a gateway that the site is to make, without a certificate',
    change: (spec) =>
      Object.assign(spec, { provisioner: 'Site', siteRef: { name: 'ps1' }, serverCertificate: undefined }),
    says: ['spec.serverCertificate: Invalid value', 'serverCertificate is required'],
  },
  {
    what: 'another provisioner',
    change: (spec) => Object.assign(spec, { provisioner: 'Console' }),
    says: ['spec.provisioner: Unsupported value', '"Operator", "Site"'],
  },
  {
    what: 'a classic gateway to manage',
    change: (spec) => Object.assign(spec, { deploymentModel: 'CloudServiceClassic' }),
    says: ['spec.deploymentModel: Invalid value', 'CloudServiceClassic may be set only with managementPolicy Observe'],
  },
  {
    what: 'another management policy',
    change: (spec) => Object.assign(spec, { managementPolicy: 'Adopt' }),
    says: ['spec.managementPolicy: Unsupported value: "Adopt"'],
  },
  {
    what: 'an authority from a ConfigMap that names a Secret',
    change: (spec) =>
      Object.assign(spec, withAuthorities({ name: 'a', type: 'ConfigMap', secret: { name: 'b', key: 'c' } })),
    says: [
      'spec.clientAuthentication.trustedCertificates[0]: Invalid value',
      'the member configMap must be set with type ConfigMap, and with no other',
      'the member secret must be set with type Secret, and with no other',
    ],
  },
  {
    what: 'an authority without a key',
    change: (spec) => Object.assign(spec, withAuthorities({ name: 'a', type: 'Secret', secret: { name: 'b' } })),
    says: ['spec.clientAuthentication.trustedCertificates[0].secret.key: Required value'],
  },
  {
    what: 'two authorities of one name',
    change: (spec) => {
      const secret = { name: 'b', key: 'c' };
      Object.assign(
        spec,
        withAuthorities({ name: 'a', type: 'Secret', secret }, { name: 'a', type: 'Secret', secret }),
      );
    },
    says: ['spec.clientAuthentication.trustedCertificates[1]: Duplicate value'],
  },
  {
    what: 'an application that is no GUID',
    change: (spec) => Object.assign(spec, { entra: { serverAppId: 'ConfigMgr', clientAppId: GUID } }),
    says: ['spec.entra.serverAppId: Invalid value', 'must be a GUID'],
  },
  {
    what: 'a spec without the required fields',
    change: (spec) => {
      for (const field of Object.keys(spec)) delete spec[field];
    },
    says: ['spec.azure: Required value', 'spec.serviceName: Required value'],
  },
  {
    what: 'a field that does not exist',
    change: (spec) => Object.assign(spec, { servicename: 'x' }),
    says: ['unknown field "spec.servicename"'],
  },
  {
    what: 'a prefix that begins with a digit',
    change: (spec) => Object.assign(spec, { serviceName: '1falls.contoso.com' }),
    says: ['spec.serviceName: Invalid value', 'it must begin with a letter'],
  },
  {
    what: 'a prefix that ends with a hyphen',
    change: (spec) => Object.assign(spec, { serviceName: 'falls-.contoso.com', content: { enabled: false } }),
    says: ['spec.serviceName: Invalid value', 'and end with a letter or digit'],
  },
  {
    what: 'a prefix of two letters',
    change: (spec) => Object.assign(spec, { serviceName: 'ab.contoso.com' }),
    says: ['spec.serviceName: Invalid value', 'must have at least 3 letters or digits'],
  },
  {
    what: 'a prefix of two letters and a hyphen',
    change: (spec) => Object.assign(spec, { serviceName: 'a-b.contoso.com', content: { enabled: false } }),
    says: ['spec.serviceName: Invalid value', 'must have at least 3 letters or digits'],
  },
  {
    what: 'a prefix of 25 letters',
    change: (spec) => Object.assign(spec, { serviceName: `${'a'.repeat(25)}.contoso.com` }),
    says: [
      'spec.serviceName: Invalid value',
      'names the key vault and the storage account in Azure: it must have at most 24',
    ],
  },
  {
    what: 'two hyphens in a row in the prefix',
    change: (spec) => Object.assign(spec, { serviceName: 'con--toso.contoso.com', content: { enabled: false } }),
    says: ['spec.serviceName: Invalid value', 'must not hold two hyphens in a row'],
  },
  {
    what: 'a prefix with a hyphen when content is served',
    change: (spec) => Object.assign(spec, { serviceName: 'contoso-cmg.contoso.com' }),
    says: ['spec.serviceName: Invalid value', 'or set content.enabled to false'],
  },
  ...[
    'granitefalls',
    '*.contoso.com',
    'granitefalls..com',
    'granitefalls.contoso.com.',
    'granitefalls.contoso.com/x',
  ].map((serviceName) => ({
    what: `the service name ${serviceName}`,
    change: (spec: Manifest) => Object.assign(spec, { serviceName }),
    says: ['spec.serviceName: Invalid value', 'must be a full DNS name with at least two labels'],
  })),
  {
    what: 'a label of 64 characters in the service name',
    change: (spec) => Object.assign(spec, { serviceName: `granitefalls.${'a'.repeat(64)}.com` }),
    says: ['spec.serviceName: Invalid value', 'of at most 63 letters, digits and hyphens each'],
  },
  {
    what: 'a service name of 254 characters',
    change: (spec) => Object.assign(spec, { serviceName: `granitefalls.${'a.'.repeat(118)}contoso` }),
    says: ['spec.serviceName: Too long: may not be more than 253 bytes'],
  },
  {
    what: 'a tenant by its domain',
    change: (spec) => Object.assign(spec.azure, { tenantId: 'contoso.onmicrosoft.com' }),
    says: ['spec.azure.tenantId: Invalid value', 'must be a GUID, such as'],
  },
  {
    what: 'a subscription by its display name',
    change: (spec) => Object.assign(spec.azure, { subscriptionId: 'Production' }),
    says: ['spec.azure.subscriptionId: Invalid value', 'must be a GUID, such as'],
  },
  {
    what: 'a region by its display name',
    change: (spec) => Object.assign(spec.azure, { region: 'West Europe' }),
    says: ['spec.azure.region: Invalid value', 'westeurope, not West Europe'],
  },
  {
    what: 'an environment that Configuration Manager does not know',
    change: (spec) => Object.assign(spec.azure, { environment: 'AzureChinaCloud' }),
    says: [
      'spec.azure.environment: Unsupported value: "AzureChinaCloud": supported values: "AzurePublicCloud", "AzureUSGovernmentCloud"',
    ],
  },
  ...['rg.', 'rg/cmg', 'ressourcengruppe-süd', ''].map((name) => ({
    what: `the resource group "${name}"`,
    change: (spec: SpecManifest) => Object.assign(spec.azure.resourceGroup, { name }),
    says: ['spec.azure.resourceGroup.name: Invalid value', 'and does not end with a dot'],
  })),
  {
    what: 'a resource group name of 91 characters',
    change: (spec) => Object.assign(spec.azure.resourceGroup, { name: 'r'.repeat(91) }),
    says: ['spec.azure.resourceGroup.name: Too long: may not be more than 90 bytes'],
  },
  {
    what: 'credentials without their member',
    change: (spec) => Object.assign(spec.azure, { credentials: { type: 'WorkloadIdentity' } }),
    says: ['spec.azure.credentials: Invalid value', 'type WorkloadIdentity needs the member workloadIdentity'],
  },
  {
    what: 'a client secret that is not described',
    change: (spec) => Object.assign(spec.azure, { credentials: { type: 'ClientSecret' } }),
    says: ['spec.azure.credentials: Invalid value', 'the member clientSecret must be set with type ClientSecret'],
  },
  {
    what: 'a client certificate that is not described',
    change: (spec) => Object.assign(spec.azure, { credentials: { type: 'ClientCertificate' } }),
    says: ['the member clientCertificate must be set with type ClientCertificate'],
  },
  {
    what: 'the member of another type of credentials',
    change: (spec) => Object.assign(spec.azure.credentials, { clientSecret }),
    says: ['the member clientSecret must be set with type ClientSecret, and with no other'],
  },
  {
    what: 'two members of credentials',
    change: (spec) =>
      Object.assign(spec.azure, {
        credentials: { type: 'ClientSecret', clientSecret, workloadIdentity: { clientId: GUID } },
      }),
    says: ['spec.azure.credentials.workloadIdentity: Invalid value', 'only with type WorkloadIdentity'],
  },
  {
    what: 'a client id that is no GUID',
    change: (spec) => Object.assign(spec.azure.credentials, { workloadIdentity: { clientId: 'cmg-operator' } }),
    says: ['spec.azure.credentials.workloadIdentity.clientId: Invalid value', 'must be a GUID'],
  },
  {
    what: 'a Secret name with capitals',
    change: (spec) => Object.assign(spec.serverCertificate, { secretRef: { name: 'GraniteFalls' } }),
    says: ['spec.serverCertificate.secretRef.name: Invalid value', 'must be the name of a Secret'],
  },
  {
    what: 'a Secret of another namespace',
    change: (spec) => Object.assign(spec.serverCertificate, { secretRef: { name: 'other/secret' } }),
    says: ['spec.serverCertificate.secretRef.name: Invalid value', 'must be the name of a Secret'],
  },
  {
    what: 'a Secret without a name',
    change: (spec) => Object.assign(spec.serverCertificate, { secretRef: { name: '' } }),
    says: ['spec.serverCertificate.secretRef.name: Invalid value', 'must be the name of a Secret'],
  },
  {
    what: 'a key that no Secret can have',
    change: (spec) =>
      Object.assign(spec.serverCertificate, { format: 'PFX', pfx: { key: 'my file.pfx', passwordKey: 'password' } }),
    says: ['spec.serverCertificate.pfx.key: Invalid value', 'must be a key of a Secret'],
  },
  {
    what: 'pfx with format TLS',
    change: (spec) => Object.assign(spec.serverCertificate, { pfx: {} }),
    says: ['spec.serverCertificate.pfx: Invalid value', 'pfx may be set only with format PFX'],
  },
  {
    what: 'tls with format PFX',
    change: (spec) => Object.assign(spec.serverCertificate, { format: 'PFX', tls: {} }),
    says: ['spec.serverCertificate.tls: Invalid value', 'tls may be set only with format TLS'],
  },
  {
    what: 'a VM size that does not exist',
    change: (spec) => Object.assign(spec, { vm: { size: 'Medium' } }),
    says: ['spec.vm.size: Unsupported value: "Medium": supported values: "Lab", "Standard", "Large", "Custom"'],
  },
  {
    what: 'an SKU with a size that has one',
    change: (spec) => Object.assign(spec, { vm: { sku: 'Standard_D2s_v5' } }),
    says: ['spec.vm.sku: Invalid value', 'sku must be set with size Custom, and with no other size'],
  },
  {
    what: 'the size Custom without an SKU',
    change: (spec) => Object.assign(spec, { vm: { size: 'Custom' } }),
    says: ['sku must be set with size Custom, and with no other size'],
  },
  {
    what: 'an SKU with a blank',
    change: (spec) => Object.assign(spec, { vm: { size: 'Custom', sku: 'Standard D2s v5' } }),
    says: ['spec.vm.sku: Invalid value', 'must be the name of an Azure VM size'],
  },
  ...[0, 17].map((instances) => ({
    what: `${instances} VMs`,
    change: (spec: Manifest) => Object.assign(spec, { vm: { instances } }),
    says: [`spec.vm.instances: Invalid value: ${instances}: spec.vm.instances in body should be`],
  })),
  ...[
    'http://packages.contoso.com/cmg.zip',
    'ftp://packages.contoso.com/cmg.zip',
    'cmg.zip',
    'https://',
    'https:///cmg.zip',
    '',
  ].map((url) => ({
    what: `the package address "${url}"`,
    change: (spec: SpecManifest) => Object.assign(spec.servicePackage, { url }),
    says: ['spec.servicePackage.url: Invalid value', 'must be an https URL, such as'],
  })),
  {
    what: 'a signed package address',
    change: (spec) => Object.assign(spec.servicePackage, { url: 'https://packages.contoso.com/cmg.zip?sig=abc' }),
    says: ['spec.servicePackage.url: Invalid value', 'signed addresses do not belong in a manifest'],
  },
  {
    what: 'a package address with a fragment',
    change: (spec) => Object.assign(spec.servicePackage, { url: 'https://packages.contoso.com/cmg.zip#1' }),
    says: ['spec.servicePackage.url: Invalid value', 'must not hold a query or fragment'],
  },
  ...['https://user:word@packages.contoso.com/cmg.zip', 'https://token@packages.contoso.com'].map((url) => ({
    what: `the package address ${url}`,
    change: (spec: SpecManifest) => Object.assign(spec.servicePackage, { url }),
    says: ['spec.servicePackage.url: Invalid value', 'must not hold a user name or password'],
  })),
  ...['A'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), `sha256:${'a'.repeat(64)}`].map((sha256) => ({
    what: `the hash ${sha256}`,
    change: (spec: SpecManifest) => Object.assign(spec.servicePackage, { sha256 }),
    says: [
      'spec.servicePackage.sha256: Invalid value',
      'must be 64 hexadecimal digits in lower case',
      'in PowerShell, (Get-FileHash FILE)',
    ],
  })),
];

test.each(REFUSED)('refuses $what', async ({ change, says }) => {
  const { accepted, message } = await submitChanged(change);
  expect(accepted).toBe(false);
  for (const words of says) expect(message).toContain(words);
});

test('refuses a name of 64 characters', async () => {
  expect(await submit(manifest(minimalSpec(), 'n'.repeat(63)))).toMatchObject({ accepted: true });
  const { accepted, message } = await submit(manifest(minimalSpec(), 'n'.repeat(64)));
  expect(accepted).toBe(false);
  expect(message).toContain('metadata.name must have at most 63 characters.');
});

/**
 * The rule for the first label of a service name, said once more: it names a key vault (3–24 letters, digits and single
 * hyphens, first a letter, last no hyphen), a storage account (3–24 letters and digits) and a DNS label.
 */
function isAcceptablePrefix(label: string, contentEnabled: boolean): boolean {
  const vault = label.length <= 24 && /^[a-z](-?[a-z0-9])*$/i.test(label);
  const storageAccount = label.replaceAll('-', '').length >= 3;
  return vault && storageAccount && (!contentEnabled || !label.includes('-'));
}

test('accepts a prefix exactly when Azure takes the names that come of it', async () => {
  const character = fc.constantFrom('a', 'Z', 'm', '0', '9', '-');
  const label = fc.oneof(
    fc.string({ unit: character, minLength: 1, maxLength: 6 }),
    fc.string({ unit: character, minLength: 22, maxLength: 26 }),
    fc.string({ unit: fc.constantFrom('a', 'B', '1'), minLength: 1, maxLength: 26 }),
  );
  await fc.assert(
    fc.asyncProperty(label, fc.boolean(), async (prefix, enabled) => {
      const { accepted } = await submitChanged((spec) =>
        Object.assign(spec, { serviceName: `${prefix}.contoso.com`, content: { enabled } }),
      );
      expect(accepted).toBe(isAcceptablePrefix(prefix, enabled));
      if (accepted) {
        const name = prefixOf(`${prefix}.contoso.com`);
        expect(name).toMatch(/^[a-z](-?[a-z0-9]){2,23}$/);
        expect(storageAccountName(name)).toMatch(/^[a-z0-9]{3,24}$/);
      }
    }),
    { numRuns: 400 },
  );
});
