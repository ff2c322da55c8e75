import type { CMG, CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import { type ConditionType, isStalling, type Reason } from '../../api/v1alpha1/conditions.ts';
import { type Condition, findCondition, removeCondition, setCondition } from '../../runtime/conditions.ts';
import type { Finding } from './finding.ts';
import { isManaged } from './managed-cmg.ts';
import type { Report } from './report.ts';

/** Conditions that `Ready` sums up, in the order of the procedure: the first that fails is what a person has to know. */
const SUMMARISED: readonly Finding['type'][] = ['CertificateValid', 'PrerequisitesMet', 'AzureReady', 'ServiceHealthy'];

/** Conditions that are present from the first status on, as Unknown until their step has run. */
const ALWAYS_PRESENT: readonly Finding['type'][] = [...SUMMARISED, 'InSync'];

/** What one reconcile adds to the status. Parts left out keep what they said. */
export interface StatusUpdate {
  readonly generation: number;
  readonly findings: readonly Finding[];
  readonly certificate?: CMGStatus['certificate'];
  readonly credentials?: CMGStatus['credentials'];
  readonly deployments?: CMGStatus['deployments'];
  readonly activeDeployment?: string;
  readonly serviceName: string;
  /** Whether the operator only looks: nothing then goes on, and nothing waits for a person. Default: no. */
  readonly observed?: boolean;
  /** Time of this reconcile in milliseconds since the epoch. */
  readonly now: number;
}

/** The status after a reconcile that came to this report. */
export function reportedStatus({ metadata, spec, status, ...rest }: CMG, report: Report, now: number): CMGStatus {
  const { certificate, credentials, deployment, forgotten } = report;
  const deployments = forgotten === true ? [] : deployment === undefined ? undefined : [deployment];
  return nextStatus(status, {
    generation: metadata.generation,
    serviceName: spec.serviceName,
    findings: report.findings,
    observed: !isManaged({ metadata, spec, ...rest }),
    now,
    ...(certificate === undefined ? {} : { certificate }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(deployments === undefined ? {} : { deployments }),
    ...(deployment?.phase === 'Active' ? { activeDeployment: deployment.id } : {}),
  });
}

/**
 * The status after a reconcile. `Ready` sums the findings up; `Reconciling` and `Stalled` are present only while true,
 * so that kstatus, Argo CD and Flux read the object without any help.
 */
export function nextStatus(previous: CMGStatus | undefined, update: StatusUpdate): CMGStatus {
  const { generation, now } = update;
  const put = (conditions: readonly Condition[], found: Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>) =>
    setCondition(conditions, { ...found, observedGeneration: generation }, now);
  let conditions: readonly Condition[] = previous?.conditions ?? [];
  for (const finding of update.findings) {
    conditions = put(conditions, finding);
  }
  conditions = complete(conditions, generation, now);
  const found = new Set(update.findings.map(({ type }) => type));
  const summaries = update.observed === true ? summariseObserved(conditions, found) : summarise(conditions, found);
  for (const { type, ...summary } of summaries) {
    conditions =
      summary.status === undefined ? removeCondition(conditions, type) : put(conditions, { type, ...summary });
  }
  const { activeDeployment, credentials: credentialsBefore, ...known } = previous ?? {};
  const credentials = update.credentials ?? credentialsBefore;
  const isGone = update.deployments?.every(({ id }) => id !== activeDeployment) === true;
  return {
    ...known,
    ...(isGone || activeDeployment === undefined ? {} : { activeDeployment }),
    observedGeneration: generation,
    serviceName: update.serviceName,
    conditions: [...conditions],
    ...(update.certificate === undefined ? {} : { certificate: update.certificate }),
    ...(credentials?.expiresAt === undefined ? {} : { credentials }),
    ...(update.deployments === undefined ? {} : { deployments: update.deployments }),
    ...(update.activeDeployment === undefined ? {} : { activeDeployment: update.activeDeployment }),
  };
}

/** `conditions` with those that no step has looked at yet. */
function complete(conditions: readonly Condition[], observedGeneration: number, now: number): readonly Condition[] {
  const pending = { status: 'Unknown', reason: 'Pending', message: 'Not checked yet.', observedGeneration } as const;
  return ALWAYS_PRESENT.filter((type) => findCondition(conditions, type) === undefined).reduce(
    (all, type) => setCondition(all, { type, ...pending }, now),
    conditions,
  );
}

/** Reasons of work that goes on, or is to come, while the gateway serves as before. */
const SERVES_MEANWHILE: ReadonlySet<string> = new Set(['RepairingDrift', 'RolloutWaiting']);

type Summary =
  | {
      readonly type: ConditionType;
      readonly status: Condition['status'];
      readonly reason: string;
      readonly message: string;
    }
  | { readonly type: ConditionType; readonly status: undefined };

/** Whether a condition that is not True keeps a gateway from being Ready as little as if it were. */
function isHarmless(reason: string): boolean {
  return SERVES_MEANWHILE.has(reason) || reason === 'NotObserved';
}

/** @param found what this reconcile looked at; what it did not may be out of date, and counts only if all of that holds */
function failingOf(conditions: readonly Condition[], found: ReadonlySet<string>) {
  const relevant = SUMMARISED.map((type) => findCondition(conditions, type)).filter((each) => each !== undefined);
  const allFailing = relevant.filter(({ status, reason }) => status !== 'True' && !isHarmless(reason));
  const failingNow = allFailing.filter(({ type }) => found.has(type));
  return { relevant, failing: failingNow.length > 0 ? failingNow : allFailing };
}

/** `Ready` shows what is seen. The operator neither works on it nor waits for anybody. */
function summariseObserved(conditions: readonly Condition[], found: ReadonlySet<string>): readonly Summary[] {
  const { failing } = failingOf(conditions, found);
  const worst = failing.find(({ status }) => status === 'False') ?? failing[0];
  const unseen = findCondition(conditions, 'ServiceHealthy');
  const { status, reason, message } =
    worst ?? (unseen?.reason === 'NotObserved' ? unseen : { status: 'True' as const, ...OBSERVED });
  return [
    { type: 'Ready', status, reason, message },
    { type: 'Reconciling', status: undefined },
    { type: 'Stalled', status: undefined },
  ];
}

const OBSERVED = {
  reason: 'Succeeded',
  message: 'The gateway serves clients, as far as it is seen. It is only observed: nothing in Azure is changed.',
} as const;

function summarise(conditions: readonly Condition[], found: ReadonlySet<string>): readonly Summary[] {
  const { relevant, failing } = failingOf(conditions, found);
  const stalling = failing.find(({ reason }) => isStalling(reason));
  const worst = stalling ?? failing.find(({ status }) => status === 'False') ?? failing[0];
  if (worst === undefined) {
    const work = relevant.find(({ reason }) => SERVES_MEANWHILE.has(reason));
    return [
      { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'The gateway is provisioned and serves clients.' },
      work === undefined
        ? { type: 'Reconciling', status: undefined }
        : { type: 'Reconciling', status: 'True', reason: work.reason, message: work.message },
      { type: 'Stalled', status: undefined },
    ];
  }
  const { reason, message } = worst;
  // A change that is being made to a working gateway is no failure: whether it serves is simply not known meanwhile. What
  // waits for a person is one, although the gateway may go on serving as it is.
  const ready = stalling !== undefined ? 'False' : reason === 'Updating' ? 'Unknown' : worst.status;
  const pending = { status: 'True' as const, reason, message };
  return [
    { type: 'Ready', status: ready, reason, message },
    stalling === undefined ? { type: 'Reconciling', ...pending } : { type: 'Reconciling', status: undefined },
    stalling === undefined ? { type: 'Stalled', status: undefined } : { type: 'Stalled', ...pending },
  ];
}

/**
 * The status after a reconcile that failed for a reason that nobody foresaw. What was known stays; that it is not known
 * how the gateway stands now shows in `Ready`, until a reconcile ends as it should.
 */
export function failedStatus(previous: CMGStatus | undefined, update: FailedUpdate): CMGStatus {
  const { generation, message, now, serviceName } = update;
  const reason: Reason = 'ReconcileError';
  const failed = { reason, message, observedGeneration: generation };
  const known = complete(previous?.conditions ?? [], generation, now);
  const unknown = setCondition(known, { type: 'Ready', status: 'Unknown', ...failed }, now);
  const reconciling = setCondition(unknown, { type: 'Reconciling', status: 'True', ...failed }, now);
  return {
    ...previous,
    observedGeneration: generation,
    serviceName,
    conditions: [...removeCondition(reconciling, 'Stalled')],
  };
}

/** What is known of a reconcile that failed. */
export type FailedUpdate = Pick<StatusUpdate, 'generation' | 'serviceName' | 'now'> & { readonly message: string };
