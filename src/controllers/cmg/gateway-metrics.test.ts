import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { REASONS } from '../../api/v1alpha1/conditions.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createMemoryStore } from '../../runtime/memory-store.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { reasonClass } from './reason-class.ts';

const AT = '2026-01-01T00:00:00Z';

interface Seen {
  readonly ready?: readonly [status: 'True' | 'False' | 'Unknown', reason: string];
  readonly stalled?: boolean;
  readonly instances?: number;
  /** Whether it is only observed. */
  readonly observes?: boolean;
}

function gateway(name: string, { ready, stalled = false, instances, observes = false }: Seen = {}): CMG {
  const conditions = [
    ...(ready === undefined ? [] : [condition('Ready', ...ready)]),
    ...(stalled ? [condition('Stalled', 'True', 'NameTaken')] : []),
  ];
  const cmg = {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'CMG',
    metadata: { namespace: 'a', name, uid: name, resourceVersion: '1', generation: 1 },
    spec: {
      vm: { instances: 2 },
      ...(observes ? { managementPolicy: 'Observe' } : { serverCertificate: {}, servicePackage: {} }),
    },
    status: {
      conditions,
      ...(instances === undefined
        ? {}
        : { certificate: { notAfter: AT }, deployments: [{ instances: { wanted: 2, ready: instances } }] }),
    },
  };
  return cmg as unknown as CMG;
}

function condition(type: string, status: string, reason: string) {
  return { type, status, reason, message: '', lastTransitionTime: AT };
}

function observed(cmgs: readonly CMG[]) {
  const registry = new Registry();
  const metrics = createGatewayMetrics(registry);
  const { store, partitions } = createMemoryStore<CMG>({ namespaces: [''], logger: silentLogger, onSynced: () => {} });
  const partition = partitions.get('') ?? expect.fail();
  partition.replace(cmgs, '1');
  metrics.observe(store);
  const series = async () =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { metrics, partition, series };
}

it('tells nothing of gateways before this process does the work', async () => {
  const registry = new Registry();
  createGatewayMetrics(registry);
  expect((await registry.metrics()).split('\n').filter((line) => line.startsWith('cmg_'))).toEqual([]);
});

it('counts gateways by Ready and class of reason', async () => {
  const { series } = observed([
    gateway('a', { ready: ['True', 'Succeeded'] }),
    gateway('b', { ready: ['True', 'Succeeded'] }),
    gateway('c', { ready: ['False', 'NameMismatch'] }),
    gateway('d', { ready: ['False', 'CertificateExpired'] }),
    gateway('new'),
  ]);
  expect((await series()).filter((line) => line.startsWith('cmg_operator_gateways'))).toEqual([
    'cmg_operator_gateways{ready="True",reason_class="Succeeded"} 2',
    'cmg_operator_gateways{ready="False",reason_class="Certificate"} 2',
    'cmg_operator_gateways{ready="Unknown",reason_class="InProgress"} 1',
  ]);
});

it('shows each gateway for itself', async () => {
  const { series } = observed([
    gateway('a', { ready: ['True', 'Succeeded'], instances: 1 }),
    gateway('b', { ready: ['False', 'NameTaken'], stalled: true }),
  ]);
  expect(await series()).toEqual([
    'cmg_operator_gateways{ready="True",reason_class="Succeeded"} 1',
    'cmg_operator_gateways{ready="False",reason_class="Configuration"} 1',
    'cmg_operator_gateway_ready{namespace="a",name="a"} 1',
    'cmg_operator_gateway_ready{namespace="a",name="b"} 0',
    'cmg_operator_gateway_stalled{namespace="a",name="a"} 0',
    'cmg_operator_gateway_stalled{namespace="a",name="b"} 1',
    'cmg_operator_gateway_instances_wanted{namespace="a",name="a"} 2',
    'cmg_operator_gateway_instances_wanted{namespace="a",name="b"} 2',
    'cmg_operator_gateway_instances_ready{namespace="a",name="a"} 1',
    'cmg_operator_gateway_instances_ready{namespace="a",name="b"} 0',
    'cmg_operator_gateway_certificate_expiry_timestamp_seconds{namespace="a",name="a"} 1767225600',
    'cmg_operator_gateway_drift_repairs_total{namespace="a",name="a"} 0',
    'cmg_operator_gateway_drift_repairs_total{namespace="a",name="b"} 0',
  ]);
});

it('counts repairs, and ends the series of a gateway with its CMG', async () => {
  const cmg = gateway('a', { ready: ['True', 'Succeeded'], instances: 2 });
  const { metrics, partition, series } = observed([cmg]);
  metrics.driftRepaired(cmg);
  expect(await series()).toContain('cmg_operator_gateway_drift_repairs_total{namespace="a",name="a"} 1');
  partition.remove(cmg);
  expect(await series()).toEqual([]);
});

it('has ten classes at most, whatever the reason', () => {
  const classes = new Set([...Object.keys(REASONS), 'FromTheFuture'].map(reasonClass));
  expect(classes.size).toBeLessThanOrEqual(10);
  expect(reasonClass('FromTheFuture')).toBe('Operator');
});

it('shows of a gateway that is only observed how many VMs Azure is to run, and none where Azure does not tell', async () => {
  const { series } = observed([
    gateway('scale-set', { observes: true, instances: 1 }),
    gateway('classic', { observes: true }),
  ]);
  expect((await series()).filter((line) => line.includes('_instances_'))).toEqual([
    'cmg_operator_gateway_instances_wanted{namespace="a",name="scale-set"} 2',
    'cmg_operator_gateway_instances_ready{namespace="a",name="scale-set"} 1',
  ]);
});
