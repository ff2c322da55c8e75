import { isDecided } from '../../src/controllers/cmg/redeployment/records.ts';
import { type Action, isWrite } from '../../src/redeployment/action.ts';
import type { ClientPass } from '../../src/redeployment/client-gate.ts';
import type { ContentComparison } from '../../src/redeployment/content.ts';
import type { GatewayWish, Observed } from '../../src/redeployment/observed.ts';
import type { Plan, Planner } from '../../src/redeployment/planner.ts';
import type { DeploymentMark, DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import { act, markOf, settleWorld } from './effects.ts';
import { judgeAction, judgePlan, type Violation } from './invariants.ts';
import { LastFew } from './last-few.ts';
import { dateOf, observe, readLive, surroundingsOf, wishOf } from './observation.ts';
import { judgeSecondLook } from './second-look.ts';
import { toldBy } from './told.ts';
import {
  type Cmg,
  cmgAt,
  type Gateway,
  IDENTITIES,
  isAdvertised,
  isOfSite,
  serves,
  type Told,
  type World,
  withCmg,
  withGateway,
} from './world.ts';

/** After which write the operator dies. */
export type Crash = 'AfterStatus' | 'AfterTags' | 'AfterFirstAction';

/** What one reconcile came to. */
export interface Reconciled {
  readonly world: World;
  readonly plan: Plan;
  readonly violations: readonly Violation[];
}

/** What else happens during a reconcile. */
export interface Disturbance {
  /** Between the observation and what is read live. */
  readonly meanwhile?: (world: World) => World;
  readonly crash?: Crash;
}

/** One reconcile of a CMG, as the controller does it: observe, plan, read live where asked to, write down, act. */
export function reconcile(world: World, at: number, planner: Planner, disturbance?: Disturbance): Reconciled {
  const known = roundsOf(planner, world);
  const round = known[at] ?? { look: look(world, at, planner) };
  known[at] = round;
  if (disturbance !== undefined) {
    return goOn(round.look, at, planner, disturbance);
  }
  round.reconciled ??= goOn(round.look, at, planner, {});
  return round.reconciled;
}

/** What an operator begins a reconcile with. */
interface Look {
  readonly world: World;
  readonly wish: GatewayWish;
  readonly observed: Observed;
  readonly plan: Plan;
}

interface Round {
  readonly look: Look;
  /** What it comes to when it is left alone. */
  reconciled?: Reconciled;
}

/** The rounds of the CMGs of a world, which is reconciled again and again: left alone, and disturbed by each event. */
function roundsOf(planner: Planner, world: World): Round[] {
  const ofPlanner = ROUNDS.get(planner) ?? new LastFew<World, Round[]>();
  ROUNDS.set(planner, ofPlanner);
  const known = ofPlanner.get(world) ?? [];
  ofPlanner.set(world, known);
  return known;
}

const ROUNDS = new WeakMap<Planner, LastFew<World, Round[]>>();

/** Most steps leave one of the CMGs as it is, and what its operator sees of the other one. */
const LOOKS = new WeakMap<Planner, readonly LastFew<Cmg, { readonly surroundings: string; readonly look: Look }>[]>();

function look(before: World, at: number, planner: Planner): Look {
  const world = seenInReach(before, at);
  const cmg = cmgAt(world, at);
  if (!cmg.hasSite) {
    return lookAnew(world, at, planner);
  }
  const looks = LOOKS.get(planner) ?? world.cmgs.map(() => new LastFew());
  LOOKS.set(planner, looks);
  const surroundings = surroundingsOf(world, at);
  const known = looks[at]?.get(cmg);
  if (known?.surroundings === surroundings) {
    return { ...known.look, world };
  }
  const made = lookAnew(world, at, planner);
  looks[at]?.set(cmg, { surroundings, look: made });
  return made;
}

function lookAnew(before: World, at: number, planner: Planner): Look {
  const world = seenToServe(before, at);
  const wish = wishOf(world, at);
  const { records } = cmgAt(world, at);
  const seen = observe(world, at);
  const unanswered = unasked(seen);
  const plan = planner(wish, records, unanswered, dateOf(world));
  const observed = isAsking(world, at) ? withAnswers(seen, unanswered, plan) : unanswered;
  return observed === unanswered
    ? { world, wish, observed, plan }
    : { world, wish, observed, plan: planner(wish, records, observed, dateOf(world)) };
}

function goOn(
  { world, wish, observed, plan: first }: Look,
  at: number,
  planner: Planner,
  disturbance: Disturbance,
): Reconciled {
  const { records, object } = cmgAt(world, at);
  const then = disturbance.meanwhile?.(world) ?? world;
  const plan = first.actions.some(({ kind }) => kind === 'ReadLive')
    ? planner(wish, records, { ...observed, live: readLive(then, at, object) }, dateOf(then))
    : first;
  if (cmgAt(then, at).gone) {
    return { world: then, plan, violations: [] };
  }
  const violations = [...judgePlan(world, at, plan), ...judgeSecondLook(world, then, at, plan)];
  if (cmgAt(then, at).object !== object) {
    // The API server writes no status of another object, and nothing is done before it is written.
    return { world: then, plan, violations };
  }
  const status = writeDown(then, at, plan.records, disturbance.crash !== 'AfterStatus');
  const isApart = world.apart === true;
  const written = isApart ? withTold(status, at, toldBy(plan === first ? world : then, at, records, plan)) : status;
  const meant = isApart ? ownActions(records, plan) : plan.actions;
  const done = disturbance.crash === 'AfterStatus' || disturbance.crash === 'AfterTags' ? 0 : meant.length;
  const actions = meant.slice(0, disturbance.crash === 'AfterFirstAction' ? firstWrite(meant) : done);
  return carryOut(written, world, at, plan, actions, violations);
}

/**
 * Where connection points and boundary groups are objects of their own, they are moved by their controllers. A decision is written
 * down, and followed in the next round.
 */
function ownActions(before: Records, { records, actions }: Plan): readonly Action[] {
  return isDecided(before, records) ? [] : actions.filter(({ kind }) => !ON_SITE.has(kind));
}

const ON_SITE: ReadonlySet<Action['kind']> = new Set(['LinkPoint', 'UnlinkPoint', 'JoinGroup', 'LeaveGroup']);

function withTold(world: World, at: number, told: Told | undefined): World {
  return cmgAt(world, at).told === told ? world : withCmg(world, at, { told });
}

/** Whether anything of clients or content may be asked for: of one gateway that stays, nothing is. */
function isAsking(world: World, at: number): boolean {
  const { records, wish } = cmgAt(world, at);
  const [only, ...more] = records.deployments;
  return more.length > 0 || only?.identity !== IDENTITIES[at]?.[wish] || records.heldContent !== undefined;
}

/** What is seen when nobody has asked the site about clients and content. */
function unasked(observed: Observed): Observed {
  const { content } = observed;
  return { ...observed, clientPasses: [], contentReadings: [], ...(content === undefined ? {} : { content: [] }) };
}

/** Clients are counted, and content is read and compared, only where the plan asks for it. */
function withAnswers(seen: Observed, unanswered: Observed, { actions }: Plan): Observed {
  if (!actions.some(isQuestion)) {
    return unanswered;
  }
  const { clientPasses, content = [], contentReadings = [] } = seen;
  const isCounted = ({ question: { serviceName } }: ClientPass) =>
    actions.some((action) => action.kind === 'CountClients' && action.question.serviceName === serviceName);
  const isCompared = ({ from, to, gone }: ContentComparison) =>
    actions.some((action) =>
      gone === undefined
        ? action.kind === 'CompareContent' && action.to === to && action.from.includes(from)
        : action.kind === 'CheckContent' && action.to === to && action.held.deployment === gone,
    );
  const isRead = ({ deployment }: (typeof contentReadings)[number]) =>
    actions.some((action) => action.kind === 'ReadContent' && action.deployment === deployment);
  return {
    ...seen,
    clientPasses: clientPasses.filter(isCounted),
    contentReadings: contentReadings.filter(isRead),
    ...(seen.content === undefined ? {} : { content: content.filter(isCompared) }),
  };
}

function isQuestion({ kind }: Action): boolean {
  return kind === 'CountClients' || kind === 'CompareContent' || kind === 'CheckContent' || kind === 'ReadContent';
}

/**
 * Without a site nobody can tell when the first client comes to a gateway: it may have since the operator saw it serve. What
 * is being deleted is past the point of no return, and what is only found is looked at in the next round.
 */
function seenToServe(world: World, at: number): World {
  const { hasSite, gateways, records, suspended, deletion } = cmgAt(world, at);
  const isLookedAt = !hasSite && world.azureUp && (!suspended || deletion);
  const isGoing = (id: string) => records.deployments.some((each) => each.id === id && each.stage.phase === 'Deleting');
  return gateways
    .filter(({ id }) => records.deployments.some((record) => record.id === id))
    .filter((gateway) => isLookedAt && gateway.withoutCredentials !== true)
    .filter((gateway) => !gateway.hasServed && serves(gateway) && !isGoing(gateway.id))
    .reduce((then, { id }) => withGateway(then, at, id, { hasServed: true }), world);
}

/** The absence is over of what is seen in reach of every client; what comes after that is another one. */
function seenInReach(world: World, at: number): World {
  const { hasSite, gateways } = cmgAt(world, at);
  const isLookedAt = world.azureUp && (world.siteUp || !hasSite);
  return gateways
    .filter((gateway) => isLookedAt && gateway.absence > 0 && isAdvertised(world, at, gateway))
    .reduce((then, { id }) => withGateway(then, at, id, { absence: 0 }), world);
}

function firstWrite(actions: readonly Action[]): number {
  const at = actions.findIndex((action) => isWrite(action) || action.kind === 'ReadLive');
  return at === -1 ? actions.length : at + 1;
}

function carryOut(
  written: World,
  seen: World,
  at: number,
  plan: Plan,
  actions: readonly Action[],
  violations: readonly Violation[],
): Reconciled {
  let world = written;
  let found = violations;
  for (const action of actions) {
    const isAsSeen = cmgAt(world, at).generation === cmgAt(seen, at).generation;
    // The API server takes a finalizer away only from the object as it was read.
    const next =
      action.kind === 'ReleaseFinalizer' && !isAsSeen ? world : settleWorld(act(world, at, action, plan.records));
    if (next !== world) {
      const more = judgeAction({ seen, before: world, after: next, at, action, records: plan.records });
      found = more.length === 0 ? found : [...found, ...more];
    }
    world = next;
  }
  return { world, plan, violations: found };
}

/** Writes the records to status and to the tags of what exists. */
function writeDown(world: World, at: number, records: Records, withTags: boolean): World {
  const cmg = cmgAt(world, at);
  const isNew = records.deployments.some(({ id }) => id === `d${cmg.made + 1}`);
  // Of what nothing is left and nobody knows any more, nothing is to be told.
  const left = cmg.gateways.filter(
    ({ id, azure }) => azure !== 'Absent' || records.deployments.some((record) => record.id === id),
  );
  const gateways = withTags && world.azureUp ? left.map((gateway) => tagged(gateway, at, records.deployments)) : left;
  if (
    records === cmg.records &&
    gateways.length === cmg.gateways.length &&
    gateways.every((gateway, index) => gateway === cmg.gateways[index])
  ) {
    return world;
  }
  return withCmg(world, at, { records, gateways, made: isNew ? cmg.made + 1 : cmg.made });
}

function tagged(gateway: Gateway, at: number, records: readonly DeploymentRecord[]): Gateway {
  const record = records.find(({ id }) => id === gateway.id);
  // The description of what the site makes stays as a person has given it.
  const isWritten = gateway.mark !== undefined && !isOfSite(at, gateway);
  if (record === undefined || !isWritten || gateway.azure === 'Absent' || gateway.withoutCredentials === true) {
    return gateway;
  }
  const mark = markOf(record);
  return gateway.mark !== undefined && isSameMark(gateway.mark, mark) ? gateway : { ...gateway, mark };
}

function isSameMark(one: DeploymentMark, other: DeploymentMark): boolean {
  return one.served === other.served && one.wantedOrder === other.wantedOrder && one.wantedSince === other.wantedSince;
}
