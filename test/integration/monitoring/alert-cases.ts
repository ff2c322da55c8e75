/** A course of things, and which alerts have to be there at a moment of it. Judged by `promtool test rules`. */
export interface AlertCase {
  readonly alert: string;
  /** Completes "the alert fires when …" or "… does not fire when …". */
  readonly when: string;
  /** Series in promtool's notation, a value each minute: `0+1x60` begins with 0 and grows by 1 for 60 minutes. */
  readonly series: Readonly<Record<string, string>>;
  /** At which minute is asked. */
  readonly minute: number;
  readonly firing: readonly FiringAlert[];
}

/** An alert as Alertmanager gets it. */
export interface FiringAlert {
  readonly severity: 'critical' | 'warning';
  /** Without `alertname` and `severity`. */
  readonly labels: Readonly<Record<string, string>>;
  /** With its values put in; absent: as the rule has it. */
  readonly description?: string;
}

const OPERATOR = { job: 'cmg-operator', namespace: 'cmg-system' };
const GATEWAY = { namespace: 'contoso', name: 'granitefalls' };
const DAY = 24 * 3600;

const labelsText = (labels: Readonly<Record<string, string>>) =>
  `{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`;

const replica = (instance: string) => ({ ...OPERATOR, instance });
const ofReplica = (metric: string, instance: string, labels: Readonly<Record<string, string>> = {}) =>
  `${metric}${labelsText({ ...labels, ...replica(instance) })}`;
/** As the replica `a` tells of the gateway. */
const ofGateway = (metric: string, instance = 'a') =>
  `cmg_operator_gateway_${metric}${labelsText({ ...GATEWAY, instance })}`;

/** What every replica of the operator has. */
const scraped = (...instances: readonly string[]) =>
  Object.fromEntries(
    instances.map((instance) => [ofReplica('cmg_operator_azure_throttled_total', instance), '0x1000']),
  );
const leads = (instance: string) => ofReplica('leader_election_master_status', instance, { name: 'cmg-operator' });

const NO_LEADER: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'no replica holds the lease for five minutes',
    series: { ...scraped('a', 'b'), [leads('a')]: '1 0x20', [leads('b')]: '0x20' },
    minute: 6,
    firing: [{ severity: 'critical', labels: OPERATOR }],
  },
  {
    when: 'nothing of the operator is scraped',
    series: { up: '1x20' },
    minute: 5,
    firing: [{ severity: 'critical', labels: {} }],
  },
  {
    when: 'a replica takes over after four minutes',
    series: { ...scraped('a', 'b'), [leads('a')]: '1 0x20', [leads('b')]: '0x4 1x20' },
    minute: 6,
    firing: [],
  },
  { when: 'a single replica runs without an election', series: scraped('a'), minute: 20, firing: [] },
];

const errors = ofReplica('controller_runtime_reconcile_errors_total', 'a', { controller: 'cmg' });
const RECONCILE_ERRORS: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'a reconcile fails every three minutes',
    series: { ...scraped('a'), [errors]: '0 0 0 1 1 1 2 2 2 3 3 3 4 4 4 5 5 5 6 6 6 7 7 7 8 8 8 9 9 9 10 10 10' },
    minute: 32,
    firing: [
      {
        severity: 'warning',
        labels: OPERATOR,
        description:
          '5 reconciles failed in 15 minutes for reasons that the operator does not foresee. What Azure or a manifest is to blame for is no such error.',
      },
    ],
  },
  {
    when: 'a moment brings many errors and passes',
    series: { ...scraped('a'), [errors]: '0x5 20x60' },
    minute: 21,
    firing: [],
  },
  {
    when: 'one fails now and then',
    series: { ...scraped('a'), [errors]: '0x9 1x9 2x9 3x9 4x9' },
    minute: 49,
    firing: [],
  },
];

