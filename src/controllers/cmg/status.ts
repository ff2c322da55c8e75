import type { CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import { type ConditionType, isStalling } from '../../api/v1alpha1/conditions.ts';
import { type Condition, findCondition, removeCondition, setCondition } from '../../runtime/conditions.ts';
import type { Finding } from './finding.ts';

/** Conditions that `Ready` sums up, in the order of the procedure: the first that fails is what a person has to know. */
const SUMMARISED: readonly Finding['type'][] = ['CertificateValid', 'PrerequisitesMet', 'AzureReady', 'ServiceHealthy'];

/** Conditions that are present from the first status on, as Unknown until their step has run. */
const ALWAYS_PRESENT: readonly Finding['type'][] = [...SUMMARISED, 'InSync'];

/** What one reconcile adds to the status. Parts left out keep what they said. */
export interface StatusUpdate {
  readonly generation: number;
  readonly findings: readonly Finding[];
  readonly certificate?: CMGStatus['certificate'];
  readonly deployments?: CMGStatus['deployments'];
  readonly activeDeployment?: string;
  readonly serviceName: string;
  /** Time of this reconcile in milliseconds since the epoch. */
  readonly now: number;
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
  for (const type of ALWAYS_PRESENT) {
    if (findCondition(conditions, type) === undefined) {
      conditions = put(conditions, { type, status: 'Unknown', reason: 'Pending', message: 'Not checked yet.' });
    }
  }
  for (const { type, ...summary } of summarise(conditions)) {
    conditions =
      summary.status === undefined ? removeCondition(conditions, type) : put(conditions, { type, ...summary });
  }
  return {
    ...previous,
    observedGeneration: generation,
    serviceName: update.serviceName,
    conditions: [...conditions],
    ...(update.certificate === undefined ? {} : { certificate: update.certificate }),
    ...(update.deployments === undefined ? {} : { deployments: update.deployments }),
    ...(update.activeDeployment === undefined ? {} : { activeDeployment: update.activeDeployment }),
  };
}

type Summary =
  | {
      readonly type: ConditionType;
      readonly status: Condition['status'];
      readonly reason: string;
      readonly message: string;
    }
  | { readonly type: ConditionType; readonly status: undefined };

function summarise(conditions: readonly Condition[]): readonly Summary[] {
  const relevant = SUMMARISED.map((type) => findCondition(conditions, type)).filter((found) => found !== undefined);
  const failing = relevant.filter(({ status, reason }) => status !== 'True' && reason !== 'RepairingDrift');
  const stalling = failing.find(({ reason }) => isStalling(reason));
  const worst = stalling ?? failing.find(({ status }) => status === 'False') ?? failing[0];
  if (worst === undefined) {
    const repair = relevant.find(({ reason }) => reason === 'RepairingDrift');
    return [
      { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'The gateway is provisioned and serves clients.' },
      repair === undefined
        ? { type: 'Reconciling', status: undefined }
        : { type: 'Reconciling', status: 'True', reason: repair.reason, message: repair.message },
      { type: 'Stalled', status: undefined },
    ];
  }
  const { reason, message } = worst;
  // A change that is being made to a working gateway is no failure: whether it serves is simply not known meanwhile.
  const ready = reason === 'Updating' ? 'Unknown' : worst.status;
  const pending = { status: 'True' as const, reason, message };
  return [
    { type: 'Ready', status: ready, reason, message },
    stalling === undefined ? { type: 'Reconciling', ...pending } : { type: 'Reconciling', status: undefined },
    stalling === undefined ? { type: 'Stalled', status: undefined } : { type: 'Stalled', ...pending },
  ];
}
