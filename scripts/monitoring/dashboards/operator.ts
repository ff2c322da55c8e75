import type { Dashboard } from './dashboard.ts';

const OF_JOB = 'job="$job"';
const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}{${OF_JOB}}[$__rate_interval]))`;
const quantile = (part: number, histogram: string, by = '') =>
  `histogram_quantile(${part}, ${rate(`${histogram}_bucket`, by === '' ? 'le' : `${by}, le`)})`;

export const OPERATOR: Dashboard = {
  uid: 'cmg-operator',
  title: 'CMG / Operator',
  description: 'The operator itself: leader, queue, requests to Azure and Kubernetes, process.',
  variables: [{ name: 'job', label: 'Job', series: 'cmg_operator_azure_throttled_total', several: false }],
  rows: [
    {
      title: 'Work',
      panels: [
        {
          title: 'Leader over time',
          description:
            'Which replica is at work: exactly one at a time. A replica without an election is not shown. Runbook: CmgOperatorNoLeader.',
          shape: 'States',
          unit: 'none',
          width: 24,
          words: { 1: { text: 'Leads', colour: 'green' }, 0: { text: 'Waits', colour: 'gray' } },
          queries: [
            { expression: `max by (instance) (leader_election_master_status{${OF_JOB}})`, legend: '{{instance}}' },
          ],
        },
        {
          title: 'Reconciles',
          description: 'Rounds that ended, by how. `error` should not be there. Runbook: CmgOperatorReconcileErrors.',
          shape: 'StackedLines',
          unit: 'ops',
          width: 8,
          queries: [{ expression: rate('controller_runtime_reconcile_total', 'result'), legend: '{{result}}' }],
        },
        {
          title: 'Duration of a reconcile',
          description: 'Usually below a second; an upload of a service package takes as long as the line needs.',
          shape: 'Lines',
          unit: 's',
          width: 8,
          queries: [
            { expression: quantile(0.5, 'controller_runtime_reconcile_time_seconds'), legend: 'Median' },
            { expression: quantile(0.99, 'controller_runtime_reconcile_time_seconds'), legend: '99 %' },
          ],
        },
        {
          title: 'Workers',
          description: 'Busy ones, and how many there are. All busy for long: raise `--max-concurrent-reconciles`.',
          shape: 'Lines',
          unit: 'short',
          width: 8,
          queries: [
            { expression: `sum(controller_runtime_active_workers{${OF_JOB}})`, legend: 'Busy' },
            { expression: `max(controller_runtime_max_concurrent_reconciles{${OF_JOB}})`, legend: 'There are' },
          ],
        },
        {
          title: 'Gateways in the queue',
          description:
            'Waiting to be looked at. A replica that does not lead keeps a full queue. Runbook: CmgOperatorQueueStuck.',
          shape: 'Lines',
          unit: 'short',
          width: 8,
          queries: [{ expression: `sum by (instance) (workqueue_depth{${OF_JOB}})`, legend: '{{instance}}' }],
        },
        {
          title: 'Time in the queue',
          description: 'How long gateways wait for a worker.',
          shape: 'Lines',
          unit: 's',
          width: 8,
          queries: [
            { expression: quantile(0.5, 'workqueue_queue_duration_seconds'), legend: 'Median' },
            { expression: quantile(0.99, 'workqueue_queue_duration_seconds'), legend: '99 %' },
          ],
        },
        {
          title: 'Longest reconcile that runs',
          description:
            'After 10 minutes it is broken off; if it goes on all the same, the liveness probe fails after 20.',
          shape: 'Lines',
          unit: 's',
          width: 8,
          queries: [
            {
              expression: `max by (instance) (workqueue_longest_running_processor_seconds{${OF_JOB}})`,
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Azure',
      panels: [
        {
          title: 'Requests to Azure by answer',
          description:
            'By HTTP status; `<error>` got no answer. 404 is normal while something is built, 429 is throttling.',
          shape: 'StackedLines',
          unit: 'reqps',
          width: 12,
          queries: [{ expression: rate('cmg_operator_azure_requests_total', 'code'), legend: '{{code}}' }],
        },
        {
          title: 'Requests to Azure by provider',
          description: 'What the operator asks for; the label `resource_type` has it in more detail.',
          shape: 'StackedLines',
          unit: 'reqps',
          width: 12,
          queries: [
            {
              expression: `sum by (provider) (label_replace(${rate('cmg_operator_azure_requests_total', 'resource_type')}, "provider", "$1", "resource_type", "([^/]*).*"))`,
              legend: '{{provider}}',
            },
          ],
        },
        {
          title: 'Time until Azure answers',
          description: '95 of 100 requests are answered within this time. Operations go on in Azure after the answer.',
          shape: 'Lines',
          unit: 's',
          width: 12,
          queries: [
            {
              expression: quantile(0.95, 'cmg_operator_azure_request_duration_seconds', 'method'),
              legend: '{{method}}',
            },
          ],
        },
        {
          title: 'Throttled by Azure',
          description: 'Part of the time for which Azure asked for a pause. Runbook: CmgOperatorThrottledByAzure.',
          shape: 'Lines',
          unit: 'percentunit',
          width: 12,
          queries: [
            { expression: rate('cmg_operator_azure_paused_seconds_total', 'instance'), legend: '{{instance}}' },
          ],
        },
      ],
    },
    {
      title: 'Kubernetes',
      panels: [
        {
          title: 'Requests to Kubernetes by answer',
          description: 'By HTTP status. 403 is a missing right; 409 is a change by somebody else, and passes.',
          shape: 'StackedLines',
          unit: 'reqps',
          width: 8,
          queries: [{ expression: rate('rest_client_requests_total', 'code'), legend: '{{code}}' }],
        },
        {
          title: 'Time until Kubernetes answers',
          description: '95 of 100 requests are answered within this time.',
          shape: 'Lines',
          unit: 's',
          width: 8,
          queries: [{ expression: quantile(0.95, 'rest_client_request_duration_seconds', 'verb'), legend: '{{verb}}' }],
        },
        {
          title: 'Silence of caches',
          description:
            'Since when the API server has sent nothing for a cache: about a minute at most. Runbook: CmgOperatorCacheStale.',
          shape: 'Lines',
          unit: 's',
          width: 8,
          thresholds: [{ from: 300, colour: 'red' }],
          queries: [
            {
              expression: `time() - min by (instance, resource) (cmg_operator_cache_heard_timestamp_seconds{${OF_JOB}})`,
              legend: '{{resource}}, {{instance}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Process',
      panels: [
        {
          title: 'Memory',
          description:
            'Resident, and the part of it that holds objects. The heap may grow to 70 % of the memory limit.',
          shape: 'Lines',
          unit: 'bytes',
          width: 12,
          queries: [
            {
              expression: `sum by (instance) (process_resident_memory_bytes{${OF_JOB}})`,
              legend: 'Resident, {{instance}}',
            },
            { expression: `sum by (instance) (nodejs_heap_size_used_bytes{${OF_JOB}})`, legend: 'Heap, {{instance}}' },
          ],
        },
        {
          title: 'CPU',
          description: 'Cores in use. More than 1 only while garbage is collected.',
          shape: 'Lines',
          unit: 'short',
          width: 12,
          queries: [{ expression: rate('process_cpu_seconds_total', 'instance'), legend: '{{instance}}' }],
        },
        {
          title: 'Lag of the event loop',
          description: '99 of 100 turns are less late than this. Runbook: CmgOperatorEventLoopLag.',
          shape: 'Lines',
          unit: 's',
          width: 8,
          thresholds: [{ from: 0.5, colour: 'red' }],
          queries: [
            { expression: `max by (instance) (nodejs_eventloop_lag_p99_seconds{${OF_JOB}})`, legend: '{{instance}}' },
          ],
        },
        {
          title: 'Garbage collection',
          description: 'Part of the time that it takes. Much of it with a full heap: too little memory.',
          shape: 'Lines',
          unit: 'percentunit',
          width: 8,
          queries: [{ expression: rate('nodejs_gc_duration_seconds_sum', 'kind'), legend: '{{kind}}' }],
        },
        {
          title: 'Time since start',
          description: 'A replica that falls to 0 again and again is being restarted: look at the end of its log.',
          shape: 'Lines',
          unit: 's',
          width: 8,
          queries: [
            {
              expression: `time() - max by (instance) (process_start_time_seconds{${OF_JOB}})`,
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
  ],
};
