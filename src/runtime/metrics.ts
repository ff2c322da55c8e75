import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import type { ControllerMetrics } from './controller.ts';
import type { LeaderElectionMetrics } from './leader-election.ts';
import { LOW_PRIORITY, type WorkQueueMetrics } from './queue.ts';

/** Reconcile durations in seconds, as controller-runtime has them. */
const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

/** Queue durations in seconds: 10 ns to 1,000 s, as every Kubernetes work queue has them. */
const QUEUE_BUCKETS = exponentialBuckets(1e-8, 10, 12);

/** Request durations in seconds, as client-go's users have them. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** Label values of `workqueue_depth{priority}` before all further priorities share one, as in controller-runtime. */
const MAX_PRIORITY_LABELS = 25;

/** What the Kubernetes client tells about itself, as client-go's `rest_client_*` metrics. */
export interface RestClientMetrics {
  /**
   * A request has been answered, or has failed.
   *
   * @param code HTTP status code, or `<error>` if there was no answer
   * @param method HTTP method in upper case
   */
  requested(code: string, method: string, host: string, seconds: number): void;
}

/** The runtime's metrics, under the names and labels of controller-runtime, so that its dashboards and alerts fit. */
export interface RuntimeMetrics {
  /** Metrics of the controller `name`, all of them present from now on. */
  controller(name: string, concurrency: number): ControllerMetrics;
  /** Metrics of the queue of the controller `name`, all of them present from now on. */
  workQueue(name: string): WorkQueueMetrics;
  /** Metrics of the election for the lease `name`, all of them present from now on. */
  leaderElection(name: string): LeaderElectionMetrics;
  readonly restClient: RestClientMetrics;
}

/** Registers the runtime's metrics in `registry`, once for each registry. */
export function createRuntimeMetrics(registry: Registry): RuntimeMetrics {
  return {
    controller: controllerMetrics(registry),
    workQueue: workQueueMetrics(registry),
    leaderElection: leaderElectionMetrics(registry),
    restClient: restClientMetrics(registry),
  };
}

/** Makes metrics of one registry that share their labels. */
function family<Label extends string>(registry: Registry, labelNames: readonly Label[]) {
  const registers = [registry];
  return {
    counter: (name: string, help: string) => new Counter({ name, help, labelNames, registers }),
    gauge: (name: string, help: string) => new Gauge({ name, help, labelNames, registers }),
    histogram: (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, labelNames, buckets, registers }),
  };
}

function controllerMetrics(registry: Registry): RuntimeMetrics['controller'] {
  const { counter, gauge, histogram } = family(registry, ['controller']);
  const prefix = 'controller_runtime';
  const total = family(registry, ['controller', 'result']).counter(
    `${prefix}_reconcile_total`,
    'Total number of reconciliations per controller',
  );
  const errors = counter(`${prefix}_reconcile_errors_total`, 'Total number of reconciliation errors per controller');
  const terminal = counter(
    `${prefix}_terminal_reconcile_errors_total`,
    'Total number of terminal reconciliation errors per controller',
  );
  const panics = counter(`${prefix}_reconcile_panics_total`, 'Total number of reconciliation panics per controller');
  const timeouts = counter(
    `${prefix}_reconcile_timeouts_total`,
    'Total number of reconciliation timeouts per controller',
  );
  const concurrent = gauge(
    `${prefix}_max_concurrent_reconciles`,
    'Maximum number of concurrent reconciles per controller',
  );
  const active = gauge(`${prefix}_active_workers`, 'Number of currently used workers per controller');
  const time = histogram(
    `${prefix}_reconcile_time_seconds`,
    'Length of time per reconciliation per controller',
    RECONCILE_BUCKETS,
  );

  return (controller, concurrency) => {
    for (const result of ['success', 'error', 'requeue', 'requeue_after']) total.inc({ controller, result }, 0);
    for (const metric of [errors, terminal, panics, timeouts]) metric.inc({ controller }, 0);
    concurrent.set({ controller }, concurrency);
    active.set({ controller }, 0);
    time.zero({ controller });
    return {
      started: () => active.inc({ controller }),
      finished: (result, seconds) => {
        active.dec({ controller });
        total.inc({ controller, result });
        time.observe({ controller }, seconds);
        if (result === 'error') errors.inc({ controller });
      },
      failedTerminally: () => terminal.inc({ controller }),
      panicked: () => panics.inc({ controller }),
      timedOut: () => timeouts.inc({ controller }),
    };
  };
}