const queue = (metric: string) => ofReplica(`workqueue_${metric}`, 'a', { name: 'cmg' });
const STUCK: FiringAlert = { severity: 'warning', labels: replica('a') };
const QUEUE_STUCK: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'gateways wait and none is finished',
    series: { [queue('depth')]: '3x60', [queue('work_duration_seconds_count')]: '7x60', [leads('a')]: '1x60' },
    minute: 12,
    firing: [STUCK],
  },
  {
    when: 'that happens without an election',
    series: { [queue('depth')]: '3x60', [queue('work_duration_seconds_count')]: '7x60' },
    minute: 12,
    firing: [STUCK],
  },
  {
    when: 'one gateway has been worked on for half an hour',
    series: { [queue('longest_running_processor_seconds')]: '0+60x60' },
    minute: 31,
    firing: [STUCK],
  },
  {
    when: 'one gateway takes long and then ends',
    series: { [queue('longest_running_processor_seconds')]: '0+60x29 0x60' },
    minute: 32,
    firing: [],
  },
  {
    when: 'a replica waits for the lease',
    series: { [queue('depth')]: '3x60', [queue('work_duration_seconds_count')]: '0x60', [leads('a')]: '0x60' },
    minute: 30,
    firing: [],
  },
  {
    when: 'gateways wait and others are finished',
    series: { [queue('depth')]: '3x60', [queue('work_duration_seconds_count')]: '0+1x60', [leads('a')]: '1x60' },
    minute: 30,
    firing: [],
  },
  {
    when: 'nothing waits',
    series: { [queue('depth')]: '0x60', [queue('work_duration_seconds_count')]: '7x60', [leads('a')]: '1x60' },
    minute: 30,
    firing: [],
  },
];

const CACHE = { resource: 'cmgs.configmgr.io', watched_namespace: 'contoso' };
const heard = ofReplica('cmg_operator_cache_heard_timestamp_seconds', 'a', CACHE);
const CACHE_STALE: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'the API server sends nothing for eleven minutes',
    series: { [heard]: '0x60' },
    minute: 11,
    firing: [
      {
        severity: 'warning',
        labels: { ...CACHE, ...replica('a') },
        description:
          'For 11m 0s the API server has sent nothing for the cache of cmgs.configmgr.io in a. It sends something about once a minute, even when nothing changes.',
      },
    ],
  },
  { when: 'it sends something every minute', series: { [heard]: '0+60x60' }, minute: 30, firing: [] },
  { when: 'the API server is away for nine minutes', series: { [heard]: '0x9 540+60x60' }, minute: 11, firing: [] },
];

const lag = (instance: string) => ofReplica('nodejs_eventloop_lag_p99_seconds', instance);
const EVENT_LOOP_LAG: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'the operator is late for ten minutes',
    series: { ...scraped('a'), [lag('a')]: '0.75x60' },
    minute: 10,
    firing: [
      {
        severity: 'warning',
        labels: replica('a'),
        description:
          'One of a hundred turns of the event loop in a is 750ms late. From 5 seconds on the liveness probe fails.',
      },
    ],
  },
  { when: 'it is late for a moment', series: { ...scraped('a'), [lag('a')]: '2x5 0.02x60' }, minute: 10, firing: [] },
  { when: 'another program on Node is late', series: { ...scraped('a'), [lag('b')]: '2x60' }, minute: 30, firing: [] },
];

const paused = ofReplica('cmg_operator_azure_paused_seconds_total', 'a');
const THROTTLED: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'Azure asks for pauses half of the time',
    series: { ...scraped('a'), [paused]: '0+30x60' },
    minute: 24,
    firing: [
      {
        severity: 'warning',
        labels: OPERATOR,
        description: 'Azure has asked for pauses of 50% of the time. Changes and repairs of gateways take longer.',
      },
    ],
  },
  {
    when: 'it asks for twelve seconds a minute',
    series: { ...scraped('a'), [paused]: '0+12x60' },
    minute: 60,
    firing: [],
  },
];

