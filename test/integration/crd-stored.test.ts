import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, inject, test } from 'vitest';
import type { CMG, CMGStatus } from '../../src/api/v1alpha1/cmg.generated.ts';
import { MERGE_PATCH } from '../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../cluster/shared.ts';
import { GUID, manifest, minimalSpec } from './crd-manifest.ts';

const run = promisify(execFile);

describe('a stored CMG', () => {
  async function store(namespace: string): Promise<CMG> {
    const path = `/apis/configmgr.io/v1alpha1/namespaces/${namespace}/cmgs`;
    return (await sharedApi().call('POST', path, manifest(minimalSpec()))) as CMG;
  }

  const at = (namespace: string) => `/apis/configmgr.io/v1alpha1/namespaces/${namespace}/cmgs/granitefalls`;

  const time = '2026-11-24T00:00:00Z';
  /** As large as it may become: every list full, every message long. */
  const largestStatus: CMGStatus = {
    observedGeneration: 1,
    serviceName: 'granitefalls.contoso.com',
    activeDeployment: 'd0',
    certificate: {
      commonName: 'granitefalls.contoso.com',
      organization: 'Contoso',
      trust: 'Private',
      notAfter: time,
      sha256Fingerprint: 'a'.repeat(64),
    },
    conditions: Array.from({ length: 16 }, (_, index) => ({
      type: index === 0 ? 'Ready' : `Condition${index}`,
      status: 'True' as const,
      observedGeneration: 1,
      lastTransitionTime: time,
      reason: 'Succeeded',
      message: 'm'.repeat(index === 1 ? 32_768 : 2_048),
    })),
    deployments: Array.from({ length: 8 }, (_, index) => ({
      id: `d${index}`,
      identity: {
        environment: 'AzurePublicCloud' as const,
        tenantId: GUID,
        subscriptionId: GUID,
        region: 'westeurope',
        resourceGroup: 'rg-cmg',
        serviceName: 'granitefalls.contoso.com',
      },
      phase: 'Active' as const,
      serviceName: 'granitefalls.contoso.com',
      createdAt: time,
      fqdn: 'granitefalls.westeurope.cloudapp.azure.com',
      address: '192.0.2.1',
      instances: { wanted: 16, ready: 16 },
      resources: Array.from({ length: 32 }, (_, resource) => ({
        name: `resource${resource}`,
        id: `/subscriptions/${GUID}/${'x'.repeat(900)}`,
        provisioningState: 'Succeeded',
        operation: { verb: 'PUT', startedAt: time },
      })),
    })),
  };

  test('takes a status through its subresource only, and keeps the generation meanwhile', async () => {
    const namespace = await namespaceForTest('crd');
    const created = await store(namespace);
    await sharedApi().call('PATCH', at(namespace), { status: largestStatus }, MERGE_PATCH);
    const untouched = (await sharedApi().call('GET', at(namespace))) as CMG;
    expect(untouched.status).toBeUndefined();

    const patch = { status: largestStatus, spec: { suspend: true } };
    await sharedApi().call('PATCH', `${at(namespace)}/status`, patch, MERGE_PATCH);
    const updated = (await sharedApi().call('GET', at(namespace))) as CMG;
    expect(updated.status).toEqual(largestStatus);
    expect(updated.spec.suspend).toBe(false);
    expect(updated.metadata.generation).toBe(created.metadata.generation);
  });

  test('has one condition of each type', async () => {
    const namespace = await namespaceForTest('crd');
    await store(namespace);
    const [condition] = largestStatus.conditions ?? [];
    const twice = { status: { conditions: [condition, condition] } };
    const { status, body } = await sharedApi().send('PATCH', `${at(namespace)}/status`, twice, MERGE_PATCH);
    expect(status).toBe(422);
    expect((body as { message: string }).message).toContain('status.conditions[1]: Duplicate value: {"type":"Ready"}');
  });

  test('shows in kubectl, by short name and by category, what one looks for first', async () => {
    const namespace = await namespaceForTest('crd');
    await store(namespace);
    const status = { conditions: [{ ...largestStatus.conditions?.[0], message: 'It serves.' }] };
    await sharedApi().call('PATCH', `${at(namespace)}/status`, { status }, MERGE_PATCH);
    const kubectl = async (...args: string[]) => {
      const connection = ['--kubeconfig', inject('kubeconfigPath'), '--namespace', namespace];
      const { stdout } = await run(inject('kubectlPath'), [...connection, ...args]);
      return stdout.split('\n').map((line) => line.split(/\s{2,}/).map((cell) => cell.trim()));
    };
    const [header, row] = await kubectl('get', 'cmg');
    expect(header).toEqual(['NAME', 'READY', 'REASON', 'SERVICE NAME', 'REGION', 'VMS', 'AGE']);
    expect(row?.slice(0, -1)).toEqual([
      'granitefalls',
      'True',
      'Succeeded',
      'granitefalls.contoso.com',
      'westeurope',
      '1',
    ]);
    const [, wide] = await kubectl('get', 'configmgr', '-o', 'wide');
    expect(wide).toContain('It serves.');
  });

  test('explains its fields in kubectl', async () => {
    const { stdout } = await run(inject('kubectlPath'), [
      '--kubeconfig',
      inject('kubeconfigPath'),
      'explain',
      'cmg.spec.serverCertificate.pfx.passwordKey',
    ]);
    expect(stdout).toContain('Key of its password. Default: password.');
  });
});