function workQueueMetrics(registry: Registry): RuntimeMetrics['workQueue'] {
  const { counter, histogram } = family(registry, ['name', 'controller']);
  const depth = family(registry, ['name', 'controller', 'priority']).gauge(
    'workqueue_depth',
    'Current depth of workqueue by workqueue and priority',
  );
  const adds = counter('workqueue_adds_total', 'Total number of adds handled by workqueue');
  const retries = counter('workqueue_retries_total', 'Total number of items added to the workqueue with a delay');
  const waited = histogram(
    'workqueue_queue_duration_seconds',
    'How long in seconds an item stays in workqueue before being requested',
    QUEUE_BUCKETS,
  );
  const worked = histogram(
    'workqueue_work_duration_seconds',
    'How long in seconds processing an item from workqueue takes',
    QUEUE_BUCKETS,
  );
  const observeProcessing = processingGauges(registry);

  return (name) => {
    const labels = { name, controller: name };
    const priorityLabel = boundedPriorityLabels();
    const depthOf = (priority: number) => ({ ...labels, priority: priorityLabel(priority) });
    adds.inc(labels, 0);
    retries.inc(labels, 0);
    waited.zero(labels);
    worked.zero(labels);
    for (const priority of [0, LOW_PRIORITY]) depth.set(depthOf(priority), 0);
    return {
      added: (priority) => {
        adds.inc(labels);
        depth.inc(depthOf(priority));
      },
      reprioritized: (from, to) => {
        depth.dec(depthOf(from));
        depth.inc(depthOf(to));
      },
      taken: (priority, seconds) => {
        depth.dec(depthOf(priority));
        waited.observe(labels, seconds);
      },
      worked: (seconds) => worked.observe(labels, seconds),
      delayed: () => retries.inc(labels),
      observeProcessing: (ages) => observeProcessing(name, ages),
    };
  };
}

/** Gauges on what workers hold, computed when somebody looks, so that no timer is needed. */
function processingGauges(registry: Registry): (name: string, ages: () => readonly number[]) => void {
  const agesByName = new Map<string, () => readonly number[]>();
  const gauge = (metric: string, help: string, summary: (ages: readonly number[]) => number) =>
    new Gauge({
      name: metric,
      help,
      labelNames: ['name', 'controller'],
      registers: [registry],
      collect() {
        for (const [name, ages] of agesByName) this.set({ name, controller: name }, summary(ages()));
      },
    });
  gauge(
    'workqueue_unfinished_work_seconds',
    'How many seconds of work is in progress and has not been observed by work_duration',
    (ages) => ages.reduce((sum, age) => sum + age, 0),
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How many seconds has the longest running processor for workqueue been running',
    (ages) => Math.max(0, ...ages),
  );
  return (name, ages) => agesByName.set(name, ages);
}

function boundedPriorityLabels(): (priority: number) => string {
  const seen = new Set<number>();
  return (priority) => {
    if (seen.has(priority)) return String(priority);
    if (seen.size === MAX_PRIORITY_LABELS) return 'exceeded_cardinality_limit';
    seen.add(priority);
    return String(priority);
  };
}

function leaderElectionMetrics(registry: Registry): RuntimeMetrics['leaderElection'] {
  const { counter, gauge } = family(registry, ['name']);
  const status = gauge(
    'leader_election_master_status',
    'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master',
  );
  const slowPath = counter(
    'leader_election_slowpath_total',
    'Total number of slow path exercised in renewing leader leases',
  );
  return (name) => {
    status.set({ name }, 0);
    slowPath.inc({ name }, 0);
    return {
      leading: (isLeader) => status.set({ name }, isLeader ? 1 : 0),
      slowPathTaken: () => slowPath.inc({ name }),
    };
  };
}

function restClientMetrics(registry: Registry): RestClientMetrics {
  const requests = family(registry, ['code', 'method', 'host']).counter(
    'rest_client_requests_total',
    'Number of HTTP requests, partitioned by status code, method, and host',
  );
  const duration = family(registry, ['verb', 'host']).histogram(
    'rest_client_request_duration_seconds',
    'Request latency in seconds. Broken down by verb and host',
    REQUEST_BUCKETS,
  );
  return {
    requested: (code, method, host, seconds) => {
      requests.inc({ code, method, host });
      duration.observe({ verb: method, host }, seconds);
    },
  };
}