const GATEWAY_ALERT = { severity: 'warning', labels: GATEWAY } as const;
const NOT_SERVING: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'no VM has served for half an hour',
    series: { [ofGateway('instances_ready')]: '2 0x60' },
    minute: 31,
    firing: [{ severity: 'critical', labels: GATEWAY }],
  },
  {
    when: 'a gateway takes twenty minutes to come up',
    series: { [ofGateway('instances_ready')]: '0x20 1x60' },
    minute: 40,
    firing: [],
  },
  {
    when: 'one of two VMs serves',
    series: { [ofGateway('instances_ready')]: '1x60', [ofGateway('instances_wanted')]: '2x60' },
    minute: 50,
    firing: [],
  },
];

const STALLED: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'a gateway has waited for a person for ten minutes',
    series: { [ofGateway('stalled')]: '0 1x60' },
    minute: 11,
    firing: [GATEWAY_ALERT],
  },
  { when: 'the mistake is mended at once', series: { [ofGateway('stalled')]: '0 1x8 0x60' }, minute: 11, firing: [] },
  {
    when: 'it is a replacement that waits for a person, which has an alert of its own',
    series: {
      [`cmg_operator_gateway_redeploying${labelsText({ ...GATEWAY, reason: 'NoClientEvidence', instance: 'a' })}`]:
        '1x60',
      [ofGateway('stalled')]: '1x60',
    },
    minute: 30,
    firing: [],
  },
];

const NOT_READY: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'a gateway has not been Ready for half an hour',
    series: { [ofGateway('ready')]: '1 0x60', [ofGateway('stalled')]: '0x60' },
    minute: 31,
    firing: [GATEWAY_ALERT],
  },
  {
    when: 'it waits for a person, of which another alert tells',
    series: { [ofGateway('ready')]: '1 0x60', [ofGateway('stalled')]: '1x60' },
    minute: 50,
    firing: [],
  },
  {
    when: 'the replica that led before still tells of it',
    series: { [ofGateway('ready')]: '0x60', [ofGateway('ready', 'b')]: '1x60', [ofGateway('stalled')]: '0x60' },
    minute: 50,
    firing: [],
  },
  {
    when: 'it is Ready',
    series: { [ofGateway('ready')]: '1x60', [ofGateway('stalled')]: '0x60' },
    minute: 50,
    firing: [],
  },
];

const redeploying = (reason: string) =>
  `cmg_operator_gateway_redeploying${labelsText({ ...GATEWAY, reason, instance: 'a' })}`;
const deadline = ofGateway('redeployment_deadline_timestamp_seconds');
const REDEPLOYMENT_HELD: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'a replacement waits for a person',
    series: { [redeploying('NoStandbyConnectionPoint')]: '1x60', [ofGateway('stalled')]: '0 1x60' },
    minute: 12,
    firing: [GATEWAY_ALERT],
  },
  {
    when: 'the reason changes while it waits for a person',
    series: {
      [redeploying('NoStandbyConnectionPoint')]: '1x6 _x60',
      [redeploying('ConnectionPointNotConnected')]: '_x6 1x60',
      [ofGateway('stalled')]: '1x60',
    },
    minute: 12,
    firing: [GATEWAY_ALERT],
  },
  {
    when: 'its deadline has passed',
    series: {
      [redeploying('ClientsNotRefreshed')]: '1x60',
      [ofGateway('stalled')]: '0x60',
      [deadline]: `${20 * 60}x60`,
    },
    minute: 32,
    firing: [GATEWAY_ALERT],
  },
  {
    when: 'it waits for clients before its deadline',
    series: { [redeploying('WaitingForClients')]: '1x60', [ofGateway('stalled')]: '0x60', [deadline]: `${DAY}x60` },
    minute: 60,
    firing: [],
  },
  {
    when: 'a gateway that nobody replaces waits for a person',
    series: { [ofGateway('stalled')]: '1x60' },
    minute: 60,
    firing: [],
  },
];

const expiry = ofGateway('certificate_expiry_timestamp_seconds');
const certificateOf = (deployment: string) =>
  `cmg_operator_gateway_deployment_certificate_expiry_timestamp_seconds${labelsText({ ...GATEWAY, instance: 'a', deployment })}`;
