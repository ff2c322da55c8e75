import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { isOthers, wasThereBefore } from '../../../redeployment/others.ts';
import type { Plan } from '../../../redeployment/planner.ts';
import { isCarrier } from '../../../redeployment/words.ts';
import { findCondition, toTimestamp } from '../../../runtime/conditions.ts';
import { keyOf } from '../../../runtime/objects.ts';
import { stepsForStatus } from '../../site/manual-steps.ts';
import { carriesClientsOf } from '../carried-clients.ts';
import type { Finding } from '../finding.ts';
import type { OnSiteInput } from '../on-site.ts';
import type { Happening, Report } from '../report.ts';
import { type Retention, retentionOf, staysToo } from '../retain.ts';
import type { Scope } from '../scope.ts';
import { changeClaim } from './claim-on-site.ts';
import type { DeletionTurn } from './deletion-turn.ts';
import { type LeavingRound, observeLeaving } from './observe-leaving.ts';
import { planRound } from './plan-round.ts';
import type { DeploymentsInput } from './reconcile.ts';
import { isDecided, plannedOf, recordsOf } from './records.ts';
import {
  beginning,
  goneBySite,
  notFoundOut,
  onItsWay,
  type Progress,
  removeBySite,
  removeFromAzure,
  stuck,
} from './removal-progress.ts';
import { deploymentOf } from './report-of.ts';

/** How a round of the deletion of a CMG ends. */
export type RemovalRound =
  | { readonly kind: 'Waiting'; readonly report: Report }
  /** There is nothing that it waits for any more, and the object may go. */
  | { readonly kind: 'Over'; readonly happenings: readonly Happening[] };

/** A round in its parts. */
interface PlannedRemoval {
  readonly round: LeavingRound;
  readonly planned: Plan;
  readonly turn: DeletionTurn;
  /** Decisions are written down before anything follows from them. */
  readonly decided: boolean;
}

/**
 * One round of the deletion of a CMG: its deployments are looked at, the plan is made from what was seen, what it decides is
 * written down, and, once it is, carried out. Connection points and boundary groups are taken away by their own controllers,
 * which read in the status that the gateways leave.
 */
export async function removeDeployments(input: DeploymentsInput): Promise<RemovalRound> {
  const records = recordsOf(input.scope.cmg.status);
  const round = await observeLeaving(input);
  const { planned, turn } = await planRound(input, records, round);
  const removal = { round, planned, turn, decided: isDecided(records, planned.records) };
  if (planned.actions.some(({ kind }) => kind === 'ReleaseFinalizer')) {
    return release(input, removal);
  }
  const hold = holdOf(input, removal);
  if (hold !== undefined) {
    return waiting(input, removal, [], hold);
  }
  const progress = await proceed(input, removal);
  const retained = progress.find((each) => each.kind === 'Retained');
  return retained === undefined ? waiting(input, removal, progress) : leave(input, givenUp(input, retained));
}

/** Nothing is removed, or everything that was to be is. What stays in Azure is said first, for whoever sees the object before it goes. */
async function release(input: DeploymentsInput, removal: PlannedRemoval): Promise<RemovalRound> {
  const { cmg } = input.scope;
  const staying = (cmg.status?.deployments ?? []).filter(({ id }) =>
    removal.planned.records.deployments.some((record) => record.id === id),
  );
  const retained = await Promise.all(
    staying.map(async (deployment, at) => {
      const retention = await retentionOf(input.scope, deployment);
      return at === 0 ? retention : { ...retention, note: staysToo(deployment) };
    }),
  );
  const happenings = forgotten(input, removal);
  return retained.length === 0 ? { kind: 'Over', happenings } : leave(input, retained, happenings);
}

/** What stays in Azure is told by the condition first, and by an event when the object goes. */
function leave(
  { scope: { cmg } }: DeploymentsInput,
  retained: readonly Retention[],
  happenings: readonly Happening[] = [],
): RemovalRound {
  const [first] = retained;
  if (first !== undefined && findCondition(cmg.status?.conditions, 'AzureReady')?.reason !== 'Retained') {
    const finding: Finding = { type: 'AzureReady', status: 'Unknown', reason: 'Retained', message: first.note };
    return { kind: 'Waiting', report: { findings: [finding], happenings: [], againAfterMs: 0 } };
  }
  return { kind: 'Over', happenings: [...retained, ...happenings] };
}

/** With the one that is given up, all of them stay. */
function givenUp(
  { scope: { cmg } }: DeploymentsInput,
  { retention, deployment }: Extract<Progress, { kind: 'Retained' }>,
): readonly Retention[] {
  const others = (cmg.status?.deployments ?? []).filter(({ id }) => id !== deployment);
  return [retention, ...others.map((other) => ({ ...retention, note: staysToo(other) }))];
}

interface Hold {
  readonly finding: Finding;
  readonly againAfterMs: number;
}

/** How often it is looked whether a claim is over, besides at each change of it. */
const CLAIM_LOOK_MS = 60_000;

/** Spreads those that wait for the same moment, so that they do not all ask Azure at once. */
const TURN_SPREAD_MS = 60_000;

