import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { createCertificateAuthority } from '../../certificate-authority.ts';
import { allWrites } from '../../simulators/arm/journal.ts';
import { startPackageServer } from '../../simulators/package-server.ts';
import { certificateSecret } from '../../world/gateway-manifests.ts';
import { trust } from '../../world/trust.ts';
import {
  conditionOf,
  type GatewayTest,
  isReady,
  NAME,
  operatorSuite,
  PATIENCE_MS,
  SERVICE_NAME,
  valueAt,
} from './suite.ts';

const suite = operatorSuite();
const SCALE_SET = 'Microsoft.Compute/virtualMachineScaleSets';
const LOAD_BALANCER = 'Microsoft.Network/loadBalancers';

/** A gateway that is Ready, compared with Azure every five simulated minutes (1.5 s) unless told otherwise. */
async function readyGateway(
  spec: Readonly<Record<string, unknown>> = {},
  interval = '5m',
  flags: readonly string[] = [],
): Promise<GatewayTest> {
  const test = await suite.begin({ flags: ['--drift-interval', interval, '--full-read-interval', '10m', ...flags] });
  const { certificate, credentials, cmg } = await test.manifests(spec);
  await test.apply(certificate, credentials, cmg);
  await test.untilReady();
  return test;
}

function idOf(test: GatewayTest, type: string): string {
  return String(test.resources(type)[0]?.id);
}

/** Waits for something in Azure. */
async function untilAzure(what: string, seen: () => boolean): Promise<void> {
  await expect.poll(seen, { timeout: PATIENCE_MS, message: what }).toBe(true);
}

const profileOf = (test: GatewayTest) => valueAt(test.resources(SCALE_SET)[0], 'properties.virtualMachineProfile');
const natRulesOf = (test: GatewayTest) =>
  valueAt(test.resources(LOAD_BALANCER)[0], 'properties.inboundNatRules') as readonly unknown[];
const SETUP_TAG = 'properties.virtualMachineProfile.extensionProfile.extensions.0.properties.forceUpdateTag';

/** Whether each VM has the newest model. */
function latestModelsOf(test: GatewayTest): readonly unknown[] {
  const { body } = test.azure.control.call('GET', `${idOf(test, SCALE_SET)}/virtualMachines?api-version=2024-11-01`);
  return (valueAt(body as never, 'value') as readonly never[]).map((vm) =>
    valueAt(vm, 'properties.latestModelApplied'),
  );
}

const ruleNamesOf = (test: GatewayTest) =>
  (
    valueAt(test.resources('Microsoft.Network/networkSecurityGroups')[0], 'properties.securityRules') as readonly {
      name: string;
    }[]
  ).map(({ name }) => name);

