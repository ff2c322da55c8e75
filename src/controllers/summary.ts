import { type ConditionType, isStalling, type Reason } from '../api/v1alpha1/conditions.ts';
import { type Condition, findCondition, removeCondition, setCondition } from '../runtime/conditions.ts';
import type { Finding } from './cmg/finding.ts';

/** Which conditions an object has, and what `Ready` makes of them. */
export interface SummaryRules {
  /** Conditions that `Ready` sums up, in the order of the procedure: the first that fails is what a person has to know. */
  readonly summarised: readonly Finding['type'][];
  /** Conditions that are present from the first status on, as Unknown until their step has run. Default: those summed up. */
  readonly alwaysPresent?: readonly Finding['type'][];
  /** Conditions that the object does not have, as the spec does not ask for what they speak of. Default: none. */
  readonly absent?: readonly Finding['type'][];
  /** Conditions that are there only while something goes on, and that tell by their reason when it waits for a person. Default: none. */
  readonly passing?: readonly Finding['type'][];
  /** Message of `Ready` while it is True. */
  readonly readyMessage: string;
  /** The operator only looks: nothing goes on, and nothing waits for a person. Default: no. */
  readonly onlyObserved?: boolean;
}

/** What one round found. */
export interface Round {
  readonly generation: number;
  readonly findings: readonly Finding[];
  /** Time of the round in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The conditions after a round. `Ready` sums the findings up; `Reconciling` and `Stalled` are present only while true, so
 * that kstatus, Argo CD and Flux read the object without any help.
 */
export function conditionsAfter(
  previous: readonly Condition[] | undefined,
  { generation, findings, now }: Round,
  rules: SummaryRules,
): readonly Condition[] {
  const put = (conditions: readonly Condition[], found: Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>) =>
    setCondition(conditions, { ...found, observedGeneration: generation }, now);
  const over = (rules.passing ?? []).filter((type) => findings.every((finding) => finding.type !== type));
  const present = [...(rules.absent ?? []), ...over].reduce<readonly Condition[]>(removeCondition, previous ?? []);
  let conditions = complete(findings.reduce(put, present), rules, generation, now);
  const found = new Set(findings.map(({ type }) => type));
  const summaries =
    rules.onlyObserved === true ? summariseObserved(conditions, found, rules) : summarise(conditions, found, rules);
  for (const { type, ...summary } of summaries) {
    conditions =
      summary.status === undefined ? removeCondition(conditions, type) : put(conditions, { type, ...summary });
  }
  return conditions;
}

/** `conditions` with those that no step has looked at yet. */
function complete(
  conditions: readonly Condition[],
  { summarised, alwaysPresent = summarised }: SummaryRules,
  observedGeneration: number,
  now: number,
): readonly Condition[] {
  const pending = { status: 'Unknown', reason: 'Pending', message: 'Not checked yet.', observedGeneration } as const;
  return alwaysPresent
    .filter((type) => findCondition(conditions, type) === undefined)
    .reduce((all, type) => setCondition(all, { type, ...pending }, now), conditions);
}

type Summary =
  | {
      readonly type: ConditionType;
      readonly status: Condition['status'];
      readonly reason: string;
      readonly message: string;
    }
  | { readonly type: ConditionType; readonly status: undefined };

/** Reasons of work that goes on, or is to come, while the gateway serves as before. */
const SERVES_MEANWHILE: ReadonlySet<string> = new Set<Reason>(['RepairingDrift', 'RolloutWaiting']);

/** Whether a condition that is not True keeps an object from being Ready as little as if it were. */
function isHarmless(reason: string): boolean {
  return SERVES_MEANWHILE.has(reason) || reason === 'NotObserved';
}

/** @param found what this round looked at; what it did not may be out of date, and counts only if all of that holds */
function failingOf(conditions: readonly Condition[], found: ReadonlySet<string>, { summarised }: SummaryRules) {
  const relevant = summarised.map((type) => findCondition(conditions, type)).filter((each) => each !== undefined);
  const allFailing = relevant.filter(({ status, reason }) => status !== 'True' && !isHarmless(reason));
  const failingNow = allFailing.filter(({ type }) => found.has(type));
  return { relevant, failing: failingNow.length > 0 ? failingNow : allFailing };
}

/** `Ready` shows what is seen. The operator neither works on it nor waits for anybody. */
function summariseObserved(
  conditions: readonly Condition[],
  found: ReadonlySet<string>,
  rules: SummaryRules,
): readonly Summary[] {
  const { failing } = failingOf(conditions, found, rules);
  const worst = failing.find(({ status }) => status === 'False') ?? failing[0];
  const unseen = findCondition(conditions, 'ServiceHealthy');
  const { status, reason, message } =
    worst ??
    (unseen?.reason === 'NotObserved'
      ? unseen
      : { status: 'True' as const, reason: 'Succeeded', message: rules.readyMessage });
  return [
    { type: 'Ready', status, reason, message },
    { type: 'Reconciling', status: undefined },
    { type: 'Stalled', status: undefined },
  ];
}

function summarise(
  conditions: readonly Condition[],
  found: ReadonlySet<string>,
  rules: SummaryRules,
): readonly Summary[] {
  const { relevant, failing } = failingOf(conditions, found, rules);
  const passing = (rules.passing ?? [])
    .map((type) => findCondition(conditions, type))
    .filter((each) => each !== undefined);
  const stalling = [...failing, ...passing].find(({ reason }) => isStalling(reason));
  const worst = stalling ?? failing.find(({ status }) => status === 'False') ?? failing[0];
  if (worst === undefined) {
    const work = relevant.find(({ reason }) => SERVES_MEANWHILE.has(reason));
    return [
      { type: 'Ready', status: 'True', reason: 'Succeeded', message: rules.readyMessage },
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
 * The conditions after a round that failed for a reason that nobody foresaw. What was known stays; that it is not known
 * how things stand now shows in `Ready`, until a round ends as it should.
 */
export function conditionsAfterFailure(
  previous: readonly Condition[] | undefined,
  { generation, message, now }: Omit<Round, 'findings'> & { readonly message: string },
  rules: SummaryRules,
): readonly Condition[] {
  const reason: Reason = 'ReconcileError';
  const failed = { reason, message, observedGeneration: generation };
  const known = complete(previous ?? [], rules, generation, now);
  const unknown = setCondition(known, { type: 'Ready', status: 'Unknown', ...failed }, now);
  const reconciling = setCondition(unknown, { type: 'Reconciling', status: 'True', ...failed }, now);
  return removeCondition(reconciling, 'Stalled');
}
