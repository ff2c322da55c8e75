import { describe, expect, it } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { findCondition, isConditionTrue } from '../../../src/runtime/conditions.ts';
import { MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { gatewayManifests, pathOf } from '../../world/gateway-manifests.ts';
import { type GatewayTest, NAME, operatorSuite, PATIENCE_MS } from './suite.ts';

const suite = operatorSuite();
const SCALE_SET = 'Microsoft.Compute/virtualMachineScaleSets';
const GROUP = 'Microsoft.Resources/resourceGroups';
const HOUR_MS = 3_600_000;

/** A gateway that is Ready. */
async function readyGateway(spec: Readonly<Record<string, unknown>> = {}): Promise<GatewayTest> {
  const test = await suite.begin();
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

describe('deletion', () => {
  it('removes the group in one piece and frees the name of the vault', async () => {
    const test = await readyGateway();
    await test.deleteCmg();
    expect(test.resources()).toEqual([]);
    const { certificate, credentials, cmg } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    await test.untilReady();
  });

  it('removes only what is ours from a group in which others have put something', async () => {
    const test = await readyGateway();
    const foreign = `/subscriptions/${test.azure.subscriptionId}/resourceGroups/cmg-${NAME}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs`;
    test.azure.control.call('PUT', `${foreign}?api-version=2024-11-30`, { location: 'westeurope' });
    await test.deleteCmg();
    expect(test.resources().map(({ type }) => type)).toEqual([
      'Microsoft.Resources/resourceGroups',
      'Microsoft.ManagedIdentity/userAssignedIdentities',
    ]);
  });

  it('leaves everything with Retain', async () => {
    const test = await readyGateway({ deletionPolicy: 'Retain' });
    const before = test.resources();
    await test.deleteCmg();
    expect(test.resources()).toEqual(before);
  });

  it('is nothing to Azure of a gateway that is only observed, protected or not', async () => {
    const test = await suite.begin();
    test.azure.control.addConsoleGateway({ prefix: 'granitefalls', resourceGroup: `cmg-${NAME}`, instances: 2 });
    const before = JSON.stringify(test.resources());
    const { writes } = test.azure.control.counts;
    const { credentials, cmg } = await test.manifests({
      managementPolicy: 'Observe',
      serverCertificate: undefined,
      servicePackage: undefined,
    });
    await test.apply(credentials, cmg);
    const { metadata, status } = await test.untilReady();
    expect(metadata.finalizers).toBeUndefined();
    expect(status?.deployments?.[0]).toMatchObject({
      identity: { provisioner: 'Site' },
      fqdn: 'granitefalls.westeurope.cloudapp.azure.com',
      instances: { wanted: 2, ready: 2 },
    });
    expect(status?.deployments?.[0]?.resources?.map(({ name }) => name)).toContain('scaleSet');
    expect(test.azure.control.counts.writes).toBe(writes);
    await test.api.call('DELETE', pathOf(cmg));
    expect((await test.api.send('GET', pathOf(cmg))).status).toBe(404);
    expect(JSON.stringify(test.resources())).toBe(before);
    expect(test.azure.control.counts.writes).toBe(writes);
  });

  it('is nothing to Azure either of one that was managed before', async () => {
    const test = await readyGateway();
    await test.patchSpec({ managementPolicy: 'Observe' });
    await test.until('the finalizer to be gone', ({ metadata }) => metadata.finalizers === undefined);
    await test.untilReady();
    const before = JSON.stringify(test.resources());
    await test.deleteCmg();
    expect(JSON.stringify(test.resources())).toBe(before);
  });

  it('removes a gateway that is still being built', async () => {
    const test = await suite.begin();
    const { certificate, credentials, cmg } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    await untilAzure('the scale set to be begun', () => test.resources(SCALE_SET).length === 1);
    await test.deleteCmg();
    expect(test.resources()).toEqual([]);
  });

  it('ends when the group is gone already', async () => {
    const test = await readyGateway();
    test.azure.control.remove(idOf(test, 'Microsoft.Resources/resourceGroups'));
    await test.deleteCmg();
    expect(test.resources()).toEqual([]);
  });

  it('says what is missing when the credentials are gone, and lets go with Retain', async () => {
    const test = await readyGateway();
    await test.api.call('DELETE', `/api/v1/namespaces/${test.namespace}/secrets/azure`);
    await test.beginDeletion();
    const condition = await test.untilReason('AzureReady', 'DeletionBlocked');
    expect(condition.message).toMatch(/azure does not exist.*spec\.deletionPolicy to Retain/s);
    await test.patchSpec({ deletionPolicy: 'Retain' });
    await test.deleteCmg();
    expect(test.resources(SCALE_SET)).toHaveLength(1);
  });

  it('is nothing to wait for where nothing was ever made, whatever is wrong with the credentials', async () => {
    const test = await suite.begin();
    const { certificate, cmg } = await test.manifests();
    await test.apply(certificate, cmg);
    await test.untilReason('PrerequisitesMet', 'SecretNotFound');
    await test.deleteCmg();
    expect(test.resources()).toEqual([]);
  });

  it('is carried out for a suspended gateway too', async () => {
    const test = await readyGateway();
    await test.patchSpec({ suspend: true });
    await test.deleteCmg();
    expect(test.resources()).toEqual([]);
  });

  it('tells of a gateway that stays, and leaves it, where its namespace is deleted', async () => {
    const test = await readyGateway();
    await test.untilMarked();
    const before = test.resources();
    const { writes } = test.azure.control.counts;
    await test.api.call('DELETE', `/api/v1/namespaces/${test.namespace}`);
    // What kube-controller-manager does in such a namespace; refused until the API server itself has seen that it goes.
    const collection = `/apis/configmgr.io/v1alpha1/namespaces/${test.namespace}/cmgs`;
    await waitFor(
      'the CMGs to be deleted',
      async () => (await test.api.send('DELETE', collection)).status < 300 || undefined,
    );
    await waitFor('the CMG to be gone', async () => {
      const { items } = (await test.api.call('GET', collection)) as { readonly items: readonly unknown[] };
      return items.length === 0 || undefined;
    });
    expect(test.resources()).toEqual(before);
    expect(test.azure.control.counts.writes).toBe(writes);
    // The API server takes no new events in such a namespace.
    expect(suite.log()).toContain(
      `The namespace ${test.namespace} is being deleted, but spec.deletionProtection is true: the gateway stays in Azure, in the resource group cmg-${NAME}`,
    );
  });

  it('waits for Azure to be back, says so, and goes on', async () => {
    const test = await readyGateway();
    const before = test.resources();
    const down = { kind: 'answer', status: 503, code: 'ServiceUnavailable', message: 'The service is down.' } as const;
    test.azure.control.faults.add({ match: { urlPattern: '.' }, times: 'always', action: down });
    await test.beginDeletion();
    const condition = await test.until('AzureReady to tell of Azure', ({ status }) =>
      findCondition(status?.conditions, 'AzureReady')?.message.includes('The service is down.'),
    );
    expect(findCondition(condition.status?.conditions, 'Stalled')).toBeUndefined();
    expect(test.resources()).toEqual(before);
    test.azure.control.faults.clear();
    await test.deleteCmg();
    expect(test.resources()).toEqual([]);
  });
});

describe('the fleet brake', () => {
  const names = ['first', 'second', 'third', 'fourth'] as const;

  const cmgPath = ({ namespace }: GatewayTest, name: string) =>
    pathOf({ apiVersion: 'configmgr.io/v1alpha1', kind: 'CMG', metadata: { name, namespace } });

  /** Applies a fleet, and waits until each gateway serves: one that never did needs no slot. */
  async function fleetOf(test: GatewayTest): Promise<void> {
    for (const name of names) {
      const serviceName = `${name}.contoso.com`;
      const certificate = await suite.certificateFor({ commonName: serviceName, organization: 'Contoso' });
      const manifests = gatewayManifests(suite.world(), { namespace: test.namespace, name, serviceName, certificate });
      await test.apply(manifests.certificate, manifests.credentials, manifests.cmg);
    }
    await waitFor(
      'every gateway to serve',
      async () => (await fleet(test)).every(({ status }) => isConditionTrue(status?.conditions, 'Ready')) || undefined,
      PATIENCE_MS,
    );
  }

  async function fleet({ api, namespace }: GatewayTest): Promise<readonly CMG[]> {
    const path = `/apis/configmgr.io/v1alpha1/namespaces/${namespace}/cmgs`;
    return ((await api.call('GET', path)) as { readonly items: readonly CMG[] }).items;
  }

  const waitingIn = async (test: GatewayTest) =>
    (await fleet(test)).filter(
      ({ status }) => findCondition(status?.conditions, 'AzureReady')?.reason === 'DeletionBudget',
    );

  it('removes as many as it may within an hour, through a restart, and then the others by itself', async () => {
    const test = await suite.begin({ withoutOperator: true });
    const operator = await test.startOperator(['--max-deletions-per-hour', '2']);
    await fleetOf(test);
    const merge = { spec: { deletionProtection: false } };
    for (const name of names) {
      await test.api.call('PATCH', cmgPath(test, name), merge, MERGE_PATCH);
    }
    const begun = test.azure.clock.now();
    await test.api.call('DELETE', `/apis/configmgr.io/v1alpha1/namespaces/${test.namespace}/cmgs`);
    await waitFor('two to be gone and two to wait', async () => {
      const [all, waiting] = [await fleet(test), await waitingIn(test)];
      return (all.length === 2 && waiting.length === 2) || undefined;
    });
    expect(test.resources(GROUP)).toHaveLength(2);
    const message = findCondition((await waitingIn(test))[0]?.status?.conditions, 'Ready')?.message ?? '';
    expect(message).toContain('--max-deletions-per-hour allows (2)');
    const earliest = Date.parse(/at (\S+) at the earliest/.exec(message)?.[1] ?? '');
    expect(earliest).toBeGreaterThanOrEqual(begun + HOUR_MS);
    expect((await test.events()).map(({ reason }) => reason)).toContain('DeletionBudget');

    await operator.stop();
    const { reads } = test.azure.control.counts;
    await test.startOperator(['--max-deletions-per-hour', '2']);
    await untilAzure('the new operator to have looked at both', () => test.azure.control.counts.reads >= reads + 4);
    expect(test.azure.clock.now()).toBeLessThan(earliest);
    expect(test.resources(GROUP)).toHaveLength(2);

    await test.azure.control.advance(Math.max(0, earliest - test.azure.clock.now()));
    await waitFor('the others to be gone', async () => (await fleet(test)).length === 0 || undefined, PATIENCE_MS);
    expect(test.resources()).toEqual([]);
    const deletions = test.azure.control.writes
      .filter(({ method, path }) => method === 'DELETE' && /resourceGroups\/[^/]+$/i.test(path.split('?')[0] ?? ''))
      .map(({ acceptedAt }) => acceptedAt)
      .toSorted((left, right) => left - right);
    expect(deletions).toHaveLength(4);
    // What counts is when a removal is decided on, which the message of those that wait tells.
    expect(deletions[1]).toBeLessThan(earliest);
    expect(deletions[2]).toBeGreaterThanOrEqual(earliest);
  });
});