describe('changes of the spec', () => {
  it('scales out and in without touching the model', async () => {
    const test = await readyGateway();
    const before = profileOf(test);
    await test.patchSpec({ vm: { instances: 2 } });
    const two = await test.untilReady();
    expect(valueAt(test.resources(SCALE_SET)[0], 'sku.capacity')).toBe(2);
    expect(natRulesOf(test)).toHaveLength(1);
    expect(two.status?.deployments?.[0]?.instances).toEqual({ wanted: 2, ready: 2 });
    await test.patchSpec({ vm: { instances: 1 } });
    await test.untilReady();
    expect(valueAt(test.resources(SCALE_SET)[0], 'sku.capacity')).toBe(1);
    expect(natRulesOf(test)).toHaveLength(0);
    expect(profileOf(test)).toEqual(before);
  });

  it('brings every VM to another size', async () => {
    const test = await readyGateway({ vm: { size: 'Standard', instances: 2 } });
    await test.patchSpec({ vm: { size: 'Large' } });
    const large = await test.untilReady();
    expect(valueAt(test.resources(SCALE_SET)[0], 'sku.name')).toBe('Standard_D8ads_v6');
    expect(large.status?.deployments?.[0]?.instances).toEqual({ wanted: 2, ready: 2 });
    expect(latestModelsOf(test)).toEqual([true, true]);
  });

  it.each([
    { when: 'at once', interval: '24h', flags: [] },
    {
      when: 'within the drift interval where Secrets are not watched',
      interval: '5m',
      flags: ['--watch-secrets=false'],
    },
  ])('takes a renewed certificate $when, to the vault and to every VM', async ({ interval, flags }) => {
    const test = await readyGateway({}, interval, flags);
    const secretUrl = () =>
      valueAt(test.resources('Microsoft.KeyVault/vaults/secrets')[0], 'properties.secretUriWithVersion');
    const before = secretUrl();
    const renewed = await suite.certificateFor({
      commonName: SERVICE_NAME,
      organization: 'Contoso',
      notAfter: new Date(Date.now() + 400 * 86_400_000),
    });
    await test.apply(certificateSecret(test.namespace, `${NAME}-tls`, renewed, suite.world()));
    await untilAzure('a new version in the vault', () => secretUrl() !== before);
    await untilAzure('the new version in the model', () =>
      JSON.stringify(profileOf(test)).includes(String(secretUrl())),
    );
    await test.untilReady();
  });

  it('brings another service package to the storage account and to every VM', async () => {
    const test = await readyGateway();
    const setup = () => valueAt(test.resources(SCALE_SET)[0], SETUP_TAG);
    const before = setup();
    const authority = await createCertificateAuthority('Test');
    trust(authority.rootPem);
    const packages = await startPackageServer({
      certificate: await authority.issue({ names: ['127.0.0.1'], key: 'ECDSA' }),
      content: Buffer.from('another package'),
    });
    onTestFinished(() => packages.close());
    await test.patchSpec({ servicePackage: { url: packages.url, sha256: packages.sha256 } });
    await test.untilReady();
    expect(packages.downloads()).toBe(1);
    expect(setup()).not.toBe(before);
    expect(latestModelsOf(test)).toEqual([true]);
  });

  it('deletes no gateway first that clients have none beside, and leaves it as it is until it is set back', async () => {
    const test = await readyGateway();
    const before = test.resources();
    const { resourceGroup } = (await test.cmg()).spec.azure;
    await test.patchSpec({ azure: { region: 'northeurope', resourceGroup: { name: 'rg-north' } } });
    const condition = await test.untilReason('Redeploying', 'NoOtherActiveCMG');
    const { status } = await test.cmg();
    expect(condition.message).toContain(`configmgr.io/allow-client-outage=${status?.activeDeployment}`);
    expect(status?.redeployment).toMatchObject({
      fields: [
        'spec.azure.region (westeurope → northeurope)',
        `spec.azure.resourceGroup.name (${resourceGroup.name} → rg-north)`,
      ],
      rollback: 'Free',
    });
    expect(test.resources()).toEqual(before);
    await test.patchSpec({ azure: { region: 'westeurope', resourceGroup } });
    const { status: after } = await test.untilReady();
    expect(findCondition(after?.conditions, 'Redeploying')).toBeUndefined();
    expect(test.resources()).toEqual(before);
  });

  it('writes nothing while suspended', async () => {
    const test = await readyGateway();
    await test.patchSpec({ suspend: true, vm: { instances: 3 } });
    const { writes } = test.azure.control.counts;
    test.azure.control.call(
      'DELETE',
      `${idOf(test, 'Microsoft.Network/networkSecurityGroups')}/securityRules/https?api-version=2025-03-01`,
    );
    await untilAzure('the rule to be gone', () => !ruleNamesOf(test).includes('https'));
    const end = test.azure.clock.now() + 3 * 300_000;
    await untilAzure('three drift intervals to pass', () => test.azure.clock.now() > end);
    expect(test.azure.control.counts.writes).toBe(writes);
    expect(ruleNamesOf(test)).not.toContain('https');
    await test.patchSpec({ suspend: false });
    await test.untilReady();
    expect(ruleNamesOf(test)).toContain('https');
    expect(valueAt(test.resources(SCALE_SET)[0], 'sku.capacity')).toBe(3);
  });
});

