import type { Action } from './action.ts';
import { joinGroups } from './boundary-groups.ts';
import { conditionsOf, type Verdicts } from './conditions.ts';
import { assignPoints } from './connection-points.ts';
import { newDeployment } from './creation.ts';
import type { Finding } from './finding.ts';
import { heldContentActions } from './held-content.ts';
import { retirementHold } from './holds.ts';
import type { Instant } from './instant.ts';
import { isConfirmable } from './live-facts.ts';
import type { GatewayWish, Observed } from './observed.ts';
import { claimActions } from './outage-claim.ts';
import type { DeploymentRecord, Records } from './record.ts';
import { NO_VERDICTS, removalActions } from './removal.ts';
import { findSuccessors, gateTerms, isInWaiting, retiringBehind, type Successors } from './retirement.ts';
import { RULES, type Rules } from './rules.ts';
import { judgeNames } from './same-prefix.ts';
import { markSecretlyServed, markServed } from './served.ts';
import { type Situation, withDeployments } from './situation.ts';
import { settleStages, withoutForgotten } from './stages.ts';
import {
  creationsByPerson,
  deletionSteps,
  deletionsByPerson,
  drainSteps,
  handOvers,
  stopAll,
  upkeep,
} from './steps.ts';
import { effectiveConsents } from './wanted.ts';
import { gatherFacts } from './words.ts';

/** What one reconcile is to do. */
export interface Plan {
  /** To be written to status, and all of the marks to tags, before any action is carried out. */
  readonly records: Records;
  /** In this order. Each is carried out as far as it goes; none waits for another. */
  readonly actions: readonly Action[];
  /** Ids of the draining deployments that may go on handing over: what earlier plans have moved away from any other one stays. */
  readonly handingOver: readonly string[];
  /** Ids of the deployments that are being deleted and wait for connection points and groups to let go of them. */
  readonly leavingSite: readonly string[];
  /** What the conditions are to say; empty also while the CMG is suspended, whose conditions stay as they are. */
  readonly conditions: readonly Finding[];
}

/** Plans one reconcile. Pure, total and deterministic; linear in the number of deployments. */
export type Planner = (wish: GatewayWish, records: Records, observed: Observed, now: Instant) => Plan;

/**
 * The planner of a CMG: what to remember, do and say, from what is declared, remembered and seen.
 *
 * `now` comes from the `Date` of the answers that the observation was made from. Where the plan has the action `ReadLive`,
 * the controller reads `observed.live` and plans again in the same reconcile, with the `Date` of those answers and everything
 * else as it was.
 */
export const plan: Planner = createPlanner(RULES);

/** A planner that rests on other judgements: for tests that have to see a wrong one caught. */
export function createPlanner(rules: Rules): Planner {
  return (wish, records, observed, now) => {
    if (wish.suspended && wish.deletion === undefined) {
      return { records, actions: [], handingOver: [], leavingSite: [], conditions: [] };
    }
    const made = decide(look(rules, wish, records, observed, now));
    return areSameRecords(records, made.records) ? { ...made, records } : made;
  };
}

function decide(situation: Situation): Plan {
  const intended = carryOn({ ...situation, confirmed: true });
  if (!isIrreversible(situation.records, intended) || situation.rules.isConfirmed(situation)) {
    return intended;
  }
  const held = carryOn(situation);
  const actions = held.actions.filter((action) => !isIrreversibleAction(action, held.records));
  const isToBeRead = situation.observed.live === undefined && isConfirmable(situation.observed);
  return { ...held, actions: isToBeRead ? [...actions, { kind: 'ReadLive' }] : actions };
}

/** What has not changed stays the same object, so that nobody writes it again. */
function areSameRecords(before: Records, after: Records): boolean {
  const names = new Set([...Object.keys(before), ...Object.keys(after)] as (keyof Records)[]);
  return [...names].every((name) => before[name] === after[name]);
}

/** The situation that a plan begins with: what is remembered is brought up to what is seen, and the wanted one is found. */
export function look(rules: Rules, wish: GatewayWish, records: Records, observed: Observed, now: Instant): Situation {
  let situation: Situation = {
    wish,
    observed,
    now,
    rules,
    records,
    facts: new Map(),
    wanted: undefined,
    consents: [],
    confirmed: false,
  };
  situation = withDeployments(situation, rules.recall(situation));
  situation = { ...situation, facts: gatherFacts(situation.records.deployments, observed) };
  situation = withDeployments(situation, rules.creditTime(situation));
  const noted = rules.noteWish(situation);
  situation = { ...situation, records: noted, consents: effectiveConsents(observed, noted) };
  return { ...situation, wanted: rules.wantedOf(situation) };
}

function carryOn(situation: Situation): Plan {
  const { wish } = situation;
  if (wish.deletion !== undefined) {
    return remove(situation);
  }
  return wish.management === 'Observe' ? observe(situation) : manage(situation);
}

function remove(before: Situation): Plan {
  const situation = withDeployments(before, markSecretlyServed(before));
  const removing = { ...situation, records: situation.rules.removalRecords(situation) };
  const rest = withDeployments(removing, withoutForgotten(removing));
  return {
    records: rest.records,
    actions: removalActions(rest),
    handingOver: [],
    leavingSite: leavingSite(rest),
    conditions: conditionsOf(rest, { ...NO_VERDICTS, creation: { kind: 'None' } }),
  };
}

function observe(before: Situation): Plan {
  const situation = withDeployments(before, markServed(before));
  return { records: situation.records, actions: [], handingOver: [], leavingSite: [], conditions: [] };
}

