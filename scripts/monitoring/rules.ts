/** An alert, without what follows from its name. */
export interface Alert {
  /** Also the name of its page in `docs/runbooks/`. Two alerts of one name differ in severity. */
  readonly name: string;
  /** `critical`: clients are without a gateway, or soon will be. `warning`: look at it in working hours. */
  readonly severity: 'critical' | 'warning';
  readonly expression: string;
  /** How long the expression has to hold. */
  readonly lasts: string;
  /** One line for a person who is woken by it. */
  readonly summary: string;
  /** What it means, in a sentence or two. */
  readonly description: string;
}

/** Alerts that are evaluated together. */
export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** A replica that waits for the lease keeps a full queue and does no work; without an election no replica has this. */
const WAITS_FOR_LEASE = '(leader_election_master_status{name="cmg-operator"} == 0)';

/** Every replica of the operator has it, always, and nothing else does. */
const IS_OPERATOR = 'cmg_operator_azure_throttled_total';

const OPERATOR: AlertGroup = {
  name: 'cmg-operator',
  alerts: [
    {
      name: 'CmgOperatorNoLeader',
      severity: 'critical',
      expression: `max by (job, namespace) (leader_election_master_status{name="cmg-operator"}) == 0
or
absent(${IS_OPERATOR})`,
      lasts: '5m',
      summary: 'No replica of the CMG operator is at work.',
      description:
        'No replica holds the lease, or none is scraped. Gateways go on serving as they are; changes, renewed certificates and drift wait.',
    },
    {
      name: 'CmgOperatorReconcileErrors',
      severity: 'warning',
      expression:
        'sum by (job, namespace) (increase(controller_runtime_reconcile_errors_total{controller="cmg"}[15m])) > 3',
      lasts: '15m',
      summary: 'The CMG operator fails again and again.',
      description:
        '{{ $value | humanize }} reconciles failed in 15 minutes for reasons that the operator does not foresee. What Azure or a manifest is to blame for is no such error.',
    },
    {
      name: 'CmgOperatorQueueStuck',
      severity: 'warning',
      expression: `(
  sum by (job, namespace, instance) (workqueue_depth{name="cmg"}) > 0
  and
  sum by (job, namespace, instance) (rate(workqueue_work_duration_seconds_count{name="cmg"}[15m])) == 0
  unless on (job, namespace, instance)
  ${WAITS_FOR_LEASE}
)
or
max by (job, namespace, instance) (workqueue_longest_running_processor_seconds{name="cmg"}) > 1200`,
      lasts: '10m',
      summary: 'The CMG operator does not get on with its queue.',
      description:
        'Gateways wait in the queue of {{ $labels.instance }} and none is finished, or one has been worked on for more than 20 minutes, twice the limit.',
    },
    {
      name: 'CmgOperatorCacheStale',
      severity: 'warning',
      expression: 'time() - cmg_operator_cache_heard_timestamp_seconds > 300',
      lasts: '5m',
      summary: 'The CMG operator does not hear of changes in the cluster.',
      description:
        'For {{ $value | humanizeDuration }} the API server has sent nothing for the cache of {{ $labels.resource }} in {{ $labels.instance }}. It sends something about once a minute, even when nothing changes.',
    },
    {
      name: 'CmgOperatorEventLoopLag',
      severity: 'warning',
      expression: `nodejs_eventloop_lag_p99_seconds > 0.5 and on (job, instance) ${IS_OPERATOR}`,
      lasts: '10m',
      summary: 'The CMG operator is slow: its event loop lags.',
      description:
        'One of a hundred turns of the event loop in {{ $labels.instance }} is {{ $value | humanizeDuration }} late. From 5 seconds on the liveness probe fails.',
    },
    {
      name: 'CmgOperatorThrottledByAzure',
      severity: 'warning',
      expression: 'sum by (job, namespace) (rate(cmg_operator_azure_paused_seconds_total[15m])) > 0.25',
      lasts: '15m',
      summary: 'Azure throttles the CMG operator.',
      description:
        'Azure has asked for pauses of {{ $value | humanizePercentage }} of the time. Changes and repairs of gateways take longer.',
    },
  ],
};

const DAY = '24 * 3600';

/** While a gateway is being replaced, clients still depend on the certificate of the old one too. */
const certificateLeft = (days: number) =>
  `min by (namespace, name) (
  cmg_operator_gateway_certificate_expiry_timestamp_seconds
  or
  cmg_operator_gateway_deployment_certificate_expiry_timestamp_seconds
) - time() < ${days} * ${DAY}`;

const CERTIFICATE = {
  name: 'CmgGatewayCertificateExpiring',
  lasts: '1h',
  description:
    'It has {{ $value | humanizeDuration }} left. Clients refuse the gateway from then on. A certificate of cert-manager is renewed long before, so something keeps it from that.',
} as const;

