import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
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

describe('of a gateway that is being replaced', () => {
  const DAY = 86_400;
  const at = (day: number) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString();
  const seconds = (day: number) => Date.UTC(2026, 0, 1 + day) / 1000;
  const before = { id: 'old', phase: 'Superseded', phaseSince: at(2), createdAt: at(-100), wantedOrder: 1 };
  const after = { id: 'new', phase: 'Active', createdAt: at(1), wantedOrder: 2, wantedSince: at(1) };
  const advertised = { since: at(2), seenAt: at(3) };

  function replaced(deployments: readonly object[], redeployment: object | undefined): CMG {
    const cmg = gateway('a', { ready: ['True', 'Succeeded'] });
    const conditions = [...(cmg.status?.conditions ?? []), condition('Redeploying', 'True', 'WaitingForClients')];
    const spec = { ...cmg.spec, redeployment: { deadline: '72h' } };
    return { ...cmg, spec, status: { conditions, deployments, redeployment } } as unknown as CMG;
  }

  const told = async (cmg: CMG) =>
    (await observed([cmg]).series())
      .filter((line) => /_(?:redeploying|redeployment_\w+|phase_since_\w+|deployment_certificate_\w+)\{/.test(line))
      .map((line) => line.replace('cmg_operator_gateway_', '').replace('namespace="a",name="a"', '…'));

  it('tells what it waits for, and since when and until when', async () => {
    expect(await told(replaced([before, { ...after, advertised }], { since: at(1), until: at(3) }))).toEqual([
      'redeploying{…,reason="WaitingForClients"} 1',
      `redeployment_since_timestamp_seconds{…} ${seconds(1)}`,
      `redeployment_wait_end_timestamp_seconds{…} ${seconds(3)}`,
      `redeployment_deadline_timestamp_seconds{…} ${seconds(2) + 3 * DAY}`,
      `deployment_phase_since_timestamp_seconds{…,deployment="old",phase="Superseded"} ${seconds(2)}`,
      `deployment_phase_since_timestamp_seconds{…,deployment="new",phase="Active"} ${seconds(1)}`,
    ]);
  });

  it('tells when the certificate of each gateway expires that has not handed over', async () => {
    const certificate = (day: number) => ({ commonName: 'a', trust: 'Private', notAfter: at(day) });
    const old = { ...before, certificate: certificate(4) };
    const deployments = [old, { ...after, certificate: certificate(90) }];
    const expiry = async (all: readonly object[]) =>
      (await told(replaced(all, { since: at(1) }))).filter((line) => line.includes('certificate_expiry'));
    expect(await expiry(deployments)).toEqual([
      `deployment_certificate_expiry_timestamp_seconds{…,deployment="old"} ${seconds(4)}`,
      `deployment_certificate_expiry_timestamp_seconds{…,deployment="new"} ${seconds(90)}`,
    ]);
    expect(await expiry([{ ...old, phase: 'Draining' }, deployments[1] ?? {}])).toHaveLength(1);
    expect(await told(replaced(deployments, undefined))).toEqual([]);
  });

  it('counts the deadline from when the new gateway was wanted again, if that was later', async () => {
    const renewed = { ...after, advertised, wantedSince: at(5) };
    expect(await told(replaced([before, renewed], { since: at(5) }))).toContain(
      `redeployment_deadline_timestamp_seconds{…} ${seconds(5) + 3 * DAY}`,
    );
  });

  it.each<[string, readonly object[]]>([
    ['before the new one is advertised', [before, after]],
    [
      'once the old one hands over',
      [
        { ...before, phase: 'Draining' },
        { ...after, advertised },
      ],
    ],
  ])('has no deadline %s', async (_when, deployments) => {
    const lines = await told(replaced(deployments, { since: at(1) }));
    expect(lines.filter((line) => line.includes('deadline'))).toEqual([]);
    expect(lines).toContain('redeploying{…,reason="WaitingForClients"} 1');
  });

  it('ends with the redeployment', async () => {
    expect(await told(replaced([after], undefined))).toEqual([]);
  });

  it('counts the VMs of both, and those of one that hands over no more', async () => {
    const vms = async (phase: string) => {
      const instances = { wanted: 2, ready: 2 };
      const deployments = [
        { ...before, phase, instances },
        { ...after, instances: { wanted: 3, ready: 1 } },
      ];
      const lines = await observed([replaced(deployments, { since: at(1) })]).series();
      return lines.filter((line) => line.includes('_instances_')).map((line) => line.split(' ')[1]);
    };
    expect(await vms('Superseded')).toEqual(['5', '3']);
    expect(await vms('Draining')).toEqual(['3', '1']);
  });
});