function manage(before: Situation): Plan {
  const names = judgeNames(before);
  let situation = withDeployments(before, settleStages(before, findSuccessors(before), names));
  situation = withDeployments(situation, withoutForgotten(situation));
  situation = withDeployments(situation, markServed(situation));
  situation = { ...situation, records: situation.rules.noteHeldContent(situation, names) };
  const creation = situation.rules.judgeCreation(situation, names);
  const verdicts: Verdicts = { successors: findSuccessors(situation), names, creation };
  const steps = stepsOf(situation, verdicts);
  const handingOver = handOvers(situation, verdicts.successors).map(({ record }) => record.id);
  const conditions = conditionsOf(situation, verdicts);
  if (creation.kind === 'Create') {
    const made = newDeployment(situation);
    situation = withDeployments(situation, [...situation.records.deployments, made]);
  }
  const outageOf = situation.confirmed ? steps.outageOf : undefined;
  const leaving = leavingSite(situation);
  return {
    records: remembered(situation, outageOf),
    actions: steps.actions,
    handingOver,
    leavingSite: leaving,
    conditions,
  };
}

function leavingSite(situation: Situation): readonly string[] {
  return situation.records.deployments
    .filter((record) => record.stage.phase === 'Deleting' && !situation.rules.isDetached(situation, record))
    .map(({ id }) => id);
}

interface Steps {
  readonly actions: readonly Action[];
  readonly outageOf?: DeploymentRecord;
}

function stepsOf(situation: Situation, verdicts: Verdicts): Steps {
  const { successors, names } = verdicts;
  const hold = retirementHold(situation);
  const claims = claimActions(situation, names);
  const deletions = [...deletionSteps(situation), ...deletionsByPerson(situation, verdicts)];
  if (hold === 'Stopped') {
    return { actions: [...stopAll(situation), ...deletions, ...claims] };
  }
  const upkeepActions = [...upkeep(situation), ...joinGroups(situation)];
  if (hold === 'CarriesClientsOf') {
    return { actions: [...upkeepActions, ...claims] };
  }
  const { actions: points, outageOf } = assignPoints(situation);
  const actions = [
    ...upkeepActions,
    ...creationsByPerson(situation),
    ...points,
    ...drainSteps(situation, successors),
    ...deletions,
    ...claims,
    ...clientCount(situation, successors),
    ...contentComparison(situation, successors),
    ...heldContentActions(situation, names),
  ];
  return outageOf === undefined ? { actions } : { actions, outageOf };
}

/** Clients are counted for the newest deployment that could let another one retire. */
function clientCount(situation: Situation, successors: Successors): readonly Action[] {
  const { wish, records, observed } = situation;
  const { advertised } = successors;
  const isAlone = records.deployments.filter((record) => isInWaiting(situation, record, successors)).length < 2;
  const terms = advertised === undefined ? undefined : gateTerms(situation, advertised);
  if (terms === undefined || isAlone || observed.site.kind === 'None' || wish.terms.evidence === 'TimeOnly') {
    return [];
  }
  const { serviceName, advertisedSince, notBefore } = terms;
  const question = { serviceName, advertisedSince, ignoreInactiveFor: wish.terms.ignoreClientsInactiveFor };
  return [{ kind: 'CountClients', question, notBefore }];
}

/** Content is compared with that of the newest deployment that could let another one retire. */
function contentComparison(situation: Situation, successors: Successors): readonly Action[] {
  const { advertised } = successors;
  if (situation.observed.content === undefined || advertised === undefined) {
    return [];
  }
  const from = retiringBehind(situation, advertised, successors);
  return from.length === 0
    ? []
    : [
        {
          kind: 'CompareContent',
          from: from.map(({ serviceName }) => serviceName),
          to: advertised.serviceName,
        },
      ];
}

/** The records with what the redeployment began with, and with consents that are used up. */
function remembered({ records, observed }: Situation, outageOf: DeploymentRecord | undefined): Records {
  const { devicesAtBeginning, ...rest } = records;
  const lapsed =
    outageOf === undefined
      ? records.lapsed
      : [...records.lapsed, { kind: 'AllowClientOutage' as const, deployment: outageOf.id }];
  const counted =
    devicesAtBeginning ?? observed.devices ?? observed.clientPasses.find(({ complete }) => complete)?.devices;
  const isRunning = records.deployments.length > 1;
  return isRunning && counted !== undefined ? { ...rest, lapsed, devicesAtBeginning: counted } : { ...rest, lapsed };
}

/** Rule 7 is about these. */
function isIrreversibleAction(action: Action, { deployments }: Records): boolean {
  switch (action.kind) {
    case 'Stop':
    case 'LeaveGroup':
    case 'UnlinkPoint':
      return true;
    case 'LinkPoint':
      return action.from !== undefined;
    case 'Delete': {
      const record = deployments.find(({ id }) => id === action.deployment);
      return record === undefined || isLoss(record);
    }
    default:
      return false;
  }
}

function isIrreversible(before: Records, { records, actions }: Plan): boolean {
  const wasDeleting = new Set(before.deployments.filter(({ stage }) => stage.phase === 'Deleting').map(({ id }) => id));
  return (
    actions.some((action) => isIrreversibleAction(action, records)) ||
    records.deployments.some(
      (record) => record.stage.phase === 'Deleting' && isLoss(record) && !wasDeleting.has(record.id),
    )
  );
}

/** Whether clients may miss a deployment when it goes: any doubt is yes, whatever has been written down so far. */
function isLoss({ served, stage }: DeploymentRecord): boolean {
  return served === 'Yes' || stage.phase !== 'Deleting' || stage.because !== 'NeverServed';
}