const GATEWAYS: AlertGroup = {
  name: 'cmg-gateways',
  alerts: [
    {
      name: 'CmgGatewayNotServing',
      severity: 'critical',
      expression: 'max by (namespace, name) (cmg_operator_gateway_instances_ready) == 0',
      lasts: '30m',
      summary: 'No VM of the gateway {{ $labels.namespace }}/{{ $labels.name }} serves.',
      description:
        'Clients on the internet do not reach the site through it. A new gateway takes 5 to 15 minutes, a deletion not much longer.',
    },
    {
      name: 'CmgGatewayStalled',
      severity: 'warning',
      // While a gateway is being replaced, the alert on that tells more.
      expression: `max by (namespace, name) (cmg_operator_gateway_stalled) == 1
unless
max by (namespace, name) (cmg_operator_gateway_redeploying) == 1`,
      lasts: '10m',
      summary: 'The gateway {{ $labels.namespace }}/{{ $labels.name }} waits for a person.',
      description:
        'Nothing moves on until somebody puts right what its condition Stalled names. It may well go on serving as it was.',
    },
    {
      name: 'CmgGatewayRedeploymentHeld',
      severity: 'warning',
      expression: `max by (namespace, name) (cmg_operator_gateway_redeploying) == 1
and
max by (namespace, name) (cmg_operator_gateway_stalled) == 1
or
max by (namespace, name) (cmg_operator_gateway_redeployment_deadline_timestamp_seconds) < time()`,
      lasts: '10m',
      summary: 'The replacement of the gateway {{ $labels.namespace }}/{{ $labels.name }} does not go on.',
      description:
        'It waits for a person, as to distribute content to the new gateway, or its deadline has passed and clients are not seen to know it. The gateways serve on meanwhile.',
    },
    {
      name: 'CmgGatewayNotReady',
      severity: 'warning',
      expression: `max by (namespace, name) (cmg_operator_gateway_ready) == 0
unless
max by (namespace, name) (cmg_operator_gateway_stalled) == 1`,
      lasts: '30m',
      summary: 'The gateway {{ $labels.namespace }}/{{ $labels.name }} has not been Ready for half an hour.',
      description: 'The operator waits for something that should pass by itself, and it does not.',
    },
    {
      ...CERTIFICATE,
      severity: 'critical',
      expression: certificateLeft(3),
      summary: 'The certificate of the gateway {{ $labels.namespace }}/{{ $labels.name }} is about to expire.',
    },
    {
      ...CERTIFICATE,
      severity: 'warning',
      expression: certificateLeft(14),
      summary: 'The certificate of the gateway {{ $labels.namespace }}/{{ $labels.name }} expires within two weeks.',
    },
    {
      name: 'CmgGatewayCredentialsExpiring',
      severity: 'warning',
      expression: `min by (namespace, name) (cmg_operator_gateway_credentials_expiry_timestamp_seconds) - time() < 14 * ${DAY}`,
      lasts: '1h',
      summary:
        'The credentials for Azure of the gateway {{ $labels.namespace }}/{{ $labels.name }} expire within two weeks.',
      description:
        'They have {{ $value | humanizeDuration }} left. The gateway serves on without them, but nothing of it is changed, renewed or repaired any more.',
    },
    {
      name: 'CmgGatewayDriftReturns',
      severity: 'warning',
      // Half hours with a repair, of the last six hours: one repair may take several writes, and is no reason to alert.
      expression: `count_over_time(
  (sum by (namespace, name) (increase(cmg_operator_gateway_drift_repairs_total[30m])) > 0)[6h:30m]
) >= 3`,
      lasts: '0s',
      summary: 'Somebody keeps changing the Azure resources of {{ $labels.namespace }}/{{ $labels.name }}.',
      description:
        'In {{ $value }} half hours of the last six hours the operator had to set back what others had changed. They will not agree by themselves.',
    },
  ],
};

/** All alerts, in the order in which they are evaluated. */
export const ALERT_GROUPS: readonly AlertGroup[] = [OPERATOR, GATEWAYS];

/** Where the pages of the alerts are read. OWNER stands for whoever publishes the project. */
export const RUNBOOKS = 'https://github.com/OWNER/cmg-operator/blob/main/docs/runbooks';

/** The groups as a Prometheus rules file has them. */
export function rulesFile(groups: readonly AlertGroup[]) {
  return {
    groups: groups.map(({ name, alerts }) => ({
      name,
      rules: alerts.map((alert) => ({
        alert: alert.name,
        expr: alert.expression,
        for: alert.lasts,
        labels: { severity: alert.severity },
        annotations: {
          summary: alert.summary,
          description: alert.description,
          runbook_url: `${RUNBOOKS}/${alert.name}.md`,
        },
      })),
    })),
  };
}
