import { isWrite } from '../../src/redeployment/action.ts';
import type { Finding } from '../../src/redeployment/finding.ts';
import type { Planner } from '../../src/redeployment/planner.ts';
import { settleWorld } from './effects.ts';
import { markFor, withConsent, withSpare } from './events.ts';
import { reconcile } from './execution.ts';
import type { Violation } from './invariants.ts';
import { keyOf } from './key.ts';
import { LONG_TIME, passObserved, pendingProgress, without } from './progress.ts';
import {
  type Cmg,
  cmgAt,
  IDENTITIES,
  isAdvertised,
  isNobodys,
  isOfSite,
  isToBeLeft,
  KEYS,
  nameOf,
  type World,
  withCmg,
  withGateway,
  withPoint,
} from './world.ts';

/** What a world came to that was left alone. */
export interface Settled {
  readonly world: World;
  readonly violations: readonly Violation[];
  /** Every world on the way. */
  readonly path: readonly World[];
  /** What conditions asked people to do, and was done. */
  readonly asked: readonly string[];
}

const MOST_STEPS = 400;

/**
 * Leaves a world alone until it rests at its goal: the operator reconciles, what comes by itself comes, time passes; and
 * where nothing moves, people do what a condition names.
 *
 * @param isKnown whether a world is known to reach its goal, by its key
 */
export function settle(start: World, planner: Planner, isKnown: (key: string) => boolean = () => false): Settled {
  let world: World = start.siteUp && start.azureUp ? start : { ...start, siteUp: true, azureUp: true };
  const path: World[] = [];
  const asked: string[] = [];
  for (let step = 0; step < MOST_STEPS; step++) {
    const key = keyOf(world);
    if (isKnown(key)) {
      return { world, violations: [], path, asked };
    }
    path.push(world);
    const next = move(world, planner);
    if (next.violations.length > 0) {
      return { world: next.world, violations: next.violations, path, asked };
    }
    if (next.world !== world) {
      world = next.world;
      continue;
    }
    if (world.cmgs.every((cmg, at) => isAtGoal(world, cmg, at))) {
      return { world, violations: [], path, asked };
    }
    const help = helpFor(world, planner, asked.length);
    if (help === undefined) {
      return { world, violations: [stuck(world, planner)], path, asked };
    }
    asked.push(help.reason);
    world = help.world;
  }
  const what = `It does not come to rest: ${path.slice(-6).map(keyOf).join('  →  ')}`;
  return { world, violations: [{ invariant: 'e', what }], path, asked };
}

interface Moved {
  readonly world: World;
  readonly violations: readonly Violation[];
}

/** One step of a world that is left alone; the same world when it rests. */
function move(world: World, planner: Planner): Moved {
  const before = keyOf(world);
  for (const at of world.cmgs.keys()) {
    const { world: next, violations } = reconcile(world, at, planner);
    if (violations.length > 0 || keyOf(next) !== before) {
      return { world: next, violations };
    }
  }
  const pending = pendingProgress(world);
  if (pending.length > 0) {
    const violations = pending.flatMap((progress) => progress.violations ?? []);
    return { world: settleWorld(pending.reduce((then, { apply }) => apply(then), world)), violations };
  }
  const later = passObserved(world, LONG_TIME);
  return (
    afterTime(later, planner, before) ??
    afterTime(passObserved(later, LONG_TIME), planner, keyOf(later)) ?? { world, violations: [] }
  );
}

/** What the passing of time has brought about, if it has. */
function afterTime(later: World, planner: Planner, before: string): Moved | undefined {
  if (keyOf(later) !== before) {
    return { world: later, violations: [] };
  }
  for (const at of later.cmgs.keys()) {
    const { world, violations } = reconcile(later, at, planner);
    if (violations.length > 0 || keyOf(world) !== before) {
      return { world, violations };
    }
  }
  return undefined;
}

/** Whether everything is as the spec asks, and nothing is left to write. */
export function isAtGoal(world: World, cmg: Cmg, at: number): boolean {
  if (cmg.gone) {
    return isToBeLeft(cmg) || isNothingLeft(world, cmg, at);
  }
  if (cmg.suspended || cmg.onlyObserved || cmg.deletion) {
    return !cmg.deletion;
  }
  if (cmg.stopped) {
    return cmg.gateways.every(
      (gateway) =>
        gateway.azure !== 'Whole' ||
        gateway.deleting ||
        !gateway.running ||
        isNobodys(world, at, gateway) ||
        isOfSite(at, gateway),
    );
  }
  const [only] = cmg.records.deployments;
  const gateway = cmg.gateways.find(({ id }) => id === only?.id);
  return (
    cmg.records.deployments.length === 1 &&
    cmg.records.heldContent === undefined &&
    only?.stage.phase === 'Active' &&
    only.identity === IDENTITIES[at]?.[cmg.wish] &&
    gateway !== undefined &&
    isAdvertised(world, at, gateway) &&
    cmg.gateways.every((other) => other.id === gateway.id || isNobodys(world, at, other))
  );
}

/** What has lost its tags is nobody's. */
function isNothingLeft(world: World, { gateways, group }: Cmg, at: number): boolean {
  const { points } = world;
  return (
    gateways.every(
      (gateway) =>
        gateway.azure === 'Absent' ||
        (isOfSite(at, gateway) ? isNobodys(world, at, gateway) : gateway.mark === undefined),
    ) &&
    group.length === 0 &&
    points.every(({ cmg, linkedTo }) => cmg !== at || linkedTo === undefined)
  );
}

function stuck(world: World, planner: Planner): Violation {
  const said = world.cmgs.flatMap((_cmg, at) =>
    reconcile(world, at, planner).plan.conditions.map(({ reason }) => `${at}: ${reason}`),
  );
  return { invariant: 'f', what: `Nothing moves, and no condition helps: [${said.join(', ')}] ${keyOf(world)}` };
}

