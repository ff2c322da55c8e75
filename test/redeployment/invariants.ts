import { type Action, isWrite } from '../../src/redeployment/action.ts';
import { HOUR } from '../../src/redeployment/instant.ts';
import type { Plan } from '../../src/redeployment/planner.ts';
import type { DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import { judgeHeldContent, judgeUnread } from './content-invariants.ts';
import { dateOf } from './observation.ts';
import { judgeGroup, judgePoint } from './site-invariants.ts';
import {
  type Cmg,
  cmgAt,
  type Gateway,
  IDENTITIES,
  isAdvertised,
  isNamed,
  isNobodys,
  isOfSite,
  isToBeLeft,
  KEYS,
  nameOf,
  reachOf,
  serves,
  WHOLE_DAY,
  type World,
} from './world.ts';

/** A broken invariant of the design, by its letter; or a rule, or a field of the spec, that is not kept. */
export interface Violation {
  readonly invariant:
    | ('a' | 'b' | 'c' | 'd' | 'e' | 'f')
    | ('rule 1' | 'rule 3' | 'rule 4' | 'rule 5' | 'rule 6' | 'rule 7' | 'rule 9' | 'rule 10' | 'rule 11')
    | ('managementPolicy' | 'deletionPolicy');
  readonly what: string;
}

/** One action with the world around it. */
export interface Acted {
  /** The world that the plan was made from. */
  readonly seen: World;
  readonly before: World;
  readonly after: World;
  readonly at: number;
  readonly action: Action;
  readonly records: Records;
}

/** What is wrong with what a plan remembers and means to do. */
export function judgePlan(world: World, at: number, plan: Plan): readonly Violation[] {
  const cmg = cmgAt(world, at);
  const { records, actions } = plan;
  const known = new Map(cmg.records.deployments.map((record) => [record.id, record]));
  const changed = records.deployments.filter((record) => known.get(record.id) !== record);
  const always = [
    ...judgeUntouched(cmg, at, actions),
    ...judgeForgotten(world, at, records),
    ...judgeHeldContent(world, at, records),
  ];
  return cmg.deletion
    ? [...always, ...changed.flatMap((record) => judgeRemoval(world, at, known.get(record.id), record))]
    : [
        ...always,
        ...changed.flatMap((record) => judgeChange(world, at, known.get(record.id), record, records)),
        ...judgeUpkeep(world, at, actions, records),
      ];
}

/** What is only observed, suspended or retained is left alone. What the deletion of a CMG gives back is its own. */
function judgeUntouched(cmg: Cmg, at: number, actions: Plan['actions']): readonly Violation[] {
  const { deletion, suspended, onlyObserved } = cmg;
  const isLeftAlone = deletion ? isToBeLeft(cmg) : suspended || onlyObserved;
  const isOwn = ({ kind }: Action) => deletion && (kind === 'ReleaseClaim' || kind === 'ReleaseFinalizer');
  const wrong = isLeftAlone
    ? actions.find((action) => !isOwn(action) && (isWrite(action) || action.kind === 'Maintain'))
    : undefined;
  return wrong === undefined
    ? []
    : [
        {
          invariant: deletion ? 'deletionPolicy' : 'managementPolicy',
          what: `${wrong.kind} is planned for ${KEYS[at]}, which is to be left as it is`,
        },
      ];
}

/**
 * Rules 9 and 10: what is known to be named on the site is not forgotten before it has left it, but for what is to be left, and
 * what a deleted CMG has waited for an hour.
 */
function judgeForgotten(world: World, at: number, { deployments, leavingSince }: Records): readonly Violation[] {
  const cmg = cmgAt(world, at);
  const isAbandoned = cmg.deletion && leavingSince !== undefined && dateOf(world) - leavingSince >= HOUR;
  if (!cmg.hasSite || !world.siteUp || isToBeLeft(cmg) || isAbandoned) {
    return [];
  }
  return cmg.records.deployments
    .filter(({ id, serviceName }) => isNamed(world, at, serviceName) && deployments.every((each) => each.id !== id))
    .map(({ id }) => ({
      invariant: cmg.deletion ? 'rule 10' : 'rule 9',
      what: `${id} of ${KEYS[at]} is forgotten, and is still named on the site`,
    }));
}

/** Rules 10 and 11: what goes with its CMG has its turn, and carries our tags, before anything is taken from it. */
function judgeRemoval(
  world: World,
  at: number,
  before: DeploymentRecord | undefined,
  record: DeploymentRecord,
): readonly Violation[] {
  if (record.stage.phase !== 'Deleting' || before?.stage.phase === 'Deleting') {
    return [];
  }
  const gateway = cmgAt(world, at).gateways.find(({ id }) => id === record.id);
  const isLost =
    gateway !== undefined && gateway.azure !== 'Absent' && gateway.mark === undefined && !isOfSite(at, gateway);
  return [
    ...judgeTurn(world, at, record),
    ...(isLost
      ? [{ invariant: 'rule 11', what: `${record.id} of ${KEYS[at]} goes without carrying our tags` } as const]
      : []),
  ];
}

function judgeChange(
  world: World,
  at: number,
  before: DeploymentRecord | undefined,
  record: DeploymentRecord,
  records: Records,
): readonly Violation[] {
  const { stage, announced } = record;
  const isMade = before === undefined && !cmgAt(world, at).gateways.some(({ id }) => id === record.id);
  return [
    ...(isMade ? judgeCreation(world, at, record) : []),
    ...(stage.phase === 'Draining' && before?.stage.phase !== 'Draining'
      ? judgeDrain(world, at, record, stage.behind, records)
      : []),
    ...(announced === 'DeleteFirst' && before?.announced !== announced
      ? judgeAnnouncement(world, at, record, records)
      : []),
    ...(stage.phase === 'Deleting' && before?.stage.phase !== 'Deleting'
      ? [...judgeTurn(world, at, record), ...judgeUnread(world, at, record, records), ...judgeDoom(world, at, record)]
      : []),
    ...(stage.phase === 'Active' && before?.stage.phase === 'Draining' ? judgeReturn(world, at, record) : []),
  ];
}

/** Rule 10: the deletion of one that served begins only while the hour has room, whatever is taken from it first. */
function judgeTurn(world: World, at: number, { id }: DeploymentRecord): readonly Violation[] {
  const gateway = cmgAt(world, at).gateways.find((each) => each.id === id);
  const isLoss = gateway?.hasServed === true && gateway.azure === 'Whole' && !gateway.deleting;
  return world.deletionsUsedUp && isLoss
    ? [{ invariant: 'rule 10', what: `${id} of ${KEYS[at]} is deleted beyond the number of the hour` }]
    : [];
}

/** Rule 4: one that drains and has lost its scale set does not come back, and is built anew. */
function judgeReturn(world: World, at: number, { id }: DeploymentRecord): readonly Violation[] {
  const gateway = cmgAt(world, at).gateways.find((each) => each.id === id);
  return world.azureUp && gateway?.azure !== 'Whole'
    ? [{ invariant: 'rule 4', what: `${id} of ${KEYS[at]} drains, is gone, and counts as Active` }]
    : [];
}

/**
 * Rules 1 and 5: beside a deployment that serves, a second one is made only where a connection point can be given to it. Rule 11:
 * a gateway of which neither the status nor its tags tell is no deployment any more. Its connection point is left to it, and asked
 * for when the new one serves: its clients lose nothing by that.
 */
function judgeCreation(world: World, at: number, { id }: DeploymentRecord): readonly Violation[] {
  const cmg = cmgAt(world, at);
  // What is being deleted gives its connection point away.
  const isGoing = (known: string) =>
    cmg.records.deployments.some((each) => each.id === known && each.stage.phase === 'Deleting');
  const others = cmg.gateways.filter(
    (gateway) => serves(gateway) && !isNobodys(world, at, gateway) && !isGoing(gateway.id),
  );
  const points = world.points.filter(({ cmg }) => cmg === at);
  const needed = others.filter(({ identity }) =>
    points.some(({ linkedTo, connected }) => connected && linkedTo === nameOf(at, identity)),
  );
  return others.length > 0 && points.length <= needed.length && needed.length === others.length
    ? [{ invariant: 'rule 1', what: `${id} of ${KEYS[at]} is made, and no connection point can be given to it` }]
    : [];
}

/** Rule 6: nothing is deleted first while another deployment of the CMG may still let it retire. */
function judgeAnnouncement(
  world: World,
  at: number,
  { id, wantedOrder }: DeploymentRecord,
  { deployments }: Records,
): readonly Violation[] {
  const isConsented = cmgAt(world, at).consents.some(
    ({ kind, deployment }) => kind === 'AllowClientOutage' && deployment === id,
  );
  const isSucceeded = deployments.some(
    (other) =>
      other.wantedOrder > wantedOrder &&
      other.stage.phase !== 'Deleting' &&
      other.stage.phase !== 'Draining' &&
      cmgAt(world, at).gateways.some((gateway) => gateway.id === other.id && isAdvertised(world, at, gateway)),
  );
  return isSucceeded && !isConsented
    ? [{ invariant: 'rule 6', what: `${id} of ${KEYS[at]} is to be deleted first, and could retire instead` }]
    : [];
}

/** Rule 9: only what is wanted is made what the spec says. */
function judgeUpkeep(
  world: World,
  at: number,
  actions: Plan['actions'],
  { deployments }: Records,
): readonly Violation[] {
  const wanted = IDENTITIES[at]?.[cmgAt(world, at).wish];
  return actions.flatMap((action) => {
    const record = 'deployment' in action ? deployments.find(({ id }) => id === action.deployment) : undefined;
    const isWrong = action.kind === 'Maintain' && action.manner === 'AsDeclared' && record?.identity !== wanted;
    return isWrong
      ? [{ invariant: 'rule 9', what: `${record?.id} of ${KEYS[at]} is made what it is not` } as const]
      : [];
  });
}

/** Whether the test, by its own reckoning, would have let a deployment drain. */
function judgeDrain(
  world: World,
  at: number,
  record: DeploymentRecord,
  behind: string,
  records: Records,
): readonly Violation[] {
  const cmg = cmgAt(world, at);
  const successor = cmg.gateways.find(({ id }) => id === behind);
  const found: Violation[] = [];
  const claim = (holds: boolean, what: string) => {
    if (!holds) found.push({ invariant: 'rule 3', what: `${record.id} drains behind ${behind}, ${what}` });
  };
  claim(
    behind !== record.id && successor !== undefined && isAdvertised(world, at, successor),
    'which is not advertised',
  );
  claim((successor?.credit ?? 0) >= WHOLE_DAY, 'for which clients have not had a day');
  const orderOf = (id: string) => records.deployments.find((each) => each.id === id)?.wantedOrder ?? 0;
  claim(orderOf(behind) > record.wantedOrder, 'which was wanted less recently');
  const isOverridden = isRetireConsented(world, at, record) || isOverdue(world, at, successor);
  claim(isOverridden || isGateOpen(world, at, successor, records), 'which too few clients know');
  const isContentKnown = !world.contentMissing && !world.contentUnreadable;
  claim(isOverridden || isContentKnown || !cmg.hasSite, 'which may lack content of it');
  return found;
}

function isRetireConsented(world: World, at: number, { id }: DeploymentRecord): boolean {
  return cmgAt(world, at).consents.some(({ kind, deployment }) => kind === 'ConfirmRetire' && deployment === id);
}

/** The deadline has passed, and the CMG says that it ends the waiting. What it asks to be counted is counted on a site. */
function isOverdue(world: World, at: number, successor: Gateway | undefined): boolean {
  const { hasSite, terms } = cmgAt(world, at);
  return hasSite && terms.onDeadline === 'Retire' && (successor?.credit ?? 0) >= 2 * WHOLE_DAY;
}

function isGateOpen(
  world: World,
  at: number,
  successor: Gateway | undefined,
  { devicesAtBeginning = 0 }: Records,
): boolean {
  const { hasSite, terms } = cmgAt(world, at);
  const isSeenWhole = !world.devicesHidden || devicesAtBeginning <= 50;
  return terms.evidence === 'TimeOnly' || (hasSite && successor?.known === true && isSeenWhole);
}

/** What is wrong with one action, as it was carried out. */
export function judgeAction(acted: Acted): readonly Violation[] {
  return [
    ...judgeReach(acted),
    ...judgeDeletion(acted),
    ...judgeSite(acted),
    ...judgePoint(acted),
    ...judgeGroup(acted),
  ];
}

/** (a) Nothing that the operator does leaves a CMG without an advertised deployment. */
function judgeReach({ seen, before, after, at, action, records }: Acted): readonly Violation[] {
  const cmg = cmgAt(before, at);
  const first = deletedFirst(records, action);
  const gateway = cmg.gateways.find(({ id }) => id === first);
  const isAllowed = cmg.deletion || cmg.stopped || (gateway !== undefined && isOutageAllowed(before, at, cmg, gateway));
  // Where another one was lost between the look and the action, nobody could have known.
  const wasSeen = reachOf(seen, at) <= reachOf(before, at);
  const isLost = reachOf(before, at) > 0 && reachOf(after, at) === 0;
  return isLost && !isAllowed && wasSeen
    ? [{ invariant: 'a', what: `${action.kind} leaves ${KEYS[at]} without an advertised gateway` }]
    : [];
}

/** The deployment that is being deleted first, if the action is about it. */
function deletedFirst({ deployments }: Records, action: Action): string | undefined {
  const record = deployments.find(({ id, serviceName }) =>
    action.kind === 'UnlinkPoint' ? serviceName === action.from : 'deployment' in action && id === action.deployment,
  );
  return record?.stage.phase === 'Deleting' && record.stage.because === 'DeleteFirst' ? record.id : undefined;
}

/** (b) Nothing that served is deleted except through rules 3, 6 and 10; what is gone already is no loss. */
function judgeDeletion({ seen, before, at, action, records }: Acted): readonly Violation[] {
  if (action.kind !== 'Delete') {
    return [];
  }
  const cmg = cmgAt(before, at);
  const gateway = cmg.gateways.find(({ id }) => id === action.deployment);
  const record = records.deployments.find(({ id }) => id === action.deployment);
  if (gateway === undefined || !gateway.hasServed || cmg.deletion || isPastReturn(seen, at, action.deployment)) {
    return [];
  }
  const because =
    record?.stage.phase === 'Deleting'
      ? record.stage.because
      : action.by === 'Site'
        ? record?.stage.phase === 'Draining'
          ? 'Retired'
          : 'DeleteFirst'
        : undefined;
  const isRight = because !== undefined && mayBeDeleted(seen, before, at, gateway, because);
  return isRight
    ? []
    : [{ invariant: 'b', what: `${gateway.id} of ${KEYS[at]} has served and is deleted as ${because}` }];
}

/** What an earlier round has decided is judged when it is decided; it is followed in rounds of its own. */
function isPastReturn(seen: World, at: number, id: string): boolean {
  const { deployments } = cmgAt(seen, at).records;
  return seen.apart === true && deployments.some((each) => each.id === id && each.stage.phase === 'Deleting');
}

/** (b) The same, when it is decided. */
function judgeDoom(world: World, at: number, { id, stage }: DeploymentRecord): readonly Violation[] {
  const gateway = cmgAt(world, at).gateways.find((each) => each.id === id);
  const isLoss = world.apart === true && gateway?.hasServed === true && stage.phase === 'Deleting';
  return isLoss && !mayBeDeleted(world, world, at, gateway, stage.because)
    ? [{ invariant: 'b', what: `${id} of ${KEYS[at]} has served and is to be deleted as ${stage.because}` }]
    : [];
}

function mayBeDeleted(seen: World, before: World, at: number, gateway: Gateway, because: string): boolean {
  const cmg = cmgAt(before, at);
  switch (because) {
    case 'Retired':
      return (
        // What the site made is not stopped.
        (isOfSite(at, gateway) || isStoppedLongEnough(cmg, gateway)) &&
        // Whether its successor is in reach is looked at once in a reconcile.
        cmgAt(seen, at).gateways.some(
          (other) => other.id !== gateway.id && other.credit >= WHOLE_DAY && isAdvertised(seen, at, other),
        )
      );
    // What is in nobody's reach any more, since it was gone or its outage was allowed, is past the point of no return.
    case 'Gone':
      return !isAdvertised(before, at, gateway);
    case 'DeleteFirst':
      return !isAdvertised(before, at, gateway) || isOutageAllowed(before, at, cmg, gateway);
    default:
      return false;
  }
}

/** Rule 3: it drains for as long as the CMG asks, which is longer than nothing only for the first one. */
function isStoppedLongEnough({ terms: { drainFor } }: Cmg, { running, absence }: Gateway): boolean {
  return drainFor === 0 || (!running && absence >= drainFor);
}

function isOutageAllowed(world: World, at: number, { consents }: Cmg, gateway: Gateway): boolean {
  const isConsented = consents.some(
    ({ kind, deployment }) => kind === 'AllowClientOutage' && deployment === gateway.id,
  );
  const { claim } = world;
  const carrierAt = world.cmgs.findIndex((_cmg, index) => KEYS[index] === claim?.carrier);
  const carrier = world.cmgs[carrierAt]?.gateways.some(
    (each) => each.reach >= WHOLE_DAY && each.known && isAdvertised(world, carrierAt, each),
  );
  return isConsented || (claim?.claimant === KEYS[at] && carrier === true);
}

/** (c) One deployment per prefix, and no carrier is retired, stopped or deleted while it is claimed. */
function judgeSite({ before, after, at, action, records }: Acted): readonly Violation[] {
  const found: Violation[] = [];
  const names = cmgAt(after, at)
    .gateways.filter(({ azure }) => azure !== 'Absent')
    .map(({ identity }) => nameOf(at, identity));
  if (new Set(names).size < names.length) {
    found.push({ invariant: 'c', what: `${KEYS[at]} has two gateways with one prefix` });
  }
  const takes =
    action.kind === 'Stop' || action.kind === 'Delete' || action.kind === 'LeaveGroup' || action.kind === 'UnlinkPoint';
  const isNeverServed =
    'deployment' in action && records.deployments.find(({ id }) => id === action.deployment)?.served === 'No';
  if (takes && !isNeverServed && before.claim?.carrier === KEYS[at]) {
    found.push({ invariant: 'c', what: `${KEYS[at]} carries clients, and ${action.kind} takes from it` });
  }
  return found;
}
