import { DAY, HOUR, MINUTE } from '../../src/redeployment/instant.ts';
import type { DeploymentRecord, Stage } from '../../src/redeployment/record.ts';
import { LastFew } from './last-few.ts';
import { dateOf } from './observation.ts';
import {
  type Cmg,
  type Gateway,
  IDENTITIES,
  isToBeLeft,
  KEYS,
  nameOf,
  type Told,
  WHOLE_DAY,
  type World,
} from './world.ts';

/** Worlds never change, and some are asked for their names again and again. */
const KEYS_OF = new LastFew<World, string>();

/**
 * Names a state modulo the passing of time and the names of deployments: instants count by their age, in the regions that
 * the planner tells apart.
 */
export function keyOf(world: World): string {
  const known = KEYS_OF.get(world);
  if (known !== undefined) {
    return known;
  }
  const key = makeKey(world);
  KEYS_OF.set(world, key);
  return key;
}

function makeKey(world: World): string {
  const now = dateOf(world);
  const flags = [
    world.contentMissing,
    world.contentUnreadable,
    world.siteUp,
    world.azureUp,
    world.certificateReadable,
    world.devicesHidden,
    world.deletionsUsedUp,
    world.localClockOff === 0,
  ].map((flag) => (flag ? 1 : 0));
  const claim = world.claim === undefined ? '' : world.claim.claimant === KEYS[0] ? 0 : 1;
  const points = world.points.map(
    ({ cmg, linkedTo, connected, broken }) =>
      `${linkedTo === undefined ? '-' : nameIndex(cmg, linkedTo)}${connected ? 'c' : ''}${broken ? 'b' : ''}`,
  );
  return `${flags.join('')}|${claim}|${points.join(',')}|${world.cmgs.map((cmg, at) => knownCmgKey(cmg, at, now)).join('|')}`;
}

function nameIndex(cmg: number, name: string): number {
  return nameOf(cmg, 0) === name ? 0 : 1;
}

/** Most steps leave one of the CMGs as it is. */
const CMG_KEYS = [0, 1].map(() => new LastFew<Cmg, { readonly now: number; readonly key: string }>());

function knownCmgKey(cmg: Cmg, at: number, now: number): string {
  const known = CMG_KEYS[at]?.get(cmg);
  if (known?.now === now) {
    return known.key;
  }
  const key = cmgKey(cmg, at, now);
  CMG_KEYS[at]?.set(cmg, { now, key });
  return key;
}

function cmgKey(cmg: Cmg, at: number, now: number): string {
  if (cmg.gone) {
    const left = cmg.gateways.filter(({ azure, mark }) => azure !== 'Absent' && mark !== undefined);
    return `gone${isToBeLeft(cmg) ? 'r' : ''}${left.length}${cmg.group.length}`;
  }
  const { records } = cmg;
  const ids = [...new Set([...records.deployments.map(({ id }) => id), ...cmg.gateways.map(({ id }) => id)])];
  const indexOf = (id: string) => ids.indexOf(id);
  const { suspended, stopped, onlyObserved, deletion, retain, quota } = cmg;
  const flags = [suspended, stopped, onlyObserved, deletion, retain, quota].map((flag) => (flag ? 1 : 0)).join('');
  const generations = records.generation === undefined ? 'n' : Math.min(2, cmg.generation - records.generation);
  const wanted = records.wanted === undefined ? 'n' : IDENTITIES[at]?.indexOf(records.wanted);
  const consents = (list: Cmg['consents']) =>
    list.map(({ kind, deployment }) => `${kind[0]}${indexOf(deployment)}`).join('');
  const leave = records.leavingSince === undefined ? '' : `s${sighting(now, records.leavingSince)}`;
  return [
    `${kindOf(cmg)}${cmg.wish}${flags}${generations}${wanted}`,
    `${consents(cmg.consents)}/${consents(records.lapsed)}`,
    `${records.devicesAtBeginning ?? ''}${leave}`,
    (records.heldContent ?? []).map(({ deployment }) => `h${indexOf(deployment)}`).join(''),
    cmg.group.map((name) => nameIndex(at, name)).join(''),
    records.deployments.map((record) => recordKey(record, at, now, indexOf, records.deployments)).join(';'),
    cmg.gateways.map((gateway) => gatewayKey(gateway, indexOf, records.deployments)).join(';'),
    cmg.told === undefined ? '' : toldKey(cmg, cmg.told, now, indexOf),
  ].join(' ');
}

