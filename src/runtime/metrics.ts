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

function controllerMetrics(registry: Registry): RuntimeMetrics['controller'] {
  const registers = [registry];
  const labelNames = ['controller'] as const;
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers });
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers });
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Total number of reconciliations per controller',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = counter(
    'controller_runtime_reconcile_errors_total',
    'Total number of reconciliation errors per controller',
  );
  const terminal = counter(
    'controller_runtime_terminal_reconcile_errors_total',
    'Total number of terminal reconciliation errors per controller',
  );
  const panics = counter(
    'controller_runtime_reconcile_panics_total',
    'Total number of reconciliation panics per controller',
  );
  const timeouts = counter(
    'controller_runtime_reconcile_timeouts_total',
    'Total number of reconciliation timeouts per controller',
  );
  const concurrent = gauge(
    'controller_runtime_max_concurrent_reconciles',
    'Maximum number of concurrent reconciles per controller',
  );
  const active = gauge('controller_runtime_active_workers', 'Number of currently used workers per controller');
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of time per reconciliation per controller',
    labelNames,
    buckets: RECONCILE_BUCKETS,
    registers,
  });

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
  const registers = [registry];
  const labelNames = ['name', 'controller'] as const;
  const depth = new Gauge({
    name: 'workqueue_depth',
    help: 'Current depth of workqueue by workqueue and priority',
    labelNames: ['name', 'controller', 'priority'],
    registers,
  });
  const adds = new Counter({
    name: 'workqueue_adds_total',
    help: 'Total number of adds handled by workqueue',
    labelNames,
    registers,
  });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Total number of items added to the workqueue with a delay',
    labelNames,
    registers,
  });
  const waited = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long in seconds an item stays in workqueue before being requested',
    labelNames,
    buckets: QUEUE_BUCKETS,
    registers,
  });
  const worked = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long in seconds processing an item from workqueue takes',
    labelNames,
    buckets: QUEUE_BUCKETS,
    registers,
  });
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
  const registers = [registry];
  const status = new Gauge({
    name: 'leader_election_master_status',
    help: 'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master',
    labelNames: ['name'],
    registers,
  });
  const slowPath = new Counter({
    name: 'leader_election_slowpath_total',
    help: 'Total number of slow path exercised in renewing leader leases',
    labelNames: ['name'],
    registers,
  });
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
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host',
    labelNames: ['code', 'method', 'host'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Request latency in seconds. Broken down by verb and host',
    labelNames: ['verb', 'host'],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
    registers: [registry],
  });
  return {
    requested: (code, method, host, seconds) => {
      requests.inc({ code, method, host });
      duration.observe({ verb: method, host }, seconds);
    },
  };
}