describe('drift', () => {
  it.each([
    {
      what: 'a deleted network rule',
      damage: (test: GatewayTest) =>
        test.azure.control.call(
          'DELETE',
          `${idOf(test, 'Microsoft.Network/networkSecurityGroups')}/securityRules/https?api-version=2025-03-01`,
        ),
      repaired: (test: GatewayTest) => ruleNamesOf(test).includes('https'),
      says: /network security group: properties\.securityRules\[https\] is missing/,
    },
    {
      what: 'a deleted container',
      damage: (test: GatewayTest) => {
        const [container] = test
          .resources('Microsoft.Storage/storageAccounts/blobServices/containers')
          .filter(({ name }) => name === 'content');
        test.azure.control.remove(String(container?.id));
      },
      repaired: (test: GatewayTest) =>
        test.resources('Microsoft.Storage/storageAccounts/blobServices/containers').length === 2,
      says: /container for content is missing/,
    },
    {
      what: 'a storage account that allows shared keys',
      damage: (test: GatewayTest) =>
        test.azure.control.mutate(idOf(test, 'Microsoft.Storage/storageAccounts'), {
          properties: { allowSharedKeyAccess: true },
        }),
      repaired: (test: GatewayTest) =>
        valueAt(test.resources('Microsoft.Storage/storageAccounts')[0], 'properties.allowSharedKeyAccess') === false,
      says: /storage account: properties\.allowSharedKeyAccess differs/,
    },
    {
      what: 'a deleted rule of the load balancer',
      damage: (test: GatewayTest) =>
        test.azure.control.mutate(idOf(test, LOAD_BALANCER), { properties: { loadBalancingRules: [] } }),
      repaired: (test: GatewayTest) =>
        valueAt(test.resources(LOAD_BALANCER)[0], 'properties.loadBalancingRules.0.name') === 'https',
      says: /load balancer: properties\.loadBalancingRules\[https\] is missing/,
    },
    {
      what: 'a rule that was added to the load balancer',
      damage: (test: GatewayTest) => {
        const [own] = valueAt(
          test.resources(LOAD_BALANCER)[0],
          'properties.loadBalancingRules',
        ) as readonly JsonObject[];
        const properties = { ...(own?.properties as JsonObject), frontendPort: 8443 };
        test.azure.control.mutate(idOf(test, LOAD_BALANCER), {
          properties: { loadBalancingRules: [{ ...own }, { name: 'added', properties }] },
        });
      },
      repaired: (test: GatewayTest) =>
        (valueAt(test.resources(LOAD_BALANCER)[0], 'properties.loadBalancingRules') as unknown[]).length === 1,
      says: /load balancer: properties\.loadBalancingRules\[added\] is not declared/,
    },
    {
      what: 'a VM that somebody has stopped',
      damage: (test: GatewayTest) =>
        test.azure.control.call('POST', `${idOf(test, SCALE_SET)}/deallocate?api-version=2024-11-01`),
      repaired: (test: GatewayTest) => {
        const vms = `${idOf(test, SCALE_SET)}/virtualMachines?api-version=2024-11-01&$expand=instanceView`;
        return JSON.stringify(test.azure.control.call('GET', vms).body).includes('PowerState/running');
      },
      says: /it is being set back: VM 0 is deallocated\./,
    },
    {
      what: 'a changed tag',
      damage: (test: GatewayTest) =>
        test.azure.control.mutate(idOf(test, LOAD_BALANCER), {
          tags: { 'configmgr.io_deployment': 'other', team: 'x' },
        }),
      repaired: (test: GatewayTest) => {
        const tags = valueAt(test.resources(LOAD_BALANCER)[0], 'tags') as Readonly<Record<string, string>>;
        return tags['configmgr.io_deployment'] !== 'other' && tags.team === 'x';
      },
      says: /load balancer: tags\S* differs/,
    },
  ])('repairs $what, tells of it, and is Ready', async ({ damage, repaired, says }) => {
    const test = await readyGateway();
    damage(test);
    const told = async () => (await test.events()).find(({ reason }) => reason === 'DriftRepaired')?.note;
    await expect.poll(told, { timeout: PATIENCE_MS }).toMatch(says);
    await untilAzure('the repair', () => repaired(test));
    const cmg = await test.until(
      'InSync to be True',
      ({ status }) => findCondition(status?.conditions, 'InSync')?.status === 'True',
    );
    expect(isReady(cmg.status, cmg.metadata.generation)).toBe(true);
  });

  it('leaves network rules of others alone', async () => {
    const test = await readyGateway();
    const rule = `${idOf(test, 'Microsoft.Network/networkSecurityGroups')}/securityRules`;
    test.azure.control.call('PUT', `${rule}/admin?api-version=2025-03-01`, {
      properties: {
        priority: 200,
        direction: 'Inbound',
        access: 'Allow',
        protocol: 'Tcp',
        sourceAddressPrefix: '192.0.2.1',
        sourcePortRange: '*',
        destinationAddressPrefix: '*',
        destinationPortRange: '3389',
      },
    });
    test.azure.control.call('DELETE', `${rule}/instances?api-version=2025-03-01`);
    await untilAzure('the repair', () => ruleNamesOf(test).includes('instances'));
    expect(ruleNamesOf(test).toSorted()).toEqual(['admin', 'https', 'instances']);
  });

  it('is told with who it was, as far as Azure tells', async () => {
    const test = await readyGateway();
    test.azure.control.settings.activityLogLagSeconds = 0;
    const rules = idOf(test, 'Microsoft.Network/networkSecurityGroups');
    test.azure.control.call('DELETE', `${rules}/securityRules/https?api-version=2025-03-01`);
    await expect
      .poll(async () => (await test.events()).find(({ reason }) => reason === 'DriftRepaired')?.note, {
        timeout: PATIENCE_MS,
      })
      .toMatch(
        /^Azure was changed by \S+ \(Microsoft\.Network\/networkSecurityGroups\/securityRules\/delete at \S+Z\); /,
      );
  });

  it('is found in what the search cannot show, when everything is read', async () => {
    const test = await readyGateway({}, '1m', ['--full-read-interval', '5m']);
    const container = idOf(test, 'Microsoft.Storage/storageAccounts/blobServices/containers');
    test.azure.control.remove(container);
    await untilAzure('the container to be made again', () => test.azure.control.resource(container) !== undefined);
  });

  it('is found although Resource Graph does not answer', async () => {
    const test = await readyGateway({}, '1m');
    test.azure.control.faults.add({
      match: { method: 'POST', urlPattern: 'Microsoft.ResourceGraph' },
      times: 'always',
      action: { kind: 'answer', status: 500, code: 'InternalServerError', message: 'An error has occurred.' },
    });
    test.azure.control.mutate(idOf(test, LOAD_BALANCER), { properties: { loadBalancingRules: [] } });
    await untilAzure('the repair', () =>
      Boolean((valueAt(test.resources(LOAD_BALANCER)[0], 'properties.loadBalancingRules') as unknown[]).length),
    );
  });

  it('is found at once when somebody asks for a look', async () => {
    const test = await readyGateway({}, '24h', ['--full-read-interval', '48h']);
    test.azure.control.mutate(idOf(test, LOAD_BALANCER), { properties: { loadBalancingRules: [] } });
    await test.annotate({ 'configmgr.io/reconcile-requested-at': '2026-11-27T18:00:00Z' });
    await untilAzure('the repair', () =>
      Boolean((valueAt(test.resources(LOAD_BALANCER)[0], 'properties.loadBalancingRules') as unknown[]).length),
    );
  });

  it('writes nothing to Azure or Kubernetes for ten intervals when nothing differs', async () => {
    const test = await readyGateway({}, '1m', ['--full-read-interval', '24h']);
    const cmg = await test.until(
      'InSync to be True',
      ({ status }) => findCondition(status?.conditions, 'InSync')?.status === 'True',
    );
    // The last event is written a moment after the status.
    await expect.poll(async () => (await test.events()).map(({ reason }) => reason)).toContain('Ready');
    // With the first search everything is read once more, so that its outcome can be relied on.
    const searches = () => test.azure.control.counts.byMethod.POST ?? 0;
    const asked = searches();
    await untilAzure('the second search', () => searches() >= asked + 2);
    const stored = await storedVersions(test);
    const before = test.azure.control.counts;
    const { reads } = before;
    const begun = test.azure.clock.now();
    // One search for all that has changed, and one look at the VMs.
    const readsOfInterval = 2;
    await untilAzure('ten intervals', () => test.azure.control.counts.reads >= reads + 10 * readsOfInterval);
    const intervals = (test.azure.clock.now() - begun) / 60_000;
    expect(test.azure.control.counts.reads - reads).toBeLessThanOrEqual(readsOfInterval * (intervals + 1));
    expect(allWrites(test.azure.control.counts)).toBe(allWrites(before));
    expect(await storedVersions(test)).toEqual(stored);
    expect(conditionOf(cmg, 'Ready').status).toBe('True');
  });
});

/** The version of everything in the namespace that the operator could write. */
async function storedVersions({ api, namespace }: GatewayTest): Promise<readonly string[]> {
  const lists = await Promise.all(
    (
      [
        ['apis/configmgr.io/v1alpha1', 'cmgs'],
        ['api/v1', 'secrets'],
        ['apis/events.k8s.io/v1', 'events'],
      ] as const
    ).map(([group, plural]) => api.call('GET', `/${group}/namespaces/${namespace}/${plural}`)),
  );
  return (lists as { items: { metadata: { name: string; resourceVersion: string } }[] }[]).flatMap(({ items }) =>
    items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`),
  );
}
