import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { computeKstatus } from '../../../src/runtime/kstatus.ts';
import { allWrites } from '../../simulators/arm/journal.ts';
import { secret } from '../../world/gateway-manifests.ts';
import { pfxOf } from './pfx.ts';
import { NAME, operatorSuite, PATIENCE_MS, SERVICE_NAME, valueAt } from './suite.ts';
import { watchVersions } from './versions.ts';

const suite = operatorSuite();

describe('a manifest becomes a gateway', () => {
  it('provisions every resource once, and is Ready', async () => {
    const test = await suite.begin();
    const { cmg, certificate, credentials } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    const ready = await test.untilReady();

    const names = test.resources().map(({ type }) => String(type));
    expect(names.toSorted()).toEqual(
      [
        'Microsoft.Authorization/roleAssignments',
        'Microsoft.Authorization/roleAssignments',
        'Microsoft.Authorization/roleAssignments',
        'Microsoft.Compute/virtualMachineScaleSets',
        'Microsoft.KeyVault/vaults',
        'Microsoft.KeyVault/vaults/secrets',
        'Microsoft.ManagedIdentity/userAssignedIdentities',
        'Microsoft.Network/loadBalancers',
        'Microsoft.Network/networkSecurityGroups',
        'Microsoft.Network/publicIPAddresses',
        'Microsoft.Network/virtualNetworks',
        'Microsoft.Resources/resourceGroups',
        'Microsoft.Storage/storageAccounts',
        'Microsoft.Storage/storageAccounts/blobServices',
        'Microsoft.Storage/storageAccounts/blobServices/containers',
        'Microsoft.Storage/storageAccounts/blobServices/containers',
      ].toSorted(),
    );
    const [scaleSet] = test.resources('Microsoft.Compute/virtualMachineScaleSets');
    expect(valueAt(scaleSet, 'sku')).toMatchObject({ name: 'Standard_D4ads_v6', capacity: 1 });
    expect(valueAt(scaleSet, 'tags')).toMatchObject({ 'configmgr.io_owner': `test/${test.namespace}/${NAME}` });
    const [stored] = test.resources('Microsoft.KeyVault/vaults/secrets');
    const leaf = new X509Certificate(Buffer.from(certificate?.data['tls.crt'] ?? '', 'base64'));
    expect(valueAt(stored, 'tags')).toEqual({ 'configmgr.io_certificate': expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(ready.status?.certificate).toMatchObject({
      commonName: SERVICE_NAME,
      sha256Fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    });

    const [deployment] = ready.status?.deployments ?? [];
    expect(deployment).toMatchObject({
      phase: 'Active',
      serviceName: SERVICE_NAME,
      fqdn: 'granitefalls.westeurope.cloudapp.azure.com',
      instances: { wanted: 1, ready: 1 },
    });
    expect(ready.status?.activeDeployment).toBe(deployment?.id);
    expect(computeKstatus(ready as never)).toMatchObject({ state: 'Current' });
    expect(JSON.stringify(ready.status).length).toBeLessThan(16_000);
    expect(suite.world().packages.downloads()).toBe(1);
    // It is told after the status is written.
    await expect.poll(async () => (await test.events()).map(({ reason }) => reason)).toContain('Ready');

    // Reads are counted where time does not depend on how busy the machine is (test/integration/procedure).
    expect(allWrites(test.azure.control.counts)).toBeLessThanOrEqual(20);
  });

  it('keeps the addresses of operations in a Secret of its own, which is empty in the end', async () => {
    const test = await suite.begin();
    const { cmg, certificate, credentials } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    const ready = await test.untilReady();
    const path = `/api/v1/namespaces/${test.namespace}/secrets/${NAME}-operations`;
    const operations = (await test.api.call('GET', path)) as {
      data?: object;
      metadata: { ownerReferences: { uid: string; controller: boolean }[] };
    };
    expect(operations.data ?? {}).toEqual({});
    expect(operations.metadata.ownerReferences).toMatchObject([{ uid: ready.metadata.uid, controller: true }]);
  });

  it('shows at every moment a state that tools take for what it is', async () => {
    const test = await suite.begin();
    const versions = await watchVersions(test.namespace);
    const { cmg, certificate, credentials } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    await test.untilReady();
    await test.patchSpec({ vm: { size: 'Custom', sku: 'Standard_Z99' } });
    await test.untilReason('AzureReady', 'OperationFailed');
    await test.patchSpec({ vm: { size: 'Standard', sku: null, instances: 2 } });
    await test.untilReady();

    const seen = () => versions.seen().filter(({ status }) => status !== undefined);
    const turns = () =>
      seen()
        .map((version) => computeKstatus(version).state)
        .filter((state, index, states) => state !== states[index - 1]);
    // The watch tells of the last version a moment after it can be read.
    await expect
      .poll(turns, { timeout: PATIENCE_MS })
      .toEqual(['InProgress', 'Current', 'InProgress', 'Failed', 'InProgress', 'Current']);
    const shown = seen();
    for (const { metadata, status } of shown) {
      const { observedGeneration, conditions } = status ?? {};
      expect(observedGeneration).toBeLessThanOrEqual(metadata.generation);
      expect(findCondition(conditions, 'Ready')).toBeDefined();
      const abnormal = ['Reconciling', 'Stalled'].flatMap((type) => findCondition(conditions, type) ?? []);
      expect(abnormal.map((condition) => condition.status)).not.toContain('False');
      expect(abnormal.length).toBeLessThanOrEqual(1);
      expect(metadata.finalizers).toEqual(['configmgr.io/gateway']);
      expect(JSON.stringify(status).length).toBeLessThan(16_000);
    }
  });

  it("takes the article's own name, with a hyphen, when content is off", async () => {
    const test = await suite.begin();
    const manifests = await test.manifests({ content: { enabled: false } }, 'contoso-cmg.contoso.com');
    await test.apply(manifests.certificate, manifests.credentials, manifests.cmg);
    await test.untilReady();
    expect(test.resources('Microsoft.Storage/storageAccounts').map(({ name }) => name)).toEqual(['contosocmg']);
    expect(test.resources('Microsoft.KeyVault/vaults').map(({ name }) => name)).toEqual(['contoso-cmg']);
    expect(test.resources('Microsoft.Storage/storageAccounts/blobServices/containers')).toHaveLength(1);
  });

  it('takes a wildcard certificate and a PFX file', async () => {
    const test = await suite.begin();
    const manifests = await test.manifests({
      serverCertificate: { format: 'PFX', secretRef: { name: 'pfx' } },
    });
    const wildcard = await suite.certificateFor({ commonName: '*.contoso.com', organization: 'Contoso' });
    const pfx = await pfxOf(`${wildcard.chainPem}${suite.world().authority.rootPem}`, wildcard.privateKeyPem, 'geheim');
    await test.apply(
      secret(test.namespace, 'pfx', 'Opaque', { pfx, password: 'geheim' }),
      manifests.credentials,
      manifests.cmg,
    );
    const ready = await test.untilReady();
    expect(ready.status?.certificate).toMatchObject({ commonName: '*.contoso.com', trust: 'Private' });
  });

  it('uses an existing group without ever writing to it, and leaves it when the CMG is deleted', async () => {
    const test = await suite.begin();
    const group = groupPath(test.azure.subscriptionId, 'shared');
    test.azure.control.call('PUT', group, { location: 'westeurope', tags: { team: 'network' } });
    const manifests = await test.manifests();
    const { spec } = manifests.cmg as { spec?: { azure: object } };
    const cmg = {
      ...manifests.cmg,
      spec: { ...spec, azure: { ...spec?.azure, resourceGroup: { name: 'shared', mode: 'UseExisting' } } },
    };
    await test.apply(manifests.certificate, manifests.credentials, cmg);
    await test.untilReady();
    expect(test.resources('Microsoft.Resources/resourceGroups').map(({ tags }) => tags)).toEqual([{ team: 'network' }]);

    await test.deleteCmg();
    expect(test.resources().map(({ type }) => type)).toEqual(['Microsoft.Resources/resourceGroups']);
  });
});

function groupPath(subscriptionId: string, name: string): string {
  return `/subscriptions/${subscriptionId}/resourcegroups/${name}?api-version=2025-04-01`;
}