/** Of what kind the CMG is, all its life. */
function kindOf({ hasSite, terms }: Cmg): string {
  return `${hasSite ? '' : 'n'}${terms.evidence === 'TimeOnly' ? 't' : ''}`;
}

/** What matters only to connection points and boundary groups that are objects of their own: a look counts for twenty minutes. */
function toldKey(
  { records, gateways }: Cmg,
  { active, plan }: Told,
  now: number,
  indexOf: (id: string) => number,
): string {
  const places = [...plan].map(
    ([id, { connectionPoints = [], inBoundaryGroups }]) =>
      `${indexOf(id)}${connectionPoints.join()}${inBoundaryGroups === true ? 'g' : ''}`,
  );
  const looks = records.deployments.map(({ run }) => (run !== undefined && now - run.seenAt > LOOK ? 'o' : 'n'));
  const absences = gateways.map(({ absence }) => (absence > LOOK ? 'o' : 'n'));
  return `t${active === undefined ? '-' : indexOf(active)}${places.join(';')}${plan.size > 0 ? looks.join('') + absences.join('') : ''}`;
}

const LOOK = 20 * MINUTE;

function recordKey(
  { id, identity, served, wantedSince, wantedOrder, run, stage, announced }: DeploymentRecord,
  at: number,
  now: number,
  indexOf: (id: string) => number,
  all: readonly DeploymentRecord[],
): string {
  const rank = all.filter((other) => other.wantedOrder < wantedOrder).length;
  const runKey =
    run === undefined
      ? ''
      : `${isWholeDay(now, run.since)}${sighting(now, run.seenAt)}${run.otherwiseSince === undefined ? '' : `o${sighting(now, run.otherwiseSince)}`}`;
  // A wait counts from when it is wanted or advertised, whatever came last.
  const waited = run === undefined ? ahead(now, wantedSince) : days(now, Math.max(run.since, wantedSince));
  return `${indexOf(id)}${IDENTITIES[at]?.indexOf(identity)}${served[0]}${rank}${waited}${stageKey(stage, now, indexOf)}${runKey}${announced?.[0] ?? ''}`;
}

function stageKey(stage: Stage, now: number, indexOf: (id: string) => number): string {
  switch (stage.phase) {
    case 'Draining':
      return `D${indexOf(stage.behind)}${stage.stoppedAt === undefined ? '' : `s${sighting(now, stage.stoppedAt)}`}`;
    case 'Deleting':
      return `X${stage.because}`;
    default:
      return stage.phase[0] ?? '';
  }
}

function gatewayKey(gateway: Gateway, indexOf: (id: string) => number, records: readonly DeploymentRecord[]): string {
  const { id, identity, azure, deleting, running, healthy, resolves, mark, known, reach, credit, absence, hasServed } =
    gateway;
  const record = records.find((each) => each.id === id);
  const flags = [deleting, running, healthy, resolves, known, hasServed].map((flag) => (flag ? 1 : 0)).join('');
  const isSame = mark?.wantedOrder === record?.wantedOrder && mark?.wantedSince === record?.wantedSince;
  const marked = mark === undefined ? '-' : `${mark.served[0]}${isSame ? '' : mark.wantedOrder}`;
  const lacking = `${gateway.withoutCredentials === true ? 'c' : ''}${gateway.withoutRecord === true ? 'r' : ''}`;
  return `${indexOf(id)}${identity}${azure[0]}${flags}${lacking}${marked}${creditKey(credit)}${Math.min(2, creditKey(reach))}${absence === 0 ? '' : absence > HOUR ? 'l' : 's'}`;
}

function creditKey(credit: number): number {
  if (credit >= 2 * WHOLE_DAY) return 3;
  if (credit >= WHOLE_DAY) return 2;
  return credit > 0 ? 1 : 0;
}

function ahead(now: number, instant: number): string {
  return now - instant < -5 * MINUTE ? 'f' : '';
}

function isWholeDay(now: number, since: number): string {
  return now - since < DAY ? 'c' : 'd';
}

/** How long ago, in the regions that matter for waits and deadlines: ahead, less than one day, less than two, more. */
function days(now: number, instant: number): string {
  const passed = now - instant;
  if (passed < -5 * MINUTE) return 'f';
  if (passed < DAY) return 'c';
  return passed < 2 * DAY ? 'd' : 'e';
}

/** How long ago, in the regions that matter for what was seen: ahead, within ten minutes, within an hour, more. */
function sighting(now: number, instant: number): string {
  const passed = now - instant;
  if (passed < -5 * MINUTE) return 'f';
  if (passed < 10 * MINUTE) return '';
  return passed <= HOUR ? 'b' : 'c';
}
