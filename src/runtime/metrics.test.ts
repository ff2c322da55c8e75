import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createRuntimeMetrics } from './metrics.ts';
import { LOW_PRIORITY } from './queue.ts';

/** The series without their values and buckets, so that a changed name or label shows. */
async function series(registry: Registry): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_bucket{'));
}

describe('createRuntimeMetrics', () => {
  it('has every series at 0 from the start, under the names and labels of controller-runtime', async () => {
    const registry = new Registry();
    const metrics = createRuntimeMetrics(registry);
    metrics.controller('cmg', 10);
    metrics.workQueue('cmg').observeProcessing(() => []);
    metrics.leaderElection('cmg-operator');
    expect((await series(registry)).sort()).toEqual([
      'controller_runtime_active_workers{controller="cmg"} 0',
      'controller_runtime_max_concurrent_reconciles{controller="cmg"} 10',
      'controller_runtime_reconcile_errors_total{controller="cmg"} 0',
      'controller_runtime_reconcile_panics_total{controller="cmg"} 0',
      'controller_runtime_reconcile_time_seconds_count{controller="cmg"} 0',
      'controller_runtime_reconcile_time_seconds_sum{controller="cmg"} 0',
      'controller_runtime_reconcile_timeouts_total{controller="cmg"} 0',
      'controller_runtime_reconcile_total{controller="cmg",result="error"} 0',
      'controller_runtime_reconcile_total{controller="cmg",result="requeue"} 0',
      'controller_runtime_reconcile_total{controller="cmg",result="requeue_after"} 0',
      'controller_runtime_reconcile_total{controller="cmg",result="success"} 0',
      'controller_runtime_terminal_reconcile_errors_total{controller="cmg"} 0',
      'leader_election_master_status{name="cmg-operator"} 0',
      'leader_election_slowpath_total{name="cmg-operator"} 0',
      'workqueue_adds_total{name="cmg",controller="cmg"} 0',
      'workqueue_depth{name="cmg",controller="cmg",priority="-100"} 0',
      'workqueue_depth{name="cmg",controller="cmg",priority="0"} 0',
      'workqueue_longest_running_processor_seconds{name="cmg",controller="cmg"} 0',
      'workqueue_queue_duration_seconds_count{name="cmg",controller="cmg"} 0',
      'workqueue_queue_duration_seconds_sum{name="cmg",controller="cmg"} 0',
      'workqueue_retries_total{name="cmg",controller="cmg"} 0',
      'workqueue_unfinished_work_seconds{name="cmg",controller="cmg"} 0',
      'workqueue_work_duration_seconds_count{name="cmg",controller="cmg"} 0',
      'workqueue_work_duration_seconds_sum{name="cmg",controller="cmg"} 0',
    ]);
  });

  it('has the buckets that dashboards of controller-runtime expect', async () => {
    const registry = new Registry();
    const metrics = createRuntimeMetrics(registry);
    metrics.controller('cmg', 1);
    metrics.workQueue('cmg');
    const bounds = async (name: string) => {
      const text = await registry.getSingleMetricAsString(name);
      return [...text.matchAll(/le="([^"]+)"/g)].map(([, bound]) => Number(bound === '+Inf' ? Infinity : bound));
    };
    const reconcile = await bounds('controller_runtime_reconcile_time_seconds');
    expect([reconcile.length, reconcile[0], reconcile.at(-2)]).toEqual([41, 0.005, 60]);
    const queue = await bounds('workqueue_queue_duration_seconds');
    expect(queue).toHaveLength(13);
    expect(queue[0]).toBeCloseTo(1e-8, 12);
    expect(queue[11]).toBeCloseTo(1_000, 5);
  });

  it('follows keys through a queue', async () => {
    const registry = new Registry();
    const queue = createRuntimeMetrics(registry).workQueue('cmg');
    queue.added(LOW_PRIORITY);
    queue.added(0);
    queue.reprioritized(LOW_PRIORITY, 0);
    queue.taken(0, 0.5);
    queue.worked(2);
    queue.observeProcessing(() => [1, 3]);
    const lines = await series(registry);
    expect(lines).toContain('workqueue_depth{name="cmg",controller="cmg",priority="-100"} 0');
    expect(lines).toContain('workqueue_depth{name="cmg",controller="cmg",priority="0"} 1');
    expect(lines).toContain('workqueue_adds_total{name="cmg",controller="cmg"} 2');
    expect(lines).toContain('workqueue_queue_duration_seconds_sum{name="cmg",controller="cmg"} 0.5');
    expect(lines).toContain('workqueue_work_duration_seconds_sum{name="cmg",controller="cmg"} 2');
    expect(lines).toContain('workqueue_unfinished_work_seconds{name="cmg",controller="cmg"} 4');
    expect(lines).toContain('workqueue_longest_running_processor_seconds{name="cmg",controller="cmg"} 3');
  });

  it('bounds the number of priority labels', async () => {
    const registry = new Registry();
    const queue = createRuntimeMetrics(registry).workQueue('cmg');
    for (let priority = 0; priority < 1_000; priority++) queue.added(priority);
    const depths = (await series(registry)).filter((line) => line.startsWith('workqueue_depth'));
    expect(depths).toHaveLength(26);
    expect(depths.at(-1)).toBe(
      'workqueue_depth{name="cmg",controller="cmg",priority="exceeded_cardinality_limit"} 976',
    );
  });

  it('counts requests by what came of them', async () => {
    const registry = new Registry();
    const { restClient } = createRuntimeMetrics(registry);
    restClient.requested('200', 'GET', '127.0.0.1:6443', 0.01);
    restClient.requested('<error>', 'PATCH', '127.0.0.1:6443', 5);
    const lines = await series(registry);
    expect(lines).toContain('rest_client_requests_total{code="200",method="GET",host="127.0.0.1:6443"} 1');
    expect(lines).toContain('rest_client_requests_total{code="<error>",method="PATCH",host="127.0.0.1:6443"} 1');
    expect(lines).toContain('rest_client_request_duration_seconds_count{verb="PATCH",host="127.0.0.1:6443"} 1');
  });
});
