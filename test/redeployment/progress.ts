import { DAY, HOUR, MINUTE } from '../../src/redeployment/instant.ts';
import type { DeploymentRecord } from '../../src/redeployment/record.ts';
import { hasServingTarget, settleWorld } from './effects.ts';
import type { Violation } from './invariants.ts';
import { dateOf } from './observation.ts';
import { FOLLOWERS, type Followed, type Followers, followGroup, followPoint } from './site-objects.ts';
import { type Cmg, cmgAt, type Gateway, isAdvertised, type World, withCmg, withGateway, withPoint } from './world.ts';

/** Something that comes about by itself. */
export interface Progress {
  readonly name: 'Provisioned' | 'Deleted' | 'ClientsKnow' | 'PointConnects' | 'PointFollows' | 'GroupFollows';
  readonly cmg: number;
  readonly apply: (world: World) => World;
  /** What is wrong with it, where it is something that a controller does. */
  readonly violations?: readonly Violation[];
}

/** Everything that may come about by itself in this world, each at a time of its own. */
export function pendingProgress(world: World, followers = FOLLOWERS): readonly Progress[] {
  const ofGateways = world.cmgs.flatMap((cmg, at) => cmg.gateways.flatMap((gateway) => progressOf(world, at, gateway)));
  const ofPoints = world.points
    .filter((point) => !point.connected && !point.broken && hasServingTarget(world, point.cmg, point.linkedTo))
    .map(
      ({ name, cmg }): Progress => ({
        name: 'PointConnects',
        cmg,
        apply: (then) => withPoint(then, name, { connected: true }),
      }),
    );
  return [...ofGateways, ...ofPoints, ...(world.apart === true && world.siteUp ? ofFollowers(world, followers) : [])];
}

/** The controllers of connection points and boundary groups, each at a time of its own. */
function ofFollowers(world: World, followers: Followers): readonly Progress[] {
  const points = world.points.map(({ name, cmg }) =>
    progressBy('PointFollows', cmg, world, (then) => {
      const point = then.points.find((each) => each.name === name);
      return point === undefined ? { world: then, violations: [] } : followPoint(then, point, followers);
    }),
  );
  const groups = world.cmgs.map((_cmg, at) =>
    progressBy('GroupFollows', at, world, (then) => followGroup(then, at, followers)),
  );
  return [...points, ...groups].flat();
}

/** What a controller does in this world, if it does anything. */
function progressBy(
  name: Progress['name'],
  cmg: number,
  world: World,
  follow: (world: World) => Followed,
): readonly Progress[] {
  const { gone, hasSite } = cmgAt(world, cmg);
  const followed = gone || !hasSite ? { world, violations: [] } : follow(world);
  const apply = (then: World) => (then === world ? followed.world : follow(then).world);
  return followed.world === world ? [] : [{ name, cmg, apply, violations: followed.violations }];
}

function progressOf(world: World, at: number, gateway: Gateway): readonly Progress[] {
  const { id } = gateway;
  if (gateway.deleting) {
    return [{ name: 'Deleted', cmg: at, apply: (then) => settleWorld(without(then, at, id)) }];
  }
  if (gateway.azure === 'Partial') {
    return [
      { name: 'Provisioned', cmg: at, apply: (then) => settleWorld(withGateway(then, at, id, { azure: 'Whole' })) },
    ];
  }
  const learns = !gateway.known && isAdvertised(world, at, gateway);
  return learns ? [{ name: 'ClientsKnow', cmg: at, apply: (then) => withGateway(then, at, id, { known: true }) }] : [];
}

/** The world without a gateway. */
export function without(world: World, at: number, id: string): World {
  return withCmg(world, at, { gateways: cmgAt(world, at).gateways.filter((gateway) => gateway.id !== id) });
}

/** A quarter of an hour: longer than a run outlasts doubt, shorter than it outlasts silence. */
export const SHORT_TIME = 15 * MINUTE;
/** The shortest wait, and a little more: no region of time that keys tell apart is longer. */
export const LONG_TIME = 25 * HOUR;
/** Longer than a run outlasts silence. */
export const OUTAGE = 2 * HOUR;

/** Time passes without a reconcile. */
export function passTime(world: World, duration: number): World {
  const cmgs = world.cmgs.map((cmg, at) => withCredit(world, cmg, at, duration, duration > HOUR));
  return { ...after(world, duration), cmgs };
}

/** In another hour gateways may be deleted again. */
function after(world: World, duration: number): World {
  const deletionsUsedUp = world.deletionsUsedUp && duration < HOUR;
  return { ...world, time: world.time + duration, deletionsUsedUp };
}

/**
 * Time passes with a reconcile every 50 minutes, in a world in which a reconcile changes nothing but the sightings of runs:
 * what all of them come to. That it comes to the same is a test of its own.
 */
export function passObserved(world: World, duration: number): World {
  const then = after(world, duration);
  const cmgs = world.cmgs.map((cmg, at) => {
    const isSeen = (world.siteUp || !cmg.hasSite) && world.azureUp;
    const later = withCredit(world, cmg, at, duration, !isSeen);
    if (!isSeen || cmg.suspended || cmg.gone) {
      return later;
    }
    const deployments = cmg.records.deployments.map((record) => sighted(world, at, record, dateOf(then)));
    return { ...later, records: { ...cmg.records, deployments } };
  });
  return { ...then, cmgs };
}

function sighted(world: World, at: number, record: DeploymentRecord, now: number): DeploymentRecord {
  const gateway = cmgAt(world, at).gateways.find(({ id }) => id === record.id);
  const { run } = record;
  return run !== undefined && gateway !== undefined && isAdvertised(world, at, gateway)
    ? { ...record, run: { since: run.since, seenAt: now } }
    : record;
}

/** The reckoning of the test: time in which a gateway is advertised and the operator may count it. */
function withCredit(world: World, cmg: Cmg, at: number, duration: number, isUnobserved: boolean): Cmg {
  const isManaged = !cmg.suspended && !cmg.stopped && !cmg.onlyObserved && !cmg.deletion;
  const isCounting = isManaged && Math.abs(world.localClockOff) <= 5 * MINUTE;
  const gateways = cmg.gateways.map((gateway) => {
    const isThere = isAdvertised(world, at, gateway);
    const absence = isThere ? 0 : Math.min(DAY, gateway.absence + duration);
    const isBroken = isUnobserved || absence > LONGEST_HIDDEN;
    const added = isCounting && isThere ? duration : 0;
    const grown = (before: number) => (isBroken ? 0 : Math.min(2 * DAY, before + added));
    const [reach, credit] = [grown(gateway.reach), grown(gateway.credit)];
    const isSame = reach === gateway.reach && credit === gateway.credit && absence === gateway.absence;
    return isSame ? gateway : { ...gateway, reach, credit, absence };
  });
  return { ...cmg, gateways };
}

/** An absence may hide in a gap between two looks, and in doubts after it. */
const LONGEST_HIDDEN = HOUR + 10 * MINUTE;