/** Of a certificate that has this many days left at minute 61. */
const expiring = (days: number) => ({ [expiry]: `${days * DAY + 61 * 60}x90` });
const left = (days: number) =>
  `It has ${days}d 0h 0m 0s left. Clients refuse the gateway from then on. A certificate of cert-manager is renewed long before, so something keeps it from that.`;
const CERTIFICATE_EXPIRING: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'a certificate has ten days left',
    series: expiring(10),
    minute: 61,
    firing: [{ ...GATEWAY_ALERT, description: left(10) }],
  },
  {
    when: 'a certificate has two days left',
    series: expiring(2),
    minute: 61,
    firing: [
      { ...GATEWAY_ALERT, description: left(2) },
      { ...GATEWAY_ALERT, severity: 'critical', description: left(2) },
    ],
  },
  { when: 'it has fifteen days left', series: expiring(15), minute: 61, firing: [] },
  {
    when: 'that of the gateway that is being replaced has ten days left, and that of the new one a year',
    series: {
      ...expiring(365),
      [certificateOf('old')]: `${10 * DAY + 61 * 60}x90`,
      [certificateOf('new')]: `${365 * DAY}x90`,
    },
    minute: 61,
    firing: [{ ...GATEWAY_ALERT, description: left(10) }],
  },
];

const credentialsExpiry = ofGateway('credentials_expiry_timestamp_seconds');
const CREDENTIALS_EXPIRING: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'credentials have ten days left',
    series: { [credentialsExpiry]: `${10 * DAY + 61 * 60}x90` },
    minute: 61,
    firing: [
      {
        ...GATEWAY_ALERT,
        description:
          'They have 10d 0h 0m 0s left. The gateway serves on without them, but nothing of it is changed, renewed or repaired any more.',
      },
    ],
  },
  {
    when: 'they have fifteen days left',
    series: { [credentialsExpiry]: `${15 * DAY + 61 * 60}x90` },
    minute: 61,
    firing: [],
  },
];

const repairs = ofGateway('drift_repairs_total');
const DRIFT_RETURNS: readonly Omit<AlertCase, 'alert'>[] = [
  {
    when: 'there were repairs in three half hours of six',
    series: { [repairs]: '0x30 1x60 2x60 3x200' },
    minute: 200,
    firing: [
      {
        ...GATEWAY_ALERT,
        description:
          'In 3 half hours of the last six hours the operator had to set back what others had changed. They will not agree by themselves.',
      },
    ],
  },
  {
    when: 'somebody changed five things within half an hour',
    series: { [repairs]: '0x31 1 2 3 4 5x300' },
    minute: 200,
    firing: [],
  },
  {
    when: 'it has been over for six hours',
    series: { [repairs]: '0x30 1x60 2x60 3x600' },
    minute: 700,
    firing: [],
  },
];

const CASES: Readonly<Record<string, readonly Omit<AlertCase, 'alert'>[]>> = {
  CmgOperatorNoLeader: NO_LEADER,
  CmgOperatorReconcileErrors: RECONCILE_ERRORS,
  CmgOperatorQueueStuck: QUEUE_STUCK,
  CmgOperatorCacheStale: CACHE_STALE,
  CmgOperatorEventLoopLag: EVENT_LOOP_LAG,
  CmgOperatorThrottledByAzure: THROTTLED,
  CmgGatewayNotServing: NOT_SERVING,
  CmgGatewayStalled: STALLED,
  CmgGatewayRedeploymentHeld: REDEPLOYMENT_HELD,
  CmgGatewayNotReady: NOT_READY,
  CmgGatewayCertificateExpiring: CERTIFICATE_EXPIRING,
  CmgGatewayCredentialsExpiring: CREDENTIALS_EXPIRING,
  CmgGatewayDriftReturns: DRIFT_RETURNS,
};

/** Of each alert, cases in which it fires and cases in which it does not. */
export const ALERT_CASES: readonly AlertCase[] = Object.entries(CASES).flatMap(([alert, cases]) =>
  cases.map((one) => ({ ...one, alert })),
);