/** Why nothing goes for now, where the gateway is needed or its turn has not come. */
function holdOf({ scope }: DeploymentsInput, { round, turn, planned }: PlannedRemoval): Hold | undefined {
  const { cmg, clock, random } = scope;
  const { claim } = round.observed;
  if (claim !== undefined && isCarrier({ key: keyOf(cmg) }, { claim })) {
    return { finding: carriesClientsOf(claim.claimant), againAfterMs: CLAIM_LOOK_MS };
  }
  const isUnderWay = planned.records.deployments.some(({ stage }) => stage.phase === 'Deleting');
  if (turn.kind === 'Now' || isUnderWay) {
    return undefined;
  }
  const message = `${turn.message} The gateway serves until then. Should it stay, set spec.deletionPolicy to Retain.`;
  const againAfterMs = Math.max(0, turn.freeAt - clock.now()) + random() * TURN_SPREAD_MS;
  return { finding: { type: 'AzureReady', status: 'False', reason: 'DeletionBudget', message }, againAfterMs };
}

/** What each deployment that goes has come to, with what the plan has done about it in this round. */
async function proceed(input: DeploymentsInput, removal: PlannedRemoval): Promise<readonly Progress[]> {
  const { planned, decided, round } = removal;
  const { cmg, clock, signal } = input.scope;
  const onSite: OnSiteInput = { cmg, site: input.site, now: clock.now(), signal };
  const isReleased = planned.actions.some(({ kind }) => kind === 'ReleaseClaim');
  if (isReleased && !decided) {
    await changeClaim(input, { kind: 'ReleaseClaim' });
  }
  const progress: Progress[] = [];
  for (const deployment of cmg.status?.deployments ?? []) {
    const own = round.scopes.get(deployment.id);
    if (own !== undefined && !wasThereBefore(deployment)) {
      progress.push(...(await progressOf(input, removal, { deployment, own, onSite })));
    }
  }
  if (round.searchFailure !== undefined && planned.records.deployments.length === 0) {
    progress.push(await notFoundOut(input, round.searchFailure));
  }
  return progress.length === 0 && decided ? [beginning(onSite)] : progress;
}

interface Going {
  readonly deployment: CMGStatusDeployment;
  readonly own: Scope;
  readonly onSite: OnSiteInput;
}

async function progressOf(
  input: DeploymentsInput,
  { round, planned, decided }: PlannedRemoval,
  { deployment, own, onSite }: Going,
): Promise<readonly Progress[]> {
  const { id } = deployment;
  const trouble = round.troubles.get(id);
  const action = planned.actions.find((each) => each.kind === 'Delete' && each.deployment === id);
  const record = planned.records.deployments.find((each) => each.id === id);
  if (trouble !== undefined) {
    return [await stuck(own, deployment, trouble)];
  }
  if (record?.stage.phase !== 'Deleting' || decided) {
    return [];
  }
  if (planned.leavingSite.includes(id)) {
    return [onItsWay(onSite, deployment)];
  }
  if (isOthers(deployment)) {
    return [await removeBySite(own, onSite, deployment, { isAskedFor: action !== undefined, round })];
  }
  return action === undefined ? [] : [await removeFromAzure(input, own, onSite, deployment)];
}

const RANKS = ['Blocked', 'Leaving', 'Going'] as const;

/** How soon it is looked again where what was seen has changed meanwhile. */
const NEXT_LOOK_MS = 3000;

/** What is written down of a round. Of several gateways, the one is told of that needs a person most. */
function waiting(
  input: DeploymentsInput,
  removal: PlannedRemoval,
  progress: readonly Progress[],
  hold?: Hold,
): RemovalRound {
  const { planned, round, decided } = removal;
  const { leavingSince } = planned.records;
  const known = progress.filter((each) => each.kind !== 'Retained');
  const told = known.toSorted((left, right) => RANKS.indexOf(left.kind) - RANKS.indexOf(right.kind));
  const steps = told.flatMap((each) => each.steps ?? []);
  const isAboutSteps = told.some((each) => each.steps !== undefined);
  const before = new Map((input.scope.cmg.status?.deployments ?? []).map((each) => [each.id, each]));
  const due = [...(hold === undefined ? [] : [hold.againAfterMs]), ...known.map(({ againAfterMs }) => againAfterMs)];
  return {
    kind: 'Waiting',
    report: {
      findings: hold === undefined ? (told[0]?.findings ?? []) : [hold.finding],
      happenings: [...forgotten(input, removal), ...known.flatMap(({ happenings = [] }) => happenings)],
      deployments: planned.records.deployments.map((record) =>
        deploymentOf(input, round, before.get(record.id), record),
      ),
      planned: plannedOf(planned.records),
      ...(leavingSince === undefined ? {} : { leavingSince: toTimestamp(leavingSince) }),
      ...(isAboutSteps ? { site: { manualSteps: stepsForStatus(steps) } } : {}),
      againAfterMs:
        decided && hold === undefined
          ? 0
          : Math.min(...due, due.length === 0 ? NEXT_LOOK_MS : Number.POSITIVE_INFINITY),
    },
  };
}

/** What is told of the gateways that the plan forgets. */
function forgotten({ scope: { cmg } }: DeploymentsInput, { planned, round }: PlannedRemoval): readonly Happening[] {
  const isSiteSilent = cmg.spec.siteRef !== undefined && round.siteFacts.records === undefined;
  return (cmg.status?.deployments ?? [])
    .filter((deployment) => isOthers(deployment) && deployment.served !== false)
    .filter(({ id }) => planned.records.deployments.every((record) => record.id !== id))
    .flatMap((deployment) => goneBySite(deployment, isSiteSilent));
}