interface Help {
  readonly world: World;
  readonly reason: string;
}

const MOST_HELP = 24;

/** What the objects of a CMG on the site go on telling when it is gone. */
const TOLD_BEYOND: ReadonlySet<Finding['reason']> = new Set(['UnknownGateway', 'UnknownGatewayInGroup']);

/** Does what the first condition asks for that can be done. */
function helpFor(world: World, planner: Planner, soFar: number): Help | undefined {
  if (soFar >= MOST_HELP) {
    return undefined;
  }
  for (const at of world.cmgs.keys()) {
    const { gone } = cmgAt(world, at);
    for (const finding of reconcile(world, at, planner).plan.conditions) {
      // Its connection points and boundary groups are objects of their own, which outlive it and tell of what no record knows.
      if (gone && !TOLD_BEYOND.has(finding.reason)) continue;
      const next = helped(world, at, finding);
      if (next !== undefined && keyOf(next) !== keyOf(world)) {
        return { world: settleWorld(next), reason: finding.reason };
      }
    }
  }
  return undefined;
}

/** The world after a person has done what a condition asks for. */
function helped(world: World, at: number, { reason, deployment }: Finding): World | undefined {
  const { points } = world;
  const cmg = cmgAt(world, at);
  switch (reason) {
    case 'NoStandbyConnectionPoint':
      return points.some(({ name }) => name === `spare-${at}`) ? undefined : withSpare(world, at);
    case 'WaitingForEarlierRedeployment':
    case 'NoOtherActiveCMG':
    case 'OutageClaimTaken':
    case 'LastConnectionPoint':
      return consented(world, at, 'AllowClientOutage', deployment);
    case 'ClientsNotRefreshed':
    case 'DeadlinePassed':
    case 'FewerDevicesVisible':
    case 'NoClientEvidence':
      return consented(world, at, 'ConfirmRetire', deployment);
    case 'ContentNotDistributed':
      return { ...world, contentMissing: false, contentUnreadable: false };
    case 'ConnectionPointNotConnected':
      return points.reduce(
        (then, { name, cmg: owner }) => (owner === at ? withPoint(then, name, { broken: false }) : then),
        world,
      );
    case 'NotAdvertised':
      return cmg.gateways.reduce(
        (then, gateway) =>
          withGateway(then, at, gateway.id, {
            healthy: true,
            resolves: true,
            withoutRecord: false,
            // What the site made, a person starts.
            ...(isOfSite(at, gateway) ? { running: true } : {}),
          }),
        world,
      );
    case 'OwnershipLost': {
      const record = cmg.records.deployments.find(({ id }) => id === deployment);
      return record === undefined ? undefined : withGateway(world, at, record.id, { mark: markFor(record) });
    }
    case 'OldCredentialsMissing':
      return deployment === undefined ? undefined : withGateway(world, at, deployment, { withoutCredentials: false });
    case 'UnknownGateway':
    case 'UnknownGatewayInGroup':
      return withoutUnknown(world, at);
    case 'CarriesClientsOf':
      return withClaimantGoingOn(world);
    case 'ClockSkew':
      return { ...world, localClockOff: 0 };
    case 'CertificateUnreadable':
      return { ...world, certificateReadable: true };
    case 'WaitingForPreflight':
      return withNamesFree(withCmg(world, at, { quota: true }), at);
    default:
      return undefined;
  }
}

/** An annotation of before is taken away first, as the message says. */
function consented(
  world: World,
  at: number,
  kind: 'AllowClientOutage' | 'ConfirmRetire',
  deployment: string | undefined,
): World | undefined {
  const { consents } = cmgAt(world, at);
  if (consents.some((each) => each.kind === kind)) {
    return withCmg(world, at, { consents: consents.filter((each) => each.kind !== kind) });
  }
  return deployment === undefined ? undefined : withConsent(world, at, { kind, deployment });
}

/** A claimant that is suspended or only observed does not come to the end of what others wait for. */
function withClaimantGoingOn(world: World): World | undefined {
  const claimant = world.cmgs.findIndex((_cmg, at) => KEYS[at] === world.claim?.claimant);
  return claimant === -1 ? undefined : withCmg(world, claimant, { suspended: false, onlyObserved: false });
}

function withoutUnknown(world: World, at: number): World {
  const { records, group } = cmgAt(world, at);
  const isKnown = (name: string | undefined) => records.deployments.some(({ serviceName }) => serviceName === name);
  const freed = world.points.reduce(
    (then, { name, cmg, linkedTo }) =>
      cmg === at && linkedTo !== undefined && !isKnown(linkedTo)
        ? withPoint(then, name, { linkedTo: undefined, connected: false })
        : then,
    world,
  );
  return withCmg(freed, at, { group: group.filter(isKnown) });
}

/** Somebody removes what holds the names and belongs to nobody any more. */
function withNamesFree(world: World, at: number): World {
  const { gateways, wish } = cmgAt(world, at);
  return gateways
    .filter((gateway) => nameOf(at, gateway.identity) === nameOf(at, wish) && isNobodys(world, at, gateway))
    .reduce((then, { id }) => without(then, at, id), world);
}

/** Whether a reconcile of either CMG would write nothing, and announce nothing. */
export function isQuiet(world: World, planner: Planner): boolean {
  return world.cmgs.every((cmg, at) => {
    const { actions, records } = reconcile(world, at, planner).plan;
    const phases = (list: typeof records.deployments) => list.map(({ stage }) => stage.phase).join();
    return (
      actions.every((action) => !isWrite(action) && action.kind !== 'ReadLive') &&
      phases(records.deployments) === phases(cmg.records.deployments)
    );
  });
}
